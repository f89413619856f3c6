import type { Migration } from 'kysely/migration'
import type { Db } from './tables.ts'

/** Which client and origins a token that waits to be revoked belongs to. */
export const boundRevocations: Migration = {
  async up(db: Db) {
    await db.schema.alterTable('revocations').addColumn('client_fingerprint', 'text').execute()
  },
}
