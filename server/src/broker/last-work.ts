import type { Effects } from '../domain/effects.ts'
import { kindOfFailure, type Log } from './log.ts'

/** A database that takes nothing keeps no server from ending: whoever ends it waits 20 s at the most, in milliseconds. */
const PATIENCE_MS = 6_000

/**
 * Closes the parts of a server, one group after another. What does not work, or takes too long, is logged and left: tokens are saved
 * or in the journal by then, and the next server goes on with the rest.
 */
export async function lastWork(
  { effects, log }: { readonly effects: Pick<Effects, 'sleep'>; readonly log: Log },
  groups: readonly (readonly { close(): Promise<void> }[])[],
): Promise<void> {
  const told = (failure: unknown): void => {
    log.error({ failure: kindOfFailure(failure) }, 'At the end of this server something could not be written.')
  }
  const closing = (async () => {
    for (const group of groups) await Promise.all(group.map((part) => part.close().catch(told)))
  })()
  const isClosed = new AbortController()
  const late = effects.sleep(PATIENCE_MS, isClosed.signal).then(
    () => log.error({}, 'Not everything was written at the end of this server: the database takes nothing now.'),
    () => undefined, // Aborted below.
  )
  await Promise.race([closing, late])
  isClosed.abort()
}
