import { afterEach, describe, expect, test } from 'vitest'
import { box, type Doors, type ExpectedCalls, openDoors, type Reply, type Request } from '../../testing/doors.ts'
import { BrokerError } from '../domain/errors.ts'
import type { DevelopmentSession } from '../domain/people.ts'
import type { ServersOptions } from './servers.ts'

const COOKIE = 'user-id=ada|Wed%2C%2001%20Jan%202031%2000%3A00%3A00%20GMT|c2ln'
const OF_BOX = `/api/v1/integrations/${box.uid}`
const SIGN_OUT = `${OF_BOX}/sign-out`
const REPORT = `${OF_BOX}/report`
const REPORTED = '{"fingerprint":"0123456789ABCDEF"}'

const session: DevelopmentSession = {
  ...{ id: 's1', userId: 'u1', userName: 'ada', name: 'Rscript', kind: 'command', state: 'running' },
  startedAt: new Date('2026-11-23T11:00:00.123Z'),
}
const now = new Date('2026-11-23T12:00:00.999Z')
const FACTS = { session, cookieExpiresAt: new Date('2026-11-24T11:30:00Z'), now }

let doors: Doors | undefined

async function open(expected: ExpectedCalls = {}, options: Partial<ServersOptions> = {}): Promise<Doors> {
  doors = await openDoors(expected, options)
  return doors
}

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

const call = (path: string, more: Partial<Request> = {}): Request => ({
  ...{ method: 'POST', path, ...more },
  headers: { 'x-rs-session-server-rpc-cookie': COOKIE, ...more.headers },
})

const json = ({ status, headers, body }: Reply): unknown => {
  expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toEqual({
    ...{ status: 200, type: 'application/json', cache: 'no-store' },
  })
  return JSON.parse(body)
}

describe('the session', () => {
  test.each(['GET', 'POST'])('is described to %s: user, session, end of the cookie, server', async (method) => {
    const asked: unknown[] = []
    const { send } = await open({ sessionCalls: { describe: recording(asked, FACTS) } })
    expect(json(await send(call('/api/v1/session', { method })))).toEqual({
      user: 'ada',
      session: { id: 's1', name: 'Rscript', kind: 'command', started_at: '2026-11-23T11:00:00Z' },
      cookie_expires_at: '2026-11-24T11:30:00Z',
      server: { url: 'https://bench.example', version: '0.1.0', time: '2026-11-23T12:00:00Z' },
    })
    expect(asked).toEqual([{ cookie: COOKIE, address: '127.0.0.1' }])
  })
})

describe('one integration', () => {
  test('is described with page, open sign-in, and how the last one failed', async () => {
    const state = { code: 'not_signed_in', name: box.displayName, section: box.section } as const
    const lastProblem = { problem: 'client_refused', at: now, reference: 'abc123' } as const
    const view = { integration: box, state, redirectUri: '', waitingSince: new Date('2026-11-23T11:59:00Z'), lastProblem }
    const { send } = await open({ sessionCalls: { integration: async ({ uid }) => (uid === box.uid ? view : fail()) } })
    expect(json(await send(call(OF_BOX.replace(box.uid, box.uid.toUpperCase()), { method: 'GET' })))).toMatchObject({
      name: 'box-integration',
      authenticated: false,
      state: 'not_signed_in',
      link: 'https://bench.example/sign-in/box-integration',
      waiting_since: '2026-11-23T11:59:00Z',
      last_problem: {
        code: 'client_refused',
        title: 'Benchkey could not finish your sign-in',
        explanation: expect.stringContaining("account.box.com refuses Benchkey's client ID or secret"),
        reference: 'abc123',
        at: '2026-11-23T12:00:00Z',
      },
    })
  })
})

describe('signing out', () => {
  test.each([
    [{ wasSignedIn: true, revocation: 'queued' } as const, { signed_out: true, revocation: 'queued' }],
    [{ wasSignedIn: true, revocation: 'not_offered' } as const, { signed_out: true, revocation: 'not_offered' }],
    [{ wasSignedIn: false } as const, { signed_out: false }],
  ])('%j', async (signedOut, reply) => {
    const asked: unknown[] = []
    const { send } = await open({ sessionCalls: { signOut: recording(asked, signedOut) } })
    expect(json(await send(call(SIGN_OUT)))).toEqual(reply)
    expect(json(await send(call(SIGN_OUT, { body: '{}' })))).toEqual(reply)
    expect(asked).toEqual([0, 1].map(() => ({ cookie: COOKIE, uid: box.uid, address: '127.0.0.1' })))
  })

  test.each([SIGN_OUT, REPORT])('%s is not done by a GET', async (path) => {
    const { send } = await open()
    const { status, headers } = await send(call(path, { method: 'GET' }))
    expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'POST' })
  })
})

