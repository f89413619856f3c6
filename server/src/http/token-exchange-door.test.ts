import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { box, type Doors, type ExpectedCalls, openDoors, type Reply, type Request } from '../../testing/doors.ts'
import { BrokerError, type BrokerErrorCode, type BrokerErrorDetails } from '../domain/errors.ts'
import type { ServersOptions } from './servers.ts'

const COOKIE = 'user-id=ada|Wed%2C%2001%20Jan%202031%2000%3A00%3A00%20GMT|c2ln+/='
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const FORM = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: COOKIE,
  subject_token_type: ACCESS_TOKEN,
  audience: 'Box API Access',
}
const SERVED = { accessToken: 't-1', expiresInSeconds: 599 }

let doors: Doors | undefined

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

async function open(expected: ExpectedCalls = {}, options: Partial<ServersOptions> = {}): Promise<Doors> {
  doors = await openDoors(expected, options)
  return doors
}

const form = (parameters: Readonly<Record<string, string>> = FORM): string => new URLSearchParams(parameters).toString()

const call = ({ headers, ...more }: Partial<Request> = {}): Request => ({
  ...{ method: 'POST', path: '/oauth/token', body: form(), ...more },
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
})

/** A broker whose exchange ends so, and what it was asked. */
function answering(end: () => Promise<typeof SERVED> = async () => SERVED): ExpectedCalls & { readonly asked: object[] } {
  const asked: object[] = []
  const exchange = async (request: object): Promise<typeof SERVED> => {
    asked.push(request)
    return await end()
  }
  return { asked, sessionCalls: { exchange } }
}

const failing = (code: BrokerErrorCode, message: string, details: BrokerErrorDetails = {}) =>
  answering(() => Promise.reject(new BrokerError(code, message, details)))

function expectError(reply: Reply, status: number, body: Readonly<Record<string, unknown>>): void {
  expect({ status: reply.status, body: JSON.parse(reply.body) }).toEqual({ status, body })
  expect(reply.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' })
  expect(String(body.error_description)).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/)
}

