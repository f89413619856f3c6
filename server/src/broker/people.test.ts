import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import type { DevelopmentSession, User } from '../domain/people.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { AuditReader } from './audit-desk.ts'
import { PeopleDesk } from './people.ts'

const box = integrationOf({ section: 'box', displayName: 'Box API Access', revocationUrl: 'https://box.example/revoke' })
const lab = integrationOf({ section: 'lab', displayName: 'Lab' })
const root = { name: 'root', address: '192.0.2.1' }
const HOUR = 60 * 60_000

let room: BrokerRoom
let people: PeopleDesk
let ann: User
let ended: unknown[]
let woken: number

beforeEach(async () => {
  room = await openBrokerRoom()
  await room.configure(box, lab)
  ended = []
  woken = 0
  const { store, audit } = room
  people = new PeopleDesk({
    ...room,
    sessions: {
      list: () => store.sessions.list(),
      end: async (...asked) => {
        ended.push(asked)
        return store.sessions.end(asked[0])
      },
    },
    administration: {
      setLocked: async (name, locked, { by } = {}) => {
        if ((await store.users.setLocked(name, locked, 'one')) === 'last') return 'last administrator'
        await audit.record({ action: 'user.locked', outcome: 'ok', userName: name, byName: by?.name ?? '' })
        return 'done'
      },
    },
    viewOf: (session: DevelopmentSession) => ({ session, isUnreachable: false, hasLog: false }),
    wakeRevocations: () => {
      woken += 1
    },
  })
  ann = await room.addUser('ann')
})

afterEach(() => room.close())

async function signIn(user: User, integration = box): Promise<StoredToken> {
  return room.store.tokens.create({
    ...{ userId: user.id, integrationId: room.catalogue.internalId(integration.uid) ?? '', scopesAsked: [] },
    clientFingerprint: room.catalogue.fingerprintOf(integration),
    reply: { secrets: { accessToken: 'value-a', refreshToken: 'value-r' }, tokenType: 'Bearer', issuedAt: room.store.now() },
  })
}

async function startSession(user: User): Promise<DevelopmentSession> {
  const expiresAt = new Date(room.store.now().getTime() + HOUR)
  return room.store.sessions.create({ userName: user.name, name: 'R', cookieHash: user.name, cookieExpiresAt: expiresAt })
}

describe('an administrator', () => {
  test('sees a person with sign-ins and sessions, and nobody else’s', async () => {
    const bob = await room.addUser('bob')
    await signIn(ann)
    await signIn(bob)
    await startSession(ann)
    await startSession(bob)
    const { person, signIns, sessions } = await people.show('ANN')
    expect(person).toMatchObject({ user: { name: 'ann' }, signIns: 1, sessions: 1, browsers: 0 })
    expect(signIns.map(({ userName, section }) => [userName, section])).toEqual([['ann', 'box']])
    expect(sessions.map(({ session }) => session.userName)).toEqual(['ann'])
    expect(JSON.stringify(signIns)).not.toContain('value-')
    await expect(people.show('eve')).rejects.toThrow('There is no user "eve".')
  })

  test('is told that somebody is the last administrator, who is not locked then', async () => {
    await room.store.users.setRole('ann', { isAdmin: true })
    await expect(people.setLocked(root, 'ann', true)).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('ann is the last administrator who can log in'),
    })
    expect(await room.audited('user.locked')).toEqual([])
  })

  test('finds people and sessions by the words of their rows', async () => {
    const bob = await room.addUser('Bob')
    await room.store.users.setLocked('Bob', true)
    await startSession(ann)
    await startSession(bob)
    const names = async (filter: string) => (await people.list({ filter })).rows.map(({ user }) => user.name)
    expect([await names(''), await names('locked'), await names('USER ann')]).toEqual([['ann', 'Bob'], ['Bob'], ['ann']])
    const owners = async (filter: string) => (await people.sessions({ filter })).rows.map(({ session }) => session.userName)
    expect([await owners('running bob'), await owners('unreachable')]).toEqual([['Bob'], []])
    expect(await people.sessions({ filter: 'ann' })).toMatchObject({ total: 2, found: 1 })
  })

  test('locks somebody, and is named in the audit for it', async () => {
    await people.setLocked(root, 'ann', true)
    expect((await room.store.users.findByName('ann'))?.lockedAt).toBeDefined()
    expect(await room.audited('user.locked')).toMatchObject([{ userName: 'ann', byName: 'root' }])
  })

  test('cannot lock himself, in any spelling', async () => {
    await room.addUser('root')
    await expect(people.setLocked(root, 'Root', true)).rejects.toThrow('You cannot lock yourself')
    expect((await room.store.users.findByName('root'))?.lockedAt).toBeUndefined()
  })

  test('ends a session of anybody; one that has ended is told', async () => {
    const { id } = await startSession(ann)
    await people.endSession(root, id)
    expect(ended).toEqual([[id, 'administrator root', 'root']])
    await expect(people.endSession(root, id)).rejects.toThrow('it has ended meanwhile')
  })

  test('signs somebody out everywhere: browsers, sessions, sign-ins, revoked where the service offers it', async () => {
    await room.browserOf(ann)
    await startSession(ann)
    await signIn(ann)
    await signIn(ann, lab)
    const told: string[] = []
    room.changes.subscribe(ann.id, (change) => told.push(change))
    expect(await people.signOutEverywhere(root, 'ann')).toEqual({ browsers: 1, sessions: 1, signIns: 2 })
    expect(told[0]).toBe('logged_out')
    expect(await room.store.tokens.listForUser(ann.id)).toEqual([])
    expect(await room.store.revocations.counts()).toMatchObject({ waiting: 2 })
    expect((await room.audited()).filter(({ byName }) => byName === 'root').map(({ action }) => action)).toEqual([
      ...['stored_token.revoked', 'stored_token.purged', 'login.ended_everywhere'],
    ])
    await room.addUser('root')
    await expect(people.signOutEverywhere(root, 'root')).rejects.toThrow('That is you')
  })
})

