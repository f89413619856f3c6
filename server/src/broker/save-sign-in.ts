import type { Integration } from '../domain/integration.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { StoreError } from '../store/store.ts'
import type { JournalRoom } from '../store/store-of-results.ts'
import type { SignInResult } from '../store/token-results.ts'
import { isDatabaseAway } from './database-away.ts'
import { kindOfFailure } from './log.ts'
import { randomFraction, retryPauseMs } from './refresh-policy.ts'
import type { SignInParts } from './sign-in-parts.ts'

/** A code cannot be sent twice: while a browser waits, what it brought is written again and again for so long. */
const SAVE_WINDOW_MS = 120_000
const LONGEST_PAUSE_MS = 5_000

type Saved = StoredToken | 'user gone'

/** Writes a finished sign-in; a database that is locked or full gets time. After that it waits in the journal. */
export async function saveSignIn(
  parts: Pick<SignInParts, 'store' | 'results' | 'effects' | 'log'>,
  room: JournalRoom,
  result: SignInResult,
  { section }: Integration,
): Promise<Saved | 'database away'> {
  try {
    return await parts.results.save(room, result, () => untilStored(parts, result, section))
  } catch (failure) {
    if (!isDatabaseAway(failure)) throw failure
    const words = 'A sign-in could not be stored for two minutes; as long as the journal has it, it is stored later.'
    parts.log.warn({ failure: kindOfFailure(failure), section }, words)
    return 'database away'
  }
}

async function untilStored(
  { store, effects, log }: Pick<SignInParts, 'store' | 'effects' | 'log'>,
  { token }: SignInResult,
  section: string,
): Promise<Saved> {
  const deadlineMs = effects.monotonicMs() + SAVE_WINDOW_MS
  for (let tries = 1; ; tries += 1) {
    try {
      return await store.tokens.create(token)
    } catch (failure) {
      if (failure instanceof StoreError && failure.code === 'missing') return 'user gone'
      if (!isDatabaseAway(failure) || effects.monotonicMs() > deadlineMs) throw failure
      log.warn({ failure: kindOfFailure(failure), section }, 'A sign-in could not be stored yet; it is kept and tried again.')
      await effects.sleep(Math.min(LONGEST_PAUSE_MS, retryPauseMs(tries, randomFraction(effects))))
    }
  }
}
