import { type ClientAuth, ClientSecretPost, None } from 'oauth4webapi'
import type { Client } from '../domain/integration.ts'

/** Puts the client's credentials on a request, by exactly one method. RFC 6749 §2.3.1; a public client names itself, §3.2.1. */
export function clientAuthentication(client: Client): ClientAuth {
  switch (client.authenticationMethod) {
    case 'none':
      return None()
    case 'client-secret-post':
      return ClientSecretPost(client.clientSecret)
    case 'client-secret-basic':
      return basic(encodedCredentials(client))
    case 'client-secret-basic-raw':
      return basic(rawCredentials(client))
  }
}

/**
 * What of the client's credentials must come back in no text: the secret on a request, and the header that holds it; the other secret
 * as well, which may have been on the one before.
 */
export function confidentialOf({ nextClientSecret, ...client }: Client): readonly string[] {
  const other = nextClientSecret === undefined ? [] : spellingsOf({ ...client, clientSecret: nextClientSecret })
  return [...spellingsOf(client), ...other]
}

function spellingsOf(client: Client): readonly string[] {
  switch (client.authenticationMethod) {
    case 'none':
      return []
    case 'client-secret-post':
      return [client.clientSecret]
    case 'client-secret-basic':
      return [client.clientSecret, formEncoded(client.clientSecret), encodedCredentials(client)]
    case 'client-secret-basic-raw':
      return [client.clientSecret, rawCredentials(client)]
  }
}

type Credentials = Pick<Client, 'clientId' | 'clientSecret' | 'isSecretUserName'>

function basic(credentials: string): ClientAuth {
  return (_server, _client, _body, headers) => headers.set('authorization', `Basic ${credentials}`)
}

/**
 * HTTP Basic over form-urlencoded credentials, in the WHATWG spelling: it leaves `-`, `_` and `.` as they are, so that servers
 * that forget to decode still know the usual client ids (oauth4webapi would write `%2D`).
 */
function encodedCredentials(client: Credentials): string {
  const [userName, password] = basicOf(client).map(formEncoded)
  return Buffer.from(`${userName}:${password}`, 'ascii').toString('base64')
}

/** HTTP Basic as for any website, in UTF-8: RFC 7617 §2. */
function rawCredentials(client: Credentials): string {
  return Buffer.from(basicOf(client).join(':'), 'utf8').toString('base64')
}

/** User name and password. At Stripe the secret key is the user name, and there is no password. */
function basicOf({ clientId, clientSecret, isSecretUserName }: Credentials): readonly [string, string] {
  return isSecretUserName ? [clientSecret, ''] : [clientId, clientSecret]
}

function formEncoded(text: string): string {
  return new URLSearchParams({ v: text }).toString().slice(2)
}