describe('a stored sign-in', () => {
  test('is revoked: deleted, and the service is asked', async () => {
    const { id } = await signIn(ann)
    await people.removeSignIn(root, 'ann', id, 'revoke')
    expect(await room.store.tokens.listForUser(ann.id)).toEqual([])
    expect(await room.store.revocations.counts()).toMatchObject({ waiting: 2 })
    expect(woken).toBe(1)
    expect(await room.audited('stored_token.revoked')).toMatchObject([
      { userName: 'ann', byName: 'root', section: 'box', address: '192.0.2.1' },
    ])
  })

  test('is purged: deleted, and nobody is asked', async () => {
    const { id } = await signIn(ann)
    await people.removeSignIn(root, 'ann', id, 'purge')
    expect(await room.store.revocations.counts()).toMatchObject({ waiting: 0 })
    expect([woken, (await room.audited('stored_token.purged')).length]).toEqual([0, 1])
  })

  test('is kept when revoking was wanted and the service cannot be asked', async () => {
    const { id } = await signIn(ann, lab)
    await expect(people.removeSignIn(root, 'ann', id, 'revoke')).rejects.toThrow('No revocation URL is configured for Lab')
    expect(await room.store.tokens.listForUser(ann.id)).toHaveLength(1)
  })

  test('of before is not taken for the one there is now, nor somebody else’s', async () => {
    const { id } = await signIn(ann)
    await signIn(ann)
    await expect(people.removeSignIn(root, 'ann', id, 'purge')).rejects.toThrow('This sign-in is gone')
    const other = await signIn(await room.addUser('bob'))
    await expect(people.removeSignIn(root, 'ann', other.id, 'purge')).rejects.toThrow('This sign-in is gone')
    expect(await room.store.tokens.list()).toHaveLength(2)
  })

  test('and all of an integration or a user go at once; those that cannot be revoked are named', async () => {
    const bob = await room.addUser('bob')
    for (const user of [ann, bob]) for (const integration of [box, lab]) await signIn(user, integration)
    expect(await people.removeSignIns({}, { userName: 'ann' }, 'revoke')).toEqual({ removed: 1, cannotRevoke: ['Lab'] })
    expect(await people.removeSignIns({}, { integration: 'Lab' }, 'purge')).toEqual({ removed: 2, cannotRevoke: [] })
    expect((await room.store.tokens.list()).map(({ userName, section }) => `${userName} ${section}`)).toEqual(['bob box'])
    await expect(people.removeSignIns({}, { integration: 'bocks' }, 'purge')).rejects.toThrow('There is no integration "bocks"')
  })
})

describe('the audit', () => {
  test('is read by display name, section or ID of an integration', async () => {
    const { id } = await signIn(ann)
    await people.removeSignIn(root, 'ann', id, 'purge')
    const reader = new AuditReader(room)
    for (const integration of ['box', 'box api access', box.uid.toUpperCase()]) {
      expect((await reader.list({ integration, withUse: false })).lines).toMatchObject([{ action: 'stored_token.purged' }])
    }
    expect((await reader.list({ integration: 'other', withUse: false })).lines).toEqual([])
    expect((await reader.list({ userName: 'root', withUse: false })).lines).toHaveLength(1)
  })

  test('is read by the reference that somebody copied from a page, however they typed it', async () => {
    const line = { at: room.store.now(), action: 'sign_in.failed', outcome: 'refused' } as const
    await room.store.audit.append([
      { ...line, reference: 'K7QM-2ABC' },
      { ...line, reference: 'NMJD-1WGP' },
    ])
    const { lines } = await new AuditReader(room).list({ reference: 'k7qm-2abc', withUse: false })
    expect(lines.map(({ reference }) => reference)).toEqual(['K7QM-2ABC'])
  })

  test('is exported whole, oldest first, in the name of whoever did it', async () => {
    const reader = new AuditReader(room)
    for (let n = 0; n < 2500; n += 500) {
      const line = { at: room.store.now(), action: 'logout', outcome: 'ok' as const }
      await room.store.audit.append(Array.from({ length: 500 }, (_, m) => ({ ...line, detail: String(n + m) })))
    }
    const details: (string | undefined)[] = []
    for await (const lines of reader.export(root, { withUse: false })) details.push(...lines.map(({ detail }) => detail))
    expect(details.slice(0, 2500)).toEqual(Array.from({ length: 2500 }, (_, n) => String(n)))
    expect(await room.audited('audit.exported')).toMatchObject([{ userName: 'root', address: '192.0.2.1' }])
  })
})
