import type { Selectable } from 'kysely'
import type { BrowserSession, User } from '../domain/people.ts'
import { ifSet, newId, type StoreContext, toDate } from './database.ts'
import { queueTokens } from './revocations.ts'
import type { UsersTable } from './schema.ts'
import { type BrowserSessionStore, StoreError, type UserStore } from './store.ts'
import { readableSecrets } from './token-secrets.ts'

/** A browser that keeps asking is noted once in this time, so that reading pages does not write. */
const TOUCH_EVERY_MS = 60_000

/** People who may log in. */
export function userStore(context: StoreContext): UserStore {
  const { database, effects } = context
  return {
    async create({ name, passwordHash, isAdmin }) {
      const user: Selectable<UsersTable> = {
        id: newId(effects),
        name,
        name_folded: fold(name),
        password_hash: passwordHash,
        is_admin: isAdmin ? 1 : 0,
        locked_at: null,
        created_at: effects.now().getTime(),
      }
      try {
        await database.write((transaction) => transaction.insertInto('users').values(user).execute())
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'duplicate') throw error
        throw new StoreError('duplicate', `There is a user ${name} already.`, error)
      }
      return toUser(user)
    },
    async findByName(name) {
      const row = await database.reader.selectFrom('users').selectAll().where('name_folded', '=', fold(name)).executeTakeFirst()
      return row && { ...toUser(row), passwordHash: row.password_hash }
    },
    async list() {
      const rows = await database.reader.selectFrom('users').selectAll().orderBy('name_folded').execute()
      return rows.map(toUser)
    },
    setLocked: (name, locked) => setLocked(context, name, locked),
    remove: (name, revocation) => removeUser(context, name, revocation),
  }
}

async function setLocked({ database, effects }: StoreContext, name: string, locked: boolean): Promise<boolean> {
  return database.write(async (transaction) => {
    const user = await transaction.selectFrom('users').selectAll().where('name_folded', '=', fold(name)).executeTakeFirst()
    if (!user) return false
    if ((user.locked_at !== null) === locked) return true
    await transaction
      .updateTable('users')
      .set({ locked_at: locked ? effects.now().getTime() : null })
      .where('id', '=', user.id)
      .execute()
    if (locked) await transaction.deleteFrom('browser_sessions').where('user_id', '=', user.id).execute()
    return true
  })
}

async function removeUser(
  context: StoreContext,
  name: string,
  { queueFor, giveUpAt }: { queueFor: ReadonlySet<string>; giveUpAt: Date },
): Promise<User | undefined> {
  return context.database.write(async (transaction) => {
    const user = await transaction.selectFrom('users').selectAll().where('name_folded', '=', fold(name)).executeTakeFirst()
    if (!user) return undefined
    const tokens = await transaction
      .selectFrom('oauth2_tokens')
      .innerJoin('oauth2_token_secrets', 'oauth2_token_secrets.token_id', 'oauth2_tokens.id')
      .selectAll()
      .where('user_id', '=', user.id)
      .execute()
    for (const token of tokens) {
      if (!queueFor.has(token.integration_id)) continue
      await queueTokens(context, transaction, token, readableSecrets(context.cipher, token, token), giveUpAt)
    }
    await transaction.deleteFrom('users').where('id', '=', user.id).execute()
    return toUser(user)
  })
}

/** Web logins. */
export function browserSessionStore({ database, effects }: StoreContext): BrowserSessionStore {
  const remove = (idHash: string) =>
    database.write((transaction) => transaction.deleteFrom('browser_sessions').where('id_hash', '=', idHash).execute())
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
    async find(idHash, { idleMs, absoluteMs }) {
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
      const isToTouch = now - row.last_seen_at >= TOUCH_EVERY_MS
      if (isToTouch) {
        await database.write((transaction) =>
          transaction.updateTable('browser_sessions').set({ last_seen_at: now }).where('id_hash', '=', idHash).execute(),
        )
      }
      const session: BrowserSession = {
        idHash,
        user: toUser(row),
        createdAt: toDate(row.began_at),
        lastSeenAt: toDate(isToTouch ? now : row.last_seen_at),
      }
      return session
    },
    async remove(idHash) {
      await remove(idHash)
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
  }
}

/** A name without its case, in one Unicode form. */
function fold(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

function toUser(row: Selectable<UsersTable>): User {
  return {
    id: row.id,
    name: row.name,
    isAdmin: row.is_admin === 1,
    ...ifSet('lockedAt', row.locked_at, toDate),
    createdAt: toDate(row.created_at),
  }
}
