import { afterEach, describe, expect, test } from 'vitest'
import {
  adaIsLoggedIn,
  adasBrowser,
  type Doors,
  type ExpectedCalls,
  openDoors,
  type Reply,
  type Request,
} from '../../testing/doors.ts'
import type { DeviceLogins, DevicePoll, DeviceRequest } from '../broker/broker-of-devices.ts'
import { BrokerError } from '../domain/errors.ts'
import type { DevelopmentSession } from '../domain/people.ts'
import type { ServersOptions } from './servers.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const BEGIN: Request = { method: 'POST', path: '/api/v1/device/authorization', headers: FORM, body: 'client_id=x&host=laptop' }
const POLL: Request = {
  ...{ method: 'POST', path: '/api/v1/device/token', headers: FORM },
  body: 'grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=d-1&client_id=x',
}

let doors: Doors | undefined

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

async function open(deviceLogins: Partial<DeviceLogins>, options: Partial<ServersOptions> = {}, more: ExpectedCalls = {}) {
  doors = await openDoors({ deviceLogins, ...more }, options)
  return doors
}

const json = ({ body }: Reply): unknown => JSON.parse(body)
const begun = {
  ...({ kind: 'begun', deviceCode: 'd-1', userCode: 'WDJB-MJHT' } as const),
  ...{ expiresInSeconds: 600, intervalSeconds: 5 },
}

describe('a terminal that wants to be logged in', () => {
  test('is given two codes and the page for one of them (RFC 8628 §3.2)', async () => {
    const asked: unknown[] = []
    const { send } = await open({
      begin: async (request) => {
        asked.push(request)
        return begun
      },
    })
    const reply = await send(BEGIN)
    expect([reply.status, reply.headers['cache-control']]).toEqual([200, 'no-store'])
    expect(json(reply)).toEqual({
      ...{ device_code: 'd-1', user_code: 'WDJB-MJHT', expires_in: 600, interval: 5 },
      verification_uri: 'https://bench.example/device',
      verification_uri_complete: 'https://bench.example/device?code=WDJB-MJHT',
    })
    expect(asked).toEqual([{ host: 'laptop', address: '127.0.0.1' }])
  })

  test('is answered at the address of the pages and at that of sessions, below their base paths', async () => {
    const options = { publicUrl: 'https://bench.example/b', callbackAddress: 'https://inside.example/c' }
    const { send } = await open({ begin: async () => begun }, options)
    const at = async (host: string, base: string) =>
      (await send({ ...BEGIN, path: `${base}${BEGIN.path}`, headers: { ...FORM, host } })).status
    expect([await at('bench.example', '/b'), await at('inside.example', '/c'), await at('evil.example', '/b')]).toEqual([
      200, 200, 421,
    ])
  })

  test('is told that this server logs none in, or that too many are', async () => {
    const answers = [{ kind: 'off' }, { kind: 'too_many', retryAfterSeconds: 9 }] as const
    let n = 0
    const { send } = await open({ begin: async () => answers[n++] ?? begun })
    const off = await send(BEGIN)
    expect([off.status, json(off)]).toMatchObject([400, { error: 'unauthorized_client' }])
    const many = await send(BEGIN)
    expect([many.status, many.headers['retry-after'], json(many)]).toMatchObject([429, '9', { error: 'temporarily_unavailable' }])
  })

  test.each([
    ['pending', 'authorization_pending'],
    ['slow_down', 'slow_down'],
    ['denied', 'access_denied'],
    ['expired', 'expired_token'],
    ['unknown', 'invalid_grant'],
  ] as const)('while it is %s, the error is %s', async (kind, error) => {
    const { send } = await open({ poll: async () => ({ kind }) })
    const reply = await send(POLL)
    expect([reply.status, json(reply)]).toEqual([400, { error, error_description: expect.stringMatching(/\.$/) }])
  })

  test('gets a session once it was approved', async () => {
    const session = { id: 's1', name: 'laptop', userName: 'ada' } as DevelopmentSession
    const environment = { RS_SERVER_ADDRESS: 'https://bench.example' }
    const polled: DevicePoll = {
      ...{ kind: 'opened', opened: { session, cookie: 'user-id=ada|d|s', environment } },
      ...{ endsAt: new Date('2026-11-24T00:00:00Z'), lifeSeconds: 43_200 },
    }
    const asked: unknown[] = []
    const { send } = await open({
      poll: async (request) => {
        asked.push(request)
        return polled
      },
    })
    const reply = await send(POLL)
    expect(json(reply)).toEqual({
      ...{ access_token: 'user-id=ada|d|s', token_type: 'rpc_cookie', expires_in: 43_200, ends_at: '2026-11-24T00:00:00Z' },
      ...{ user: 'ada', session: { id: 's1', name: 'laptop' }, environment },
    })
    expect([asked, reply.headers['cache-control'], reply.headers['set-cookie']]).toEqual([
      [{ deviceCode: 'd-1', address: '127.0.0.1' }],
      'no-store',
      undefined,
    ])
  })

  test.each(['origin', 'cookie', 'sec-fetch-site', 'sec-fetch-dest', 'authorization'])(
    'is no browser: with the header %s it is refused',
    async (name) => {
      const { send } = await open({})
      for (const request of [BEGIN, POLL]) {
        expect((await send({ ...request, headers: { ...FORM, [name]: 'x' } })).status).toBe(403)
      }
    },
  )

  test.each([
    ['GET', { method: 'GET' }, 405],
    ['JSON', { headers: { 'content-type': 'application/json' }, body: '{"host":"laptop"}' }, 400],
    ['no host', { body: 'client_id=x' }, 400],
    ['a host twice', { body: 'host=a&host=b' }, 400],
    ['a host that is longer than one', { body: `host=${'x'.repeat(254)}` }, 400],
    ['a long body', { body: `host=${'x'.repeat(70_000)}` }, 413],
  ] as const)('%s is no request of a terminal', async (_what, change, status) => {
    const { send } = await open({})
    const { body = '', ...asked } = { ...BEGIN, ...change }
    expect((await send(asked.method === 'GET' ? asked : { ...asked, body })).status).toBe(status)
  })

  test('another grant is not for this address', async () => {
    const { send } = await open({})
    const body = 'grant_type=authorization_code&device_code=d-1'
    expect(json(await send({ ...POLL, body }))).toMatchObject({ error: 'unsupported_grant_type' })
    expect(json(await send({ ...POLL, body: POLL.body?.toString().replace('d-1', '') ?? '' }))).toMatchObject({
      error: 'invalid_request',
    })
  })

  test('plain http is refused', async () => {
    const { send } = await open({})
    expect((await send({ ...BEGIN, headers: { ...FORM, 'x-forwarded-proto': 'http' } })).status).toBe(403)
  })
})

