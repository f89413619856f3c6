import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import type { User } from '../domain/people.ts'
import type { Store } from '../store/store.ts'
import { ActivityDesk } from './activity.ts'
import { SessionUses } from './session-uses.ts'

const HOUR = 60 * 60_000
const DAY = 24 * HOUR
const VS_CODE = { section: 'vscode', displayName: 'VS Code', icon: 'code' }

let room: BrokerRoom
let uses: SessionUses
let desk: ActivityDesk
let ann: User
beforeEach(async () => {
  room = await openBrokerRoom()
  uses = new SessionUses(room)
  desk = deskOver(room.store)
  await room.configure(integrationOf({ section: 'box', displayName: 'Box API Access', previousNames: ['old-box'] }))
  ann = await room.addUser('ann')
})
afterEach(async () => {
  await uses.close()
  await room.close()
})

const deskOver = (store: Store): ActivityDesk =>
  new ActivityDesk({
    ...room,
    store,
    applications: () => [
      {
        ...VS_CODE,
        command: [],
        listen: 'socket',
        readyPath: '/',
        readySeconds: 1,
        basePath: 'strip',
        environment: {},
        isFound: true,
      },
    ],
    sessions: { end: () => Promise.reject(new Error('the test did not expect an end')) },
    signIns: { signOut: () => Promise.reject(new Error('the test did not expect a sign-out')) },
  })

const openSession = (user: User, name = 'analysis') =>
  room.store.sessions.create({
    ...{ userName: user.name, name, kind: 'launched', application: 'vscode' },
    ...{ cookieHash: `cookie of ${name} of ${user.name}`, cookieExpiresAt: new Date(room.store.now().getTime() + DAY) },
  })

type Session = Awaited<ReturnType<typeof openSession>>

const serve = ({ id, name, userId }: Session, address = 'local', section = 'box'): void =>
  room.audit.noteServed({ userId, sessionId: id, sessionName: name, section, fingerprint: '0011223344556677', address })

const written = async (): Promise<void> => {
  await room.audit.flush()
  await uses.flush()
}

/** The days around now, each with its lines as texts. */
async function shown(user: User, desks = desk) {
  const now = room.store.now().getTime()
  const { days } = await desks.list(user, { days: [new Date(now - DAY), new Date(now - 2 * HOUR)] })
  return days.map(({ lines }) => lines.map(({ text, marks }) => [text, ...marks.map((mark) => mark.text)]))
}

describe('the activity of a person', () => {
  it('is by day, use grouped by session and integration, first uses marked on it', async () => {
    const session = await openSession(ann)
    for (let n = 0; n < 1240; n += 1) serve(session)
    await written()
    room.pass(HOUR)
    serve(session, '10.0.0.7', 'old-box')
    await written()
    expect(await shown(ann)).toEqual([
      [
        ['VS Code “analysis” used Box API Access once', 'first use from 10.0.0.7'],
        ['VS Code “analysis” used Box API Access 1,240 times', 'first use by this session, on this server'],
      ],
      [],
    ])
    room.pass(3 * HOUR)
    expect((await shown(ann)).map((lines) => lines.length)).toEqual([0, 2])
  })

  it('holds their own rows only, and none of a namesake who was removed before', async () => {
    const bob = await room.addUser('bob')
    serve(await openSession(bob))
    await written()
    await room.audit.record({ action: 'login.succeeded', outcome: 'ok', userName: 'bob', address: '10.0.0.9' })
    expect(await shown(ann)).toEqual([[], []])
    expect((await desk.list(ann, { days: [new Date(0)] })).live).toEqual([])
    await room.store.users.remove('bob', { queueFor: new Set(), giveUpAt: room.store.now() })
    room.pass(1000)
    expect(await shown(await room.addUser('bob'))).toEqual([[], []])
  })

  it('tells which live sessions had tokens, of what, from where, and how much there is to sign out of', async () => {
    const [session, silent] = [await openSession(ann), await openSession(ann, 'silent')]
    await room.browserOf(ann, 'this')
    await room.browserOf(ann, 'other')
    serve(session)
    await written()
    room.pass(1000)
    serve(session, '10.0.0.7')
    await written()
    const { live, everywhere } = await desk.list(ann, { days: [new Date(0)] })
    expect(live).toMatchObject([{ sessionId: session.id, integrations: ['Box API Access'], count: 2 }])
    expect(live[0]?.addresses.map(({ address }) => address)).toEqual(['local', '10.0.0.7'])
    expect(everywhere).toEqual({ browsers: 1, sessions: 2, signIns: 0 })
    await room.store.sessions.end(session.id)
    await room.store.sessions.end(silent.id)
    expect((await desk.list(ann, { days: [new Date(0)] })).live).toEqual([])
  })

  it('is cut at 200 lines a day, and says so', async () => {
    for (let n = 0; n < 201; n += 1) await room.audit.record({ action: 'logout', outcome: 'ok', userName: 'ann' })
    const { days } = await desk.list(ann, { days: [new Date(room.store.now().getTime() - HOUR)] })
    expect(days.map(({ lines, isCut }) => [lines.length, isCut])).toEqual([[200, true]])
  })
})

describe('the first use', () => {
  const firstUses = async () =>
    (await room.audited('session.first_use')).map(({ address, detail, userName }) => [userName, address, detail])

  it('by a session, and from each new address, is audited once and told to open pages', async () => {
    const told: string[] = []
    room.changes.subscribe(ann.id, (change) => told.push(change))
    const session = await openSession(ann)
    serve(session)
    await written()
    serve(session)
    serve(session, '10.0.0.7')
    await written()
    expect(await firstUses()).toEqual([
      ['ann', 'local', 'a new session'],
      ['ann', '10.0.0.7', 'a new address'],
    ])
    expect(told).toEqual(['sessions', 'sessions'])
  })

  it('is no first one for another process', async () => {
    const session = await openSession(ann)
    serve(session)
    await written()
    const elsewhere = new SessionUses(room)
    serve(session)
    await room.audit.flush()
    await elsewhere.flush()
    await uses.flush()
    expect(await firstUses()).toHaveLength(1)
  })

  it('that cannot be written waits, and nothing of it is lost or told twice', async () => {
    const session = await openSession(ann)
    const { activity } = room.store
    let isBroken = true
    const store = {
      activity: {
        ...activity,
        noteUses: (given: Parameters<typeof activity.noteUses>[0]) =>
          isBroken ? Promise.reject(new Error('locked')) : activity.noteUses(given),
      },
    }
    const late = new SessionUses({ ...room, store })
    serve(session)
    await room.audit.flush()
    await expect(late.flush()).rejects.toThrow('locked')
    serve(session)
    await room.audit.flush()
    isBroken = false
    await late.flush()
    expect((await shown(ann))[0]).toEqual([
      ['VS Code “analysis” used Box API Access 2 times', 'first use by this session, on this server'],
    ])
    expect(await firstUses()).toHaveLength(1)
  })
})
