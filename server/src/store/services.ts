import type { Kysely, Selectable, Transaction } from 'kysely'
import type { DevelopmentSession } from '../domain/people.ts'
import { actsForText, parseActsFor, type Service, type ServiceLimits, type ServiceToken } from '../domain/service.ts'
import { ifSet, newId, type StoreContext, toDate } from './database.ts'
import type { ServicesTable, ServiceTokensTable, Tables } from './schema.ts'
import { insertSession, toSession } from './sessions.ts'
import { type ServiceStore, StoreError } from './store.ts'

/** Services that start sessions for others; whatever concerns one of them follows the lock of its row. */
export function serviceStore(context: StoreContext): ServiceStore {
  const { database } = context
  return {
    create: (service, token) => createService(context, service, token),
    async list() {
      const rows = await database.reader.selectFrom('services').selectAll().orderBy('name').execute()
      const tokens = await database.reader.selectFrom('service_tokens').selectAll().orderBy('created_at', 'desc').execute()
      return rows.map((row) =>
        toService(
          row,
          tokens.filter(({ service_id }) => service_id === row.id),
        ),
      )
    },
    async findByToken(tokenHash) {
      const { reader } = database
      const found = await reader.selectFrom('service_tokens').selectAll().where('token_hash', '=', tokenHash).executeTakeFirst()
      const service = found && (await serviceOf(reader, found.service_id))
      return service && { service, expiresAt: toDate(found.expires_at) }
    },
    rotate: (name, next) => rotateToken(context, name, next),
    remove: (name) => removeService(context, name),
    openSession: (service, tokenHash, session) => openSession(context, service, tokenHash, session),
    async countLive() {
      const rows = await database.reader
        .selectFrom('sessions')
        .select(({ fn }) => ['service', fn.countAll<number>().as('count')])
        .where('service', 'is not', null)
        .where('ended_at', 'is', null)
        .groupBy('service')
        .execute()
      return new Map(rows.map(({ service, count }) => [service ?? '', Number(count)]))
    },
  }
}

async function createService(
  { database, effects }: StoreContext,
  service: ServiceLimits,
  token: { hash: string; expiresAt: Date },
): Promise<Service> {
  const now = effects.now().getTime()
  const row: Selectable<ServicesTable> = {
    id: newId(effects),
    name: service.name,
    acts_for: JSON.stringify(service.actsFor.map(actsForText)),
    all_users: service.allUsers ? 1 : 0,
    from_addresses: service.from ? JSON.stringify(service.from) : null,
    limited_to: service.integrations ? JSON.stringify(service.integrations) : null,
    max_sessions: service.maxSessions,
    max_life_seconds: service.maxLifeSeconds,
    created_at: now,
  }
  const first = tokenRow(row.id, token, now)
  try {
    await database.write(async (transaction) => {
      await transaction.insertInto('services').values(row).execute()
      await transaction.insertInto('service_tokens').values(first).execute()
    })
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'duplicate') throw error
    throw new StoreError('duplicate', `There is a service ${service.name} already.`, error)
  }
  return toService(row, [first])
}

async function rotateToken(
  { database, effects }: StoreContext,
  name: string,
  { hash, expiresAt, previousUntil }: Parameters<ServiceStore['rotate']>[1],
): Promise<Service | undefined> {
  const now = effects.now().getTime()
  return database.write(async (transaction) => {
    const query = transaction.selectFrom('services').selectAll().where('name', '=', name)
    const row = await database.locked(query).executeTakeFirst()
    if (!row) return undefined
    const tokens = transaction.selectFrom('service_tokens').select(['token_hash', 'created_at']).where('service_id', '=', row.id)
    const [newest, ...older] = await tokens.orderBy('created_at', 'desc').execute()
    const outdated = older.map(({ token_hash }) => token_hash)
    if (outdated.length > 0) await transaction.deleteFrom('service_tokens').where('token_hash', 'in', outdated).execute()
    await transaction
      .updateTable('service_tokens')
      .set({ expires_at: previousUntil.getTime() })
      .where('token_hash', '=', newest?.token_hash ?? '')
      .where('expires_at', '>', previousUntil.getTime())
      .execute()
    // The newest of two is told by its instant.
    const at = Math.max(now, (newest?.created_at ?? 0) + 1)
    await transaction
      .insertInto('service_tokens')
      .values(tokenRow(row.id, { hash, expiresAt }, at))
      .execute()
    return await serviceOf(transaction, row.id)
  })
}

