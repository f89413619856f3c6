import { renameSync, symlinkSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { openSessionProxyRoom, PUBLIC_URL, type RoomPlan, SESSION, type SessionProxyRoom } from '../testing/session-proxy-room.ts'

let room: SessionProxyRoom
const PREFIX = `/s/${SESSION}`

afterEach(() => room.close())

async function answered(headers: readonly (readonly [string, string])[], plan: RoomPlan = {}) {
  const handler: RequestListener = (_request, response) => {
    response.writeHead(
      200,
      headers.flatMap(([name, value]) => [name, value.replaceAll('HOST', room.host)]),
    )
    response.end('x')
  }
  room = await openSessionProxyRoom({ handler, ...plan })
  return await room.ask(`${PREFIX}/`)
}

describe('a reply of a session', () => {
  test('keeps its policies, and only its own origin frames it', async () => {
    const policy = "default-src 'self'; script-src 'sha256-x'"
    const { rawHeaders } = await answered([
      ['Content-Security-Policy', policy],
      ['X-Frame-Options', 'SAMEORIGIN'],
    ])
    const policies = rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === 'content-security-policy')
    expect(policies).toEqual([policy, "frame-ancestors 'self'"])
    expect(rawHeaders).toContain('SAMEORIGIN')
  })

  test('loses what speaks for more than itself', async () => {
    const { headers } = await answered([
      ['Service-Worker-Allowed', '/'],
      ['Clear-Site-Data', '"cookies"'],
      ['Alt-Svc', 'h2="evil.example:443"'],
      ['Strict-Transport-Security', 'max-age=1'],
      ['Access-Control-Allow-Origin', '*'],
      ['Access-Control-Allow-Credentials', 'true'],
      ['NEL', '{}'],
      ['Report-To', '{}'],
      ['Reporting-Endpoints', 'a="https://evil.example"'],
      ['Keep-Alive', 'timeout=1000'],
      ['Connection', 'x-hop'],
      ['X-Hop', '1'],
      ['X-Kept', 'yes'],
    ])
    const own = ['connection', 'content-security-policy', 'date', 'keep-alive', 'transfer-encoding']
    expect(Object.keys(headers).sort()).toEqual([...own, 'x-kept'])
    expect(headers).toMatchObject({ connection: 'keep-alive', 'keep-alive': 'timeout=65' })
  })

  test('sets cookies for its own path only, and none that looks like one of Benchkey', async () => {
    const { headers } = await answered([
      ['Set-Cookie', 'a=1; Path=/; HttpOnly'],
      ['Set-Cookie', 'b=2'],
      ['Set-Cookie', `c=3; path=${PREFIX}/deep`],
      ['Set-Cookie', 'd=4; Path=/lab'],
      ['Set-Cookie', 'e=5; Domain=example; Path=/'],
      ['Set-Cookie', `__Host-Http-benchkey-session-${SESSION}=planted; Path=/; Secure; HttpOnly`],
      ['Set-Cookie', '__host-http-BENCHKEY-session=planted; Path=/; Secure'],
      ['Set-Cookie', '=__Host-Http-benchkey-session=planted; Path=/; Secure'],
      ['Set-Cookie', 'f=6; DOMAIN =localhost'],
      ['Set-Cookie', `g=7; Path=${PREFIX}x/`],
    ])
    expect(headers['set-cookie']).toEqual([
      `a=1; HttpOnly; Path=${PREFIX}/`,
      `b=2; Path=${PREFIX}/`,
      `c=3; Path=${PREFIX}/deep`,
      `d=4; Path=${PREFIX}/lab`,
      `g=7; Path=${PREFIX}${PREFIX}x/`,
    ])
  })

  test.each([
    ['/lab?x=1', `${PREFIX}/lab?x=1`],
    ['https://HOST/lab', `${PREFIX}/lab`],
    ['http://HOST/lab', `${PREFIX}/lab`],
    ['//HOST/lab', `${PREFIX}/lab`],
    ['https://HOST', `${PREFIX}/`],
    [`${PREFIX}/there`, `${PREFIX}/there`],
    ['./relative', './relative'],
    ['?folder=x', '?folder=x'],
    ['https://github.com/login', 'https://github.com/login'],
    ['//evil.example/', '//evil.example/'],
  ])('leads to %s as the browser reaches it', async (location, expected) => {
    expect((await answered([['Location', location]])).headers.location).toBe(expected)
  })

  test('of an application that knows its base path keeps it', async () => {
    const { headers } = await answered(
      [
        ['Location', `https://HOST${PREFIX}/tree`],
        ['Set-Cookie', 'a=1; Path=/'],
      ],
      { basePath: 'keep' },
    )
    expect(headers.location).toBe(`${PREFIX}/tree`)
    expect(headers['set-cookie']).toEqual([`a=1; Path=${PREFIX}/`])
    expect(room.seen[0]?.url).toBe(`${PREFIX}/`)
  })

  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['a status that is none', 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['another protocol nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'],
    ['nothing', ''],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ])('that is %s is told as a session that does not answer', async (_what, bytes) => {
    room = await openSessionProxyRoom({ handler: (request) => void request.socket.end(bytes) })
    const reply = await room.ask(`${PREFIX}/`, { headers: { accept: 'text/html' } })
    expect(reply.status).toBe(502)
    expect(reply.body).toContain('analysis does not answer')
    expect(reply.headers.refresh).toBe('5')
  })

  test('that breaks off is no whole reply for the browser either', async () => {
    const handler: RequestListener = (request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('half')
      setImmediate(() => request.socket.destroy())
    }
    room = await openSessionProxyRoom({ handler })
    await expect(room.ask(`${PREFIX}/`)).rejects.toThrow(/aborted|hang up/)
  })
})

