import type { StoreContext } from './database.ts'
import { toDate } from './database.ts'
import type { CountedUser } from './store.ts'
import { toUser } from './user-rows.ts'

/** Everybody with what they have: four reads, whatever the number of people. */
export async function listWithCounts(
  { database, effects }: StoreContext,
  { idleMs, absoluteMs }: { idleMs: number; absoluteMs: number },
): Promise<readonly CountedUser[]> {
  const now = effects.now().getTime()
  const { reader } = database
  const [users, tokens, sessions, browsers] = await Promise.all([
    reader.selectFrom('users').selectAll().orderBy('name_folded').execute(),
    reader
      .selectFrom('oauth2_tokens')
      .select(({ fn }) => ['user_id', fn.countAll<number>().as('count'), fn.max('last_used_at').as('last_at')])
      .groupBy('user_id')
      .execute(),
    reader
      .selectFrom('sessions')
      .select(({ fn }) => ['user_id', fn.countAll<number>().as('count')])
      .where('ended_at', 'is', null)
      .groupBy('user_id')
      .execute(),
    reader
      .selectFrom('browser_sessions')
      .select(({ fn }) => ['user_id', fn.countAll<number>().as('count'), fn.max('last_seen_at').as('last_at')])
      .where('last_seen_at', '>=', now - idleMs)
      .where('created_at', '>=', now - absoluteMs)
      .groupBy('user_id')
      .execute(),
  ])
  const [ofTokens, ofSessions, ofBrowsers] = [byUser(tokens), byUser(sessions), byUser(browsers)]
  return users.map((row) => {
    const lastMs = Math.max(Number(ofTokens.get(row.id)?.last_at ?? 0), Number(ofBrowsers.get(row.id)?.last_at ?? 0))
    return {
      user: toUser(row),
      signIns: Number(ofTokens.get(row.id)?.count ?? 0),
      sessions: Number(ofSessions.get(row.id)?.count ?? 0),
      browsers: Number(ofBrowsers.get(row.id)?.count ?? 0),
      ...(lastMs === 0 ? {} : { lastSeenAt: toDate(lastMs) }),
    }
  })
}

function byUser<Row extends { readonly user_id: string }>(rows: readonly Row[]): ReadonlyMap<string, Row> {
  return new Map(rows.map((row) => [row.user_id, row]))
}
