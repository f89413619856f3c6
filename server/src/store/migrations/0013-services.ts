import type { Migration } from 'kysely/migration'
import { type Db, index, table } from './tables.ts'

/** Services that start sessions for others, and the tokens they show. */
export const services: Migration = {
  async up(db: Db) {
    await table(db, 'services')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('name', 'text', (c) => c.notNull().unique())
      .addColumn('acts_for', 'text', (c) => c.notNull())
      .addColumn('all_users', 'integer', (c) => c.notNull())
      .addColumn('from_addresses', 'text')
      .addColumn('limited_to', 'text')
      .addColumn('max_sessions', 'integer', (c) => c.notNull())
      .addColumn('max_life_seconds', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute()
    await table(db, 'service_tokens')
      .addColumn('token_hash', 'text', (c) => c.primaryKey())
      .addColumn('service_id', 'text', (c) => c.notNull().references('services.id').onDelete('cascade'))
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .addColumn('last_used_at', 'bigint')
      .execute()
    await index(db, 'service_tokens', ['service_id'])
  },
}