describe('a token exchange', () => {
  test('answers the token as RFC 8693 has it, whatever client asks', async () => {
    const { asked, ...broker } = answering()
    const { send } = await open(broker)
    const reply = await send(
      call({ body: form({ ...FORM, client_id: 'anybody', client_secret: '', requested_token_type: ACCESS_TOKEN }) }),
    )
    expect(reply).toMatchObject({ status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store' } })
    expect(JSON.parse(reply.body)).toEqual({
      ...{ access_token: 't-1', issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: 599 },
    })
    expect(asked).toEqual([{ cookie: COOKIE, audience: 'Box API Access', address: '127.0.0.1' }])
  })

  test('tells warning and extra, and no life that is unknown', async () => {
    const { send } = await open(
      answering(async () => ({ ...SERVED, expiresInSeconds: undefined as never, warning: 'Größer', extra: { tenant: 't' } })),
    )
    const reply = JSON.parse((await send(call())).body)
    expect(reply).toMatchObject({ warning: 'Größer', extra: { tenant: 't' } })
    expect(reply).not.toHaveProperty('expires_in')
  })

  test.each(['/oauth/token', '//oauth/token', '/base/oauth/token', '/base//oauth/token'])('is asked for at %s', async (path) => {
    const callbackAddress = path.startsWith('/base') ? 'https://bench.example/base' : 'https://bench.example'
    const { send } = await open(answering(), { callbackAddress })
    expect((await send(call({ path }))).status).toBe(200)
  })

  test('is answered on the session socket too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'benchkey-exchange-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const sessionSocket = { path: join(folder, 'rpc.sock'), mode: 0o600 } as const
    const { asked, ...broker } = answering()
    const { sendLocally } = await open(broker, { sessionSocket })
    expect((await sendLocally(call())).status).toBe(200)
    expect(asked).toMatchObject([{ address: 'local' }])
  })

  test('reads the cookie without the attributes that older servers gave', async () => {
    const { asked, ...broker } = answering()
    const { send } = await open(broker)
    await send(call({ body: form({ ...FORM, subject_token: `${COOKIE}; path=/; HttpOnly` }) }))
    expect(asked).toMatchObject([{ cookie: COOKIE }])
  })
})

describe('a token exchange that is not understood', () => {
  const invalid = (words: string): Readonly<Record<string, unknown>> => ({
    ...{ error: 'invalid_request', error_description: words, code: 'bad_request' },
  })

  test.each([
    [{ grant_type: '' }, 'The parameter grant_type is missing; send urn:ietf:params:oauth:grant-type:token-exchange.'],
    [{ subject_token: '' }, 'The parameter subject_token is missing; send the RPC cookie of the session.'],
    [{ subject_token_type: '' }, `The subject_token_type is not ${ACCESS_TOKEN}.`],
    [{ subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }, `The subject_token_type is not ${ACCESS_TOKEN}.`],
    [
      { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' },
      `There are access tokens only; leave out requested_token_type, or send ${ACCESS_TOKEN}.`,
    ],
    [{ actor_token: 'x' }, 'A session acts for its own user; leave out actor_token.'],
    [{ audience: '' }, 'The parameter audience is missing; send the ID or the name of an integration.'],
  ])('%o is an invalid_request', async (change, words) => {
    const { send } = await open()
    expectError(await send(call({ body: form({ ...FORM, ...change }) })), 400, invalid(words))
  })

  test.each([
    [{ grant_type: 'client_credentials' }, 'unsupported_grant_type'],
    [{ grant_type: 'refresh_token', refresh_token: 'x' }, 'unsupported_grant_type'],
    [{ scope: 'read' }, 'invalid_scope'],
    [{ resource: 'https://api.example' }, 'invalid_target'],
  ])('%o is refused, for it would change the token', async (change, error) => {
    const { send } = await open()
    const reply = await send(call({ body: form({ ...FORM, ...change }) }))
    expectError(reply, 400, { error, error_description: expect.any(String), code: 'bad_request' })
  })

  test.each(['audience=box', 'subject_token=other', 'client_id=a&client_id=a', 'audience='])(
    '%s once more is refused',
    async (more) => {
      const { send } = await open()
      const reply = await send(call({ body: `${form()}&${more}` }))
      expectError(reply, 400, invalid('A parameter stands in this request twice; send each once.'))
    },
  )

  test.each(['application/json', 'multipart/form-data; boundary=x', 'text/plain', undefined])(
    'a body that says %s is no form',
    async (type) => {
      const { send } = await open()
      const reply = await send(call({ headers: { 'content-type': type } }))
      expectError(reply, 400, invalid('The parameters are sent as application/x-www-form-urlencoded.'))
    },
  )

  test('parameters in the address count for nothing', async () => {
    const { send } = await open()
    expect((await send(call({ path: `/oauth/token?${form()}`, body: '' }))).status).toBe(400)
  })

  test.each(['GET', 'PUT', 'OPTIONS'])('%s is not answered', async (method) => {
    const { send } = await open()
    const reply = await send(call({ method }))
    expectError(reply, 405, invalid('Tokens are exchanged by POST only.'))
    expect(reply.headers.allow).toBe('POST')
  })

  test('a body larger than 64 KiB is refused', async () => {
    const { send } = await open()
    const reply = await send(call({ body: form({ ...FORM, audience: 'a'.repeat(70_000) }) }))
    expectError(reply, 413, invalid('The body is larger than 64 KiB, which no call of a session needs.'))
  })

  test.each(['cookie', 'origin', 'sec-fetch-site', 'sec-fetch-dest', 'authorization'])(
    'with the header %s it is refused',
    async (name) => {
      const { send } = await open()
      const reply = await send(call({ headers: { [name]: 'x' } }))
      expectError(reply, 403, invalid(JSON.parse(reply.body).error_description))
      expect(reply.body).toMatch(new RegExp(`header ${name}\\.`, 'i'))
    },
  )

  test('the RPC cookie in its own header is no subject token', async () => {
    const { send } = await open()
    const headers = { 'x-rs-session-server-rpc-cookie': COOKIE }
    const { subject_token: _, ...rest } = FORM
    expect((await send(call({ headers, body: form(rest) }))).status).toBe(400)
  })

  test('another host is not answered', async () => {
    const { send } = await open()
    expect((await send(call({ headers: { host: 'evil.example' } }))).status).toBe(421)
  })
})

describe('a token exchange that gets no token', () => {
  test.each([
    ['not_signed_in', 400, 'invalid_grant'],
    ['reauthentication_required', 400, 'invalid_grant'],
    ['unknown_integration', 400, 'invalid_target'],
    ['configuration_error', 400, 'invalid_target'],
    ['provider_unavailable', 503, 'temporarily_unavailable'],
    ['database_unavailable', 503, 'temporarily_unavailable'],
  ] as const)('%s is %i %s', async (code, status, error) => {
    const { send } = await open(failing(code, 'The fact. The act.'))
    expectError(await send(call()), status, { error, error_description: 'The fact. The act.', code })
  })

  test('tells reason, link and waiting time as the RPC does', async () => {
    const state = { code: 'reauthentication_required', reason: 'ended', name: box.displayName, section: box.section } as const
    const { send } = await open(failing('reauthentication_required', 'Over.', { state, reason: 'ended' }))
    expect(JSON.parse((await send(call())).body)).toMatchObject({
      ...{ reason: 'ended', link: 'https://bench.example/sign-in/box-integration' },
    })
  })

  test('says when to come back', async () => {
    const { send } = await open(failing('provider_unavailable', 'Away.', { retryAfterSeconds: 30 }))
    const reply = await send(call())
    expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '30' } })
    expect(JSON.parse(reply.body)).toMatchObject({ retry_after: 30 })
  })

  test('that asks too often is told to wait', async () => {
    const { send } = await open(failing('bad_request', 'Wait 2 seconds.', { retryAfterSeconds: 2 }))
    const reply = await send(call())
    expect(reply.headers['retry-after']).toBe('2')
    expectError(reply, 429, {
      ...{ error: 'temporarily_unavailable', error_description: 'Wait 2 seconds.', code: 'bad_request', retry_after: 2 },
    })
  })

  test('describes in the characters that RFC 6749 allows', async () => {
    const { send } = await open(failing('unknown_integration', 'No "Über\\Café…" – sorry\u2028漢.'))
    expect(JSON.parse((await send(call())).body).error_description).toBe("No 'Uber?Cafe...' - sorry??.")
  })

  test('a dead cookie is an invalid_request, and after 30 in a minute its address waits', async () => {
    const { send } = await open(failing('session_ended', ''))
    const reply = await send(call())
    expectError(reply, 400, {
      ...{ error: 'invalid_request', error_description: JSON.parse(reply.body).error_description, code: 'session_ended' },
    })
    const more = await Promise.all(Array.from({ length: 30 }, () => send(call())))
    expect(more.map(({ status }) => status).sort()).toEqual([...Array(29).fill(400), 429])
    const held = more.find(({ status }) => status === 429)
    expect(JSON.parse(held?.body ?? '')).toMatchObject({ error: 'temporarily_unavailable', code: 'session_ended' })
    expect(Number(held?.headers['retry-after'])).toBeGreaterThan(0)
  })

  test('an unknown failure is told by its reference alone', async () => {
    const { send, logged } = await open(answering(() => Promise.reject(new Error(`broken by ${COOKIE}`))))
    const reply = await send(call())
    expectError(reply, 500, {
      ...{ error: 'server_error', error_description: 'Benchkey could not answer; reference 010101010101.', code: 'internal' },
    })
    expect(logged.join()).toContain('010101010101')
  })
})
