import type { Migration } from 'kysely/migration'
import type { Db } from './tables.ts'

/** The last day that the end of a client secret was told on, so that of several servers one tells it. */
export const toldExpiries: Migration = {
  async up(db: Db) {
    await db.schema.alterTable('integrations').addColumn('expiry_told_on', 'text').execute()
  },
}
