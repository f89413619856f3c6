import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import { toEvent } from './audit-rows.ts'
import { type StoreContext, toDate } from './database.ts'
import type { Tables } from './schema.ts'
import type { AuditFilter, AuditSearch, NumberedEvent } from './store-of-audit.ts'

/** What is not shown unless it is asked for. */
const USE: readonly string[] = ['token.served', 'token.refreshed']

/** Lines looked through for one page where no index leads to those that are wanted. */
const WINDOW = 100_000

/** Lines are numbered when they are written, a while after their instant where the database was away. */
const DISORDER_MS = 24 * 60 * 60_000

type Query = SelectQueryBuilder<Tables, 'audit', Record<never, never>>
type Row = Parameters<typeof toEvent>[0]

/** Reads the audit by page, each from an index or a bounded piece of the table. */
export function auditSearch({ database }: StoreContext): AuditSearch {
  const lines = (): Query => database.reader.selectFrom('audit')
  return {
    search: (filter, page) => search(lines, filter, page),
    scan: (filter, page) => scan(lines, filter, page),
    newest: () => newestLine(lines),
    async actions() {
      // From one action to the next by the index; there are a few dozen among any number of lines.
      const { rows } = await sql<{ action: string }>`WITH RECURSIVE known(action) AS (
          SELECT min(action) FROM audit UNION ALL
          SELECT (SELECT min(action) FROM audit WHERE action > known.action) FROM known WHERE known.action IS NOT NULL
        ) SELECT action FROM known WHERE action IS NOT NULL`.execute(database.reader)
      return rows.map(({ action }) => action)
    },
    async countSince(action, since) {
      const { count } = await lines()
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('action', '=', action)
        .where('at', '>=', since.getTime())
        .executeTakeFirstOrThrow()
      return Number(count)
    },
  }
}

async function search(
  lines: () => Query,
  filter: AuditFilter,
  { limit, before }: Parameters<AuditSearch['search']>[1],
): ReturnType<AuditSearch['search']> {
  const newest = (await newestLine(lines))?.id ?? 0
  const ceiling = filter.until ? await firstLineSince(lines, filter.until.getTime() + DISORDER_MS, newest + 1) : newest + 1
  const from = Math.min(before ?? ceiling, ceiling)
  const floor = filter.from ? await firstLineSince(lines, filter.from.getTime() - DISORDER_MS, newest + 1) : 0
  const bottom = isIndexed(filter) ? floor : Math.max(floor, from - WINDOW)
  const found = await Promise.all(
    variantsOf(filter).map((narrow) =>
      narrow(common(lines(), filter))
        .selectAll()
        .where('id', '<', from)
        .where('id', '>=', bottom)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute(),
    ),
  )
  const events = merged(found, (a, b) => b.id - a.id).slice(0, limit)
  const last = events.at(-1)
  if (events.length === limit && last) return { events, next: last.id }
  return bottom > floor ? { events, next: bottom } : { events }
}

async function scan(
  lines: () => Query,
  filter: AuditFilter,
  { limit, after = 0, last }: Parameters<AuditSearch['scan']>[1],
): ReturnType<AuditSearch['scan']> {
  const from = filter.from ? await firstLineSince(lines, filter.from.getTime() - DISORDER_MS, last + 1) : 0
  const bottom = Math.max(after + 1, from)
  const top = isIndexed(filter) ? last : Math.min(last, bottom + WINDOW)
  const found = await Promise.all(
    variantsOf(filter).map((narrow) =>
      narrow(common(lines(), filter))
        .selectAll()
        .where('id', '>=', bottom)
        .where('id', '<=', top)
        .orderBy('id')
        .limit(limit)
        .execute(),
    ),
  )
  const events = merged(found, (a, b) => a.id - b.id).slice(0, limit)
  const end = events.at(-1)
  if (events.length === limit && end) return { events, next: end.id }
  return top < last ? { events, next: top } : { events }
}

/** Whether an index leads to the lines; for a section among hand-outs there is none, which would cost every hand-out. */
function isIndexed({ userName, action, section, withUse }: AuditFilter): boolean {
  if (section === undefined || userName !== undefined) return true
  return action === undefined ? !withUse : !USE.includes(action)
}

/** About whom and by whom are two indexes, and one query over both would read all lines of that person. */
function variantsOf({ userName }: AuditFilter): readonly ((query: Query) => Query)[] {
  if (userName === undefined) return [(query) => query]
  return [(query) => query.where('user_name', '=', userName), (query) => query.where('by_name', '=', userName)]
}

function common(query: Query, { action, section, reference, from, until, withUse }: AuditFilter): Query {
  let narrowed = query
  // In the words of the indexes, so that they are used.
  if (action === undefined && !withUse)
    narrowed = narrowed.where(sql<SqlBool>`action <> 'token.served'`).where(sql<SqlBool>`action <> 'token.refreshed'`)
  if (action !== undefined) narrowed = narrowed.where('action', '=', action)
  if (section !== undefined) narrowed = narrowed.where('section', '=', section)
  if (reference !== undefined) narrowed = narrowed.where('reference', '=', reference)
  if (from) narrowed = narrowed.where('at', '>=', from.getTime())
  if (until) narrowed = narrowed.where('at', '<', until.getTime())
  return narrowed
}

/** Lines of both variants, each once. */
function merged(found: readonly (readonly Row[])[], order: (a: NumberedEvent, b: NumberedEvent) => number): NumberedEvent[] {
  const byId = new Map(found.flat().map((row) => [Number(row.id), { id: Number(row.id), ...toEvent(row) }]))
  return [...byId.values()].sort(order)
}

async function newestLine(lines: () => Query): Promise<{ id: number; at: Date } | undefined> {
  const row = await lines().select(['id', 'at']).orderBy('id', 'desc').limit(1).executeTakeFirst()
  return row && { id: Number(row.id), at: toDate(row.at) }
}

/** The number of the first line at or after an instant, by halving; `top` when there is none. Numbers may have gaps. */
async function firstLineSince(lines: () => Query, atMs: number, top: number): Promise<number> {
  let [low, high] = [0, top]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const row = await lines().select(['id', 'at']).where('id', '>=', middle).orderBy('id').limit(1).executeTakeFirst()
    if (row && Number(row.id) < top && row.at < atMs) low = Number(row.id) + 1
    else high = middle
  }
  return low
}
