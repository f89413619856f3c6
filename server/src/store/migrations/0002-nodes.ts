import type { Migration } from 'kysely/migration'
import { table } from './tables.ts'

/** Live server processes with their heartbeats; sessions without a supervisor, and whose host a supervisor is on. */
export const nodes: Migration = {
  async up(db) {
    await table(db, 'nodes')
      .addColumn('incarnation', 'text', (c) => c.primaryKey())
      .addColumn('node_id', 'text', (c) => c.notNull())
      .addColumn('host', 'text', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull())
      .addColumn('pid', 'integer', (c) => c.notNull())
      .addColumn('start_time', 'text', (c) => c.notNull())
      .addColumn('boot', 'text', (c) => c.notNull())
      .addColumn('started_at', 'bigint', (c) => c.notNull())
      .addColumn('configuration_hash', 'text', (c) => c.notNull())
      .addColumn('heartbeat_at', 'bigint', (c) => c.notNull())
      .addColumn('clock', 'text', (c) => c.notNull())
      .addColumn('heartbeat_ms', 'bigint', (c) => c.notNull())
      .addColumn('steady_ms', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema.alterTable('sessions').addColumn('supervisor_node', 'text').execute()
    await db.schema.alterTable('sessions').addColumn('ends_at', 'bigint').execute()
  },
}
