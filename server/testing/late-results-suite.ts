import { describe, expect, it } from 'vitest'
import type { StoredToken } from '../src/domain/stored-token.ts'
import type { AttemptKey, SavedReply } from '../src/store/store.ts'
import type { SuiteRoom } from './operations-suite.ts'

const HOUR = 60 * 60_000
const HOLDER = { nodeId: 'n', incarnation: 'i', pid: 1, startTime: '1', bootId: 'boot-1' }

/** Results that waited in a journal, on every dialect. */
export function lateResultsSuite(room: () => SuiteRoom): void {
  const replyOf = (name: string): SavedReply => ({
    secrets: { accessToken: `at-${name}`, refreshToken: `rt-${name}` },
    tokenType: 'bearer',
    issuedAt: room().clock.at(0),
    expiresAt: room().clock.at(HOUR),
  })

  const newToken = (name: string) => ({
    userId: room().ann.id,
    integrationId: room().box,
    scopesAsked: [],
    clientFingerprint: 'fingerprint',
    reply: replyOf(name),
  })

  const signIn = (): Promise<StoredToken> => room().store.tokens.create(newToken('first'))

  /** A token request of the row, announced at the instant. */
  const begin = async (token: StoredToken, attempt: string, at = room().clock.at(0)): Promise<AttemptKey> => {
    const { tokens } = room().store
    const key = { tokenId: token.id, generation: token.generation, attempt }
    await tokens.takeLease(token.id, HOLDER, 0, HOUR, () => false)
    expect(await tokens.beginAttempt(key, HOLDER, at)).toBe(true)
    return key
  }

  /** PostgreSQL: another host may take over. A SQLite file that could would be another database. */
  const losesCommits = async (): Promise<boolean> => (await room().store.epoch()) !== ''

  const now = async (token: StoredToken) => {
    const { tokens } = room().store
    const row = await tokens.get(token.id)
    return row && { generation: row.generation, accessToken: (await tokens.readSecrets(row.id, row.generation))?.accessToken }
  }

  describe('a reply that waited', () => {
    it('is saved as any other, once', async () => {
      const { store, clock } = room()
      const token = await signIn()
      const key = await begin(token, 'mine')
      expect(await store.tokens.saveLate(key, replyOf('mine'), clock.at(0))).toBe('saved')
      expect(await store.tokens.saveLate(key, replyOf('mine'), clock.at(0))).toBe('known')
      expect(await store.tokens.saveReply(key, replyOf('mine'))).toBe(true)
      expect(await now(token)).toEqual({ generation: 2, accessToken: 'at-mine' })
      expect((await store.tokens.get(token.id))?.intent).toBeUndefined()
    })

    it('is saved where the database has lost its intent, also after another such one', async () => {
      const { store, clock } = room()
      const token = await signIn()
      const [one, two] = [
        { tokenId: token.id, generation: 1, attempt: 'one' },
        { tokenId: token.id, generation: 2, attempt: 'two' },
      ]
      expect(await store.tokens.saveReply(one, replyOf('one'))).toBe(false)
      expect(await store.tokens.saveLate(two, replyOf('two'), clock.at(10))).toBe('late')
      const first = await store.tokens.saveLate(one, replyOf('one'), clock.at(0))
      expect(first).toBe((await losesCommits()) ? 'saved' : 'late')
      if (first === 'late') return
      expect(await store.tokens.saveLate(two, replyOf('two'), clock.at(10))).toBe('saved')
      expect(await store.tokens.saveLate(one, replyOf('one'), clock.at(0))).toBe('late')
      expect(await now(token)).toEqual({ generation: 3, accessToken: 'at-two' })
    })

    it('is saved over an older attempt of the same generation, and not over a later one', async () => {
      const { store, clock } = room()
      const token = await signIn()
      await begin(token, 'older', clock.at(-1_000))
      const mine = { tokenId: token.id, generation: 1, attempt: 'mine' }
      await begin(token, 'later', clock.at(1_000))
      expect(await store.tokens.saveLate(mine, replyOf('mine'), clock.at(0))).toBe('late')
      expect((await store.tokens.get(token.id))?.intent?.attempt).toBe('later')
      const asNewer = await store.tokens.saveLate(mine, replyOf('mine'), clock.at(2_000))
      expect(asNewer).toBe((await losesCommits()) ? 'saved' : 'late')
      if (asNewer === 'saved') expect(await now(token)).toEqual({ generation: 2, accessToken: 'at-mine' })
    })

    it('whose refresh token nobody has tried is tried before anybody has to sign in again', async () => {
      const { store, clock } = room()
      const token = await signIn()
      const mine = await begin(token, 'mine')
      const later = await begin(token, 'later', clock.at(1_000))
      await store.tokens.requireSignIn(later, { reason: 'interrupted', at: clock.at(0) })
      expect(await store.tokens.saveLate(mine, replyOf('mine'), clock.at(0))).toBe('saved')
      expect(await store.tokens.get(token.id)).toMatchObject({ generation: 2, hasRefreshToken: true, expiresAt: new Date(0) })
      expect((await store.tokens.get(token.id))?.reauthentication).toBeUndefined()
    })

    it('is of no use after a sign-out or a new sign-in', async () => {
      const { store, clock, ann, box } = room()
      const token = await signIn()
      const key = await begin(token, 'mine')
      const second = await signIn()
      expect(await store.tokens.saveLate(key, replyOf('mine'), clock.at(0))).toBe('late')
      await store.tokens.remove(ann.id, box, { queue: false, giveUpAt: clock.at(HOUR) })
      expect(await store.tokens.saveLate(key, replyOf('mine'), clock.at(0))).toBe('late')
      expect(await now(second)).toBeUndefined()
    })
  })

  describe('a sign-in that waited', () => {
    it('is made once, as of when it was sent, and is not made again after its sign-out', async () => {
      const { store, clock, ann, box } = room()
      const token = { ...newToken('mine'), id: 'row-1' }
      expect(await store.tokens.createLate(token, clock.at(-HOUR))).toBe('saved')
      expect(await store.tokens.createLate(token, clock.at(-HOUR))).toBe('known')
      expect(await store.tokens.get('row-1')).toMatchObject({ signedInAt: clock.at(-HOUR), generation: 1 })
      await store.tokens.remove(ann.id, box, { queue: false, giveUpAt: clock.at(HOUR) })
      expect(await store.tokens.createLate(token, clock.at(-HOUR))).toBe('late')
      expect(await store.tokens.find(ann.id, box)).toBeUndefined()
    })

    it('takes the place of one before it, and not of one after it, nor after that has ended', async () => {
      const { store, clock, ann, box } = room()
      const first = await signIn()
      clock.pass(10_000)
      const token = { ...newToken('mine'), id: 'row-1' }
      expect(await store.tokens.createLate(token, clock.at(-5_000))).toBe('saved')
      expect(await store.tokens.get(first.id)).toBeUndefined()
      const last = await signIn()
      expect(await store.tokens.createLate({ ...newToken('older'), id: 'row-0' }, clock.at(-7_000))).toBe('late')
      expect(await store.tokens.createLate(token, clock.at(-5_000))).toBe('late')
      expect((await store.tokens.find(ann.id, box))?.id).toBe(last.id)
      await store.tokens.remove(ann.id, box, { queue: false, giveUpAt: clock.at(HOUR) })
      expect(await store.tokens.createLate(token, clock.at(-5_000))).toBe('late')
    })

    it('that was created with its id is created once', async () => {
      const { store } = room()
      const token = { ...newToken('mine'), id: 'row-1' }
      expect((await store.tokens.create(token)).id).toBe('row-1')
      expect((await store.tokens.create({ ...token, reply: replyOf('again') })).id).toBe('row-1')
      expect((await store.tokens.readSecrets('row-1', 1))?.accessToken).toBe('at-mine')
    })

    it('of a user who is gone rejects as missing', async () => {
      const { store, clock } = room()
      const token = { ...newToken('mine'), userId: 'nobody', id: 'row-1' }
      await expect(store.tokens.createLate(token, clock.at(0))).rejects.toMatchObject({ code: 'missing' })
    })

    it('is known to have ended for a time', async () => {
      const { store, clock, ann, box } = room()
      const token = await signIn()
      await store.tokens.remove(ann.id, box, { queue: false, giveUpAt: clock.at(HOUR) })
      expect(await store.tokens.forgetEndedBefore(clock.at(0))).toBe(0)
      expect(await store.tokens.createLate({ ...newToken('mine'), id: token.id }, clock.at(0))).toBe('late')
      expect(await store.tokens.forgetEndedBefore(clock.at(1))).toBe(1)
    })
  })

  describe('the epoch of a database', () => {
    it('keeps a request from a row until every live node has brought forward what it kept', async () => {
      const { store, clock } = room()
      const token = await signIn()
      const epoch = await store.epoch()
      expect(await store.epoch()).toBe(epoch)
      const node = { holder: HOLDER, host: 'h', version: '1', startedAt: clock.at(0), configurationHash: 'c' }
      const key = { tokenId: token.id, generation: 1, attempt: 'one' }
      await store.tokens.takeLease(token.id, HOLDER, 0, HOUR, () => false)
      await store.nodes.beat({ ...node, epoch: 'another' })
      expect(await store.tokens.beginAttempt(key, HOLDER, clock.at(0))).toBe(false)
      await store.nodes.beat({ ...node, epoch })
      expect(await store.tokens.beginAttempt(key, HOLDER, clock.at(0))).toBe(true)
      await store.nodes.beat(node)
      expect(await store.tokens.beginAttempt({ ...key, attempt: 'two' }, HOLDER, clock.at(0))).toBe(true)
    })
  })
}
