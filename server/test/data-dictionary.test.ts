import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectFiles, sources } from '../../scripts/checks/files.ts'
import { rpcCookieHash } from '../src/broker/rpc-cookie.ts'
import { realEffects } from '../src/effects.ts'
import { openStore } from '../src/store/open.ts'
import type { Store } from '../src/store/store.ts'
import { type PostgresDatabaseForTests, type SomePostgres, somePostgres } from '../testing/postgres.ts'
import { openPostgres } from '../testing/postgres-store.ts'

const root = resolve(import.meta.dirname, '../..')
const page = readFileSync(join(root, 'docs/data-dictionary.md'), 'utf8')

/** `type` and whether it may be empty, by `table.column`. */
type Columns = Readonly<Record<string, string>>

/** What the page says: a heading `### \`table\`` and the rows of the table below it. */
function describedColumns(): Columns {
  const columns: Record<string, string> = {}
  let table: string | undefined
  for (const line of page.split('\n')) {
    if (line.startsWith('#')) table = /^### `(\w+)`$/.exec(line)?.[1]
    const [, name, type, mayBeEmpty, meaning] = /^\| `(\w+)` \| ([\w()]+) \| (yes)? ?\| (.+) \|$/.exec(line) ?? []
    if (table === undefined || name === undefined) continue
    expect(meaning, `${table}.${name} has no meaning`).not.toBe('')
    expect(columns[`${table}.${name}`], `${table}.${name} stands twice`).toBeUndefined()
    columns[`${table}.${name}`] = typed(type ?? '', mayBeEmpty === 'yes')
  }
  return columns
}

const typed = (type: string, mayBeEmpty: boolean): string => `${type.toLowerCase()}${mayBeEmpty ? ', may be empty' : ''}`

const queries = [...page.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, query = '']) => query.trim())

/** One of everything the queries ask for. */
async function fill(store: Store): Promise<void> {
  const at = store.now()
  const ann = await store.users.create({ name: 'ann', passwordHash: 'x', isAdmin: false })
  const bob = await store.users.create({ name: 'bob', passwordHash: 'x', isAdmin: false })
  const ids = await store.integrations.ensure([
    { uid: '11111111-1111-4111-8111-111111111111', section: 'demo' },
    { uid: '22222222-2222-4222-8222-222222222222', section: 'lab' },
  ])
  const [demo = '', lab = ''] = [...ids.values()]
  const holder = { nodeId: 'n', incarnation: 'i', pid: 1, startTime: '1', bootId: 'b' }
  await store.nodes.beat({ holder, host: 'bk-1', version: '1', startedAt: at, configurationHash: 'h' })
  for (const [userId, integrationId, refreshToken] of [
    [ann.id, demo, 'refresh'],
    [bob.id, demo, undefined],
    [bob.id, lab, 'refresh'],
  ] as const) {
    const secrets = { accessToken: 'access', ...(refreshToken === undefined ? {} : { refreshToken }) }
    const reply = { secrets, tokenType: 'Bearer', issuedAt: at, expiresAt: new Date(Date.UTC(2030, 0, 2, 3, 4, 5)) }
    await store.tokens.create({ userId, integrationId, scopesAsked: [], clientFingerprint: 'f', reply })
  }
  const damaged = await store.tokens.find(bob.id, demo)
  await store.tokens.markUnreadable(damaged?.id ?? '', 1, at)
  const troubled = { kind: 'client', words: 'answered 401', since: at, retryAt: at, configurationHash: 'c' } as const
  await store.integrations.setTrouble(lab, troubled)
  await store.integrations.claimExpiryDay(lab, '2026-11-23')
  const cookie = { cookieHash: rpcCookieHash('c'), cookieExpiresAt: new Date(at.getTime() + 60_000) }
  const session = await store.sessions.create({ userName: 'ann', name: 'Rscript', ...cookie })
  const served = {
    action: 'token.served',
    outcome: 'ok',
    userName: 'ann',
    sessionId: session.id,
    sessionName: 'Rscript',
  } as const
  await store.audit.append([
    { at, ...served, section: 'demo', count: 3 },
    { at, ...served, section: 'demo', count: 4 },
    { at, action: 'login.refused', outcome: 'refused', userName: 'eve', detail: 'wrong password' },
  ])
}

/** What the queries of the page answer then, in their order; instants aside. */
const ANSWERS: readonly (readonly object[])[] = [
  [
    { name: 'ann', section: 'demo', has_refresh_token: 1 },
    { name: 'bob', section: 'demo', has_refresh_token: 0 },
    { name: 'bob', section: 'lab', has_refresh_token: 1 },
  ],
  [
    { section: 'demo', sign_ins: 2, with_refresh_token: 1, to_sign_in_again: 1 },
    { section: 'lab', sign_ins: 1, with_refresh_token: 1, to_sign_in_again: 0 },
  ],
  [],
  [{ user_name: 'ann', session_name: 'Rscript', times: 7 }],
  [{ action: 'login.refused', user_name: 'eve', section: null, detail: 'wrong password' }],
  [{ section: 'lab', trouble_kind: 'client', trouble_words: 'answered 401' }],
]

