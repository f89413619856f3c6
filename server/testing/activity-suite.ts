import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { SuiteRoom } from './operations-suite.ts'

const HOUR = 60 * 60_000

/** What people see of the use of their tokens, on every dialect. */
export function activitySuite(room: () => SuiteRoom): void {
  const openSession = (userName = 'ann') =>
    room().store.sessions.create({
      ...{ userName, name: 'Rscript' },
      ...{ cookieHash: randomUUID(), cookieExpiresAt: room().clock.at(HOUR) },
    })
  const use = (sessionId: string, atMs: number, count = 1, section = 'box') => ({
    sessionId,
    section,
    firstAt: room().clock.at(atMs),
    lastAt: room().clock.at(atMs + 60_000),
    count,
  })
  const addBob = () => room().store.users.create({ name: 'bob', passwordHash: 'x', isAdmin: false })
  const range = () => ({ from: room().clock.at(-24 * HOUR), until: room().clock.at(24 * HOUR), limit: 100 })

  describe('activity', () => {
    it('adds up hand-outs by session, integration and quarter of an hour, and knows what the session was', async () => {
      const { store, ann } = room()
      const bob = await addBob()
      const session = await store.sessions.create({
        ...{ userName: 'ann', name: 'analysis', kind: 'launched', application: 'vscode', service: 'hub' },
        ...{ cookieHash: 'a', cookieExpiresAt: room().clock.at(HOUR) },
      })
      await store.activity.noteUses([use(session.id, 0, 3), use(session.id, 120_000, 4), use(session.id, 0, 1, 'lab')])
      await store.activity.noteUses([use(session.id, 0, 5), use(session.id, HOUR, 1)])
      const [later, ...quarter] = await store.activity.listUses(ann.id, range())
      expect(later).toMatchObject({ section: 'box', count: 1, firstAt: room().clock.at(HOUR) })
      expect(quarter.find(({ section }) => section === 'lab')?.count).toBe(1)
      expect(quarter.find(({ section }) => section === 'box')).toEqual({
        ...{ sessionId: session.id, sessionName: 'analysis', section: 'box' },
        ...{ kind: 'launched', application: 'vscode', service: 'hub' },
        ...{ firstAt: room().clock.at(0), lastAt: room().clock.at(180_000), count: 12 },
      })
      expect(await store.activity.listUses(bob.id, range())).toEqual([])
      expect(await store.activity.listUses(ann.id, { ...range(), until: room().clock.at(0) })).toEqual([])
      expect(await store.activity.listUses(ann.id, { ...range(), limit: 1 })).toHaveLength(1)
    })

    it('outlasts the session, drops uses of sessions nobody knows, and goes with its user or its time', async () => {
      const { store, ann } = room()
      const session = await openSession()
      await store.activity.noteUses([use(session.id, 0), use('nobody', 0)])
      await store.sessions.end(session.id)
      room().clock.pass(25 * HOUR)
      await openSession()
      expect(await store.activity.listUses(ann.id, { ...range(), from: room().clock.at(-26 * HOUR) })).toHaveLength(1)
      expect(await store.activity.removeUsesBefore(room().clock.at(0))).toBe(1)
      const other = await openSession()
      await store.activity.noteUses([use(other.id, 0)])
      await store.users.remove('ann', { queueFor: new Set(), giveUpAt: room().clock.at(HOUR) })
      expect(await store.activity.listUses(ann.id, range())).toEqual([])
    })

    it('tells of each address of a session once, on whichever node it comes, and of at most a hundred', async () => {
      const { store, ann } = room()
      const other = await room().handle(room().clock.effects)
      const [session, second] = [await openSession(), await openSession()]
      const from = (address: string, sessionId = session.id) => ({ sessionId, address, at: room().clock.at(0) })
      const first = await store.activity.noteAddresses([from('local'), from('10.0.0.7'), from('local'), from('x', 'nobody')])
      expect(first.map(({ address, isFirst }) => [address, isFirst])).toEqual([
        ['local', true],
        ['10.0.0.7', false],
      ])
      expect(await other.activity.noteAddresses([from('10.0.0.7'), from('10.0.0.7', second.id)])).toEqual([
        { ...from('10.0.0.7', second.id), isFirst: true },
      ])
      const many = Array.from({ length: 150 }, (_, n) => from(`10.0.1.${n}`))
      expect(await store.activity.noteAddresses(many)).toHaveLength(98)
      expect(await store.activity.listAddresses(ann.id)).toHaveLength(101)
      await store.sessions.end(session.id)
      expect(await store.activity.listAddresses(ann.id)).toHaveLength(1)
      await other.close()
    })

    it('knows what the live sessions of one user have had', async () => {
      const { store, ann } = room()
      const bob = await addBob()
      const [session, ended, bobs] = [await openSession(), await openSession(), await openSession('bob')]
      await store.activity.noteUses([
        use(session.id, 0, 2),
        use(session.id, HOUR, 3),
        use(session.id, 10, 1, 'lab'),
        use(ended.id, 0),
        use(bobs.id, 0),
      ])
      await store.sessions.end(ended.id)
      expect(await store.activity.listLive(ann.id)).toEqual([
        { ...use(session.id, 0, 5), lastAt: room().clock.at(HOUR + 60_000) },
        use(session.id, 10, 1, 'lab'),
      ])
      expect(await store.activity.listLive(bob.id)).toHaveLength(1)
    })

    it('lists what else one person did, of the kinds and the time asked for', async () => {
      const { store } = room()
      const line = (action: string, userName: string, atMs: number) =>
        ({ at: room().clock.at(atMs), action, outcome: 'ok', userName }) as const
      await store.audit.append([
        line('login.succeeded', 'ann', 0),
        line('token.served', 'ann', 1),
        line('sign_out', 'ann', 2),
        line('sign_out', 'bob', 3),
        line('logout', 'ann', HOUR),
      ])
      const filter = { userName: 'ann', from: room().clock.at(0), until: room().clock.at(HOUR), limit: 10 }
      const actions = ['login.succeeded', 'token.served', 'sign_out', 'logout']
      const found = await store.audit.listOfUser({ ...filter, actions })
      expect(found.map(({ action }) => action)).toEqual(['sign_out', 'login.succeeded'])
      expect(await store.audit.listOfUser({ ...filter, actions, limit: 1 })).toHaveLength(1)
      expect(await store.audit.listOfUser({ ...filter, actions: [] })).toEqual([])
    })

    it('logs every browser of one user out but one', async () => {
      const { store, ann } = room()
      const bob = await addBob()
      for (const [idHash, userId] of [
        ['mine', ann.id],
        ['second', ann.id],
        ['third', ann.id],
        ['bobs', bob.id],
      ] as const)
        await store.browserSessions.create({ idHash, userId })
      expect(await store.browserSessions.removeOthers(ann.id, 'mine')).toBe(2)
      const limits = { idleMs: HOUR, absoluteMs: HOUR }
      expect(await store.browserSessions.find('second', limits)).toBeUndefined()
      expect(await store.browserSessions.find('mine', limits)).toBeDefined()
      expect(await store.browserSessions.find('bobs', limits)).toBeDefined()
    })
  })
}
