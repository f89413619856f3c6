import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { integrationOf } from '../../testing/broker-room.ts'
import { type Authority, makeAuthority, makeLeaf } from '../../testing/certificates.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../testing/scripted-provider.ts'
import { answers, type ProxyBehaviour, type ScriptedProxy, startScriptedProxy } from '../../testing/scripted-proxy.ts'
import type { Effects } from '../domain/effects.ts'
import type { OutgoingProxy } from '../domain/outgoing.ts'
import { realEffects } from '../effects.ts'
import { openConnection } from './connection.ts'
import type { ConnectionEvent } from './connection-events.ts'
import { type AuthorizationServersOptions, createAuthorizationServers } from './create.ts'
import { routeOf } from './route.ts'
import { connectionPolicies } from './trust.ts'

const PASSWORD = 'pa:ss/w@rd ü'
let authority: Authority
let provider: ScriptedProvider
let proxy: ScriptedProxy
const running: { close(): Promise<unknown> }[] = []

beforeAll(async () => {
  authority = await makeAuthority()
})

afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
})

async function begin(tlsNames?: readonly string[]): Promise<void> {
  provider = await startScriptedProvider({ tls: await makeLeaf(authority, ['localhost']) })
  proxy = await startScriptedProxy(tlsNames ? { tls: await makeLeaf(authority, tlsNames) } : {})
  running.push(provider, proxy)
}

/** An integration at `localhost` behind the proxy. */
function proxied(changes: Partial<OutgoingProxy> = {}, tokenUrl = `https://localhost:${provider.port}/token`) {
  const outgoing: OutgoingProxy = { protocol: 'http', host: '127.0.0.1', port: proxy.port, ...changes }
  return integrationOf({ section: 'box', tokenUrl, extraCa: authority.pem, proxy: outgoing })
}

interface Trial extends Partial<AuthorizationServersOptions> {
  readonly mayLeave?: () => boolean
}

function refresh(integration = proxied(), { mayLeave = () => true, ...options }: Trial = {}) {
  const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: true, ...options })
  return servers.refresh(integration, { refreshToken: provider.ledger.signIn().refreshToken, mayLeave })
}

const FORBIDDEN_TO_ASK = () => {
  throw new Error('the fence was asked without a tunnel')
}

/** Time that is up for the given limit as soon as the test says. */
function timeUpAfter(ms: number, when: () => Promise<unknown>): Effects {
  const sleep = async (asked: number, signal?: AbortSignal): Promise<void> => {
    if (asked === ms) await when()
    else await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  }
  return { ...realEffects(), sleep }
}

describe('a request through a proxy', () => {
  test('asks it for a tunnel to the name, and is TLS with the service inside', async () => {
    await begin()
    expect(await refresh()).toMatchObject({ kind: 'success' })
    const target = `localhost:${provider.port}`
    expect(proxy.heads).toEqual([`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nUser-Agent: Benchkey\r\n\r\n`])
    expect(provider.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /token'])
    await expect.poll(() => proxy.open).toBe(0)
  })

  test('gives user name and password to the proxy and to nobody else', async () => {
    await begin()
    expect(await refresh(proxied({ userName: 'bench', password: PASSWORD }))).toMatchObject({ kind: 'success' })
    const credentials = Buffer.from(`bench:${PASSWORD}`).toString('base64')
    expect(proxy.heads[0]).toContain(`\r\nProxy-Authorization: Basic ${credentials}\r\n`)
    expect(JSON.stringify(provider.requests[0]?.rawHeaders)).not.toMatch(/proxy/i)
  })

  test('reaches the proxy itself by TLS', async () => {
    await begin(['127.0.0.1'])
    expect(await refresh(proxied({ protocol: 'https' }))).toMatchObject({ kind: 'success' })
    await expect.poll(() => proxy.open).toBe(0)
  })

  test('the send fence is asked once, in the tunnel; closed, no byte reaches the service', async () => {
    await begin()
    const mayLeave = vi.fn(() => false)
    const outcome = await refresh(proxied(), { mayLeave })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'fence', words: 'the right to send had lapsed' })
    expect(mayLeave).toHaveBeenCalledTimes(1)
    expect([provider.bytesReceived, provider.requests.length]).toEqual([0, 0])
  })

  test('of a validation URL takes the same way', async () => {
    await begin()
    const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: true })
    const integration = {
      ...proxied(),
      validateUrl: `https://localhost:${provider.port}/me`,
      revocationUrl: provider.revocationUrl,
    }
    await servers.validate(integration, 'at')
    expect(provider.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /me'])
    expect(proxy.heads).toHaveLength(1)
  })
})