describe('the page for it', () => {
  const waiting: DeviceRequest = {
    ...{ code: 'WDJB-MJHT', host: 'laptop', address: '192.0.2.7', isSameAddress: false, lifeSeconds: 43_200 },
    ...{ startedAt: new Date('2026-11-23T11:59:00Z'), expiresAt: new Date('2026-11-23T12:09:00Z') },
  }
  const shown = {
    ...{ code: 'WDJB-MJHT', host: 'laptop', address: '192.0.2.7', isSameAddress: false, lifeSeconds: 43_200 },
    startedAt: '2026-11-23T11:59:00.000Z',
  }
  const look = (path = '/api/device', body = '{"code":"wdjbmjht"}'): Request => ({ method: 'POST', path, body })

  test('finds a terminal by its code, and decides', async () => {
    const asked: unknown[] = []
    const find: DeviceLogins['find'] = async (...words) => {
      asked.push(words)
      return waiting
    }
    const { sendFromPage } = await open({ find, decide: find }, {}, { logins: adaIsLoggedIn })
    for (const path of ['/api/device', '/api/device/approve', '/api/device/deny']) {
      expect(json(await sendFromPage(look(path)))).toEqual(shown)
    }
    expect(asked).toEqual([
      [adasBrowser, 'wdjbmjht', '127.0.0.1'],
      [adasBrowser, 'wdjbmjht', 'approve', '127.0.0.1'],
      [adasBrowser, 'wdjbmjht', 'deny', '127.0.0.1'],
    ])
  })

  test.each(['/api/device', '/api/device/approve', '/api/device/deny'])(
    '%s answers nobody but a page of its own with somebody logged in',
    async (path) => {
      const { sendFromPage } = await open({}, {}, { logins: adaIsLoggedIn })
      const refused = [
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { 'sec-fetch-site': undefined },
        { origin: 'https://bench.example:8444' },
        { 'x-benchkey-request': undefined },
        { 'content-type': 'text/plain' },
        { cookie: '__Host-Http-benchkey-session=another' },
      ]
      const statuses: number[] = []
      for (const headers of refused) statuses.push((await sendFromPage({ ...look(path), headers })).status)
      expect(statuses).toEqual([403, 403, 403, 403, 403, 415, 401])
      expect((await sendFromPage({ path })).status).toBe(405)
    },
  )

  test.each(['{}', '{"code":7}', `{"code":"${'B'.repeat(65)}"}`])('%s is no code', async (body) => {
    const { sendFromPage } = await open({}, {}, { logins: adaIsLoggedIn })
    expect((await sendFromPage(look('/api/device', body))).status).toBe(400)
  })

  test('says after too many codes how long to wait', async () => {
    const find = async () => Promise.reject(new BrokerError('bad_request', 'Too many.', { retryAfterSeconds: 7 }))
    const { sendFromPage } = await open({ find }, {}, { logins: adaIsLoggedIn })
    const reply = await sendFromPage(look())
    expect([reply.status, reply.headers['retry-after']]).toEqual([429, '7'])
  })

  test('shows itself at /device to anybody, and does nothing', async () => {
    const { send } = await open({})
    const reply = await send({ path: '/device?code=WDJB-MJHT', headers: { 'sec-fetch-site': 'cross-site' } })
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  })
})
