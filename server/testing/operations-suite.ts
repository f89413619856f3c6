import { describe, expect, it } from 'vitest'
import type { Effects } from '../src/domain/effects.ts'
import type { User } from '../src/domain/people.ts'
import type { Store } from '../src/store/store.ts'

/** What the store suite has at hand when a test runs. */
export interface SuiteRoom {
  readonly clock: { readonly effects: Effects; pass(ms: number): void; at(ms: number): Date }
  /** One more store on the same database, as another process has it. */
  readonly handle: (effects: Effects) => Promise<Store>
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
}
