import { type ClientAuth, ClientSecretPost } from 'oauth4webapi'
import type { Client } from '../domain/integration.ts'

/** Puts the client's credentials on a request, by exactly one method. RFC 6749 §2.3.1. */
export function clientAuthentication(client: Client): ClientAuth {
  return client.authenticationMethod === 'client-secret-post' ? ClientSecretPost(client.clientSecret) : basic(client.clientSecret)
}

/**
 * HTTP Basic over form-urlencoded credentials, in the WHATWG spelling: it leaves `-`, `_` and `.` as they are, so that servers
 * that forget to decode still know the usual client ids (oauth4webapi would write `%2D`).
 */
function basic(clientSecret: string): ClientAuth {
  return (_server, client, _body, headers) => {
    const credentials = `${formEncoded(client.client_id)}:${formEncoded(clientSecret)}`
    headers.set('authorization', `Basic ${Buffer.from(credentials, 'ascii').toString('base64')}`)
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice(2)
}
