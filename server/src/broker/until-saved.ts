import type { FlightParts } from './flight-parts.ts'
import { randomFraction, retryPauseMs } from './refresh-policy.ts'

/** What a token request brought is kept in memory and written again and again for this long while the database refuses it. */
const SAVE_WINDOW_MS = 120_000
const LONGEST_PAUSE_MS = 5_000

/** Writes what a token request brought; a database that is locked or full gets time. Rejects when that is used up. */
export async function untilSaved<T>(
  { effects, report }: Pick<FlightParts, 'effects' | 'report'>,
  section: string,
  save: () => Promise<T>,
): Promise<T> {
  const deadlineMs = effects.monotonicMs() + SAVE_WINDOW_MS
  for (let n = 1; ; n += 1) {
    try {
      return await save()
    } catch (error) {
      if (effects.monotonicMs() > deadlineMs) throw error
      report({ what: 'the result of a token request could not be saved yet', section, error })
      await effects.sleep(Math.min(LONGEST_PAUSE_MS, retryPauseMs(n, randomFraction(effects))))
    }
  }
}
