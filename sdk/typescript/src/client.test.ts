import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createClient } from './client.ts'
import { BenchkeyError } from './errors.ts'

const UID = '0b0c0000-0000-5000-8000-000000000001'
const TOKEN = { access_token: 'abc.DEF', expiry: '2096-12-31T23:59:59Z' }
const LIST = {
  providers: [{ type: 'custom', integrations: [{ type: 'custom', uid: UID, name: 'box', display_name: 'Box API Access' }] }],
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void

let answer: Answer
let requests: { url: string; method: string; cookie: string; body: string }[]
let environment: Record<string, string>
let directory: string
let close: () => void

beforeEach(async () => {
  requests = []
  answer = (request, response) => json(response, request.url?.endsWith('/oauth_integrations') ? LIST : TOKEN)
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const cookie = String(request.headers['x-rs-session-server-rpc-cookie'])
      requests.push({ url: request.url ?? '', method: request.method ?? '', cookie, body })
      answer(request, response, body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  directory = mkdtempSync(join(tmpdir(), 'benchkey-sdk-'))
  writeFileSync(join(directory, 'rpc_cookie'), 'first\n')
  environment = {
    RS_SERVER_ADDRESS: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    PWB_SESSION_RUNTIME_DIR: directory,
  }
  close = () => {
    server.closeAllConnections()
    server.close()
  }
})

afterEach(() => {
  close()
  rmSync(directory, { recursive: true })
})

function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

async function failure(promise: Promise<unknown>): Promise<BenchkeyError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(BenchkeyError)
  return error as BenchkeyError
}

test('a token by ID is one call, with the least life asked for', async () => {
  const token = await createClient({ environment }).token(UID.toUpperCase(), { minTtlSeconds: 300 })
  expect(token).toMatchObject({ accessToken: 'abc.DEF', expiresAt: new Date('2096-12-31T23:59:59Z'), warning: undefined })
  expect(requests).toEqual([
    {
      url: '/oauth_token',
      method: 'POST',
      cookie: 'first',
      body: JSON.stringify({ method: 'oauth_token', kwparams: { uuid: UID, min_ttl: 300 } }),
    },
  ])
})

test('a token by display name looks the name up first', async () => {
  await createClient({ environment }).token('box api access')
  expect(requests.map((each) => each.url)).toEqual(['/oauth_integrations', '/oauth_token'])
})

test.each([
  [
    { shop: 'acme', tier: 2 },
    { shop: 'acme', tier: 2 },
  ],
  ['text', undefined],
  [undefined, undefined],
])('further fields of the service come along: %j', async (extra, expected) => {
  answer = (_request, response) => json(response, { ...TOKEN, extra })
  expect((await createClient({ environment }).token(UID)).extra).toEqual(expected)
})

test('an unknown life has no end', async () => {
  answer = (_request, response) => json(response, { ...TOKEN, expiry: '9999-12-31T23:59:59Z' })
  expect((await createClient({ environment }).token(UID)).expiresAt).toBeUndefined()
})

test('the cookie is read anew at each call, and the file goes before the variable', async () => {
  environment.RS_SESSION_RPC_COOKIE = 'variable'
  const client = createClient({ environment })
  await client.integrations()
  writeFileSync(join(directory, 'rpc_cookie'), 'second')
  await client.integrations()
  rmSync(join(directory, 'rpc_cookie'))
  await client.integrations()
  expect(requests.map((each) => each.cookie)).toEqual(['first', 'second', 'variable'])
})

test('a base path and trailing slashes of the address are kept and dropped', async () => {
  environment.RS_SERVER_ADDRESS += '/workbench//'
  await createClient({ environment }).integrations()
  expect(requests[0]?.url).toBe('/workbench/oauth_integrations')
})

test('a refusal carries code, both halves, link and waiting time', async () => {
  answer = (_request, response) =>
    json(response, {
      error: 'You are not signed in to Box. Sign in at https://b.example/sign-in/box, then run this again.',
      explanation: 'You are not signed in to Box.',
      action: 'Sign in at https://b.example/sign-in/box, then run this again.',
      code: 'not_signed_in',
      link: 'https://b.example/sign-in/box',
      retry_after: 7,
    })
  const error = await failure(createClient({ environment }).token(UID))
  expect(error).toMatchObject({
    code: 'not_signed_in',
    explanation: 'You are not signed in to Box.',
    action: 'Sign in at https://b.example/sign-in/box, then run this again.',
    link: 'https://b.example/sign-in/box',
    retryAfter: 7,
  })
})

test('a refusal without halves is cut after its first sentence', async () => {
  answer = (_request, response) => json(response, { error: 'A fact. An act: one\u001b[2J two.', code: 'configuration_error' })
  const error = await failure(createClient({ environment }).token(UID))
  expect([error.explanation, error.action]).toEqual(['A fact.', 'An act: one [2J two.'])
})

test('401 means the session is over, in the words of the body', async () => {
  answer = (_request, response) => response.writeHead(401).end('This session has ended. Open a new one at https://b.example.')
  const error = await failure(createClient({ environment }).token(UID))
  expect(error).toMatchObject({ code: 'session_ended', message: 'This session has ended. Open a new one at https://b.example.' })
})

test('a redirect is refused and not followed', async () => {
  answer = (_request, response) => response.writeHead(307, { location: '/elsewhere' }).end()
  expect((await failure(createClient({ environment }).token(UID))).code).toBe('unexpected_reply')
  expect(requests).toHaveLength(1)
})

test.each([
  ['a page', '<html>log in</html>'],
  ['a list', '[]'],
  ['no token', '{"expiry":"2096-12-31T23:59:59Z"}'],
  ['a token that breaks out of its header line', '{"access_token":"a\\r\\nX: y","expiry":"2096-12-31T23:59:59Z"}'],
  ['no expiry', '{"access_token":"a"}'],
])('%s is not taken for an answer', async (_what, text) => {
  answer = (_request, response) => response.end(text)
  expect((await failure(createClient({ environment }).token(UID))).code).toBe('unexpected_reply')
})

test('a reply without end is cut off', async () => {
  answer = (_request, response) => {
    response.on('error', () => undefined)
    const fill = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65536)));
    }
    response.on('drain', fill)
    fill()
  }
  expect((await failure(createClient({ environment }).token(UID))).code).toBe('unexpected_reply')
})

