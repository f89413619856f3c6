import { mkdtemp, rm } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../../testing/certificates.ts'
import { type Doors, type ExpectedCalls, openDoors } from '../../testing/doors.ts'
import { answerParserError, createListener } from './listener.ts'
import { PlainReplies } from './plain-replies.ts'
import type { ServersOptions } from './servers.ts'

const TOKEN_REPLY = '{"access_token":"t","expiry":"9999-12-31T23:59:59Z"}'
const RPC_HEADERS = { 'x-rs-session-server-rpc-cookie': 'user-id=ada|Wed|c2ln' }
const CALL = '{"kwparams":{"uuid":"4c1cfecb-1927-4f19-bc2f-d8ac261364e0"}}'

let directory = ''
let first: Certificates
let second: Certificates
let doors: Doors | undefined

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'benchkey-listener-'))
  first = await makeCertificates(join(directory, 'first'))
  second = await makeCertificates(join(directory, 'second'))
})

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

afterAll(async () => rm(directory, { recursive: true }))

async function open(expected: ExpectedCalls = {}, options: Partial<ServersOptions> = {}): Promise<Doors> {
  doors = await openDoors(expected, {
    publicUrl: 'https://localhost:8443',
    callbackAddress: 'https://localhost:8443',
    tls: { cert: first.certificate, key: first.key },
    trustedProxies: [],
    ...options,
  })
  return doors
}

function get(
  port: number,
  ca: string,
  path: string,
  more: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const { method = 'GET', body } = more
    const headers = { host: 'localhost:8443', ...(body ? { 'content-length': body.length } : {}), ...more.headers }
    const request = httpsRequest({ host: 'localhost', port, path, method, headers, ca, agent: false })
    request.on('error', reject)
    request.on('response', (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
    })
    request.end(body)
  })
}

/** Cipher block chaining: no authenticated encryption. */
const WEAK = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' } as const

/** The suite that both sides agree on; rejects when they do not. */
function handshake(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host: 'localhost', port, ...options })
    socket.on('error', reject)
    socket.on('secureConnect', () => {
      socket.destroy()
      resolve(socket.getCipher().name)
    })
  })
}

describe('the port with a certificate', () => {
  test('serves pages and tokens over TLS', async () => {
    const { port } = await open({ tokens: { fetch: async () => TOKEN_REPLY } })
    expect((await get(port, first.ca, '/login')).status).toBe(200)
    const call = { method: 'POST', headers: RPC_HEADERS, body: CALL }
    expect(await get(port, first.ca, '/oauth_token', call)).toEqual({ status: 200, body: TOKEN_REPLY })
  })

  test('tells a browser that came over plain http to use https', async () => {
    const { exchange } = await open()
    const raw = await exchange('GET /login HTTP/1.1\r\nHost: localhost:8443\r\n\r\n', '</html>')
    expect(raw).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    expect(raw).toContain('<a href="https://localhost:8443/">')
  })

  test('serves tokens over plain http to loopback exactly when the callback address is one of http', async () => {
    const call = (host: string) =>
      `POST /oauth_token HTTP/1.1\r\nHost: ${host}\r\nX-RS-Session-Server-RPC-Cookie: user-id=ada|Wed|c2ln\r\nContent-Length: ${CALL.length}\r\n\r\n${CALL}`
    const https = await open()
    expect(await https.exchange(call('localhost:8443'), 'https://localhost:8443.')).toMatch(
      /^HTTP\/1\.1 403 Benchkey answers over https only\./,
    )
    await https.close()
    const http = await open({ tokens: { fetch: async () => TOKEN_REPLY } }, { callbackAddress: 'http://127.0.0.1:8443' })
    expect(await http.exchange(call('127.0.0.1:8443'), TOKEN_REPLY)).toMatch(/^HTTP\/1\.1 200 OK/)
  })

  test('answers floods over TLS and over plain http', async () => {
    const { port, exchange } = await open()
    const flood = { 'x-flood': 'x'.repeat(17_000) }
    expect((await get(port, first.ca, '/login', { headers: flood })).status).toBe(431)
    expect(await exchange(`GET / HTTP/1.1\r\nX-Flood: ${flood['x-flood']}\r\n\r\n`, 'KiB.')).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('takes a renewed certificate for new connections', async () => {
    const { port, servers } = await open()
    await expect(get(port, second.ca, '/login')).rejects.toThrow(/certificate/)
    servers.replaceTls({ cert: second.certificate, key: second.key })
    expect((await get(port, second.ca, '/login')).status).toBe(200)
    await expect(handshake(port, { ca: second.ca, ...WEAK })).rejects.toThrow()
  })

  test('says so when a certificate and a key do not belong together, and keeps the old ones', async () => {
    const { port, servers } = await open()
    const sentence = /^ssl-certificate and ssl-certificate-key cannot be used \(ERR_OSSL_\w+\)\. Give a PEM/
    expect(() => servers.replaceTls({ cert: second.certificate, key: first.key })).toThrow(sentence)
    expect((await get(port, first.ca, '/login')).status).toBe(200)
    await expect(openDoors({}, { tls: { cert: 'rubbish', key: first.key } })).rejects.toThrow(/^ssl-certificate and/)
  })

  test.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s', async (version) => {
    const { port } = await open()
    const refused = handshake(port, { ca: first.ca, minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' })
    await expect(refused).rejects.toThrow()
  })

  test('refuses TLS 1.2 suites without forward secrecy or authenticated encryption', async () => {
    const { port } = await open()
    for (const ciphers of ['ECDHE-ECDSA-AES128-SHA256', 'AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-SHA']) {
      const refused = handshake(port, { ca: first.ca, maxVersion: 'TLSv1.2', ciphers })
      await expect(refused).rejects.toThrow()
    }
  })

  test('survives connections that say nothing, half a handshake, or rubbish', async () => {
    const { port, exchange } = await open()
    expect(await exchange(Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05, 1, 2, 3, 4, 5]))).not.toContain('HTTP')
    expect(await exchange('\r\n\r\nrubbish\r\n\r\n', 'understands.')).toMatch(/^HTTP\/1\.1 400 /)
    expect((await get(port, first.ca, '/login')).status).toBe(200)
  })
})

describe('the limits of a connection', () => {
  test('are set on the server', () => {
    const server = createListener(undefined, new PlainReplies([]), () => undefined)
    expect([server.headersTimeout, server.requestTimeout, server.keepAliveTimeout]).toEqual([15_000, 30_000, 65_000])
    expect(server.maxConnections).toBe(10_000)
  })

  test('a request that takes too long to arrive is answered with 408', () => {
    const socket = new PassThrough()
    answerParserError(Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket, [['X-A', 'b']])
    expect(socket.read().toString()).toMatch(/^HTTP\/1\.1 408 This request took too long to arrive\.\r\nX-A: b\r\n/)
  })

  test('a connection that was reset, or has begun to be answered, is only closed', () => {
    for (const [code, begun] of [
      ['ECONNRESET', false],
      ['HPE_INVALID_METHOD', true],
    ] as const) {
      const socket = new PassThrough()
      socket.on('error', () => undefined)
      if (begun) Object.assign(socket, { _httpMessage: { headersSent: true } })
      answerParserError(Object.assign(new Error('gone'), { code }), socket, [])
      expect([socket.destroyed, socket.read()]).toEqual([true, null])
    }
  })
})
