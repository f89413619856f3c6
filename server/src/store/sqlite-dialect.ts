import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { SqlValue } from './database.ts'
import type { Tables } from './schema.ts'

/** How one side of a SQLite database, reading or writing, is reached by the query builder. */
export interface SqliteAccess {
  /** Waits until the connection is this caller's alone, where that matters. */
  acquire(): Promise<void>
  release(): void
  execute(text: string, parameters: readonly SqlValue[]): Promise<{ rows: unknown[]; changes: number }>
  begin(): Promise<void>
  commit(): void
  rollback(): void
}

/** A query builder over one side of a SQLite database. */
export function queryBuilder(access: SqliteAccess): Kysely<Tables> {
  const dialect: Dialect = {
    createAdapter: () => new TransactionalSqliteAdapter(),
    createDriver: () => new AccessDriver(access),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
  return new Kysely<Tables>({ dialect })
}

/** SQLite rolls tables back as it does rows; and whose turn it is, `SqliteAccess` decides. */
class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }

  override get supportsMultipleConnections(): boolean {
    return true
  }
}

class AccessDriver implements Driver {
  readonly #access: SqliteAccess
  readonly #connection: DatabaseConnection

  constructor(access: SqliteAccess) {
    this.#access = access
    this.#connection = new AccessConnection(access)
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#access.acquire()
    return this.#connection
  }

  async beginTransaction(): Promise<void> {
    await this.#access.begin()
  }

  async commitTransaction(): Promise<void> {
    this.#access.commit()
  }

  async rollbackTransaction(): Promise<void> {
    this.#access.rollback()
  }

  async releaseConnection(): Promise<void> {
    this.#access.release()
  }

  async destroy(): Promise<void> {}
}

class AccessConnection implements DatabaseConnection {
  readonly #access: SqliteAccess

  constructor(access: SqliteAccess) {
    this.#access = access
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, changes } = await this.#access.execute(query.sql, query.parameters as readonly SqlValue[])
    return { rows: rows as R[], numAffectedRows: BigInt(changes) }
  }

  // biome-ignore lint/correctness/useYield: the interface asks for it, nothing in the store streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('the store does not stream queries')
  }
}
