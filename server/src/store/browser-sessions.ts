import type { BrowserSession } from '../domain/people.ts'
import { type Database, type StoreContext, toDate } from './database.ts'
import { type BrowserSessionStore, StoreError } from './store.ts'
import { toUser } from './user-rows.ts'
import { lockUser } from './users.ts'

/** A browser that keeps asking is noted once in this time, so that reading pages does not write. */
const TOUCH_EVERY_MS = 60_000

/** Web logins. */
export function browserSessionStore(context: StoreContext): BrowserSessionStore {
  const { database, effects } = context
  return {
    async create({ idHash, userId }) {
      const now = effects.now().getTime()
      await database.write((transaction) =>
        transaction
          .insertInto('browser_sessions')
          .values({ id_hash: idHash, user_id: userId, created_at: now, last_seen_at: now })
          .execute(),
      )
    },
    find: (idHash, limits) => find(context, idHash, limits),
    async remove(idHash) {
      await database.write((transaction) => transaction.deleteFrom('browser_sessions').where('id_hash', '=', idHash).execute())
    },
    renew: (idHash, newIdHash) => renew(context, idHash, newIdHash),
    async removeOthers(userId, keepIdHash) {
      const { numDeletedRows } = await database.write((transaction) =>
        transaction
          .deleteFrom('browser_sessions')
          .where('user_id', '=', userId)
          .where('id_hash', '!=', keepIdHash)
          .executeTakeFirst(),
      )
      return Number(numDeletedRows)
    },
    async removeExpired({ idleMs, absoluteMs }) {
      const now = effects.now().getTime()
      const { numDeletedRows } = await database.write((transaction) =>
        transaction
          .deleteFrom('browser_sessions')
          .where((row) => row.or([row('last_seen_at', '<', now - idleMs), row('created_at', '<', now - absoluteMs)]))
          .executeTakeFirst(),
      )
      return Number(numDeletedRows)
    },
    async countLive(userId, { idleMs, absoluteMs }) {
      const now = effects.now().getTime()
      const { count } = await database.reader
        .selectFrom('browser_sessions')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('user_id', '=', userId)
        .where('last_seen_at', '>=', now - idleMs)
        .where('created_at', '>=', now - absoluteMs)
        .executeTakeFirstOrThrow()
      return Number(count)
    },
  }
}

/** Tables whose rows belong to a web login. */
const FOLLOWERS = ['session_tickets', 'session_entries', 'sign_in_attempts'] as const

async function renew({ database, effects }: StoreContext, idHash: string, newIdHash: string): Promise<boolean> {
  const now = effects.now().getTime()
  return database.write(async (transaction) => {
    const known = transaction.selectFrom('browser_sessions').select('user_id').where('id_hash', '=', idHash)
    const old = await known.executeTakeFirst()
    if (!old) return false
    // A lock-out that was first has ended it by now.
    await lockUser(database, transaction, old.user_id)
    if (!(await database.locked(known).executeTakeFirst())) return false
    await transaction
      .insertInto('browser_sessions')
      .values({ id_hash: newIdHash, user_id: old.user_id, created_at: now, last_seen_at: now })
      .execute()
    for (const table of FOLLOWERS) {
      await transaction
        .updateTable(table)
        .set({ browser_session_hash: newIdHash })
        .where('browser_session_hash', '=', idHash)
        .execute()
    }
    await transaction.deleteFrom('browser_sessions').where('id_hash', '=', idHash).execute()
    return true
  })
}

async function find(
  { database, effects }: StoreContext,
  idHash: string,
  { idleMs, absoluteMs }: { idleMs: number; absoluteMs: number },
): Promise<BrowserSession | undefined> {
  const row = await database.reader
    .selectFrom('browser_sessions')
    .innerJoin('users', 'users.id', 'browser_sessions.user_id')
    .selectAll('users')
    .select(['browser_sessions.created_at as began_at', 'last_seen_at'])
    .where('id_hash', '=', idHash)
    .where('locked_at', 'is', null)
    .executeTakeFirst()
  const now = effects.now().getTime()
  if (!row || now - row.last_seen_at > idleMs || now - row.began_at > absoluteMs) return undefined
  const isTouched = now - row.last_seen_at >= TOUCH_EVERY_MS && (await touch(database, idHash, now))
  return {
    idHash,
    user: toUser(row),
    createdAt: toDate(row.began_at),
    lastSeenAt: toDate(isTouched ? now : row.last_seen_at),
  }
}

/** False when the database cannot be written now: a full disk (fault F21) must not log people out. */
async function touch(database: Database, idHash: string, now: number): Promise<boolean> {
  try {
    await database.write((transaction) =>
      transaction.updateTable('browser_sessions').set({ last_seen_at: now }).where('id_hash', '=', idHash).execute(),
    )
    return true
  } catch (error) {
    if (error instanceof StoreError) return false
    throw error
  }
}
