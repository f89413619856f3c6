import type { Integration } from '../domain/integration.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { type Store, StoreError } from '../store/store.ts'
import { isDatabaseAway } from './database-away.ts'
import { kindOfFailure } from './log.ts'
import { randomFraction, retryPauseMs } from './refresh-policy.ts'
import type { SignInParts } from './sign-in-parts.ts'

/** A code cannot be sent twice: what it brought is kept in memory and written again and again for so long. */
const SAVE_WINDOW_MS = 120_000
const LONGEST_PAUSE_MS = 5_000

/** Writes a finished sign-in; a database that is locked or full gets time. */
export async function saveSignIn(
  { store, effects, log }: Pick<SignInParts, 'store' | 'effects' | 'log'>,
  token: Parameters<Store['tokens']['create']>[0],
  { section }: Integration,
): Promise<StoredToken | 'user gone' | 'database away'> {
  const deadlineMs = effects.monotonicMs() + SAVE_WINDOW_MS
  for (let tries = 1; ; tries += 1) {
    try {
      return await store.tokens.create(token)
    } catch (failure) {
      if (failure instanceof StoreError && failure.code === 'missing') return 'user gone'
      if (!isDatabaseAway(failure)) throw failure
      const isOver = effects.monotonicMs() > deadlineMs
      const words = isOver ? 'could not be stored and is lost' : 'could not be stored yet; it is kept in memory and tried again'
      log.warn({ failure: kindOfFailure(failure), section }, `A sign-in ${words}.`)
      if (isOver) return 'database away'
      await effects.sleep(Math.min(LONGEST_PAUSE_MS, retryPauseMs(tries, randomFraction(effects))))
    }
  }
}
