import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Client, createClient } from './client.ts'
import { BenchkeyError } from './errors.ts'

const UID = '0b0c0000-0000-5000-8000-000000000001'
const BOX = { type: 'custom', uid: UID, name: 'box', display_name: 'Box API Access' }
const SESSION = {
  user: 'ada',
  session: { id: 's1', name: 'bash', kind: 'command', started_at: '2026-11-23T11:00:00Z' },
  cookie_expires_at: '2026-11-24T11:00:00Z',
  server: { url: 'https://b.example', version: '0.1.0', time: '2026-11-23T12:00:00Z' },
}

type Answer = (response: ServerResponse, url: string) => void

let client: Client
let answer: Answer
let requests: { method: string; url: string; body: unknown }[]
let received: Promise<void>
let environment: Record<string, string>
let close: () => void

beforeEach(async () => {
  requests = []
  const first = Promise.withResolvers<void>()
  received = first.promise
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '' } = request
      requests.push({ method, url, body: JSON.parse(Buffer.concat(chunks).toString()) })
      first.resolve()
      if (url === '/oauth_integrations') json(response, { providers: [{ type: 'custom', integrations: [BOX] }] })
      else answer(response, url)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  environment = { RS_SERVER_ADDRESS: address, RS_SESSION_RPC_COOKIE: 'a|b|c' }
  client = createClient({ environment })
  close = () => {
    server.closeAllConnections()
    server.close()
  }
})

afterEach(() => close())

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function failure(promise: Promise<unknown>): Promise<BenchkeyError> {
  const error = await promise.catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(BenchkeyError)
  return error as BenchkeyError
}

test('the session is read into dates', async () => {
  answer = (response) => json(response, SESSION)
  expect(await client.session()).toEqual({
    user: 'ada',
    session: { id: 's1', name: 'bash', kind: 'command', startedAt: new Date('2026-11-23T11:00:00Z') },
    cookieExpiresAt: new Date('2026-11-24T11:00:00Z'),
    server: { url: 'https://b.example', version: '0.1.0', time: new Date('2026-11-23T12:00:00Z') },
    wire: SESSION,
  })
  expect(requests).toEqual([{ method: 'POST', url: '/api/v1/session', body: {} }])
})

test('one integration by name comes with its page', async () => {
  answer = (response) => json(response, { ...BOX, link: 'https://b.example/sign-in/box' })
  expect(await client.integration('BOX api access')).toMatchObject({ uid: UID, link: 'https://b.example/sign-in/box' })
  expect(requests.map(({ url }) => url)).toEqual(['/oauth_integrations', `/api/v1/integrations/${UID}`])
})

test.each(['javascript:alert(1)', '--help', 'file:///etc/passwd', 'https://b.example/\u001b[2J', 'https://b.example/a b', ''])(
  'a page that no browser should be sent to is no answer: %j',
  async (link) => {
    answer = (response) => json(response, { ...BOX, link })
    expect((await failure(client.integration(UID))).code).toBe('unexpected_reply')
  },
)

test.each([
  [
    { signed_out: true, revocation: 'queued' },
    { signedOut: true, revocation: 'queued' },
  ],
  [{ signed_out: false }, { signedOut: false, revocation: undefined }],
])('a sign-out answers %j', async (reply, expected) => {
  answer = (response) => json(response, reply)
  expect(await client.signOut(UID.toUpperCase())).toEqual(expected)
  expect(requests.map(({ url }) => url)).toEqual([`/api/v1/integrations/${UID}/sign-out`])
})

test('a report sends the fingerprint of the token and never the token', async () => {
  answer = (response) => json(response, { outcome: 'too_soon', explanation: 'A.', action: 'B.', retry_after: 9 })
  const reported = await client.report(UID, 'the.token')
  expect(reported).toEqual({ outcome: 'too_soon', explanation: 'A.', action: 'B.', retryAfter: 9 })
  const fingerprint = createHash('sha256').update('the.token').digest('hex').slice(0, 16)
  expect(requests).toEqual([{ method: 'POST', url: `/api/v1/integrations/${UID}/report`, body: { fingerprint } }])
})

test.each<[string, (client: Client) => Promise<unknown>]>([
  ['session', (each) => each.session()],
  ['integration', (each) => each.integration(UID)],
  ['signOut', (each) => each.signOut(UID)],
  ['report', (each) => each.report(UID, 't')],
])('%s does not take another program for Benchkey', async (_name, call) => {
  answer = (response) => json(response, { hello: 'world' })
  expect((await failure(call(client))).code).toBe('unexpected_reply')
})

test('the caller’s signal ends a call with its own reason, before it is sent and while it waits', async () => {
  const reason = new Error('enough')
  await expect(client.token(UID, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(requests).toEqual([])
  const patience = new AbortController()
  answer = () => patience.abort(reason)
  await expect(client.token(UID, { signal: patience.signal })).rejects.toBe(reason)
})

test('the caller’s signal ends a reply that does not end, too', async () => {
  const patience = new AbortController()
  answer = (response) => void response.write('{')
  const waiting = client.session({ signal: patience.signal })
  await received
  patience.abort('enough')
  await expect(waiting).rejects.toBe('enough')
})

test('a call that takes longer than it may is worth another try', async () => {
  answer = () => undefined
  const error = await failure(client.token(UID, { timeoutMs: 50 }))
  expect(error).toMatchObject({ code: 'server_unavailable', explanation: expect.stringMatching(/did not answer in time\.$/) })
})

test('too many calls are refused in the words of the server, with the time to wait', async () => {
  answer = (response) => response.writeHead(429, { 'retry-after': '3' }).end('This session asks too often; wait 3 seconds.')
  expect(await failure(client.session())).toMatchObject({
    ...{ code: 'server_unavailable', retryAfter: 3, message: 'This session asks too often; wait 3 seconds.' },
  })
})

test.each([-1, 1.5, Number.NaN])('a least life of %s is refused before anything is sent', async (minTtlSeconds) => {
  expect((await failure(client.token(UID, { minTtlSeconds }))).code).toBe('bad_request')
  expect(requests).toEqual([])
})

test('no proxy of the environment is used', async () => {
  answer = (response) => json(response, SESSION)
  const proxy = 'http://127.0.0.1:9'
  const proxied = { http_proxy: proxy, HTTP_PROXY: proxy, https_proxy: proxy, all_proxy: proxy, no_proxy: '' }
  expect((await createClient({ environment: { ...environment, ...proxied } }).session()).user).toBe('ada')
})
