import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  type Behaviour,
  endless,
  grant,
  grantChanged,
  hangUp,
  held,
  newGate,
  reply,
  reset,
  truncated,
} from '../../testing/behaviours.ts'
import { integrationOf } from '../../testing/broker-room.ts'
import { type Authority, type Leaf, makeAuthority, makeLeaf } from '../../testing/certificates.ts'
import { type ScriptedProvider, type ScriptedProviderOptions, startScriptedProvider } from '../../testing/scripted-provider.ts'
import type { Effects } from '../domain/effects.ts'
import { realEffects } from '../effects.ts'
import type { AuthorizationServersOptions } from './create.ts'
import { createAuthorizationServers } from './create.ts'
import type { TokenOutcome } from './outcome.ts'

const MIB = 1024 * 1024
const MEASURE = fileURLToPath(new URL('../../testing/measure-memory.ts', import.meta.url))
let authority: Authority
let leaf: Leaf
const running: { close(): Promise<unknown> }[] = []

beforeAll(async () => {
  authority = await makeAuthority()
  leaf = await makeLeaf(authority, ['localhost', '127.0.0.1', '::1'])
})

afterEach(async () => {
  vi.unstubAllEnvs()
  for (const server of running.splice(0)) await server.close()
})

async function start(options: ScriptedProviderOptions = {}): Promise<ScriptedProvider> {
  const provider = await startScriptedProvider(options)
  running.push(provider)
  return provider
}

/** A TCP server that treats each connection as it likes. */
async function startTcp(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    onConnection(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  running.push({
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => void server.close(resolve))
    },
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server listens on no port.')
  return address.port
}

interface Trial extends Partial<AuthorizationServersOptions> {
  readonly refreshToken?: string
  readonly mayLeave?: () => boolean
}

function refreshAt(tokenUrl: string, trial: Trial = {}): Promise<TokenOutcome> {
  const { refreshToken = 'rt', mayLeave = () => true, ...options } = trial
  const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: true, ...options })
  return servers.refresh(integrationOf({ section: 'box', tokenUrl }), { refreshToken, mayLeave })
}

async function refreshWith(behaviour: Behaviour, trial: Trial = {}): Promise<TokenOutcome> {
  const provider = await start()
  provider.next(behaviour)
  const { refreshToken } = provider.ledger.signIn()
  return await refreshAt(provider.tokenUrl, { refreshToken, ...trial })
}

/** Time that stands still but for one sleep, which ends when the test says. */
function timeUpAfter(ms: number, when: () => Promise<unknown>): Effects {
  const sleep = async (asked: number, signal?: AbortSignal): Promise<void> => {
    if (asked === ms) await when()
    else await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  }
  return { ...realEffects(), sleep }
}

describe('a request to an authorization server', () => {
  test('gives fresh tokens, each time over a new connection that ends with it', async () => {
    const provider = await start()
    const first = await refreshAt(provider.tokenUrl, { refreshToken: provider.ledger.signIn().refreshToken })
    const second = await refreshAt(provider.tokenUrl, { refreshToken: provider.ledger.signIn().refreshToken })
    expect([first.kind, second.kind]).toEqual(['success', 'success'])
    expect(provider.connections).toBe(2)
    expect(provider.requests[0]?.headers).toMatchObject({ accept: 'application/json', connection: 'close' })
  })

  test('over TLS verifies the certificate against the extra authority, by name and by address', async () => {
    const provider = await start({ tls: leaf })
    for (const host of ['localhost', '127.0.0.1']) {
      const { refreshToken } = provider.ledger.signIn()
      const url = `https://${host}:${provider.port}/token`
      expect(await refreshAt(url, { refreshToken, extraCa: authority.pem })).toMatchObject({ kind: 'success' })
    }
  })

  test('trusts the authorities of its integration, and no other one does', async () => {
    const provider = await start({ tls: leaf })
    const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: true })
    const own = integrationOf({ section: 'box', tokenUrl: provider.tokenUrl, extraCa: authority.pem })
    const request = () => ({ refreshToken: provider.ledger.signIn().refreshToken, mayLeave: () => true })
    const { extraCa: _, ...other } = own
    expect(await servers.refresh(own, request())).toMatchObject({ kind: 'success' })
    expect(await servers.refresh(other, request())).toMatchObject({ kind: 'not_sent', cause: 'certificate' })
    const another = { ...own, extraCa: (await makeAuthority()).pem }
    expect(await servers.refresh(another, request())).toMatchObject({ kind: 'not_sent', cause: 'certificate' })
  })

  test('tries the second address when nobody listens on the first', async () => {
    const provider = await start()
    const resolve = async () => [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]
    const { refreshToken } = provider.ledger.signIn()
    const outcome = await refreshAt(`http://two.example:${provider.port}/token`, { refreshToken, resolve })
    expect(outcome.kind).toBe('success')
  })

  test.each([301, 302, 303, 307, 308])('follows no redirect: %i', async (status) => {
    const other = await start()
    const outcome = await refreshWith(reply('', { status, headers: { location: other.tokenUrl } }))
    expect(outcome).toEqual({ kind: 'uncertain', words: `answered ${status}, a redirect, which is not followed` })
    expect(other.connections).toBe(0)
  })
})

