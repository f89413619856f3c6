import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  ENTRY,
  ENTRY_COOKIE,
  OTHER_SESSION,
  openSessionProxyRoom,
  PUBLIC_URL,
  SECOND_SESSION,
  SESSION,
  type SessionProxyRoom,
  TICKET,
} from '../testing/session-proxy-room.ts'

let room: SessionProxyRoom
const HOME = `/s/${SESSION}/`

beforeAll(async () => {
  room = await openSessionProxyRoom({ secretHeader: { name: 'X-Session-Secret', value: 'only-the-proxy' } })
})
afterAll(() => room.close())
beforeEach(() => room.seen.splice(0))

const headersSeen = (): string => {
  const raw = room.seen.at(-1)?.rawHeaders ?? []
  return raw.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${raw[index + 1]}`] : [])).join('\n')
}

describe('the way into a session', () => {
  const form = (members: Record<string, string>, headers: Record<string, string> = {}) =>
    room.ask('/enter', {
      method: 'POST',
      headers: { origin: PUBLIC_URL, 'content-type': 'application/x-www-form-urlencoded', cookie: '', ...headers },
      body: new URLSearchParams(members).toString(),
    })

  test('is a ticket that becomes a cookie once', async () => {
    const entered = await form({ session: SESSION, ticket: TICKET })
    expect(entered.status).toBe(303)
    expect(entered.headers.location).toBe(HOME)
    const name = `__Host-Http-benchkey-session-${SESSION}`
    expect(entered.headers['set-cookie']).toEqual([`${name}=${ENTRY}; Path=/; Secure; HttpOnly; SameSite=Lax`])
    expect(await form({ session: SESSION, ticket: TICKET })).toMatchObject({ status: 401 })
  })

  test.each([
    ['another site', { origin: 'https://evil.example' }],
    ['a page that hides itself', { origin: 'null' }],
    ['another session', { origin: 'https://localhost' }],
  ])('is not open to a form of %s', async (_who, headers) => {
    expect(await form({ session: SESSION, ticket: TICKET }, headers)).toMatchObject({ status: 403 })
  })

  test('takes two members, and no other method', async () => {
    expect(await form({ session: SESSION })).toMatchObject({ status: 400 })
    expect(await form({ session: SESSION, ticket: 'x'.repeat(2000) })).toMatchObject({ status: 400 })
    expect(await room.ask('/enter')).toMatchObject({ status: 405, headers: { allow: 'POST' } })
  })

  test.each([
    ['no cookie', ''],
    ['a wrong cookie', `__Host-Http-benchkey-session-${SESSION}=${'x'.repeat(43)}`],
  ])('is not open to %s, which hears to open it from the home page', async (_what, cookie) => {
    const reply = await room.ask(HOME, { headers: { cookie, accept: 'text/html' } })
    expect(reply.status).toBe(401)
    expect(reply.body).toContain('Open this session from the home page')
    expect(reply.body).toContain(`href="${PUBLIC_URL}/"`)
    expect(room.seen).toEqual([])
  })

  test('to one session opens no other', async () => {
    const cookie = `${ENTRY_COOKIE.cookie}; __Host-Http-benchkey-session-${OTHER_SESSION}=${ENTRY}`
    expect(await room.ask(`/s/${OTHER_SESSION}/`, { headers: { cookie } })).toMatchObject({ status: 401 })
  })
})

test('whoever enters a session loses the cookies of those that are over, and no other', async () => {
  const own = await openSessionProxyRoom()
  const over = ['22222222', '33333333'].map((start) => `__Host-Http-benchkey-session-${start}-1111-4111-8111-111111111111`)
  const enter = (session: string) =>
    own.ask('/enter', {
      method: 'POST',
      headers: {
        origin: PUBLIC_URL,
        'content-type': 'application/x-www-form-urlencoded',
        cookie: [
          `${over[0]}=${ENTRY}`,
          `${over[1]}=x`,
          '__Host-Http-benchkey-session=login',
          `__Host-Http-benchkey-session-${SECOND_SESSION}=${ENTRY}`,
          'theme=dark',
          ENTRY_COOKIE.cookie,
        ].join('; '),
      },
      body: new URLSearchParams({ session, ticket: TICKET }).toString(),
    })
  const { headers } = await enter(SESSION)
  const taken = over.map((name) => `${name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`)
  expect(headers['set-cookie']?.slice(1)).toEqual(taken)
  expect((await enter(SESSION)).headers['set-cookie']).toBeUndefined()
  await own.close()
})

describe('what a session is told', () => {
  test('is path and query as the browser sent them, behind the base path', async () => {
    expect(await room.ask(`${HOME}a%2Fb/c?d=%20e`)).toMatchObject({ status: 200, body: 'asked for /a%2Fb/c?d=%20e' })
  })

  test('is a host that its own check of Origin accepts, and where the browser is', async () => {
    const { origin, host } = room
    await room.ask(HOME, {
      method: 'POST',
      headers: { origin, 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6' },
      body: 'x=1',
    })
    const seen = headersSeen()
    for (const line of [`Host: ${host}`, `origin: ${origin}`, 'X-Forwarded-Proto: https', 'X-Forwarded-For: 127.0.0.1']) {
      expect(seen).toContain(line)
    }
    expect(seen).not.toContain('6.6.6.6')
    expect(room.seen[0]?.body).toBe('x=1')
  })

  test("is none of Benchkey's cookies, and the secret that only the proxy knows", async () => {
    const cookie = [
      '__Host-Http-benchkey-session=login',
      'theme=dark',
      ENTRY_COOKIE.cookie,
      '__HOST-HTTP-BENCHKEY-attempt-1=x',
      '=__Host-Http-benchkey-session=nameless',
      '_xsrf=2',
    ].join('; ')
    expect(await room.ask(HOME, { headers: { cookie, 'x-session-secret': 'guessed' } })).toMatchObject({ status: 200 })
    expect(headersSeen()).toContain('Cookie: theme=dark; _xsrf=2')
    expect(headersSeen().toLowerCase()).not.toContain('benchkey')
    expect(headersSeen()).toContain('X-Session-Secret: only-the-proxy')
    expect(headersSeen()).not.toContain('guessed')
    expect(room.logged).toEqual([])
  })

  test('is no header of the connection, nor what the connection names', async () => {
    const headers = {
      connection: 'close, x-hop',
      'x-hop': '1',
      te: 'trailers',
      'proxy-authorization': 'Basic x',
      'keep-alive': '5',
    }
    await room.ask(HOME, { headers })
    for (const name of ['x-hop', 'te:', 'proxy-authorization', 'keep-alive'])
      expect(headersSeen().toLowerCase()).not.toContain(name)
  })
})

describe('a request that may come from elsewhere', () => {
  test.each([
    ['POST without an origin', 'POST', {}],
    ['POST of another site', 'POST', { origin: 'https://evil.example' }],
    ['POST of Benchkey itself', 'POST', { origin: PUBLIC_URL }],
    ['DELETE of a page that hides itself', 'DELETE', { origin: 'null' }],
    ['preflight of another site', 'OPTIONS', { origin: 'https://evil.example', 'access-control-request-method': 'PUT' }],
    ['script of another site', 'GET', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }],
    [
      'frame of another site',
      'GET',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
    ],
    ['fetch of another site', 'GET', { origin: 'https://evil.example' }],
  ])('%s never arrives', async (_what, method, headers) => {
    expect(await room.ask(HOME, { method, headers: headers as Record<string, string> })).toMatchObject({ status: 403 })
    expect(room.seen).toEqual([])
  })

  test.each([
    ['a link', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }],
    ['its own script', 'GET', { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
    ['its own form without a referrer', 'POST', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
  ])('%s does', async (_what, method, headers) => {
    expect(await room.ask(HOME, { method, headers: headers as Record<string, string> })).toMatchObject({ status: 200 })
  })

  test('a service worker outside its session is refused', async () => {
    const headers = { 'service-worker': 'script' }
    expect(await room.ask('/sw.js', { headers })).toMatchObject({ status: 403 })
    expect(await room.ask(`${HOME}sw.js`, { headers })).toMatchObject({ status: 200 })
  })

  test.each([['evil.example'], ['localhost'], ['127.0.0.1']])('under the host %s is misdirected', async (host) => {
    expect(await room.ask(HOME, { headers: { host } })).toMatchObject({ status: 421 })
  })
})

describe('with a host for each session', () => {
  const hostOf = (id: string): string => `${id}.sessions.example`
  let own: SessionProxyRoom

  beforeAll(async () => {
    own = await openSessionProxyRoom({ settings: { sessionsUrl: 'https://{id}.sessions.example' } })
  })
  afterAll(() => own.close())

  test('a session answers under its own, and needs that origin', async () => {
    expect(await own.ask(HOME, { headers: { host: hostOf(SESSION) } })).toMatchObject({ status: 200 })
    expect(await own.ask(HOME, { headers: { host: `${hostOf(SESSION)}:443` } })).toMatchObject({ status: 200 })
    const post = (origin: string) => own.ask(HOME, { method: 'POST', headers: { host: hostOf(SESSION), origin } })
    expect(await post(`https://${hostOf(SESSION)}`)).toMatchObject({ status: 200 })
    expect(await post(`https://${hostOf(OTHER_SESSION)}`)).toMatchObject({ status: 403 })
  })

  test.each([
    [hostOf(OTHER_SESSION)],
    ['sessions.example'],
    [`x${hostOf(SESSION)}`],
    [`${hostOf(SESSION)}.evil.example`],
    ['{id}.sessions.example'],
  ])('under %s it is misdirected', async (host) => {
    expect(await own.ask(HOME, { headers: { host } })).toMatchObject({ status: 421 })
  })
})

