import type { Migration } from 'kysely/migration'
import { type Db, index, table } from './tables.ts'

/** Sessions that Benchkey starts, that terminals log in, that others start; and the browsers that have one open. */
export const sessionKinds: Migration = {
  async up(db: Db) {
    for (const name of TEXTS) await db.schema.alterTable('sessions').addColumn(name, 'text').execute()
    await db.schema.alterTable('sessions').addColumn('last_active_at', 'bigint').execute()
    await table(db, 'session_tickets')
      .addColumn('ticket_hash', 'text', (c) => c.primaryKey())
      .addColumn('session_id', 'text', (c) => c.notNull().references('sessions.id').onDelete('cascade'))
      .addColumn('browser_session_hash', 'text', (c) => c.notNull().references('browser_sessions.id_hash').onDelete('cascade'))
      .addColumn('expires_at', 'bigint', (c) => c.notNull())
      .execute()
    await table(db, 'session_entries')
      .addColumn('entry_hash', 'text', (c) => c.primaryKey())
      .addColumn('session_id', 'text', (c) => c.notNull().references('sessions.id').onDelete('cascade'))
      .addColumn('browser_session_hash', 'text', (c) => c.notNull().references('browser_sessions.id_hash').onDelete('cascade'))
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute()
    for (const name of ['session_tickets', 'session_entries']) {
      await index(db, name, ['session_id'])
      await index(db, name, ['browser_session_hash'])
    }
  },
}

const TEXTS = ['application', 'state', 'ended_why', 'account', 'runtime_dir', 'socket_path', 'host', 'service', 'limited_to']
