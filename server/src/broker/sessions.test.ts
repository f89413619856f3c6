import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, openBrokerRoom } from '../../testing/broker-room.ts'
import { readBootId, startTimeOf } from '../launcher/processes.ts'
import { rpcCookieHash } from './rpc-cookie.ts'
import { SessionKeeper, type SessionParts } from './sessions.ts'
import { Sweeper } from './sweeper.ts'

let room: BrokerRoom
const running: ChildProcess[] = []
const keepers: SessionKeeper[] = []

beforeEach(async () => {
  room = await openBrokerRoom()
})

afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
  for (const keeper of keepers.splice(0)) await keeper.close()
  await room.close()
})

const accountOf = (name: string, uid: number) => ({ name, uid, gid: uid, home: `/home/${name}`, shell: '/bin/sh' })

const nodeOf = (host: string) => ({
  ...{ host, version: '1.0.0' },
  holder: { nodeId: `${host} pid:[1]`, incarnation: host, pid: process.pid, startTime: '1', bootId: readBootId() },
})

function keeperWith(changes: Partial<SessionParts> = {}): SessionKeeper {
  const noAccounts = async (): Promise<never> => {
    throw new Error('no account should be looked up')
  }
  const addresses = { publicUrl: room.publicUrl, callbackAddress: 'https://127.0.0.1:8443' }
  const keeper = new SessionKeeper({
    ...room,
    ...addresses,
    singleUser: true,
    serverUid: 1000,
    sessionSocketPath: () => undefined,
    node: nodeOf('here'),
    findUnixAccount: noAccounts,
    endLaunched: async () => false,
    ...changes,
  })
  keepers.push(keeper)
  return keeper
}

