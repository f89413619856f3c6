import { randomBytes } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Effects } from '../src/domain/effects.ts'
import type { User } from '../src/domain/people.ts'
import type { Extra, StoredToken } from '../src/domain/stored-token.ts'
import type { AttemptKey, LeaseHolder, SavedReply, Store } from '../src/store/store.ts'
import { activitySuite } from './activity-suite.ts'
import { configurationSuite } from './configuration-suite.ts'
import { deviceLoginsSuite } from './device-logins-suite.ts'
import { entriesSuite } from './entries-suite.ts'
import { lateResultsSuite } from './late-results-suite.ts'
import { launchedSessionsSuite } from './launched-sessions-suite.ts'
import { operationsSuite } from './operations-suite.ts'
import { oversightSuite } from './oversight-suite.ts'
import { servicesSuite } from './services-suite.ts'
import { unreadRepliesSuite } from './unread-replies-suite.ts'

/** One fresh database, and stores of several processes on it. */
export interface OpenedDatabase {
  handle(effects: Effects): Promise<Store>
  /** Lets the clock pass that the database itself measures leases by; absent where it is the monotonic clock of the caller. */
  passLeaseClock?(ms: number): Promise<void>
  close(): Promise<void>
}

/** The real world with a wall clock that a test sets. */
export class SuiteClock {
  nowMs = Date.parse('2027-03-01T12:00:00Z')

  readonly effects: Effects = {
    now: () => new Date(this.nowMs),
    monotonicMs: () => performance.now(),
    bootId: 'boot-1',
    sleep: async (ms, signal) => {
      await setTimeout(ms, undefined, signal ? { signal } : {})
    },
    randomBytes: (size) => randomBytes(size),
  }

  pass(ms: number): void {
    this.nowMs += ms
  }

