import { type Kysely, type SqlBool, sql, type Transaction } from 'kysely'
import type { Extra, TokenSecrets } from '../domain/stored-token.ts'
import { ifSet, REPEATABLE, type StoreContext, toMs } from './database.ts'
import { heldBy } from './leases.ts'
import { allBroughtForward } from './nodes.ts'
import type { Tables } from './schema.ts'
import type { AttemptKey, LateEnd, SavedReply, TokenStore } from './store.ts'
import { CLEAN, changeTokens, type TokenChange } from './token-rows.ts'
import { readableSecrets, sealSecrets } from './token-secrets.ts'

type RequestMethods = Pick<
  TokenStore,
  | 'beginAttempt'
  | 'saveReply'
  | 'saveLate'
  | 'recordFailure'
  | 'settleAttempt'
  | 'requireSignIn'
  | 'markUnreadable'
  | 'claimReport'
  | 'recordValidation'
  | 'recordAccount'
  | 'unpark'
>

/** What a refresh does to its row, before and after the token request. All but the first step count for one attempt only. */
export function tokenRequests(context: StoreContext): RequestMethods {
  const { database } = context
  const resolved = (key: AttemptKey, values: TokenChange) => database.writeOne((single) => resolve(single, key, values))
  return {
    beginAttempt: (...attempt) => database.writeOne((single) => beginAttempt(context, single, ...attempt)),
    saveReply: (key, reply) => database.write((transaction) => saveReply(context, transaction, key, reply), REPEATABLE),
    saveLate: (key, reply, sentAt) =>
      database.write((transaction) => saveLate(context, transaction, key, reply, sentAt), REPEATABLE),
    recordFailure: (key, failure) =>
      // An odd refusal is counted, and so must not be noted twice.
      failure.oddRefusal
        ? database.write((transaction) => resolve(transaction, key, failureColumns(failure)))
        : resolved(key, failureColumns(failure)),
    settleAttempt: (key, { uncertainSince }) => resolved(key, { attempt_open: 0, interrupted_at: toMs(uncertainSince) }),
    requireSignIn: (key, verdict) => resolved(key, verdictColumns(verdict)),
    markUnreadable: (tokenId, generation, at) =>
      database.writeOne((single) =>
        isHit(
          changeTokens(single, {
            reauthentication_reason: 'unreadable',
            reauthentication_at: at.getTime(),
            attempt_open: 0,
          })
            .where('id', '=', tokenId)
            .where('generation', '=', generation)
            .where(sql<SqlBool>`coalesce(reauthentication_reason, '') <> 'unreadable'`),
        ),
      ),
    claimReport: (tokenId, generation, { at, everyMs }) =>
      database.write((transaction) =>
        isHit(
          changeTokens(transaction, { reported_at: at.getTime() })
            .where('id', '=', tokenId)
            .where('generation', '=', generation)
            .where((row) =>
              row.or([
                row('reported_at', 'is', null),
                row('reported_at', '<=', at.getTime() - everyMs),
                // From before the clock was set back: it would hold every report off until then.
                row('reported_at', '>', at.getTime() + everyMs),
              ]),
            ),
        ),
      ),
    recordValidation: (...validation) => database.write((transaction) => recordValidation(transaction, ...validation)),
    recordAccount: (...named) => database.write((transaction) => recordAccount(transaction, ...named), REPEATABLE),
    unpark: (tokenId) =>
      database.write((transaction) =>
        isHit(
          changeTokens(transaction, { ...CLEAN, tried_again: 1, has_refresh_token: 1 })
            .where('id', '=', tokenId)
            .where('parked_at', 'is not', null)
            .where('tried_again', '=', 0),
        ),
      ),
  }
}