describe('behind a proxy that speaks https', () => {
  test('only one that is trusted is believed where a browser is, and that it came over https', async () => {
    const own = await openSessionProxyRoom({ settings: { trustedProxies: ['127.0.0.1'] } })
    const askPlainly = (headers: Record<string, string>): Promise<number> =>
      new Promise((resolve, reject) => {
        const all = { host: own.host, ...ENTRY_COOKIE, ...headers }
        const request = httpRequest({ host: '127.0.0.1', port: own.port, path: HOME, headers: all, agent: false }, (reply) => {
          reply.resume().on('end', () => resolve(reply.statusCode ?? 0))
        })
        request.on('error', reject).end()
      })
    expect(await askPlainly({})).toBe(403)
    expect(await askPlainly({ 'x-forwarded-proto': 'http' })).toBe(403)
    expect(await askPlainly({ 'x-forwarded-proto': 'https', 'x-forwarded-for': '6.6.6.6, 192.0.2.7' })).toBe(200)
    expect(own.seen.at(-1)?.rawHeaders).toContain('192.0.2.7')
    await own.close()
    const untrusted = await openSessionProxyRoom()
    expect(await untrusted.ask(HOME, { headers: { 'x-forwarded-for': '6.6.6.6' } })).toMatchObject({ status: 200 })
    expect(untrusted.seen.at(-1)?.rawHeaders).toContain('127.0.0.1')
    await untrusted.close()
  })
})
