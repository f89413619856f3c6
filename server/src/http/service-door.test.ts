import { afterEach, describe, expect, test } from 'vitest'
import { type Doors, type ExpectedCalls, openDoors, type Request } from '../../testing/doors.ts'
import type { ServiceRefusal } from '../broker/broker-of-services.ts'
import type { DevelopmentSession } from '../domain/people.ts'
import { StoreError } from '../store/store.ts'

const TOKEN = `bks_${'A'.repeat(43)}`
const session: DevelopmentSession = {
  ...{ id: 's1', userId: 'u1', userName: 'ada', name: 'notebook', kind: 'service', state: 'running', service: 'hub' },
  ...{
    host: 'node-7',
    limitedTo: ['i1'],
    startedAt: new Date('2026-11-23T12:00:00.700Z'),
    endsAt: new Date('2026-11-23T13:00:00Z'),
  },
}
const opened = {
  ...{ session, cookie: 'user-id=ada|date|secret', environment: { RS_SERVER_ADDRESS: 'https://bench.example' } },
  endsAt: new Date('2026-11-23T13:00:00Z'),
}

let doors: Doors
afterEach(() => doors.close())

async function open(calls: NonNullable<ExpectedCalls['serviceCalls']> = {}): Promise<void> {
  doors = await openDoors({ serviceCalls: calls })
}

