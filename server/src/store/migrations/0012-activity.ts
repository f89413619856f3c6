import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { type Db, index, table } from './tables.ts'

/** What people see of the use of their tokens, and from where each session asked. */
export const activity: Migration = {
  async up(db: Db) {
    await table(db, 'session_addresses')
      .addColumn('session_id', 'text', (c) => c.notNull().references('sessions.id').onDelete('cascade'))
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('first_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('session_addresses_key', ['session_id', 'address'])
      .execute()
    await table(db, 'token_uses')
      .addColumn('session_id', 'text', (c) => c.notNull())
      .addColumn('section', 'text', (c) => c.notNull())
      .addColumn('quarter_at', 'bigint', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
      .addColumn('session_name', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('application', 'text')
      .addColumn('service', 'text')
      .addColumn('first_at', 'bigint', (c) => c.notNull())
      .addColumn('last_at', 'bigint', (c) => c.notNull())
      .addColumn('count', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('token_uses_key', ['session_id', 'section', 'quarter_at'])
      .execute()
    await index(db, 'token_uses', ['user_id', 'quarter_at'])
    await index(db, 'token_uses', ['quarter_at'])
    // Hand-outs are by far the most lines of a person, and the few others are what a page reads.
    await db.schema
      .createIndex('audit_events_by_user_name_id')
      .on('audit')
      .columns(['user_name', 'id'])
      .where(sql<boolean>`action <> 'token.served'`)
      .execute()
  },
}
