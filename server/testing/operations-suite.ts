import { describe, expect, it } from 'vitest'
import type { Effects } from '../src/domain/effects.ts'
import type { User } from '../src/domain/people.ts'
import type { Store } from '../src/store/store.ts'

/** What the store suite has at hand when a test runs. */
export interface SuiteRoom {
  readonly clock: { readonly effects: Effects; pass(ms: number): void; at(ms: number): Date }
  /** One more store on the same database, as another process has it. */
  readonly handle: (effects: Effects) => Promise<Store>
  /** As of the suite's database. */
  readonly passLeaseClock: ((ms: number) => Promise<void>) | undefined
  readonly store: Store
  readonly ann: User
  /** Internal ids of two integrations. */
  readonly box: string
  readonly lab: string
}

const HOUR = 60 * 60_000

/** What administrators are told of a database, on every dialect. */
export function operationsSuite(room: () => SuiteRoom): void {
  const signIn = (userId: string, integrationId: string) =>
    room().store.tokens.create({
      userId,
      integrationId,
      scopesAsked: [],
      clientFingerprint: 'fingerprint',
      reply: { secrets: { accessToken: 'access' }, tokenType: 'bearer', issuedAt: room().clock.at(0) },
    })

  describe('what administrators are told', () => {
    it('lists everybody’s sign-ins by user and section, and those of one user or integration', async () => {
      const { store, ann, box, lab } = room()
      const bob = await store.users.create({ name: 'bob', passwordHash: 'x', isAdmin: false })
      for (const [user, integration] of [
        [bob, box],
        [ann, lab],
        [ann, box],
      ] as const)
        await signIn(user.id, integration)
      const told = async (filter?: { userId?: string; integrationId?: string }) =>
        (await store.tokens.list(filter)).map(({ userName, section }) => `${userName} ${section}`)
      expect(await told()).toEqual(['Ann box', 'Ann lab', 'bob box'])
      expect(await told({ userId: ann.id })).toEqual(['Ann box', 'Ann lab'])
      expect(await told({ integrationId: box })).toEqual(['Ann box', 'bob box'])
      expect(await told({ userId: bob.id, integrationId: lab })).toEqual([])
      const [first] = await store.tokens.list()
      expect(first?.token).toEqual(await store.tokens.find(ann.id, box))
    })

    it('counts the web logins of a user that are good now', async () => {
      const { store, ann, clock } = room()
      const limits = { idleMs: HOUR, absoluteMs: 3 * HOUR }
      for (const idHash of ['one', 'two']) await store.browserSessions.create({ idHash, userId: ann.id })
      expect(await store.browserSessions.countLive(ann.id, limits)).toBe(2)
      clock.pass(HOUR / 2)
      await store.browserSessions.find('one', limits)
      clock.pass(HOUR / 2 + 1)
      expect(await store.browserSessions.countLive(ann.id, limits)).toBe(1)
      expect(await store.browserSessions.countLive('somebody else', limits)).toBe(0)
    })
  })
  describe('the heartbeats of server processes', () => {
    /** Two of them, and the time that passes for both. */
    async function twoNodes() {
      const { handle, clock, passLeaseClock, ann, box } = room()
      const { id: tokenId } = await signIn(ann.id, box)
      let monotonicMs = 1_000_000
      const start = async (name: string) => {
        const store = await handle({ ...clock.effects, monotonicMs: () => monotonicMs })
        const holder = { nodeId: name, incarnation: `${name}-1`, pid: 7, startTime: '1', bootId: 'boot-1' }
        const node = { holder, host: name, version: '1.0.0', startedAt: clock.at(0) }
        return {
          ...{ store, holder },
          beat: (configurationHash = 'same') => store.nodes.beat({ ...node, configurationHash }),
          take: () => store.tokens.takeLease(tokenId, holder, monotonicMs, 20_000, () => false),
          renew: () => store.tokens.renewLease(tokenId, holder, monotonicMs, 20_000),
        }
      }
      const pass = async (ms: number): Promise<void> => {
        monotonicMs += ms
        await passLeaseClock?.(ms)
      }
      return { a: await start('a'), b: await start('b'), pass }
    }

    it('make rows that every process sees, with what each runs, until it stops', async () => {
      const { a, b } = await twoNodes()
      await a.beat()
      await b.beat('other')
      const told = async () => (await a.store.nodes.list()).map((node) => `${node.host} ${node.isLive} ${node.configurationHash}`)
      expect(await told()).toEqual(['a true same', 'b true other'])
      await b.beat()
      expect(await told()).toEqual(['a true same', 'b true same'])
      expect((await b.store.nodes.list())[0]).toMatchObject({
        ...{ holder: a.holder, version: '1.0.0', startedAt: room().clock.at(0), heartbeatAt: room().clock.at(0) },
      })
      await a.store.nodes.remove('b-1')
      expect(await told()).toEqual(['a true same'])
      await Promise.all([a.store.close(), b.store.close()])
    })

    it('void the lease of one that fell silent for more than 15 s, for one that did not', async () => {
      const { a, b, pass } = await twoNodes()
      for (let n = 0; n < 5; n += 1) {
        await a.beat()
        await b.beat()
        await pass(4_000)
      }
      expect(await b.take()).toBe(true)
      await pass(4_000)
      await a.beat()
      await pass(4_000)
      await a.beat()
      expect(await a.take()).toBe(false)
      await pass(4_000)
      await a.beat()
      expect((await a.store.nodes.list()).map(({ isLive }) => isLive)).toEqual([true, false])
      expect(await a.take()).toBe(true)
      expect(await b.renew()).toBe(false)
      await Promise.all([a.store.close(), b.store.close()])
    })

    /** Nobody could write: the silence of others means nothing, and b's request may be under way. */
    it('void nothing after a database that held up everybody', async () => {
      const { a, b, pass } = await twoNodes()
      for (let n = 0; n < 5; n += 1) {
        await a.beat()
        await b.beat()
        await pass(4_000)
      }
      expect(await b.take()).toBe(true)
      await pass(17_000)
      expect(await a.take()).toBe(false)
      await a.beat()
      expect(await a.take()).toBe(false)
      expect(await b.renew()).toBe(true)
      await Promise.all([a.store.close(), b.store.close()])
    })
  })
}
