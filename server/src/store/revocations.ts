import type { Selectable, Transaction } from 'kysely'
import type { TokenSecrets } from '../domain/stored-token.ts'
import { lastStep } from './attempt-age.ts'
import { ifSet, newId, REPEATABLE, type StoreContext, toDate } from './database.ts'
import type { Place } from './encryption.ts'
import type { RevocationsTable, Tables } from './schema.ts'
import { type RevocationJob, type RevocationStore, StoreError } from './store.ts'

const UNREADABLE = 'the stored token could not be decrypted'
const TOO_LATE = 'not confirmed in time'
/** How long what a service never confirmed stays on the page. */
const FAILED_KEPT_MS = 30 * 24 * 60 * 60_000

type Claim = Awaited<ReturnType<RevocationStore['claimDue']>>

/** Tokens that wait to be revoked at their services. */
export function revocationStore(context: StoreContext): RevocationStore {
  const { database } = context
  return {
    async claimDue(now, claimMs, attemptMaxAgeMs) {
      // Asked every few seconds: nearly always there is nothing to write.
      const due = await database.reader
        .selectFrom('revocations')
        .select('id')
        .where((row) =>
          row.or([row('state', '=', 'cancelled'), row.and([row('state', '=', 'waiting'), row('next_at', '<=', now.getTime())])]),
        )
        .limit(1)
        .executeTakeFirst()
      if (!due) return { cancelled: [] }
      return database.write((transaction) => claimDue(context, transaction, now, claimMs, attemptMaxAgeMs))
    },
    async finish(jobId) {
      await database.write((transaction) => transaction.deleteFrom('revocations').where('id', '=', jobId).execute(), REPEATABLE)
    },
    async reschedule(jobId, nextAt, words) {
      await database.write((transaction) => reschedule(transaction, jobId, nextAt, words), REPEATABLE)
    },
    listForUser: (userId) => listForUser(context, userId),
    async counts() {
      const rows = await database.reader
        .selectFrom('revocations')
        .select(({ fn }) => ['state', fn.countAll<number>().as('count'), fn.min('queued_at').as('oldest_at')])
        .groupBy('state')
        .execute()
      const countOf = (state: string) => Number(rows.find((row) => row.state === state)?.count ?? 0)
      const waiting = rows.find((row) => row.state === 'waiting')
      const oldest = waiting ? { oldestAt: toDate(Number(waiting.oldest_at)) } : {}
      return { waiting: countOf('waiting'), failed: countOf('failed'), ...oldest }
    },
    async givenUp() {
      const rows = await database.reader
        .selectFrom('revocations')
        .select(({ fn }) => ['integration_id', fn.countAll<number>().as('count'), fn.max('give_up_at').as('last_at')])
        .where('state', '=', 'failed')
        .groupBy('integration_id')
        .execute()
      return rows.map((row) => ({
        integrationId: row.integration_id,
        count: Number(row.count),
        lastAt: toDate(Number(row.last_at)),
      }))
    },
  }
}

async function reschedule(transaction: Transaction<Tables>, jobId: string, nextAt: Date, words: string): Promise<void> {
  const job = await transaction.selectFrom('revocations').select('give_up_at').where('id', '=', jobId).executeTakeFirst()
  if (!job) return
  if (nextAt.getTime() > job.give_up_at) return fail(transaction, jobId, words)
  await transaction
    .updateTable('revocations')
    .set({ next_at: nextAt.getTime(), words })
    .where('id', '=', jobId)
    .where('state', '=', 'waiting')
    .execute()
}

async function listForUser({ database }: StoreContext, userId: string): ReturnType<RevocationStore['listForUser']> {
  const rows = await database.reader
    .selectFrom('revocations')
    .select(['integration_id', 'state', 'queued_at', 'words'])
    .where('user_id', '=', userId)
    .where('state', '!=', 'cancelled')
    .orderBy('queued_at', 'desc')
    .execute()
  return rows.map((row) => ({
    integrationId: row.integration_id,
    state: row.state === 'failed' ? ('failed' as const) : ('waiting' as const),
    queuedAt: toDate(row.queued_at),
    words: row.words,
  }))
}

/**
 * Queues what of a signed-out token may still live: the refresh token first, whose revocation ends the whole grant at most
 * services (RFC 7009 §2.1), and the access token while it has not expired.
 */
export async function queueTokens(
  { cipher, effects }: StoreContext,
  transaction: Transaction<Tables>,
  token: { user_id: string; integration_id: string; expires_at: number | null; client_fingerprint: string | null },
  secrets: Partial<TokenSecrets>,
  giveUpAt: Date,
): Promise<void> {
  const nowMs = effects.now().getTime()
  const isOver = token.expires_at !== null && token.expires_at <= nowMs
  const base = {
    user_id: token.user_id,
    integration_id: token.integration_id,
    client_fingerprint: token.client_fingerprint,
    queued_at: nowMs,
    next_at: nowMs,
    give_up_at: giveUpAt.getTime(),
    tries: 0,
  }
  const queue = async (hint: RevocationsTable['token_type_hint'], value: string) => {
    const id = newId(effects)
    const sealed = cipher.seal(value, placeOf(base.user_id, base.integration_id, id))
    const job = {
      ...base,
      id,
      token: sealed,
      kid: cipher.primaryKid,
      token_type_hint: hint,
      state: 'waiting',
      words: '',
    } as const
    await transaction.insertInto('revocations').values(job).execute()
  }
  if (secrets.refreshToken !== undefined) await queue('refresh_token', secrets.refreshToken)
  if (secrets.accessToken !== undefined && !isOver) await queue('access_token', secrets.accessToken)
  if (secrets.accessToken === undefined && secrets.refreshToken === undefined) {
    const lost = {
      ...base,
      id: newId(effects),
      token: null,
      kid: null,
      token_type_hint: 'refresh_token',
      state: 'failed',
    } as const
    await transaction
      .insertInto('revocations')
      .values({ ...lost, words: UNREADABLE })
      .execute()
  }
}

