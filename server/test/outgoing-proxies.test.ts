import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { AdminSessionOpened } from '../src/domain/admin-api.ts'
import type { Effects } from '../src/domain/effects.ts'
import type { WayOut } from '../src/domain/integration.ts'
import { realEffects } from '../src/effects.ts'
import { createAuthorizationServers } from '../src/oauth/create.ts'
import { type RunningAuthorizationServer, startAuthorizationServer } from '../testing/authorization-server.ts'
import { grant, reset } from '../testing/behaviours.ts'
import { integrationOf } from '../testing/broker-room.ts'
import { type Authority, type Leaf, makeAuthority, makeLeaf } from '../testing/certificates.ts'
import { completeInteraction } from '../testing/complete-interaction.ts'
import { type OutgoingProxyServer, startSquid, startTinyproxy } from '../testing/outgoing-proxies.ts'
import { type ScriptedProvider, startScriptedProvider } from '../testing/scripted-provider.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  askAdmin,
  fetchToken,
  openSession,
  prepareServer,
  removeFiles,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

/** Requests through real proxies: squid and tinyproxy, each with rules of its own. */

const USER = { userName: 'bench', password: 'pa:ss+w@rd' } as const
const PASSWORD = encodeURIComponent(USER.password)
/** A name that only squid knows. */
const SERVICE = 'service.example'

let authority: Authority
let leaf: Leaf

beforeAll(async () => {
  authority = await makeAuthority()
  leaf = await makeLeaf(authority, ['localhost', SERVICE, '127.0.0.1'])
})

