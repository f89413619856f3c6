import { afterEach, describe, expect, test } from 'vitest'
import {
  ada,
  adaIsLoggedIn,
  adasBrowser,
  box,
  type Doors,
  type ExpectedCalls,
  openDoors,
  type Request,
} from '../../testing/doors.ts'
import { BrokerError } from '../domain/errors.ts'
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

const SESSION = '__Host-Http-benchkey-session'
const view = {
  integration: box,
  state: { code: 'not_signed_in', name: 'Box API Access', section: 'box-integration' },
  redirectUri: 'https://bench.example/oauth_redirect_callback',
} as const

/** What the server put into a page. */
function factsOf(html: string): unknown {
  return JSON.parse(/<script type="application\/json" id="benchkey-page">(.*?)<\/script>/s.exec(html)?.[1] ?? 'null')
}

describe('login', () => {
  const login = (password: string): Request => ({
    method: 'POST',
    path: '/api/login',
    body: JSON.stringify({ userName: 'ada', password }),
  })

  test('gives a cookie that only this host, over https, and no script can read or set', async () => {
    const asked: unknown[] = []
    const { sendFromPage } = await open({
      logins: {
        logIn: async (request) => {
          asked.push(request)
          return { kind: 'ok', cookie: 'new-cookie', user: ada }
        },
      },
    })
    const reply = await sendFromPage({ ...login('right'), headers: { 'x-forwarded-for': '203.0.113.9' } })
    expect(reply.status).toBe(200)
    expect(reply.headers['set-cookie']).toEqual([`${SESSION}=new-cookie; Path=/; Secure; HttpOnly; SameSite=Lax`])
    expect(JSON.parse(reply.body)).toMatchObject({ userName: 'ada', isAdmin: false })
    expect(asked).toEqual([{ userName: 'ada', password: 'right', address: '203.0.113.9', previousCookie: 'session-cookie' }])
  })

  test('says so when name or password is wrong', async () => {
    const { sendFromPage } = await open({ logins: { logIn: async () => ({ kind: 'refused' }) } })
    const reply = await sendFromPage(login('wrong'))
    expect(reply.status).toBe(401)
    expect(JSON.parse(reply.body)).toEqual({ error: { code: 'refused', message: 'User name or password is not right.' } })
    expect(reply.headers['set-cookie']).toBeUndefined()
  })

  test('says how long to wait after too many attempts', async () => {
    const { sendFromPage } = await open({ logins: { logIn: async () => ({ kind: 'too_many', retryAfterSeconds: 40 }) } })
    const reply = await sendFromPage(login('wrong'))
    expect(reply.status).toBe(429)
    expect(reply.headers['retry-after']).toBe('40')
    expect(JSON.parse(reply.body).error).toEqual({
      code: 'too_many',
      message: 'Too many attempts. Try again in 40 s.',
      retryAfterSeconds: 40,
    })
  })

  test.each([
    ['malformed JSON', '{"userName":', 400, 'The body of this request is not JSON.'],
    ['a list', '[]', 400, 'The body of this request is not a JSON object.'],
    ['a number as name', '{"userName":1,"password":"x"}', 400, 'The member userName of this request is missing or not a text.'],
    ['no password', '{"userName":"ada"}', 400, 'The member password of this request is missing or not a text.'],
    ['more than 64 KiB', `"${'x'.repeat(65_536)}"`, 413, 'The body of this request is larger than 64 KiB.'],
    [
      'a name of 2,000 letters',
      JSON.stringify({ userName: 'x'.repeat(2000), password: 'x' }),
      401,
      'User name or password is not right.',
    ],
  ])('refuses %s with a sentence', async (_what, body, status, message) => {
    const { sendFromPage } = await open()
    const reply = await sendFromPage({ method: 'POST', path: '/api/login', body })
    expect(reply.status).toBe(status)
    expect(JSON.parse(reply.body).error.message).toBe(message)
  })

  test('a logout ends the browser session and clears the cookie; nobody being logged in is fine', async () => {
    const ended: unknown[] = []
    const { sendFromPage } = await open({ logins: { ...adaIsLoggedIn, logOut: async (session) => void ended.push(session) } })
    const reply = await sendFromPage({ method: 'POST', path: '/api/logout', body: '{}' })
    expect([reply.status, reply.body]).toEqual([200, '{}'])
    expect(reply.headers['set-cookie']).toEqual([`${SESSION}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`])
    expect(ended).toEqual([adasBrowser])
    expect((await sendFromPage({ method: 'POST', path: '/api/logout', headers: { cookie: undefined } })).status).toBe(200)
  })
})

