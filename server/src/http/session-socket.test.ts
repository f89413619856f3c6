import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { box, type Doors, type ExpectedCalls, openDoors, type Request } from '../../testing/doors.ts'
import { BrokerError } from '../domain/errors.ts'
import { sessionSocketPlace } from './session-socket.ts'

const TOKEN_REPLY = '{"access_token":"t-1","expiry":"2026-12-31T23:59:59Z"}'
const RPC = { 'x-rs-session-server-rpc-cookie': 'user-id=ada|Wed|c2ln' }

let folder: string
let path: string
let open: Doors[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-socket-'))
  chmodSync(folder, 0o755)
  path = join(folder, 'rpc.sock')
  open = []
})

afterEach(async () => {
  await Promise.all(open.map((doors) => doors.close()))
  rmSync(folder, { recursive: true })
})

async function openWithSocket(expected: ExpectedCalls = {}, where = path, mode: 0o600 | 0o666 = 0o600): Promise<Doors> {
  const doors = await openDoors(expected, { sessionSocket: { path: where, mode } })
  open.push(doors)
  return doors
}

const tokenCall = (more: Partial<Request> = {}): Request => ({
  method: 'POST',
  path: '/oauth_token',
  body: JSON.stringify({ method: '/oauth_token', kwparams: { uuid: box.uid } }),
  ...more,
  headers: { ...RPC, ...more.headers },
})

describe('the session socket', () => {
  test('gives a token, and the audit the address "local" whatever a header says', async () => {
    const asked: unknown[] = []
    const { sendLocally } = await openWithSocket({
      tokens: {
        fetch: async ({ address }) => {
          asked.push(address)
          return TOKEN_REPLY
        },
      },
    })
    const reply = await sendLocally(tokenCall({ headers: { 'x-forwarded-for': '203.0.113.9', connection: 'close' } }))
    expect([reply.status, reply.body, reply.headers['content-length']]).toEqual([200, TOKEN_REPLY, `${TOKEN_REPLY.length}`])
    expect(asked).toEqual(['local'])
  })

  test('answers the session RPC alone, by the rules of the port', async () => {
    const { sendLocally } = await openWithSocket({
      tokens: { fetch: async () => Promise.reject(new BrokerError('session_ended', '')) },
    })
    const cases: readonly (readonly [status: number, request: Request])[] = [
      [401, tokenCall()],
      [401, tokenCall({ headers: { 'x-rs-session-server-rpc-cookie': undefined } })],
      [400, tokenCall({ body: '{' })],
      [403, tokenCall({ headers: { origin: 'https://bench.example' } })],
      [403, tokenCall({ headers: { cookie: 'a=b' } })],
      [404, { path: '/login' }],
      [404, { path: '/api/me', headers: RPC }],
      [404, { path: '/health/live' }],
      [404, { path: '/users' }],
      [404, { path: '/oauth_redirect_callback?state=s' }],
      [405, tokenCall({ method: 'PUT' })],
      [413, tokenCall({ body: 'x'.repeat(65_537) })],
      [417, tokenCall({ headers: { expect: 'miracles' } })],
      [421, tokenCall({ headers: { host: 'localhost' } })],
    ]
    for (const [status, request] of cases) {
      const reply = await sendLocally(request)
      expect([reply.status, reply.headers['cache-control']], JSON.stringify(request)).toEqual([status, 'no-store'])
    }
  })

  test.each([0o600, 0o666] as const)('has the mode %i it was given, and is gone after the end', async (mode) => {
    const doors = await openWithSocket({}, path, mode)
    expect([statSync(path).mode & 0o777, doors.servers.sessionSocketPath()]).toEqual([mode, path])
    await doors.beginClose(0)
    expect([existsSync(path), doors.servers.sessionSocketPath()]).toEqual([false, undefined])
  })

  test('lets a call that runs finish at the end', async () => {
    const asked = Promise.withResolvers<void>()
    const token = Promise.withResolvers<string>()
    const fetch = (): Promise<string> => {
      asked.resolve()
      return token.promise
    }
    const { sendLocally, beginClose } = await openWithSocket({ tokens: { fetch } })
    const reply = sendLocally(tokenCall())
    await asked.promise
    const closed = beginClose(60_000)
    token.resolve(TOKEN_REPLY)
    expect(await reply).toMatchObject({ status: 200, body: TOKEN_REPLY, headers: { connection: 'close' } })
    await closed
  })

  test('makes its directory, for sessions to pass through', async () => {
    const inside = join(folder, 'new')
    await openWithSocket({}, join(inside, 'rpc.sock'), 0o666)
    expect(statSync(inside).mode & 0o777).toBe(0o755)
  })
})