describe('the send fence', () => {
  test('is asked once, on the established connection; closed, not one byte is written', async () => {
    const provider = await start({ tls: leaf })
    const connectionsWhenAsked: number[] = []
    const mayLeave = () => {
      connectionsWhenAsked.push(provider.connections)
      return false
    }
    const outcome = await refreshAt(provider.tokenUrl, { mayLeave, extraCa: authority.pem })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'fence', words: 'the right to send had lapsed' })
    expect(connectionsWhenAsked).toEqual([1])
    expect(provider.bytesReceived).toBe(0)
    expect(provider.requests).toEqual([])
  })

  test('open, it is asked once', async () => {
    const mayLeave = vi.fn(() => true)
    expect(await refreshWith(grant(), { mayLeave })).toMatchObject({ kind: 'success' })
    expect(mayLeave).toHaveBeenCalledTimes(1)
  })
})

describe('nothing was sent', () => {
  const mayLeave = () => {
    throw new Error('the fence was asked without a connection')
  }

  test('connection refused', async () => {
    const provider = await startScriptedProvider()
    await provider.close()
    const outcome = await refreshAt(provider.tokenUrl, { mayLeave })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'network', words: 'refused the connection' })
  })

  test.each([
    ['ENOTFOUND', 'host name not found'],
    ['EAI_AGAIN', 'host name could not be looked up'],
  ])('name lookup fails with %s', async (code, words) => {
    const resolve = () => Promise.reject(Object.assign(new Error(`getaddrinfo ${code}`), { code }))
    const outcome = await refreshAt('https://nowhere.example/token', { resolve, mayLeave })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'network', words })
  })

  test('name lookup never answers', async () => {
    const effects = timeUpAfter(5_000, async () => undefined)
    const resolve = () => new Promise<never>(() => undefined)
    const outcome = await refreshAt('https://slow.example/token', { effects, resolve, mayLeave })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'network', words: 'timed out after 5 s' })
  })

  test('the TLS handshake never ends', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const port = await startTcp((socket) => void socket.once('data', () => resolve()))
    const effects = timeUpAfter(5_000, () => promise)
    const outcome = await refreshAt(`https://127.0.0.1:${port}/token`, { effects, mayLeave })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'network', words: 'timed out after 5 s' })
  })

  test('the connection is reset during the TLS handshake', async () => {
    const port = await startTcp((socket) => void socket.once('data', () => socket.resetAndDestroy()))
    const outcome = await refreshAt(`https://127.0.0.1:${port}/token`, { mayLeave })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'network', words: 'closed the connection' })
  })

  test('the server speaks no TLS', async () => {
    const provider = await start()
    const outcome = await refreshAt(`https://127.0.0.1:${provider.port}/token`, { mayLeave })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'network', words: 'could not agree on a safe connection' })
  })

  test('the certificate is from an unknown authority, whatever the environment says', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    const provider = await start({ tls: leaf })
    const outcome = await refreshAt(provider.tokenUrl, { mayLeave })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'certificate', words: 'its certificate is from an unknown authority' })
    expect(provider.bytesReceived).toBe(0)
  })

  test('the certificate has expired', async () => {
    const notAfter = new Date('2025-11-05T10:00:00Z')
    const expired = await makeLeaf(authority, ['127.0.0.1'], { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter })
    const provider = await start({ tls: expired })
    const outcome = await refreshAt(provider.tokenUrl, { mayLeave, extraCa: authority.pem })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'certificate', words: 'its certificate expired on 5 Nov 2025' })
  })

  test('the certificate is for another host', async () => {
    const provider = await start({ tls: await makeLeaf(authority, ['other.example']) })
    const outcome = await refreshAt(provider.tokenUrl, { mayLeave, extraCa: authority.pem })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'certificate', words: 'its certificate is for another host' })
  })
})

