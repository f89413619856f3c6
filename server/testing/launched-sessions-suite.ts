import { describe, expect, it } from 'vitest'
import type { DevelopmentSession } from '../src/domain/people.ts'
import type { SuiteRoom } from './operations-suite.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Sessions that Benchkey starts, on every dialect. */
export function launchedSessionsSuite(room: () => SuiteRoom): void {
  const open = (cookieHash = 'c1', secret?: string): Promise<DevelopmentSession> =>
    room().store.sessions.create({
      ...{ userName: 'ann', name: 'analysis', kind: 'launched', state: 'starting', application: 'jupyter', account: 'ann' },
      ...{ port: 4711, cookieHash, cookieExpiresAt: room().clock.at(HOUR), ...(secret === undefined ? {} : { secret }) },
    })

  describe('a launched session', () => {
    it('goes from starting to running to ended, each once, and tells what is known of it', async () => {
      const { sessions } = room().store
      const leader = { pid: 7, startTime: '99', bootId: 'boot-1' }
      const { id, state } = await open()
      expect(state).toBe('starting')
      expect(await sessions.notePlace(id, { runtimeDirectory: '/run/x/run', socketPath: '/run/x/app.sock' })).toBe(true)
      expect(await sessions.noteLeader(id, leader)).toBe(true)
      expect(await sessions.noteRunning(id)).toBe(true)
      expect(await sessions.noteRunning(id)).toBe(false)
      expect(await sessions.find(id)).toMatchObject({
        ...{ kind: 'launched', state: 'running', application: 'jupyter', account: 'ann', port: 4711, supervisor: leader },
        ...{ runtimeDirectory: '/run/x/run', socketPath: '/run/x/app.sock' },
      })
      expect(await sessions.beginEnding(id, 'Ended by you')).toBe(true)
      expect(await sessions.beginEnding(id, 'again')).toBe(false)
      expect(await sessions.find(id)).toMatchObject({ state: 'ending', endedWhy: 'Ended by you' })
      expect(await sessions.end(id, { log: ['last words'] })).toBe(true)
      expect(await sessions.find(id)).toMatchObject({ state: 'ended', endedWhy: 'Ended by you', endedAt: room().clock.at(0) })
      expect(await sessions.readLog(id)).toEqual(['last words'])
      expect(await sessions.noteLeader(id, leader)).toBe(false)
    })

    it('that did not start says so, and why', async () => {
      const { sessions } = room().store
      const { id } = await open()
      expect(await sessions.end(id, { why: 'It hung', didNotStart: true })).toBe(true)
      expect(await sessions.find(id)).toMatchObject({ state: 'did_not_start', endedWhy: 'It hung' })
      expect(await sessions.readLog(id)).toBeUndefined()
    })

    it('loses its cookie as soon as it is to end, and gets no other', async () => {
      const { store, clock } = room()
      const { id } = await open()
      expect(await store.sessions.lookUp('c1', undefined)).toBeDefined()
      await store.sessions.beginEnding(id, 'Ended by you')
      expect(await store.sessions.lookUp('c1', undefined)).toBeUndefined()
      const next = { cookieHash: 'c2', expiresAt: clock.at(2 * HOUR), previousUntil: clock.at(MINUTE) }
      expect(await store.sessions.rotateCookie(id, next)).toBe(false)
    })

    it('has its secret while it lives, and nobody reads it in the database', async () => {
      const { sessions } = room().store
      const { id } = await open('c1', 'a secret of the proxy')
      expect(await sessions.readSecret(id)).toBe('a secret of the proxy')
      expect(await sessions.readSecret((await open('c2')).id)).toBeUndefined()
      await sessions.end(id)
      expect(await sessions.readSecret(id)).toBeUndefined()
    })

    it('is used last when it was, whatever is told late', async () => {
      const { store, clock } = room()
      const { id, lastActiveAt } = await open()
      expect(lastActiveAt).toEqual(clock.at(0))
      await store.sessions.noteActivity([])
      await store.sessions.noteActivity([{ sessionId: id, at: clock.at(HOUR) }])
      await store.sessions.noteActivity([{ sessionId: id, at: clock.at(MINUTE) }])
      expect((await store.sessions.find(id))?.lastActiveAt).toEqual(clock.at(HOUR))
    })

    it('gets one new cookie from two servers that both find it due', async () => {
      const { store, clock } = room()
      const { id } = await open()
      const until = (await store.sessions.newestCookies()).get(id)
      expect(until).toEqual(clock.at(HOUR))
      const unlessUntil = clock.at(HOUR + 1)
      const next = { expiresAt: clock.at(2 * HOUR), previousUntil: clock.at(MINUTE), unlessUntil }
      expect(await store.sessions.rotateCookie(id, { ...next, cookieHash: 'c2' })).toBe(true)
      expect(await store.sessions.rotateCookie(id, { ...next, cookieHash: 'c3' })).toBe(false)
      expect((await store.sessions.newestCookies()).get(id)).toEqual(clock.at(2 * HOUR))
    })
  })
}
