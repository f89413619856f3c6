import type { Integration } from '../domain/integration.ts'
import type { TokenSecrets } from '../domain/stored-token.ts'
import type { Store } from '../store/store.ts'

/** A sign-out's revocation is tried for a day (refresh.md, fault F30). */
export const REVOCATION_LIFE_MS = 24 * 60 * 60_000

/**
 * For tokens that came for a row which was signed out or replaced while their request was under way, or at which a later request
 * of another process counts: its newest pair is what is revoked, where that ends nothing else (refresh.md, *Sign-out and
 * revocation*). `integration`: undefined while it is not configured. Answers why they are of no use.
 */
export async function queueDropped(
  store: Store,
  integration: Pick<Integration, 'revocationUrl' | 'revocationScope'> | undefined,
  token: {
    readonly tokenId: string
    readonly userId: string
    readonly integrationId: string
    /** Of the client and the origins that the tokens are for; undefined: it is not known, and they are sent nowhere. */
    readonly clientFingerprint: string | undefined
  },
  secrets: TokenSecrets,
): Promise<string> {
  const { tokenId, userId, integrationId, clientFingerprint } = token
  const now = await store.tokens.find(userId, integrationId)
  const isReplaced = now !== undefined && now.id !== tokenId
  if (integration?.revocationUrl !== undefined && (!now || (isReplaced && integration.revocationScope === 'token'))) {
    const giveUpAt = new Date(store.now().getTime() + REVOCATION_LIFE_MS)
    const bound = clientFingerprint === undefined ? {} : { clientFingerprint }
    await store.tokens.queueRevocation({ userId, integrationId, ...bound }, secrets, giveUpAt)
  }
  if (!now) return 'signed out meanwhile'
  return isReplaced ? 'a newer sign-in won' : 'a later request counts'
}
