import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, openBrokerRoom } from '../../testing/broker-room.ts'
import type { Application } from '../domain/application.ts'
import type { DevelopmentSession } from '../domain/people.ts'
import type { DoorState } from '../launcher/application-door.ts'
import type { LocalSessions } from '../launcher/create.ts'
import { readBootId } from '../launcher/processes.ts'
import type { RuntimeDirectories } from '../launcher/runtime-directories.ts'
import { LaunchedSessions } from './launched-sessions.ts'
import { rpcCookieHash } from './rpc-cookie.ts'

const MINUTE_MS = 60_000
const SMALL: Application = {
  ...{ section: 'small', displayName: 'Small', icon: 'terminal', command: ['small', '{socket}'], listen: 'socket' },
  ...{ readyPath: '/', readySeconds: 30, basePath: 'strip', environment: {}, isFound: true },
}

let room: BrokerRoom
let launched: LaunchedSessions
let door: DoorState
let runs: boolean
let cookies: string[]
let stopped: number

/** A host on which one session's program is played by the test. */
function playedHost(): LocalSessions {
  const files: Partial<RuntimeDirectories> = {
    placeOf: (sessionId, account) => ({ sessionId, account, directory: `/nowhere/${sessionId}` }),
    make: async (_place, { cookie }) => void cookies.push(cookie),
    replaceCookie: async (_place, cookie) => void cookies.push(cookie),
    readLog: async () => ['last words'],
    remove: async () => undefined,
  }
  return {
    files: files as RuntimeDirectories,
    launcher: {
      start: async () => ({ kind: 'started', leader: { pid: 1, startTime: '1', bootId: readBootId() } }),
      poll: async () => (runs ? { state: 'running' } : { state: 'gone', words: 'The machine was started again' }),
      stop: async () => {
        stopped += 1
      },
    },
    accountOf: async () => ({ name: 'ann', uid: 1001, gid: 1001, home: '/home/ann', shell: '/bin/sh' }),
    lookAtDoor: async () => door,
    findFreePort: async () => 4711,
  }
}

beforeEach(async () => {
  room = await openBrokerRoom()
  ;[door, runs, cookies, stopped] = ['open', true, [], 0]
  launched = new LaunchedSessions({
    ...room,
    local: playedHost(),
    node: { holder: { nodeId: 'here', incarnation: 'one', pid: process.pid, startTime: '1', bootId: readBootId() } },
    callbackAddress: room.publicUrl,
    sessionSocketPath: () => undefined,
    idleAfterMs: 120 * MINUTE_MS,
    applications: () => [SMALL],
  })
})

afterEach(async () => {
  await launched.close()
  await room.close()
})

async function running(): Promise<DevelopmentSession> {
  const user = await room.addUser('ann')
  const session = await launched.open({
    user,
    application: SMALL,
    name: 'x',
    account: 'ann',
    limitedTo: undefined,
    address: '::1',
  })
  await expect.poll(async () => (await found(session.id)).supervisor).toBeDefined()
  await launched.look()
  expect((await found(session.id)).state).toBe('running')
  return session
}

const found = async (id: string): Promise<DevelopmentSession> => {
  const session = await room.store.sessions.find(id)
  if (!session) throw new Error('the session is not there')
  return session
}

describe('a session that runs', () => {
  test('ends when nobody has used it for session-timeout-minutes, and not before', async () => {
    const { id } = await running()
    room.pass(119 * MINUTE_MS)
    await launched.look()
    expect((await found(id)).state).toBe('running')
    await room.store.sessions.noteActivity([{ sessionId: id, at: room.store.now() }])
    room.pass(119 * MINUTE_MS)
    await launched.look()
    expect((await found(id)).state).toBe('running')
    room.pass(MINUTE_MS)
    await launched.look()
    await launched.look()
    expect(await found(id)).toMatchObject({ state: 'ended', endedWhy: 'Nobody used it for 2 h' })
    expect(stopped).toBe(1)
    expect(await room.audited('session.idle_ended')).toMatchObject([{ sessionId: id, userName: 'ann' }])
  })

  test('gets its next cookie after 30 minutes; the one before lives on for two', async () => {
    await running()
    const opens = async (cookie = '') => (await room.store.sessions.lookUp(rpcCookieHash(cookie), undefined)) !== undefined
    room.pass(29 * MINUTE_MS)
    await launched.look()
    expect(cookies).toHaveLength(1)
    room.pass(2 * MINUTE_MS)
    await launched.look()
    await launched.look()
    expect(cookies).toHaveLength(2)
    expect([await opens(cookies[0]), await opens(cookies[1])]).toEqual([true, true])
    room.pass(3 * MINUTE_MS)
    expect([await opens(cookies[0]), await opens(cookies[1])]).toEqual([false, true])
  })

  test('is unreachable after three looks without an answer, not ended, and well again after one with', async () => {
    const { id, userId } = await running()
    const heard: string[] = []
    room.changes.subscribe(userId, (change) => heard.push(change))
    door = 'silent'
    for (let n = 0; n < 3; n += 1) {
      expect(launched.isUnreachable(id)).toBe(false)
      room.pass(11_000)
      await launched.look()
    }
    expect(launched.isUnreachable(id)).toBe(true)
    expect((await found(id)).state).toBe('running')
    door = 'open'
    room.pass(11_000)
    await launched.look()
    expect(launched.isUnreachable(id)).toBe(false)
    expect(heard).toEqual(['sessions', 'sessions'])
  })

  test('ends with the machine, in words, and keeps its log', async () => {
    const { id } = await running()
    runs = false
    await launched.look()
    expect(await found(id)).toMatchObject({
      state: 'ended',
      endedWhy: expect.stringContaining('The machine was started again at'),
    })
    expect(await room.store.sessions.readLog(id)).toEqual(['last words'])
  })
})

test('a row that another server left behind while it started is taken for failed', async () => {
  await room.addUser('ann')
  const row = { userName: 'ann', name: 'x', kind: 'launched', state: 'starting', application: 'small', node: 'here' } as const
  const { id } = await room.store.sessions.create({ ...row, cookieHash: 'c', cookieExpiresAt: new Date(Date.now() + MINUTE_MS) })
  await launched.look()
  expect(await found(id)).toMatchObject({
    state: 'did_not_start',
    endedWhy: 'The server was stopped while it started this session',
  })
  expect(stopped).toBe(1)
})

test('a session of another host is left to its own server', async () => {
  await room.addUser('ann')
  const row = { userName: 'ann', name: 'x', kind: 'launched', state: 'starting', node: 'there' } as const
  const { id } = await room.store.sessions.create({ ...row, cookieHash: 'c', cookieExpiresAt: new Date(Date.now() + MINUTE_MS) })
  await launched.look()
  expect((await found(id)).state).toBe('starting')
})
