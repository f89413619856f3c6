import { UNPROVEN } from './postgres-client.ts'
import { StoreError } from './store.ts'

/**
 * A failure of PostgreSQL or of the way to it. `again`: nothing of it was committed, and a repetition may well succeed.
 * `lost`: the connection is of no use any more.
 */
export class PostgresError extends StoreError {
  readonly again: boolean
  readonly lost: boolean
  /** SQLSTATE of the server, or the code of a socket or TLS failure. */
  readonly reason: string

  constructor(reason: string, { code, words, again = false, lost = false }: Meaning, cause?: unknown) {
    super(code, words, cause)
    this.again = again
    this.lost = lost
    this.reason = reason
  }
}

interface Meaning {
  readonly code: StoreError['code']
  readonly words: string
  readonly again?: boolean
  readonly lost?: boolean
}

const ENDED: Meaning = { code: 'io', words: 'The connection to the database was ended.', again: true, lost: true }
const AWAY: Meaning = { code: 'busy', words: 'The database cannot be reached.', again: true, lost: true }
const CONFLICT: Meaning = { code: 'busy', words: 'The database is busy: others changed the same rows.', again: true }

/** SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const STATES: Readonly<Record<string, Meaning>> = {
  // A newer node has changed a table under a prepared statement, or a pooler between has dropped one.
  '0A000': ENDED,
  '26000': ENDED,
  '23503': { code: 'missing', words: 'What the new row refers to is not there.' },
  '23505': { code: 'duplicate', words: 'There is such a row already.' },
  '25006': { ...AWAY, words: 'The database is a standby, which cannot be written.' },
  '25P03': ENDED,
  '40001': CONFLICT,
  '40P01': CONFLICT,
  '53100': { code: 'full', words: 'The disk of the database is full: make room.' },
  '53300': { ...AWAY, words: 'The database has no connection left for Benchkey: raise its max_connections or lower pool-size.' },
  '55P03': { code: 'busy', words: 'The database is busy: a row was locked for too long.' },
  '57014': { code: 'busy', words: 'The database is busy: a statement took too long.' },
  '57P01': ENDED,
  '57P02': ENDED,
  '57P03': { ...AWAY, words: 'The database is starting or shutting down.' },
  '57P05': ENDED,
}

/** https://nodejs.org/api/errors.html#common-system-errors: the server is not there now, or the way to it is not. */
const AWAY_CODES = new Set(['ECONNREFUSED', 'ENOENT', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'ENOTFOUND'])
const BROKEN_CODES = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED'])
/** The words of node-postgres for what has no code. */
const NO_ANSWER = /^Connection terminated due to connection timeout/
const BROKEN_WORDS = /^(Connection terminated|Query read timeout|Client has encountered a connection error|timeout expired)/
const UNCODED = { NO_TLS: /does not support SSL/, NO_PASSWORD: /password must be a (non-empty )?string/ }
const POOL_EXHAUSTED = 'timeout exceeded when trying to connect'

/** What a failure of node-postgres means; what is none of PostgreSQL's passes through. Its details may quote rows: they stay out. */
export function asPostgresError(error: unknown): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error
  const reason = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (NO_ANSWER.test(error.message)) return new PostgresError('no answer in time', AWAY)
  const meaning = meaningOf(reason, error.message)
  return meaning ? new PostgresError(reason, meaning, new Error(`${reason} ${error.message}`.trim())) : error
}

/** Why there is no connection: every failure of node-postgres on the way to one. */
export function asConnectError(error: unknown): unknown {
  const failure = asPostgresError(error)
  if (failure instanceof StoreError || !(failure instanceof Error)) return failure
  if (failure.message === UNPROVEN) return unproven()
  const reason = Object.entries(UNCODED).find(([, words]) => words.test(failure.message))?.[0] ?? ''
  return new PostgresError(reason, { code: 'io', words: `The database cannot be reached: ${failure.message}.` })
}

/** Something answers that may be anything: it gets nothing, and is not asked again at once. */
export function unproven(): PostgresError {
  return new PostgresError('NO_PROOF', { code: 'io', words: `The database cannot be reached: ${UNPROVEN}.`, lost: true })
}

/** A commit whose answer never came. */
export function commitUnknown(cause: unknown): PostgresError {
  const words = 'The connection to the database broke at a commit, so it is not known whether that was saved.'
  return new PostgresError('', { code: 'unknown', words, lost: true }, cause)
}

function meaningOf(reason: string, message: string): Meaning | undefined {
  const known = STATES[reason]
  if (known) return known
  if (AWAY_CODES.has(reason)) return AWAY
  if (BROKEN_CODES.has(reason) || BROKEN_WORDS.test(message)) return ENDED
  if (message === POOL_EXHAUSTED) return { code: 'busy', words: 'All connections to the database have been in use for too long.' }
  // Class 08: connection exceptions.
  if (/^08...$/.test(reason)) return ENDED
  if (/^[0-9A-Z]{5}$/.test(reason) || reason !== '') return { code: 'io', words: `The database failed: ${message}.` }
  return undefined
}
