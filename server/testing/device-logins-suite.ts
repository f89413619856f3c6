import { describe, expect, it } from 'vitest'
import { StoreError } from '../src/store/store.ts'
import type { SuiteRoom } from './operations-suite.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Terminals that wait to be logged in, on every dialect. */
export function deviceLoginsSuite(room: () => SuiteRoom): void {
  const begin = (name = 'a', limit = 10): Promise<boolean> => {
    const login = { deviceHash: `device ${name}`, userHash: `user ${name}`, host: 'laptop', address: '192.0.2.7' }
    return room().store.deviceLogins.create({ ...login, expiresAt: room().clock.at(10 * MINUTE) }, limit)
  }

  const open = (cookieHash: string, store = room().store) =>
    store.deviceLogins.openSession('device a', { name: 'laptop', host: 'laptop', cookieHash, endsAt: room().clock.at(HOUR) })

  const approve = () => room().store.deviceLogins.decide('user a', { userId: room().ann.id, isApproved: true })

  describe('a terminal that waits to be logged in', () => {
    it('is found by either code, and by that of the person only while it waits', async () => {
      const { store, clock, ann } = room()
      expect(await begin()).toBe(true)
      const waiting = { host: 'laptop', address: '192.0.2.7', startedAt: clock.at(0), expiresAt: clock.at(10 * MINUTE) }
      expect(await store.deviceLogins.findWaiting('user a')).toEqual(waiting)
      expect(await store.deviceLogins.findByDevice('device a')).toEqual(waiting)
      expect(await store.deviceLogins.findWaiting('device a')).toBeUndefined()
      const decided = { ...waiting, decision: { userId: ann.id, userName: ann.name, isApproved: true } }
      expect(await approve()).toEqual(decided)
      expect(await store.deviceLogins.findWaiting('user a')).toBeUndefined()
      expect(await store.deviceLogins.findByDevice('device a')).toEqual(decided)
    })

    it('has codes that nobody else has, and is not one too many', async () => {
      await begin()
      await expect(begin()).rejects.toMatchObject({ name: StoreError.name, code: 'duplicate' })
      expect(await begin('b', 2)).toBe(true)
      expect(await begin('c', 2)).toBe(false)
    })

    it('is decided once, by whoever is first', async () => {
      const { store, ann } = room()
      const bob = await store.users.create({ name: 'bob', passwordHash: 'x', isAdmin: false })
      await begin()
      const decisions = [ann, bob].map(({ id }) => store.deviceLogins.decide('user a', { userId: id, isApproved: true }))
      expect((await Promise.all(decisions)).filter(Boolean)).toHaveLength(1)
      expect(await approve()).toBeUndefined()
    })

    it('becomes one session, of two that ask at once and of two processes', async () => {
      const { store, clock, ann, handle } = room()
      const other = await handle(clock.effects)
      await begin()
      expect(await open('too early')).toBeUndefined()
      await approve()
      const opened = await Promise.all([open('c1'), open('c2', other), open('c3'), open('c4', other)])
      const [session, ...more] = opened.filter((each) => each !== undefined)
      expect(more).toEqual([])
      expect(session).toMatchObject({ kind: 'login', userId: ann.id, name: 'laptop', host: 'laptop', endsAt: clock.at(HOUR) })
      expect(await store.sessions.list()).toHaveLength(1)
      expect(await open('c5')).toBeUndefined()
      const cookies = await Promise.all(['c1', 'c2', 'c3', 'c4'].map((each) => store.sessions.lookUp(each, undefined)))
      expect(cookies.filter(Boolean)).toMatchObject([{ userId: ann.id, sessionId: session?.id }])
      await other.close()
    })

    it('becomes none when it was denied, has expired, or its user is locked', async () => {
      const { store, clock, ann } = room()
      await begin()
      await begin('b')
      await store.deviceLogins.decide('user b', { userId: ann.id, isApproved: false })
      await approve()
      await store.users.setLocked('ann', true)
      expect(await open('c1')).toBeUndefined()
      await store.users.setLocked('ann', false)
      clock.pass(10 * MINUTE)
      expect(await open('c1')).toBeUndefined()
      expect(await store.deviceLogins.findByDevice('device b')).toMatchObject({ decision: { isApproved: false } })
      expect(await store.sessions.list()).toEqual([])
    })

    it('expires, cannot be decided then, and is cleared away', async () => {
      const { store, clock } = room()
      await begin()
      clock.pass(10 * MINUTE)
      expect(await store.deviceLogins.findWaiting('user a')).toBeUndefined()
      expect(await approve()).toBeUndefined()
      expect(await begin('b', 1)).toBe(true)
      expect(await store.deviceLogins.removeBefore(clock.at(1))).toBe(1)
      expect(await store.deviceLogins.findByDevice('device a')).toBeUndefined()
      expect(await store.deviceLogins.findByDevice('device b')).toBeDefined()
    })

    it('goes with the user who decided', async () => {
      const { store, clock } = room()
      await begin()
      await approve()
      await store.users.remove('ann', { queueFor: new Set(), giveUpAt: clock.at(0) })
      expect(await store.deviceLogins.findByDevice('device a')).toBeUndefined()
    })
  })
}
