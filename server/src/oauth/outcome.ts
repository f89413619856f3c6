import type { UnreadReply } from '../domain/unread-reply.ts'
import type { KeptFields } from './kept-fields.ts'
import type { NotSentCause } from './transport.ts'

/** A token reply after normalisation: every field read, odd types mended, nothing else kept. RFC 6749 §5.1. */
export interface TokenReply {
  readonly accessToken: string
  readonly refreshToken?: string
  readonly idToken?: string
  /** As the server wrote it; `Bearer` when it wrote none. */
  readonly tokenType: string
  /** Whole seconds > 0; undefined when the reply tells none or nonsense. */
  readonly expiresInSeconds?: number
  /** As told instead of a life (`expires-at-path`), by the service's clock; whether it makes sense is not judged here. */
  readonly expiresAt?: Date
  readonly refreshTokenExpiresInSeconds?: number
  readonly scopes?: readonly string[]
  /** Data beside the tokens, of the integration's allow-list, and the names of what was not fit to be kept. */
  readonly kept?: KeptFields
  /** Of `account-path`, else of the id token's `email`, `preferred_username` or `name`: for display only. */
  readonly account?: string
}

/**
 * How a token request ended (refresh.md, *Uncertain outcomes* and *A refresh fails in exactly three ways*).
 * `words` are ui.md's {reason} words; none of the texts ever holds a token, code or secret.
 */
export type TokenOutcome =
  | { readonly kind: 'success'; readonly reply: TokenReply }
  /** Nothing left this host, or the fence was closed. All but `fence` and `network`: class configuration, never retried at once. */
  | { readonly kind: 'not_sent'; readonly cause: NotSentCause; readonly words: string }
  /** 429 or 503: plainly refused, the refresh token is unspent. */
  | { readonly kind: 'unspent'; readonly words: string; readonly retryAfterSeconds?: number }
  /** Perhaps spent. `unread`: the 2xx that was not understood. `refreshToken` when a 2xx carried a readable one though the rest is unusable: it must be saved. */
  | { readonly kind: 'uncertain'; readonly words: string; readonly refreshToken?: string; readonly unread?: UnreadReply }
  /** `invalid_client`, `unauthorized_client`, 401, 403: the client is refused, not the user. */
  | { readonly kind: 'client_refused'; readonly error: string; readonly words: string; readonly providerText?: string }
  /** `invalid_grant`, `bad_refresh_token`, `dead-refresh-errors`: this grant is refused. */
  | { readonly kind: 'grant_refused'; readonly error: string; readonly words: string; readonly providerText?: string }
  /** Any other 4xx or error body: `invalid_scope`, `invalid_request`, an empty 400 … */
  | { readonly kind: 'refused'; readonly error: string; readonly words: string; readonly providerText?: string }

/** What the validation endpoint (`validate-url`) says of an access token; `unknown` when it says nothing. */
export type ValidationOutcome =
  | { readonly kind: 'works' }
  | { readonly kind: 'refused'; readonly words: string }
  | { readonly kind: 'unknown'; readonly words: string }

/** Whom `account-url` names; `unnamed`: nobody, and why. */
export type AccountOutcome =
  | { readonly kind: 'named'; readonly account: string }
  | { readonly kind: 'unnamed'; readonly words: string }

/** How a revocation ended. RFC 7009 §2.2: 200 also for a token the server does not know. */
export type RevocationOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly words: string; readonly retryAfterSeconds?: number }
  /** `isOfClient`: it is the client that is refused. */
  | { readonly kind: 'refused'; readonly words: string; readonly isOfClient?: true }
