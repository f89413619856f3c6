import type { Kysely, Selectable, Transaction } from 'kysely'
import type { DeviceLogin } from '../domain/device-login.ts'
import { ifSet, type StoreContext, toDate } from './database.ts'
import type { DeviceLoginsTable, Tables } from './schema.ts'
import { insertSession } from './sessions.ts'
import type { DeviceLoginStore } from './store.ts'

/** Terminals that wait to be logged in. What becomes of one follows the lock of its row. */
export function deviceLoginStore(context: StoreContext): DeviceLoginStore {
  const { database, effects } = context
  return {
    create: (login, limit) => createLogin(context, login, limit),
    async findWaiting(userHash) {
      const row = await waiting(database.reader, userHash, effects.now()).executeTakeFirst()
      return row && toLogin(row)
    },
    async findByDevice(deviceHash) {
      const row = await logins(database.reader).where('device_hash', '=', deviceHash).executeTakeFirst()
      return row && toLogin(row)
    },
    decide: (userHash, decision) => decide(context, userHash, decision),
    openSession: (deviceHash, session) => openSession(context, deviceHash, session),
    async withdrawApprovals(userId) {
      await database.write((transaction) =>
        transaction.updateTable('device_logins').set({ is_approved: 0 }).where('user_id', '=', userId).execute(),
      )
    },
    async removeBefore(expiredAt) {
      const { numDeletedRows } = await database.write((transaction) =>
        transaction.deleteFrom('device_logins').where('expires_at', '<', expiredAt.getTime()).executeTakeFirst(),
      )
      return Number(numDeletedRows)
    },
  }
}

type Row = Selectable<DeviceLoginsTable> & { readonly user_name: string | null }

function logins(database: Kysely<Tables> | Transaction<Tables>) {
  return database
    .selectFrom('device_logins')
    .leftJoin('users', 'users.id', 'device_logins.user_id')
    .selectAll('device_logins')
    .select('users.name as user_name')
}

function waiting(database: Kysely<Tables> | Transaction<Tables>, userHash: string, now: Date) {
  return logins(database).where('user_hash', '=', userHash).where('user_id', 'is', null).where('expires_at', '>', now.getTime())
}

async function createLogin(
  { database, effects }: StoreContext,
  login: Parameters<DeviceLoginStore['create']>[0],
  limit: number,
): Promise<boolean> {
  const now = effects.now().getTime()
  const row: Selectable<DeviceLoginsTable> = {
    device_hash: login.deviceHash,
    user_hash: login.userHash,
    host: login.host,
    address: login.address,
    started_at: now,
    expires_at: login.expiresAt.getTime(),
    user_id: null,
    is_approved: null,
  }
  return database.write(async (transaction) => {
    const { count } = await transaction
      .selectFrom('device_logins')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('expires_at', '>', now)
      .executeTakeFirstOrThrow()
    if (Number(count) >= limit) return false
    await transaction.insertInto('device_logins').values(row).execute()
    return true
  })
}

async function decide(
  { database, effects }: StoreContext,
  userHash: string,
  { userId, isApproved }: Parameters<DeviceLoginStore['decide']>[1],
): Promise<DeviceLogin | undefined> {
  return database.write(async (transaction) => {
    const { numUpdatedRows } = await transaction
      .updateTable('device_logins')
      .set({ user_id: userId, is_approved: isApproved ? 1 : 0 })
      .where('user_hash', '=', userHash)
      .where('user_id', 'is', null)
      .where('expires_at', '>', effects.now().getTime())
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return undefined
    const row = await logins(transaction).where('user_hash', '=', userHash).executeTakeFirst()
    return row && toLogin(row)
  })
}

async function openSession(
  context: StoreContext,
  deviceHash: string,
  session: Parameters<DeviceLoginStore['openSession']>[1],
): ReturnType<DeviceLoginStore['openSession']> {
  return context.database.write(async (transaction) => {
    const row = await logins(transaction)
      .where('device_hash', '=', deviceHash)
      .where('is_approved', '=', 1)
      .where('expires_at', '>', context.effects.now().getTime())
      .where('users.locked_at', 'is', null)
      .executeTakeFirst()
    if (!row || row.user_name === null) return undefined
    // Of two that ask at once one deletes it.
    const { numDeletedRows } = await transaction
      .deleteFrom('device_logins')
      .where('device_hash', '=', deviceHash)
      .executeTakeFirst()
    if (numDeletedRows === 0n) return undefined
    const { endsAt } = session
    return await insertSession(context, transaction, {
      ...session,
      ...{ userName: row.user_name, kind: 'login', cookieExpiresAt: endsAt },
    })
  })
}

function toLogin(row: Row): DeviceLogin {
  const { user_id: userId, user_name: userName } = row
  return {
    host: row.host,
    address: row.address,
    startedAt: toDate(row.started_at),
    expiresAt: toDate(row.expires_at),
    ...ifSet('decision', userId === null || userName === null ? null : { userId, userName, isApproved: row.is_approved === 1 }),
  }
}