describe('a report that a token does not work', () => {
  const words = { explanation: 'The fact.', action: 'The act.' }

  test('names the token by its fingerprint and is answered in words', async () => {
    const asked: unknown[] = []
    const reported = { outcome: 'too_soon', ...words, retryAfterSeconds: 420 } as const
    const { send } = await open({ sessionCalls: { report: recording(asked, reported) } })
    expect(json(await send(call(REPORT, { body: REPORTED })))).toEqual({ outcome: 'too_soon', ...words, retry_after: 420 })
    expect(asked).toEqual([{ cookie: COOKIE, uid: box.uid, fingerprint: '0123456789abcdef', address: '127.0.0.1' }])
  })

  test.each(['', '{}', '{"fingerprint":7}', '{"fingerprint":"0123456789abcde"}', '{"fingerprint":"the token itself"}'])(
    '%s names none: 400, and nobody is asked',
    async (body) => {
      const { send } = await open()
      const reply = await send(call(REPORT, { body }))
      expect(reply.status).toBe(400)
      expect(reply.body).not.toContain('itself')
    },
  )
})

describe('every call of our own', () => {
  const paths = ['/api/v1/session', OF_BOX, SIGN_OUT, REPORT]

  test.each(paths)('%s is refused to what a browser sends, to other hosts and over plain http', async (path) => {
    const { send } = await open()
    for (const name of ['origin', 'cookie', 'sec-fetch-site', 'sec-fetch-dest', 'authorization']) {
      expect((await send(call(path, { headers: { [name]: 'x' } }))).status).toBe(403)
    }
    expect((await send(call(path, { headers: { host: 'evil.example' } }))).status).toBe(421)
    expect((await send(call(path, { headers: { 'x-forwarded-proto': 'http' } }))).status).toBe(403)
    expect((await send(call(path, { method: 'PUT' }))).status).toBe(405)
  })

  test.each(paths)('%s without a cookie, and with one that opens nothing: 401 in the words of the table', async (path) => {
    const ended = async (): Promise<never> => Promise.reject(new BrokerError('session_ended', ''))
    const { send } = await open({ sessionCalls: { describe: ended, integration: ended, signOut: ended, report: ended } })
    for (const headers of [{}, { 'x-rs-session-server-rpc-cookie': undefined }]) {
      const { status, reason, body } = await send(call(path, { headers, body: REPORTED }))
      expect({ status, reason }).toEqual({
        status: 401,
        reason: 'This session has ended or lost its access, so it gets no tokens.',
      })
      expect(body).toMatch(/ Open a new one at https:\/\/bench\.example, or run: benchkey login\.$/)
    }
  })

  test.each(paths)('%s lies under the base path and tolerates a second slash', async (path) => {
    const refused = async (): Promise<never> =>
      Promise.reject(new BrokerError('unknown_integration', 'There is none. Look.', { state: { code: 'unknown_integration' } }))
    const calls = { describe: refused, integration: refused, signOut: refused, report: refused }
    const { send } = await open({ sessionCalls: calls }, { callbackAddress: 'https://bench.example/workbench' })
    for (const slash of ['/workbench', '/workbench/']) {
      expect(json(await send(call(slash + path, { body: REPORTED })))).toMatchObject({
        code: 'unknown_integration',
        error: 'There is none. Look.',
      })
    }
    expect((await send(call(path))).status).toBe(400)
  })

  test.each([
    `${SIGN_OUT}/`,
    `${OF_BOX}/tokens`,
    '/api/v1/integrations/',
    '/api/v1/integrations//sign-out',
    '/api/v1/sessions/a/b',
  ])('%s is no call', async (path) => {
    const { send } = await open()
    const { status, body } = await send(call(path))
    expect({ status, body }).toEqual({
      status: 400,
      body: 'The session RPC does not know this method. The pages here take no RPC cookie.',
    })
  })

  test('a body that is no JSON object is 400', async () => {
    const { send } = await open()
    expect((await send(call(SIGN_OUT, { body: '[' }))).status).toBe(400)
    expect((await send(call('/api/v1/session', { body: '7' }))).status).toBe(400)
  })
})

function recording<T>(asked: unknown[], answer: T): (request: unknown) => Promise<T> {
  return async (request) => {
    asked.push(request)
    return answer
  }
}

function fail(): never {
  throw new Error('another integration was asked for')
}
