import { type ClientAuth, ClientSecretPost } from 'oauth4webapi'
import type { Client } from '../domain/integration.ts'

/** Puts the client's credentials on a request, by exactly one method. RFC 6749 §2.3.1. */
export function clientAuthentication(client: Client): ClientAuth {
  return client.authenticationMethod === 'client-secret-post' ? ClientSecretPost(client.clientSecret) : basic(client.clientSecret)
}

/** What of the client's credentials is on a request and must come back in no text: the secret, and the header that holds it. */
export function confidentialOf(client: Client): readonly string[] {
  if (client.authenticationMethod === 'client-secret-post') return [client.clientSecret]
  return [client.clientSecret, formEncoded(client.clientSecret), basicCredentials(client.clientId, client.clientSecret)]
}

/**
 * HTTP Basic over form-urlencoded credentials, in the WHATWG spelling: it leaves `-`, `_` and `.` as they are, so that servers
 * that forget to decode still know the usual client ids (oauth4webapi would write `%2D`).
 */
function basic(clientSecret: string): ClientAuth {
  return (_server, client, _body, headers) => {
    headers.set('authorization', `Basic ${basicCredentials(client.client_id, clientSecret)}`)
  }
}

function basicCredentials(clientId: string, clientSecret: string): string {
  return Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`, 'ascii').toString('base64')
}

function formEncoded(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice(2)
}
