import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import type { User } from '../domain/people.ts'
import { BROWSER_SESSION_LIMITS } from './logins.ts'
import { type EverywhereParts, signOutEverywhere } from './sign-out-everywhere.ts'

const BOX = integrationOf({ section: 'box' })
const GONE = integrationOf({ section: 'gone' })

let room: BrokerRoom
let ann: User
let bob: User
beforeEach(async () => {
  room = await openBrokerRoom()
  await room.configure(BOX, GONE)
  ann = await room.addUser('ann')
  bob = await room.addUser('bob')
  for (const user of [ann, bob]) {
    for (const integration of [BOX, GONE]) {
      const integrationId = room.catalogue.internalId(integration.uid) ?? ''
      const reply = { secrets: { accessToken: 'a' }, tokenType: 'Bearer', issuedAt: room.store.now() }
      await room.store.tokens.create({ userId: user.id, integrationId, scopesAsked: [], clientFingerprint: 'f', reply })
    }
    const cookie = { cookieHash: `cookie of ${user.name}`, cookieExpiresAt: new Date(Date.now() + 60_000) }
    await room.store.sessions.create({ userName: user.name, name: 'R', ...cookie })
  }
  await room.configure(BOX)
})
afterEach(() => room.close())

const parts = (): EverywhereParts => ({
  ...room,
  sessions: { end: (id) => room.store.sessions.end(id) },
  signIns: {
    signOut: async (user, uid) => {
      await room.store.tokens.remove(user.id, room.catalogue.internalId(uid) ?? '', { queue: false, giveUpAt: room.store.now() })
      return { wasSignedIn: true, revocation: 'not_offered' }
    },
  },
})

describe('signing out everywhere', () => {
  it('ends sessions, other browsers and sign-ins, of integrations that are gone too, and nothing of anybody else', async () => {
    const [here] = [await room.browserOf(ann, 'here'), await room.browserOf(ann, 'there'), await room.browserOf(bob)]
    const told: string[] = []
    room.changes.subscribe(ann.id, (change) => told.push(change))
    expect(await signOutEverywhere(parts(), here, '10.0.0.7')).toEqual({ browsers: 1, sessions: 1, signIns: 2 })
    const { browserSessions, sessions, tokens } = room.store
    expect(await browserSessions.find('there of ann', BROWSER_SESSION_LIMITS)).toBeUndefined()
    expect(await browserSessions.find(here.idHash, BROWSER_SESSION_LIMITS)).toBeDefined()
    expect((await sessions.list()).map(({ userName }) => userName)).toEqual(['bob'])
    expect([await tokens.listForUser(ann.id), (await tokens.listForUser(bob.id)).length]).toEqual([[], 2])
    expect(await browserSessions.countLive(bob.id, BROWSER_SESSION_LIMITS)).toBe(1)
    expect(told).toContain('logged_out')
    const [line] = await room.audited('login.ended_everywhere')
    expect(line).toMatchObject({ userName: 'ann', address: '10.0.0.7', detail: '1 other browser, 1 session, 2 sign-ins' })
  })

  it('logs other browsers out before anything else, so that a failure leaves nobody in who could undo the rest', async () => {
    const here = await room.browserOf(ann, 'here')
    await room.browserOf(ann, 'there')
    const broken = { ...parts(), sessions: { end: () => Promise.reject(new Error('no')) } }
    await expect(signOutEverywhere(broken, here, '10.0.0.7')).rejects.toThrow('no')
    expect(await room.store.browserSessions.find('there of ann', BROWSER_SESSION_LIMITS)).toBeUndefined()
    expect(await signOutEverywhere(parts(), here, '10.0.0.7')).toEqual({ browsers: 0, sessions: 1, signIns: 2 })
  })

  it('takes back what was approved on /device and is no session yet, of nobody else', async () => {
    const expiresAt = new Date(room.store.now().getTime() + 600_000)
    for (const { id: userId } of [ann, bob]) {
      const login = { deviceHash: `device ${userId}`, userHash: `code ${userId}`, host: 'x', address: '192.0.2.7', expiresAt }
      await room.store.deviceLogins.create(login, 10)
      await room.store.deviceLogins.decide(login.userHash, { userId, isApproved: true })
    }
    await signOutEverywhere(parts(), await room.browserOf(ann, 'here'), '10.0.0.7')
    const open = ({ id }: User) =>
      room.store.deviceLogins.openSession(`device ${id}`, { name: 'x', host: 'x', cookieHash: `new ${id}`, endsAt: expiresAt })
    expect(await open(ann)).toBeUndefined()
    expect((await room.store.deviceLogins.findByDevice(`device ${ann.id}`))?.decision).toMatchObject({ isApproved: false })
    expect(await open(bob)).toMatchObject({ userName: 'bob' })
  })
})
