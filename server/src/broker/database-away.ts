import { BrokerError } from '../domain/errors.ts'
import { StoreError } from '../store/store.ts'
import { kindOfFailure, type Log } from './log.ts'

const AWAY: ReadonlySet<StoreError['code']> = new Set(['busy', 'full', 'io', 'unknown'])

/** Whether the database takes nothing now, for a reason of its own; the same may work in a minute. */
export function isDatabaseAway(failure: unknown): failure is StoreError {
  return failure instanceof StoreError && AWAY.has(failure.code)
}

/** A write that a person waits for: a database that takes nothing is told as that, and anything else as it is. */
export async function orSayAway<T>(log: Log, what: string, write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (failure) {
    if (!isDatabaseAway(failure)) throw failure
    log.warn({ failure: kindOfFailure(failure) }, `${what} could not be written: the database takes nothing now.`)
    const sentence = "Benchkey's database cannot be written at the moment. Nothing has changed; try again in a minute."
    throw new BrokerError('database_unavailable', sentence, { sentence }, failure)
  }
}
