import { describe, expect, it } from 'vitest'
import type { StoredToken } from '../src/domain/stored-token.ts'
import type { UnreadReply } from '../src/domain/unread-reply.ts'
import type { SuiteRoom } from './operations-suite.ts'

const HOUR = 60 * 60_000
const HOLDER = { nodeId: 'n', incarnation: 'i', pid: 1, startTime: '1', bootId: 'b' }

const unread = (text: string): UnreadReply => ({
  status: 200,
  contentType: 'application/json',
  body: Buffer.from(text).toString('base64'),
})

/** Answers that were not understood, on every dialect. */
export function unreadRepliesSuite(room: () => SuiteRoom): void {
  const signIn = (accessToken: string): Promise<StoredToken> =>
    room().store.tokens.create({
      userId: room().ann.id,
      integrationId: room().box,
      scopesAsked: [],
      clientFingerprint: 'fingerprint',
      reply: { secrets: { accessToken, refreshToken: 'old' }, tokenType: 'bearer', issuedAt: room().clock.at(0) },
    })

  /** A token request of the row, announced, answered with something, and over. */
  const attempt = async (token: StoredToken, name: string, text: string, sentAt = room().clock.at(0)) => {
    const { store } = room()
    const key = { tokenId: token.id, generation: token.generation, attempt: name }
    await store.tokens.takeLease(token.id, HOLDER, 0, HOUR, () => false)
    expect(await store.tokens.beginAttempt(key, HOLDER, sentAt)).toBe(true)
    expect(await store.unreadReplies.keep(key, unread(text), sentAt)).toBe(true)
    await store.tokens.settleAttempt(key, { uncertainSince: sentAt })
    return key
  }

  const saved = () => ({
    secrets: { accessToken: 'found', refreshToken: 'new' },
    tokenType: 'bearer',
    issuedAt: room().clock.at(0),
  })

  describe('an answer that was not understood', () => {
    it('is kept once, newest first, and opens as it came', async () => {
      const { store, clock } = room()
      const token = await signIn('access')
      const first = await attempt(token, 'first', 'one', clock.at(0))
      const second = await attempt(token, 'second', 'two', clock.at(HOUR))
      expect(await store.unreadReplies.keep(first, unread('again'), clock.at(0))).toBe(true)
      expect(await store.unreadReplies.list()).toEqual([
        { ...second, integrationId: room().box, sentAt: clock.at(HOUR) },
        { ...first, integrationId: room().box, sentAt: clock.at(0) },
      ])
      expect(await store.unreadReplies.read(first)).toEqual(unread('one'))
      expect(await store.unreadReplies.read({ ...first, attempt: 'another' })).toBeUndefined()
    })

    it('gives its row tokens whatever became of it, once, and is gone then', async () => {
      const { store, clock } = room()
      const token = await signIn('access')
      const key = await attempt(token, 'first', 'one')
      await store.tokens.requireSignIn(key, { reason: 'interrupted', at: clock.at(0) })
      expect(await store.unreadReplies.recover(key, saved())).toBe(true)
      expect(await store.tokens.get(token.id)).toMatchObject({ generation: 2, hasRefreshToken: true, parked: false })
      expect(await store.tokens.readSecrets(token.id, 2)).toEqual({ accessToken: 'found', refreshToken: 'new' })
      expect(await store.unreadReplies.list()).toEqual([])
      expect(await store.unreadReplies.recover(key, saved())).toBe(false)
    })

    it('waits while a request is under way, whose own answer decides', async () => {
      const { store, clock } = room()
      const token = await signIn('access')
      const key = await attempt(token, 'first', 'one')
      await store.tokens.beginAttempt({ ...key, attempt: 'second' }, HOLDER, clock.at(0))
      expect(await store.unreadReplies.recover(key, saved())).toBe(false)
      expect(await store.tokens.saveReply({ ...key, attempt: 'second' }, saved())).toBe(true)
      expect(await store.unreadReplies.list()).toEqual([])
    })

    it('goes with its row, and when it is old', async () => {
      const { store, clock, ann, box } = room()
      await attempt(await signIn('access'), 'first', 'one')
      await store.tokens.remove(ann.id, box, { queue: false, giveUpAt: clock.at(HOUR) })
      expect(await store.unreadReplies.list()).toEqual([])
      const token = await signIn('access')
      await attempt(token, 'old', 'one', clock.at(0))
      const young = await attempt(token, 'young', 'two', clock.at(2 * HOUR))
      expect(await store.unreadReplies.removeBefore(clock.at(HOUR))).toBe(1)
      expect((await store.unreadReplies.list()).map(({ attempt: name }) => name)).toEqual([young.attempt])
    })

    it('is not kept for a row that is gone or has changed', async () => {
      const { store, clock } = room()
      const token = await signIn('access')
      const key = { tokenId: token.id, generation: 2, attempt: 'first' }
      expect(await store.unreadReplies.keep(key, unread('one'), clock.at(0))).toBe(false)
    })
  })
}
