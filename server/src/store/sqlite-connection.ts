import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { SqlValue } from './database.ts'
import { StoreError } from './store.ts'

// Result codes, the low byte of SQLite's extended ones: https://sqlite.org/rescode.html
const SQLITE_BUSY = 5
const SQLITE_FULL = 13
const SQLITE_CONSTRAINT_FOREIGNKEY = 787
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555
const SQLITE_CONSTRAINT_UNIQUE = 2067

/** More statements than the store has; only ad hoc ones of varying length could reach it. */
const STATEMENTS_KEPT = 256

/** One open SQLite file, with its prepared statements kept. Everything here is synchronous. */
export class SqliteConnection {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, { statement: StatementSync; returnsRows: boolean }>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Runs one statement; `changes` counts what it wrote, for statements that return no rows. */
  execute(text: string, parameters: readonly SqlValue[]): { rows: unknown[]; changes: number } {
    const { statement, returnsRows } = this.#prepare(text)
    if (returnsRows) return { rows: statement.all(...parameters), changes: 0 }
    return { rows: [], changes: Number(statement.run(...parameters).changes) }
  }

  /** Runs text of several statements without parameters. */
  run(text: string): void {
    this.#database.exec(text)
  }

  /** A statement that answers rows as arrays, for the hot path. */
  prepareArrays(text: string): StatementSync {
    return this.#database.prepare(text, { returnArrays: true })
  }

  /** One value of one row, of a pragma for instance. */
  value(text: string): unknown {
    const [row] = this.execute(text, []).rows as Record<string, unknown>[]
    return row ? Object.values(row)[0] : undefined
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }

  #prepare(text: string): { statement: StatementSync; returnsRows: boolean } {
    const known = this.#statements.get(text)
    if (known) return known
    const statement = this.#database.prepare(text)
    const prepared = { statement, returnsRows: statement.columns().length > 0 }
    if (this.#statements.size >= STATEMENTS_KEPT) this.#statements.clear()
    this.#statements.set(text, prepared)
    return prepared
  }
}

/** Whether another connection holds the lock now; every busy code counts, of recovery and of snapshots too. */
export function isBusy(error: unknown): boolean {
  const code = errorCodeOf(error)
  return code !== undefined && code % 256 === SQLITE_BUSY
}

/** SQLite's errors in the store's words; what is none of SQLite's passes through. */
export function asStoreError(error: unknown): unknown {
  const code = errorCodeOf(error)
  if (code === undefined) return error
  if (code % 256 === SQLITE_FULL) return new StoreError('full', 'The disk of the database is full: make room.', error)
  if (code % 256 === SQLITE_BUSY) return new StoreError('busy', 'The database is locked by another process.', error)
  if (code === SQLITE_CONSTRAINT_FOREIGNKEY) return new StoreError('missing', 'What the new row refers to is not there.', error)
  if (code === SQLITE_CONSTRAINT_UNIQUE || code === SQLITE_CONSTRAINT_PRIMARYKEY) {
    return new StoreError('duplicate', 'There is such a row already.', error)
  }
  return new StoreError('io', `The database failed: ${(error as Error).message}.`, error)
}

function errorCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined
  return typeof error.errcode === 'number' ? error.errcode : undefined
}
