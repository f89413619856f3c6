import type { StoredToken } from '../domain/stored-token.ts'
import { type Store, StoreError } from '../store/store.ts'

/**
 * The access token of a row as it was looked up; undefined when the row changed since, or was damaged and is marked so now
 * (fault F25).
 */
export async function readAccessToken(store: Pick<Store, 'tokens' | 'now'>, token: StoredToken): Promise<string | undefined> {
  try {
    return (await store.tokens.readSecrets(token.id, token.generation))?.accessToken
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'unreadable') throw error
    await store.tokens.markUnreadable(token.id, token.generation, store.now())
    return undefined
  }
}