function beginAttempt(
  { database, effects }: StoreContext,
  single: Kysely<Tables>,
  ...[key, holder, at]: Parameters<TokenStore['beginAttempt']>
): Promise<boolean> {
  const clock = database.leaseClock(holder.bootId, effects.monotonicMs())
  return isHit(
    changeTokens(single, { last_attempt: key.attempt, last_attempt_at: at.getTime(), attempt_open: 1 })
      .where('id', '=', key.tokenId)
      .where('generation', '=', key.generation)
      .where('reauthentication_reason', 'is', null)
      .where((row) => row.and(heldBy(holder)))
      .where(allBroughtForward(database, holder, clock)),
  )
}

/** What a reply does not tell again stays as it was. */
function withKept(before: Extra | undefined, told: Extra | undefined): Pick<TokenSecrets, 'extra'> {
  return before || told ? { extra: { ...before, ...told } } : {}
}

/** Nothing that the token path must see, so the revision stays. */
async function recordValidation(
  transaction: Transaction<Tables>,
  ...[tokenId, generation, { at, words }]: Parameters<TokenStore['recordValidation']>
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('oauth2_tokens')
    .set({ validated_at: at.getTime(), validation_words: words ?? null })
    .where('id', '=', tokenId)
    .where('generation', '=', generation)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Nothing that the token path must see, so the revision stays. */
async function recordAccount(transaction: Transaction<Tables>, tokenId: string, account: string): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('oauth2_tokens')
    .set({ account, account_wanted_from: null })
    .where('id', '=', tokenId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

function failureColumns({
  words,
  at,
  retryAt,
  uncertainSince,
  oddRefusal,
}: Parameters<TokenStore['recordFailure']>[1]): TokenChange {
  return {
    attempt_open: 0,
    failure_words: words,
    failure_at: at.getTime(),
    failure_retry_at: retryAt.getTime(),
    interrupted_at: toMs(uncertainSince),
    ...(oddRefusal ? oddRefusalAt(at) : {}),
  }
}

function verdictColumns({ reason, at, providerText }: Parameters<TokenStore['requireSignIn']>[1]): TokenChange {
  return {
    attempt_open: 0,
    reauthentication_reason: reason,
    reauthentication_at: at.getTime(),
    reauthentication_text: providerText ?? null,
    parked_at: sql<number | null>`case when has_refresh_token = 1 then ${at.getTime()} else parked_at end`,
    has_refresh_token: 0,
  }
}

/** Counts up; `since` stays the first one's. */
function oddRefusalAt(at: Date): TokenChange {
  return {
    odd_refusals: sql<number>`odd_refusals + 1`,
    odd_refusals_since: sql<number>`coalesce(odd_refusals_since, ${at.getTime()})`,
  }
}

function resolve(database: Kysely<Tables>, key: AttemptKey, values: TokenChange): Promise<boolean> {
  return isHit(
    changeTokens(database, values)
      .where('id', '=', key.tokenId)
      .where('generation', '=', key.generation)
      .where('last_attempt', '=', key.attempt),
  )
}

async function isHit(change: ReturnType<typeof changeTokens>): Promise<boolean> {
  return (await change.executeTakeFirst()).numUpdatedRows > 0n
}

/** Saves a reply for one attempt; what was not understood of that row is of no use any more. */
export async function saveReply(
  { database, cipher }: StoreContext,
  transaction: Transaction<Tables>,
  key: AttemptKey,
  reply: SavedReply,
): Promise<boolean> {
  const stored = transaction
    .selectFrom('oauth2_tokens')
    .innerJoin('oauth2_token_secrets', 'token_id', 'id')
    .select(['id', 'user_id', 'integration_id', 'generation', 'renewals', 'refresh_token_expires_at'])
    .select(['access_token', 'refresh_token', 'id_token', 'extra'])
    .where('id', '=', key.tokenId)
    .where('generation', '=', key.generation)
    .where('last_attempt', '=', key.attempt)
  const row = await database.locked(stored).executeTakeFirst()
  if (!row) return await isSaved(transaction, key)
  // Ciphertexts are bound to their generation: what the reply leaves out moves on to the next one.
  const { refresh_token, id_token, extra } = row
  const kept = readableSecrets(cipher, row, { refresh_token, id_token, extra })
  const secrets = { ...kept, ...reply.secrets, ...withKept(kept.extra, reply.secrets.extra) }
  const next = { ...row, generation: row.generation + 1 }
  const keptUntil = reply.secrets.refreshToken === undefined ? row.refresh_token_expires_at : null
  const saved = await resolve(transaction, key, {
    ...CLEAN,
    token_type: reply.tokenType,
    issued_at: reply.issuedAt.getTime(),
    expires_at: toMs(reply.expiresAt),
    generation: next.generation,
    has_refresh_token: secrets.refreshToken === undefined ? 0 : 1,
    // RFC 6749 §5.1: a reply without scope means the scope has not changed.
    ...ifSet('scopes_granted', reply.scopesGranted, (scopes) => JSON.stringify(scopes)),
    ...ifSet('account', reply.account),
    refresh_token_expires_at: toMs(reply.refreshTokenExpiresAt) ?? keptUntil,
    renewals: row.renewals + 1,
    last_renewed_at: reply.issuedAt.getTime(),
  })
  if (!saved) return false
  await transaction
    .updateTable('oauth2_token_secrets')
    .set(sealSecrets(cipher, next, secrets))
    .where('token_id', '=', row.id)
    .execute()
  await transaction.deleteFrom('unread_replies').where('token_id', '=', row.id).execute()
  return true
}

/**
 * Where a failover has lost the intent too, the row's last attempt is an older one; elsewhere another one is a later one. A later attempt has sent the same refresh token
 * again: its answer decides, unless it was refused; then the pair that waited here is tried before anybody has to sign in.
 */
async function saveLate(
  context: StoreContext,
  transaction: Transaction<Tables>,
  key: AttemptKey,
  reply: SavedReply,
  sentAt: Date,
): Promise<LateEnd> {
  if (await isSaved(transaction, key)) return 'known'
  const stored = transaction
    .selectFrom('oauth2_tokens')
    .select(['last_attempt', 'last_attempt_at', 'attempt_open', 'reauthentication_reason'])
    .where('id', '=', key.tokenId)
    .where('generation', '=', key.generation)
  const row = await context.database.locked(stored).executeTakeFirst()
  if (!row) return (await isSaved(transaction, key)) ? 'known' : 'late'
  const isMine = row.last_attempt === key.attempt
  const isLater = !isMine && (!context.database.mayLoseCommits || (row.last_attempt_at ?? 0) > sentAt.getTime())
  if (isLater && !(isRefused(row) && reply.secrets.refreshToken !== undefined)) return 'late'
  if (!isMine) {
    await changeTokens(transaction, { last_attempt: key.attempt, last_attempt_at: sentAt.getTime() })
      .where('id', '=', key.tokenId)
      .execute()
  }
  // After a refusal nobody knows whether the access token still works: the next fetch sends the refresh token.
  const saved = isLater ? { ...reply, expiresAt: new Date(0) } : reply
  return (await saveReply(context, transaction, key, saved)) ? 'saved' : 'late'
}

function isRefused(row: { readonly attempt_open: number; readonly reauthentication_reason: string | null }): boolean {
  const reason = row.reauthentication_reason
  return row.attempt_open === 0 && (reason === 'refused' || reason === 'interrupted')
}

/** Whether this attempt was saved already: only its own save makes the next generation of a row that names it as its last. */
async function isSaved(transaction: Transaction<Tables>, key: AttemptKey): Promise<boolean> {
  const row = await transaction
    .selectFrom('oauth2_tokens')
    .select('id')
    .where('id', '=', key.tokenId)
    .where('generation', '=', key.generation + 1)
    .where('last_attempt', '=', key.attempt)
    .executeTakeFirst()
  return row !== undefined
}
