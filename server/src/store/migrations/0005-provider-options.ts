import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Data that came with the tokens, encrypted; what the validation endpoint said of the access token. */
export const providerOptions: Migration = {
  async up(db: Kysely<never>) {
    const plain = db as unknown as Kysely<unknown>
    await plain.schema.alterTable('oauth2_token_secrets').addColumn('extra', 'text').execute()
    await plain.schema.alterTable('oauth2_tokens').addColumn('validated_at', 'bigint').execute()
    await plain.schema.alterTable('oauth2_tokens').addColumn('validation_words', 'text').execute()
  },
}
