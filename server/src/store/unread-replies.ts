import type { Transaction } from 'kysely'
import type { UnreadReply } from '../domain/unread-reply.ts'
import { REPEATABLE, type StoreContext, toDate } from './database.ts'
import type { Place } from './encryption.ts'
import type { Tables } from './schema.ts'
import type { AttemptKey, UnreadReplyStore } from './store.ts'
import { saveReply } from './token-requests.ts'

/**
 * Of one row and generation at most so many are kept: the first three, one of which rotated, and the last, which at services with
 * a grace window is the newest. Whoever never answers anything else fills no disk.
 */
const KEPT_PER_ROW = 4

/** Answers to refreshes that were not understood. */
export function unreadReplyStore(context: StoreContext): UnreadReplyStore {
  const { database, cipher } = context
  return {
    keep: (key, reply, sentAt) =>
      database.write((transaction) => keep(context, transaction, { ...key, reply, sentAt }), REPEATABLE),
    async list() {
      const rows = await database.reader
        .selectFrom('unread_replies')
        .innerJoin('oauth2_tokens', (join) =>
          join
            .onRef('oauth2_tokens.id', '=', 'unread_replies.token_id')
            .onRef('oauth2_tokens.generation', '=', 'unread_replies.generation'),
        )
        .select(['token_id', 'attempt', 'unread_replies.generation as generation', 'integration_id', 'sent_at'])
        .orderBy('sent_at', 'desc')
        .execute()
      return rows.map((row) => ({
        ...{ tokenId: row.token_id, generation: row.generation, attempt: row.attempt },
        ...{ integrationId: row.integration_id, sentAt: toDate(row.sent_at) },
      }))
    },
    async read({ tokenId, attempt }) {
      const row = await database.reader
        .selectFrom('unread_replies')
        .innerJoin('oauth2_tokens', 'oauth2_tokens.id', 'unread_replies.token_id')
        .select(['token_id', 'attempt', 'unread_replies.generation as generation', 'reply', 'user_id', 'integration_id'])
        .where('token_id', '=', tokenId)
        .where('attempt', '=', attempt)
        .executeTakeFirst()
      return row && (JSON.parse(cipher.open(row.reply, placeOf(row))) as UnreadReply)
    },
    recover: ({ tokenId, generation }, reply) =>
      database.write(async (transaction) => {
        // While a request is under way its own answer decides.
        const stored = transaction
          .selectFrom('oauth2_tokens')
          .select(['last_attempt'])
          .where('id', '=', tokenId)
          .where('generation', '=', generation)
          .where('attempt_open', '=', 0)
        const row = await database.locked(stored).executeTakeFirst()
        if (!row?.last_attempt) return false
        return await saveReply(context, transaction, { tokenId, generation, attempt: row.last_attempt }, reply)
      }),
    async removeBefore(at) {
      const { numDeletedRows } = await database.write((transaction) =>
        transaction.deleteFrom('unread_replies').where('sent_at', '<', at.getTime()).executeTakeFirstOrThrow(),
      )
      return Number(numDeletedRows)
    },
  }
}

async function keep(
  { database, cipher }: StoreContext,
  transaction: Transaction<Tables>,
  { tokenId, generation, attempt, reply, sentAt }: AttemptKey & { readonly reply: UnreadReply; readonly sentAt: Date },
): Promise<boolean> {
  const stored = transaction
    .selectFrom('oauth2_tokens')
    .select(['id', 'user_id', 'integration_id', 'generation'])
    .where('id', '=', tokenId)
    .where('generation', '=', generation)
  const token = await database.locked(stored).executeTakeFirst()
  if (!token) return false
  const kept = await transaction
    .selectFrom('unread_replies')
    .select(['attempt'])
    .where('token_id', '=', tokenId)
    .orderBy('sent_at', 'desc')
    .orderBy('attempt')
    .execute()
  const [newest] = kept
  if (kept.some((row) => row.attempt === attempt)) return true
  if (newest && kept.length >= KEPT_PER_ROW) {
    await transaction.deleteFrom('unread_replies').where('token_id', '=', tokenId).where('attempt', '=', newest.attempt).execute()
  }
  const row = { token_id: tokenId, attempt, generation, sent_at: sentAt.getTime(), kid: cipher.primaryKid }
  const sealed = cipher.seal(JSON.stringify(reply), placeOf({ ...token, ...row }))
  await transaction
    .insertInto('unread_replies')
    .values({ ...row, reply: sealed })
    .execute()
  return true
}

function placeOf(row: {
  readonly token_id: string
  readonly attempt: string
  readonly generation: number
  readonly user_id: string
  readonly integration_id: string
}): Place {
  return {
    table: 'unread_replies',
    column: 'reply',
    userId: row.user_id,
    integrationId: row.integration_id,
    rowId: `${row.token_id} ${row.attempt}`,
    generation: row.generation,
  }
}
