import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { ENTRY_COOKIE, openSessionProxyRoom, SESSION, type SessionProxyRoom } from '../testing/session-proxy-room.ts'

const GIB = 1024 ** 3
const CHUNK = Buffer.alloc(256 * 1024)
/** What passing on may add to the process, in bytes: buffers of a few streams, and what V8 has not collected yet. */
const ROOM_BYTES = 96 * 1024 * 1024

let room: SessionProxyRoom
afterEach(() => room.close())

function* chunks(): Generator<Buffer> {
  for (let sent = 0; sent < GIB; sent += CHUNK.length) yield CHUNK
}

const rssOf = (pid: number): number => Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

describe('1 GiB through the proxy', () => {
  const send = (method: string, body: Readable | undefined): Promise<{ status: number; bytes: number; text: string }> =>
    new Promise((resolve, reject) => {
      const headers = { host: room.host, origin: room.origin, ...ENTRY_COOKIE, ...(body ? { 'content-length': GIB } : {}) }
      const where = { host: '127.0.0.1', port: room.port, ca: room.ca, servername: 'localhost', path: `/s/${SESSION}/big` }
      const request = httpsRequest({ ...where, method, headers, agent: false }, (response) => {
        let bytes = 0
        let text = ''
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (text.length < 100) text += chunk.toString('latin1', 0, 100)
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes, text }))
        response.on('error', reject)
      })
      request.on('error', reject)
      if (body) pipeline(body, request).catch(reject)
      else request.end()
    })

  test('uploaded arrives whole, and is never held', async () => {
    const handler: RequestListener = (request, response) => {
      let bytes = 0
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length
      })
      request.on('end', () => response.end(String(bytes)))
    }
    room = await openSessionProxyRoom({ handler })
    await room.ask(`/s/${SESSION}/`)
    const before = rssOf(room.proxy.pid ?? 0)
    expect(await send('PUT', Readable.from(chunks(), { objectMode: false }))).toMatchObject({ status: 200, text: String(GIB) })
    expect(rssOf(room.proxy.pid ?? 0) - before).toBeLessThan(ROOM_BYTES)
  }, 120_000)

  test('downloaded arrives whole, and is never held', async () => {
    const handler: RequestListener = (request, response) => {
      if (request.url !== '/big') return void response.end('x')
      response.writeHead(200, { 'content-length': String(GIB) })
      pipeline(Readable.from(chunks(), { objectMode: false }), response).catch(() => response.destroy())
    }
    room = await openSessionProxyRoom({ handler })
    await room.ask(`/s/${SESSION}/`)
    const before = rssOf(room.proxy.pid ?? 0)
    expect(await send('GET', undefined)).toMatchObject({ status: 200, bytes: GIB })
    expect(rssOf(room.proxy.pid ?? 0) - before).toBeLessThan(ROOM_BYTES)
  }, 120_000)
})