async function removeService(
  { database, effects }: StoreContext,
  name: string,
): Promise<readonly DevelopmentSession[] | undefined> {
  return database.write(async (transaction) => {
    const query = transaction.selectFrom('services').select('id').where('name', '=', name)
    const service = await database.locked(query).executeTakeFirst()
    if (!service) return undefined
    const rows = await transaction
      .selectFrom('sessions')
      .innerJoin('users', 'users.id', 'sessions.user_id')
      .selectAll('sessions')
      .select('users.name as user_name')
      .where('service', '=', name)
      .where('ended_at', 'is', null)
      .execute()
    const ids = rows.map(({ id }) => id)
    if (ids.length > 0) {
      await transaction.updateTable('sessions').set({ ended_at: effects.now().getTime() }).where('id', 'in', ids).execute()
      await transaction.deleteFrom('rpc_cookies').where('session_id', 'in', ids).execute()
    }
    await transaction.deleteFrom('services').where('id', '=', service.id).execute()
    return rows.map((row) => toSession(row, row.user_name))
  })
}

async function openSession(
  context: StoreContext,
  service: Pick<Service, 'id' | 'name' | 'maxSessions'>,
  tokenHash: string,
  session: Parameters<ServiceStore['openSession']>[2],
): Promise<DevelopmentSession | 'limit' | 'gone'> {
  const { database, effects } = context
  const now = effects.now().getTime()
  return database.write(async (transaction) => {
    const query = transaction.selectFrom('services').select('id').where('id', '=', service.id)
    if (!(await database.locked(query).executeTakeFirst())) return 'gone'
    const { numUpdatedRows } = await transaction
      .updateTable('service_tokens')
      .set({ last_used_at: now })
      .where('token_hash', '=', tokenHash)
      .where('expires_at', '>', now)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) return 'gone'
    const { count } = await transaction
      .selectFrom('sessions')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('service', '=', service.name)
      .where('ended_at', 'is', null)
      .executeTakeFirstOrThrow()
    if (Number(count) >= service.maxSessions) return 'limit'
    const { endsAt } = session
    return await insertSession(context, transaction, {
      ...session,
      ...{ kind: 'service', service: service.name, cookieExpiresAt: endsAt },
    })
  })
}

async function serviceOf(database: Kysely<Tables> | Transaction<Tables>, id: string): Promise<Service | undefined> {
  const row = await database.selectFrom('services').selectAll().where('id', '=', id).executeTakeFirst()
  const tokens = database.selectFrom('service_tokens').selectAll().where('service_id', '=', id).orderBy('created_at', 'desc')
  return row && toService(row, await tokens.execute())
}

function tokenRow(serviceId: string, token: { hash: string; expiresAt: Date }, now: number): Selectable<ServiceTokensTable> {
  return {
    token_hash: token.hash,
    service_id: serviceId,
    created_at: now,
    expires_at: token.expiresAt.getTime(),
    last_used_at: null,
  }
}

function toService(row: Selectable<ServicesTable>, tokens: readonly Selectable<ServiceTokensTable>[]): Service {
  const texts = (json: string): readonly string[] => JSON.parse(json) as readonly string[]
  return {
    id: row.id,
    name: row.name,
    actsFor: texts(row.acts_for).flatMap((text) => parseActsFor(text) ?? []),
    allUsers: row.all_users === 1,
    ...ifSet('from', row.from_addresses, texts),
    ...ifSet('integrations', row.limited_to, texts),
    maxSessions: row.max_sessions,
    maxLifeSeconds: row.max_life_seconds,
    createdAt: toDate(row.created_at),
    tokens: tokens.map(toToken),
  }
}

function toToken(row: Selectable<ServiceTokensTable>): ServiceToken {
  return {
    createdAt: toDate(row.created_at),
    expiresAt: toDate(row.expires_at),
    ...ifSet('lastUsedAt', row.last_used_at, toDate),
  }
}