const post = (body: unknown, headers: Request['headers'] = {}) =>
  doors.send({
    ...{ method: 'POST', path: '/api/v1/sessions', headers: { authorization: `Bearer ${TOKEN}`, ...headers } },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

const refusal = (changes: Partial<ServiceRefusal>): ServiceRefusal => ({
  kind: 'refused',
  why: 'token',
  sentence: 'No.',
  ...changes,
})

describe('the door of services', () => {
  test('starts a session: 201 with all that its programs need, for nobody to keep', async () => {
    const calls: unknown[] = []
    await open({
      open: async (...call) => {
        calls.push(call)
        return { ...opened, caCertificate: 'PEM' }
      },
    })
    const body = { user: 'ada', name: 'notebook', host: 'node-7', integrations: ['Box'], life_seconds: 3600 }
    const reply = await post(body, { 'x-forwarded-for': '10.1.2.3' })
    expect(reply.status).toBe(201)
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(JSON.parse(reply.body)).toEqual({
      session: {
        ...{ id: 's1', user: 'ada', name: 'notebook', kind: 'service', state: 'running', host: 'node-7', integrations: ['i1'] },
        ...{ started_at: '2026-11-23T12:00:00Z', expires_at: '2026-11-23T13:00:00Z' },
      },
      ...{ cookie: opened.cookie, environment: opened.environment },
      ...{ expires_at: '2026-11-23T13:00:00Z', ca_certificate: 'PEM' },
    })
    const { life_seconds: lifeSeconds, ...wanted } = body
    expect(calls).toEqual([
      [
        { token: TOKEN, address: '10.1.2.3' },
        { ...wanted, lifeSeconds },
      ],
    ])
  })

  test('shows and ends a session of the service', async () => {
    await open({ show: async () => ({ ...session, endedAt: session.startedAt }), end: async () => ({ ended: true }) })
    const ask = (method: string) =>
      doors.send({ method, path: '//api/v1/sessions/s1', headers: { authorization: `bearer ${TOKEN}` } })
    const shown = await ask('GET')
    expect([shown.status, JSON.parse(shown.body)]).toMatchObject([
      200,
      { session: { id: 's1', state: 'ended', ended_at: '2026-11-23T12:00:00Z' } },
    ])
    const ended = await ask('DELETE')
    expect([ended.status, ended.body]).toEqual([200, '{"ended":true}'])
  })

  test.each([
    ['no body', '', 'the body is empty'],
    ['a list', [], 'the body is not a JSON object'],
    ['no user', { name: 'x' }, 'The member user of this request is missing or not a text.'],
    ['a name that is empty', { user: 'ada', name: '' }, 'The member name of this request is empty.'],
    ['a line end in a name', { user: 'ada', name: 'a\nb' }, 'The member name of this request holds a control character.'],
    [
      'a name of 201 characters',
      { user: 'ada', name: 'x'.repeat(201) },
      'The member name of this request is longer than 200 characters.',
    ],
    ['a number for a host', { user: 'ada', name: 'x', host: 1 }, 'The member host of this request is missing or not a text.'],
    [
      'a text for a list',
      { user: 'ada', name: 'x', integrations: 'Box' },
      'The member integrations of this request is not a list of texts.',
    ],
    [
      'a list of numbers',
      { user: 'ada', name: 'x', integrations: [1] },
      'The member integrations.0 of this request is missing or not a text.',
    ],
    [
      'half a second',
      { user: 'ada', name: 'x', life_seconds: 60.5 },
      'The member life_seconds of this request is not a whole number of seconds.',
    ],
    ['a second', { user: 'ada', name: 'x', life_seconds: 1 }, 'The member life_seconds of this request is less than 60 seconds.'],
    [
      'two weeks',
      { user: 'ada', name: 'x', life_seconds: 1209600 },
      'The member life_seconds of this request is more than 604800 seconds.',
    ],
    [
      'a member nobody knows',
      { user: 'ada', name: 'x', life: 60 },
      'The member life of this request is not known; leave it out.',
    ],
    [
      'a prototype',
      '{"user":"ada","name":"x","__proto__":{"host":"y"}}',
      'The member __proto__ of this request is not known; leave it out.',
    ],
  ])('does not understand %s: 400, and nothing is started', async (_what, body, words) => {
    await open()
    const reply = await post(body)
    expect(reply.status).toBe(400)
    expect(JSON.parse(reply.body)).toEqual({ error: expect.stringContaining(words), code: 'bad_request' })
  })

  test.each([
    ['none', undefined],
    ['of another scheme', `Basic ${TOKEN}`],
    ['without a value', 'Bearer '],
    ['with a blank in it', `Bearer a b`],
  ])('with a token %s asks for one, and says nothing else (RFC 6750 §3.1)', async (_what, authorization) => {
    await open()
    const reply = await post({ user: 'ada', name: 'x' }, { authorization })
    expect([reply.status, reply.headers['www-authenticate']]).toEqual([401, 'Bearer realm="Benchkey"'])
    expect(JSON.parse(reply.body)).toMatchObject({ code: 'token_refused' })
  })

  test.each<[ServiceRefusal['why'], number, string]>([
    ['token', 401, 'token_refused'],
    ['not_allowed', 403, 'not_allowed'],
    ['not_understood', 400, 'bad_request'],
    ['unknown', 404, 'not_found'],
    ['too_many', 429, 'too_many'],
  ])('answers the refusal %s with %i and the sentence', async (why, status, code) => {
    await open({ open: async () => refusal({ why, ...(why === 'too_many' ? { retryAfterSeconds: 7 } : {}) }) })
    const reply = await post({ user: 'ada', name: 'x' })
    expect([reply.status, reply.headers['retry-after']]).toEqual([status, why === 'too_many' ? '7' : undefined])
    expect(JSON.parse(reply.body)).toMatchObject({ error: 'No.', code })
    expect(reply.headers['www-authenticate']).toBe(why === 'token' ? 'Bearer realm="Benchkey", error="invalid_token"' : undefined)
  })

  test('has an address wait after thirty tokens a minute that open nothing, while one that opens is served', async () => {
    await open({ open: async ({ token }) => (token === TOKEN ? opened : refusal({})) })
    const guess = () => post({ user: 'ada', name: 'x' }, { authorization: 'Bearer bks_guess' })
    for (let n = 0; n < 30; n += 1) expect((await guess()).status).toBe(401)
    const reply = await guess()
    expect([reply.status, Number(reply.headers['retry-after']) > 0]).toEqual([429, true])
    expect((await post({ user: 'ada', name: 'x' })).status).toBe(201)
  })

  test.each(['origin', 'cookie', 'sec-fetch-site', 'sec-fetch-dest'])('refuses what browsers send: %s', async (name) => {
    await open()
    const reply = await post({ user: 'ada', name: 'x' }, { [name]: 'x' })
    expect([reply.status, JSON.parse(reply.body)]).toMatchObject([403, { code: 'not_allowed' }])
    expect(reply.headers).not.toHaveProperty('access-control-allow-origin')
  })

  test('takes the RPC cookie of a session for nothing, and a service token opens no call of a session', async () => {
    await open()
    const cookie = { 'x-rs-session-server-rpc-cookie': 'user-id=ada|date|secret' }
    expect((await post({ user: 'ada', name: 'x' }, { ...cookie, authorization: undefined })).status).toBe(401)
    const asSession = { method: 'POST', path: '/api/v1/session', headers: { authorization: `Bearer ${TOKEN}` } }
    expect((await doors.send(asSession)).status).toBe(403)
    const asCookie = { ...asSession, path: '/oauth_token', headers: { authorization: `Bearer ${TOKEN}`, ...cookie } }
    expect((await doors.send(asCookie)).status).toBe(403)
  })

  test.each([
    ['GET', '/api/v1/sessions', 'POST'],
    ['POST', '/api/v1/sessions/s1', 'GET, DELETE'],
    ['PUT', '/api/v1/sessions/s1', 'GET, DELETE'],
    ['POST', '/api/v1/openapi.json', 'GET'],
  ])('answers %s %s with 405', async (method, path, allowed) => {
    await open()
    const reply = await doors.send({ method, path, headers: { authorization: `Bearer ${TOKEN}` } })
    expect([reply.status, reply.headers.allow]).toEqual([405, allowed])
  })

  test('refuses a body of more than 64 KiB, and another host', async () => {
    await open()
    expect((await post({ user: 'ada', name: 'x'.repeat(70_000) })).status).toBe(413)
    expect((await post({ user: 'ada', name: 'x' }, { host: 'elsewhere.example' })).status).toBe(421)
    expect((await post({ user: 'ada', name: 'x' }, { 'x-forwarded-proto': 'http' })).status).toBe(403)
  })

  test('says when the database is away, and what nobody foresaw is a reference without a word of it', async () => {
    const failures = [new StoreError('busy', 'locked by somebody'), new Error(`with ${TOKEN}`)]
    await open({ open: async () => Promise.reject(failures.shift()) })
    const away = await post({ user: 'ada', name: 'x' })
    expect([away.status, JSON.parse(away.body)]).toMatchObject([503, { code: 'database_unavailable' }])
    const unknown = await post({ user: 'ada', name: 'x' })
    expect([unknown.status, JSON.parse(unknown.body)]).toMatchObject([
      500,
      { code: 'internal', error: expect.stringContaining('reference') },
    ])
    expect(unknown.body).not.toContain(TOKEN)
  })
})
