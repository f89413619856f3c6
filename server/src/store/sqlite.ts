import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Effects } from '../domain/effects.ts'
import { SetupError } from '../domain/errors.ts'
import type { BatchStatement, Database, SqlValue } from './database.ts'
import { inTime } from './deadline.ts'
import { monotonicClock } from './lease-clock.ts'
import { Mutex } from './mutex.ts'
import type { Tables } from './schema.ts'
import { asStoreError, isBusy, SqliteConnection } from './sqlite-connection.ts'
import { queryBuilder, type SqliteAccess } from './sqlite-dialect.ts'
import { StoreError } from './store.ts'

type Waiting = Pick<Effects, 'sleep' | 'monotonicMs' | 'randomBytes'>

/** How long a write waits for a foreign lock before it rejects as `busy`: one of 30 s is sat out (refresh.md, fault F19). */
const GIVE_UP_MS = 40_000
/** A health check must answer before its asker gives up. */
const PING_GIVE_UP_MS = 2_000
const LONGEST_PAUSE_MS = 100
/** Two refusals further apart are two locks. */
const SAME_LOCK_MS = 1_000
/** 4 MiB of log before a commit copies it into the database; a longer file is cut back to 64 MiB. */
const CHECKPOINT_PAGES = 1000
const LOG_LIMIT_BYTES = 64 * 1024 * 1024
/** 8 MiB: the upper pages of the indexes of a million rows. */
const READ_CACHE_KIB = 8192

/**
 * A SQLite database: one connection that writes, one that reads (the same one in memory). No call ever blocks on a lock:
 * it is asked for, and asked for again after a pause.
 */
