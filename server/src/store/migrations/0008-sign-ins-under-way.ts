import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** When an attempt was used: its row stays until the sign-in is saved or given up. */
export const signInsUnderWay: Migration = {
  async up(db: Kysely<never>) {
    const plain = db as unknown as Kysely<unknown>
    await plain.schema.alterTable('sign_in_attempts').addColumn('taken_at', 'bigint').execute()
  },
}