describe('a token request', () => {
  const running: { close(): Promise<void> }[] = []
  let provider: ScriptedProvider

  beforeAll(async () => {
    provider = await startScriptedProvider({ tls: leaf })
  })
  afterEach(async () => {
    provider.always(grant())
    for (const proxy of running.splice(0)) await proxy.close()
  })
  afterAll(() => provider.close())

  async function up(starting: Promise<OutgoingProxyServer>): Promise<OutgoingProxyServer> {
    const proxy = await starting
    running.push(proxy)
    return proxy
  }

  /** Its outcome, with the proxy's address as {p}. */
  async function refresh(
    proxy: Exclude<WayOut['proxy'], 'none' | undefined>,
    host = 'localhost',
    effects: Effects = realEffects(),
  ) {
    const tokenUrl = `https://${host.includes(':') ? host : `${host}:${provider.port}`}/token`
    const integration = integrationOf({ section: 'box', tokenUrl, extraCa: authority.pem, proxy })
    const { refreshToken } = provider.ledger.signIn()
    const before = provider.requests.length
    const servers = createAuthorizationServers({ effects, allowLoopback: true })
    const outcome = await servers.refresh(integration, { refreshToken, mayLeave: () => true })
    if (outcome.kind === 'success') return 'success'
    expect(outcome.kind === 'not_sent' ? provider.requests.length : before).toBe(before)
    const why = outcome.kind === 'not_sent' ? `not sent (${outcome.cause})` : outcome.kind
    return `${why}: ${outcome.words.replace(`127.0.0.1:${proxy.port}`, '{p}')}`
  }

  const at = (proxy: OutgoingProxyServer) => ({ protocol: 'http', host: '127.0.0.1', port: proxy.port }) as const

  test('passes squid to a host whose name squid alone can look up', async () => {
    const squid = await up(startSquid({ allowed: [SERVICE], hosts: [SERVICE] }))
    expect(await refresh(at(squid), SERVICE)).toBe('success')
    await expect.poll(() => squid.log()).toMatch(/TCP_TUNNEL\/200 \d+ CONNECT service\.example:/)
  })

  test('is denied by squid for another host, and told when squid does not reach one', async () => {
    const squid = await up(startSquid({ allowed: [SERVICE], hosts: [SERVICE] }))
    expect(await refresh(at(squid))).toBe('not sent (proxy): the proxy {p} does not allow this host')
    expect(await refresh(at(squid), `${SERVICE}:1`)).toBe(
      'not sent (network): the proxy {p} could not connect to it (answered 503)',
    )
  })

  test('has to show squid a password', async () => {
    const squid = await up(startSquid({ allowed: ['localhost'], credentials: USER }))
    expect(await refresh(at(squid))).toBe('not sent (proxy): the proxy {p} asked for a password')
    expect(await refresh({ ...at(squid), userName: 'bench', password: 'wrong' })).toBe(
      'not sent (proxy): the proxy {p} does not accept its user name and password',
    )
    expect(await refresh({ ...at(squid), ...USER })).toBe('success')
  })

  test('reaches squid itself by TLS', async () => {
    const squid = await up(startSquid({ allowed: ['localhost'], tls: leaf }))
    expect(await refresh({ ...at(squid), protocol: 'https' })).toBe('success')
    expect(await refresh(at(squid))).toMatch(/^not sent \((network|proxy)\): the proxy \{p\} /)
  })

  test('waits for no squid that hangs, and says so of one that is gone', async () => {
    const squid = await up(startSquid({ allowed: ['localhost'] }))
    squid.freeze()
    const { sleep, ...effects } = realEffects()
    const early = { ...effects, sleep: (ms: number, signal?: AbortSignal) => sleep(ms === 5_000 ? 500 : ms, signal) }
    expect(await refresh(at(squid), 'localhost', early)).toBe(
      'not sent (network): the proxy {p} did not connect to it: timed out after 5 s',
    )
    squid.goOn()
    expect(await refresh(at(squid))).toBe('success')
    running.splice(0)
    await squid.close()
    expect(await refresh(at(squid))).toBe('not sent (network): the proxy {p} refused the connection')
  })

  test('that the service cuts off in the tunnel is perhaps sent, as without a proxy', async () => {
    const squid = await up(startSquid({ allowed: ['localhost'] }))
    provider.always(reset())
    expect(await refresh(at(squid))).toBe('uncertain: closed the connection')
    provider.onConnection((socket) => void socket.destroy())
    expect(await refresh(at(squid))).toBe('not sent (network): closed the connection through the proxy {p}')
    provider.onConnection(undefined)
  })

  test('passes tinyproxy, or not: hosts, ports, a service that is down', async () => {
    const tinyproxy = await up(startTinyproxy({ allowed: ['localhost'], connectPort: provider.port }))
    expect(await refresh(at(tinyproxy))).toBe('success')
    expect(await refresh(at(tinyproxy), 'other.example')).toBe('not sent (proxy): the proxy {p} does not allow this host')
    const elsewhere = await up(startTinyproxy({ allowed: ['localhost'], connectPort: 1 }))
    expect(await refresh(at(elsewhere))).toBe('not sent (proxy): the proxy {p} does not allow this host')
  })

  test('has to show tinyproxy a password', async () => {
    const credentials = { userName: 'bench', password: 'secret' }
    const tinyproxy = await up(startTinyproxy({ allowed: ['localhost'], connectPort: provider.port, credentials }))
    expect(await refresh(at(tinyproxy))).toBe('not sent (proxy): the proxy {p} asked for a password')
    expect(await refresh({ ...at(tinyproxy), userName: 'bench', password: 'wrong' })).toBe(
      'not sent (proxy): the proxy {p} does not accept its user name and password',
    )
    expect(await refresh({ ...at(tinyproxy), ...credentials })).toBe('success')
  })

  test('in plain http passes squid by its whole address', async () => {
    const squid = await up(startSquid({ allowed: ['localhost'], credentials: USER }))
    const plain = await startScriptedProvider()
    running.push(plain)
    const integration = integrationOf({ section: 'box', tokenUrl: `http://localhost:${plain.port}/token` })
    const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: true })
    const ask = (proxy: WayOut['proxy']) =>
      servers.refresh(
        { ...integration, ...(proxy && { proxy }) },
        { refreshToken: plain.ledger.signIn().refreshToken, mayLeave: () => true },
      )
    expect(await ask({ ...at(squid), ...USER })).toMatchObject({ kind: 'success' })
    expect(await ask(at(squid))).toMatchObject({ kind: 'not_sent', cause: 'proxy' })
    expect(JSON.stringify(plain.requests.map(({ rawHeaders }) => rawHeaders))).not.toMatch(/proxy-authorization/i)
    await expect.poll(() => squid.log()).toMatch(/\/200 \d+ POST http:\/\/localhost:/)
  })
})

