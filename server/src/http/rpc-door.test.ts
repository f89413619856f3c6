import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { box, type Doors, type ExpectedCalls, openDoors, type Reply, type Request } from '../../testing/doors.ts'
import { BrokerError, type BrokerErrorCode, type BrokerErrorDetails } from '../domain/errors.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import type { ServersOptions } from './servers.ts'

const COOKIE = 'user-id=ada|Wed%2C%2001%20Jan%202031%2000%3A00%3A00%20GMT|c2ln'
const TOKEN_REPLY = '{"access_token":"t-1","expiry":"2026-12-31T23:59:59Z"}'
const CALLER = { userId: 'u1', userName: 'ada', sessionId: 's1', sessionName: 'command "Rscript"' }
const ASK_TOKEN = JSON.stringify({ method: '/oauth_token', kwparams: { uuid: box.uid } })

let doors: Doors | undefined

async function open(expected: ExpectedCalls = {}, options: Partial<ServersOptions> = {}): Promise<Doors> {
  doors = await openDoors(expected, options)
  return doors
}

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

const tokenCall = (more: Partial<Request> = {}): Request => ({
  method: 'POST',
  path: '/oauth_token',
  body: ASK_TOKEN,
  ...more,
  headers: { 'x-rs-session-server-rpc-cookie': COOKIE, ...more.headers },
})

/** A broker whose one token fetch ends so. */
function fails(code: BrokerErrorCode, message: string, details: BrokerErrorDetails = {}): ExpectedCalls {
  return { tokens: { fetch: async () => Promise.reject(new BrokerError(code, message, details)) } }
}

function expectRefusal(reply: Reply, status: number, body: string | RegExp): void {
  expect(reply.status).toBe(status)
  expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8')
  expect(reply.headers['cache-control']).toBe('no-store')
  expect(reply.headers.location).toBeUndefined()
  if (typeof body === 'string') expect(reply.body).toBe(body)
  else expect(reply.body).toMatch(body)
}

const storedToken: StoredToken = {
  id: 't1',
  userId: 'u1',
  integrationId: 'i1',
  integrationUid: box.uid,
  generation: 1,
  hasRefreshToken: true,
  expiresAt: new Date('2026-12-31T23:59:59Z'),
  issuedAt: new Date('2026-11-23T11:00:00Z'),
  signedInAt: new Date('2026-11-23T11:00:00Z'),
  scopesAsked: ['read', 'write'],
  tokenType: 'Bearer',
  clientFingerprint: 'f',
  renewals: 0,
  parked: false,
}

describe('the recorded requests of the two clients', () => {
  const recorded = readFileSync(join(import.meta.dirname, '../../testing/wire/requests.txt'), 'utf8')
    .split(/^--- request \d+ \(\d+ bytes\)\n/m)
    .slice(1)
    .map((text) => text.replaceAll('\\r\\n\n', '\r\n').replace(/\n$/, ''))

  test('all ten are there', () => expect(recorded).toHaveLength(10))

  test.each(recorded.map((bytes, index) => [index + 1, bytes] as const))(
    'request %i gets the right answer, byte for byte',
    async (_number, bytes) => {
      const { exchange } = await open(
        {
          tokens: {
            authenticate: async (cookie) => (cookie === COOKIE ? CALLER : Promise.reject(new BrokerError('session_ended', ''))),
            fetch: async ({ cookie, uid, minTtlMs }) =>
              cookie === COOKIE && uid === box.uid && minTtlMs === undefined
                ? TOKEN_REPLY
                : Promise.reject(new BrokerError('session_ended', '')),
          },
          sessionCalls: {
            integrations: async ({ cookie }) => {
              const view = { integration: box, state: { code: 'signed_in' }, token: storedToken, redirectUri: '' } as const
              return cookie === COOKIE ? { views: [view], outside: [] } : Promise.reject(new BrokerError('session_ended', ''))
            },
          },
        },
        { callbackAddress: 'http://127.0.0.1:44399' },
      )
      const sent = bytes.replace(/^(X-RS-Session-Server-RPC-Cookie: ).*(\r\n)/m, `$1${COOKIE}$2`)
      const answer = await exchange(sent, bytes.includes('integrations') ? '}]}]}' : TOKEN_REPLY)
      const [head = '', body = ''] = answer.split('\r\n\r\n')
      expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      expect(head).toMatch(/^Content-Type: application\/json\r?$/m)
      expect(head).toMatch(/^Cache-Control: no-store\r?$/m)
      expect(head).toMatch(new RegExp(`^Content-Length: ${body.length}\\r?$`, 'm'))
      if (!bytes.includes('integrations')) return expect(body).toBe(TOKEN_REPLY)
      expect(JSON.parse(Buffer.from(body, 'latin1').toString())).toEqual({
        providers: [
          {
            type: 'custom',
            integrations: [
              {
                type: 'custom',
                name: 'box-integration',
                display_name: 'Box API Access',
                client_id: 'box-client',
                auth_url: 'https://account.box.com/api/oauth2/authorize',
                token_url: 'https://api.box.com/oauth2/token',
                scopes: ['read', 'write'],
                issuer: 'https://account.box.com',
                authenticated: true,
                uid: box.uid,
                state: 'signed_in',
                label: 'Signed in · renews itself',
                explanation: '',
                action: '',
                brief: 'renews itself',
              },
            ],
          },
        ],
      })
    },
  )
})

