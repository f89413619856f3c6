import type { Selectable, Transaction } from 'kysely'
import type { DevelopmentSession, SessionState } from '../domain/people.ts'
import { type Database, ifSet, newId, type StoreContext, toDate, toMs } from './database.ts'
import { launchedSessionStore, sessionPlace } from './launched-sessions.ts'
import { toLimits } from './look-up-cache.ts'
import type { SessionsTable, Tables } from './schema.ts'
import { type SessionStore, StoreError } from './store.ts'
import { fold } from './users.ts'

type NewSession = Parameters<SessionStore['create']>[0]

/** How long an ended session stays in the list, and its row in the table. */
const ENDED_KEPT_MS = 24 * 60 * 60_000

/** Development sessions and their RPC cookies; the look-up of the token path is the dialect's own. */
export function sessionStore(context: StoreContext, lookUp: SessionStore['lookUp']): SessionStore {
  const { database, effects } = context
  return {
    lookUp,
    create: (session) => createSession(context, session),
    list: (options = {}) => listSessions(context, options),
    rotateCookie: (sessionId, next) =>
      database.write((transaction) => rotateCookie(database, transaction, sessionId, next, effects.now().getTime())),
    end: (sessionId, how = {}) => database.write((transaction) => endSession(context, transaction, sessionId, how)),
    ...launchedSessionStore(context),
    async find(sessionId) {
      const row = await database.reader
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .selectAll('sessions')
        .select('users.name as user_name')
        .where('sessions.id', '=', sessionId)
        .executeTakeFirst()
      return row && toSession(row, row.user_name)
    },
    async countLive(userId) {
      const { count } = await database.reader
        .selectFrom('sessions')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('user_id', '=', userId)
        .where('ended_at', 'is', null)
        .executeTakeFirstOrThrow()
      return Number(count)
    },
    async withLiveCookie() {
      const rows = await database.reader
        .selectFrom('rpc_cookies')
        .select('session_id')
        .distinct()
        .where('expires_at', '>', effects.now().getTime())
        .execute()
      return new Set(rows.map((row) => row.session_id))
    },
    async findByCookie(cookieHash) {
      const row = await database.reader
        .selectFrom('rpc_cookies')
        .innerJoin('sessions', 'sessions.id', 'rpc_cookies.session_id')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .selectAll('sessions')
        .select(['users.name as user_name', 'rpc_cookies.expires_at'])
        .where('cookie_hash', '=', cookieHash)
        .where('ended_at', 'is', null)
        .where('locked_at', 'is', null)
        .where('expires_at', '>', effects.now().getTime())
        .executeTakeFirst()
      return row && { session: toSession(row, row.user_name), cookieExpiresAt: toDate(row.expires_at) }
    },
  }
}

async function listSessions(
  { database, effects }: StoreContext,
  { withEnded }: { withEnded?: boolean },
): Promise<DevelopmentSession[]> {
  const since = effects.now().getTime() - ENDED_KEPT_MS
  const rows = await database.reader
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .selectAll('sessions')
    .select('users.name as user_name')
    .where((row) =>
      withEnded ? row.or([row('ended_at', 'is', null), row('ended_at', '>=', since)]) : row('ended_at', 'is', null),
    )
    .orderBy('started_at')
    .execute()
  return rows.map((row) => toSession(row, row.user_name))
}

async function rotateCookie(
  database: Database,
  transaction: Transaction<Tables>,
  sessionId: string,
  { cookieHash, expiresAt, previousUntil, unlessUntil }: Parameters<SessionStore['rotateCookie']>[1],
  nowMs: number,
): Promise<boolean> {
  const live = transaction
    .selectFrom('sessions')
    .select(['id', 'state'])
    .where('id', '=', sessionId)
    .where('ended_at', 'is', null)
  const session = await database.locked(live).executeTakeFirst()
  if (!session || session.state === 'ending') return false
  if (unlessUntil) {
    const own = transaction.selectFrom('rpc_cookies').select('cookie_hash').where('session_id', '=', sessionId)
    if (await own.where('expires_at', '>=', unlessUntil.getTime()).executeTakeFirst()) return false
  }
  await removeExpiredCookies(transaction, nowMs)
  await transaction
    .updateTable('rpc_cookies')
    .set({ expires_at: previousUntil.getTime() })
    .where('session_id', '=', sessionId)
    .where('expires_at', '>', previousUntil.getTime())
    .execute()
  await transaction
    .insertInto('rpc_cookies')
    .values({ cookie_hash: cookieHash, session_id: sessionId, expires_at: expiresAt.getTime() })
    .execute()
  return true
}

