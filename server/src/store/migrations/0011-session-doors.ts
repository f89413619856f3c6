import type { Migration } from 'kysely/migration'
import type { Db } from './tables.ts'

/** Where the application of a launched session answers, what it is to be sent so that it does, and what it wrote last. */
export const sessionDoors: Migration = {
  async up(db: Db) {
    await db.schema.alterTable('sessions').addColumn('port', 'integer').execute()
    await db.schema.alterTable('sessions').addColumn('secret', 'text').execute()
    await db.schema.alterTable('sessions').addColumn('log', 'text').execute()
  },
}