describe('a session socket', () => {
  const refused = async (what: RegExp, where = path): Promise<Doors> => {
    const doors = await openWithSocket({ tokens: { fetch: async () => TOKEN_REPLY } }, where)
    expect(doors.servers.sessionSocketPath()).toBeUndefined()
    expect(doors.logged).toHaveLength(1)
    expect(JSON.parse(doors.logged[0] ?? '').message).toMatch(what)
    expect(doors.logged[0]).toContain('Sessions ask https://bench.example meanwhile.')
    expect((await doors.send(tokenCall())).status).toBe(200)
    return doors
  }

  test('left over from a server that was killed is replaced', async () => {
    const script = "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))"
    await once(spawn(process.execPath, ['-e', script, path]), 'exit')
    expect(existsSync(path)).toBe(true)
    const { sendLocally } = await openWithSocket({ tokens: { fetch: async () => TOKEN_REPLY } })
    expect((await sendLocally(tokenCall())).status).toBe(200)
  })

  test('of another server is left alone, and the server starts', async () => {
    const other = createServer().listen(path)
    await once(other, 'listening')
    const doors = await refused(/^Another server answers on the session socket \S+\. Correct session-socket in benchkey\.conf\./)
    await doors.beginClose(0)
    expect(existsSync(path)).toBe(true)
    other.close()
  })

  test('is not made where another file is in the way, and the server starts', async () => {
    writeFileSync(path, '')
    await refused(/is in the way of the session socket and is no socket\. Move it away\./)
    expect(statSync(path).isFile()).toBe(true)
  })

  test('is not made in a directory that others may write, and the server starts', async () => {
    for (const mode of [0o777, 0o775, 0o1777]) {
      chmodSync(folder, mode)
      await refused(/^The directory \S+ of the session socket could be written by others, or is none\./)
    }
  })

  test('is not made behind a link or in a directory whose parent is missing', async () => {
    mkdirSync(join(folder, 'real'))
    symlinkSync(join(folder, 'real'), join(folder, 'link'))
    await refused(/could be written by others, or is none\./, join(folder, 'link', 'rpc.sock'))
    await refused(/cannot be used \(ENOENT\)\./, join(folder, 'no', 'no', 'rpc.sock'))
  })

  test('is not made below a directory whose entries others may exchange, and is below a sticky one', async () => {
    const below = join(folder, 'below')
    mkdirSync(below, { mode: 0o755 })
    chmodSync(below, 0o755)
    chmodSync(folder, 0o777)
    await refused(/could be written by others, or is none\./, join(below, 'rpc.sock'))
    symlinkSync(folder, `${folder}-link`)
    try {
      await refused(/could be written by others, or is none\./, join(`${folder}-link`, 'below', 'rpc.sock'))
    } finally {
      rmSync(`${folder}-link`)
    }
    chmodSync(folder, 0o1777)
    await openWithSocket({}, join(below, 'rpc.sock'))
    expect(statSync(join(below, 'rpc.sock')).isSocket()).toBe(true)
  })

  test.skipIf(process.getuid?.() !== 0)('is not made in a directory of another account', async () => {
    chownSync(folder, 12_345, 12_345)
    await refused(/could be written by others, or is none\./)
  })
})

describe('the place of the socket', () => {
  test.each([
    ['the data directory, for its account, of one person', { singleUser: true }, 1000, ['FOLDER/rpc.sock', 0o600]],
    ['none of a server that starts no sessions', { singleUser: false }, 1000, undefined],
    ['none on demand', { singleUser: true, sessionSocket: 'none' as const }, 0, undefined],
    ['as written, for other accounts', { singleUser: false, sessionSocket: { path: '/a/b' } }, 0, ['/a/b', 0o666]],
    ['as written, for its account', { singleUser: true, sessionSocket: { path: '/a/b' } }, 0, ['/a/b', 0o600]],
  ])('is %s', (_what, server, uid, expected) => {
    const place = sessionSocketPlace(server, folder, uid)
    expect(place && [place.path.replace(folder, 'FOLDER'), place.mode]).toEqual(expected)
  })

  test('is another one under /run/benchkey for every data directory, the same for each of its names', () => {
    const names = ['one', 'two'].map((name) => join(folder, name))
    for (const name of names) mkdirSync(name)
    symlinkSync(join(folder, 'one'), join(folder, 'alias'))
    const [one, two, alias] = [...names, join(folder, 'alias')].map((name) => sessionSocketPlace({ singleUser: false }, name, 0))
    expect(one?.path).toMatch(/^\/run\/benchkey\/[0-9a-f]{16}\.sock$/)
    expect(one?.mode).toBe(0o666)
    expect(alias).toEqual(one)
    expect(two?.path).not.toBe(one?.path)
  })
})