async function endSession(
  { cipher, effects }: StoreContext,
  transaction: Transaction<Tables>,
  sessionId: string,
  { why, didNotStart, log }: NonNullable<Parameters<SessionStore['end']>[1]>,
): Promise<boolean> {
  const owner = log && (await transaction.selectFrom('sessions').select('user_id').where('id', '=', sessionId).executeTakeFirst())
  const sealed = owner && cipher.seal(JSON.stringify(log), sessionPlace('log', sessionId, owner.user_id))
  const { numUpdatedRows } = await transaction
    .updateTable('sessions')
    .set({
      ended_at: effects.now().getTime(),
      ...(sealed === undefined ? {} : { log: sealed }),
      secret: null,
      ...(why === undefined ? {} : { ended_why: why }),
      ...(didNotStart ? { state: 'did_not_start' as const } : {}),
    })
    .where('id', '=', sessionId)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  await transaction.deleteFrom('rpc_cookies').where('session_id', '=', sessionId).execute()
  return numUpdatedRows > 0n
}

function createSession(context: StoreContext, session: NewSession): Promise<DevelopmentSession> {
  return context.database.write((transaction) => insertSession(context, transaction, session))
}

/** A new session, in a transaction of the caller. Throws StoreError with code `missing` when there is no such user. */
export async function insertSession(
  { effects, cipher }: StoreContext,
  transaction: Transaction<Tables>,
  session: NewSession,
): Promise<DevelopmentSession> {
  const now = effects.now().getTime()
  const user = await transaction
    .selectFrom('users')
    .select(['id', 'name'])
    .where('name_folded', '=', fold(session.userName))
    .executeTakeFirst()
  if (!user) throw new StoreError('missing', `There is no user ${session.userName}.`)
  const id = newId(effects)
  const { secret } = session
  const sealed = secret === undefined ? null : cipher.seal(secret, sessionPlace('secret', id, user.id))
  const row = { ...toRow(session, { id, userId: user.id, now }), secret: sealed }
  await removeExpiredCookies(transaction, now)
  await transaction
    .deleteFrom('sessions')
    .where('ended_at', '<', now - ENDED_KEPT_MS)
    .execute()
  await transaction.insertInto('sessions').values(row).execute()
  await transaction
    .insertInto('rpc_cookies')
    .values({ cookie_hash: session.cookieHash, session_id: row.id, expires_at: session.cookieExpiresAt.getTime() })
    .execute()
  return toSession(row, user.name)
}

function toRow(session: NewSession, { id, userId, now }: { id: string; userId: string; now: number }): Selectable<SessionsTable> {
  const { supervisor } = session
  return {
    id,
    user_id: userId,
    name: session.name,
    kind: session.kind ?? (session.endsAt ? 'environment' : 'command'),
    started_at: now,
    ended_at: null,
    supervisor_pid: supervisor?.pid ?? null,
    supervisor_start_time: supervisor?.startTime ?? null,
    supervisor_boot: supervisor?.bootId ?? null,
    supervisor_node: session.node ?? null,
    ends_at: toMs(session.endsAt),
    application: session.application ?? null,
    state: session.state ?? 'running',
    ended_why: null,
    account: session.account ?? null,
    runtime_dir: null,
    socket_path: null,
    host: session.host ?? null,
    service: session.service ?? null,
    limited_to: session.limitedTo ? JSON.stringify(session.limitedTo.map((uid) => uid.toLowerCase())) : null,
    last_active_at: session.kind === 'launched' ? now : null,
    port: session.port ?? null,
    secret: null,
    log: null,
  }
}

async function removeExpiredCookies(transaction: Transaction<Tables>, nowMs: number): Promise<void> {
  await transaction.deleteFrom('rpc_cookies').where('expires_at', '<=', nowMs).execute()
}

/** A session from its row. */
export function toSession(row: Selectable<SessionsTable>, userName: string): DevelopmentSession {
  return {
    id: row.id,
    userId: row.user_id,
    userName,
    name: row.name,
    kind: row.kind,
    state: stateOf(row),
    startedAt: toDate(row.started_at),
    ...ifSet('endedAt', row.ended_at, toDate),
    ...ifSet('endsAt', row.ends_at, toDate),
    ...ifSet('node', row.supervisor_node),
    ...ifSet('endedWhy', row.ended_why),
    ...ifSet('application', row.application),
    ...ifSet('account', row.account),
    ...ifSet('runtimeDirectory', row.runtime_dir),
    ...ifSet('socketPath', row.socket_path),
    ...ifSet('port', row.port),
    ...ifSet('host', row.host),
    ...ifSet('service', row.service),
    ...ifSet('limitedTo', row.limited_to, toLimits),
    ...ifSet('lastActiveAt', row.last_active_at, toDate),
    ...ifSet('supervisor', row.supervisor_pid, (pid) => ({
      pid,
      startTime: row.supervisor_start_time ?? '',
      bootId: row.supervisor_boot ?? '',
    })),
  }
}

function stateOf(row: Selectable<SessionsTable>): SessionState {
  if (row.state === 'did_not_start') return 'did_not_start'
  return row.ended_at === null ? (row.state ?? 'running') : 'ended'
}
