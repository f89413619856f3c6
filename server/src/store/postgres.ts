import { CompiledQuery, type Kysely, sql, type Transaction } from 'kysely'
import type { Effects } from '../domain/effects.ts'
import type { BatchStatement, Database, SqlValue } from './database.ts'
import { inTime } from './deadline.ts'
import { serverClock } from './lease-clock.ts'
import { type Run, readingBuilder, statementBuilder, writingBuilder } from './postgres-dialect.ts'
import { PostgresError } from './postgres-errors.ts'
import { columnsOf, type PostgresConnection, type PostgresPool } from './postgres-pool.ts'
import type { Tables } from './schema.ts'
import { StoreError } from './store.ts'

type Waiting = Pick<Effects, 'sleep' | 'monotonicMs' | 'randomBytes'>

/** How long work is repeated that conflicts or lost connections took back: a restart of the server takes less. */
const GIVE_UP_MS = 10_000
/** A health check must answer before its asker gives up. */
const PING_GIVE_UP_MS = 2_000
const LONGEST_PAUSE_MS = 500
/** Two failures with no answer between them and no more time belong to one outage: an attempt to connect takes 5 s. */
const SAME_OUTAGE_MS = 8_000

/** A PostgreSQL database: transactions are READ COMMITTED, and lock the rows that they judge by. */
export class PostgresDatabase implements Database {
  readonly reader: Kysely<Tables>
  readonly leaseClock = serverClock
  readonly mayLoseCommits = true
  readonly epoch = sql<string>`extract(epoch from pg_postmaster_start_time())::text`
  readonly #pool: PostgresPool
  readonly #waiting: Waiting
  readonly #single: Kysely<Tables>
  readonly #writer: Kysely<Tables>
  readonly #impatientWriter: Kysely<Tables>
  #ping: Promise<void> | undefined
  /** Since when nothing answers. Who only reads counts its whole time, so that all are told together; writes have their own. */
  #outage: { readonly sinceMs: number; readonly seenMs: number } | undefined

  constructor(pool: PostgresPool, waiting: Waiting) {
    this.#pool = pool
    this.#waiting = waiting
    const read: Run = (text, values) => this.read((connection) => connection.query(text, values))
    const run: Run = (text, values) => this.#persist(GIVE_UP_MS, () => this.#on((connection) => connection.query(text, values)))
    this.reader = readingBuilder(read)
    this.#single = statementBuilder(run)
    this.#writer = writingBuilder(pool)
    this.#impatientWriter = writingBuilder(pool, PING_GIVE_UP_MS)
  }

  /** Runs what may be repeated on one connection, and again on another one when it breaks. */
  async read<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    return await this.#persist(GIVE_UP_MS, () => this.#on(work), { sharesOutage: true })
  }

  async write<T>(
    work: (transaction: Transaction<Tables>) => Promise<T>,
    { isRepeatable = false }: { isRepeatable?: boolean } = {},
  ): Promise<T> {
    return await this.#persist(GIVE_UP_MS, () => this.#writer.transaction().execute(work), { isRepeatable })
  }

  async writeOne<T>(work: (database: Kysely<Tables>) => Promise<T>): Promise<T> {
    return work(this.#single)
  }

  locked<Q extends { forUpdate(): Q }>(query: Q): Q {
    return query.forUpdate()
  }

  unlocked<Q extends { forUpdate(): Q; skipLocked(): Q }>(query: Q): Q {
    return query.forUpdate().skipLocked()
  }

  async batch({ all, isRepeatable }: BatchStatement, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    const statement = CompiledQuery.raw(all, columnsOf(rows))
    if (isRepeatable) await this.writeOne((database) => database.executeQuery(statement))
    else await this.write((transaction) => transaction.executeQuery(statement))
  }

  /** Concurrent callers share one commit. Who asks waits 2 s at most, also when all connections are in use. */
  async ping(): Promise<void> {
    this.#ping ??= this.#persist(PING_GIVE_UP_MS, () => this.#impatientWriter.transaction().execute(pinged), {
      isRepeatable: true,
    }).finally(() => {
      this.#ping = undefined
    })
    await inTime(this.#waiting, PING_GIVE_UP_MS, this.#ping)
  }

  async close(): Promise<void> {
    await this.#pool.end()
  }

  #outageSince(askedMs: number, nowMs: number): number {
    const known = this.#outage && nowMs - this.#outage.seenMs < SAME_OUTAGE_MS ? this.#outage.sinceMs : askedMs
    this.#outage = { sinceMs: known, seenMs: nowMs }
    return known
  }

  async #on<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    const connection = await this.#pool.connect()
    try {
      return await work(connection)
    } finally {
      connection.release()
    }
  }

  /** Calls `step` until it is neither taken back nor cut off: pauses of 5 to 500 ms, growing, with jitter. */
  async #persist<T>(
    giveUpMs: number,
    step: () => Promise<T>,
    { isRepeatable = false, sharesOutage = false }: { isRepeatable?: boolean; sharesOutage?: boolean } = {},
  ): Promise<T> {
    const sinceMs = this.#waiting.monotonicMs()
    for (let pauseMs = 10; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
      try {
        const done = await step()
        this.#outage = undefined
        return done
      } catch (error) {
        if (!mayRepeat(error, isRepeatable)) throw error
        const nowMs = this.#waiting.monotonicMs()
        const outageMs = isUnreachable(error) ? this.#outageSince(sinceMs, nowMs) : sinceMs
        const waitedMs = nowMs - (sharesOutage ? Math.min(sinceMs, outageMs) : sinceMs)
        if (waitedMs >= giveUpMs) throw givenUp(error, waitedMs)
        const [random = 0] = this.#waiting.randomBytes(1)
        await this.#waiting.sleep((pauseMs * (256 + random)) / 512)
      }
    }
  }
}

async function pinged(transaction: Transaction<Tables>): Promise<void> {
  await sql`INSERT INTO meta (key, value) VALUES ('pinged', now()::text)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(transaction)
}

function mayRepeat(error: unknown, isRepeatable: boolean): error is PostgresError {
  return error instanceof PostgresError && (error.again || (isRepeatable && error.code === 'unknown'))
}

/** No connection could be made; one that broke says little about the next. */
function isUnreachable({ code, lost }: PostgresError): boolean {
  return code === 'busy' && lost
}

function givenUp(error: PostgresError, waitedMs: number): StoreError {
  if (error.code === 'unknown') return error
  return new StoreError('busy', `${error.message.slice(0, -1)} (tried for ${Math.round(waitedMs / 1000)} s).`, error)
}
