import type { Integration } from '../domain/integration.ts'
import type { Extra } from '../domain/stored-token.ts'
import type { TokenReply } from '../oauth/outcome.ts'
import type { SavedReply } from '../store/store.ts'

/** Ten years: what is told to end later, or to have ended before it was asked for, is told wrong (fault F17). */
const LONGEST_LIFE_SECONDS = 10 * 365 * 24 * 60 * 60

/** What a token reply leaves in a row; life counts from when the request was *sent* (refresh.md, *Who may send*). `more`: of the callback. */
export function savedReplyOf(
  integration: Pick<Integration, 'expiresInDefaultSeconds'>,
  reply: TokenReply,
  sentAt: Date,
  more: Extra = {},
): SavedReply {
  const lifeSeconds = reply.expiresInSeconds ?? integration.expiresInDefaultSeconds
  const extra = { ...more, ...reply.kept?.extra }
  const after = (seconds: number): Date => new Date(sentAt.getTime() + seconds * 1000)
  const isSensible = reply.expiresAt && reply.expiresAt > sentAt && reply.expiresAt < after(LONGEST_LIFE_SECONDS)
  const expiresAt = isSensible ? reply.expiresAt : lifeSeconds === undefined ? undefined : after(lifeSeconds)
  return {
    secrets: {
      accessToken: reply.accessToken,
      ...(reply.refreshToken === undefined ? {} : { refreshToken: reply.refreshToken }),
      ...(reply.idToken === undefined ? {} : { idToken: reply.idToken }),
      ...(Object.keys(extra).length === 0 ? {} : { extra }),
    },
    tokenType: reply.tokenType,
    issuedAt: sentAt,
    ...(expiresAt ? { expiresAt } : {}),
    ...(reply.scopes === undefined ? {} : { scopesGranted: reply.scopes }),
    ...(reply.account === undefined ? {} : { account: reply.account }),
    ...(reply.refreshTokenExpiresInSeconds === undefined
      ? {}
      : { refreshTokenExpiresAt: after(reply.refreshTokenExpiresInSeconds) }),
  }
}

/** No access token has come with the refresh token: it has ended whatever the clock says, so the first fetch refreshes. */
const NEVER_LIVED = new Date(0)

/** What a reply leaves of which the refresh token alone can be read: a sign-in all the same (refresh.md, *Uncertain outcomes*). */
export function savedRefreshTokenOf(refreshToken: string, sentAt: Date, extra: Extra): SavedReply {
  const secrets = { accessToken: '', refreshToken, ...(Object.keys(extra).length === 0 ? {} : { extra }) }
  return { secrets, tokenType: 'Bearer', issuedAt: sentAt, expiresAt: NEVER_LIVED }
}
