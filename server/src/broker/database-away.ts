import { BrokerError } from '../domain/errors.ts'
import { StoreError } from '../store/store.ts'
import { kindOfFailure, type Log } from './log.ts'

const AWAY: ReadonlySet<StoreError['code']> = new Set(['busy', 'full', 'io', 'unknown'])

const CANNOT_BE_USED = "Benchkey's database cannot be used at the moment. Nothing is lost; try again in a minute."
const CANNOT_BE_WRITTEN = "Benchkey's database cannot be written at the moment. Nothing has changed; try again in a minute."
/** After a commit whose answer never came. */
const NOT_KNOWN =
  "Benchkey's database broke off, so it is not known whether this was done. Nothing is lost; look again in a minute."

/** Seconds: a restart of the database takes less. */
const RETRY_AFTER_SECONDS = 60

/** Whether the database takes nothing now, for a reason of its own; the same may work in a minute. */
export function isDatabaseAway(failure: unknown): failure is StoreError {
  return failure instanceof StoreError && AWAY.has(failure.code)
}

/** What whoever asked is told when the database is the reason; undefined for every other failure. */
export function databaseAway(failure: unknown, words: string = CANNOT_BE_USED): BrokerError | undefined {
  if (!isDatabaseAway(failure)) return undefined
  const sentence = failure.code === 'unknown' ? NOT_KNOWN : words
  return new BrokerError('database_unavailable', sentence, { sentence, retryAfterSeconds: RETRY_AFTER_SECONDS }, failure)
}

/** A write that a person waits for: a database that takes nothing is told as that, and anything else as it is. */
export async function orSayAway<T>(log: Log, what: string, write: Promise<T>): Promise<T> {
  try {
    return await write
  } catch (failure) {
    const told = databaseAway(failure, CANNOT_BE_WRITTEN)
    if (!told) throw failure
    log.warn({ failure: kindOfFailure(failure) }, `${what} could not be written: the database takes nothing now.`)
    throw told
  }
}
