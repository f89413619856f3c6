import type { Selectable, Transaction } from 'kysely'
import type { User } from '../domain/people.ts'
import { type Database, newId, REPEATABLE, type StoreContext } from './database.ts'
import { queueTokens } from './revocations.ts'
import type { Tables, UsersTable } from './schema.ts'
import { type AdministratorsKept, StoreError, type UserChanged, type UserStore } from './store.ts'
import { readableSecrets } from './token-secrets.ts'
import { toUser } from './user-rows.ts'
import { listWithCounts } from './users-with-counts.ts'

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
    listWithCounts: (limits) => listWithCounts(context, limits),
    async lockedIds() {
      const rows = await database.reader.selectFrom('users').select('id').where('locked_at', 'is not', null).execute()
      return new Set(rows.map(({ id }) => id))
    },
    setLocked: (name, locked, keep = 'any') => setLocked(context, name, locked, keep),
    setRole: (name, role, keep = 'any') => setRole(context, name, role, keep),
    remove: (name, revocation, keep = 'any') => removeUser(context, name, revocation, keep),
  }
}

async function setLocked(
  { database, effects }: StoreContext,
  name: string,
  locked: boolean,
  keep: AdministratorsKept,
): Promise<UserChanged> {
  return database.write(async (transaction) => {
    const others = locked && keep === 'one' ? await lockAdministrators(database, transaction) : undefined
    const user = await lockedByName(database, transaction, name)
    if (!user) return 'none'
    if ((user.locked_at !== null) === locked) return 'done'
    if (isLast(user, others)) return 'last'
    await transaction
      .updateTable('users')
      .set({ locked_at: locked ? effects.now().getTime() : null })
      .where('id', '=', user.id)
      .execute()
    if (!locked) return 'done'
    await transaction.deleteFrom('browser_sessions').where('user_id', '=', user.id).execute()
    // A terminal that was approved would be a session when the user is unlocked.
    await transaction.updateTable('device_logins').set({ is_approved: 0 }).where('user_id', '=', user.id).execute()
    return 'done'
  }, REPEATABLE)
}

async function setRole(
  { database }: StoreContext,
  name: string,
  { isAdmin }: Pick<User, 'isAdmin'>,
  keep: AdministratorsKept,
): Promise<UserChanged> {
  return database.write(async (transaction) => {
    const others = !isAdmin && keep === 'one' ? await lockAdministrators(database, transaction) : undefined
    const user = await lockedByName(database, transaction, name)
    if (!user) return 'none'
    if ((user.is_admin === 1) === isAdmin) return 'done'
    if (isLast(user, others)) return 'last'
    await transaction
      .updateTable('users')
      .set({ is_admin: isAdmin ? 1 : 0 })
      .where('id', '=', user.id)
      .execute()
    return 'done'
  }, REPEATABLE)
}

/**
 * The ids of those who can administer now. Locked in one order before anything else of the transaction, so that two of them who
 * lock or demote each other follow each other, and the second one is told that it is the last.
 */
async function lockAdministrators(database: Database, transaction: Transaction<Tables>): Promise<readonly string[]> {
  const all = transaction.selectFrom('users').selectAll().where('is_admin', '=', 1).where('locked_at', 'is', null)
  return (await database.locked(all.orderBy('id')).execute()).map(({ id }) => id)
}

function isLast({ id }: Pick<User, 'id'>, administrators: readonly string[] | undefined): boolean {
  return administrators?.length === 1 && administrators[0] === id
}

async function removeUser(
  context: StoreContext,
  name: string,
  { queueFor, giveUpAt }: { queueFor: ReadonlySet<string>; giveUpAt: Date },
  keep: AdministratorsKept,
): Promise<UserChanged> {
  const { database } = context
  return database.write(async (transaction) => {
    const others = keep === 'one' ? await lockAdministrators(database, transaction) : undefined
    const user = await lockedByName(database, transaction, name)
    if (!user) return 'none'
    if (isLast(user, others)) return 'last'
    const stored = transaction
      .selectFrom('oauth2_tokens')
      .innerJoin('oauth2_token_secrets', 'oauth2_token_secrets.token_id', 'oauth2_tokens.id')
      .selectAll()
      .where('user_id', '=', user.id)
    for (const token of await database.locked(stored).execute()) {
      if (!queueFor.has(token.integration_id)) continue
      await queueTokens(context, transaction, token, readableSecrets(context.cipher, token, token), giveUpAt)
    }
    await transaction.deleteFrom('users').where('id', '=', user.id).execute()
    return 'done'
  })
}

async function lockedByName(
  database: Database,
  transaction: Transaction<Tables>,
  name: string,
): Promise<Selectable<UsersTable> | undefined> {
  return database.locked(transaction.selectFrom('users').selectAll().where('name_folded', '=', fold(name))).executeTakeFirst()
}

/** Makes transactions over what one user has follow each other; the first thing in each of them, so that none waits in a circle. */
export async function lockUser(database: Database, transaction: Transaction<Tables>, userId: string): Promise<void> {
  await database.locked(transaction.selectFrom('users').select('id').where('id', '=', userId)).execute()
}

/** A name without its case, in one Unicode form. */
export function fold(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
