import { afterEach, describe, expect, test } from 'vitest'
import { adaIsLoggedIn, adasBrowser, box, type Doors, type ExpectedCalls, openDoors, type Request } from '../../testing/doors.ts'
import type { CallbackResult, SignIns } from '../broker/broker.ts'

let doors: Doors | undefined

async function open(expected: ExpectedCalls = {}, basePath = ''): Promise<Doors> {
  doors = await openDoors(expected, { publicUrl: `https://bench.example${basePath}` })
  return doors
}

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

const COOKIES = '__Host-Http-benchkey-session=session-cookie; __Host-Http-benchkey-attempt-a1=secret'
const callback = (more: Partial<Request> = {}): Request => ({
  path: '/oauth_redirect_callback?code=c&state=s',
  ...more,
  headers: {
    cookie: COOKIES,
    'sec-fetch-site': 'cross-site',
    'sec-fetch-dest': 'document',
    'sec-fetch-mode': 'navigate',
    ...more.headers,
  },
})

type Finish = Parameters<SignIns['finish']>[0]

/** A broker whose callback ends so, and what it was asked. */
function finishes(result: CallbackResult): { expected: ExpectedCalls; asked: (Finish & { cookie: string | undefined })[] } {
  const asked: (Finish & { cookie: string | undefined })[] = []
  const finish: SignIns['finish'] = async (request) => {
    asked.push({ ...request, cookie: request.attemptCookie('a1') })
    return result
  }
  return { expected: { logins: adaIsLoggedIn, signIns: { finish } }, asked }
}

const SIGNED_IN = { kind: 'signed_in', integration: box, returnTo: 'settings' } as const

describe('the callback', () => {
  test('of a sign-in leads to the credentials, without code and state, and takes the attempt cookie back', async () => {
    const { expected, asked } = finishes(SIGNED_IN)
    const { send } = await open(expected)
    const reply = await send(callback())
    expect([reply.status, reply.headers.location]).toEqual([303, '/settings/managed-credentials'])
    expect(reply.headers['set-cookie']).toEqual([
      '__Host-Http-benchkey-attempt-a1=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0',
    ])
    expect(asked).toMatchObject([
      {
        session: adasBrowser,
        section: undefined,
        parameters: [
          ['code', 'c'],
          ['state', 's'],
        ],
        cookie: 'secret',
        address: '127.0.0.1',
      },
    ])
  })

  test('of a sign-in begun on its own page leads there', async () => {
    const integration = { ...box, section: 'café / 1' }
    const { send } = await open(finishes({ kind: 'signed_in', integration, returnTo: 'sign-in-page' }).expected, '/workbench')
    const reply = await send(callback({ path: '/workbench/oauth_redirect_callback?code=c&state=s' }))
    expect(reply.headers.location).toBe('/workbench/sign-in/caf%C3%A9%20%2F%201/done')
  })

  test('keeps order and doubles of the parameters, and the section of its path', async () => {
    const { expected, asked } = finishes(SIGNED_IN)
    const { send } = await open(expected)
    await send(callback({ path: '/oauth_redirect_callback/caf%C3%A9?state=a&code=c&state=b&error_description=a%20b+c&x' }))
    expect(asked[0]?.section).toBe('café')
    expect(asked[0]?.parameters).toEqual([
      ['state', 'a'],
      ['code', 'c'],
      ['state', 'b'],
      ['error_description', 'a b c'],
      ['x', ''],
    ])
  })

  test.each([
    ['no cookies', undefined, undefined, undefined],
    ['a doubled attempt cookie', `${COOKIES}; __Host-Http-benchkey-attempt-a1=other`, adasBrowser, undefined],
    ['a doubled session cookie', `${COOKIES}; __Host-Http-benchkey-session=session-cookie`, undefined, 'secret'],
  ])('with %s comes to the broker as such', async (_what, cookie, session, attempt) => {
    const { expected, asked } = finishes(SIGNED_IN)
    const { send } = await open(expected)
    await send(callback({ headers: { cookie } }))
    expect(asked.map((request) => [request.session, request.cookie])).toEqual([[session, attempt]])
  })

  test('is GET only: HEAD and POST use no attempt up', async () => {
    const { send } = await open()
    for (const method of ['HEAD', 'POST', 'PUT']) {
      const reply = await send(callback({ method }))
      expect([reply.status, reply.headers.allow]).toEqual([405, 'GET'])
    }
  })

  test.each([
    ['an image', { 'sec-fetch-dest': 'image' }],
    ['a frame', { 'sec-fetch-dest': 'iframe' }],
    ['a script', { 'sec-fetch-dest': 'empty' }],
    ['a prefetch', { 'sec-purpose': 'prefetch;prerender' }],
  ])('as %s is refused before the attempt is looked at', async (_what, headers) => {
    const { send } = await open()
    expect((await send(callback({ headers }))).status).toBe(403)
  })
})

