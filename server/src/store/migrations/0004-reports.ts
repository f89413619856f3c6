import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** When a session last reported that the access token of a row does not work. */
export const reports: Migration = {
  async up(db: Kysely<never>) {
    const plain = db as unknown as Kysely<unknown>
    await plain.schema.alterTable('oauth2_tokens').addColumn('reported_at', 'bigint').execute()
  },
}
