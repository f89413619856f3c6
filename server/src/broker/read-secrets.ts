import type { StoredToken, TokenSecrets } from '../domain/stored-token.ts'
import { type Store, StoreError } from '../store/store.ts'

/** Action in the audit: Benchkey lost a sign-in, which neither its user nor the service had ended. */
export const SIGN_IN_LOST = 'sign_in.lost'

/**
 * The secrets of a row as it was looked up; undefined when the row changed since, or was damaged and is marked so now
 * (fault F25). `lost` is told of the first one that meets the damage.
 */
export async function readSecrets(
  store: Pick<Store, 'tokens' | 'now'>,
  token: StoredToken,
  lost: () => Promise<void>,
): Promise<TokenSecrets | undefined> {
  try {
    return await store.tokens.readSecrets(token.id, token.generation)
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'unreadable') throw error
    if (await store.tokens.markUnreadable(token.id, token.generation, store.now())) await lost()
    return undefined
  }
}

/** The line of the audit for a stored sign-in whose ciphertext does not open. */
export function damaged(token: Pick<StoredToken, 'userId'>, section: string) {
  return { action: SIGN_IN_LOST, outcome: 'failed', userId: token.userId, section, detail: 'unreadable' } as const
}
