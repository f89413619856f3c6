import { databaseAway } from '../broker/database-away.ts'
import { kindOfFailure } from '../broker/log.ts'
import type { Effects } from '../domain/effects.ts'
import { BrokerError, type BrokerErrorCode } from '../domain/errors.ts'
import type { HttpLog } from './log.ts'

/** A refusal of a door itself: status, stable code, and the sentence a person reads. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: string
  readonly retryAfterSeconds?: number

  constructor(status: number, code: string, message: string, retryAfterSeconds?: number) {
    super(message)
    this.status = status
    this.code = code
    if (retryAfterSeconds !== undefined) this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The one table from codes to statuses, for the page API and the admin socket. The RPC has its own (wire.md, *Errors*). */
const STATUS_OF: Readonly<Record<BrokerErrorCode, number>> = {
  not_signed_in: 409,
  reauthentication_required: 409,
  provider_unavailable: 503,
  configuration_error: 409,
  unknown_integration: 404,
  bad_request: 400,
  session_ended: 404,
  database_unavailable: 503,
  internal: 500,
}

/** HTTP status of a broker's failure: 429 where a rate limit is the reason. */
export function statusOf(error: BrokerError): number {
  if (error.code === 'bad_request' && error.details.retryAfterSeconds !== undefined) return 429
  return STATUS_OF[error.code]
}

/** What of an exception a caller may be told, in its own words; undefined when nothing. A database that is away is logged. */
export function tellable(error: unknown, where: string, log: HttpLog): BrokerError | undefined {
  if (error instanceof BrokerError) return error.code === 'internal' || error.message === '' ? undefined : error
  const away = databaseAway(error)
  if (away) {
    const words = error instanceof Error ? error.message : ''
    log.warn({ where, failure: kindOfFailure(error), words }, 'a request could not be answered: the database cannot be used')
  }
  return away
}

/** Six random bytes are enough to find one line in a log. */
const REFERENCE_BYTES = 6

/** Logs an unknown exception in full and returns the sentence that a caller gets instead: it names the line in the log. */
export function reportUnknown(error: unknown, where: string, log: HttpLog, effects: Pick<Effects, 'randomBytes'>): string {
  const reference = Buffer.from(effects.randomBytes(REFERENCE_BYTES)).toString('hex')
  log.error({ reference, where, failure: describe(error) }, 'a request met an unknown failure')
  return `Benchkey could not answer; reference ${reference}.`
}

/** The causes of an exception, outermost first; more than five deep tells nothing new. */
const CAUSES_LOGGED = 5

function describe(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { kind: typeof error }
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  const cause = error.cause === undefined || depth >= CAUSES_LOGGED ? {} : { cause: describe(error.cause, depth + 1) }
  return { name: error.name, message: error.message, ...code, stack: error.stack ?? '', ...cause }
}