  at(ms: number): Date {
    return new Date(this.nowMs + ms)
  }
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const BOX = '11111111-1111-4111-8111-111111111111'
const LAB = '22222222-2222-4222-8222-222222222222'

/** A process that may hold leases. */
export function holderOf(nodeId: string, more: Partial<LeaseHolder> = {}): LeaseHolder {
  return { nodeId, incarnation: `${nodeId}-1`, pid: 100, startTime: '7', bootId: 'boot-1', ...more }
}

const nobodyDead = (): boolean => false

/** What every dialect of the store must do, as `store.ts` says it. */
export function storeSuite(name: string, open: () => Promise<OpenedDatabase>): void {
  describe(`the store on ${name}`, () => {
    let clock: SuiteClock
    let database: OpenedDatabase
    let store: Store
    let ann: User
    let box: string
    let lab: string

    beforeEach(async () => {
      clock = new SuiteClock()
      database = await open()
      store = await database.handle(clock.effects)
      ann = await store.users.create({ name: 'Ann', passwordHash: 'hash', isAdmin: false })
      const ids = await store.integrations.ensure([
        { uid: BOX, section: 'box' },
        { uid: LAB, section: 'lab' },
      ])
      box = ids.get(BOX) ?? ''
      lab = ids.get(LAB) ?? ''
    })

    afterEach(async () => {
      await store.close()
      await database.close()
    })

    const reply = (more: Partial<SavedReply> = {}): SavedReply => ({
      secrets: { accessToken: 'access-1', refreshToken: 'refresh-1', idToken: 'id-1' },
      tokenType: 'bearer',
      issuedAt: clock.at(0),
      expiresAt: clock.at(HOUR),
      ...more,
    })

    const signIn = (
      more: Partial<SavedReply> = {},
      user = ann,
      integrationId = box,
      attempt: { attemptId?: string; accountWantedFrom?: string } = {},
    ): Promise<StoredToken> =>
      store.tokens.create({
        userId: user.id,
        integrationId,
        scopesAsked: ['read', 'write'],
        clientFingerprint: 'fingerprint',
        reply: reply(more),
        ...attempt,
      })

    const startSession = (cookieHash: string, userName = 'Ann', limits: { limitedTo?: readonly string[] } = {}) =>
      store.sessions.create({ userName, name: 'Rscript', cookieHash, cookieExpiresAt: clock.at(HOUR), ...limits })

    /** Takes the lease and commits an intent: what precedes every token request. */
    const begin = async (token: StoredToken, attempt = 'attempt-1', holder = holderOf('a')): Promise<AttemptKey> => {
      const key = { tokenId: token.id, generation: token.generation, attempt }
      expect(await store.tokens.takeLease(token.id, holder, 0, 20_000, nobodyDead)).toBe(true)
      expect(await store.tokens.beginAttempt(key, holder, clock.at(0))).toBe(true)
      return key
    }

    const attemptOf = (more: object = {}) => ({
      userId: ann.id,
      browserSessionHash: 'browser',
      integrationId: box,
      section: 'box',
      frozenHash: 'frozen',
      frozenTokenUrl: 'https://box.example/token',
      redirectUri: 'https://bench.example/oauth_redirect_callback',
      codeVerifier: 'verifier',
      cookieHash: 'cookie',
      scopesAsked: ['read'],
      returnTo: 'settings' as const,
      ...more,
    })

    describe('users', () => {
      it('are found by name in any case, and listed by name', async () => {
        await store.users.create({ name: 'aaron', passwordHash: 'other', isAdmin: true })
        expect(await store.users.findByName('ANN')).toEqual({ ...ann, passwordHash: 'hash' })
        expect(await store.users.findByName('nobody')).toBeUndefined()
        expect((await store.users.list()).map((user) => [user.name, user.isAdmin])).toEqual([
          ['aaron', true],
          ['Ann', false],
        ])
      })

      it('do not share a name, whatever its case', async () => {
        const again = store.users.create({ name: 'aNN', passwordHash: 'x', isAdmin: false })
        await expect(again).rejects.toMatchObject({ code: 'duplicate' })
      })

      it('are logged out everywhere by locking, and can log in again after unlocking', async () => {
        await store.browserSessions.create({ idHash: 'b1', userId: ann.id })
        await startSession('c1')
        expect(await store.users.setLocked('ann', true)).toBe('done')
        expect((await store.users.findByName('ann'))?.lockedAt).toEqual(clock.at(0))
        expect([...(await store.users.lockedIds())]).toEqual([ann.id])
        const limits = { idleMs: HOUR, absoluteMs: DAY }
        expect(await store.browserSessions.find('b1', limits)).toBeUndefined()
        expect(await store.sessions.lookUp('c1', undefined)).toBeUndefined()
        expect(await store.users.setLocked('ann', false)).toBe('done')
        expect(await store.users.lockedIds()).toEqual(new Set())
        expect(await store.browserSessions.find('b1', limits)).toBeUndefined()
        expect(await store.sessions.lookUp('c1', undefined)).toMatchObject({ userId: ann.id })
        expect(await store.users.setLocked('nobody', true)).toBe('none')
      })

      it('change their role under the web logins they have', async () => {
        await store.browserSessions.create({ idHash: 'b1', userId: ann.id })
        const limits = { idleMs: HOUR, absoluteMs: DAY }
        for (const isAdmin of [true, false]) {
          expect(await store.users.setRole('ANN', { isAdmin })).toBe('done')
          expect((await store.browserSessions.find('b1', limits))?.user).toEqual({ ...ann, isAdmin })
        }
        expect(await store.users.setRole('nobody', { isAdmin: true })).toBe('none')
      })

      it('keep the last administrator who is not locked, unless nobody has to be one', async () => {
        const revocation = { queueFor: new Set<string>(), giveUpAt: clock.at(DAY) }
        await store.users.create({ name: 'away', passwordHash: 'x', isAdmin: true })
        await store.users.setRole('ann', { isAdmin: true })
        expect(await store.users.setLocked('away', true, 'one')).toBe('done')
        expect(await store.users.setLocked('ann', true, 'one')).toBe('last')
        expect(await store.users.setRole('ann', { isAdmin: false }, 'one')).toBe('last')
        expect(await store.users.remove('ann', revocation, 'one')).toBe('last')
        // The others do not count for it.
        expect(await store.users.setRole('away', { isAdmin: false }, 'one')).toBe('done')
        expect(await store.users.remove('away', revocation, 'one')).toBe('done')
        expect(await store.users.list()).toEqual([{ ...ann, isAdmin: true }])
        expect(await store.users.setRole('ann', { isAdmin: false })).toBe('done')
        expect(await store.users.setLocked('ann', true, 'one')).toBe('done')
      })

      // Each of the two is the other's only successor, so whoever comes second has to be told.
      it('keep one administrator when two processes demote one each at the same time', async () => {
        const other = await database.handle(clock.effects)
        await store.users.setRole('ann', { isAdmin: true })
        await store.users.create({ name: 'bob', passwordHash: 'x', isAdmin: true })
        const changed = await Promise.all([
          store.users.setRole('ann', { isAdmin: false }, 'one'),
          other.users.setRole('bob', { isAdmin: false }, 'one'),
        ])
        expect(changed.toSorted()).toEqual(['done', 'last'])
        expect((await store.users.list()).filter(({ isAdmin }) => isAdmin)).toHaveLength(1)
      })

      it('leave nothing behind but what must be revoked', async () => {
        await signIn()
        await signIn({}, ann, lab)
        await startSession('c1')
        await store.attempts.create('s1', attemptOf(), 20)
        const removed = await store.users.remove('ann', { queueFor: new Set([box]), giveUpAt: clock.at(DAY) })
        expect(removed).toBe('done')
        expect(await store.users.list()).toEqual([])
        expect(await store.tokens.listForUser(ann.id)).toEqual([])
        expect(await store.sessions.list({ withEnded: true })).toEqual([])
        expect(await store.attempts.take('s1', HOUR)).toBeUndefined()
        const queued = await store.revocations.listForUser(ann.id)
        expect(queued.map((job) => [job.integrationId, job.state])).toEqual([
          [box, 'waiting'],
          [box, 'waiting'],
        ])
        const { job } = await store.revocations.claimDue(clock.at(0), MINUTE, HOUR)
        expect(job).toMatchObject({ token: 'refresh-1', tokenTypeHint: 'refresh_token' })
        expect(await store.users.remove('ann', { queueFor: new Set(), giveUpAt: clock.at(DAY) })).toBe('none')
      })
    })

    describe('browser sessions', () => {
      const limits = { idleMs: 8 * HOUR, absoluteMs: 7 * DAY }

      it('end after idling, after their whole life, and by logging out', async () => {
        await store.browserSessions.create({ idHash: 'b1', userId: ann.id })
        clock.pass(8 * HOUR)
        expect(await store.browserSessions.find('b1', limits)).toMatchObject({ user: ann, lastSeenAt: clock.at(0) })
        for (let n = 0; n < 20; n += 1) {
          clock.pass(8 * HOUR)
          expect(await store.browserSessions.find('b1', limits)).toBeDefined()
        }
        clock.pass(1)
        expect(await store.browserSessions.find('b1', limits)).toBeUndefined()

        await store.browserSessions.create({ idHash: 'b2', userId: ann.id })
        clock.pass(8 * HOUR + 1)
        expect(await store.browserSessions.find('b2', limits)).toBeUndefined()

        await store.browserSessions.create({ idHash: 'b3', userId: ann.id })
        await store.browserSessions.remove('b3')
        expect(await store.browserSessions.find('b3', limits)).toBeUndefined()
        expect(await store.browserSessions.find('unknown', limits)).toBeUndefined()
      })

      it('begin anew under another hash, with what they had opened', async () => {
        await store.browserSessions.create({ idHash: 'b1', userId: ann.id })
        await store.attempts.create('s1', { ...attemptOf(), browserSessionHash: 'b1' }, 20)
        clock.pass(HOUR)
        expect(await store.browserSessions.renew('b1', 'b2')).toBe(true)
        expect(await store.browserSessions.find('b1', limits)).toBeUndefined()
        const renewed = { user: ann, createdAt: clock.at(0), lastSeenAt: clock.at(0) }
        expect(await store.browserSessions.find('b2', limits)).toMatchObject(renewed)
        expect(await store.attempts.take('s1', 2 * HOUR)).toMatchObject({ browserSessionHash: 'b2' })
        expect(await store.browserSessions.renew('b1', 'b3')).toBe(false)
        expect(await store.browserSessions.find('b3', limits)).toBeUndefined()
      })

      it('are noted as seen once a minute', async () => {
        await store.browserSessions.create({ idHash: 'b1', userId: ann.id })
        const createdAt = clock.at(0)
        clock.pass(59_000)
        expect((await store.browserSessions.find('b1', limits))?.lastSeenAt).toEqual(createdAt)
        clock.pass(1_000)
        expect((await store.browserSessions.find('b1', limits))?.lastSeenAt).toEqual(clock.at(0))
        expect((await store.browserSessions.find('b1', limits))?.createdAt).toEqual(createdAt)
      })

      it('are swept when they are over', async () => {
        await store.browserSessions.create({ idHash: 'b1', userId: ann.id })
        clock.pass(8 * HOUR + 1)
        await store.browserSessions.create({ idHash: 'b2', userId: ann.id })
        expect(await store.browserSessions.removeExpired(limits)).toBe(1)
        expect(await store.browserSessions.find('b2', limits)).toBeDefined()
      })
    })

    describe('integrations', () => {
      it('keep their internal id when the section is renamed', async () => {
        const ids = await store.integrations.ensure([{ uid: BOX, section: 'box-renamed' }])
        expect([...ids]).toEqual([[BOX, box]])
      })

      it('have a trouble, which one caller at a time may try to end', async () => {
        expect(await store.integrations.clearTrouble(box)).toBe(false)
        const trouble = {
          kind: 'client' as const,
          words: 'refused the client',
          since: clock.at(0),
          retryAt: clock.at(MINUTE),
          configurationHash: 'hash',
        }
        await store.integrations.setTrouble(box, trouble)
        expect([...(await store.integrations.troubles())]).toEqual([[box, trouble]])
        const next = clock.at(2 * MINUTE)
        expect(await store.integrations.claimTrial(box, clock.at(MINUTE - 1), next)).toBe(false)
        const claims = [1, 2, 3].map(() => store.integrations.claimTrial(box, clock.at(MINUTE), next))
        expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1)
        expect(await store.integrations.claimTrial(lab, clock.at(DAY), next)).toBe(false)
        expect(await store.integrations.clearTrouble(box)).toBe(true)
        expect((await store.integrations.troubles()).size).toBe(0)
      })

      it('give the day on which the end of a client secret is told to one process of all', async () => {
        const other = await database.handle(clock.effects)
        const claim = (of: typeof store, day: string) => of.integrations.claimExpiryDay(box, day)
        const claims = await Promise.all([store, other, store, other].map((of) => claim(of, '2026-11-23')))
        expect(claims.filter(Boolean)).toHaveLength(1)
        expect(await claim(other, '2026-11-23')).toBe(false)
        expect(await claim(other, '2026-11-24')).toBe(true)
        expect(await claim(store, '2026-11-24')).toBe(false)
        // Another integration has a day of its own.
        expect(await store.integrations.claimExpiryDay(lab, '2026-11-24')).toBe(true)
      })
    })

    describe('sign-in attempts', () => {
      it('are taken once, whole, by one of many', async () => {
        const created = await store.attempts.create('s1', attemptOf(), 20)
        expect(created).toEqual({ ...attemptOf(), id: created.id, startedAt: clock.at(0) })
        const taken = await Promise.all([1, 2, 3].map(() => store.attempts.take('s1', 10 * MINUTE)))
        expect(taken.filter((attempt) => attempt !== undefined)).toEqual([created])
      })

      it('wait for nobody once they are taken, and count as open to no limit', async () => {
        const { id } = await store.attempts.create('s1', attemptOf(), 1)
        await store.attempts.take('s1', 10 * MINUTE)
        expect(await store.attempts.listOpen(ann.id, 10 * MINUTE)).toEqual([])
        await store.attempts.create('s2', attemptOf(), 1)
        expect(await store.attempts.take('s1', 10 * MINUTE)).toBeUndefined()
        clock.pass(10 * MINUTE)
        await store.attempts.finish(id)
        await store.attempts.finish('unknown')
        clock.pass(1)
        expect(await store.attempts.removeExpired(10 * MINUTE)).toBe(1)
      })

      it('hold no verifier when PKCE is off', async () => {
        const { codeVerifier: _, ...plain } = attemptOf()
        await store.attempts.create('s1', plain, 20)
        expect(await store.attempts.take('s1', 10 * MINUTE)).not.toHaveProperty('codeVerifier')
      })

      it('end with their age', async () => {
        await store.attempts.create('s1', attemptOf(), 20)
        clock.pass(10 * MINUTE)
        expect(await store.attempts.listOpen(ann.id, 10 * MINUTE)).toHaveLength(1)
        clock.pass(1)
        expect(await store.attempts.listOpen(ann.id, 10 * MINUTE)).toEqual([])
        expect(await store.attempts.take('s1', 10 * MINUTE)).toBeUndefined()
        await store.attempts.create('s2', attemptOf(), 20)
        clock.pass(10 * MINUTE + 1)
        expect(await store.attempts.removeExpired(10 * MINUTE)).toBe(1)
      })

      it('give way, oldest first, when a user has too many open', async () => {
        for (const n of [1, 2, 3, 4]) {
          await store.attempts.create(`s${n}`, attemptOf({ section: `${n}` }), 3)
          clock.pass(1000)
        }
        expect((await store.attempts.listOpen(ann.id, HOUR)).map((open) => clock.nowMs - open.startedAt.getTime())).toEqual([
          1000, 2000, 3000,
        ])
        expect(await store.attempts.take('s1', HOUR)).toBeUndefined()
        expect(await store.attempts.take('s2', HOUR)).toMatchObject({ section: '2' })
      })
    })

    describe('stored tokens', () => {
      it('come back as they were saved, their secrets apart', async () => {
        const token = await signIn({ scopesGranted: ['read'], account: 'ann@box.example', refreshTokenExpiresAt: clock.at(DAY) })
        expect(token).toEqual({
          id: token.id,
          userId: ann.id,
          integrationId: box,
          integrationUid: BOX,
          generation: 1,
          hasRefreshToken: true,
          expiresAt: clock.at(HOUR),
          issuedAt: clock.at(0),
          signedInAt: clock.at(0),
          scopesAsked: ['read', 'write'],
          scopesGranted: ['read'],
          tokenType: 'bearer',
          account: 'ann@box.example',
          refreshTokenExpiresAt: clock.at(DAY),
          clientFingerprint: 'fingerprint',
          renewals: 0,
          parked: false,
        })
        expect(await store.tokens.find(ann.id, box)).toEqual(token)
        expect(await store.tokens.get(token.id)).toEqual(token)
        expect(await store.tokens.listForUser(ann.id)).toEqual([token])
        expect(await store.tokens.readSecrets(token.id, 1)).toEqual(reply().secrets)
        expect(await store.tokens.readSecrets(token.id, 2)).toBeUndefined()
        expect(await store.tokens.find(ann.id, lab)).toBeUndefined()
      })

      it('belong to users and integrations that exist', async () => {
        await expect(signIn({}, { ...ann, id: 'nobody' })).rejects.toMatchObject({ code: 'missing' })
        await expect(signIn({}, ann, 'nothing')).rejects.toMatchObject({ code: 'missing' })
      })

      it('are replaced under a new id by the next sign-in', async () => {
        const first = await signIn()
        const second = await signIn({ secrets: { accessToken: 'access-2' } })
        expect(second.id).not.toBe(first.id)
        expect(second).toMatchObject({ generation: 1, hasRefreshToken: false })
        expect(await store.tokens.get(first.id)).toBeUndefined()
        expect(await store.tokens.listForUser(ann.id)).toEqual([second])
      })

      it('note who used them last, in batches, never going back', async () => {
        const token = await signIn()
        await store.tokens.noteUses([
          { tokenId: token.id, at: clock.at(2000), by: 'command "R"' },
          { tokenId: token.id, at: clock.at(1000), by: 'command "python"' },
          { tokenId: 'gone', at: clock.at(1000), by: 'x' },
        ])
        expect(await store.tokens.get(token.id)).toMatchObject({ lastUsedAt: clock.at(2000), lastUsedBy: 'command "R"' })
      })
    })

    describe('the lease', () => {
      it('goes to one of many, again to its holder, and to the next after its release', async () => {
        const { id } = await signIn()
        const take = (holder: LeaseHolder, ms = 0) => store.tokens.takeLease(id, holder, ms, 20_000, nobodyDead)
        const taken = await Promise.all(['a', 'b', 'c'].map((node) => take(holderOf(node))))
        expect(taken.filter(Boolean)).toHaveLength(1)
        const winner = holderOf(['a', 'b', 'c'][taken.indexOf(true)] ?? '')
        expect(await take(winner, 10)).toBe(true)
        await store.tokens.releaseLease(id, holderOf('other'))
        expect(await take(holderOf('d'), 20)).toBe(false)
        await store.tokens.releaseLease(id, winner)
        expect(await take(holderOf('d'), 20)).toBe(true)
        expect(await store.tokens.takeLease('gone', winner, 0, 20_000, nobodyDead)).toBe(false)
      })

      it('is over with its time and its owner, and then cannot be renewed', async () => {
        const { id } = await signIn()
        let ms = 1000
        const pass = async (passed: number): Promise<void> => {
          ms += passed
          await database.passLeaseClock?.(passed)
        }
        const take = (holder: LeaseHolder, isDead: (other: LeaseHolder) => boolean = nobodyDead) =>
          store.tokens.takeLease(id, holder, ms, 20_000, isDead)
        const [a, b] = [holderOf('a'), holderOf('b')]
        expect(await take(a)).toBe(true)
        await pass(10_000)
        expect(await take(b)).toBe(false)
        expect(await store.tokens.renewLease(id, a, ms, 20_000)).toBe(true)
        await pass(15_000)
        expect(await take(b)).toBe(false)
        await pass(5_000)
        expect(await take(b)).toBe(true)
        expect(await store.tokens.renewLease(id, a, ms, 20_000)).toBe(false)
        const asked: LeaseHolder[] = []
        const dead = (other: LeaseHolder) => asked.push(other) > 0
        expect(await take(holderOf('d'), dead)).toBe(true)
        expect(asked).toEqual([b])
      })

      /** Another boot's monotonic clock may read less. Nodes of one PostgreSQL are of several hosts: their boots differ. */
      it('of another boot is void where the clock of the host measures it', async () => {
        const { id } = await signIn()
        const take = (holder: LeaseHolder, ms: number) => store.tokens.takeLease(id, holder, ms, 20_000, nobodyDead)
        expect(await take(holderOf('a'), 30_000)).toBe(true)
        expect(await take(holderOf('b', { bootId: 'boot-2' }), 5)).toBe(database.passLeaseClock === undefined)
      })

      it('tells two incarnations of one node apart', async () => {
        const { id } = await signIn()
        const old = holderOf('a')
        expect(await store.tokens.takeLease(id, old, 0, 20_000, nobodyDead)).toBe(true)
        const young = holderOf('a', { incarnation: 'a-2' })
        expect(await store.tokens.takeLease(id, young, 1, 20_000, nobodyDead)).toBe(false)
        expect(await store.tokens.takeLease(id, young, 1, 20_000, (other) => other.incarnation === 'a-1')).toBe(true)
        expect(await store.tokens.renewLease(id, old, 2, 20_000)).toBe(false)
      })
    })

    describe('a token request', () => {
      it('is announced only by the holder of the lease, for the generation that is there', async () => {
        const token = await signIn()
        const key = { tokenId: token.id, generation: 1, attempt: 'x' }
        expect(await store.tokens.beginAttempt(key, holderOf('a'), clock.at(0))).toBe(false)
        await store.tokens.takeLease(token.id, holderOf('a'), 0, 20_000, nobodyDead)
        expect(await store.tokens.beginAttempt(key, holderOf('b'), clock.at(0))).toBe(false)
        expect(await store.tokens.beginAttempt({ ...key, generation: 2 }, holderOf('a'), clock.at(0))).toBe(false)
        expect(await store.tokens.beginAttempt(key, holderOf('a'), clock.at(0))).toBe(true)
        const intent = { attempt: 'x', generation: 1, at: clock.at(0) }
        expect(await store.tokens.get(token.id)).toMatchObject({ intent })
        expect((await store.tokens.listInterrupted()).map((row) => row.id)).toEqual([token.id])
      })

      it('saves its reply: next generation, clean row, new secrets', async () => {
        const token = await signIn({ scopesGranted: ['read'], account: 'ann', refreshTokenExpiresAt: clock.at(DAY) })
        const key = await begin(token)
        clock.pass(1000)
        const secrets = { accessToken: 'access-2', refreshToken: 'refresh-2' }
        const saved = reply({ secrets, issuedAt: clock.at(-500), expiresAt: clock.at(2 * HOUR), tokenType: 'DPoP' })
        expect(await store.tokens.saveReply(key, saved)).toBe(true)
        const after = await store.tokens.get(token.id)
        expect(after).toMatchObject({
          generation: 2,
          renewals: 1,
          tokenType: 'DPoP',
          issuedAt: clock.at(-500),
          expiresAt: clock.at(2 * HOUR),
          lastRenewedAt: clock.at(-500),
          scopesGranted: ['read'],
          account: 'ann',
        })
        expect(after).not.toHaveProperty('intent')
        // The end was that of the refresh token which is gone.
        expect(after).not.toHaveProperty('refreshTokenExpiresAt')
        expect(await store.tokens.readSecrets(token.id, 2)).toEqual({ ...secrets, idToken: 'id-1' })
        expect(await store.tokens.readSecrets(token.id, 1)).toBeUndefined()
      })

      it('keeps the refresh token that its reply leaves out, and that one’s end', async () => {
        const token = await signIn({ refreshTokenExpiresAt: clock.at(DAY) })
        const kept = { refreshTokenExpiresAt: clock.at(DAY), hasRefreshToken: true }
        const key = await begin(token)
        expect(await store.tokens.saveReply(key, reply({ secrets: { accessToken: 'access-2' } }))).toBe(true)
        expect(await store.tokens.get(token.id)).toMatchObject({ ...kept, generation: 2 })
        expect(await store.tokens.readSecrets(token.id, 2)).toMatchObject({ accessToken: 'access-2', refreshToken: 'refresh-1' })
      })

      it('keeps the data of sign-in and earlier replies that its reply does not tell again', async () => {
        const token = await signIn({ secrets: { ...reply().secrets, extra: { realmId: '1', site: 'old', isProduction: true } } })
        const save = async (n: number, extra?: Extra) => {
          const key = { ...(await begin({ ...token, generation: n - 1 }, `attempt-${n}`)), generation: n - 1 }
          await store.tokens.saveReply(key, reply({ secrets: { accessToken: `access-${n}`, ...(extra ? { extra } : {}) } }))
          return (await store.tokens.readSecrets(token.id, n))?.extra
        }
        expect(await save(2)).toEqual({ realmId: '1', site: 'old', isProduction: true })
        expect(await save(3, { site: 'new', count: 7 })).toEqual({ realmId: '1', site: 'new', isProduction: true, count: 7 })
        expect(await signIn()).not.toMatchObject({ id: token.id })
        expect(await store.tokens.readSecrets(token.id, 3)).toBeUndefined()
      })

      it('forgets what the validation endpoint said of the token before, and nothing is noted of another one', async () => {
        const token = await signIn()
        const refused = { at: clock.at(0), words: 'answered 401' }
        expect(await store.tokens.recordValidation(token.id, 2, refused)).toBe(false)
        expect(await store.tokens.get(token.id)).not.toHaveProperty('validation')
        expect(await store.tokens.recordValidation(token.id, 1, refused)).toBe(true)
        expect(await store.tokens.get(token.id)).toMatchObject({ validation: refused })
        expect(await store.tokens.recordValidation(token.id, 1, { at: clock.at(5) })).toBe(true)
        expect((await store.tokens.get(token.id))?.validation).toEqual({ at: clock.at(5) })
        await store.tokens.saveReply(await begin(token), reply())
        expect(await store.tokens.get(token.id)).not.toHaveProperty('validation')
      })

      it('keeps the account that was found out, over generations, and asks nobody for it any more', async () => {
        const token = await signIn({}, ann, box, { accountWantedFrom: 'https://api.box.example' })
        expect(token).toMatchObject({ accountWantedFrom: 'https://api.box.example' })
        await store.tokens.saveReply(await begin(token), reply())
        expect(await store.tokens.get(token.id)).toMatchObject({ accountWantedFrom: 'https://api.box.example', generation: 2 })
        expect(await store.tokens.recordAccount(token.id, 'ann@box.example')).toBe(true)
        const named = await store.tokens.get(token.id)
        expect(named).toMatchObject({ account: 'ann@box.example', generation: 2 })
        expect(named).not.toHaveProperty('accountWantedFrom')
        expect(await store.tokens.recordAccount('gone', 'ann')).toBe(false)
      })

      it('counts for its own row, generation and attempt only', async () => {
        const token = await signIn()
        const key = await begin(token)
        const secrets = { accessToken: 'stolen', refreshToken: 'stolen' }
        const wrong: AttemptKey[] = [
          { ...key, tokenId: 'gone' },
          { ...key, generation: 2 },
          { ...key, attempt: 'other' },
        ]
        for (const other of wrong) {
          expect(await store.tokens.saveReply(other, reply({ secrets }))).toBe(false)
          expect(await store.tokens.settleAttempt(other, {})).toBe(false)
          const failure = { words: 'x', at: clock.at(0), retryAt: clock.at(0) }
          expect(await store.tokens.recordFailure(other, failure)).toBe(false)
          expect(await store.tokens.requireSignIn(other, { reason: 'refused', at: clock.at(0) })).toBe(false)
        }
        expect(await store.tokens.readSecrets(token.id, 1)).toEqual(reply().secrets)
        // A successor really sends: what the first brings home later is late.
        const second = await begin(token, 'attempt-2')
        expect(await store.tokens.saveReply(key, reply({ secrets }))).toBe(false)
        expect(await store.tokens.saveReply(second, reply({ secrets: { accessToken: 'access-2' } }))).toBe(true)
      })

      /** Its commit's answer was lost: whoever saves again learns that it is there, and nothing is saved twice. */
      it('is saved once, however often its save is repeated', async () => {
        const key = await begin(await signIn())
        const saved = reply({ secrets: { accessToken: 'access-2', refreshToken: 'refresh-2' } })
        expect(await store.tokens.saveReply(key, saved)).toBe(true)
        expect(await store.tokens.saveReply(key, saved)).toBe(true)
        const token = await store.tokens.get(key.tokenId)
        expect(token).toMatchObject({ generation: 2, renewals: 1 })
        expect(await store.tokens.readSecrets(key.tokenId, 2)).toMatchObject({ refreshToken: 'refresh-2' })
        await begin(token ?? (await signIn()), 'attempt-2')
        expect(await store.tokens.saveReply(key, saved)).toBe(false)
      })

      it('still saves a late reply after its outcome was called uncertain', async () => {
        const key = await begin(await signIn())
        const failure = { words: 'timed out', at: clock.at(0), retryAt: clock.at(0), uncertainSince: clock.at(0) }
        expect(await store.tokens.recordFailure(key, failure)).toBe(true)
        expect(await store.tokens.saveReply(key, reply())).toBe(true)
        expect(await store.tokens.get(key.tokenId)).not.toHaveProperty('interruptedAt')
      })

      it('never overwrites the sign-in that replaced its row', async () => {
        const key = await begin(await signIn())
        const next = await signIn({ secrets: { accessToken: 'new grant', refreshToken: 'new grant' } })
        expect(await store.tokens.saveReply(key, reply({ secrets: { accessToken: 'old grant' } }))).toBe(false)
        expect(await store.tokens.readSecrets(next.id, 1)).toEqual({ accessToken: 'new grant', refreshToken: 'new grant' })
      })

      it('leaves in the row why it failed, until when, and whether it was perhaps spent', async () => {
        const key = await begin(await signIn())
        const failure = { words: 'answered 503', at: clock.at(0), retryAt: clock.at(MINUTE) }
        expect(await store.tokens.recordFailure(key, { ...failure, uncertainSince: clock.at(-5), oddRefusal: true })).toBe(true)
        const uncertain = await store.tokens.get(key.tokenId)
        expect(uncertain).toMatchObject({
          lastFailure: failure,
          interruptedAt: clock.at(-5),
          oddRefusals: { count: 1, since: clock.at(0) },
        })
        expect(uncertain).not.toHaveProperty('intent')
        expect(await store.tokens.listInterrupted()).toHaveLength(1)
        const later = { words: 'answered 400', at: clock.at(MINUTE), retryAt: clock.at(HOUR), oddRefusal: true }
        expect(await store.tokens.recordFailure(key, later)).toBe(true)
        const unspent = await store.tokens.get(key.tokenId)
        expect(unspent?.oddRefusals).toEqual({ count: 2, since: clock.at(0) })
        expect(unspent).not.toHaveProperty('interruptedAt')
        expect(await store.tokens.listInterrupted()).toEqual([])
      })

      it('can end without saying anything about the row', async () => {
        const first = await begin(await signIn())
        const failure = { words: 'answered 503', at: clock.at(0), retryAt: clock.at(MINUTE) }
        await store.tokens.recordFailure(first, failure)
        const token = await store.tokens.get(first.tokenId)
        const second = await begin(token ?? (await signIn()), 'attempt-2')
        expect(await store.tokens.settleAttempt(second, { uncertainSince: clock.at(1) })).toBe(true)
        const after = await store.tokens.get(first.tokenId)
        expect(after).toMatchObject({ lastFailure: failure, interruptedAt: clock.at(1) })
        expect(after).not.toHaveProperty('intent')
      })

      it('that is refused parks the refresh token: no request, one try by a person', async () => {
        const token = await signIn()
        const key = await begin(token)
        const verdict = { reason: 'refused' as const, at: clock.at(0), providerText: 'Token revoked' }
        expect(await store.tokens.requireSignIn(key, verdict)).toBe(true)
        const parked = await store.tokens.get(token.id)
        expect(parked).toMatchObject({ parked: true, hasRefreshToken: false, reauthentication: verdict })
        expect(await store.tokens.readSecrets(token.id, 1)).not.toHaveProperty('refreshToken')
        expect(await store.tokens.beginAttempt({ ...key, attempt: 'again' }, holderOf('a'), clock.at(0))).toBe(false)

        expect(await store.tokens.unpark(token.id)).toBe(true)
        expect(await store.tokens.unpark(token.id)).toBe(false)
        const back = await store.tokens.get(token.id)
        expect(back).toMatchObject({ parked: false, hasRefreshToken: true })
        expect(back).not.toHaveProperty('reauthentication')
        expect(await store.tokens.readSecrets(token.id, 1)).toMatchObject({ refreshToken: 'refresh-1' })

        const second = await begin(token, 'again')
        expect(await store.tokens.requireSignIn(second, verdict)).toBe(true)
        expect(await store.tokens.get(token.id)).toMatchObject({ parked: false, reauthentication: verdict })
        expect(await store.tokens.unpark(token.id)).toBe(false)
      })

      it('that is refused keeps what it parked for a while only', async () => {
        const token = await signIn()
        await store.tokens.requireSignIn(await begin(token), { reason: 'refused', at: clock.at(0) })
        expect(await store.tokens.removeParkedBefore(clock.at(0))).toBe(0)
        expect(await store.tokens.removeParkedBefore(clock.at(1))).toBe(1)
        expect(await store.tokens.get(token.id)).toMatchObject({ parked: false })
        expect(await store.tokens.unpark(token.id)).toBe(false)
        expect(await store.tokens.readSecrets(token.id, 1)).toEqual({ accessToken: 'access-1', idToken: 'id-1' })
      })

      it('that is refused parks nothing where there was no refresh token', async () => {
        const token = await signIn({ secrets: { accessToken: 'access-1' } })
        await store.tokens.requireSignIn(await begin(token), { reason: 'ended', at: clock.at(0) })
        expect(await store.tokens.get(token.id)).toMatchObject({ parked: false, reauthentication: { reason: 'ended' } })
      })

      it('learns from another row whether the client is accepted', async () => {
        const mine = await signIn()
        const bob = await store.users.create({ name: 'bob', passwordHash: 'x', isAdmin: false })
        await signIn({}, bob, lab)
        expect(await store.tokens.anotherRenewedSince(box, mine.id, clock.at(0))).toBe(false)
        await signIn({}, bob)
        expect(await store.tokens.anotherRenewedSince(box, mine.id, clock.at(0))).toBe(true)
        expect(await store.tokens.anotherRenewedSince(box, mine.id, clock.at(1))).toBe(false)
      })

      it('is not made for a row that was marked as damaged', async () => {
        const token = await signIn()
        expect(await store.tokens.markUnreadable(token.id, 2, clock.at(0))).toBe(false)
        expect(await store.tokens.markUnreadable(token.id, 1, clock.at(0))).toBe(true)
        const reauthentication = { reason: 'unreadable', at: clock.at(0) }
        expect(await store.tokens.get(token.id)).toMatchObject({ reauthentication, parked: false })
        await store.tokens.takeLease(token.id, holderOf('a'), 0, 20_000, nobodyDead)
        const key = { tokenId: token.id, generation: 1, attempt: 'x' }
        expect(await store.tokens.beginAttempt(key, holderOf('a'), clock.at(0))).toBe(false)
      })
    })

    describe('a report that a token does not work', () => {
      const every = 10 * MINUTE
      const claim = (token: StoredToken, at: Date) => store.tokens.claimReport(token.id, token.generation, { at, everyMs: every })

      it('is claimed once in its time, by one of many', async () => {
        const other = await database.handle(clock.effects)
        const token = await signIn()
        const claims = Array.from({ length: 10 }, (_, n) =>
          (n % 2 ? store : other).tokens.claimReport(token.id, 1, { at: clock.at(0), everyMs: every }),
        )
        expect((await Promise.all(claims)).filter(Boolean)).toHaveLength(1)
        expect((await store.tokens.get(token.id))?.reportedAt).toEqual(clock.at(0))
        expect(await claim(token, clock.at(every - 1))).toBe(false)
        expect(await claim(token, clock.at(every))).toBe(true)
        await other.close()
      })

      it('counts for its generation only, outlives a renewal, and is forgotten at a sign-in', async () => {
        const token = await signIn()
        expect(await claim(token, clock.at(0))).toBe(true)
        await store.tokens.saveReply(await begin(token), reply())
        expect(await claim(token, clock.at(every))).toBe(false)
        expect((await store.tokens.get(token.id))?.reportedAt).toEqual(clock.at(0))
        const next = await signIn()
        expect(next.reportedAt).toBeUndefined()
        expect(await claim(next, clock.at(0))).toBe(true)
      })

      it('of a clock that was set back since holds nothing off', async () => {
        const token = await signIn()
        await claim(token, clock.at(2 * HOUR))
        expect(await claim(token, clock.at(0))).toBe(true)
      })
    })

    describe('sign-out', () => {
      const out = (queue = true) => store.tokens.remove(ann.id, box, { queue, giveUpAt: clock.at(DAY) })

      it('removes the row and queues its tokens in one step, refresh token first', async () => {
        const token = await signIn()
        expect(await out()).toEqual(token)
        expect(await out()).toBeUndefined()
        expect(await store.tokens.find(ann.id, box)).toBeUndefined()
        expect(await store.tokens.readSecrets(token.id, 1)).toBeUndefined()
        expect(await store.revocations.counts()).toMatchObject({ waiting: 2, failed: 0 })
        const first = await store.revocations.claimDue(clock.at(0), MINUTE, HOUR)
        const second = await store.revocations.claimDue(clock.at(0), MINUTE, HOUR)
        const third = await store.revocations.claimDue(clock.at(0), MINUTE, HOUR)
        const common = { userId: ann.id, integrationId: box, queuedAt: clock.at(0), giveUpAt: clock.at(DAY), tries: 1 }
        expect(first.job).toMatchObject({ ...common, token: 'refresh-1', tokenTypeHint: 'refresh_token' })
        expect(second.job).toMatchObject({ ...common, token: 'access-1', tokenTypeHint: 'access_token' })
        expect(third).toEqual({ cancelled: [] })
      })

      it('queues nothing without a revocation URL, and no access token that has expired', async () => {
        await signIn()
        await out(false)
        expect(await store.revocations.counts()).toEqual({ waiting: 0, failed: 0 })
        await signIn()
        clock.pass(HOUR)
        await out()
        const { job } = await store.revocations.claimDue(clock.at(0), MINUTE, HOUR)
        expect(job?.tokenTypeHint).toBe('refresh_token')
        expect(await store.revocations.counts()).toMatchObject({ waiting: 1, failed: 0 })
      })

      it('queues a parked refresh token too', async () => {
        const token = await signIn()
        await store.tokens.requireSignIn(await begin(token), { reason: 'refused', at: clock.at(0) })
        await out()
        expect((await store.revocations.claimDue(clock.at(0), MINUTE, HOUR)).job?.token).toBe('refresh-1')
      })

      /** A refresh and a sign-out of one row meet: whichever commits first, the row stays gone and no pair is lost from sight. */
      it('wins against a save at the same time', async () => {
        for (let round = 0; round < 20; round += 1) {
          const key = await begin(await signIn(), `attempt-${round}`)
          const secrets = { accessToken: 'access-2', refreshToken: 'refresh-2' }
          const save = () => store.tokens.saveReply(key, reply({ secrets }))
          const [saved] = await Promise.all(round % 2 ? [save(), out()] : [out(), save()].toReversed())
          expect(await store.tokens.find(ann.id, box)).toBeUndefined()
          if (saved === false) {
            const newest = { userId: ann.id, integrationId: box }
            await store.tokens.queueRevocation(newest, secrets, clock.at(DAY))
          }
          const tokens: string[] = []
          for (;;) {
            const { job } = await store.revocations.claimDue(clock.at(0), MINUTE, HOUR)
            if (!job) break
            tokens.push(job.token)
            await store.revocations.finish(job.id)
          }
          expect(tokens).toContain('refresh-2')
        }
      })
    })

    describe('the queue of revocations', () => {
      const out = () => store.tokens.remove(ann.id, box, { queue: true, giveUpAt: clock.at(DAY) })
      const claim = () => store.revocations.claimDue(clock.at(0), MINUTE, 10 * MINUTE)
      const signOut = async () => {
        await signIn({ secrets: { accessToken: 'access-1' } })
        await out()
      }

      it('gives a job to one claimer at a time, and again when its claim has run out', async () => {
        await signOut()
        const claims = await Promise.all([claim(), claim(), claim()])
        expect(claims.filter((each) => each.job)).toHaveLength(1)
        clock.pass(MINUTE)
        const { job } = await claim()
        expect(job?.tries).toBe(2)
        await store.revocations.finish(job?.id ?? '')
        clock.pass(MINUTE)
        expect(await claim()).toEqual({ cancelled: [] })
        expect(await store.revocations.listForUser(ann.id)).toEqual([])
      })

      it('shows what waits and what failed, the latter without its token', async () => {
        await signOut()
        const queuedAt = clock.at(0)
        const { job } = await claim()
        await store.revocations.reschedule(job?.id ?? '', clock.at(HOUR), 'answered 503')
        const waiting = { integrationId: box, state: 'waiting', queuedAt, words: 'answered 503' }
        expect(await store.revocations.listForUser(ann.id)).toEqual([waiting])
        expect((await claim()).job).toBeUndefined()
        clock.pass(HOUR)
        const again = await claim()
        await store.revocations.reschedule(again.job?.id ?? '', clock.at(2 * DAY), 'answered 500')
        const failed = { ...waiting, state: 'failed', words: 'answered 500' }
        expect(await store.revocations.listForUser(ann.id)).toEqual([failed])
        expect(await store.revocations.counts()).toEqual({ waiting: 0, failed: 1 })
        clock.pass(3 * DAY)
        expect((await claim()).job).toBeUndefined()
      })

      it('gives up by itself when nobody reported back in time', async () => {
        await signOut()
        await claim()
        clock.pass(DAY + 1)
        expect((await claim()).job).toBeUndefined()
        expect(await store.revocations.counts()).toEqual({ waiting: 0, failed: 1 })
      })

      it('cancels, and reports once, what a new sign-in has overtaken', async () => {
        await signOut()
        await signIn()
        expect(await store.revocations.counts()).toEqual({ waiting: 0, failed: 0 })
        expect(await claim()).toEqual({ cancelled: [{ userId: ann.id, integrationId: box }] })
        expect(await claim()).toEqual({ cancelled: [] })
      })

      it('cancels a late pair of a user who has signed in again', async () => {
        await signIn()
        await store.tokens.queueRevocation({ userId: ann.id, integrationId: box }, { accessToken: 'late' }, clock.at(DAY))
        expect(await claim()).toEqual({ cancelled: [{ userId: ann.id, integrationId: box }] })
      })

      it('cancels while the user has an open attempt at that integration, not at another', async () => {
        await signOut()
        await store.attempts.create('s1', attemptOf({ integrationId: lab }), 20)
        expect((await claim()).job).toBeDefined()
        clock.pass(MINUTE)
        await store.attempts.create('s2', attemptOf(), 20)
        expect(await claim()).toEqual({ cancelled: [{ userId: ann.id, integrationId: box }] })
      })

      // Between the use of an attempt and the row of its tokens the code is exchanged: a service that ties grants together would
      // end the new one with the old.
      it('cancels while a sign-in is under way, however late it came back', async () => {
        await signOut()
        await store.attempts.create('s1', attemptOf(), 20)
        clock.pass(10 * MINUTE)
        await store.attempts.take('s1', 10 * MINUTE)
        clock.pass(5 * MINUTE)
        expect(await store.attempts.removeExpired(10 * MINUTE)).toBe(0)
        await store.attempts.create('s2', attemptOf({ integrationId: lab }), 1)
        expect(await claim()).toEqual({ cancelled: [{ userId: ann.id, integrationId: box }] })
      })

      it('does not mind a sign-in that was saved and signed out of', async () => {
        const { id } = await store.attempts.create('s1', attemptOf(), 20)
        await store.attempts.take('s1', 10 * MINUTE)
        await signIn({}, ann, box, { attemptId: id })
        await store.tokens.remove(ann.id, box, { queue: true, giveUpAt: clock.at(DAY) })
        expect((await claim()).job).toBeDefined()
      })

      it('does not mind a sign-in that was given up, or was cut off long ago', async () => {
        const { id } = await store.attempts.create('s1', attemptOf(), 20)
        await store.attempts.take('s1', 10 * MINUTE)
        await store.attempts.finish(id)
        await signOut()
        expect((await claim()).job).toBeDefined()
        await store.attempts.create('s2', attemptOf(), 20)
        await store.attempts.take('s2', 10 * MINUTE)
        clock.pass(10 * MINUTE + 1)
        expect((await claim()).job).toBeDefined()
      })

      it('does not mind an attempt that is too old to succeed', async () => {
        await store.attempts.create('s1', attemptOf(), 20)
        clock.pass(10 * MINUTE + 1)
        await signOut()
        expect((await claim()).job).toBeDefined()
      })
    })

    describe('development sessions', () => {
      it('are listed while they live, and for a day after', async () => {
        const supervisor = { pid: 7, startTime: '99', bootId: 'boot-1' }
        const cookie = { cookieHash: 'c1', cookieExpiresAt: clock.at(HOUR) }
        const session = await store.sessions.create({ userName: 'ann', name: 'R', supervisor, ...cookie })
        const expected = { id: session.id, userId: ann.id, userName: 'Ann', name: 'R', kind: 'command', supervisor }
        expect(session).toEqual({ ...expected, state: 'running', startedAt: clock.at(0) })
        expect(await store.sessions.list()).toEqual([session])
        expect(await store.sessions.countLive(ann.id)).toBe(1)
        clock.pass(1000)
        expect(await store.sessions.end(session.id)).toBe(true)
        expect(await store.sessions.end(session.id)).toBe(false)
        expect(await store.sessions.end('unknown')).toBe(false)
        expect(await store.sessions.countLive(ann.id)).toBe(0)
        expect(await store.sessions.list()).toEqual([])
        expect(await store.sessions.list({ withEnded: true })).toEqual([{ ...session, state: 'ended', endedAt: clock.at(0) }])
        clock.pass(DAY + 1)
        expect(await store.sessions.list({ withEnded: true })).toEqual([])
      })

      it('are of users who exist', async () => {
        await expect(startSession('c1', 'nobody')).rejects.toMatchObject({ code: 'missing' })
      })

      it('change their cookie; the previous one lives on for a moment', async () => {
        const session = await startSession('c1')
        const next = { cookieHash: 'c2', expiresAt: clock.at(HOUR), previousUntil: clock.at(MINUTE) }
        expect(await store.sessions.rotateCookie(session.id, next)).toBe(true)
        expect(await store.sessions.lookUp('c1', undefined)).toMatchObject({ sessionId: session.id })
        clock.pass(MINUTE)
        expect(await store.sessions.lookUp('c1', undefined)).toBeUndefined()
        expect(await store.sessions.lookUp('c2', undefined)).toMatchObject({ sessionId: session.id })
        await store.sessions.end(session.id)
        expect(await store.sessions.rotateCookie(session.id, { ...next, cookieHash: 'c3' })).toBe(false)
      })
    })

    describe('a session found by its cookie', () => {
      it('is the live one, with the end of that very cookie', async () => {
        const session = await startSession('c1')
        const next = { cookieHash: 'c2', expiresAt: clock.at(2 * HOUR), previousUntil: clock.at(HOUR / 2) }
        await store.sessions.rotateCookie(session.id, next)
        expect(await store.sessions.findByCookie('c1')).toEqual({ session, cookieExpiresAt: clock.at(HOUR / 2) })
        expect(await store.sessions.findByCookie('c2')).toEqual({ session, cookieExpiresAt: clock.at(2 * HOUR) })
        expect(await store.sessions.findByCookie('forged')).toBeUndefined()
      })

      it('is none when the cookie has expired, the user is locked, or the session has ended', async () => {
        const session = await startSession('c1')
        await store.users.setLocked('ann', true)
        expect(await store.sessions.findByCookie('c1')).toBeUndefined()
        await store.users.setLocked('ann', false)
        expect(await store.sessions.findByCookie('c1')).toBeDefined()
        clock.pass(HOUR)
        expect(await store.sessions.findByCookie('c1')).toBeUndefined()
        clock.pass(-HOUR)
        await store.sessions.end(session.id)
        expect(await store.sessions.findByCookie('c1')).toBeUndefined()
      })
    })

    describe('the look-up of the token path', () => {
      it('knows the caller and their token at the integration, and nobody else’s', async () => {
        const bob = await store.users.create({ name: 'bob', passwordHash: 'x', isAdmin: false })
        await signIn({}, bob)
        const session = await startSession('c1')
        const caller = { userId: ann.id, userName: 'Ann', sessionId: session.id, sessionName: 'Rscript' }
        expect(await store.sessions.lookUp('c1', box)).toEqual(caller)
        const token = await signIn()
        expect(await store.sessions.lookUp('c1', box)).toEqual({ ...caller, token })
        expect(await store.sessions.lookUp('c1', lab)).toEqual(caller)
        expect(await store.sessions.lookUp('c1', undefined)).toEqual(caller)
        expect(await store.sessions.lookUp('forged', box)).toBeUndefined()
      })

      it('knows the integrations that a session is limited to, also where there is no token', async () => {
        await startSession('c1')
        const chosen = 'abcdef01-1111-4111-8111-111111111111'
        await startSession('c2', 'Ann', { limitedTo: [chosen.toUpperCase()] })
        await startSession('c3', 'Ann', { limitedTo: [] })
        const token = await signIn()
        for (const integration of [box, box, lab, undefined]) {
          expect(await store.sessions.lookUp('c1', integration)).not.toHaveProperty('limitedTo')
          expect(await store.sessions.lookUp('c2', integration)).toMatchObject({ limitedTo: [chosen] })
          expect(await store.sessions.lookUp('c3', integration)).toMatchObject({ limitedTo: [] })
        }
        expect((await store.sessions.lookUp('c2', box))?.token).toEqual(token)
        expect((await store.sessions.list()).map(({ limitedTo }) => limitedTo)).toEqual([undefined, [chosen], []])
      })

      it('compares the cookie’s end with the clock at every call', async () => {
        await startSession('c1')
        clock.pass(HOUR - 1)
        expect(await store.sessions.lookUp('c1', undefined)).toBeDefined()
        clock.pass(1)
        expect(await store.sessions.lookUp('c1', undefined)).toBeUndefined()
      })

      it('answers the same object until something that concerns it changes', async () => {
        const token = await signIn()
        const session = await startSession('c1')
        const first = await store.sessions.lookUp('c1', box)
        expect(await store.sessions.lookUp('c1', box)).toBe(first)
        await store.users.create({ name: 'bob', passwordHash: 'x', isAdmin: false })
        await store.tokens.noteUses([{ tokenId: token.id, at: clock.at(0), by: 'x' }])
        await store.audit.append([{ at: clock.at(0), action: 'token.served', outcome: 'ok' }])
        await store.tokens.takeLease(token.id, holderOf('a'), 0, 20_000, nobodyDead)
        expect(await store.sessions.lookUp('c1', box)).toBe(first)
        const key = await begin(token)
        const sending = await store.sessions.lookUp('c1', box)
        expect(sending?.token?.intent?.attempt).toBe(key.attempt)
        await store.tokens.saveReply(key, reply())
        expect((await store.sessions.lookUp('c1', box))?.token?.generation).toBe(2)
        await store.sessions.end(session.id)
        expect(await store.sessions.lookUp('c1', box)).toBeUndefined()
      })

      it('sees at once what another process commits', async () => {
        const other = await database.handle(clock.effects)
        const session = await startSession('c1')
        await signIn()
        expect((await store.sessions.lookUp('c1', box))?.token).toBeDefined()
        // A request that is sent after another process committed arrives in a later turn of the event loop than the last one.
        const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
        await other.tokens.remove(ann.id, box, { queue: false, giveUpAt: clock.at(0) })
        await nextTurn()
        expect(await store.sessions.lookUp('c1', box)).not.toHaveProperty('token')
        await other.users.setLocked('ann', true)
        await nextTurn()
        expect(await store.sessions.lookUp('c1', box)).toBeUndefined()
        await other.users.setLocked('ann', false)
        await nextTurn()
        expect(await store.sessions.lookUp('c1', box)).toBeDefined()
        await other.sessions.end(session.id)
        await nextTurn()
        expect(await store.sessions.lookUp('c1', box)).toBeUndefined()
        await other.close()
      })

      it('keeps a bounded number of answers, right for every caller', async () => {
        const session = await startSession('c0')
        const count = 200
        for (let n = 1; n < count; n += 1) {
          const next = { cookieHash: `c${n}`, expiresAt: clock.at(HOUR), previousUntil: clock.at(HOUR) }
          await store.sessions.rotateCookie(session.id, next)
        }
        for (let n = 0; n < 20_000; n += count) {
          const callers = Array.from({ length: count }, (_, each) => store.sessions.lookUp(`c${each}`, `integration ${n + each}`))
          for (const found of await Promise.all(callers)) {
            if (found?.sessionId !== session.id) expect(found).toMatchObject({ sessionId: session.id })
          }
        }
        await store.sessions.end(session.id)
        expect(await store.sessions.lookUp('c1', 'integration 1')).toBeUndefined()
      })
    })

    describe('the audit', () => {
      it('keeps every line whole, and lists the newest first', async () => {
        const full = {
          at: clock.at(0),
          action: 'token.served',
          outcome: 'ok' as const,
          userName: 'Ann',
          sessionId: 's',
          sessionName: 'command "R"',
          section: 'box',
          address: '127.0.0.1',
          fingerprint: '0123456789abcdef',
          count: 3,
          reference: 'r',
          detail: 'd',
        }
        const short = { at: clock.at(1), action: 'login.failed', outcome: 'refused' as const }
        await store.audit.append([full, short])
        await store.audit.append([])
        expect(await store.audit.list({ limit: 10 })).toEqual([short, full])
        expect(await store.audit.list({ limit: 1 })).toEqual([short])
        expect(await store.audit.list({ limit: 10, userName: 'Ann' })).toEqual([full])
        expect(await store.audit.list({ limit: 10, action: 'login.failed' })).toEqual([short])
      })

      it('names a user of whom only the id is at hand', async () => {
        await store.audit.append([{ at: clock.at(0), action: 'token.refreshed', outcome: 'ok', userId: ann.id }])
        expect(await store.audit.list({ limit: 1 })).toMatchObject([{ userName: 'Ann' }])
      })

      it('takes a thousand lines in one batch', async () => {
        const line = { at: clock.at(0), action: 'token.served', outcome: 'ok' as const }
        await store.audit.append(Array.from({ length: 1000 }, (_, count) => ({ ...line, count })))
        expect((await store.audit.list({ limit: 5000 })).map((event) => event.count)).toEqual(
          Array.from({ length: 1000 }, (_, n) => 999 - n),
        )
      })
    })

    it('answers a ping, many at once too, and tells the time of its clock', async () => {
      await Promise.all([store.ping(), store.ping(), store.ping()])
      await store.ping()
      expect(store.now()).toEqual(clock.at(0))
      expect(store.deploymentId).toMatch(/^[0-9a-f-]{36}$/)
    })

    const room = () => ({ clock, handle: database.handle, passLeaseClock: database.passLeaseClock, store, ann, box, lab })
    operationsSuite(room)
    oversightSuite(room)
    unreadRepliesSuite(room)
    launchedSessionsSuite(room)
    servicesSuite(room)
    configurationSuite(room)
    lateResultsSuite(room)
    entriesSuite(room)
    activitySuite(room)
    deviceLoginsSuite(room)

    it('runs writes of many callers one after another, and loses none', async () => {
      const created = Array.from({ length: 100 }, (_, n) =>
        store.users.create({ name: `user${n}`, passwordHash: 'x', isAdmin: false }),
      )
      await Promise.all(created)
      expect(await store.users.list()).toHaveLength(101)
    })
  })
}
