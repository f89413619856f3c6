import { describe, expect, it } from 'vitest'
import type { SuiteRoom } from './operations-suite.ts'

const TICKET_MS = 30_000

/** Tickets and entries to launched sessions, on every dialect. */
export function entriesSuite(room: () => SuiteRoom): void {
  const open = async (browserSessionHash = 'browser') => {
    const { store, ann, clock } = room()
    await store.browserSessions.create({ idHash: browserSessionHash, userId: ann.id })
    const cookie = { cookieHash: `cookie of ${browserSessionHash}`, cookieExpiresAt: clock.at(60_000) }
    const session = await store.sessions.create({ userName: 'Ann', name: 'lab', kind: 'launched', ...cookie })
    const ticket = { ticketHash: `ticket of ${browserSessionHash}`, sessionId: session.id, browserSessionHash }
    await store.entries.addTicket({ ...ticket, expiresAt: clock.at(TICKET_MS) })
    return ticket
  }

  describe('a ticket to a session', () => {
    it('becomes an entry once, of the browser session that it was made for', async () => {
      const { store } = room()
      const { ticketHash, sessionId } = await open()
      const both = [1, 2].map((n) => store.entries.redeem(ticketHash, { sessionId, entryHash: `entry ${n}` }))
      expect((await Promise.all(both)).toSorted()).toEqual(['browser', undefined])
      const found = await Promise.all([1, 2].map((n) => store.entries.findEntry(`entry ${n}`, sessionId)))
      expect(found.toSorted()).toEqual(['browser', undefined])
      expect(await store.entries.findEntry('entry 1', 'another session')).toBeUndefined()
    })

    it('is used up by a session it is not for, and after its time', async () => {
      const { store, clock } = room()
      const first = await open('one')
      expect(await store.entries.redeem(first.ticketHash, { sessionId: 'another', entryHash: 'e' })).toBeUndefined()
      expect(await store.entries.redeem(first.ticketHash, { sessionId: first.sessionId, entryHash: 'e' })).toBeUndefined()
      const second = await open('two')
      clock.pass(TICKET_MS)
      expect(await store.entries.redeem(second.ticketHash, { sessionId: second.sessionId, entryHash: 'e' })).toBeUndefined()
    })

    it('goes with its browser session, and so does the entry', async () => {
      const { store } = room()
      const first = await open('one')
      await store.browserSessions.remove('one')
      expect(await store.entries.redeem(first.ticketHash, { sessionId: first.sessionId, entryHash: 'e' })).toBeUndefined()
      const second = await open('two')
      await store.entries.redeem(second.ticketHash, { sessionId: second.sessionId, entryHash: 'e' })
      await store.browserSessions.remove('two')
      expect(await store.entries.findEntry('e', second.sessionId)).toBeUndefined()
    })

    it('leaves the newest entries of a browser to its session, and of those before no more than 32', async () => {
      const { store, clock } = room()
      const { sessionId, browserSessionHash, ticketHash } = await open()
      await store.entries.redeem(ticketHash, { sessionId, entryHash: 'entry 0' })
      for (let n = 1; n <= 33; n += 1) {
        clock.pass(1)
        await store.entries.addTicket({ ticketHash: `t${n}`, sessionId, browserSessionHash, expiresAt: clock.at(TICKET_MS) })
        await store.entries.redeem(`t${n}`, { sessionId, entryHash: `entry ${n}` })
      }
      const found = await Promise.all([0, 1, 2, 33].map((n) => store.entries.findEntry(`entry ${n}`, sessionId)))
      expect(found).toEqual([undefined, undefined, 'browser', 'browser'])
    })

    it('goes with the lock of its user', async () => {
      const { store } = room()
      const { ticketHash, sessionId } = await open()
      await store.entries.redeem(ticketHash, { sessionId, entryHash: 'e' })
      await store.users.setLocked('Ann', true)
      expect(await store.entries.findEntry('e', sessionId)).toBeUndefined()
    })
  })
}
