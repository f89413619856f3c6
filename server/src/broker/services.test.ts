import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import type { OpenedServiceSession, ServiceRefusal, WantedSession } from './broker-of-services.ts'
import { rpcCookieHash } from './rpc-cookie.ts'
import { ServiceAdministrator } from './service-administration.ts'
import { ServiceDesk, type ServiceDeskParts } from './service-desk.ts'

const HOUR = 60 * 60_000
const DAY = 24 * HOUR
const box = integrationOf({ section: 'box', displayName: 'Box API' })
const lab = integrationOf({ section: 'lab' })

let room: BrokerRoom
let ended: [id: string, by: string][]
let administrator: ServiceAdministrator

beforeEach(async () => {
  room = await openBrokerRoom()
  ended = []
  administrator = new ServiceAdministrator({ ...room, isGroup: async (group) => group === 'staff' })
  await room.configure(box, lab)
  await room.addUser('ann')
  room.pass(1)
  await room.addUser('bob')
  await room.store.users.create({ name: 'root', passwordHash: '', isAdmin: true })
})
afterEach(() => room.close())

function deskWith(changes: Partial<ServiceDeskParts> = {}): ServiceDesk {
  return new ServiceDesk({
    ...room,
    sessions: {
      end: async (id, by) => {
        ended.push([id, by])
        return room.store.sessions.end(id)
      },
    },
    callbackAddress: 'https://rpc.example',
    singleUser: false,
    isInGroup: async (account, group) => account === 'bob' && group === 'staff',
    ...changes,
  })
}

type Wanted = Parameters<ServiceAdministrator['add']>[0]

const wanted = (changes: Partial<Wanted> = {}): Wanted => ({
  ...{ name: 'jupyterhub', actsFor: ['user:ann', 'group:staff'], allUsers: false, from: [], integrations: [] },
  expiresAt: new Date(room.store.now().getTime() + 90 * DAY),
  ...changes,
})

const add = (changes: Partial<Wanted> = {}): Promise<string> => administrator.add(wanted(changes)).then(({ token }) => token)

const ask = (token: string, changes: Partial<WantedSession> = {}, desk = deskWith()) =>
  desk.open({ token, address: '10.1.2.3' }, { user: 'ann', name: 'notebook', ...changes })

async function opened(token: string, changes: Partial<WantedSession> = {}): Promise<OpenedServiceSession> {
  const reply = await ask(token, changes)
  if ('kind' in reply) throw new Error(reply.sentence)
  return reply
}

const callerOf = (cookie: string) => room.store.sessions.lookUp(rpcCookieHash(cookie), undefined)