describe('the whole trip behind squid', () => {
  let files: ServerFiles
  let service: RunningAuthorizationServer
  let squid: OutgoingProxyServer
  let server: ServerInProcess
  let browser: PlainBrowser
  let session: AdminSessionOpened

  beforeAll(async () => {
    squid = await startSquid({ allowed: [SERVICE], hosts: [SERVICE], credentials: USER })
    files = await prepareServer()
    const client = { id: 'demo', secret: 's3cret', method: 'client-secret-post', redirectUris: [files.redirectUri] } as const
    service = await startAuthorizationServer({
      clients: [client],
      rotate: true,
      accessTokenSeconds: 2,
      host: 'localhost',
      tls: leaf,
    })
    writeFileSync(join(files.configDir, 'corp.pem'), authority.pem)
    writeEnvVars(PASSWORD)
    configure(SERVICE)
    server = await startInProcess(files)
    await askAdmin(files, 'POST', '/users', { name: 'ada', password: 'correct horse battery staple', isAdmin: false })
    browser = new PlainBrowser(files)
    await browser.logIn('ada', 'correct horse battery staple')
    session = await openSession(files, 'ada')
  })

  afterAll(async () => {
    await server.close()
    await service.close()
    await squid.close()
    removeFiles(files)
  })

  function writeEnvVars(password: string): void {
    const lines = [`https_proxy="http://bench:${password}@localhost:${squid.port}"`, 'NODE_EXTRA_CA_CERTS=corp.pem']
    writeFileSync(join(files.configDir, 'env-vars'), `${lines.join('\n')}\n`, { mode: 0o600 })
  }

  function configure(host: string): void {
    const at = `https://${host}:${service.port}`
    writeOauthClients(
      files,
      `[demo]\nclient-id=demo\nclient-secret=s3cret\nauthorization-url=${service.authorizationUrl}\n` +
        `token-url=${at}/token\nrevocation-url=${at}/token/revocation\nscopes=openid read\n`,
    )
  }

  async function fetchJson(): Promise<Record<string, string>> {
    const { body } = await fetchToken(files, session.cookie, await browser.uidOf('demo'))
    return JSON.parse(body) as Record<string, string>
  }

  /** A token of 2 s is stale within one. */
  async function refreshed(): Promise<void> {
    const before = service.countTokenRequests('refresh_token')
    const refreshes = async () => {
      await fetchJson()
      return service.countTokenRequests('refresh_token')
    }
    await expect.poll(refreshes).toBeGreaterThan(before)
  }

  test('signs in and refreshes', async () => {
    const uid = await browser.uidOf('demo')
    const back = await completeInteraction(await browser.start(uid), { userName: 'ada', ca: authority.pem })
    expect((await browser.visit(back)).status).toBe(303)
    await refreshed()
    await expect.poll(() => squid.log().match(/TCP_TUNNEL\/200 \d+ CONNECT service\.example:/g)?.length).toBeGreaterThanOrEqual(2)
  })

  test('a password that squid refuses is a trouble of the connection: told as the proxy’s, and nobody signs in again', async () => {
    writeEnvVars('wrong')
    expect((await server.reload()).applied).toBe(true)
    const words = `the proxy localhost:${squid.port} does not accept its user name and password`
    await expect.poll(fetchJson).toMatchObject({
      code: 'configuration_error',
      reason: 'connection',
      explanation: expect.stringContaining(`${words}. Your sign-in is kept.`),
    })
    const told = [JSON.stringify(await askAdmin(files, 'GET', '/health')), server.log()].join('\n')
    expect(told).toContain(words)
    expect(told).toContain('Whoever runs the proxy corrects it, or an administrator env-vars or proxy of [demo]')
    expect(told).not.toContain('wrong@')
    expect(told).not.toContain(USER.password)
    writeEnvVars(PASSWORD)
    expect((await server.reload()).applied).toBe(true)
    await refreshed()
  })

  test('signs out: the tokens are revoked at the service', async () => {
    const reply = await browser.ask(`/api/integrations/${await browser.uidOf('demo')}/sign-out`, {})
    expect(reply.status).toBe(200)
    await expect.poll(() => service.revocations).toEqual([200, 200])
  })
})
