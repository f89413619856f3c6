import type { Kysely, Transaction } from 'kysely'
import type { Effects } from '../domain/effects.ts'
import type { Cipher } from './encryption.ts'
import type { Tables } from './schema.ts'

/** What a prepared statement takes. */
export type SqlValue = string | number | null | Uint8Array

/** One database of either dialect: how its queries are run. Every rejection is a StoreError. */
export interface Database {
  /** Committed rows, as of each query. */
  readonly reader: Kysely<Tables>
  /** One write transaction; durable when the promise resolves. `work` awaits nothing but its queries. */
  write<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T>
  /** Runs one statement with `?` placeholders for each row, all in one transaction; for writes too frequent to build queries. */
  batch(statement: string, rows: readonly (readonly SqlValue[])[]): Promise<void>
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
