import { type Expression, type SqlBool, sql, type Transaction } from 'kysely'
import type { StoredToken } from '../domain/stored-token.ts'
import { type Database, ifSet, REPEATABLE, type StoreContext, toDate } from './database.ts'
import { leases } from './leases.ts'
import { newTokens, noteEnded, uidOf } from './new-tokens.ts'
import { queueTokens } from './revocations.ts'
import type { Tables } from './schema.ts'
import type { TokenStore } from './store.ts'
import { tokenRequests } from './token-requests.ts'
import { changeTokens, type TokenRow, toStoredToken } from './token-rows.ts'
import { openSecrets, readableSecrets } from './token-secrets.ts'
import { lockUser } from './users.ts'

const NOTE_USE = {
  ...REPEATABLE,
  isRepeatable: true,
  each: `UPDATE oauth2_tokens SET last_used_at = ?1, last_used_by = ?2
    WHERE id = ?3 AND (last_used_at IS NULL OR last_used_at <= ?1)`,
  // Locked in one order, so that two nodes that note the same rows do not wait for each other.
  all: `WITH last AS (
      SELECT DISTINCT ON (id) id, at, by FROM unnest($1::bigint[], $2::text[], $3::text[]) AS used(at, by, id) ORDER BY id, at DESC
    ), held AS (
      SELECT t.id FROM oauth2_tokens t JOIN last ON last.id = t.id ORDER BY t.id FOR NO KEY UPDATE OF t
    )
    UPDATE oauth2_tokens t SET last_used_at = last.at, last_used_by = last.by
    FROM last JOIN held ON held.id = last.id
    WHERE t.id = last.id AND (t.last_used_at IS NULL OR t.last_used_at <= last.at)`,
}

const rowsOf = ({ reader }: Database) =>
  reader
    .selectFrom('oauth2_tokens')
    .innerJoin('integrations', 'integrations.id', 'oauth2_tokens.integration_id')
    .selectAll('oauth2_tokens')
    .select('integrations.uid as integration_uid')

/** Two halves, each with an index of its own; joined by "or" they would be looked for row by row. Compiled once: asked every 5 s. */
function interruptedIn(database: Database) {
  const ids = () => database.reader.selectFrom('oauth2_tokens').select('id')
  const open = ids().where('attempt_open', '=', sql.lit(1))
  return rowsOf(database)
    .where('oauth2_tokens.id', 'in', open.union(ids().where('interrupted_at', 'is not', null)))
    .where('reauthentication_reason', 'is', null)
    .compile()
}

/** Stored tokens: reading, sign-in and sign-out. What token requests do to them is in `token-requests.ts`. */
export function tokenStore(context: StoreContext): TokenStore {
  const { database } = context
  const rows = () => rowsOf(database)
  const interrupted = interruptedIn(database)
  const first = (row: TokenRow | undefined) => row && toStoredToken(row)
  return {
    ...leases(context),
    ...tokenRequests(context),
    ...newTokens(context),
    async find(userId, integrationId) {
      const query = rows().where('user_id', '=', userId).where('integration_id', '=', integrationId)
      return first(await query.executeTakeFirst())
    },
    get: async (tokenId) => first(await rows().where('oauth2_tokens.id', '=', tokenId).executeTakeFirst()),
    listForUser: async (userId) => (await rows().where('user_id', '=', userId).execute()).map(toStoredToken),
    async list({ userId, integrationId } = {}) {
      let query = rows()
        .innerJoin('users', 'users.id', 'oauth2_tokens.user_id')
        .select(['users.name as user_name', 'integrations.section as section'])
      if (userId !== undefined) query = query.where('user_id', '=', userId)
      if (integrationId !== undefined) query = query.where('integration_id', '=', integrationId)
      const found = await query.orderBy('users.name_folded').orderBy('integrations.section').execute()
      return found.map((row) => ({ token: toStoredToken(row), userName: row.user_name, section: row.section }))
    },
    tally: (since) => tally(context, since),
    listInterrupted: async () => (await database.reader.executeQuery(interrupted)).rows.map(toStoredToken),
    anotherRenewedSince: async (integrationId, tokenId, since) =>
      (await rows()
        .where('integration_id', '=', integrationId)
        .where('issued_at', '>=', since.getTime())
        .where('oauth2_tokens.id', '!=', tokenId)
        .limit(1)
        .executeTakeFirst()) !== undefined,
    readSecrets: (tokenId, generation) => readSecrets(context, tokenId, generation),
    async removeParkedBefore(at) {
      return database.write((transaction) => removeParked(database, transaction, at))
    },
    async noteUses(uses) {
      const changes = uses.map(({ tokenId, at, by }) => [at.getTime(), by, tokenId])
      if (changes.length > 0) await database.batch(NOTE_USE, changes)
    },
    remove: (userId, integrationId, revocation) => remove(context, userId, integrationId, revocation),
    async queueRevocation({ userId, integrationId, clientFingerprint = null }, secrets, giveUpAt) {
      const token = { user_id: userId, integration_id: integrationId, client_fingerprint: clientFingerprint, expires_at: null }
      await database.write((transaction) => queueTokens(context, transaction, token, secrets, giveUpAt))
    },
  }
}