describe('the data dictionary', () => {
  const described = describedColumns()
  let directory: string
  let store: Store
  let sqlite: DatabaseSync
  let postgres: SomePostgres
  let postgresStore: Store
  let postgresDatabase: PostgresDatabaseForTests

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'benchkey-dictionary-'))
    store = await openStore({ directory, dataDir: directory, uid: process.getuid?.() ?? 0, effects: realEffects() })
    await fill(store)
    sqlite = new DatabaseSync(join(directory, 'benchkey.db'), { readOnly: true })
    postgres = await somePostgres()
    postgresDatabase = await postgres.createDatabase()
    postgresStore = await openPostgres(postgresDatabase, { directory: mkdtempSync(join(directory, 'keys-')) })
    await fill(postgresStore)
  })

  afterAll(async () => {
    sqlite.close()
    await Promise.all([store.close(), postgresStore.close()])
    await postgresDatabase.drop()
    await postgres.close()
    rmSync(directory, { recursive: true })
  })

  it('has every table and column of a SQLite database, its type, whether it may be empty, and nothing else', () => {
    const rows = sqlite
      .prepare(
        `SELECT t.name || '.' || c.name AS name, c.type, c."notnull" AS strict, c.pk FROM sqlite_master t, pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'`,
      )
      .all() as { name: string; type: string; strict: number; pk: number }[]
    const real = Object.fromEntries(rows.map(({ name, type, strict, pk }) => [name, typed(type, strict === 0 && pk === 0)]))
    expect(described).toEqual(real)
  })

  it('has every table and column of a PostgreSQL database, whether it may be empty, and nothing else', async () => {
    const rows = await postgresDatabase.run(
      "SELECT table_name || '.' || column_name AS name, is_nullable FROM information_schema.columns WHERE table_schema = 'public'",
    )
    const emptiness = (columns: readonly (readonly [string, boolean])[]) => Object.fromEntries(columns)
    const real = emptiness(rows.map(({ name, is_nullable: nullable }) => [String(name), nullable === 'YES']))
    expect(emptiness(Object.entries(described).map(([name, type]) => [name, type.endsWith('may be empty')]))).toEqual(real)
  })

  it('names every action of the audit, and no other', () => {
    const list = page.slice(page.indexOf('#### Actions'), page.indexOf('### `nodes`'))
    const cells = [...list.matchAll(/^\| (`.*?) \|/gm)].map(([, cell = '']) => cell)
    const named = cells.flatMap((cell) => cell.split(', ').map((action) => action.replaceAll('`', '')))
    const broker = sources(projectFiles(root), 'server/src/broker/').map(({ text }) => text)
    const families = [
      ...['login', 'client_secret', 'sign_in', 'stored_token', 'audit', 'token', 'revocation', 'session', 'service', 'terminal'],
      ...['user', 'configuration', 'integration', 'server'],
    ].join('|')
    const written = broker.flatMap((text) => [
      ...[...text.matchAll(new RegExp(`'((?:${families})\\.[a-z_]+)'`, 'g'))].map(([, action]) => action),
      ...[...text.matchAll(/action: '([a-z_]+)'/g)].map(([, action]) => action),
    ])
    expect(named.toSorted()).toEqual([...new Set(written)].toSorted())
  })

  it('has an answer for each of its questions', () => expect(queries).toHaveLength(ANSWERS.length))

  it.each(queries.map((query, index) => [index, query] as const))('question %i is answered by SQLite', (index, query) => {
    const rows = sqlite.prepare(query).all()
    expect(rows).toMatchObject(ANSWERS[index] ?? [])
    expect(rows).toHaveLength(ANSWERS[index]?.length ?? -1)
    if (index === 0) expect(rows[0]?.expires).toBe('2030-01-02 03:04:05')
  })

  it.each(queries.map((query, index) => [index, query] as const))(
    'question %i is answered by PostgreSQL',
    async (index, query) => {
      // As the page says: the one thing that differs.
      const rows = await postgresDatabase.run(
        query.replace(/datetime\((.*?) \/ 1000, 'unixepoch'\)/g, 'to_timestamp($1 / 1000.0)'),
      )
      const numbers = rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, /^\d+$/.test(String(value)) ? Number(value) : value]),
        ),
      )
      expect(numbers).toMatchObject(ANSWERS[index] ?? [])
      expect(numbers).toHaveLength(ANSWERS[index]?.length ?? -1)
      if (index === 0) expect(rows[0]?.expires).toEqual(new Date(Date.UTC(2030, 0, 2, 3, 4, 5)))
    },
  )
})
