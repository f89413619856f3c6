/** A reply of a token endpoint. */
export interface CaseReply {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/**
 * A preset as its provider documents itself (the page is the preset's `source`): the requests that have to come, and the replies
 * that come back. `at-1` and `rt-1` are the tokens of the code exchange, `at-2` and `rt-2` those of the refresh.
 */
export interface PresetCase {
  readonly preset: string
  /** Without `preset-`; variables that are left out have their defaults. */
  readonly variables?: Readonly<Record<string, string>>
  /**
   * Address and parameters of the authorization request, without those that every request has: `response_type`, `client_id`,
   * `redirect_uri`, `state`, and an S256 challenge unless `pkce` is `none`.
   */
  readonly authorization: readonly [url: string, parameters: Readonly<Record<string, string>>]
  /** What *Use another account* adds to that, or changes; absent: nothing. */
  readonly anotherAccount?: Readonly<Record<string, string>>
  readonly pkce?: 'none'
  /** Address of the token request, and where the client's credentials travel. */
  readonly token: readonly [url: string, client: 'post' | 'basic' | 'secret as user name' | 'public']
  readonly isJson?: true
  /** What the provider calls `client_id`. */
  readonly clientId?: string
  /** Parameters of the code exchange, and of the refresh, that are the preset's own. */
  readonly codeParameters?: Readonly<Record<string, string>>
  readonly refreshParameters?: Readonly<Record<string, string>>
  readonly refreshUrl?: string
  readonly revocationUrl?: string
  readonly code: CaseReply
  /** Absent: the provider gives no refresh token, so none is refreshed. */
  readonly refresh?: CaseReply
  /** To a refresh token that has ended. */
  readonly dead?: CaseReply
  readonly wrongClient: CaseReply
  /** Seconds that the access token lives; absent: nobody tells. */
  readonly life?: number
  readonly scopes?: readonly string[]
  /** What sessions get beside the token. */
  readonly kept?: Readonly<Record<string, string | boolean>>
  /** The account that the token reply names, at `account-path`, where there is no `account-url`. */
  readonly accountUrl?: string
  /** A dead refresh token is refused in no words that tell it from a passing trouble. */
  readonly hidesDeath?: true
}

/** A reply with tokens, as RFC 6749 §5.1 has it, and what the provider writes beside them or instead. */
export function tokens(number: 1 | 2, more: Readonly<Record<string, unknown>> = {}): CaseReply {
  const usual = { access_token: `at-${number}`, token_type: 'Bearer', refresh_token: `rt-${number}` }
  return { status: 200, body: { ...usual, ...more } }
}

/** As `tokens`, from a provider that does not send a refresh token again, or sends none. */
export function accessToken(number: 1 | 2, more: Readonly<Record<string, unknown>> = {}): CaseReply {
  return { status: 200, body: { access_token: `at-${number}`, token_type: 'Bearer', ...more } }
}

/** A refusal, as RFC 6749 §5.2 has it. */
export function refusal(status: number, error: string, description?: string): CaseReply {
  return { status, body: { error, ...(description === undefined ? {} : { error_description: description }) } }
}

/** RFC 6749 §5.2, word for word. */
export const INVALID_GRANT: CaseReply = refusal(400, 'invalid_grant')
/** RFC 6749 §5.2, word for word. */
export const INVALID_CLIENT: CaseReply = refusal(401, 'invalid_client')
