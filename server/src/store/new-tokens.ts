import type { Transaction } from 'kysely'
import { newId, REPEATABLE, type StoreContext, toMs } from './database.ts'
import { cancelRevocations } from './revocations.ts'
import type { Tables } from './schema.ts'
import type { LateEnd, NewToken, SavedReply, TokenStore } from './store.ts'
import { CLEAN, type TokenRow, toStoredToken } from './token-rows.ts'
import { sealSecrets } from './token-secrets.ts'
import { lockUser } from './users.ts'

/** Finished sign-ins: each makes a row, in the place of the one before. */
export function newTokens(context: StoreContext): Pick<TokenStore, 'create' | 'createLate' | 'forgetEndedBefore'> {
  const { database, effects } = context
  return {
    create(token) {
      const made = newRow(context, { ...token, id: token.id ?? newId(effects) }, effects.now())
      return database.write(async (transaction) => {
        // Two sign-ins of one user at once follow each other, and the last one stays.
        await lockUser(database, transaction, token.userId)
        // There already, and perhaps renewed since, where the answer to its commit was lost.
        const row = (await rowOf(transaction, made.row.id)) ?? (await put(transaction, made, effects.now()))
        await endAttempt(transaction, token)
        return toStoredToken({ ...row, integration_uid: await uidOf(transaction, token.integrationId) })
      }, REPEATABLE)
    },
    createLate(token, sentAt) {
      const made = newRow(context, token, sentAt)
      return database.write(async (transaction): Promise<LateEnd> => {
        await lockUser(database, transaction, token.userId)
        await endAttempt(transaction, token)
        if (await rowOf(transaction, token.id)) return 'known'
        const ended = await transaction.selectFrom('ended_tokens').select('token_id').where('token_id', '=', token.id).execute()
        if (ended.length > 0) return 'late'
        const newer = await transaction
          .selectFrom('oauth2_tokens')
          .select('id')
          .where('user_id', '=', token.userId)
          .where('integration_id', '=', token.integrationId)
          .where('signed_in_at', '>', sentAt.getTime())
          .execute()
        if (newer.length > 0) return 'late'
        await put(transaction, made, effects.now())
        return 'saved'
      }, REPEATABLE)
    },
    async forgetEndedBefore(at) {
      const { numDeletedRows } = await database.write(
        (transaction) => transaction.deleteFrom('ended_tokens').where('ended_at', '<', at.getTime()).executeTakeFirstOrThrow(),
        REPEATABLE,
      )
      return Number(numDeletedRows)
    },
  }
}

/** Notes that rows are gone for good: a result of one that waits in a journal brings none of them back. */
export async function noteEnded(transaction: Transaction<Tables>, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length === 0) return
  await transaction
    .insertInto('ended_tokens')
    .values(ids.map((id) => ({ token_id: id, ended_at: at.getTime() })))
    .onConflict((conflict) => conflict.column('token_id').doNothing())
    .execute()
}

/** The Integration ID people know an integration by. */
export async function uidOf(transaction: Transaction<Tables>, integrationId: string): Promise<string> {
  const { uid } = await transaction
    .selectFrom('integrations')
    .select('uid')
    .where('id', '=', integrationId)
    .executeTakeFirstOrThrow()
  return uid
}

type NewRow = ReturnType<typeof newRow>

function newRow(
  { cipher }: StoreContext,
  { id, userId, integrationId, scopesAsked, clientFingerprint, accountWantedFrom, reply }: NewToken & { readonly id: string },
  signedInAt: Date,
) {
  const identity = { id, user_id: userId, integration_id: integrationId, generation: 1 }
  const row = {
    ...identity,
    ...CLEAN,
    ...replyColumns(reply),
    revision: 1,
    has_refresh_token: reply.secrets.refreshToken === undefined ? 0 : 1,
    signed_in_at: signedInAt.getTime(),
    scopes_asked: JSON.stringify(scopesAsked),
    scopes_granted: reply.scopesGranted ? JSON.stringify(reply.scopesGranted) : null,
    account: reply.account ?? null,
    account_wanted_from: accountWantedFrom ?? null,
    refresh_token_expires_at: toMs(reply.refreshTokenExpiresAt),
    client_fingerprint: clientFingerprint,
    renewals: 0,
  }
  return { row, secrets: { token_id: id, ...sealSecrets(cipher, identity, reply.secrets) } }
}

async function put(
  transaction: Transaction<Tables>,
  { row, secrets }: NewRow,
  at: Date,
): Promise<Omit<TokenRow, 'integration_uid'>> {
  const replaced = await transaction
    .deleteFrom('oauth2_tokens')
    .where('user_id', '=', row.user_id)
    .where('integration_id', '=', row.integration_id)
    .returning('id')
    .execute()
  await noteEnded(
    transaction,
    replaced.map(({ id }) => id),
    at,
  )
  const inserted = await transaction.insertInto('oauth2_tokens').values(row).returningAll().executeTakeFirstOrThrow()
  await transaction.insertInto('oauth2_token_secrets').values(secrets).execute()
  await cancelRevocations(transaction, row.user_id, row.integration_id)
  return inserted
}

async function endAttempt(transaction: Transaction<Tables>, { attemptId }: NewToken): Promise<void> {
  if (attemptId !== undefined) await transaction.deleteFrom('sign_in_attempts').where('id', '=', attemptId).execute()
}

function rowOf(transaction: Transaction<Tables>, id: string) {
  return transaction.selectFrom('oauth2_tokens').selectAll().where('id', '=', id).executeTakeFirst()
}

/** Columns that every token reply sets. */
function replyColumns(reply: SavedReply): { token_type: string; issued_at: number; expires_at: number | null } {
  return { token_type: reply.tokenType, issued_at: reply.issuedAt.getTime(), expires_at: toMs(reply.expiresAt) }
}
