import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminSessionOpened } from '../src/domain/admin-api.ts'
import { type RunningAuthorizationServer, startAuthorizationServer } from '../testing/authorization-server.ts'
import type { Running } from '../testing/command-line.ts'
import { completeInteraction } from '../testing/complete-interaction.ts'
import { editDatabase } from '../testing/edit-database.ts'
import { startPostgres } from '../testing/postgres.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  fetchToken,
  openSession,
  prepareNode,
  prepareServer,
  type RawReply,
  removeFiles,
  runAdmin,
  type ServerFiles,
  startServeProcess,
  writeDatabaseConf,
  writeOauthClients,
} from '../testing/start-server.ts'

/** The lines of `database.conf` of both processes, how it is changed beside them, and how it is ended. */
interface SharedDatabase {
  readonly lines: readonly string[]
  run(statement: string): Promise<unknown>
  close(): Promise<void>
}

/** How two server processes come to share a database. */
const DATABASES: Readonly<Record<string, (first: ServerFiles) => Promise<SharedDatabase>>> = {
  SQLite: async (first) => ({
    lines: ['provider=sqlite', `directory=${first.dataDir}`],
    run: (statement) => editDatabase(first, (database) => database.exec(statement)),
    close: async () => {},
  }),
  PostgreSQL: async () => {
    const postgres = await startPostgres()
    const { uri, run } = await postgres.createDatabase()
    const lines = ['provider=postgresql', `connection-uri=${uri}`, `ssl-ca-certificate=${postgres.caFile}`]
    return { lines, run: (statement) => run(statement), close: () => postgres.close() }
  },
}

const PASSWORD = 'correct horse battery staple'
const CALLERS = 50
/** No token ends by itself while 50 callers are answered, however long that takes. */
const LIFE_SECONDS = 600

/**
 * oidc-provider rotates strictly: a refresh token used twice ends the whole grant. So one request too many does not only
 * count, it breaks every later one.
 */
describe.each(Object.keys(DATABASES))(`${CALLERS} simultaneous callers on one expired token on %s`, (kind) => {
  let database: SharedDatabase | undefined
  let first: ServerFiles
  let second: ServerFiles
  let provider: RunningAuthorizationServer
  let session: AdminSessionOpened
  let uid: string
  const processes: Running[] = []

  beforeAll(async () => {
    first = await prepareServer()
    const client = {
      id: 'demo',
      secret: 'a-long-demo-secret',
      method: 'client-secret-post' as const,
      redirectUris: [first.redirectUri],
    }
    provider = await startAuthorizationServer({ clients: [client], rotate: true, accessTokenSeconds: LIFE_SECONDS })
    const section = `[demo]
client-id = demo
client-secret = a-long-demo-secret
authorization-url = ${provider.authorizationUrl}
token-url = ${provider.tokenUrl}
scopes = openid
`
    writeOauthClients(first, section)
    second = await prepareNode(first)
    database = await DATABASES[kind]?.(first)
    for (const files of [first, second]) writeDatabaseConf(files, database?.lines ?? [])
    processes.push(await startServeProcess(first))
    shareKeyRing(first, second)
    processes.push(await startServeProcess(second))
    await runAdmin(first, ['user', 'add', 'demo', '--password-stdin'], `${PASSWORD}\n`)
    const browser = new PlainBrowser(first)
    await browser.logIn('demo', PASSWORD)
    uid = await browser.signIn('demo')
    session = await openSession(first, 'demo')
  })

  afterAll(async () => {
    for (const { child } of processes) child.kill('SIGTERM')
    const ended = await Promise.all(processes.map(({ finished }) => finished))
    await provider.close()
    await database?.close()
    for (const files of [first, second]) removeFiles(files)
    expect(ended.map(({ code }) => code)).toEqual([0, 0])
  })

  it('in one process: 1 token request and 50 answers with the same token', async () => {
    await expectOneRefresh(() => first)
  })

  it('in two processes on one database: 1 token request and 50 answers with the same token', async () => {
    await expectOneRefresh((n) => (n % 2 === 0 ? first : second))
  })

  it('and again: the chain of refresh tokens lives on in both processes', async () => {
    await expectOneRefresh((n) => (n % 2 === 0 ? second : first))
  })

  it('a sign-out in one process is effective on the next request in the other', async () => {
    const browser = new PlainBrowser(first)
    await browser.logIn('demo', PASSWORD)
    expect((await fetchToken(second, session.cookie, uid)).body).toContain('access_token')
    expect((await browser.ask(`/api/integrations/${uid}/sign-out`, {})).status).toBeLessThan(300)
    const after = JSON.parse((await fetchToken(second, session.cookie, uid)).body) as { code?: string }
    expect(after.code).toBe('not_signed_in')
  })

  it('a sign-in that began in one process is finished by the other (F36)', async () => {
    const [here, there] = [new PlainBrowser(first), new PlainBrowser(second)]
    await here.logIn('demo', PASSWORD)
    const back = await completeInteraction(await here.start(uid), { userName: 'ada' })
    there.takeCookies(here)
    expect((await there.visit(back)).status).toBe(303)
    for (const files of [first, second]) expect((await fetchToken(files, session.cookie, uid)).body).toContain('access_token')
    expect((await here.visit(back)).status).toBe(400)
  })

  it('a locked user gets nothing on the next request in either process', async () => {
    await runAdmin(first, ['user', 'lock', 'demo'])
    for (const files of [first, second]) expect((await fetchToken(files, session.cookie, uid)).status).toBe(401)
  })

  async function expectOneRefresh(serverOf: (n: number) => ServerFiles): Promise<void> {
    await expire()
    const before = provider.countTokenRequests('refresh_token')
    const replies = await Promise.all(Array.from({ length: CALLERS }, (_, n) => fetchToken(serverOf(n), session.cookie, uid)))
    expect(replies.map(({ status }) => status)).toEqual(Array(CALLERS).fill(200))
    expect(new Set(replies.map(tokenOf)).size).toBe(1)
    expect(provider.countTokenRequests('refresh_token') - before).toBe(1)
  }

  /** As if an hour had passed since the token came. */
  async function expire(): Promise<void> {
    await database?.run(
      'UPDATE oauth2_tokens SET issued_at = issued_at - 3600000, expires_at = expires_at - 3600000, revision = revision + 1',
    )
  }
})

function tokenOf(reply: RawReply): string {
  const { access_token: token } = JSON.parse(reply.body) as { access_token?: string }
  if (token === undefined) throw new Error(reply.body)
  return token
}

/** As an administrator copies it to the next machine. */
function shareKeyRing(first: ServerFiles, second: ServerFiles): void {
  mkdirSync(second.dataDir, { recursive: true, mode: 0o700 })
  copyFileSync(join(first.dataDir, 'key-ring'), join(second.dataDir, 'key-ring'))
}
