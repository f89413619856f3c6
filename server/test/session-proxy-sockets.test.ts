import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { ENTRY_COOKIE, openSessionProxyRoom, SESSION, type SessionProxyRoom } from '../testing/session-proxy-room.ts'

let room: SessionProxyRoom
const PATH = `/s/${SESSION}/socket?x=1`
const sockets: Duplex[] = []

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await room.close()
})

/** Answers the handshake as RFC 6455 §4.2.2 says; frames are for the two ends. */
function acceptUpgrade(request: IncomingMessage, socket: Duplex): void {
  sockets.push(socket)
  socket.on('end', () => socket.destroy())
  const accept = hash('sha1', `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`, 'base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSet-Cookie: __Host-Http-benchkey-x=1\r\n\r\n`,
  )
}

function handshake(headers: Record<string, string> = {}): string {
  const all: Record<string, string> = {
    Host: room.host,
    Origin: room.origin,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    Cookie: ENTRY_COOKIE.cookie,
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return `GET ${PATH} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
}

/** All that has come over a connection until it holds `until`, or ends. */
async function readUntil(socket: TLSSocket, until: string): Promise<string> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString('latin1')
    if (text.includes(until)) return text
  }
  return text
}

async function openSocket(headers: Record<string, string> = {}): Promise<{ socket: TLSSocket; head: string }> {
  const socket = await room.connect()
  sockets.push(socket)
  socket.write(handshake(headers))
  return { socket, head: await readUntil(socket, '\r\n\r\n') }
}

describe('a WebSocket to a session', () => {
  test('is passed on, both ways', async () => {
    room = await openSessionProxyRoom({
      onUpgrade: (request, socket) => {
        acceptUpgrade(request, socket)
        expect(request.url).toBe('/socket?x=1')
        expect(request.headers.cookie).toBeUndefined()
        expect(request.headers.origin).toBe(`https://${request.headers.host}`)
        socket.on('data', (chunk: Buffer) => socket.write(`<${chunk.toString()}>`))
      },
    })
    const { socket, head } = await openSocket()
    expect(head).toContain('101 Switching Protocols')
    expect(head).toContain('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
    expect(head).not.toContain('benchkey')
    socket.write('frame')
    expect(await readUntil(socket, '<frame>')).toContain('<frame>')
  })

  test.each([
    ['no origin', { Origin: undefined }, 403],
    ['the origin of Benchkey', { Origin: 'https://bench.example' }, 403],
    ['a hidden origin', { Origin: 'null', 'Sec-Fetch-Site': 'same-origin' }, 403],
    ['no entry', { Cookie: 'a=b' }, 401],
    ['another host', { Host: 'evil.example' }, 421],
    ['another protocol', { Upgrade: 'h2c' }, 400],
  ])('with %s is refused', async (_what, headers, status) => {
    room = await openSessionProxyRoom({ onUpgrade: () => expect.unreachable() })
    const text = handshake(
      Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)) as Record<string, string>,
    )
    const socket = await room.connect()
    sockets.push(socket)
    socket.write('Origin' in headers && headers.Origin === undefined ? text.replace(/Origin: .*\r\n/, '') : text)
    expect(await readUntil(socket, 'never')).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  test('that the application refuses is answered as it says', async () => {
    room = await openSessionProxyRoom({
      onUpgrade: (_request, socket) => void socket.end('HTTP/1.1 403 No\r\nContent-Length: 4\r\nNEL: {}\r\n\r\nnope'),
    })
    const { head, socket } = await openSocket()
    const rest = await readUntil(socket, 'never')
    expect(head + rest).toMatch(/^HTTP\/1\.1 403 No\r\n[\s\S]*nope$/)
    expect(head).not.toContain('NEL')
  })

  // A request that follows the handshake at once must not reach the application as if the proxy had looked at it.
  test('that is refused carries nothing behind it', async () => {
    room = await openSessionProxyRoom({
      onUpgrade: (_request, socket, head) => {
        expect(head.length).toBe(0)
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
      },
    })
    const socket = await room.connect()
    sockets.push(socket)
    socket.write(`${handshake()}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`)
    await readUntil(socket, 'never')
    expect(room.seen).toEqual([])
  })

  test('is cut when its entry opens nothing any more', async () => {
    room = await openSessionProxyRoom({
      onUpgrade: (request, socket) => {
        acceptUpgrade(request, socket)
        socket.resume()
      },
    })
    const { socket } = await openSocket()
    room.change()
    room.route = { state: 'none' }
    room.change()
    expect(await readUntil(socket, 'never')).toBe('')
    await expect.poll(() => sockets.every((each) => each.destroyed)).toBe(true)
  })

  test.each(['browser', 'application'] as const)(
    'is no memory for a flood: the %s that never reads is not read for',
    async (reader) => {
      let application: Duplex | undefined
      room = await openSessionProxyRoom({
        onUpgrade: (request, socket) => {
          acceptUpgrade(request, socket)
          socket.on('error', () => undefined)
          socket.pause()
          application = socket
        },
      })
      const { socket } = await openSocket()
      socket.pause()
      await expect.poll(() => application).toBeDefined()
      const writer = reader === 'browser' ? application : socket
      const before = rssOf(room.proxy.pid ?? 0)
      const sent = await sendUntilStuck(writer as Duplex)
      expect(sent).toBeLessThan(64 * 1024 * 1024)
      expect(rssOf(room.proxy.pid ?? 0) - before).toBeLessThan(64 * 1024 * 1024)
      expect(await room.ask(`/s/${SESSION}/`)).toMatchObject({ status: 200 })
    },
  )
})

describe('the limits of one entry', () => {
  test('are 128 things open at once; one more is told to wait', async () => {
    room = await openSessionProxyRoom({ onUpgrade: acceptUpgrade })
    for (let n = 0; n < 128; n += 1) await openSocket()
    expect(await room.ask(`/s/${SESSION}/`)).toMatchObject({ status: 429 })
    sockets.pop()?.destroy()
    sockets.pop()?.destroy()
    await expect.poll(async () => (await room.ask(`/s/${SESSION}/`)).status).toBe(200)
  })
})

/** Writes until nothing moves for a second; answers how many bytes were taken. */
async function sendUntilStuck(socket: Duplex): Promise<number> {
  const chunk = Buffer.alloc(1024 * 1024)
  let sent = 0
  socket.on('error', () => undefined)
  for (;;) {
    const isDrained = socket.write(chunk) || (await Promise.race([drained(socket), sleep(1000, false)]))
    if (!isDrained) return sent
    sent += chunk.length
  }
}

function drained(socket: Duplex): Promise<boolean> {
  return new Promise((resolve) => socket.once('drain', () => resolve(true)))
}

function rssOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
