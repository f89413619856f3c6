import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { type Db, index, table } from './tables.ts'

/** Answers to refreshes that were not understood, encrypted; they go with their row. */
export const unreadReplies: Migration = {
  async up(kysely: Kysely<never>) {
    const db = kysely as unknown as Db
    await table(db, 'unread_replies')
      .addColumn('token_id', 'text', (c) => c.notNull().references('oauth2_tokens.id').onDelete('cascade'))
      .addColumn('attempt', 'text', (c) => c.notNull())
      .addColumn('generation', 'integer', (c) => c.notNull())
      .addColumn('sent_at', 'bigint', (c) => c.notNull())
      .addColumn('kid', 'text', (c) => c.notNull().references('keys.kid'))
      .addColumn('reply', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('unread_replies_key', ['token_id', 'attempt'])
      .execute()
    await index(db, 'unread_replies', ['kid'])
    await index(db, 'unread_replies', ['sent_at'])
  },
}