async function supervisor(script = 'exec sleep 600') {
  const child = spawn('sh', ['-c', `echo up; ${script}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  running.push(child)
  await once(child.stdout, 'data')
  const pid = child.pid ?? 0
  return { child, mark: { pid, startTime: startTimeOf(pid) ?? '', bootId: readBootId() } }
}

async function open(keeper: SessionKeeper, userName?: string) {
  const { child, mark } = await supervisor()
  return { child, ...(await keeper.open({ userName, name: 'Rscript', supervisor: mark })) }
}

const callerOf = (cookie: string) => room.store.sessions.lookUp(rpcCookieHash(cookie), undefined)

/** As `posit-sdk` reads it: split at `|`, the second part an HTTP date in its own escape. */
function dateIn(cookie: string): Date {
  const date = (cookie.split('|')[1] ?? '').replaceAll('%2C', ',').replaceAll('%20', ' ').replaceAll('%3A', ':')
  expect(date).toMatch(/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/)
  return new Date(date)
}

describe('a session', () => {
  test('opens with a cookie both clients read, and the environment', async () => {
    await room.addUser('ann@example.com')
    const opened = await open(keeperWith({ caCertificate: 'PEM' }))
    expect(opened.cookie).toMatch(/^user-id=ann%40example\.com\|[^|]+\|[\w-]{43}$/)
    expect(opened.environment).toMatchObject({
      RS_SERVER_ADDRESS: 'https://127.0.0.1:8443',
      RS_SESSION_URL: `/s/${opened.session.id}/`,
    })
    expect(opened).toMatchObject({
      caCertificate: 'PEM',
      session: { userName: 'ann@example.com', name: 'Rscript', kind: 'command' },
    })
    expect(opened.account).toBeUndefined()
    expect(await callerOf(opened.cookie)).toMatchObject({ sessionId: opened.session.id })
    expect(await callerOf(`${opened.cookie}; path=/; HttpOnly`)).toMatchObject({ sessionId: opened.session.id })
    expect(await room.audited()).toMatchObject([
      { action: 'session.opened', userName: 'ann@example.com', sessionName: 'Rscript' },
    ])
  })

  test('of a command with a name for terminals to act on is listed without that', async () => {
    await room.addUser('ann')
    const keeper = keeperWith()
    const { mark } = await supervisor()
    await keeper.open({ userName: undefined, name: `\u001b[2Jsh\n${'x'.repeat(500)}`, supervisor: mark })
    const [session] = await keeper.list()
    expect(session?.name).toMatch(/^\?\[2Jsh\?x{40,}…$/)
  })

  test('gets a new cookie, and the one before lives 120 s more', async () => {
    await room.addUser('ann')
    const keeper = keeperWith()
    const { cookie, session } = await open(keeper)
    room.pass(30 * 60 * 1000)
    const next = await keeper.rotate(session.id)
    expect(next).not.toBe(cookie)
    room.pass(115_000)
    expect(await callerOf(cookie)).toBeDefined()
    room.pass(10_000)
    expect(await callerOf(cookie)).toBeUndefined()
    expect(await callerOf(next)).toBeDefined()
  })

  /** A long-lived `Client` of posit-sdk sends what it has until that value's date, and only then reads the file again. */
  test('rotates while a client that keeps each cookie until its date is always served', async () => {
    await room.addUser('ann')
    const keeper = keeperWith()
    const { cookie, session } = await open(keeper)
    const start = room.store.now().getTime()
    const goTo = (at: number): void => room.pass(at - room.store.now().getTime())
    let kept = cookie
    for (let round = 1; round <= 3; round += 1) {
      goTo(start + round * 30 * 60 * 1000)
      const next = await keeper.rotate(session.id)
      expect(dateIn(kept).getTime()).toBeGreaterThan(room.store.now().getTime())
      goTo(dateIn(kept).getTime())
      expect(await callerOf(kept)).toBeDefined()
      kept = next
    }
  })

  test('whose server was down at rotation time keeps its cookie for a day', async () => {
    await room.addUser('ann')
    const { cookie } = await open(keeperWith())
    room.pass(24 * 60 * 60 * 1000 - 1000)
    expect(await callerOf(cookie)).toBeDefined()
    room.pass(2000)
    expect(await callerOf(cookie)).toBeUndefined()
  })

  test('that has ended has a dead cookie, and gets no new one', async () => {
    await room.addUser('ann')
    const keeper = keeperWith()
    const { cookie, session } = await open(keeper)
    expect(await keeper.end(session.id, 'root')).toBe(true)
    expect(await callerOf(cookie)).toBeUndefined()
    await expect(keeper.rotate(session.id)).rejects.toMatchObject({ code: 'session_ended' })
    await expect(keeper.rotate('no-such-session')).rejects.toMatchObject({ code: 'session_ended' })
    expect(await keeper.end(session.id, 'root')).toBe(false)
    expect(await keeper.list()).toEqual([])
    expect(await room.audited('session.ended')).toMatchObject([{ userName: 'ann', detail: 'by root' }])
  })

  test('ends its supervisor by SIGTERM', async () => {
    await room.addUser('ann')
    const keeper = keeperWith()
    const { child, session } = await open(keeper)
    const gone = once(child, 'exit')
    await keeper.end(session.id, 'root')
    expect(await gone).toEqual([null, 'SIGTERM'])
  })

  test('kills a supervisor that stays, after 10 s', async () => {
    await room.addUser('ann')
    const keeper = keeperWith()
    const { child, mark } = await supervisor('trap "echo asked" TERM; while :; do sleep 0.05; done')
    const { session } = await keeper.open({ userName: undefined, name: 'stubborn', supervisor: mark })
    const asked = child.stdout ? once(child.stdout, 'data') : undefined
    const gone = once(child, 'exit')
    await keeper.end(session.id, 'root')
    await asked
    room.pass(10_000)
    expect(await gone).toEqual([null, 'SIGKILL'])
  })

  test('ends within a second when its command has ended', async () => {
    await room.addUser('ann')
    const sessions = keeperWith()
    const { cookie, child } = await open(sessions)
    const sweeper = new Sweeper({ ...room, sessions })
    sweeper.start()
    child.kill('SIGKILL')
    await once(child, 'exit')
    room.pass(1000)
    await expect.poll(() => callerOf(cookie)).toBeUndefined()
    await sweeper.close()
    expect(await room.audited('session.ended')).toMatchObject([{ detail: 'by the end of its command' }])
  })

  test('of a process that is gone already is not opened', async () => {
    await room.addUser('ann')
    const { mark } = await supervisor()
    const request = { userName: undefined, name: 'late', supervisor: { ...mark, startTime: '1' } }
    await expect(keeperWith().open(request)).rejects.toMatchObject({ code: 'bad_request' })
    expect(await room.store.sessions.list()).toEqual([])
  })
})

describe('a session without a process', () => {
  const HOURS = 60 * 60_000
  const openEnvironment = (keeper: SessionKeeper) =>
    keeper.open({ userName: undefined, name: 'session env', supervisor: undefined })

  test('has one cookie until its end after 12 h, which clients keep until then', async () => {
    await room.addUser('ann')
    const keeper = keeperWith()
    const { cookie, session } = await openEnvironment(keeper)
    expect(session).toMatchObject({ kind: 'environment', name: 'session env' })
    // The row is made a moment after its end is reckoned.
    expect(Math.round(((session.endsAt?.getTime() ?? 0) - session.startedAt.getTime()) / 1000)).toBe((12 * HOURS) / 1000)
    // The date in the cookie has whole seconds.
    expect(dateIn(cookie).getTime()).toBe(Math.floor((session.endsAt?.getTime() ?? 0) / 1000) * 1000)
    await expect(keeper.rotate(session.id)).rejects.toMatchObject({ code: 'session_ended' })
    expect(await room.audited('session.opened')).toMatchObject([{ detail: expect.stringContaining('without a process, until ') }])
    room.pass(12 * HOURS - 2000)
    await keeper.endOrphans()
    expect(await callerOf(cookie)).toBeDefined()
    room.pass(2000)
    expect(await callerOf(cookie)).toBeUndefined()
    await keeper.endOrphans()
    expect(await keeper.list()).toEqual([])
    expect(await room.audited('session.ended')).toMatchObject([{ detail: 'by the end of its time' }])
  })

  test('ends at once when somebody ends it or locks its user', async () => {
    await room.addUser('ann')
    const keeper = keeperWith()
    const [one, other] = [await openEnvironment(keeper), await openEnvironment(keeper)]
    await keeper.end(one.session.id, 'root')
    expect(await callerOf(one.cookie)).toBeUndefined()
    expect(await callerOf(other.cookie)).toBeDefined()
    await room.store.users.setLocked('ann', true)
    expect(await callerOf(other.cookie)).toBeUndefined()
  })
})

/** A process id says nothing on another host: there it is another process, or none. */
describe('a session that another server opened', () => {
  const live = async (host: string) => {
    const { holder, version } = nodeOf(host)
    await room.store.nodes.beat({ holder, host, version, startedAt: room.store.now(), configurationHash: 'h' })
  }

  /** Its supervisor is nobody here. */
  async function openedOn(host: string, bootId: string) {
    const ended = { pid: 2 ** 22 + 1, startTime: '1', bootId }
    const cookieExpiresAt = new Date(room.store.now().getTime() + 24 * 60 * 60_000)
    const { nodeId } = nodeOf(host).holder
    const session = { userName: 'ann', name: 'R', supervisor: ended, node: nodeId, cookieHash: host, cookieExpiresAt }
    return await room.store.sessions.create(session)
  }

  const left = async () => (await room.store.sessions.list()).map(({ node }) => node?.split(' ')[0])

  test('is that server’s to end while it lives, and on another host its alone', async () => {
    await room.addUser('ann')
    await openedOn('sibling', readBootId())
    await openedOn('far', 'another boot')
    await live('sibling')
    await keeperWith().endOrphans()
    expect(await left()).toEqual(['sibling', 'far'])
    await room.store.nodes.remove('sibling')
    await keeperWith().endOrphans()
    expect(await left()).toEqual(['far'])
  })

  test('on an earlier boot of this host has ended with it', async () => {
    await room.addUser('ann')
    await openedOn('here', 'an earlier boot')
    await keeperWith({ node: { ...nodeOf('here'), holder: { ...nodeOf('here').holder, nodeId: 'here pid:[2]' } } }).endOrphans()
    expect(await left()).toEqual([])
  })

  test('on a host that is gone ends when nobody has renewed its cookie for a day', async () => {
    await room.addUser('ann')
    await openedOn('far', 'another boot')
    room.pass(24 * 60 * 60_000 - 1000)
    await keeperWith().endOrphans()
    expect(await left()).toEqual(['far'])
    room.pass(1001)
    await keeperWith().endOrphans()
    expect(await left()).toEqual([])
    expect(await room.audited('session.ended')).toMatchObject([{ detail: 'by the end of its cookie' }])
  })
})

describe('the account a session runs as', () => {
  const asRoot = (uid: number | undefined) =>
    keeperWith({
      singleUser: false,
      serverUid: 0,
      findUnixAccount: async (name) => (uid === undefined ? undefined : accountOf(name, uid)),
    })

  test("is the user's own, for a server that runs as root", async () => {
    await room.addUser('ann')
    expect((await open(asRoot(1001), 'ANN')).account).toBe('ann')
  })

  test('is never root', async () => {
    await room.addUser('ann')
    await expect(open(asRoot(0), 'ann')).rejects.toThrow('root')
  })

  test.each([999, 65_534])("is none of the system's own: %i", async (uid) => {
    await room.addUser('ann')
    await expect(open(asRoot(uid), 'ann')).rejects.toThrow('from 1000 on')
  })

  test('must exist', async () => {
    await room.addUser('ann')
    await expect(open(asRoot(undefined), 'ann')).rejects.toThrow('There is no Unix account "ann" on this host, and')
  })

  test('cannot be had from a server that is not root, unless single-user=1', async () => {
    await room.addUser('ann')
    const refused = open(keeperWith({ singleUser: false, serverUid: 1000 }), 'ann')
    await expect(refused).rejects.toThrow('single-user=1')
    expect(await room.store.sessions.list()).toEqual([])
  })
})

describe('the user a session is for', () => {
  test('must be named, must exist, and must not be locked', async () => {
    await room.addUser('ann')
    const keeper = keeperWith({ singleUser: false, serverUid: 0, findUnixAccount: async (name) => accountOf(name, 1001) })
    await expect(open(keeper)).rejects.toThrow('--user')
    await expect(open(keeper, 'bob\u0007')).rejects.toThrow('There is no user "bob?".')
    await room.store.users.setLocked('ann', true)
    await expect(open(keeper, 'ann')).rejects.toThrow('locked')
  })

  test('is the only one under single-user=1, and nobody else', async () => {
    await expect(open(keeperWith())).rejects.toThrow('There is no user yet')
    await room.addUser('zoe')
    room.pass(1000)
    await room.addUser('ann')
    expect((await open(keeperWith())).session.userName).toBe('zoe')
    await expect(open(keeperWith(), 'ann')).rejects.toThrow('"zoe" only')
  })
})
