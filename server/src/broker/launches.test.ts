import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BrokerRoom, openBrokerRoom } from '../../testing/broker-room.ts'
import type { Application } from '../domain/application.ts'
import type { User } from '../domain/people.ts'
import type { LocalSessions } from '../launcher/create.ts'
import type { RuntimeDirectories } from '../launcher/runtime-directories.ts'
import { LaunchedSessions } from './launched-sessions.ts'
import { SessionBoard } from './launches.ts'

const SMALL: Application = {
  ...{ section: 'small', displayName: 'Small', icon: 'terminal', command: ['small', '{socket}'], listen: 'socket' },
  ...{ readyPath: '/', readySeconds: 30, basePath: 'strip', environment: {}, isFound: true },
}

let room: BrokerRoom
let ann: User
let board: SessionBoard
let lookUps: number
let reads: number
let nowMs: number

beforeEach(async () => {
  room = await openBrokerRoom()
  ann = await room.addUser('ann')
  const launched: Pick<LaunchedSessions, 'open' | 'isUnreachable'> = {
    open: ({ user, name }) => {
      const session = { userName: user.name, name, kind: 'launched', state: 'starting' } as const
      return room.store.sessions.create({ ...session, cookieHash: `cookie of ${name}`, cookieExpiresAt: room.store.now() })
    },
    isUnreachable: () => false,
  }
  ;[lookUps, reads, nowMs] = [0, 0, 0]
  const files: Partial<RuntimeDirectories> = {
    placeOf: (sessionId, account) => ({ sessionId, account, directory: `/nowhere/${sessionId}` }),
    readLog: async () => {
      reads += 1
      await setImmediate()
      return ['words']
    },
  }
  board = new SessionBoard({
    ...room,
    effects: { ...room.effects, monotonicMs: () => nowMs },
    ...{ singleUser: false, serverUid: 0, perUser: 3, idleAfterMs: 0, applications: () => [SMALL] },
    local: { files } as LocalSessions,
    sessions: { end: async (id) => await room.store.sessions.end(id) },
    launched: Object.assign(Object.create(LaunchedSessions.prototype), launched),
    findUnixAccount: async (name) => {
      lookUps += 1
      await setImmediate()
      return name === 'ann' ? { name, uid: 1001, gid: 1001, home: '/home/ann', shell: '/bin/sh' } : undefined
    },
  })
})
afterEach(() => room.close())

const start = (n: number) => board.start(ann, { application: 'small', name: `session ${n}` }, '::1')

test('one person has no more sessions than sessions-per-user, however many are asked for at once', async () => {
  const asked = await Promise.allSettled([1, 2, 3, 4, 5].map(start))
  expect(asked.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'])
  await expect(start(6)).rejects.toThrow('You have 3 sessions, as many as one person may have on this server.')
})

test('one person who starts and ends sessions over and over is told to wait', async () => {
  for (let n = 1; n <= 60; n += 1) await board.end(ann, (await start(n)).session.id)
  await expect(start(61)).rejects.toThrow('Sessions were started too often. Try again in 10 s.')
  nowMs += 10_000
  expect((await start(62)).session.name).toBe('session 62')
})

test('nobody ends a session of somebody else or reads its log', async () => {
  const { id } = (await start(1)).session
  const eve = await room.addUser('eve')
  for (const other of [id, '11111111-1111-4111-8111-111111111111']) {
    await expect(board.end(eve, other)).rejects.toThrow('There is no such session of yours any more.')
    await expect(board.log(eve, other)).rejects.toThrow('There is no such session of yours any more.')
  }
  expect(await board.list(eve)).toEqual([])
  expect((await board.list(ann)).map(({ session }) => session.state)).toEqual(['starting'])
})

test('what starts programs is done once for all who ask at the same moment, and again for who asks later', async () => {
  const { id } = (await start(1)).session
  lookUps = 0
  const [logs] = await Promise.all([
    Promise.all([1, 2, 3].map(() => board.log(ann, id))),
    Promise.all([1, 2, 3].map(() => board.offer(ann))),
  ])
  expect(logs).toEqual([['words'], ['words'], ['words']])
  expect([reads, lookUps]).toEqual([1, 1])
  await board.log(ann, id)
  await board.offer(ann)
  expect([reads, lookUps]).toEqual([2, 2])
})

test('whoever has no Unix account is told so, and what is to be done', async () => {
  const eve = await room.addUser('eve')
  expect(await board.offer(ann)).toEqual({ applications: [SMALL] })
  const { lacksAccount, cannotStart } = await board.offer(eve)
  expect(lacksAccount).toBe(true)
  expect(cannotStart).toBe(
    'There is no Unix account "eve" on this host, and sessions run as the user\'s own account. An administrator of the host adds one of this name.',
  )
})
