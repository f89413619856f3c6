import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Which origin may still be asked for the account of a sign-in. */
export const accounts: Migration = {
  async up(db: Kysely<never>) {
    const plain = db as unknown as Kysely<unknown>
    await plain.schema.alterTable('oauth2_tokens').addColumn('account_wanted_from', 'text').execute()
  },
}