/** A new sign-in: what waits is cancelled, its tokens erased; `claimDue` reports it once. What failed earlier is past. */
export async function cancelRevocations(transaction: Transaction<Tables>, userId: string, integrationId: string): Promise<void> {
  const mine = { user_id: userId, integration_id: integrationId }
  await transaction
    .updateTable('revocations')
    .set({ state: 'cancelled', token: null, kid: null })
    .where((row) => row.and({ ...mine, state: 'waiting' }))
    .execute()
  await transaction
    .deleteFrom('revocations')
    .where((row) => row.and({ ...mine, state: 'failed' }))
    .execute()
}

async function claimDue(
  context: StoreContext,
  transaction: Transaction<Tables>,
  now: Date,
  claimMs: number,
  attemptMaxAgeMs: number,
): Promise<Claim> {
  const nowMs = now.getTime()
  const reported = await transaction
    .deleteFrom('revocations')
    .where('state', '=', 'cancelled')
    .returning(['user_id', 'integration_id'])
    .execute()
  await transaction
    .deleteFrom('revocations')
    .where('state', '=', 'failed')
    .where('give_up_at', '<', nowMs - FAILED_KEPT_MS)
    .execute()
  const cancelled = reported.map(toPair)
  for (;;) {
    const row = await nextDue(context, transaction, nowMs)
    if (!row) return { cancelled }
    if (await isSuperseded(transaction, row, nowMs - attemptMaxAgeMs)) {
      await transaction.deleteFrom('revocations').where('id', '=', row.id).execute()
      cancelled.push(toPair(row))
      continue
    }
    const job = await claim(context, transaction, row, nowMs, claimMs)
    if (job) return { job, cancelled }
  }
}

/** Undefined when the job is past its time or cannot be read: then it is marked as failed. */
async function claim(
  { cipher }: StoreContext,
  transaction: Transaction<Tables>,
  row: Selectable<RevocationsTable>,
  nowMs: number,
  claimMs: number,
): Promise<RevocationJob | undefined> {
  if (nowMs > row.give_up_at && row.tries > 0) {
    await fail(transaction, row.id, row.words || TOO_LATE)
    return undefined
  }
  let token: string
  try {
    token = cipher.open(row.token ?? '', placeOf(row.user_id, row.integration_id, row.id))
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'unreadable') throw error
    await fail(transaction, row.id, UNREADABLE)
    return undefined
  }
  const tries = row.tries + 1
  await transaction
    .updateTable('revocations')
    .set({ tries, next_at: nowMs + claimMs })
    .where('id', '=', row.id)
    .execute()
  return {
    id: row.id,
    userId: row.user_id,
    integrationId: row.integration_id,
    token,
    tokenTypeHint: row.token_type_hint,
    ...ifSet('clientFingerprint', row.client_fingerprint),
    queuedAt: toDate(row.queued_at),
    giveUpAt: toDate(row.give_up_at),
    tries,
  }
}

async function nextDue(
  { database }: StoreContext,
  transaction: Transaction<Tables>,
  nowMs: number,
): Promise<Selectable<RevocationsTable> | undefined> {
  const due = transaction
    .selectFrom('revocations')
    .selectAll()
    .where('state', '=', 'waiting')
    .where('next_at', '<=', nowMs)
    .orderBy('next_at')
    .orderBy('token_type_hint', 'desc')
    .limit(1)
  return database.unlocked(due).executeTakeFirst()
}

/** Whether the user has signed in again at that integration or is about to: revoking could then kill the new tokens. */
async function isSuperseded(
  transaction: Transaction<Tables>,
  { user_id, integration_id }: Selectable<RevocationsTable>,
  openSinceMs: number,
): Promise<boolean> {
  const attempt = await transaction
    .selectFrom('sign_in_attempts')
    .select('id')
    .where((row) => row.and({ user_id, integration_id }))
    .where(lastStep, '>=', openSinceMs)
    .executeTakeFirst()
  if (attempt) return true
  // After the attempts: a sign-in that is saved between the two looks is seen here, where its attempt went.
  const token = await transaction
    .selectFrom('oauth2_tokens')
    .select('id')
    .where((row) => row.and({ user_id, integration_id }))
    .executeTakeFirst()
  return token !== undefined
}

async function fail(transaction: Transaction<Tables>, jobId: string, words: string): Promise<void> {
  await transaction
    .updateTable('revocations')
    .set({ state: 'failed', token: null, kid: null, words })
    .where('id', '=', jobId)
    .where('state', '=', 'waiting')
    .execute()
}

function toPair(row: { user_id: string; integration_id: string }): { userId: string; integrationId: string } {
  return { userId: row.user_id, integrationId: row.integration_id }
}

function placeOf(userId: string, integrationId: string, rowId: string): Place {
  return { table: 'revocations', column: 'token', userId, integrationId, rowId, generation: 0 }
}
