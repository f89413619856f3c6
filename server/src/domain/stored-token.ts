import type { IntegrationUid } from './integration.ts'

/** Why a stored sign-in needs a new one; kept in the row and shown. */
export type ReauthenticationReason = 'refused' | 'ended' | 'interrupted' | 'changed' | 'unreadable'

/** How the last token request of a row ended when it did not succeed. */
export interface LastFailure {
  readonly at: Date
  /** The words of ui.md's `{reason}`: "answered 503", "timed out after 15 s". */
  readonly words: string
  /** Database time before which no further token request starts for this row. */
  readonly retryAt: Date
}

/** A token request that was announced before it was sent and has not been resolved (refresh.md, *Uncertain outcomes*). */
export interface Intent {
  readonly attempt: string
  readonly generation: number
  readonly at: Date
}

/** One sign-in of one user at one integration, as the store returns it, without its secrets. */
export interface StoredToken {
  /** New at every sign-in, so that a late result of an old grant can never overwrite a new one. */
  readonly id: string
  readonly userId: string
  readonly integrationId: string
  readonly integrationUid: IntegrationUid
  /** Rises with every saved token reply. */
  readonly generation: number
  readonly hasRefreshToken: boolean
  /** When the access token ends; undefined = life unknown. Database time. */
  readonly expiresAt?: Date
  /** When the request that brought the access token was sent. Database time. */
  readonly issuedAt: Date
  readonly signedInAt: Date
  readonly scopesAsked: readonly string[]
  /** As the server granted them; undefined when the reply did not say. */
  readonly scopesGranted?: readonly string[]
  readonly tokenType: string
  /** The account at the service ("name@example.com"), when it is known. */
  readonly account?: string
  /** Origin that may be asked for the account and has not told it yet. */
  readonly accountWantedFrom?: string
  /** The service's own end of the refresh token, when told (`refresh_token_expires_in`). */
  readonly refreshTokenExpiresAt?: Date
  /** Hash of client id and endpoint origins at sign-in (fault F33). */
  readonly clientFingerprint: string
  readonly renewals: number
  readonly lastRenewedAt?: Date
  readonly lastUsedAt?: Date
  readonly lastUsedBy?: string
  readonly reauthentication?: { readonly reason: ReauthenticationReason; readonly at: Date; readonly providerText?: string }
  /** True while a refused refresh token is parked and *Try again* may send it once. */
  readonly parked: boolean
  readonly lastFailure?: LastFailure
  readonly intent?: Intent
  /** Refusals that name no known cause (an empty 400, `invalid_request`) since the last good reply. */
  readonly oddRefusals?: { readonly count: number; readonly since: Date }
  /** What `validate-url` said of the access token; `words` when it was refused. */
  readonly validation?: { readonly at: Date; readonly words?: string }
  /** Set when an uncertain outcome happened since the last good reply: when it was sent. */
  readonly interruptedAt?: Date
  /** When a session's report that the access token does not work last led to a refresh. */
  readonly reportedAt?: Date
}

/** Data that came with the tokens and is given to sessions under `extra`, by name. */
export type Extra = Readonly<Record<string, string | number | boolean>>

/** The secrets of one stored token, decrypted. Never logged, never listed. */
export interface TokenSecrets {
  readonly accessToken: string
  readonly refreshToken?: string
  readonly idToken?: string
  /** Of the allow-lists at the time; never empty. */
  readonly extra?: Extra
}

const MINIMUM_ASKED_MS = 60_000
const USUAL_ASKED_MS = 5 * 60_000

/**
 * The remaining life a handed-out token must have, in milliseconds: min(asked, half the token's life), where the default
 * asked is min(5 min, 10 % of the life), at least 60 s (refresh.md, *One fetch*).
 */
export function effectiveMinTtlMs(token: Pick<StoredToken, 'issuedAt' | 'expiresAt'>, askedMs: number | undefined): number {
  if (!token.expiresAt) return 0
  const lifeMs = Math.max(0, token.expiresAt.getTime() - token.issuedAt.getTime())
  const asked = askedMs ?? Math.max(MINIMUM_ASKED_MS, Math.min(USUAL_ASKED_MS, lifeMs / 10))
  return Math.min(asked, lifeMs / 2)
}

/** Whether the stored access token lives long enough to be answered at once. `now` in database time. */
export function isFresh(token: Pick<StoredToken, 'issuedAt' | 'expiresAt'>, now: Date, askedMs: number | undefined): boolean {
  if (!token.expiresAt) return true
  return token.expiresAt.getTime() - now.getTime() > effectiveMinTtlMs(token, askedMs)
}

/** Whether the access token still works at all. */
export function isAlive(token: Pick<StoredToken, 'expiresAt'>, now: Date): boolean {
  return !token.expiresAt || token.expiresAt.getTime() > now.getTime()
}

/** Whether the service would refuse a refresh now, so long before the token's end (`refresh-before`). `now` in database time. */
export function isTooEarly(token: Pick<StoredToken, 'expiresAt'>, now: Date, refreshBeforeSeconds: number | undefined): boolean {
  if (refreshBeforeSeconds === undefined || !token.expiresAt) return false
  return token.expiresAt.getTime() - now.getTime() > refreshBeforeSeconds * 1000
}
