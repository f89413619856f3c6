import type { Kysely, RawBuilder, Transaction } from 'kysely'
import type { Effects } from '../domain/effects.ts'
import type { Cipher } from './encryption.ts'
import type { LeaseClock } from './lease-clock.ts'
import type { Tables } from './schema.ts'

/** What a prepared statement takes. */
export type SqlValue = string | number | null | Uint8Array

/** A statement for many rows. SQLite runs `each` for every row, its values for `?`; PostgreSQL runs `all` once, a column for `$n`. */
export interface BatchStatement {
  readonly each: string
  readonly all: string
  /** As for `write`. */
  readonly isRepeatable?: boolean
}

/** For a write that is the same once or twice. */
export const REPEATABLE = { isRepeatable: true } as const

interface Lockable<Q> {
  forUpdate(): Q
  skipLocked(): Q
}

/** One database of either dialect: how its queries are run. Every rejection is a StoreError. */
export interface Database {
  /** Committed rows, as of each query. */
  readonly reader: Kysely<Tables>
  /** What leases and heartbeats are measured by; the arguments: this process's reading of its own clock. */
  leaseClock(bootId: string, monotonicMs: number): LeaseClock
  /**
   * One write transaction; durable when the promise resolves. `work` awaits nothing but its queries, and may run again after
   * a conflict took back what it did. `isRepeatable`: doing it twice is the same as once, so that it is done again also when
   * the connection broke at its commit; otherwise that rejects with code `unknown`.
   */
  write<T>(work: (transaction: Transaction<Tables>) => Promise<T>, options?: { isRepeatable?: boolean }): Promise<T>
  /** One statement that is the same once or twice, durable when the promise resolves; it costs one trip to the database. */
  writeOne<T>(work: (database: Kysely<Tables>) => Promise<T>): Promise<T>
  /** The rows of the query as the last transaction left them, and nobody else's until the end of this one. */
  locked<Q extends Lockable<Q>>(query: Q): Q
  /** As `locked`, without the rows that another transaction has locked. */
  unlocked<Q extends Lockable<Q>>(query: Q): Q
  /** Runs a statement for each row, all in one transaction; for writes too frequent to build queries. */
  batch(statement: BatchStatement, rows: readonly (readonly SqlValue[])[]): Promise<void>
  /** Whether the last commits may be lost, when another host takes the database over. */
  readonly mayLoseCommits: boolean
  /** Changes with each start of the database and each host it is on. */
  readonly epoch: RawBuilder<string>
  /** Commits something small. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** What the parts of the store share. */
export interface StoreContext {
  readonly database: Database
  readonly cipher: Cipher
  readonly effects: Effects
}

/** A random id (RFC 9562 version 4) that never changes and is never used again. */
export function newId(effects: Pick<Effects, 'randomBytes'>): string {
  const bytes = Buffer.from(effects.randomBytes(16))
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Milliseconds for a column, null for "unknown". */
export function toMs(at: Date | undefined): number | null {
  return at ? at.getTime() : null
}

/** `{ [key]: value }`, or nothing when the column is null: optional members are absent, never undefined. */
export function ifSet<K extends string, V>(key: K, value: V | null | undefined): { readonly [P in K]?: V }
export function ifSet<K extends string, V, R>(
  key: K,
  value: V | null | undefined,
  convert: (value: V) => R,
): { readonly [P in K]?: R }
export function ifSet<V>(key: string, value: V | null | undefined, convert: (value: V) => unknown = (same) => same): object {
  return value === null || value === undefined ? {} : { [key]: convert(value) }
}

/** An instant from its column. */
export function toDate(ms: number): Date {
  return new Date(ms)
}
