import type { Extra } from '../domain/stored-token.ts'
import type { ExchangedToken } from './broker.ts'

/** What `Tokens.fetch` writes. */
interface FetchedToken {
  readonly access_token: string
  readonly expiry: string
  readonly warning?: string
  readonly extra?: Extra
}

/** Lives that end in the year 9999 are unknown (wire.md, *Replies*). */
const UNKNOWN_LIFE_YEAR = 9999

/** A reply of `/oauth_token` as an OAuth client wants it: a life instead of an instant. */
export function exchangedOf(body: string, now: Date): ExchangedToken {
  const { access_token, expiry, warning, extra } = JSON.parse(body) as FetchedToken
  const endsAt = new Date(expiry)
  const seconds = Math.max(0, Math.floor((endsAt.getTime() - now.getTime()) / 1000))
  return {
    accessToken: access_token,
    expiresInSeconds: endsAt.getUTCFullYear() === UNKNOWN_LIFE_YEAR ? undefined : seconds,
    ...(warning === undefined ? {} : { warning }),
    ...(extra ? { extra } : {}),
  }
}