test('a server that is away is worth another try', async () => {
  close()
  const error = await failure(createClient({ environment }).token(UID))
  expect(error.code).toBe('server_unavailable')
  expect(error.explanation).toMatch(/^Benchkey at 127\.0\.0\.1:\d+ refused the connection\.$/)
})

test('503 is worth another try', async () => {
  answer = (_request, response) => response.writeHead(503).end()
  expect((await failure(createClient({ environment }).token(UID))).code).toBe('server_unavailable')
})

test('a kept connection that the server closed meanwhile is replaced', async () => {
  const client = createClient({ environment })
  await client.integrations()
  answer = (request, response) => {
    if (requests.length === 2) request.socket.resetAndDestroy()
    else json(response, LIST)
  }
  expect(await client.integrations()).toHaveLength(1)
  expect(requests).toHaveLength(3)
})

test.each([
  ['no address', { RS_SERVER_ADDRESS: '' }],
  ['no cookie', { PWB_SESSION_RUNTIME_DIR: '' }],
  ['an address the cookie would cross the network to unprotected', { RS_SERVER_ADDRESS: 'http://b.example' }],
  ['a damaged cookie', { PWB_SESSION_RUNTIME_DIR: '', RS_SESSION_RPC_COOKIE: 'a\u0001b' }],
])('%s is no session', async (_what, changes) => {
  const error = await failure(createClient({ environment: { ...environment, ...changes } }).integrations())
  expect(error.code).toBe('no_session')
  expect(requests).toHaveLength(0)
})