describe('data', () => {
  const DATA = [
    ['GET', '/api/me'],
    ['GET', '/api/integrations'],
    ['GET', `/api/integrations/${box.uid}`],
    ['GET', '/api/events'],
    ['GET', '/api/activity'],
    ['POST', '/api/sign-out-everywhere'],
    ['POST', `/api/integrations/${box.uid}/sign-in`],
    ['POST', `/api/integrations/${box.uid}/sign-out`],
    ['POST', `/api/integrations/${box.uid}/try-again`],
  ] as const
  const ALL = [...DATA, ['POST', '/api/login'], ['POST', '/api/logout']] as const

  test.each(DATA)('%s %s is 401 for nobody, for a dead cookie and for a doubled one', async (method, path) => {
    const { sendFromPage } = await open({ logins: adaIsLoggedIn })
    for (const cookie of [undefined, `${SESSION}=dead`, `${SESSION}=session-cookie; ${SESSION}=session-cookie`, `${SESSION}=`]) {
      const reply = await sendFromPage({ method, path, headers: { cookie } })
      expect(reply.status).toBe(401)
      expect(JSON.parse(reply.body)).toEqual({
        error: { code: 'logged_out', message: 'You are logged out. Log in to continue.' },
      })
    }
  })

  test.each(ALL)('%s %s answers only what a browser says comes from the same origin', async (method, path) => {
    const { sendFromPage } = await open()
    for (const site of [undefined, 'none', 'same-site', 'cross-site']) {
      const reply = await sendFromPage({ method, path, headers: { 'sec-fetch-site': site } })
      expect(reply.status).toBe(403)
      expect(JSON.parse(reply.body).error.code).toBe('not_from_here')
    }
    expect((await sendFromPage({ method, path, headers: { origin: 'https://evil.example' } })).status).toBe(403)
  })

  test.each(ALL.filter(([method]) => method === 'POST'))('%s %s asks for our own header and for JSON', async (method, path) => {
    const { sendFromPage } = await open()
    expect((await sendFromPage({ method, path, headers: { 'x-benchkey-request': undefined } })).status).toBe(403)
    expect((await sendFromPage({ method, path, headers: { 'content-type': 'text/plain' }, body: '{}' })).status).toBe(415)
    expect((await sendFromPage({ method, path, headers: { 'content-type': undefined } })).status).toBe(415)
  })

  test.each(ALL)('%s %s refuses every other method with 405 and the right one', async (method, path) => {
    const { sendFromPage } = await open()
    for (const other of ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS'].filter((candidate) => candidate !== method)) {
      const reply = await sendFromPage({ method: other, path, body: '{}' })
      expect([other, reply.status, reply.headers.allow]).toEqual([other, 405, method])
    }
  })

  test('an unknown address of the API is 404 as data', async () => {
    const { sendFromPage } = await open()
    const reply = await sendFromPage({ path: '/api/nothing' })
    expect([reply.status, JSON.parse(reply.body).error.code]).toEqual([404, 'not_found'])
  })

  test('who am I', async () => {
    const { sendFromPage } = await open({ logins: adaIsLoggedIn })
    expect(JSON.parse((await sendFromPage({ path: '/api/me' })).body)).toEqual({
      userName: 'ada',
      isAdmin: false,
      serverName: 'Bench <1>',
      redirectUri: 'https://bench.example/oauth_redirect_callback',
    })
  })

  test('the integrations of the one who asks', async () => {
    const { sendFromPage } = await open({
      logins: adaIsLoggedIn,
      signIns: { list: async (user) => (user === ada ? [view] : []) },
    })
    expect(JSON.parse((await sendFromPage({ path: '/api/integrations' })).body)).toEqual({
      needYou: 0,
      integrations: [
        {
          uid: box.uid,
          section: 'box-integration',
          name: 'Box API Access',
          state: 'not_signed_in',
          tone: 'neutral',
          label: 'Not signed in',
          explanation: 'You are not signed in to Box API Access.',
          pageAction: 'sign-in',
          signedIn: false,
          host: 'account.box.com',
          redirectUri: 'https://bench.example/oauth_redirect_callback',
        },
      ],
    })
  })

  test('the details of one integration hold no secret', async () => {
    const { sendFromPage } = await open({
      logins: adaIsLoggedIn,
      signIns: {
        details: async () => ({
          ...view,
          runningSessions: 2,
          revocation: { state: 'waiting', since: new Date(0), words: 'answered 503' },
        }),
      },
    })
    const reply = await sendFromPage({ path: `/api/integrations/${box.uid.toUpperCase()}` })
    expect(JSON.parse(reply.body)).toMatchObject({
      configuration: { clientId: 'box-client', scopes: ['read', 'write'] },
      runningSessions: 2,
      revocation: { state: 'waiting', since: '1970-01-01T00:00:00.000Z', words: 'answered 503' },
      snippets: [
        { language: 'R', code: `token <- rstudioapi::getOAuthCredentials("${box.uid}")$access_token` },
        { language: 'Python' },
        { language: 'Shell', code: 'benchkey token box-integration --header | curl -H @- "$URL"' },
        {
          language: 'TypeScript',
          code: `import { createClient } from '@benchkey/sdk'\n\nconst { accessToken } = await createClient().token('${box.uid}')`,
        },
      ],
    })
    expect(reply.body).not.toContain('box-secret')
  })

  test('an unknown integration is 404 with the sentence of the table', async () => {
    const state = { code: 'unknown_integration', asked: 'x' } as const
    const { sendFromPage } = await open({
      logins: adaIsLoggedIn,
      signIns: { details: async () => Promise.reject(new BrokerError('unknown_integration', 'for programs', { state })) },
    })
    const reply = await sendFromPage({ path: '/api/integrations/x' })
    expect(reply.status).toBe(404)
    expect(JSON.parse(reply.body).error).toEqual({
      code: 'unknown_integration',
      message: 'There is no integration "x" for you on this server. IDs differ between servers.',
    })
  })
})

