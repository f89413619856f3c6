import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import { commitUnknown, PostgresError } from './postgres-errors.ts'
import type { Answer, PostgresConnection, PostgresPool } from './postgres-pool.ts'
import type { Tables } from './schema.ts'

/** Runs one statement on whatever connection is free, and again when that breaks. */
export type Run = <Row>(text: string, values: readonly unknown[]) => Promise<Answer<Row>>

/** A query builder that reads, each query on a connection of its own. */
export function readingBuilder(run: Run): Kysely<Tables> {
  return statementBuilder(async (text, values) => {
    if (!/^(select|with)\b/i.test(text)) throw new Error('the reading side of the store cannot write')
    return run(text, values)
  })
}

/** A query builder whose every statement is a transaction of its own. */
export function statementBuilder(run: Run): Kysely<Tables> {
  const connection = new QueryConnection(run)
  const refuse = async (): Promise<never> => {
    throw new Error('single statements of the store have no transaction around them')
  }
  return builder({
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    releaseConnection: async () => {},
    destroy: async () => {},
  })
}

/** A query builder for transactions, each on one connection of the pool. `answerMs`: the patience with one statement. */
export function writingBuilder(pool: PostgresPool, answerMs?: number): Kysely<Tables> {
  return builder(new TransactionDriver(pool, answerMs))
}

function builder(driver: Driver): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => driver,
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  }
  return new Kysely<Tables>({ dialect })
}

class TransactionDriver implements Driver {
  readonly #pool: PostgresPool
  readonly #answerMs: number | undefined

  constructor(pool: PostgresPool, answerMs: number | undefined) {
    this.#pool = pool
    this.#answerMs = answerMs
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<TransactionConnection> {
    return new TransactionConnection(await this.#pool.connect(), this.#answerMs)
  }

  async beginTransaction(connection: TransactionConnection): Promise<void> {
    await connection.client.command('BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE')
  }

  async commitTransaction({ client }: TransactionConnection): Promise<void> {
    const { command } = await client.command('COMMIT').catch((error: unknown) => {
      throw error instanceof PostgresError && error.lost ? commitUnknown(error) : error
    })
    // What PostgreSQL answers to the commit of a transaction in which a statement had failed.
    if (command !== 'COMMIT') throw new Error('a transaction went on after a statement of it had failed')
  }

  async rollbackTransaction({ client }: TransactionConnection): Promise<void> {
    try {
      await client.command('ROLLBACK')
    } catch (error) {
      // The server rolls back by itself once the connection is gone; what the transaction failed of is worth more.
      client.discard()
      if (!(error instanceof PostgresError)) throw error
    }
  }

  async releaseConnection({ client }: TransactionConnection): Promise<void> {
    client.release()
  }

  async destroy(): Promise<void> {}
}

class QueryConnection implements DatabaseConnection {
  readonly #run: Run

  constructor(run: Run) {
    this.#run = run
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, command, count } = await this.#run<R>(query.sql, query.parameters)
    const isWrite = command === 'INSERT' || command === 'UPDATE' || command === 'DELETE'
    return isWrite ? { rows, numAffectedRows: BigInt(count) } : { rows }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for it, nothing in the store streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('the store does not stream queries')
  }
}

class TransactionConnection extends QueryConnection {
  readonly client: PostgresConnection

  constructor(client: PostgresConnection, answerMs: number | undefined) {
    super((text, values) => client.query(text, values, answerMs === undefined ? {} : { answerMs }))
    this.client = client
  }
}
