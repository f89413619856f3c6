import { once } from 'node:events'
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createClient } from './client.ts'
import type { BenchkeyError } from './errors.ts'
import { localSocket } from './local-socket.ts'

const UID = '0b0c0000-0000-5000-8000-000000000001'
const TOKEN = '{"access_token":"over-SOCKET","expiry":"2096-12-31T23:59:59Z"}'
const OK = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${TOKEN.length}\r\n\r\n${TOKEN}`

let folder: string
let path: string
let environment: Record<string, string>
let network: HttpServer
/** What came over the network. */
let overNetwork: number
let closers: (() => void)[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-local-'))
  path = join(folder, 'rpc.sock')
  closers = []
  overNetwork = 0
  network = createHttpServer((_request, response) => {
    overNetwork += 1
    response.end(TOKEN.replace('SOCKET', 'NETWORK'))
  })
  network.listen(0, '127.0.0.1')
  await once(network, 'listening')
  environment = {
    RS_SERVER_ADDRESS: `http://127.0.0.1:${(network.address() as AddressInfo).port}/base`,
    RS_SESSION_RPC_COOKIE: 'a|b|c',
    BENCHKEY_SERVER_SOCKET: path,
  }
})

afterEach(() => {
  for (const close of closers) close()
  network.closeAllConnections()
  network.close()
  rmSync(folder, { recursive: true })
})

/** Listens on the socket; `answer` has the connection and all that came over it so far, at each piece. */
async function listen(answer: (socket: Socket, received: string) => void, at = path): Promise<string[]> {
  const received: string[] = []
  const server = createServer((socket) => {
    closers.push(() => socket.destroy())
    const index = received.push('') - 1
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      received[index] += chunk.toString()
      answer(socket, received[index] ?? '')
    })
  })
  server.listen(at)
  await once(server, 'listening')
  closers.push(() => server.close())
  return received
}

const ask = (options = {}) => createClient({ environment }).token(UID, options)

async function failure(promise: Promise<unknown>): Promise<BenchkeyError> {
  return await promise.then(
    (value) => Promise.reject(new Error(`no failure: ${JSON.stringify(value)}`)),
    (error: BenchkeyError) => error,
  )
}