describe('a session that does not answer itself', () => {
  test.each([
    [{ state: 'starting', name: 'lab' }, 503, 'lab is starting'],
    [
      { state: 'ended', name: 'lab', why: 'You ended it at {time:2026-11-26T17:40:00Z}' },
      410,
      'You ended it at 26 Nov 17:40 UTC.',
    ],
    [{ state: 'did_not_start', name: '<b>lab</b>', why: 'No such program' }, 410, '&#60;b&#62;lab&#60;/b&#62; did not start'],
    [{ state: 'none' }, 401, 'Open this session from the home page'],
  ] as const)('says so on a page of Benchkey’s own: %o', async (route, status, words) => {
    room = await openSessionProxyRoom()
    room.route = route
    const reply = await room.ask(`${PREFIX}/`, { headers: { accept: 'text/html,*/*' } })
    expect(reply.status).toBe(status)
    expect(reply.body).toContain(words)
    expect(reply.body).toContain(`<a href="${PUBLIC_URL}/">Home page</a>`)
    expect(reply.body).not.toContain('<script')
    expect(reply.headers.refresh).toBe(route.state === 'starting' ? '1' : undefined)
    const { headers } = reply
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; .*frame-ancestors 'none'$/)
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
  })

  test('says so in a sentence where no page was asked for', async () => {
    room = await openSessionProxyRoom()
    room.route = { state: 'starting', name: 'lab' }
    const reply = await room.ask(`${PREFIX}/api`, { headers: { accept: 'application/json' } })
    expect(reply).toMatchObject({ status: 503, body: expect.stringMatching(/^It opens here .*: https:\/\/bench\.example\/\n$/) })
    expect(reply.headers['retry-after']).toBe('1')
  })

  test('is not reached through a link that its account planted', async () => {
    room = await openSessionProxyRoom()
    renameSync(room.appSocket, `${room.appSocket}.real`)
    symlinkSync(`${room.appSocket}.real`, room.appSocket)
    expect(await room.ask(`${PREFIX}/`)).toMatchObject({ status: 502 })
    expect(room.seen).toEqual([])
  })

  test('is not reached at a port on which another account listens', async () => {
    room = await openSessionProxyRoom()
    const { seen } = room
    const squatter = createServer((_request, response) => response.end('squatter'))
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve))
    const address = squatter.address()
    const port = address !== null && typeof address === 'object' ? address.port : 0
    const own = process.getuid?.() ?? 0
    const route = { state: 'running', name: 'lab', basePath: 'strip' } as const
    room.route = { ...route, target: { port, uid: own + 1 } }
    expect(await room.ask(`${PREFIX}/`)).toMatchObject({ status: 502 })
    room.route = { ...route, target: { port, uid: own } }
    expect(await room.ask(`${PREFIX}/`)).toMatchObject({ status: 200, body: 'squatter' })
    expect(seen).toEqual([])
    squatter.close()
  })
})
