import type { Selectable, Transaction } from 'kysely'
import { type Database, ifSet, type SqlValue, type StoreContext, toDate } from './database.ts'
import type { Tables, TokenUsesTable } from './schema.ts'
import type { ActivityStore, NewUse, SessionAddress, UseOfQuarter } from './store-of-activity.ts'

/** Every local midnight of today's time zones is the start of a quarter of an hour (UTC). */
const QUARTER_MS = 15 * 60_000

/** Addresses kept of one session: more than a laptop on a train has in a day. */
const ADDRESSES_PER_SESSION = 100

const COLUMNS = 'session_id, section, quarter_at, first_at, last_at, count, user_id, session_name, kind, application, service'
const OF_SESSION = 's.user_id, s.name, s.kind, s.application, s.service'
const NOTE_USE = {
  each: `INSERT INTO token_uses (${COLUMNS})
    SELECT s.id, ?, ?, ?, ?, ?, ${OF_SESSION} FROM sessions s WHERE s.id = ?
    ON CONFLICT (session_id, section, quarter_at) DO UPDATE SET count = token_uses.count + excluded.count,
      first_at = min(token_uses.first_at, excluded.first_at), last_at = max(token_uses.last_at, excluded.last_at)`,
  all: `INSERT INTO token_uses (${COLUMNS})
    SELECT s.id, u.section, u.quarter_at, u.first_at, u.last_at, u.count, ${OF_SESSION}
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::text[])
      AS u(section, quarter_at, first_at, last_at, count, session_id)
    JOIN sessions s ON s.id = u.session_id ORDER BY s.id, u.section, u.quarter_at
    ON CONFLICT (session_id, section, quarter_at) DO UPDATE SET count = token_uses.count + excluded.count,
      first_at = least(token_uses.first_at, excluded.first_at), last_at = greatest(token_uses.last_at, excluded.last_at)`,
}

/** What people see of the use of their tokens. */
export function activityStore({ database }: StoreContext): ActivityStore {
  return {
    async noteUses(uses) {
      if (uses.length > 0) await database.batch(NOTE_USE, sumsOfQuarters(uses).map(toRow))
    },
    async noteAddresses(addresses) {
      if (addresses.length === 0) return []
      return database.write(async (transaction) => {
        const fresh = []
        for (const address of addresses) {
          const noted = await noteAddress(database, transaction, address)
          if (noted) fresh.push({ ...address, ...noted })
        }
        return fresh
      })
    },
    async listUses(userId, { from, until, limit }) {
      const rows = await database.reader
        .selectFrom('token_uses')
        .selectAll()
        .where('user_id', '=', userId)
        .where('quarter_at', '>=', from.getTime())
        .where('quarter_at', '<', until.getTime())
        .orderBy('quarter_at', 'desc')
        .limit(limit)
        .execute()
      return rows.map(toUse)
    },
    listLive: (userId) => listLive(database, userId),
    listAddresses: (userId) => listAddresses(database, userId),
    async removeUsesBefore(at) {
      const { numDeletedRows } = await database.write((transaction) =>
        transaction.deleteFrom('token_uses').where('quarter_at', '<', at.getTime()).executeTakeFirst(),
      )
      return Number(numDeletedRows)
    },
  }
}

const quarterOf = (at: Date): number => Math.floor(at.getTime() / QUARTER_MS) * QUARTER_MS

/** PostgreSQL changes no row twice in one statement. */
function sumsOfQuarters(uses: readonly NewUse[]): readonly NewUse[] {
  const sums = new Map<string, NewUse>()
  for (const use of uses) {
    const key = JSON.stringify([use.sessionId, use.section, quarterOf(use.firstAt)])
    const before = sums.get(key)
    sums.set(key, before ? sumOf(before, use) : use)
  }
  return [...sums.values()]
}

function sumOf(a: NewUse, b: NewUse): NewUse {
  return {
    ...a,
    firstAt: a.firstAt < b.firstAt ? a.firstAt : b.firstAt,
    lastAt: a.lastAt > b.lastAt ? a.lastAt : b.lastAt,
    count: a.count + b.count,
  }
}

function toRow({ sessionId, section, firstAt, lastAt, count }: NewUse): readonly SqlValue[] {
  return [section, quarterOf(firstAt), firstAt.getTime(), lastAt.getTime(), count, sessionId]
}

function toUse(row: Selectable<TokenUsesTable>): UseOfQuarter {
  return {
    sessionId: row.session_id,
    sessionName: row.session_name,
    section: row.section,
    kind: row.kind,
    ...ifSet('application', row.application),
    ...ifSet('service', row.service),
    firstAt: toDate(row.first_at),
    lastAt: toDate(row.last_at),
    count: row.count,
  }
}

/** Undefined when it was known, the session is gone, or it has had too many. */
async function noteAddress(
  database: Database,
  transaction: Transaction<Tables>,
  { sessionId, address, at }: SessionAddress,
): Promise<{ isFirst: boolean } | undefined> {
  const session = transaction.selectFrom('sessions').select('id').where('id', '=', sessionId)
  if (!(await database.locked(session).executeTakeFirst())) return undefined
  const known = await transaction.selectFrom('session_addresses').select('address').where('session_id', '=', sessionId).execute()
  if (known.length >= ADDRESSES_PER_SESSION || known.some((row) => row.address === address)) return undefined
  const row = { session_id: sessionId, address, first_at: at.getTime() }
  await transaction.insertInto('session_addresses').values(row).execute()
  return { isFirst: known.length === 0 }
}

async function listLive(database: Database, userId: string): Promise<readonly NewUse[]> {
  const rows = await database.reader
    .selectFrom('token_uses')
    .innerJoin('sessions', 'sessions.id', 'token_uses.session_id')
    .select(['token_uses.session_id', 'section'])
    .select(({ fn }) => [fn.min('first_at').as('first_at'), fn.max('last_at').as('last_at'), fn.sum<number>('count').as('count')])
    .where('sessions.user_id', '=', userId)
    .where('ended_at', 'is', null)
    .groupBy(['token_uses.session_id', 'section'])
    .orderBy('last_at', 'desc')
    .execute()
  return rows.map((row) => ({
    sessionId: row.session_id,
    section: row.section,
    firstAt: toDate(Number(row.first_at)),
    lastAt: toDate(Number(row.last_at)),
    count: Number(row.count),
  }))
}

async function listAddresses(database: Database, userId: string): Promise<readonly SessionAddress[]> {
  const rows = await database.reader
    .selectFrom('session_addresses')
    .innerJoin('sessions', 'sessions.id', 'session_addresses.session_id')
    .select(['session_id', 'address', 'first_at'])
    .where('user_id', '=', userId)
    .where('ended_at', 'is', null)
    .orderBy('first_at')
    .execute()
  return rows.map((row) => ({ sessionId: row.session_id, address: row.address, at: toDate(row.first_at) }))
}