describe('a callback problem', () => {
  const at = new Date('2026-11-23T12:00:00Z')
  const problem = { kind: 'problem', reference: 'r-1', at } as const

  test.each([
    ['denied', 403, 'You did not sign in to Box API Access', 'Start again', '/sign-in/box-integration'],
    ['dead_link', 400, 'This sign-in link no longer works', 'Go to Managed Credentials', '/settings/managed-credentials'],
    [
      'scope_refused',
      403,
      'account.box.com refused the access asked for',
      'Go to Managed Credentials',
      '/settings/managed-credentials',
    ],
    [
      'client_refused',
      502,
      'Benchkey could not finish your sign-in',
      'Go to Managed Credentials',
      '/settings/managed-credentials',
    ],
    ['provider_failed', 502, 'account.box.com could not finish the sign-in', 'Start again', '/sign-in/box-integration'],
    ['logged_out', 401, 'You were logged out meanwhile', 'Log in', '/login'],
    ['doubled', 400, 'Benchkey did not use this answer', 'Start again', '/sign-in/box-integration'],
    ['not_saved', 503, 'Benchkey could not store your sign-in', 'Start again', '/sign-in/box-integration'],
  ] as const)('%s is a page with status %i', async (kind, status, title, label, path) => {
    const { send } = await open(finishes({ ...problem, problem: kind, integration: box }).expected, '/workbench')
    const reply = await send(callback({ path: '/workbench/oauth_redirect_callback?code=c&state=s' }))
    expect([reply.status, reply.headers['content-type'], reply.headers['cache-control']]).toEqual([
      status,
      'text/html; charset=utf-8',
      'no-store',
    ])
    expect(factsOf(reply.body)).toEqual({
      basePath: '/workbench',
      serverName: 'Bench <1>',
      problem: {
        page: 'callback-problem',
        title,
        explanation: expect.stringMatching(/\.$/),
        reference: 'r-1',
        at: at.toISOString(),
        button: { label, path: `/workbench${path}` },
      },
    })
  })

  test("shows the provider's words as data that cannot break out of the page", async () => {
    const providerText = '</script><script>alert(1)</script><!--'
    const { send } = await open(finishes({ ...problem, problem: 'denied', providerText }).expected)
    const reply = await send(callback())
    expect(reply.body).not.toContain('<script>alert')
    expect(factsOf(reply.body)).toMatchObject({ problem: { providerText, title: 'You did not sign in to this service' } })
  })

  test('not_yet leaves the browser all it needs to come back with the same answer', async () => {
    const { send } = await open(finishes({ ...problem, problem: 'not_yet' }).expected)
    const reply = await send(callback())
    expect([reply.status, reply.headers['set-cookie']]).toEqual([503, undefined])
    expect(factsOf(reply.body)).toMatchObject({
      problem: { title: 'Benchkey cannot finish your sign-in yet', isRepeatable: true, button: { label: 'Try again' } },
    })
  })

  test('too many attempts are 429 with the seconds to wait', async () => {
    const { send } = await open(finishes({ kind: 'too_many', retryAfterSeconds: 40 }).expected)
    const reply = await send(callback())
    expect([reply.status, reply.headers['retry-after']]).toEqual([429, '40'])
    expect(factsOf(reply.body)).toMatchObject({ problem: { title: 'Too many attempts', at: '2026-11-23T12:00:00.000Z' } })
  })
})

function factsOf(html: string): unknown {
  return JSON.parse(/<script type="application\/json" id="benchkey-page">(.*?)<\/script>/s.exec(html)?.[1] ?? 'null')
}