describe('a proxy that lets nothing pass', () => {
  const cases: readonly (readonly [what: string, ProxyBehaviour, cause: string, words: string])[] = [
    [
      'asks for a password',
      answers('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="a"\r\nContent-Length: 2\r\n\r\nno'),
      'proxy',
      'the proxy {p} asked for a password',
    ],
    [
      'knows Kerberos only',
      answers('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: NTLM\r\n\r\n'),
      'proxy',
      'the proxy {p} asked for another log-in than a password (Basic)',
    ],
    ['denies the host', answers('HTTP/1.0 403 Filtered\r\n\r\n'), 'proxy', 'the proxy {p} does not allow this host'],
    ['sends elsewhere', answers('HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n'), 'proxy', 'the proxy {p} answered 302'],
    ['makes no tunnels', answers('HTTP/1.1 405 Method Not Allowed\r\n\r\n'), 'proxy', 'the proxy {p} answered 405'],
    ['speaks no HTTP', answers('220 mail.example ESMTP\r\n\r\n'), 'proxy', 'the proxy {p} answered something that is not HTTP'],
    ['never ends its head', answers('x'.repeat(17_000)), 'proxy', 'the proxy {p} answered something that is not HTTP'],
    [
      'does not find the host',
      answers('HTTP/1.1 503 Service Unavailable\r\n\r\n'),
      'network',
      'the proxy {p} could not connect to it (answered 503)',
    ],
    ['hangs up', (socket) => void socket.end(), 'network', 'the proxy {p} closed the connection'],
    ['resets', (socket) => void socket.resetAndDestroy(), 'network', 'the proxy {p} closed the connection'],
    [
      'hangs up after its yes',
      (socket) => void socket.end('HTTP/1.1 200 OK\r\n\r\n'),
      'network',
      'closed the connection through the proxy {p}',
    ],
    [
      'answers in the service’s place',
      answers('HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"access_token":"x"}'),
      'network',
      'could not agree on a safe connection',
    ],
  ]

  test.each(cases)('%s: nothing was sent, and the words name it', async (_what, behaviour, cause, words) => {
    await begin()
    proxy.behave(behaviour)
    const outcome = await refresh(proxied(), { mayLeave: FORBIDDEN_TO_ASK })
    expect(outcome).toEqual({ kind: 'not_sent', cause, words: words.replace('{p}', `127.0.0.1:${proxy.port}`) })
    expect(provider.connections).toBe(0)
    await expect.poll(() => proxy.open).toBe(0)
  })

  test.each([407, 401])('refuses the password with %i: the password stands in no text', async (status) => {
    await begin()
    proxy.behave(answers(`HTTP/1.1 ${status} No\r\n\r\n`))
    const outcome = await refresh(proxied({ userName: 'bench', password: PASSWORD }), { mayLeave: FORBIDDEN_TO_ASK })
    const words = `the proxy 127.0.0.1:${proxy.port} does not accept its user name and password`
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'proxy', words })
  })

  test('is not there', async () => {
    await begin()
    const { port } = proxy
    await proxy.close()
    running.splice(running.indexOf(proxy), 1)
    const outcome = await refresh(proxied({ port }), { mayLeave: FORBIDDEN_TO_ASK })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'network', words: `the proxy 127.0.0.1:${port} refused the connection` })
  })

  test('has no address', async () => {
    await begin()
    const resolve = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }))
    const outcome = await refresh(proxied({ host: 'proxy.example', port: 3128 }), { resolve, mayLeave: FORBIDDEN_TO_ASK })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'network', words: 'the proxy proxy.example:3128: host name not found' })
  })

  test('never answers', async () => {
    await begin()
    const { promise, resolve } = Promise.withResolvers<void>()
    proxy.behave(() => resolve())
    const outcome = await refresh(proxied(), { effects: timeUpAfter(5_000, () => promise), mayLeave: FORBIDDEN_TO_ASK })
    const words = `the proxy 127.0.0.1:${proxy.port} did not connect to it: timed out after 5 s`
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'network', words })
    await expect.poll(() => proxy.open).toBe(0)
  })

  test('has a certificate for another host', async () => {
    await begin(['proxy.example'])
    const outcome = await refresh(proxied({ protocol: 'https' }), { mayLeave: FORBIDDEN_TO_ASK })
    const words = `the proxy 127.0.0.1:${proxy.port}: its certificate is for another host`
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'certificate', words })
  })
})