describe('the outbound guard, when connecting', () => {
  const mayLeave = () => {
    throw new Error('the fence was asked beyond the guard')
  }
  const resolveTo =
    (...addresses: string[]) =>
    async () =>
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

  test.each([
    [
      'a name that resolves to a metadata service',
      'https://a.example/token',
      ['169.254.169.254'],
      'its address is a metadata service, where Benchkey may not connect',
    ],
    [
      'a good address beside a bad one',
      'https://a.example/token',
      ['93.184.216.34', 'fe80::1'],
      'its address is link-local, where Benchkey may not connect',
    ],
    [
      'a NAT64 form',
      'https://a.example/token',
      ['64:ff9b::a9fe:a9fe'],
      'its address is a metadata service, where Benchkey may not connect',
    ],
    [
      'a literal address',
      'https://[fd00:ec2::254]/token',
      [],
      'its address is a metadata service, where Benchkey may not connect',
    ],
    [
      'an address spelt in octal',
      'https://0251.0376.0251.0376/token',
      [],
      'its address is a metadata service, where Benchkey may not connect',
    ],
    ['user information', 'https://user:password@a.example/token', ['93.184.216.34'], 'its address holds a user name or password'],
    ['http to another host', 'http://a.example/token', ['93.184.216.34'], 'its address is not https'],
    ['http to loopback and elsewhere', 'http://a.example/token', ['127.0.0.1', '93.184.216.34'], 'its address is not https'],
  ])('refuses %s', async (_what, url, addresses, words) => {
    const outcome = await refreshAt(url, { mayLeave, resolve: resolveTo(...addresses) })
    expect(outcome).toEqual({ kind: 'not_sent', cause: 'guard', words })
  })

  test.each(['http', 'https'])('refuses %s to loopback unless it is allowed, by number and by name', async (scheme) => {
    const provider = await start()
    for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
      const outcome = await refreshAt(`${scheme}://${host}:${provider.port}/token`, { mayLeave, allowLoopback: false })
      expect(outcome).toMatchObject({ kind: 'not_sent', cause: 'guard' })
    }
    expect(provider.connections).toBe(0)
  })

  test('refuses a private address where those are denied, and only there', async () => {
    const provider = await start()
    const { refreshToken } = provider.ledger.signIn()
    const url = `http://inside.example:${provider.port}/token`
    const options = { refreshToken, denyPrivate: true }
    const refused = await refreshAt(url, { ...options, mayLeave, resolve: resolveTo('127.0.0.1', '10.1.2.3') })
    const words = 'its address is private, which deny-private-endpoints forbids'
    expect(refused).toEqual({ kind: 'not_sent', cause: 'guard', words })
    expect(await refreshAt(url, { ...options, resolve: resolveTo('127.0.0.1') })).toMatchObject({ kind: 'success' })
  })

  test('connects to exactly the addresses it checked: a name is looked up once', async () => {
    const provider = await start()
    const answers = [[{ address: '127.0.0.1', family: 4 }], [{ address: '169.254.169.254', family: 4 }]]
    const resolve = vi.fn(async () => answers.shift() ?? [])
    const { refreshToken } = provider.ledger.signIn()
    const outcome = await refreshAt(`http://rebinding.example:${provider.port}/token`, { resolve, refreshToken })
    expect(outcome.kind).toBe('success')
    expect(resolve).toHaveBeenCalledTimes(1)
  })
})

describe('perhaps it was sent', () => {
  test.each([
    ['reset', reset()],
    ['reset after the provider rotated', reset({ afterGrant: true })],
    ['hang-up', hangUp({ afterGrant: true })],
  ])('%s', async (_what, behaviour) => {
    expect(await refreshWith(behaviour)).toEqual({ kind: 'uncertain', words: 'closed the connection' })
  })

  test('an answer that is not HTTP', async () => {
    const port = await startTcp((socket) => void socket.once('data', () => socket.end('220 mail.example ESMTP\r\n')))
    const outcome = await refreshAt(`http://127.0.0.1:${port}/token`)
    expect(outcome).toEqual({ kind: 'uncertain', words: 'answered something that is not HTTP' })
  })

  test('no answer within 120 s', async () => {
    const provider = await start()
    const gate = newGate()
    provider.next(held(gate, grant()))
    const outcome = await refreshAt(provider.tokenUrl, { effects: timeUpAfter(120_000, () => provider.received(1)) })
    expect(outcome).toEqual({ kind: 'uncertain', words: 'timed out after 120 s' })
    gate.open()
  })

  test('a slow body is read to the end, and cut at 120 s', async () => {
    const half = newGate()
    const slow: Behaviour = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"access_token":"at","refresh_token":"new","expi', () => half.open())
    }
    const outcome = await refreshWith(slow, { effects: timeUpAfter(120_000, () => half.opened) })
    expect(outcome).toMatchObject({ kind: 'uncertain', words: 'timed out after 120 s' })
  })

  test('a truncated reply: a refresh token that is there whole is saved', async () => {
    const spoil = (length: number) => grantChanged(() => ({ refresh_token: 'new', access_token: 'a'.repeat(length) }))
    const whole = JSON.stringify({ access_token: 'x', token_type: 'Bearer', expires_in: 3600 }).length
    expect(await refreshWith(truncated(whole))).toMatchObject({ kind: 'uncertain', words: 'closed the connection' })
    expect(await refreshWith(spoil(300 * 1024))).toEqual({
      kind: 'uncertain',
      words: 'answered more than 256 KiB',
      refreshToken: 'new',
    })
  })

  test('headers without end', async () => {
    const outcome = await refreshWith(reply('{}', { headers: { 'x-long': 'a'.repeat(20_000) } }))
    expect(outcome.kind).toBe('uncertain')
  })
})