describe('a service', () => {
  test('gets a token that scanners know, which is stored as its hash alone', async () => {
    const token = await add()
    expect(token).toMatch(/^bks_[\w-]{43}$/)
    expect(JSON.stringify(await administrator.list())).not.toContain(token.slice(4))
    expect(JSON.stringify(await room.audited())).not.toContain(token.slice(4))
    expect(await room.audited('service.added')).toMatchObject([
      { detail: expect.stringMatching(/^jupyterhub: for user:ann, group:staff; 100 sessions of 43200 s; until /) },
    ])
  })

  test.each<[string, Partial<Wanted>, RegExp]>([
    ['a name with a blank', { name: 'a b' }, /small letters/],
    ['nobody to act for', { actsFor: [] }, /--all-users for everybody but administrators/],
    ['some and everybody', { allUsers: true }, /not both/],
    ['a word that is neither', { actsFor: ['ann'] }, /"ann" is neither user:U nor group:G/],
    ['an unknown user', { actsFor: ['user:eve'] }, /no user "eve"/],
    ['an unknown group', { actsFor: ['group:stuff'] }, /no group "stuff" on the server's host/],
    ['an administrator', { actsFor: ['user:root'] }, /"root" is an administrator/],
    ['no address', { from: ['nowhere'] }, /^--from does not name an IP address/],
    ['an unknown integration', { integrations: ['nothing'] }, /no integration "nothing"/],
    ['a mistyped integration', { integrations: ['boxx'] }, /no integration "boxx" on this server\. Did you mean "box"\?/],
    ['no session', { maxSessions: 0 }, /from 1 to 10000 sessions/],
    ['a life of two weeks', { maxLifeSeconds: 14 * 24 * 3600 }, /from 1 minute to 7 days/],
  ])('is not added with %s', async (_what, changes, words) => {
    await expect(administrator.add(wanted(changes))).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringMatching(words),
    })
    expect(await administrator.list()).toEqual([])
  })

  test('lives a year at the most, and not in the past', async () => {
    const at = (ms: number) => ({ expiresAt: new Date(room.store.now().getTime() + ms) })
    await expect(add(at(367 * DAY))).rejects.toThrow('a year at the most')
    await expect(add(at(-1))).rejects.toThrow('would have expired already')
    await expect(add({ expiresAt: new Date(Number.NaN) })).rejects.toThrow('would have expired already')
    expect(await add(at(365 * DAY))).toMatch(/^bks_/)
    await expect(add()).rejects.toThrow('There is a service "jupyterhub" already.')
  })

  test('has two tokens for the overlap of a rotation, and the new one lives as long as the old one was to', async () => {
    const first = await add()
    room.pass(30 * DAY)
    const { token: second, service, previousUntil } = await administrator.rotate('jupyterhub', { overlapMs: 2 * HOUR })
    expect(Math.round((previousUntil.getTime() - room.store.now().getTime()) / HOUR)).toBe(2)
    expect(Math.round(((service.tokens[0]?.expiresAt.getTime() ?? 0) - room.store.now().getTime()) / DAY)).toBe(90)
    await opened(first)
    await opened(second)
    room.pass(3 * HOUR)
    expect(await ask(first)).toMatchObject({ kind: 'refused', why: 'token' })
    await opened(second)
    await expect(administrator.rotate('batch', {})).rejects.toThrow('There is no service "batch"')
    await expect(administrator.rotate('jupyterhub', { overlapMs: 31 * DAY })).rejects.toThrow('30 days at the most')
    expect(await room.audited('service.rotated')).toHaveLength(1)
    expect(await room.audited('service.refused')).toMatchObject([
      { detail: 'service jupyterhub: its token has expired', address: '10.1.2.3' },
    ])
  })

  test('takes its sessions with it when it is removed', async () => {
    const token = await add()
    const told: string[] = []
    const ann = await room.store.users.findByName('ann')
    room.changes.subscribe(ann?.id ?? '', (change) => told.push(change))
    const { cookie, session } = await opened(token)
    expect(told).toEqual(['sessions'])
    expect(await callerOf(cookie)).toMatchObject({ userName: 'ann' })
    expect(await administrator.remove('jupyterhub')).toEqual({ endedSessions: 1 })
    expect(told).toEqual(['sessions', 'sessions'])
    expect(await callerOf(cookie)).toBeUndefined()
    expect(await ask(token)).toMatchObject({ kind: 'refused', why: 'token' })
    expect((await room.audited()).slice(-2)).toMatchObject([
      { action: 'service.removed', detail: 'jupyterhub' },
      { action: 'session.ended', sessionId: session.id, detail: 'by the removal of service jupyterhub' },
    ])
    await expect(administrator.remove('jupyterhub')).rejects.toThrow('There is no service')
  })
})

