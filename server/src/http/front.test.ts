import { afterEach, describe, expect, test } from 'vitest'
import { adaIsLoggedIn, box, type Doors, type ExpectedCalls, openDoors, type Reply } from '../../testing/doors.ts'
import type { ServersOptions } from './servers.ts'

let doors: Doors | undefined

async function open(expected: ExpectedCalls = {}, options: Partial<ServersOptions> = {}): Promise<Doors> {
  doors = await openDoors(expected, options)
  return doors
}

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

const RPC = { 'x-rs-session-server-rpc-cookie': 'user-id=ada|Wed|c2ln' }
const HEAD = 'Host: bench.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n'

/** A raw answer, as far as a table needs it. */
function parse(raw: string): Reply {
  const [head = '', ...body] = raw.split('\r\n\r\n')
  const [line = '', ...lines] = head.split('\r\n')
  const headers = lines.map((each) => [each.slice(0, each.indexOf(':')).toLowerCase(), each.slice(each.indexOf(':') + 1).trim()])
  const [, status = '', reason = ''] = /^HTTP\/1\.1 (\d+) (.*)$/.exec(line) ?? []
  return { status: Number(status), reason, headers: Object.fromEntries(headers), body: body.join('\r\n\r\n') }
}

/** One way to get each kind of answer that this server gives. */
const ANSWERS: readonly (readonly [what: string, status: number, ask: (doors: Doors) => Promise<Reply>])[] = [
  ['a page', 200, ({ send }) => send({ path: '/login' })],
  ['an unknown page', 404, ({ send }) => send({ path: '/nothing' })],
  ['a path that is no part of a URL', 404, async ({ exchange }) => parse(await exchange(`GET //x:y/ HTTP/1.1\r\n${HEAD}\r\n`))],
  ['a path that is not text', 400, ({ send }) => send({ path: '/%zz' })],
  ['the root', 303, ({ send }) => send({ path: '/' })],
  ['a wrong method at a page', 405, ({ send }) => send({ method: 'POST', path: '/login' })],
  ['an unknown method', 404, ({ send }) => send({ method: 'PROPFIND', path: '/login' })],
  ['an asset', 200, ({ send }) => send({ path: '/assets/index-1a2b.js' })],
  ['an unknown asset', 404, ({ send }) => send({ path: '/assets/x.js' })],
  ['data', 200, ({ sendFromPage }) => sendFromPage({ path: '/api/me' })],
  ['data for nobody', 401, ({ sendFromPage }) => sendFromPage({ path: '/api/me', headers: { cookie: undefined } })],
  ['data for another site', 403, ({ send }) => send({ path: '/api/me' })],
  ['a wrong method at data', 405, ({ sendFromPage }) => sendFromPage({ method: 'PUT', path: '/api/me' })],
  [
    'a preflight of another site',
    405,
    ({ send }) => send({ method: 'OPTIONS', path: '/api/me', headers: { origin: 'https://evil.example' } }),
  ],
  ['a body too large', 413, ({ sendFromPage }) => sendFromPage({ method: 'POST', path: '/api/login', body: 'x'.repeat(65_537) })],
  [
    'a body of another type',
    415,
    ({ sendFromPage }) =>
      sendFromPage({ method: 'POST', path: '/api/login', body: 'x', headers: { 'content-type': 'text/plain' } }),
  ],
  ['a failure nobody foresaw', 500, ({ sendFromPage }) => sendFromPage({ path: '/api/integrations' })],
  ['a callback', 303, ({ send }) => send({ path: '/oauth_redirect_callback?state=s' })],
  [
    'a token',
    200,
    ({ send }) =>
      send({ method: 'POST', path: '/oauth_token', headers: RPC, body: JSON.stringify({ kwparams: { uuid: box.uid } }) }),
  ],
  ['a token call not understood', 400, ({ send }) => send({ method: 'POST', path: '/oauth_token', headers: RPC, body: '{' })],
  ['a token call without cookie', 401, ({ send }) => send({ method: 'POST', path: '/oauth_token', body: '{}' })],
  ['a browser at the RPC door', 403, ({ send }) => send({ path: '/oauth_token', headers: { 'sec-fetch-site': 'none' } })],
  ['a wrong method at the RPC door', 405, ({ send }) => send({ method: 'PUT', path: '/oauth_token', headers: RPC })],
  [
    'an RPC body too large',
    413,
    ({ send }) => send({ method: 'POST', path: '/oauth_token', headers: RPC, body: 'x'.repeat(65_537) }),
  ],
  ['an RPC cookie at the web door', 400, ({ send }) => send({ path: '/login', headers: RPC })],
  ['another host', 421, ({ send }) => send({ path: '/login', headers: { host: 'evil.example' } })],
  ['plain http', 403, ({ send }) => send({ path: '/login', headers: { 'x-forwarded-proto': 'http' } })],
  ['health', 200, ({ send }) => send({ path: '/health/live', headers: { host: 'x' } })],
  ['readiness', 200, ({ send }) => send({ path: '/health/ready' })],
  ['a wrong method at health', 405, ({ send }) => send({ method: 'POST', path: '/health/live' })],
  ['no host', 400, async ({ exchange }) => parse(await exchange('GET /login HTTP/1.1\r\nConnection: close\r\n\r\n'))],
  [
    'no host at the RPC door',
    400,
    async ({ exchange }) => parse(await exchange('POST /oauth_token HTTP/1.1\r\nConnection: close\r\n\r\n')),
  ],
  [
    'a target that is not a path',
    400,
    async ({ exchange }) => parse(await exchange(`GET http://bench.example/login HTTP/1.1\r\n${HEAD}\r\n`)),
  ],
  ['an asterisk', 400, async ({ exchange }) => parse(await exchange(`OPTIONS * HTTP/1.1\r\n${HEAD}\r\n`))],
  ['no HTTP at all', 400, async ({ exchange }) => parse(await exchange('SSH-2.0-OpenSSH_9.6\r\n\r\n'))],
  [
    'a flood of headers',
    431,
    async ({ exchange }) => parse(await exchange(`GET /login HTTP/1.1\r\n${HEAD}X-Flood: ${'x'.repeat(17_000)}\r\n\r\n`, 'KiB.')),
  ],
  [
    'a flood of small headers at the RPC door',
    431,
    async ({ exchange }) =>
      parse(await exchange(`POST /oauth_token HTTP/1.1\r\n${HEAD}${'X-F: 12345678\r\n'.repeat(1200)}\r\n`, 'KiB.')),
  ],
  [
    'two lengths',
    400,
    async ({ exchange }) =>
      parse(await exchange(`POST /oauth_token HTTP/1.1\r\n${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`)),
  ],
  [
    'a length and pieces',
    400,
    async ({ exchange }) =>
      parse(
        await exchange(`POST /oauth_token HTTP/1.1\r\n${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`),
      ),
  ],
  [
    'an unknown expectation',
    417,
    async ({ exchange }) => parse(await exchange(`GET /login HTTP/1.1\r\n${HEAD}Expect: miracles\r\n\r\n`)),
  ],
]