describe('a call over the session socket', () => {
  test('is one request with the host, the path and the cookie that the network would get', async () => {
    const received = await listen((socket) => socket.write(OK))
    expect((await ask()).accessToken).toBe('over-SOCKET')
    const body = JSON.stringify({ method: 'oauth_token', kwparams: { uuid: UID } })
    const { host } = new URL(environment.RS_SERVER_ADDRESS ?? '')
    expect(received).toEqual([
      `POST /base/oauth_token HTTP/1.1\r\nhost: ${host}\r\naccept: application/json\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nx-rs-session-server-rpc-cookie: a|b|c\r\nconnection: close\r\n\r\n${body}`,
    ])
    expect(overNetwork).toBe(0)
  })

  test('reads a reply that comes byte by byte, in UTF-8', async () => {
    const text = JSON.stringify({ error: 'Schlüssel fehlt – 鍵. Tu was.', code: 'not_signed_in' })
    const bytes = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
    await listen((socket) => {
      for (const byte of bytes) socket.write(Buffer.of(byte))
    })
    expect(await failure(ask())).toMatchObject({ code: 'not_signed_in', explanation: 'Schlüssel fehlt – 鍵.' })
  })

  test.each([
    [401, 'This session has ended. Open a new one.', '', { code: 'session_ended', action: 'Open a new one.' }],
    [429, 'Too many calls.', 'Retry-After: 7\r\n', { code: 'server_unavailable', explanation: 'Too many calls.', retryAfter: 7 }],
    [500, 'A failure.', '', { code: 'server_unavailable' }],
    [307, '', 'Location: /elsewhere\r\n', { code: 'unexpected_reply' }],
  ])('is refused with %i as over the network', async (status, text, more, expected) => {
    await listen((socket) => socket.write(`HTTP/1.1 ${status} No\r\n${more}Content-Length: ${text.length}\r\n\r\n${text}`))
    expect(await failure(ask())).toMatchObject(expected)
    expect(overNetwork).toBe(0)
  })

  test.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n\r\n'],
    ['another version', OK.replace('1.1', '2.0')],
    ['an interim reply', `HTTP/1.1 100 Continue\r\n\r\n${OK}`],
    ['no length', OK.replace(/Content-Length: \d+\r\n/, '')],
    ['two lengths', OK.replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\n')],
    ['a length that is none', OK.replace(/(Content-Length: )\d+/, '$1+5')],
    ['pieces', OK.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n')],
    ['a compressed body', OK.replace('\r\n\r\n', '\r\nContent-Encoding: gzip\r\n\r\n')],
    ['a folded line', OK.replace('\r\n\r\n', '\r\n more\r\n\r\n')],
    ['a line without a name', OK.replace('\r\n\r\n', '\r\n: x\r\n\r\n')],
    ['a lone line feed in a line', OK.replace('\r\n\r\n', '\r\nX: a\nb\r\n\r\n')],
    ['more than its length', `${OK}more`],
    ['a length no reply has', OK.replace(/(Content-Length: )\d+/, '$199999999')],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'X-Flood: 12345678\r\n'.repeat(1000)}`],
    ['a page', OK.replace(TOKEN, '<'.repeat(TOKEN.length))],
  ])('that is answered with %s is no answer of Benchkey', async (_what, bytes) => {
    await listen((socket) => socket.write(bytes))
    expect((await failure(ask())).code).toBe('unexpected_reply')
    expect(overNetwork).toBe(0)
  })

  test('that is cut off in its reply is a closed connection, not a second call', async () => {
    await listen((socket) => socket.end(OK.slice(0, -5)))
    expect(await failure(ask())).toMatchObject({
      code: 'server_unavailable',
      explanation: expect.stringMatching(/closed the connection\.$/),
    })
    expect(overNetwork).toBe(0)
  })

  test('ends after its time', async () => {
    await listen(() => undefined)
    expect((await failure(ask({ timeoutMs: 20 }))).explanation).toMatch(/did not answer in time\.$/)
    expect(overNetwork).toBe(0)
  })

  test('ends at once with its signal', async () => {
    const received = await listen(() => undefined)
    const stop = new AbortController()
    const reason = new Error('enough')
    const asked = failure(ask({ signal: stop.signal }))
    await expect.poll(() => received).toHaveLength(1)
    stop.abort(reason)
    expect(await asked).toBe(reason)
    expect(overNetwork).toBe(0)
  })
})

describe('a call goes over the network', () => {
  const expectNetwork = async (): Promise<void> => {
    expect((await ask()).accessToken).toBe('over-NETWORK')
    expect(overNetwork).toBe(1)
  }

  test('when the session was given no socket', async () => {
    environment.BENCHKEY_SERVER_SOCKET = ''
    expect(localSocket(environment)).toBeUndefined()
    await expectNetwork()
  })

  test('when nobody listens on the socket any more', async () => {
    await listen((socket) => socket.write(OK))
    expect((await ask()).accessToken).toBe('over-SOCKET')
    // The file stays, as after a SIGKILL: it is another name of what Node removes.
    linkSync(path, join(folder, 'kept.sock'))
    for (const close of closers.splice(0)) close()
    environment.BENCHKEY_SERVER_SOCKET = join(folder, 'kept.sock')
    expect(localSocket(environment)?.trouble).toBeUndefined()
    await expectNetwork()
  })

  test('when the connection ends before anything of a reply', async () => {
    await listen((socket) => socket.destroy())
    await expectNetwork()
  })

  test('when the server behind the socket is that of another address', async () => {
    await listen((socket) => socket.write('HTTP/1.1 421 Elsewhere\r\nContent-Length: 0\r\n\r\n'))
    await expectNetwork()
  })
})

describe('the check before each call', () => {
  const isRoot = process.getuid?.() === 0
  const CASES: readonly (readonly [trouble: string, spoil: () => void])[] = [
    ['does not exist', () => rmSync(path)],
    [
      'is no socket',
      () => {
        rmSync(path)
        writeFileSync(path, '')
      },
    ],
    [
      'is no socket',
      () => {
        symlinkSync(path, join(folder, 'link'))
        use(join(folder, 'link'))
      },
    ],
    ['is no absolute path', () => use('rpc.sock')],
    ['cannot be looked at (ENOTDIR)', () => use(`${path}/x`)],
    ['lies in a directory that others may write in', () => chmodSync(folder, 0o777)],
    ['lies in a directory that others may write in', () => chmodSync(folder, 0o770)],
    ['lies in a directory that others may write in', () => chmodSync(folder, 0o1777)],
    [
      'lies in something that is no directory',
      () => {
        symlinkSync(folder, `${folder}-link`)
        use(`${folder}-link/rpc.sock`)
      },
    ],
    ...(isRoot
      ? ([
          ['belongs to another account', () => chownSync(path, 12_345, 12_345)],
          ['lies in a directory that others may write in', () => chownSync(folder, 12_345, 12_345)],
        ] as const)
      : []),
  ]
  const use = (other: string): void => {
    environment.BENCHKEY_SERVER_SOCKET = other
  }

  test.each(CASES)('a socket %s gets no cookie; the call goes over the network', async (trouble, spoil) => {
    const received = await listen((socket) => socket.write(OK))
    spoil()
    expect(localSocket(environment)?.trouble).toBe(trouble)
    expect((await ask()).accessToken).toBe('over-NETWORK')
    expect(received).toEqual([])
    rmSync(`${folder}-link`, { force: true })
  })

  test('is made anew at each: a socket that is well again is used again', async () => {
    const client = createClient({ environment })
    mkdirSync(join(folder, 'inner'))
    use(join(folder, 'inner', 'rpc.sock'))
    expect((await client.token(UID)).accessToken).toBe('over-NETWORK')
    await listen((socket) => socket.write(OK), join(folder, 'inner', 'rpc.sock'))
    expect((await client.token(UID)).accessToken).toBe('over-SOCKET')
  })
})
