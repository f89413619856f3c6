import type { Transaction } from 'kysely'
import { REPEATABLE, type StoreContext, toDate } from './database.ts'
import type { Place } from './encryption.ts'
import type { Tables } from './schema.ts'
import type { SessionStore } from './store.ts'

/** What sessions that Benchkey starts have beside the others: files, a process, a state, activity, a secret. */
export function launchedSessionStore({
  database,
  cipher,
}: StoreContext): Pick<
  SessionStore,
  'notePlace' | 'noteLeader' | 'noteRunning' | 'beginEnding' | 'noteActivity' | 'newestCookies' | 'readSecret' | 'readLog'
> {
  return {
    notePlace: (sessionId, { runtimeDirectory, socketPath }) =>
      change(sessionId, 'any', { runtime_dir: runtimeDirectory, socket_path: socketPath ?? null }),
    noteLeader: (sessionId, { pid, startTime, bootId }) =>
      change(sessionId, 'any', { supervisor_pid: pid, supervisor_start_time: startTime, supervisor_boot: bootId }),
    noteRunning: (sessionId) => change(sessionId, 'starting', { state: 'running' }),
    beginEnding: (sessionId, why) => database.write((transaction) => beginEnding(transaction, sessionId, why)),
    async noteActivity(uses) {
      const rows = uses.map(({ sessionId, at }) => [at.getTime(), sessionId, at.getTime()])
      if (rows.length > 0) await database.batch(NOTE_ACTIVITY, rows)
    },
    async newestCookies() {
      const rows = await database.reader
        .selectFrom('rpc_cookies')
        .select(({ fn }) => ['session_id', fn.max('expires_at').as('until')])
        .groupBy('session_id')
        .execute()
      return new Map(rows.map(({ session_id, until }) => [session_id, toDate(Number(until))]))
    },
    async readSecret(sessionId) {
      const row = await database.reader
        .selectFrom('sessions')
        .select(['id', 'user_id', 'secret'])
        .where('id', '=', sessionId)
        .where('ended_at', 'is', null)
        .executeTakeFirst()
      return row?.secret ? cipher.open(row.secret, sessionPlace('secret', row.id, row.user_id)) : undefined
    },
    async readLog(sessionId) {
      const columns = database.reader.selectFrom('sessions').select(['id', 'user_id', 'log'])
      const row = await columns.where('id', '=', sessionId).executeTakeFirst()
      if (!row?.log) return undefined
      return JSON.parse(cipher.open(row.log, sessionPlace('log', row.id, row.user_id))) as readonly string[]
    },
  }

  async function change(sessionId: string, from: 'starting' | 'any', set: Changes): Promise<boolean> {
    const { numUpdatedRows } = await database.writeOne((writer) =>
      writer
        .updateTable('sessions')
        .set(set)
        .where('id', '=', sessionId)
        .where('ended_at', 'is', null)
        .$if(from === 'starting', (query) => query.where('state', '=', 'starting'))
        .executeTakeFirst(),
    )
    return numUpdatedRows > 0n
  }
}

async function beginEnding(transaction: Transaction<Tables>, sessionId: string, why: string): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('sessions')
    .set({ state: 'ending', ended_why: why })
    .where('id', '=', sessionId)
    .where('ended_at', 'is', null)
    .where((row) => row.or([row('state', 'is', null), row('state', '!=', 'ending')]))
    .executeTakeFirst()
  await transaction.deleteFrom('rpc_cookies').where('session_id', '=', sessionId).execute()
  return numUpdatedRows > 0n
}

interface Changes {
  readonly runtime_dir?: string
  readonly socket_path?: string | null
  readonly supervisor_pid?: number
  readonly supervisor_start_time?: string
  readonly supervisor_boot?: string
  readonly state?: 'running'
}

const NOTE_ACTIVITY = {
  each: 'UPDATE sessions SET last_active_at = ? WHERE id = ? AND (last_active_at IS NULL OR last_active_at < ?)',
  all: `UPDATE sessions SET last_active_at = noted.at
    FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS noted (at, id, same)
    WHERE sessions.id = noted.id AND (last_active_at IS NULL OR last_active_at < noted.at)`,
  ...REPEATABLE,
}

/** What the ciphertexts of a session are bound to. */
export function sessionPlace(column: 'secret' | 'log', sessionId: string, userId: string): Place {
  return { table: 'sessions', column, userId, integrationId: '', rowId: sessionId, generation: 0 }
}
