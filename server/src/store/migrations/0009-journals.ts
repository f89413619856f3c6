import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { type Db, index, table } from './tables.ts'

/** What results that waited in a journal are judged by. */
export const journals: Migration = {
  async up(kysely: Kysely<never>) {
    const db = kysely as unknown as Db
    await table(db, 'ended_tokens')
      .addColumn('token_id', 'text', (c) => c.primaryKey())
      .addColumn('ended_at', 'bigint', (c) => c.notNull())
      .execute()
    await index(db, 'ended_tokens', ['ended_at'])
    await db.schema.alterTable('nodes').addColumn('epoch', 'text').execute()
  },
}
