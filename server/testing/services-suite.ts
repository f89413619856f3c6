import { describe, expect, it } from 'vitest'
import type { Service, ServiceLimits } from '../src/domain/service.ts'
import { StoreError } from '../src/store/store.ts'
import type { SuiteRoom } from './operations-suite.ts'

const HOUR = 60 * 60_000

const HUB: ServiceLimits = {
  name: 'jupyterhub',
  actsFor: [
    { kind: 'user', name: 'Ann' },
    { kind: 'group', name: 'staff' },
  ],
  allUsers: false,
  from: ['10.0.0.0/8'],
  integrations: ['11111111-1111-4111-8111-111111111111'],
  maxSessions: 2,
  maxLifeSeconds: 3600,
}

/** Services that start sessions for others, on every dialect. */
export function servicesSuite(room: () => SuiteRoom): void {
  const add = (limits: ServiceLimits = HUB): Promise<Service> =>
    room().store.services.create(limits, { hash: `first of ${limits.name}`, expiresAt: room().clock.at(HOUR) })

  const open = (service: Service, cookieHash: string, token = `first of ${service.name}`) => {
    const { store, clock } = room()
    const session = { userName: 'ann', name: 'notebook', host: 'hub-1', endsAt: clock.at(HOUR), cookieHash }
    return store.services.openSession(service, token, { ...session, limitedTo: HUB.integrations ?? [] })
  }

  describe('a service', () => {
    it('is found by its token and listed, as it was added; its name is taken then', async () => {
      const { store, clock } = room()
      const service = await add()
      const bare = await add({ name: 'batch', actsFor: [], allUsers: true, maxSessions: 1, maxLifeSeconds: 60 })
      expect(service).toMatchObject({
        ...HUB,
        createdAt: clock.at(0),
        tokens: [{ createdAt: clock.at(0), expiresAt: clock.at(HOUR) }],
      })
      expect(bare).not.toHaveProperty('from')
      expect(await store.services.list()).toEqual([bare, service])
      expect(await store.services.findByToken('first of jupyterhub')).toEqual({ service, expiresAt: clock.at(HOUR) })
      expect(await store.services.findByToken('forged')).toBeUndefined()
      await expect(add()).rejects.toMatchObject({ name: StoreError.name, code: 'duplicate' })
    })

    it('starts a session with one cookie, which knows its service, its host and its limits', async () => {
      const { store, clock, ann } = room()
      const service = await add()
      const session = await open(service, 'c1')
      expect(session).toMatchObject({
        ...{ userId: ann.id, userName: 'Ann', name: 'notebook', kind: 'service', state: 'running', service: 'jupyterhub' },
        ...{ host: 'hub-1', limitedTo: HUB.integrations, endsAt: clock.at(HOUR) },
      })
      expect(await store.sessions.lookUp('c1', undefined)).toMatchObject({ userId: ann.id })
      expect(await store.services.countLive()).toEqual(new Map([['jupyterhub', 1]]))
      expect((await store.services.list())[0]?.tokens[0]?.lastUsedAt).toEqual(clock.at(0))
    })

    /** Each of them alone sees room for one more; over all nodes, and with either token, only one finds it. */
    it('never has more sessions than it may, whoever asks at the same time', async () => {
      const { store, clock } = room()
      const service = await add({ ...HUB, maxSessions: 1 })
      await store.services.rotate('jupyterhub', { hash: 'second', expiresAt: clock.at(HOUR), previousUntil: clock.at(HOUR) })
      for (const round of [1, 2, 3, 4]) {
        const tokens = ['first of jupyterhub', 'second', 'first of jupyterhub', 'second']
        const opened = await Promise.all(tokens.map((token, index) => open(service, `c${round}${index}`, token)))
        expect(opened.filter((each) => each === 'limit')).toHaveLength(3)
        for (const { id } of await store.sessions.list()) await store.sessions.end(id)
      }
    })

    it('has two tokens while it is rotated, and no more; the old one ends at its own end or with the overlap', async () => {
      const { store, clock } = room()
      const service = await add()
      const next = (hash: string) => ({ hash, expiresAt: clock.at(10 * HOUR), previousUntil: clock.at(2 * HOUR) })
      const rotated = await store.services.rotate('jupyterhub', next('second'))
      expect(rotated?.tokens.map(({ expiresAt }) => expiresAt)).toEqual([clock.at(10 * HOUR), clock.at(HOUR)])
      clock.pass(HOUR / 2)
      expect(await open(service, 'c1')).toMatchObject({ kind: 'service' })
      expect(await open(service, 'c2', 'second')).toMatchObject({ kind: 'service' })
      await store.services.rotate('jupyterhub', next('third'))
      expect(await open(service, 'c3')).toBe('gone')
      expect((await store.services.findByToken('second'))?.expiresAt).toEqual(clock.at(2 * HOUR))
      clock.pass(2 * HOUR)
      expect(await open(service, 'c4', 'second')).toBe('gone')
      expect(await store.services.findByToken('first of jupyterhub')).toBeUndefined()
      expect(await store.services.rotate('unknown', next('x'))).toBeUndefined()
    })

    it('takes its tokens and the cookies of its sessions with it, and nobody else’s', async () => {
      const { store, clock } = room()
      const service = await add()
      const other = await add({ ...HUB, name: 'batch' })
      const [first, second] = [await open(service, 'c1'), await open(service, 'c2')]
      await open(other, 'c3')
      const removed = (await store.services.remove('jupyterhub')) ?? []
      const ids = [first, second].map((session) => (typeof session === 'object' ? session.id : session))
      expect(removed.map(({ id }) => id).sort()).toEqual(ids.sort())
      expect(await store.sessions.lookUp('c1', undefined)).toBeUndefined()
      expect(await store.sessions.lookUp('c3', undefined)).toBeDefined()
      expect((await store.sessions.list({ withEnded: true })).filter(({ endedAt }) => endedAt)).toMatchObject([
        { state: 'ended', endedAt: clock.at(0) },
        { state: 'ended', endedAt: clock.at(0) },
      ])
      expect(await store.services.findByToken('first of jupyterhub')).toBeUndefined()
      expect(await open(service, 'c4')).toBe('gone')
      expect(await store.services.remove('jupyterhub')).toBeUndefined()
    })
  })
}