describe('a session of a service', () => {
  test('has a cookie and an environment that work until its end', async () => {
    const token = await add()
    const reply = await opened(token, { host: 'node-7', lifeSeconds: 3600 })
    expect(reply.session).toMatchObject({
      kind: 'service',
      service: 'jupyterhub',
      host: 'node-7',
      userName: 'ann',
      name: 'notebook',
    })
    expect(reply.environment).toMatchObject({
      POSIT_PRODUCT: 'WORKBENCH',
      RS_SERVER_ADDRESS: 'https://rpc.example',
      RS_SESSION_URL: `/s/${reply.session.id}/`,
    })
    expect(reply.environment).not.toHaveProperty('BENCHKEY_SERVER_SOCKET')
    expect(decodeURIComponent(reply.cookie.split('|')[1] ?? '')).toBe(reply.endsAt.toUTCString())
    expect(await callerOf(reply.cookie)).toMatchObject({ sessionId: reply.session.id })
    room.pass(HOUR + 1000)
    expect(await callerOf(reply.cookie)).toBeUndefined()
    expect(await room.audited('service.session_opened')).toMatchObject([
      {
        userName: 'ann',
        sessionId: reply.session.id,
        address: '10.1.2.3',
        detail: expect.stringMatching(/^service jupyterhub on node-7 until /),
      },
    ])
  })

  test('is had for members of a group as it is then, by the account’s name', async () => {
    const token = await add({ actsFor: ['group:staff'] })
    expect(await opened(token, { user: 'BOB' })).toMatchObject({ session: { userName: 'bob' } })
    const left = deskWith({ isInGroup: async () => false })
    expect(await ask(token, { user: 'bob' }, left)).toMatchObject({ why: 'not_allowed' })
  })

  test('is limited to what the service may give, and to what was asked for of that', async () => {
    const token = await add({ integrations: ['Box API'] })
    expect((await opened(token)).session.limitedTo).toEqual([box.uid])
    expect((await opened(token, { integrations: ['box'] })).session.limitedTo).toEqual([box.uid])
    expect((await opened(token, { integrations: [] })).session.limitedTo).toEqual([])
    const other = (await ask(token, { integrations: ['lab'] })) as ServiceRefusal
    const none = (await ask(token, { integrations: ['nix'] })) as ServiceRefusal
    expect(other.why).toBe('not_allowed')
    expect(none.sentence.replace('nix', 'lab')).toBe(other.sentence)
    const free = await add({ name: 'free' })
    expect((await opened(free)).session).not.toHaveProperty('limitedTo')
    expect((await opened(free, { integrations: ['lab'] })).session.limitedTo).toEqual([lab.uid])
  })

  /** Whoever holds a token learns no names with it: whatever the reason, the sentence is the same. */
  test('is refused with one sentence, for an administrator, a locked, an unknown and a foreign user; the audit has the reason', async () => {
    const everybody = await add({ name: 'everybody', actsFor: [], allUsers: true })
    const annOnly = await add({ name: 'only', actsFor: ['user:ann'] })
    await room.store.users.setLocked('ann', true)
    const refusals = [
      await ask(everybody, { user: 'root' }),
      await ask(everybody, { user: 'eve' }),
      await ask(everybody, { user: 'ann' }),
      await ask(annOnly, { user: 'bob' }),
      await ask(annOnly, { user: 'eve' }),
    ]
    const sentences = new Set(
      refusals.map((refusal) =>
        JSON.stringify(refusal)
          .replace(/"(root|eve|ann|bob)\\"/, '"X\\"')
          .replace(/\\"(root|eve|ann|bob)/, '\\"X'),
      ),
    )
    expect([...sentences]).toHaveLength(1)
    expect(refusals[0]).toMatchObject({ kind: 'refused', why: 'not_allowed' })
    expect((await room.audited('service.refused')).map(({ userName, detail }) => [userName, detail])).toEqual([
      ['root', 'service everybody: "root": an administrator'],
      [undefined, 'service everybody: the user: no such user'],
      ['ann', 'service everybody: "ann": locked'],
      ['bob', 'service only: "bob": not one it acts for'],
      [undefined, 'service only: the user: no such user'],
    ])
    expect(await room.store.sessions.list()).toEqual([])
  })

  test('is refused for who became an administrator after the service was added', async () => {
    const token = await add({ actsFor: ['user:ann'] })
    await opened(token)
    await room.store.users.remove('ann', { queueFor: new Set(), giveUpAt: room.store.now() })
    await room.store.users.create({ name: 'ann', passwordHash: '', isAdmin: true })
    expect(await ask(token)).toMatchObject({ why: 'not_allowed' })
    expect(await room.audited('service.refused')).toMatchObject([{ detail: 'service jupyterhub: "ann": an administrator' }])
  })

  test('is refused for anybody but the one user of single-user=1', async () => {
    const token = await add({ actsFor: [], allUsers: true })
    const desk = deskWith({ singleUser: true })
    expect(await ask(token, { user: 'bob' }, desk)).toMatchObject({ why: 'not_allowed' })
    expect(await ask(token, { user: 'ann' }, desk)).toMatchObject({ session: { userName: 'ann' } })
  })

  test('is refused from another address as with a token that is none, and the audit has the address', async () => {
    const token = await add({ from: ['10.0.0.0/8', '2001:db8::1'] })
    const from = (address: string) => deskWith().open({ token, address }, { user: 'ann', name: 'x' })
    expect(await from('10.9.9.9')).toMatchObject({ session: { service: 'jupyterhub' } })
    expect(await from('2001:db8::1')).toMatchObject({ session: { service: 'jupyterhub' } })
    const forged = await ask(`bks_${'A'.repeat(43)}`)
    for (const address of ['11.0.0.1', '2001:db8::2', 'local', '']) expect(await from(address)).toEqual(forged)
    expect((await room.audited('service.refused')).map(({ detail }) => detail)).toEqual(
      ['11.0.0.1', '2001:db8::2', 'local', ''].map((address) => `service jupyterhub: its token does not count from ${address}`),
    )
  })

  test.each(['', 'bks_', 'AAAA', `${'A'.repeat(43)}`, `bks_${'A'.repeat(44)}`])(
    'is refused for the token "%s"',
    async (token) => {
      await add()
      expect(await ask(token)).toMatchObject({ kind: 'refused', why: 'token' })
    },
  )

  test('is one of as many as may run, and lasts as long as it may', async () => {
    const token = await add({ maxSessions: 1, maxLifeSeconds: 600 })
    expect(await ask(token, { lifeSeconds: 601 })).toMatchObject({
      why: 'not_understood',
      sentence: expect.stringContaining('600 seconds'),
    })
    const { session, endsAt } = await opened(token)
    expect(endsAt.getTime() - session.startedAt.getTime()).toBeLessThanOrEqual(600_000)
    expect(await ask(token)).toMatchObject({ why: 'too_many', sentence: expect.stringContaining('may have 1 session at once') })
    expect(await administrator.list()).toMatchObject([{ liveSessions: 1 }])
  })

  test('is shown to and ended by its own service alone', async () => {
    const [token, other] = [await add(), await add({ name: 'other' })]
    const { session } = await opened(token)
    const desk = deskWith()
    const call = { token, address: '10.1.2.3' }
    expect(await desk.show(call, session.id)).toMatchObject({ id: session.id, state: 'running' })
    const foreign = await desk.end({ ...call, token: other }, session.id)
    expect(foreign).toMatchObject({ kind: 'refused', why: 'unknown' })
    expect(await desk.show({ ...call, token: other }, session.id)).toEqual(foreign)
    expect(await desk.end(call, session.id)).toEqual({ ended: true })
    expect(await desk.end(call, session.id)).toEqual({ ended: false })
    expect(await desk.show(call, session.id)).toMatchObject({ state: 'ended' })
    expect(ended[0]).toEqual([session.id, 'service jupyterhub'])
    expect(await room.audited('service.session_shown')).toHaveLength(2)
  })

  test('waits when its service asks more often than a course that starts at once', async () => {
    const token = await add({ maxSessions: 1 })
    let nowMs = 0
    const desk = deskWith({ effects: { ...room.effects, monotonicMs: () => nowMs } })
    const show = () => desk.show({ token, address: '10.1.2.3' }, 'none')
    for (let n = 0; n < 500; n += 1) await show()
    expect(await show()).toMatchObject({ why: 'too_many', retryAfterSeconds: 1 })
    nowMs += 1000
    expect(await show()).toMatchObject({ why: 'unknown' })
  })
})