describe('the token call', () => {
  test.each([
    [
      'attributes after the cookie',
      tokenCall({ headers: { 'x-rs-session-server-rpc-cookie': `${COOKIE}; expires=Wed; path=/; HttpOnly` } }),
    ],
    ['two slashes', tokenCall({ path: '//oauth_token' })],
    ['a query', tokenCall({ path: '/oauth_token?x=1' })],
    ['an upper-case GUID', tokenCall({ body: ASK_TOKEN.replace(box.uid, box.uid.toUpperCase()) })],
    ['Sec-Fetch-Mode, as the fetch of Node sends it', tokenCall({ headers: { 'sec-fetch-mode': 'cors' } })],
  ])('is understood with %s', async (_what, request) => {
    const asked: unknown[] = []
    const { send } = await open({
      tokens: {
        fetch: async (call) => {
          asked.push(call)
          return TOKEN_REPLY
        },
      },
    })
    expect((await send(request)).body).toBe(TOKEN_REPLY)
    expect(asked).toEqual([{ cookie: COOKIE, uid: box.uid, minTtlMs: undefined, address: '127.0.0.1' }])
  })

  test('carries min_ttl in whole seconds and the address that a trusted proxy names', async () => {
    const asked: unknown[] = []
    const { send } = await open({
      tokens: {
        fetch: async (call) => {
          asked.push([call.minTtlMs, call.address])
          return TOKEN_REPLY
        },
      },
    })
    const body = JSON.stringify({ kwparams: { uuid: box.uid, min_ttl: 90 } })
    await send(tokenCall({ body, headers: { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' } }))
    expect(asked).toEqual([[90_000, '198.51.100.7']])
  })

  test('works under the base path of the callback address, with one slash and with two', async () => {
    const { send } = await open(
      { tokens: { fetch: async () => TOKEN_REPLY } },
      { publicUrl: 'https://bench.example/workbench', callbackAddress: 'https://bench.example/workbench' },
    )
    for (const path of ['/workbench/oauth_token', '/workbench//oauth_token']) {
      expect((await send(tokenCall({ path }))).body).toBe(TOKEN_REPLY)
    }
    expect((await send(tokenCall())).status).toBe(400)
  })

  test('gets a body in pieces together', async () => {
    const { exchange } = await open({ tokens: { fetch: async () => TOKEN_REPLY } })
    const pieces = [ASK_TOKEN.slice(0, 9), ASK_TOKEN.slice(9)].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    const head = `POST /oauth_token HTTP/1.1\r\nHost: bench.example\r\nX-Forwarded-Proto: https\r\nX-RS-Session-Server-RPC-Cookie: ${COOKIE}\r\nTransfer-Encoding: chunked\r\n\r\n`
    expect(await exchange(`${head}${pieces.join('')}0\r\n\r\n`, TOKEN_REPLY)).toMatch(/^HTTP\/1\.1 200 OK/)
  })
})

describe('what is not understood', () => {
  test.each([
    ['no body', '', /the body is empty/],
    ['malformed JSON', '{"kwparams":', /the body is not JSON\./],
    ['a list', '[]', /the body is not a JSON object/],
    ['null', 'null', /the body is not a JSON object/],
    ['a number', '7', /the body is not a JSON object/],
    ['kwparams as a list', '{"kwparams":[]}', /kwparams is not an object/],
    ['no uuid', '{"kwparams":{}}', /kwparams\.uuid, the Integration ID, is missing/],
    ['a uuid that is a number', '{"kwparams":{"uuid":4}}', /kwparams\.uuid, the Integration ID, is not a text/],
    [
      'a min_ttl that is a text',
      '{"kwparams":{"uuid":"x","min_ttl":"90"}}',
      /min_ttl is not a whole number of seconds from 0 to 31622400/,
    ],
    ['a negative min_ttl', '{"kwparams":{"uuid":"x","min_ttl":-1}}', /min_ttl/],
    ['a fractional min_ttl', '{"kwparams":{"uuid":"x","min_ttl":1.5}}', /min_ttl/],
    ['a min_ttl of two years', '{"kwparams":{"uuid":"x","min_ttl":63072000}}', /min_ttl/],
  ])('%s is 400 with the reason, in body and reason phrase, and reaches no broker', async (_what, body, reason) => {
    const { send } = await open()
    const reply = await send(tokenCall({ body }))
    expectRefusal(reply, 400, reason)
    expect(reply.body).toMatch(
      /^Benchkey did not understand this request: .*\. Check the call; benchkey doctor tests this session\.$/,
    )
    expect(reply.reason).toBe(reply.body.replace(' Check the call; benchkey doctor tests this session.', ''))
  })

  test.each(['/oauth_integrations', '/id_token', '/delegated_azure_token'])('malformed JSON at %s is 400', async (path) => {
    const { send } = await open()
    expectRefusal(await send(tokenCall({ path, body: '{' })), 400, /the body is not JSON/)
  })

  test('a body of 64 KiB is read and one byte more is 413, announced or in pieces', async () => {
    const { send, exchange } = await open({ tokens: { fetch: async () => TOKEN_REPLY } })
    const fill = (size: number): string => ASK_TOKEN + ' '.repeat(size - ASK_TOKEN.length)
    expect((await send(tokenCall({ body: fill(65_536) }))).status).toBe(200)
    expectRefusal(
      await send(tokenCall({ body: fill(65_537) })),
      413,
      'The body is larger than 64 KiB, which no call of a session needs.',
    )
    expectRefusal(await send(tokenCall({ body: fill(1_000_000) })), 413, /larger than 64 KiB/)
    const head = `POST /oauth_token HTTP/1.1\r\nHost: bench.example\r\nX-Forwarded-Proto: https\r\nX-RS-Session-Server-RPC-Cookie: ${COOKIE}\r\nTransfer-Encoding: chunked\r\n\r\n`
    expect(await exchange(`${head}11000\r\n${' '.repeat(0x11000)}\r\n0\r\n\r\n`, 'needs.')).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('another method than GET and POST is 405 with Allow', async () => {
    const { send } = await open()
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH']) {
      const reply = await send(tokenCall({ method, ...(method === 'HEAD' ? { body: '' } : {}) }))
      expect(reply.status).toBe(405)
      expect(reply.headers.allow).toBe('GET, POST')
    }
  })
})

describe('what a user can act on is HTTP 200 with the shape that both clients show', () => {
  const notSignedIn =
    'You are not signed in to Box API Access. Sign in at https://bench.example/sign-in/box-integration, then run this again.'

  test('not signed in, whole and in halves, with the link', async () => {
    const state = { code: 'not_signed_in', section: 'box-integration', name: 'Box API Access' } as const
    const { send } = await open(fails('not_signed_in', notSignedIn, { state }))
    const reply = await send(tokenCall())
    expect(reply.status).toBe(200)
    expect(JSON.parse(reply.body)).toEqual({
      error: notSignedIn,
      explanation: 'You are not signed in to Box API Access.',
      action: 'Sign in at https://bench.example/sign-in/box-integration, then run this again.',
      code: 'not_signed_in',
      link: 'https://bench.example/sign-in/box-integration',
    })
  })

  test.each([
    ['reauthentication_required', { reason: 'refused' }, { reason: 'refused' }],
    ['provider_unavailable', { retryAfterSeconds: 30 }, { retry_after: 30 }],
    ['configuration_error', { reason: 'client' }, { reason: 'client' }],
    ['unknown_integration', {}, {}],
  ] as const)('%s', async (code, details, members) => {
    const { send } = await open(fails(code, 'The fact. The act.', details))
    const reply = await send(tokenCall())
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toBe('application/json')
    expect(JSON.parse(reply.body)).toEqual({ error: 'The fact. The act.', code, ...members })
  })

  test.each(['/id_token', '/delegated_azure_token'])('%s says that this server does not offer it', async (path) => {
    const { send } = await open({ tokens: { authenticate: async () => CALLER } })
    const reply = await send(tokenCall({ path, body: '{"method":"id_token"}' }))
    expect(reply.status).toBe(200)
    expect(JSON.parse(reply.body)).toEqual({ error: expect.stringMatching(/^This server gives no .*\.$/), code: 'not_offered' })
  })

  test('no integrations are an empty list of providers', async () => {
    const { send } = await open({ sessionCalls: { integrations: async () => ({ views: [], outside: [] }) } })
    expect((await send(tokenCall({ path: '/oauth_integrations', body: '{"kwparams":[]}' }))).body).toBe('{"providers":[]}')
  })

  test('an integration that needs a sign-in is listed as not authenticated, with its sentence', async () => {
    const state = { code: 'reauthentication_required', reason: 'changed', name: 'Box', section: 'box-integration' } as const
    const view = { integration: box, state, token: storedToken, redirectUri: '' }
    const { send } = await open({ sessionCalls: { integrations: async () => ({ views: [view], outside: [] }) } })
    const [provider] = JSON.parse((await send(tokenCall({ path: '/oauth_integrations', body: '{}' }))).body).providers
    expect(provider.integrations[0]).toMatchObject({
      authenticated: false,
      state: 'reauthentication_required',
      reason: 'changed',
      label: 'Sign in again',
      action: 'Sign in again at https://bench.example/sign-in/box-integration; your code stays as it is.',
    })
    expect(provider.integrations[0]).not.toHaveProperty('guid')
  })
})

describe('a session that opens nothing', () => {
  const ended =
    'This session has ended or lost its access, so it gets no tokens. Open a new one at https://bench.example, or run: benchkey login.'

  test('is 401, the sentence as body, its first part without link as reason phrase', async () => {
    const { send } = await open(fails('session_ended', ''))
    const reply = await send(tokenCall())
    expectRefusal(reply, 401, ended)
    expect(reply.reason).toBe('This session has ended or lost its access, so it gets no tokens.')
  })

  test.each([
    ['no cookie', undefined],
    ['an empty one', ''],
    ['attributes only', '; path=/'],
  ])('%s is the same 401 without a look-up', async (_what, cookie) => {
    const { send } = await open()
    expectRefusal(await send(tokenCall({ headers: { 'x-rs-session-server-rpc-cookie': cookie } })), 401, ended)
  })

  test('is told to wait after thirty failures a minute, while a working cookie of the same address is served', async () => {
    const { send } = await open({
      tokens: {
        fetch: async ({ cookie }) => (cookie === COOKIE ? TOKEN_REPLY : Promise.reject(new BrokerError('session_ended', ''))),
      },
    })
    const forged = tokenCall({ headers: { 'x-rs-session-server-rpc-cookie': 'forged' } })
    const first = await Promise.all(Array.from({ length: 30 }, () => send(forged)))
    expect(new Set(first.map((reply) => reply.status))).toEqual(new Set([401]))
    const late = await send(forged)
    expectRefusal(late, 429, /^Too many requests of ended sessions came from this address; wait \d+ seconds\.$/)
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
    expect((await send(tokenCall())).status).toBe(200)
    const elsewhere = await send({ ...forged, headers: { ...forged.headers, 'x-forwarded-for': '198.51.100.7' } })
    expect(elsewhere.status).toBe(401)
  })
})

describe('who is refused at the RPC door', () => {
  test.each(['origin', 'cookie', 'sec-fetch-site', 'sec-fetch-dest', 'authorization'])('a request with %s', async (name) => {
    const { send } = await open()
    const reply = await send(tokenCall({ headers: { [name]: 'x' } }))
    expectRefusal(reply, 403, new RegExp(`do not send the header ${name}\\. In a browser open https://bench\\.example\\.$`))
    expect(reply.headers['access-control-allow-origin']).toBeUndefined()
  })

  test.each([
    ['another host', { host: 'evil.example' }],
    ['another port', { host: 'bench.example:8443' }],
  ])('a request to %s: 421', async (_what, headers) => {
    const { send } = await open()
    expectRefusal(await send(tokenCall({ headers })), 421, /^Benchkey does not answer here under the name "/)
  })

  test('a call to the public host when the callback address is another one, and the reverse', async () => {
    const { send } = await open(
      { tokens: { fetch: async () => TOKEN_REPLY } },
      { callbackAddress: 'https://inside.example:8443' },
    )
    expect((await send(tokenCall())).status).toBe(421)
    expect((await send(tokenCall({ headers: { host: 'inside.example:8443' } }))).status).toBe(200)
    expect((await send({ path: '/login', headers: { host: 'inside.example:8443' } })).status).toBe(421)
  })

  test('a caller over plain http, but for an http callback address on loopback', async () => {
    const plain = { 'x-forwarded-proto': 'http' }
    const first = await open()
    expectRefusal(
      await first.send(tokenCall({ headers: plain })),
      403,
      'Benchkey answers over https only. Use https://bench.example.',
    )
    await first.close()
    const second = await open({ tokens: { fetch: async () => TOKEN_REPLY } }, { callbackAddress: 'http://127.0.0.1:8787' })
    expect((await second.send(tokenCall({ headers: { ...plain, host: '127.0.0.1:8787' } }))).status).toBe(200)
  })

  test('forwarded headers of an untrusted address', async () => {
    const { send } = await open({}, { trustedProxies: ['198.51.100.0/24'] })
    expect((await send(tokenCall())).status).toBe(403)
  })
})

describe('failures that nobody foresaw', () => {
  test('are logged in full, told as a reference only, and the process serves on', async () => {
    let calls = 0
    const { send, logged } = await open({
      tokens: {
        fetch: async () => {
          calls += 1
          return calls === 1 ? Promise.reject(new Error('disk on fire', { cause: new TypeError('too hot') })) : TOKEN_REPLY
        },
      },
    })
    const reply = await send(tokenCall())
    expectRefusal(reply, 500, 'Benchkey could not answer; reference 010101010101.')
    expect(logged).toHaveLength(1)
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({
      reference: '010101010101',
      where: 'rpc oauth_token',
      failure: { message: 'disk on fire', stack: expect.stringContaining('rpc-door.test.ts'), cause: { message: 'too hot' } },
    })
    expect(logged.join()).not.toContain(COOKIE)
    expect((await send(tokenCall())).status).toBe(200)
  })

  test('rate limits of the broker are 429 with Retry-After', async () => {
    const { send } = await open(fails('bad_request', 'Too many calls. Try again in 9 s.', { retryAfterSeconds: 9 }))
    const reply = await send(tokenCall())
    expectRefusal(reply, 429, 'Too many calls. Try again in 9 s.')
    expect(reply.headers['retry-after']).toBe('9')
  })
})