async function tally({ database, effects }: StoreContext, since: Date): ReturnType<TokenStore['tally']> {
  const now = effects.now().getTime()
  const rows = await database.reader
    .selectFrom('oauth2_tokens')
    .select(({ fn }) => ['integration_id', 'client_fingerprint', fn.countAll<number>().as('total')])
    .select(({ fn }) => fn.max('last_used_at').as('last_used_at'))
    .select((row) => {
      const isEnded = row.and([row('has_refresh_token', '=', 0), row('expires_at', '<=', now)])
      const isLost = row.or([row('reauthentication_reason', 'is not', null), isEnded])
      const isUsable = row.and([
        row('reauthentication_reason', 'is', null),
        row.or([row('has_refresh_token', '=', 1), row('expires_at', 'is', null), row('expires_at', '>', now)]),
      ])
      const counted = (...all: Expression<SqlBool>[]) => row.fn.sum<number>(row.case().when(row.and(all)).then(1).else(0).end())
      return [
        counted(isUsable, row('has_refresh_token', '=', 0), row('expires_at', 'is not', null)).as('cannot_renew'),
        counted(isLost).as('need_sign_in'),
        counted(isUsable, row('failure_at', '>=', since.getTime())).as('delayed'),
      ]
    })
    .groupBy(['integration_id', 'client_fingerprint'])
    .execute()
  return rows.map((row) => ({
    integrationId: row.integration_id,
    clientFingerprint: row.client_fingerprint,
    total: Number(row.total),
    cannotRenew: Number(row.cannot_renew),
    needSignIn: Number(row.need_sign_in),
    delayed: Number(row.delayed),
    ...ifSet('lastUsedAt', row.last_used_at, (at) => toDate(Number(at))),
  }))
}

async function readSecrets({ database, cipher }: StoreContext, tokenId: string, generation: number) {
  const row = await database.reader
    .selectFrom('oauth2_tokens')
    .innerJoin('oauth2_token_secrets', 'token_id', 'id')
    .select(['id', 'user_id', 'integration_id', 'generation', 'has_refresh_token'])
    .select(['access_token', 'refresh_token', 'id_token', 'extra'])
    .where('id', '=', tokenId)
    .where('generation', '=', generation)
    .executeTakeFirst()
  if (!row) return undefined
  // A parked refresh token is not handed out: only a person's *Try again* brings it back.
  return openSecrets(cipher, row, row.has_refresh_token === 1 ? row : { ...row, refresh_token: null })
}

async function remove(
  context: StoreContext,
  userId: string,
  integrationId: string,
  { queue, giveUpAt, onlyId }: Parameters<TokenStore['remove']>[2],
): Promise<StoredToken | undefined> {
  const { database, effects } = context
  return database.write(async (transaction) => {
    await lockUser(database, transaction, userId)
    // Row and secrets as a refresh that is just being saved leaves them: its pair is what is revoked.
    const stored = transaction
      .selectFrom('oauth2_tokens')
      .innerJoin('oauth2_token_secrets', 'token_id', 'oauth2_tokens.id')
      .selectAll('oauth2_tokens')
      .select(['access_token', 'refresh_token', 'id_token'])
      .where('user_id', '=', userId)
      .where('integration_id', '=', integrationId)
    const found = await database.locked(stored).executeTakeFirst()
    if (!found || (onlyId !== undefined && found.id !== onlyId)) return undefined
    const row = { ...found, integration_uid: await uidOf(transaction, integrationId) }
    if (queue) await queueTokens(context, transaction, row, readableSecrets(context.cipher, row, row), giveUpAt)
    await transaction.deleteFrom('oauth2_tokens').where('id', '=', row.id).execute()
    await noteEnded(transaction, [row.id], effects.now())
    return toStoredToken(row)
  })
}

async function removeParked(database: Database, transaction: Transaction<Tables>, at: Date): Promise<number> {
  const query = transaction
    .selectFrom('oauth2_tokens')
    .select('id')
    .where('parked_at', 'is not', null)
    .where('parked_at', '<', at.getTime())
    .orderBy('id')
  const parked = await database.locked(query).execute()
  for (const { id } of parked) {
    await transaction.updateTable('oauth2_token_secrets').set({ refresh_token: null }).where('token_id', '=', id).execute()
    await changeTokens(transaction, { parked_at: null }).where('id', '=', id).execute()
  }
  return parked.length
}
