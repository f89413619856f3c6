import { hash } from 'node:crypto'
import type { Integration } from '../domain/integration.ts'

/**
 * What a stored sign-in is bound to: the client id and every origin its tokens are sent to (fault F33). An endpoint added at
 * an origin that gets the tokens anyway changes nothing.
 */
export function clientFingerprint(integration: Integration): string {
  const endpoints = [integration.tokenUrl, ...(integration.revocationUrl === undefined ? [] : [integration.revocationUrl])]
  const origins = [...new Set(endpoints.map((url) => new URL(url).origin))].sort()
  return digest([integration.client.clientId, ...origins])
}

/** What a sign-in attempt freezes: client id, authorization URL, token URL and redirect URI (security.md). */
export function frozenHash(integration: Integration, redirectUri: string): string {
  return digest([integration.client.clientId, integration.authorizationUrl, integration.tokenUrl, redirectUri])
}

/** Hexadecimal digits of the client secret's hash that reach the database: enough to notice a change, too few to guess it by. */
const SECRET_DIGITS = 4

/** What a trouble of an integration belongs to: everything a token request is refused for. Another value voids the trouble. */
export function configurationHash(integration: Integration): string {
  const { clientId, clientSecret, authenticationMethod } = integration.client
  const secretMark = hash('sha256', clientSecret, 'hex').slice(0, SECRET_DIGITS)
  return digest([clientId, authenticationMethod, secretMark, integration.tokenUrl, integration.revocationUrl ?? ''])
}

function digest(parts: readonly string[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex')
}
