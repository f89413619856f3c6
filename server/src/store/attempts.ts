import type { Selectable, Transaction } from 'kysely'
import type { SignInAttempt } from '../domain/people.ts'
import { lastStep } from './attempt-age.ts'
import { ifSet, newId, type StoreContext, toDate } from './database.ts'
import type { Cipher, Place } from './encryption.ts'
import type { SignInAttemptsTable, Tables } from './schema.ts'
import type { AttemptStore } from './store.ts'
import { lockUser } from './users.ts'

/** security.md, *Authorization request*: an attempt lives 10 minutes. */
const LIFE_MS = 10 * 60_000

/** Sign-in attempts under the hash of their state. */
export function attemptStore(context: StoreContext): AttemptStore {
  const { database, cipher, effects } = context
  return {
    create: (stateHash, attempt, limit) => createAttempt(context, stateHash, attempt, limit),
    async take(stateHash, maxAgeMs) {
      const row = await database.write((transaction) => takeAttempt(context, transaction, stateHash, maxAgeMs))
      return row && toAttempt(row, cipher)
    },
    async finish(attemptId) {
      await database.writeOne((one) => one.deleteFrom('sign_in_attempts').where('id', '=', attemptId).execute())
    },
    async listOpen(userId, maxAgeMs) {
      const rows = await database.reader
        .selectFrom('sign_in_attempts')
        .select(['integration_id', 'started_at'])
        .where('user_id', '=', userId)
        .where('taken_at', 'is', null)
        .where('started_at', '>=', effects.now().getTime() - maxAgeMs)
        .orderBy('started_at', 'desc')
        .execute()
      return rows.map((row) => ({ integrationId: row.integration_id, startedAt: toDate(row.started_at) }))
    },
    async removeExpired(maxAgeMs) {
      const { numDeletedRows } = await database.write((transaction) =>
        transaction
          .deleteFrom('sign_in_attempts')
          .where(lastStep, '<', effects.now().getTime() - maxAgeMs)
          .executeTakeFirst(),
      )
      return Number(numDeletedRows)
    },
  }
}

async function createAttempt(
  { database, cipher, effects }: StoreContext,
  stateHash: string,
  attempt: Omit<SignInAttempt, 'id' | 'startedAt'>,
  limit: number,
): Promise<SignInAttempt> {
  const id = newId(effects)
  const startedAt = effects.now()
  const { codeVerifier, userId } = attempt
  const place = placeOf(userId, attempt.integrationId, id)
  const row: Selectable<SignInAttemptsTable> = {
    id,
    state_hash: stateHash,
    user_id: userId,
    browser_session_hash: attempt.browserSessionHash,
    integration_id: attempt.integrationId,
    section: attempt.section,
    frozen_hash: attempt.frozenHash,
    frozen_token_url: attempt.frozenTokenUrl,
    redirect_uri: attempt.redirectUri,
    code_verifier: codeVerifier === undefined ? null : cipher.seal(codeVerifier, place),
    kid: codeVerifier === undefined ? null : cipher.primaryKid,
    cookie_hash: attempt.cookieHash,
    scopes_asked: JSON.stringify(attempt.scopesAsked),
    return_to: attempt.returnTo,
    started_at: startedAt.getTime(),
    taken_at: null,
  }
  await database.write(async (transaction) => {
    await lockUser(database, transaction, userId)
    await transaction
      .deleteFrom('sign_in_attempts')
      .where(lastStep, '<', startedAt.getTime() - LIFE_MS)
      .execute()
    const open = await transaction
      .selectFrom('sign_in_attempts')
      .select('id')
      .where('user_id', '=', userId)
      .where('taken_at', 'is', null)
      .orderBy('started_at')
      .execute()
    const surplus = open.slice(0, Math.max(0, open.length - limit + 1)).map((other) => other.id)
    if (surplus.length > 0) await transaction.deleteFrom('sign_in_attempts').where('id', 'in', surplus).execute()
    await transaction.insertInto('sign_in_attempts').values(row).execute()
  })
  return { ...attempt, id, startedAt }
}

/**
 * Marks an attempt as used, once, and erases its verifier. Its row stays until the sign-in is saved or given up, so that no
 * revocation runs meanwhile.
 */
async function takeAttempt(
  { database, effects }: StoreContext,
  transaction: Transaction<Tables>,
  stateHash: string,
  maxAgeMs: number,
): Promise<Selectable<SignInAttemptsTable> | undefined> {
  const nowMs = effects.now().getTime()
  const open = transaction
    .selectFrom('sign_in_attempts')
    .selectAll()
    .where('state_hash', '=', stateHash)
    .where('taken_at', 'is', null)
    .where('started_at', '>=', nowMs - maxAgeMs)
  const row = await database.locked(open).executeTakeFirst()
  if (!row) return undefined
  const used = { taken_at: nowMs, code_verifier: null, kid: null }
  await transaction.updateTable('sign_in_attempts').set(used).where('id', '=', row.id).execute()
  return row
}

function toAttempt(row: Selectable<SignInAttemptsTable>, cipher: Cipher): SignInAttempt {
  return {
    id: row.id,
    userId: row.user_id,
    browserSessionHash: row.browser_session_hash,
    integrationId: row.integration_id,
    section: row.section,
    frozenHash: row.frozen_hash,
    frozenTokenUrl: row.frozen_token_url,
    redirectUri: row.redirect_uri,
    ...ifSet('codeVerifier', row.code_verifier, (sealed) =>
      cipher.open(sealed, placeOf(row.user_id, row.integration_id, row.id)),
    ),
    cookieHash: row.cookie_hash,
    scopesAsked: JSON.parse(row.scopes_asked) as string[],
    returnTo: row.return_to,
    startedAt: toDate(row.started_at),
  }
}

function placeOf(userId: string, integrationId: string, rowId: string): Place {
  return { table: 'sign_in_attempts', column: 'code_verifier', userId, integrationId, rowId, generation: 0 }
}