describe('signing in and out', () => {
  test('a start answers the address as data and binds the attempt to this browser', async () => {
    const asked: unknown[] = []
    const { sendFromPage } = await open({
      logins: adaIsLoggedIn,
      signIns: {
        start: async (...request) => {
          asked.push(request)
          return { url: 'https://account.box.com/authorize?state=s', cookie: { name: 'a1', value: 'secret', maxAgeSeconds: 600 } }
        },
      },
    })
    const path = `/api/integrations/${box.uid}/sign-in`
    const reply = await sendFromPage({ method: 'POST', path, body: '{"returnTo":"settings"}' })
    expect([reply.status, reply.body]).toEqual([200, '{"url":"https://account.box.com/authorize?state=s"}'])
    expect(reply.headers['set-cookie']).toEqual([
      '__Host-Http-benchkey-attempt-a1=secret; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600',
    ])
    expect(asked).toEqual([[adasBrowser, box.uid, 'settings', '127.0.0.1']])
  })

  test.each(['https://evil.example', '', 7, undefined])('a start that wants to come back to %s is refused', async (returnTo) => {
    const { sendFromPage } = await open({ logins: adaIsLoggedIn })
    const body = JSON.stringify({ returnTo })
    expect((await sendFromPage({ method: 'POST', path: `/api/integrations/${box.uid}/sign-in`, body })).status).toBe(400)
  })

  test('a rate limit is 429 with the seconds', async () => {
    const { sendFromPage } = await open({
      logins: adaIsLoggedIn,
      signIns: {
        start: async () => Promise.reject(new BrokerError('bad_request', 'Try again in 7 s.', { retryAfterSeconds: 7 })),
      },
    })
    const reply = await sendFromPage({
      method: 'POST',
      path: `/api/integrations/${box.uid}/sign-in`,
      body: '{"returnTo":"settings"}',
    })
    expect([reply.status, reply.headers['retry-after'], JSON.parse(reply.body).error.message]).toEqual([
      429,
      '7',
      'Try again in 7 s.',
    ])
  })

  test('sign-out and try-again act for the one who asks', async () => {
    const calls: unknown[] = []
    const { sendFromPage } = await open({
      logins: adaIsLoggedIn,
      signIns: {
        signOut: async (...request) => {
          calls.push(['out', ...request])
          return { wasSignedIn: false }
        },
        tryAgain: async (...request) => void calls.push(['again', ...request]),
      },
    })
    expect((await sendFromPage({ method: 'POST', path: `/api/integrations/${box.uid}/sign-out` })).status).toBe(200)
    expect((await sendFromPage({ method: 'POST', path: `/api/integrations/${box.uid}/try-again`, body: '{}' })).status).toBe(200)
    expect(calls).toEqual([
      ['out', ada, box.uid, '127.0.0.1'],
      ['again', ada, box.uid],
    ])
  })
})

