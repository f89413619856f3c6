import type { StoredToken, TokenSecrets } from '../domain/stored-token.ts'
import { type Store, StoreError } from '../store/store.ts'

/**
 * The secrets of a row as it was looked up; undefined when the row changed since, or was damaged and is marked so now
 * (fault F25).
 */
export async function readSecrets(store: Pick<Store, 'tokens' | 'now'>, token: StoredToken): Promise<TokenSecrets | undefined> {
  try {
    return await store.tokens.readSecrets(token.id, token.generation)
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'unreadable') throw error
    await store.tokens.markUnreadable(token.id, token.generation, store.now())
    return undefined
  }
}
