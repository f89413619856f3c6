import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminSessionOpened } from '../src/domain/admin-api.ts'
import { type RunningAuthorizationServer, startAuthorizationServer } from '../testing/authorization-server.ts'
import type { Running } from '../testing/command-line.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  fetchToken,
  openSession,
  prepareServer,
  type RawReply,
  removeFiles,
  runAdmin,
  type ServerFiles,
  startServeProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

const PASSWORD = 'correct horse battery staple'
const CALLERS = 50
const LIFE_SECONDS = 3

/**
 * oidc-provider rotates strictly: a refresh token used twice ends the whole grant. So one request too many does not only
 * count, it breaks every later one.
 */
describe(`${CALLERS} simultaneous callers on one expired token`, () => {
  let first: ServerFiles
  let second: ServerFiles
  let provider: RunningAuthorizationServer
  let session: AdminSessionOpened
  let uid: string
  const processes: Running[] = []

  beforeAll(async () => {
    first = await prepareServer()
    second = await prepareServer()
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
    for (const files of [first, second]) writeOauthClients(files, section)
    processes.push(await startServeProcess(first))
    shareDatabase(first, second)
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

  it('a locked user gets nothing on the next request in either process', async () => {
    await runAdmin(first, ['user', 'lock', 'demo'])
    for (const files of [first, second]) expect((await fetchToken(files, session.cookie, uid)).status).toBe(401)
  })

  async function expectOneRefresh(serverOf: (n: number) => ServerFiles): Promise<void> {
    await untilExpired()
    const before = provider.countTokenRequests('refresh_token')
    const replies = await Promise.all(Array.from({ length: CALLERS }, (_, n) => fetchToken(serverOf(n), session.cookie, uid)))
    expect(replies.map(({ status }) => status)).toEqual(Array(CALLERS).fill(200))
    expect(new Set(replies.map(tokenOf)).size).toBe(1)
    expect(provider.countTokenRequests('refresh_token') - before).toBe(1)
  }

  /** The service's own word for it: the stored token is refused there. */
  async function untilExpired(): Promise<void> {
    const token = tokenOf(await fetchToken(first, session.cookie, uid))
    await expect
      .poll(async () => (await fetch(provider.resourceUrl, { headers: { authorization: `Bearer ${token}` } })).status, {
        timeout: 20_000,
        interval: 200,
      })
      .toBe(401)
  }
})

function tokenOf(reply: RawReply): string {
  const { access_token: token } = JSON.parse(reply.body) as { access_token?: string }
  if (token === undefined) throw new Error(reply.body)
  return token
}

/** A second node on one machine: its own port, data directory and admin socket, the first one's database and keys. */
function shareDatabase(first: ServerFiles, second: ServerFiles): void {
  writeFileSync(join(second.configDir, 'database.conf'), `provider=sqlite\ndirectory=${first.dataDir}\n`, { mode: 0o600 })
  mkdirSync(second.dataDir, { recursive: true, mode: 0o700 })
  copyFileSync(join(first.dataDir, 'key-ring'), join(second.dataDir, 'key-ring'))
}
