import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../src/store/store.ts'
import type { AuditFilter } from '../src/store/store-of-audit.ts'
import type { SuiteRoom } from './operations-suite.ts'

const HOUR = 60 * 60_000
const DAY = 24 * HOUR

/** What the pages of administrators ask of a database, on every dialect. */
export function oversightSuite(room: () => SuiteRoom): void {
  const line = (action: string, more: Partial<AuditEvent> = {}): AuditEvent => ({
    ...{ at: room().clock.at(0), action, outcome: 'ok', userName: 'Ann' },
    ...more,
  })
  const search = async (filter: Partial<AuditFilter>, page: { limit?: number; before?: number } = {}) => {
    const { events, next } = await room().store.audit.search({ withUse: false, ...filter }, { limit: 100, ...page })
    return { actions: events.map(({ action }) => action), events, next }
  }

  describe('the audit, searched', () => {
    it('leaves hand-outs and renewals out unless they are asked for', async () => {
      const { audit } = room().store
      await audit.append([line('login.succeeded'), line('token.served'), line('token.refreshed'), line('logout')])
      expect((await search({})).actions).toEqual(['logout', 'login.succeeded'])
      expect((await search({ withUse: true })).actions).toHaveLength(4)
      expect((await search({ action: 'token.served' })).actions).toEqual(['token.served'])
      expect(await audit.actions()).toEqual(['login.succeeded', 'logout', 'token.refreshed', 'token.served'])
    })

    it('finds what was done to somebody and what somebody did to others, each line once', async () => {
      await room().store.audit.append([
        line('user.locked', { userName: 'bob', byName: 'Ann' }),
        line('user.unlocked', { userName: 'Ann', byName: 'Ann' }),
        line('logout', { userName: 'bob' }),
      ])
      expect((await search({ userName: 'Ann' })).actions).toEqual(['user.unlocked', 'user.locked'])
      expect((await search({ userName: 'bob' })).actions).toEqual(['logout', 'user.locked'])
      expect((await search({ userName: 'bob' })).events.at(-1)).toMatchObject({ byName: 'Ann' })
    })

    it('goes on page by page, without a gap and without a line twice', async () => {
      const events = Array.from({ length: 7 }, (_, n) => line('logout', { detail: String(n) }))
      await room().store.audit.append(events)
      const seen: (string | undefined)[] = []
      let before: number | undefined
      do {
        const page = await search({}, { limit: 3, ...(before === undefined ? {} : { before }) })
        seen.push(...page.events.map(({ detail }) => detail))
        before = page.next
      } while (before !== undefined)
      expect(seen).toEqual(['6', '5', '4', '3', '2', '1', '0'])
    })

    it('finds the one line with a reference', async () => {
      const failed = line('sign_in.failed', { outcome: 'refused' })
      await room().store.audit.append([
        { ...failed, reference: 'K7QM-2ABC' },
        { ...failed, reference: 'NMJD-1WGP' },
      ])
      const { events } = await search({ reference: 'K7QM-2ABC' })
      expect(events.map(({ reference }) => reference)).toEqual(['K7QM-2ABC'])
    })

    it('is narrowed by section and time, and counts since an instant', async () => {
      const { store, clock } = room()
      for (const days of [-40, -3, -2, -1]) {
        await store.audit.append([line('sign_out', { at: clock.at(days * DAY), section: days === -2 ? 'lab' : 'box' })])
      }
      const days = async (filter: Partial<AuditFilter>) =>
        (await search(filter)).events.map(({ at }) => Math.round((at.getTime() - clock.at(0).getTime()) / DAY))
      expect(await days({ section: 'lab' })).toEqual([-2])
      expect(await days({ from: clock.at(-3 * DAY) })).toEqual([-1, -2, -3])
      expect(await days({ until: clock.at(-2 * DAY) })).toEqual([-3, -40])
      expect(await days({ from: clock.at(-3 * DAY), until: clock.at(-DAY), section: 'box' })).toEqual([-3])
      expect(await days({ from: clock.at(DAY) })).toEqual([])
      expect(await store.audit.countSince('sign_out', clock.at(-30 * DAY))).toBe(3)
    })

    it('is scanned oldest first up to a line, also for what has no index', async () => {
      const { audit } = room().store
      expect(await audit.newest()).toBeUndefined()
      await audit.append(Array.from({ length: 5 }, (_, n) => line('token.served', { section: 'box', count: n })))
      const last = (await audit.newest())?.id ?? 0
      await audit.append([line('token.served', { section: 'box', count: 99 })])
      const filter = { withUse: true, section: 'box' }
      const first = await audit.scan(filter, { limit: 3, last })
      expect(first.events.map(({ count }) => count)).toEqual([0, 1, 2])
      const second = await audit.scan(filter, { limit: 3, last, after: first.next ?? 0 })
      expect(second.events.map(({ count }) => count)).toEqual([3, 4])
      expect(second.next).toBeUndefined()
    })
  })

  describe('people with what they have', () => {
    it('are listed by name, with sign-ins, sessions and browsers that are good now', async () => {
      const { store, ann, box, lab, clock } = room()
      await store.users.create({ name: 'aaron', passwordHash: 'x', isAdmin: true })
      for (const integrationId of [box, lab]) {
        const reply = { secrets: { accessToken: 'a' }, tokenType: 'bearer', issuedAt: clock.at(0) }
        await store.tokens.create({ ...{ userId: ann.id, integrationId, reply }, scopesAsked: [], clientFingerprint: 'f' })
      }
      const cookie = { cookieHash: 'c', cookieExpiresAt: clock.at(DAY) }
      const session = await store.sessions.create({ userName: 'ann', name: 'R', ...cookie })
      await store.sessions.create({ userName: 'ann', name: 'R', ...cookie, cookieHash: 'd' })
      await store.sessions.end(session.id)
      await store.browserSessions.create({ idHash: 'old', userId: ann.id })
      clock.pass(2 * HOUR)
      await store.browserSessions.create({ idHash: 'new', userId: ann.id })
      const [aaron, counted] = await store.users.listWithCounts({ idleMs: HOUR, absoluteMs: DAY })
      expect(aaron).toEqual({ user: expect.objectContaining({ name: 'aaron' }), signIns: 0, sessions: 0, browsers: 0 })
      expect(counted).toEqual({ user: ann, signIns: 2, sessions: 1, browsers: 1, lastSeenAt: clock.at(0) })
      const token = await store.tokens.find(ann.id, box)
      clock.pass(HOUR / 2)
      await store.tokens.noteUses([{ tokenId: token?.id ?? '', at: clock.at(0), by: 'R' }])
      const [, later] = await store.users.listWithCounts({ idleMs: HOUR, absoluteMs: DAY })
      expect(later?.lastSeenAt).toEqual(clock.at(0))
    })
  })

  describe('a stored sign-in that goes', () => {
    it('stays when it is another one by now', async () => {
      const { store, ann, box, clock } = room()
      const reply = { secrets: { accessToken: 'a' }, tokenType: 'bearer', issuedAt: clock.at(0) }
      const created = await store.tokens.create({
        ...{ userId: ann.id, integrationId: box, reply, scopesAsked: [], clientFingerprint: 'f' },
      })
      const how = { queue: false, giveUpAt: clock.at(DAY) }
      expect(await store.tokens.remove(ann.id, box, { ...how, onlyId: 'another' })).toBeUndefined()
      expect(await store.tokens.remove(ann.id, box, { ...how, onlyId: created.id })).toMatchObject({ id: created.id })
    })
  })

  it('the key that new ciphertexts are under is known', async () => {
    const [key, ...others] = await room().store.keys()
    expect(key).toMatchObject({ isActive: true, createdAt: expect.any(Date) })
    expect(others).toEqual([])
    expect(['SQLite', 'PostgreSQL']).toContain(room().store.dialect)
  })
}