describe('bodies', () => {
  const good = Buffer.from('{"access_token":"at","token_type":"Bearer"}')
  const noise = Buffer.from('00ff80fe', 'hex')

  test.each([
    ['gzip', gzipSync(good)],
    ['x-gzip', gzipSync(good)],
    ['br', brotliCompressSync(good)],
    ['deflate', deflateSync(good)],
    ['deflate', deflateRawSync(good)],
    ['gzip, br', brotliCompressSync(gzipSync(good))],
    ['identity', good],
    ['', gzipSync(good)],
    ['gzip', good],
    ['sdch', good],
  ])('are understood in the encoding "%s", told rightly or not', async (coding, body) => {
    const outcome = await refreshWith(reply(body, { headers: { 'content-encoding': coding } }))
    expect(outcome).toEqual({ kind: 'success', reply: { accessToken: 'at', tokenType: 'Bearer' } })
  })

  test.each([
    ['an unknown encoding', reply(noise, { headers: { 'content-encoding': 'sdch' } }), 'answered in an unknown encoding'],
    ['gzip that is none', reply(noise, { headers: { 'content-encoding': 'gzip' } }), 'answered with data that cannot be decoded'],
  ])('%s is uncertain', async (_what, behaviour, words) => {
    expect(await refreshWith(behaviour)).toEqual({ kind: 'uncertain', words })
  })

  test('that break off within their encoding give what was whole before', async () => {
    const tail = `"x":"${randomBytes(600).toString('hex')}"}`
    const whole = Buffer.from(`{"refresh_token":"new","access_token":"at",${tail}`)
    for (const [coding, body] of [
      ['gzip', gzipSync(whole)],
      ['deflate', deflateSync(whole)],
      ['br', brotliCompressSync(whole)],
    ] as const) {
      const cut = reply(body.subarray(0, -200), { headers: { 'content-encoding': coding } })
      expect(await refreshWith(cut)).toMatchObject({ kind: 'uncertain', refreshToken: 'new' })
    }
  })

  test('one byte more than 256 KiB is too much, exactly 256 KiB is not', async () => {
    const padded = (size: number) => reply(good.toString().padEnd(size, ' '))
    expect(await refreshWith(padded(256 * 1024))).toMatchObject({ kind: 'success' })
    // The JSON was whole and nothing but spaces followed.
    expect(await refreshWith(padded(256 * 1024 + 1))).toMatchObject({ kind: 'success' })
    const filler = (size: number) => reply(`{"access_token":"${'a'.repeat(size)}"}`)
    const tooMuch = await refreshWith(filler(256 * 1024))
    expect(tooMuch).toMatchObject({ kind: 'uncertain', words: 'answered more than 256 KiB' })
    const kept = 'unread' in tooMuch ? tooMuch.unread : undefined
    expect(Buffer.from(kept?.body ?? '', 'base64')).toHaveLength(256 * 1024)
  })

  test('bombs and endless bodies are cut, and memory stays where it was', async () => {
    const zeros = Buffer.alloc(32 * MIB)
    const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }
    const gzip = reply(gzipSync(zeros), { headers: { 'content-encoding': 'gzip' } })
    const twice = reply(gzipSync(gzipSync(zeros)), { headers: { 'content-encoding': 'gzip, gzip' } })
    const brotli = reply(brotliCompressSync(zeros, fast), { headers: { 'content-encoding': 'br' } })
    const flood = endless(Buffer.alloc(16 * 1024, 'a'))
    const provider = await start()
    provider.next(...Array.from({ length: 8 }, () => [gzip, twice, brotli, flood]).flat())
    const { stdout } = await promisify(execFile)(process.execPath, [MEASURE, provider.tokenUrl, '12'])
    const { outcomes, growth } = JSON.parse(stdout)
    expect(outcomes).toEqual(['answered more than 256 KiB'])
    expect(provider.requests).toHaveLength(32)
    expect(growth).toBeLessThan(20 * MIB)
  })
})