const expected: ExpectedCalls = {
  logins: adaIsLoggedIn,
  tokens: { fetch: async () => '{"access_token":"t","expiry":"9999-12-31T23:59:59Z"}' },
  signIns: {
    list: async () => Promise.reject(new Error('disk on fire')),
    finish: async () => ({ kind: 'signed_in', integration: box, returnTo: 'settings' }),
  },
  administration: { ready: async () => undefined },
}

describe('every answer', () => {
  test.each(ANSWERS)('to %s has status %i and the security headers', async (what, status, ask) => {
    const reply = await ask(await open(expected))
    expect(reply.status).toBe(status)
    expect(reply.headers['strict-transport-security']).toBe('max-age=63072000')
    expect(reply.headers['content-security-policy']).toMatch(/^default-src 'none'; /)
    expect(reply.headers['content-security-policy']).toMatch(/; frame-ancestors 'none'$/)
    expect(reply.headers['x-content-type-options']).toBe('nosniff')
    expect(reply.headers['referrer-policy']).toBe('no-referrer')
    expect(reply.headers['cross-origin-opener-policy']).toBe('same-origin')
    expect(reply.headers['cross-origin-resource-policy']).toBe('same-origin')
    if (reply.headers['content-type']?.startsWith('text/html')) {
      expect(reply.headers['x-frame-options']).toBe('DENY')
      expect(reply.headers['permissions-policy']).toMatch(/camera=\(\)/)
    }
    expect(reply.headers['cache-control']).toBe(what === 'an asset' ? 'public, max-age=31536000, immutable' : 'no-store')
    expect(Object.keys(reply.headers).filter((name) => /^access-control-|^server$|^x-powered-by$/.test(name))).toEqual([])
    if (status >= 400) expect(reply.body).toMatch(/[.>"}]$/)
  })
})

describe("the rules of MDN's Observatory", () => {
  /** Modifier of each rule that a document's headers can meet, as the Observatory's scoring table gives it. */
  test('give the login page at least 125 points', async () => {
    const { send, sendFromPage } = await open({
      logins: {
        logIn: async () => ({ kind: 'ok', cookie: 'c', user: { id: 'u', name: 'ada', isAdmin: false, createdAt: new Date() } }),
      },
    })
    const { headers, body } = await send({ path: '/login' })
    const login = await sendFromPage({ method: 'POST', path: '/api/login', body: '{"userName":"ada","password":"x"}' })
    const [cookie = ''] = login.headers['set-cookie'] ?? []
    const policy = new Map(
      String(headers['content-security-policy'])
        .split('; ')
        .map((part) => [part.split(' ')[0], part.split(' ').slice(1).join(' ')]),
    )
    const rules: readonly (readonly [string, number, boolean])[] = [
      [
        'csp-implemented-with-no-unsafe-default-src-none',
        10,
        policy.get('default-src') === "'none'" && ![...policy.values()].join().match(/unsafe|data:|\*|http/),
      ],
      [
        'cookies-secure-with-httponly-sessions-and-samesite',
        5,
        /; Secure; HttpOnly; SameSite=Lax/.test(cookie) && cookie.startsWith('__Host-'),
      ],
      ['cross-origin-resource-sharing-not-implemented', 0, headers['access-control-allow-origin'] === undefined],
      [
        'hsts-implemented-max-age-at-least-six-months',
        0,
        Number(/max-age=(\d+)/.exec(headers['strict-transport-security'] ?? '')?.[1]) >= 15_768_000,
      ],
      ['referrer-policy-private', 5, headers['referrer-policy'] === 'no-referrer'],
      ['sri-not-implemented-but-all-scripts-loaded-from-secure-origin', 0, !/<script[^>]*src="(https?:)?\/\//.test(body)],
      ['x-content-type-options-nosniff', 0, headers['x-content-type-options'] === 'nosniff'],
      ['x-frame-options-implemented-via-csp', 5, policy.get('frame-ancestors') === "'none'"],
      ['corp-implemented-with-same-origin', 10, headers['cross-origin-resource-policy'] === 'same-origin'],
    ]
    expect(rules.filter(([, , isMet]) => !isMet)).toEqual([])
    expect(100 + rules.reduce((sum, [, points]) => sum + points, 0)).toBeGreaterThanOrEqual(125)
  })

  test.each(['https://localhost:8443', 'https://127.0.0.1:8443', 'https://[::1]:8443', 'https://bench.localhost'])(
    'give no HSTS to %s, which other things share',
    async (publicUrl) => {
      const { send } = await open({}, { publicUrl })
      const reply = await send({ path: '/login', headers: { host: new URL(publicUrl).host } })
      expect([reply.status, reply.headers['strict-transport-security']]).toEqual([200, undefined])
    },
  )
})

describe('the hosts', () => {
  test.each(['bench.example', 'BENCH.example', 'bench.example:443'])('%s is the public one', async (host) => {
    expect((await (await open()).send({ path: '/login', headers: { host } })).status).toBe(200)
  })

  test.each(['bench.example:8443', 'bench.example.evil.example', 'bench.example@evil.example', '', '127.0.0.1'])(
    '"%s" is 421 with the right one',
    async (host) => {
      const reply = await (await open()).send({ path: '/login', headers: { host, 'x-forwarded-host': 'bench.example' } })
      expect(reply.status).toBe(421)
      expect(reply.body).toMatch(/Use https:\/\/bench\.example\.$/)
    },
  )
})

describe('health', () => {
  test('is the status only, under any host and over plain http', async () => {
    let isWell = true
    const { send, logged } = await open({
      administration: { ready: async () => (isWell ? undefined : Promise.reject(new Error('locked'))) },
    })
    const ask = async (path: string) => {
      const reply = await send({ path, headers: { host: '10.0.0.7:8443', 'x-forwarded-proto': 'http' } })
      return [reply.status, reply.body]
    }
    expect(await ask('/health/live')).toEqual([200, 'ok'])
    expect(await ask('/health/ready')).toEqual([200, 'ok'])
    isWell = false
    expect(await ask('/health/live')).toEqual([200, 'ok'])
    expect(await ask('/health/ready')).toEqual([503, 'not ready'])
    expect(logged).toHaveLength(1)
  })
})

describe('plain http', () => {
  test.each([
    ['without a proxy', {}],
    ['with a forged forwarded header', { trustedProxies: ['198.51.100.1'] }],
  ])('%s is one page that leads to https, and no redirect', async (_what, options) => {
    const { send } = await open({}, options)
    const forged = 'trustedProxies' in options ? 'https' : undefined
    for (const path of ['/', '/login', '/api/me']) {
      const reply = await send({ path, headers: { 'x-forwarded-proto': forged } })
      expect([reply.status, reply.headers['content-type'], reply.headers.location]).toEqual([
        403,
        'text/html; charset=utf-8',
        undefined,
      ])
      expect(reply.body).toContain('over HTTPS only</h1><p>Open <a href="https://bench.example/">')
    }
  })
})
