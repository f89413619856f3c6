/** What an OAuth client may be refused with: RFC 6749 §5.2, RFC 8693 §2.2.2, and of RFC 6749 §4.1.2.1 what a token endpoint needs too. */
export const OAUTH_ERROR_CODES = [
  'invalid_request',
  'invalid_grant',
  'invalid_scope',
  'invalid_target',
  'unsupported_grant_type',
  'temporarily_unavailable',
  'server_error',
] as const

/** One of them. */
export type OAuthErrorCode = (typeof OAUTH_ERROR_CODES)[number]

/** A token exchange, understood. */
export interface TokenExchangeCall {
  /** The RPC cookie. */
  readonly subjectToken: string
  /** Names an integration. */
  readonly audience: string
}

/** Why a request is not understood; `words` are a whole sentence. */
export interface TokenExchangeRefusal {
  readonly error: OAuthErrorCode
  readonly words: string
}

/** That of a token exchange. RFC 8693 §2.1. */
export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** What is given and what is taken. RFC 8693 §3. */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token'
const FORM = 'application/x-www-form-urlencoded'

/** Whether a Content-Type is that of a form, which RFC 6749 §3.2 asks for. */
export function isForm(contentType: string | undefined): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === FORM
}

/**
 * Understands a form of RFC 8693 §2.1. Parameters without a value are as good as absent, unknown ones are left alone (RFC 6749
 * §3.2); none may come twice. What would change the token and cannot (scope, resource, an actor) is refused, not passed over.
 */
export function parseTokenExchange(body: Buffer): TokenExchangeCall | TokenExchangeRefusal {
  const pairs = [...new URLSearchParams(body.toString())]
  const parameters = new Map(pairs)
  if (parameters.size < pairs.length) return invalid('A parameter stands in this request twice; send each once.')
  const given = (name: string): string | undefined => parameters.get(name) || undefined
  const grantType = given('grant_type')
  const subjectToken = given('subject_token')
  const audience = given('audience')
  if (grantType === undefined) return invalid(`The parameter grant_type is missing; send ${GRANT_TYPE}.`)
  if (grantType !== GRANT_TYPE) {
    return { error: 'unsupported_grant_type', words: `This address exchanges tokens only; send the grant_type ${GRANT_TYPE}.` }
  }
  if (subjectToken === undefined) return invalid('The parameter subject_token is missing; send the RPC cookie of the session.')
  if (given('subject_token_type') !== ACCESS_TOKEN_TYPE) return invalid(`The subject_token_type is not ${ACCESS_TOKEN_TYPE}.`)
  if ((given('requested_token_type') ?? ACCESS_TOKEN_TYPE) !== ACCESS_TOKEN_TYPE) {
    return invalid(`There are access tokens only; leave out requested_token_type, or send ${ACCESS_TOKEN_TYPE}.`)
  }
  if (given('actor_token') !== undefined) return invalid('A session acts for its own user; leave out actor_token.')
  if (given('resource') !== undefined) {
    return { error: 'invalid_target', words: 'An integration is named by audience here; leave out resource.' }
  }
  if (given('scope') !== undefined) {
    return { error: 'invalid_scope', words: 'The token has the scopes of the sign-in; leave out scope.' }
  }
  if (audience === undefined) return invalid('The parameter audience is missing; send the ID or the name of an integration.')
  return { subjectToken, audience }
}

function invalid(words: string): TokenExchangeRefusal {
  return { error: 'invalid_request', words }
}
