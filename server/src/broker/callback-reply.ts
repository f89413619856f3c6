import { type Integration, issuerOf } from '../domain/integration.ts'
import { withoutSecrets } from '../oauth/provider-text.ts'
import type { CallbackProblemKind } from './broker.ts'

/** An authorization response. RFC 6749 §4.1.2, RFC 9207 §2. */
export interface AuthorizationReply {
  readonly state?: string
  readonly code?: string
  readonly error?: string
  readonly errorDescription?: string
  readonly iss?: string
}

type Parameters = readonly (readonly [name: string, value: string])[]

/** Reads the callback's query; `doubled` when any parameter stands there twice (RFC 6749 §3.1). */
export function readAuthorizationReply(parameters: Parameters): AuthorizationReply | 'doubled' {
  const values = new Map(parameters)
  if (values.size !== parameters.length) return 'doubled'
  const read = (name: string): string | undefined => values.get(name) || undefined
  return {
    ...present('state', read('state')),
    ...present('code', read('code')),
    ...present('error', read('error')),
    ...present('errorDescription', read('error_description')),
    ...present('iss', read('iss')),
  }
}

function present<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string }
}

/**
 * Why a reply cannot be from the integration's authorization server, as words for the audit; undefined when it can
 * (mix-up defence, RFC 9207 §2.4 and RFC 9700 §4.4). Error replies are held to the same rule.
 */
export function issuerProblem(
  integration: Integration,
  iss: string | undefined,
  all: readonly Integration[],
): string | undefined {
  if (integration.issuer !== undefined) {
    if (iss === undefined) return 'iss is missing'
    return iss === integration.issuer ? undefined : 'iss is another issuer'
  }
  if (iss === undefined) return undefined
  const others = all.filter((other) => other.uid !== integration.uid && other.tokenUrl !== integration.tokenUrl)
  if (others.some((other) => other.issuer === iss)) return 'iss belongs to another integration'
  const isOwn = originOf(iss) === originOf(issuerOf(integration))
  if (!isOwn && others.some((other) => originOf(issuerOf(other)) === originOf(iss))) return 'iss belongs to another integration'
  return undefined
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url
}

/** A "no" of the user under the names seen in the wild: access_denied, user_denied, user_cancelled_login, consent_declined. */
const DENIAL = /(^|[_.-])(denied|declined|cancel|cancell?ed|rejected|aborted)($|[_.-])/i

/** Errors that say the client is registered or configured wrongly. RFC 6749 §4.1.2.1, OpenID Connect Registration §3.3. */
const CLIENT_ERRORS = new Set([
  'invalid_client',
  'unauthorized_client',
  'unsupported_response_type',
  'invalid_request',
  'invalid_redirect_uri',
  'redirect_uri_mismatch',
])

/** What a provider's error code is to the person who wanted to sign in. */
export function problemOfError(error: string): CallbackProblemKind {
  if (DENIAL.test(error)) return 'denied'
  if (CLIENT_ERRORS.has(error)) return 'client_refused'
  return error.includes('scope') ? 'scope_refused' : 'provider_failed'
}

/** Longest text of a provider that is shown. */
const PROVIDER_TEXT_LIMIT = 200

/**
 * A provider's own words as plain text: at most 200 characters of RFC 6749's set (§4.1.2.1: %x20-21, %x23-5B, %x5D-7E),
 * without any of the secrets of this sign-in, which some servers repeat.
 */
export function providerText(text: string, secrets: readonly (string | undefined)[]): string | undefined {
  const known = secrets.filter((secret) => secret !== undefined)
  const clean = withoutSecrets(text, known, '…')
    .replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e…]/g, ' ')
    .replaceAll('…', '...')
    .replace(/ +/g, ' ')
    .trim()
  return clean === '' ? undefined : clean.slice(0, PROVIDER_TEXT_LIMIT)
}
