import type { Integration } from '../domain/integration.ts'
import type { TokenReply } from '../oauth/outcome.ts'
import type { SavedReply } from '../store/store.ts'

/** What a token reply leaves in a row; life counts from when the request was *sent* (refresh.md, *Who may send*). */
export function savedReplyOf(
  integration: Pick<Integration, 'expiresInDefaultSeconds'>,
  reply: TokenReply,
  sentAt: Date,
): SavedReply {
  const lifeSeconds = reply.expiresInSeconds ?? integration.expiresInDefaultSeconds
  const after = (seconds: number): Date => new Date(sentAt.getTime() + seconds * 1000)
  return {
    secrets: {
      accessToken: reply.accessToken,
      ...(reply.refreshToken === undefined ? {} : { refreshToken: reply.refreshToken }),
      ...(reply.idToken === undefined ? {} : { idToken: reply.idToken }),
    },
    tokenType: reply.tokenType,
    issuedAt: sentAt,
    ...(lifeSeconds === undefined ? {} : { expiresAt: after(lifeSeconds) }),
    ...(reply.scopes === undefined ? {} : { scopesGranted: reply.scopes }),
    ...(reply.account === undefined ? {} : { account: reply.account }),
    ...(reply.refreshTokenExpiresInSeconds === undefined
      ? {}
      : { refreshTokenExpiresAt: after(reply.refreshTokenExpiresInSeconds) }),
  }
}