describe('pages', () => {
  test.each([
    '/login',
    '/settings',
    '/settings/managed-credentials',
    '/sign-in/box-integration',
    '/sign-in/caf%C3%A9%20%2F/done',
  ])('%s is the one document, whatever site it was opened from', async (path) => {
    const { send } = await open()
    for (const site of ['none', 'cross-site', undefined]) {
      const reply = await send({ path, headers: { 'sec-fetch-site': site } })
      expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
      expect(reply.body).toContain('<base href="/">')
      expect(factsOf(reply.body)).toEqual({ basePath: '', serverName: 'Bench <1>' })
      expect(reply.body).not.toContain('Bench <1>')
    }
    const head = await send({ method: 'HEAD', path })
    expect([head.status, head.body]).toEqual([200, ''])
    const post = await send({ method: 'POST', path })
    expect([post.status, post.headers.allow]).toEqual([405, 'GET, HEAD'])
  })

  test('an unknown path is the document with status 404', async () => {
    const { send } = await open()
    const reply = await send({ path: '/nothing/here' })
    expect([reply.status, factsOf(reply.body)]).toEqual([404, { basePath: '', serverName: 'Bench <1>' }])
    expect((await send({ path: '/%zz' })).status).toBe(400)
  })

  test('the root is the document for somebody who is logged in, and leads others to the login page', async () => {
    const { send, sendFromPage } = await open({ logins: adaIsLoggedIn })
    const known = await sendFromPage({ path: '/', headers: { 'sec-fetch-site': 'none' } })
    expect([known.status, factsOf(known.body)]).toEqual([200, { basePath: '', serverName: 'Bench <1>' }])
    const stranger = await send({ path: '/' })
    expect([stranger.status, stranger.headers.location]).toEqual([303, '/login'])
  })

  test('assets are kept for ever, other files for an hour, and nothing outside the folder is given', async () => {
    const { send, exchange } = await open()
    const asset = await send({ path: '/assets/index-1a2b.js' })
    expect([asset.status, asset.body]).toEqual([200, 'export {}\n'])
    expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect(asset.headers['content-type']).toMatch(/javascript/)
    expect((await send({ path: '/favicon.svg' })).headers['cache-control']).toBe('public, max-age=3600')
    expect((await send({ path: '/assets/nothing.js' })).status).toBe(404)
    expect((await send({ path: '/index.html' })).body).not.toContain('<!--')
    for (const path of ['/assets/../../admin.sock', '/assets/..%2f..%2fadmin.sock', '/assets/%2e%2e/index.html']) {
      const raw = await exchange(
        `GET ${path} HTTP/1.1\r\nHost: bench.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n`,
      )
      expect(raw).toMatch(/^HTTP\/1\.1 (403|404) /)
    }
  })

  test('a base path is kept everywhere', async () => {
    const { send, sendFromPage } = await open(
      { logins: adaIsLoggedIn },
      { publicUrl: 'https://bench.example/workbench', callbackAddress: 'https://bench.example/workbench' },
    )
    const page = await send({ path: '/workbench/login' })
    expect(page.body).toContain('<base href="/workbench/">')
    expect(factsOf(page.body)).toEqual({ basePath: '/workbench', serverName: 'Bench <1>' })
    expect((await send({ path: '/workbench/' })).headers.location).toBe('/workbench/login')
    expect((await send({ path: '/workbench' })).headers.location).toBe('/workbench/login')
    expect((await send({ path: '/workbench/assets/index-1a2b.js' })).status).toBe(200)
    expect((await sendFromPage({ path: '/workbench/api/me' })).status).toBe(200)
    expect((await send({ path: '/login' })).status).toBe(404)
  })
})

describe('failures that nobody foresaw', () => {
  test('are a reference to the user and a line in the log, without query or cookie, and the process serves on', async () => {
    const { send, sendFromPage, logged } = await open({
      logins: { authenticate: async () => Promise.reject(new Error('disk on fire')) },
    })
    const reply = await sendFromPage({ path: '/api/me?secret=1' })
    expect(reply.status).toBe(500)
    expect(JSON.parse(reply.body).error).toEqual({
      code: 'internal',
      message: 'Benchkey could not answer; reference 010101010101.',
    })
    const callback = await send({
      path: '/oauth_redirect_callback?code=c0de&state=5tate',
      headers: { cookie: `${SESSION}=session-cookie` },
    })
    expect([callback.status, callback.body]).toEqual([500, 'Benchkey could not answer; reference 020202020202.'])
    expect(logged).toHaveLength(2)
    expect(JSON.parse(logged[1] ?? '')).toMatchObject({ reference: '020202020202', where: 'GET /oauth_redirect_callback' })
    expect(logged.join()).not.toMatch(/c0de|5tate|session-cookie|secret/)
    expect((await send({ path: '/login' })).status).toBe(200)
  })
})
