import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ENTRY_COOKIE, openSessionProxyRoom, SESSION, type SessionProxyRoom } from '../testing/session-proxy-room.ts'

let room: SessionProxyRoom

beforeAll(async () => {
  room = await openSessionProxyRoom()
})
afterAll(() => room.close())
beforeEach(() => room.seen.splice(0))

/** Sends bytes; answers everything that comes until the connection ends. */
async function exchange(bytes: string): Promise<string> {
  const socket = await room.connect()
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.on('error', () => socket.destroy())
  socket.write(bytes)
  socket.end()
  await ended
  return text
}

const head = (lines: readonly string[], { target = `/s/${SESSION}/`, method = 'POST' } = {}): string =>
  [
    `${method} ${target} HTTP/1.1`,
    `Host: ${room.host}`,
    `Origin: ${room.origin}`,
    `Cookie: ${ENTRY_COOKIE.cookie}`,
    ...lines,
    '',
    '',
  ].join('\r\n')

const SMUGGLED = `GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`

describe('a request that could be read in two ways', () => {
  test.each([
    ['chunks beside a length', ['Transfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${SMUGGLED}`],
    ['a length beside chunks', ['Content-Length: 4', 'Transfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['two lengths', ['Content-Length: 0', `Content-Length: ${SMUGGLED.length}`], SMUGGLED],
    ['a list of lengths', [`Content-Length: 0, ${SMUGGLED.length}`], SMUGGLED],
    ['a length with a sign', ['Content-Length: +0'], SMUGGLED],
    ['chunks of another kind', ['Transfer-Encoding: gzip, chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['chunks that are hidden', ['Transfer-Encoding: xchunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a blank in front of the colon', ['Transfer-Encoding : chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a folded header', ['X-A: 1', ' Transfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a bare line feed', ['X-A: 1\nTransfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`],
    ['a NUL in a header', ['X-A: \0'], ''],
    ['a second host', ['Host: evil.example', 'Content-Length: 0'], ''],
    ['a length that the connection names', ['Connection: content-length', `Content-Length: ${SMUGGLED.length}`], SMUGGLED],
  ])('%s: nothing behind it reaches the session', async (_what, lines, body) => {
    await exchange(head(lines) + body)
    expect(room.seen.filter(({ url }) => url !== '/')).toEqual([])
    for (const { rawHeaders } of room.seen) {
      const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())
      expect(names.filter((name) => name === 'content-length' || name === 'transfer-encoding').length).toBeLessThan(2)
    }
  })

  test('chunks beside a length are refused, by the number', async () => {
    expect(await exchange(head(['Transfer-Encoding: chunked', 'Content-Length: 4']))).toMatch(/^HTTP\/1\.1 400 /)
    expect(room.seen).toEqual([])
  })

  test.each([
    ['a whole URL', { target: 'http://localhost/s/', method: 'GET' }, 400],
    ['a tunnel', { target: 'localhost:22', method: 'CONNECT' }, undefined],
    ['a star', { target: '*', method: 'OPTIONS' }, 400],
    ['a trace', { target: '/s/', method: 'TRACE' }, 405],
  ])('%s is nothing here', async (_what, start, status) => {
    const reply = await exchange(head([], start))
    if (status === undefined) expect(reply).toBe('')
    else expect(reply).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(room.seen).toEqual([])
  })

  test('more than 16 KiB of headers are refused', async () => {
    expect(await exchange(head([`X-A: ${'a'.repeat(17_000)}`]))).toMatch(/^HTTP\/1\.1 431 /)
    expect(room.seen).toEqual([])
  })

  test('plain http on the port is told to use https, and goes no further', async () => {
    const { connect } = await import('node:net')
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(room.port, '127.0.0.1', () => socket.write(head([], { method: 'GET' })))
      let received = ''
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString()
        if (received.includes('\r\n\r\n')) socket.destroy()
      })
      socket.on('close', () => resolve(received))
      socket.on('error', reject)
    })
    expect(text).toMatch(/^HTTP\/1\.1 403 /)
    expect(room.seen).toEqual([])
  })
})
