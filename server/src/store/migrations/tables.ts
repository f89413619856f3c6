import { type CreateTableBuilder, type Kysely, PostgresAdapter } from 'kysely'

/** The database of a migration: plain statements, without the row types of today's schema. */
export type Db = Kysely<unknown>

/** A new table. Columns of instants are `bigint`, in milliseconds; flags and counts `integer`; all else `text`. */
export function table(db: Db, name: string): CreateTableBuilder<string> {
  return db.schema.createTable(name) as CreateTableBuilder<string>
}

/** A new table whose first column, `id`, counts up by itself. */
export function countedTable(db: Db, name: string): CreateTableBuilder<string> {
  if (isPostgres(db)) {
    return table(db, name).addColumn('id', 'bigint', (c) => c.primaryKey().generatedAlwaysAsIdentity())
  }
  // SQLite: an alias of the row id.
  return table(db, name).addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
}

/** An index named after its table and columns. */
export async function index(db: Db, name: string, columns: readonly string[]): Promise<void> {
  await db.schema
    .createIndex(`${name}_by_${columns.join('_')}`)
    .on(name)
    .columns([...columns])
    .execute()
}

function isPostgres(db: Db): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter
}
