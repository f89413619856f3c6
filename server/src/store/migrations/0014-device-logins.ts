import type { Migration } from 'kysely/migration'
import { type Db, index, table } from './tables.ts'

/** Terminals that wait to be logged in. */
export const deviceLogins: Migration = {
  async up(db: Db) {
    await table(db, 'device_logins')
      .addColumn('device_hash', 'text', (c) => c.primaryKey())
      .addColumn('user_hash', 'text', (c) => c.notNull().unique())
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('started_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.references('users.id').onDelete('cascade'))
      .addColumn('is_approved', 'integer')
      .execute()
    await index(db, 'device_logins', ['expires_at'])
    await index(db, 'device_logins', ['user_id'])
  },
}