export class SqliteDatabase implements Database {
  readonly reader: Kysely<Tables>
  readonly leaseClock = monotonicClock
  readonly mayLoseCommits = false
  readonly epoch = sql<string>`''`
  /** The connection that reads, for hand-written statements. */
  readonly readConnection: SqliteConnection
  readonly #writeConnection: SqliteConnection
  readonly #dataVersion: StatementSync
  readonly #isInMemory: boolean
  readonly #waiting: Waiting
  readonly #writer: Kysely<Tables>
  readonly #impatientWriter: Kysely<Tables>
  readonly #mutex = new Mutex()
  #foreignLock: { sinceMs: number; seenMs: number } | undefined
  #commits = 0
  #versionOfTurn: number | undefined
  readonly #forgetVersion = (): void => {
    this.#versionOfTurn = undefined
  }
  #ping: Promise<void> | undefined
  #isClosed = false

  private constructor(write: SqliteConnection, read: SqliteConnection, waiting: Waiting) {
    this.#writeConnection = write
    this.readConnection = read
    this.#dataVersion = read.prepareArrays('PRAGMA data_version')
    this.#isInMemory = read === write
    this.#waiting = waiting
    this.reader = queryBuilder(this.#readAccess())
    this.#writer = queryBuilder(this.#writeAccess(GIVE_UP_MS))
    this.#impatientWriter = queryBuilder(this.#writeAccess(PING_GIVE_UP_MS))
  }

  /** Opens an existing file. Throws SetupError when its disk cannot hold a write-ahead log, StoreError when it is locked. */
  static async openFile(path: string, waiting: Waiting): Promise<SqliteDatabase> {
    const write = new SqliteConnection(new DatabaseSync(path, { timeout: 0 }))
    try {
      const mode = await retryWhileBusy(waiting, GIVE_UP_MS, () => write.value('PRAGMA journal_mode = WAL'))
      if (mode !== 'wal') {
        throw new SetupError(`The database ${path} cannot keep a write-ahead log: put its directory on a local disk.`)
      }
      configure(write)
      await retryWhileBusy(waiting, GIVE_UP_MS, () => write.run(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`))
      write.run(`PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES}`)
      const read = new SqliteConnection(new DatabaseSync(path, { readOnly: true, timeout: 0 }))
      read.run(`PRAGMA cache_size = -${READ_CACHE_KIB}`)
      return new SqliteDatabase(write, read, waiting)
    } catch (error) {
      write.close()
      throw asStoreError(error)
    }
  }

  /** A database without a file, for simulations and tests. */
  static openInMemory(waiting: Waiting): SqliteDatabase {
    const connection = new SqliteConnection(new DatabaseSync(':memory:', { timeout: 0 }))
    configure(connection)
    return new SqliteDatabase(connection, connection, waiting)
  }

  /**
   * Changes whenever anything was committed, by whatever process. SQLite's `data_version` leaves out a connection's own commits.
   * It is read once a turn of the event loop: the requests of one turn were all under way before any commit it could miss.
   */
  version(): number {
    if (this.#isInMemory) return this.#commits
    if (this.#versionOfTurn === undefined) {
      this.#versionOfTurn = (this.#dataVersion.get() as unknown as readonly [number])[0]
      setImmediate(this.#forgetVersion)
    }
    return this.#versionOfTurn
  }

  /** Runs a synchronous read on committed rows: at once, or after the lock or the transaction that is in its way. */
  readNow<T>(read: () => T): T | Promise<T> {
    if (this.#isInMemory && this.#mutex.isHeld) return this.#readAfterTransaction(read)
    try {
      return read()
    } catch (error) {
      if (isBusy(error)) return retryWhileBusy(this.#waiting, GIVE_UP_MS, read)
      throw asStoreError(error)
    }
  }

  async write<T>(work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#transact(this.#writer, work)
  }

  async writeOne<T>(work: (database: Kysely<Tables>) => Promise<T>): Promise<T> {
    return this.write(work)
  }

  /** The one writer has every row for itself. */
  locked<Q>(query: Q): Q {
    return query
  }

  unlocked<Q>(query: Q): Q {
    return query
  }

  async batch({ each }: BatchStatement, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    const access = this.#writeAccess(GIVE_UP_MS)
    await access.acquire()
    try {
      await access.begin()
      for (const row of rows) this.#writeConnection.execute(each, row)
      access.commit()
    } catch (error) {
      access.rollback()
      throw asStoreError(error)
    } finally {
      access.release()
    }
  }

  /** Concurrent callers share one commit. Who asks waits 2 s at most, also behind writes that wait for a foreign lock. */
  async ping(): Promise<void> {
    this.#ping ??= this.#transact(this.#impatientWriter, async (transaction) => {
      const value = String(this.#waiting.monotonicMs())
      await transaction
        .insertInto('meta')
        .values({ key: 'pinged', value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute()
    }).finally(() => {
      this.#ping = undefined
    })
    await inTime(this.#waiting, PING_GIVE_UP_MS, this.#ping)
  }

  async close(): Promise<void> {
    await this.#mutex.acquire()
    try {
      if (this.#isClosed) return
      this.#isClosed = true
      if (!this.#isInMemory) {
        this.readConnection.close()
        checkpoint(this.#writeConnection)
      }
      this.#writeConnection.close()
    } finally {
      this.#mutex.release()
    }
  }

  async #transact<T>(writer: Kysely<Tables>, work: (transaction: Transaction<Tables>) => Promise<T>): Promise<T> {
    try {
      return await writer.transaction().execute(work)
    } catch (error) {
      throw asStoreError(error)
    }
  }

  async #readAfterTransaction<T>(read: () => T): Promise<T> {
    await this.#mutex.acquire()
    try {
      return read()
    } finally {
      this.#mutex.release()
    }
  }

  /** Those who queued behind a foreign lock count its whole time, so that the queue ends together. */
  async #begin(giveUpMs: number): Promise<void> {
    const nowMs = this.#waiting.monotonicMs()
    const sinceMs = this.#foreignLock && nowMs - this.#foreignLock.seenMs < SAME_LOCK_MS ? this.#foreignLock.sinceMs : nowMs
    const step = () => this.#writeConnection.run('BEGIN IMMEDIATE')
    await retryWhileBusy(this.#waiting, giveUpMs, step, sinceMs, (seenMs) => {
      this.#foreignLock = { sinceMs, seenMs }
    })
    this.#foreignLock = undefined
  }

  #readAccess(): SqliteAccess {
    const refuse = (): never => {
      throw new Error('the reading side of the store has no transactions')
    }
    return {
      acquire: async () => {
        if (this.#isInMemory) await this.#mutex.acquire()
      },
      release: () => {
        if (this.#isInMemory) this.#mutex.release()
      },
      execute: (text, parameters) =>
        retryWhileBusy(this.#waiting, GIVE_UP_MS, () => this.readConnection.execute(text, parameters)),
      begin: refuse,
      commit: refuse,
      rollback: refuse,
    }
  }

  #writeAccess(giveUpMs: number): SqliteAccess {
    const connection = this.#writeConnection
    return {
      acquire: () => this.#mutex.acquire(),
      release: () => this.#mutex.release(),
      execute: async (text, parameters) => connection.execute(text, parameters),
      begin: () => this.#begin(giveUpMs),
      commit: () => {
        connection.run('COMMIT')
        this.#commits += 1
        this.#versionOfTurn = undefined
      },
      // A full disk has SQLite roll back by itself.
      rollback: () => {
        if (connection.isInTransaction) connection.run('ROLLBACK')
      },
    }
  }
}

function configure(connection: SqliteConnection): void {
  connection.run(`
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA temp_store = MEMORY;
  `)
}

/** Empties the log into the database, for a tidy directory. Nothing is lost where that fails: the next start reads the log. */
function checkpoint(connection: SqliteConnection): void {
  try {
    connection.run('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch (error) {
    // Others still read (the last one to close empties the log), or the disk is full or failing.
    if (!(asStoreError(error) instanceof StoreError)) throw error
  }
}

/** Calls `step` until no other process is in its way: pauses of 1 to 100 ms, growing, with jitter. */
export async function retryWhileBusy<T>(
  waiting: Waiting,
  giveUpMs: number,
  step: () => T,
  sinceMs: number = waiting.monotonicMs(),
  onBusy: (nowMs: number) => void = () => {},
): Promise<T> {
  for (let pauseMs = 1; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      return step()
    } catch (error) {
      if (!isBusy(error)) throw asStoreError(error)
      const nowMs = waiting.monotonicMs()
      const waitedMs = nowMs - sinceMs
      onBusy(nowMs)
      if (waitedMs >= giveUpMs) {
        throw new StoreError(
          'busy',
          `The database has been locked by another process for ${Math.round(waitedMs / 1000)} s: end what holds it.`,
          error,
        )
      }
      const [random = 0] = waiting.randomBytes(1)
      await waiting.sleep(Math.max(1, (pauseMs * (128 + random)) / 384))
    }
  }
}