describe('the outbound guard, with a proxy', () => {
  const NUMBER = 'its address is not a name, and a proxy is asked for names only'
  const LOOPBACK = 'its address is loopback, where Benchkey may not connect'

  test.each([
    ['https://10.1.2.3/token', NUMBER],
    ['https://169.254.169.254/token', NUMBER],
    ['https://0251.0376.0251.0376/token', NUMBER],
    ['https://[2001:db8::1]/token', NUMBER],
    ['https://[::ffff:169.254.169.254]/token', NUMBER],
    ['https://127.0.0.1/token', LOOPBACK],
    ['https://[::1]/token', LOOPBACK],
    ['https://localhost/token', LOOPBACK],
    ['https://a.LOCALHOST./token', LOOPBACK],
    ['http://box.example/token', 'its address is not https'],
  ])('refuses %s before the proxy hears of it', async (url, words) => {
    await begin()
    const outcome = await refresh(proxied({}, url), { allowLoopback: false, mayLeave: FORBIDDEN_TO_ASK })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'guard', words })
    expect(proxy.heads).toEqual([])
  })

  test.each(['169.254.169.254', 'fe80::1', '0.0.0.0', '224.0.0.1'])('refuses a proxy at %s', async (address) => {
    await begin()
    const resolve = async () => [{ address, family: address.includes(':') ? 6 : 4 }]
    const outcome = await refresh(proxied({ host: 'proxy.example' }), { resolve, mayLeave: FORBIDDEN_TO_ASK })
    expect(outcome).toMatchObject({ kind: 'not_sent', cause: 'guard' })
    expect(outcome).toHaveProperty('words', expect.stringMatching(/^the proxy proxy\.example:[0-9]+: its address is /))
  })
})

test('plain http goes to the proxy with its whole address, and a password that is missing is the proxy’s', async () => {
  provider = await startScriptedProvider()
  running.push(provider)
  const heads: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => {
      heads.push(bytes.toString('latin1'))
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  running.push({ close: () => new Promise((resolve) => void server.close(resolve)) })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const way = { proxy: { protocol: 'http', host: '127.0.0.1', port, userName: 'u', password: 'p' } } as const
  const outcome = await refresh(integrationOf({ section: 'box', tokenUrl: 'http://localhost:81/token?v=2', ...way }))
  const words = `the proxy 127.0.0.1:${port} does not accept its user name and password`
  expect(outcome).toEqual({ kind: 'not_sent', cause: 'proxy', words })
  expect(heads[0]).toMatch(/^POST http:\/\/localhost:81\/token\?v=2 HTTP\/1\.1\r\n/)
  expect(heads[0]).toMatch(/\r\nproxy-authorization: Basic dTpw\r\n/)
})

test('the steps of a connection through a proxy can be followed, also the one that fails', async () => {
  await begin()
  const integration = proxied({ host: 'localhost' })
  const url = new URL(integration.tokenUrl)
  const follow = async (extraCa: { readonly extraCa?: string }) => {
    const events: ConnectionEvent[] = []
    const way = { proxy: integration.proxy ?? 'none', ...extraCa }
    const destination = { url, route: routeOf(url, way), policy: connectionPolicies({ allowLoopback: true })(way) }
    const opening = openConnection({ ...destination, signal: AbortSignal.timeout(5_000), observe: (event) => events.push(event) })
    const end = await opening.then(
      (socket) => void socket.destroy(),
      (error: unknown) => error,
    )
    return { end, events, told: events.map(({ of, step, state }) => `${of} ${step} ${state}`) }
  }
  const good = await follow({ extraCa: authority.pem })
  const tunnel = ['proxy tunnel begins', 'proxy tunnel seen', 'proxy tunnel done']
  const toProxy = ['look-up', 'guard', 'tcp'].flatMap((step) => [`proxy ${step} begins`, `proxy ${step} done`])
  const upToTls = ['service guard begins', 'service guard done', ...toProxy, ...tunnel, 'service tls begins', 'service tls seen']
  expect(good.told).toEqual([...upToTls, 'service tls done'])
  expect(good.events.find(({ step, state }) => step === 'tls' && state === 'seen')).toMatchObject({
    protocol: 'TLSv1.3',
    certificates: [{ subject: 'localhost', issuer: 'Benchkey private CA', names: 'DNS:localhost' }, { names: '' }],
  })
  const bad = await follow({})
  expect(bad.end).toMatchObject({ reason: 'certificate', words: 'its certificate is from an unknown authority' })
  expect(bad.told).toEqual(upToTls)
})
