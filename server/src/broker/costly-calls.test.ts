import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RefreshNode, RefreshRoom } from '../../testing/refresh-room.ts'
import { realEffects } from '../effects.ts'
import { CostlyCalls } from './costly-calls.ts'

/** A clock that stands still until the test moves it. */
class StandingClock {
  readonly randomBytes = realEffects().randomBytes
  nowMs = 0
  readonly monotonicMs = (): number => this.nowMs
}

let clock: StandingClock
let calls: CostlyCalls
beforeEach(() => {
  clock = new StandingClock()
  calls = new CostlyCalls(clock)
})

function countWhileAllowed(caller: { userId: string; sessionId: string }, most = 100_000): number {
  for (let n = 0; n < most; n += 1) {
    try {
      calls.count(caller)
    } catch {
      return n
    }
  }
  return most
}

describe('calls that cost more than an answer from memory', () => {
  test('are held back after 6,000 of one session at once, then go on at 200 a second', () => {
    const caller = { userId: 'ada', sessionId: 'notebook' }
    expect(countWhileAllowed(caller)).toBe(6_000)
    expect(() => calls.count(caller)).toThrowError(
      expect.objectContaining({ code: 'bad_request', details: expect.objectContaining({ retryAfterSeconds: 1 }) }),
    )
    clock.nowMs += 1_000
    expect(countWhileAllowed(caller)).toBe(200)
  })

  test('of one session hold back no other session, of the same user or of another', () => {
    countWhileAllowed({ userId: 'ada', sessionId: 'notebook' })
    expect(countWhileAllowed({ userId: 'ada', sessionId: 'shell' }, 100)).toBe(100)
    expect(countWhileAllowed({ userId: 'bob', sessionId: 'shell of bob' }, 100)).toBe(100)
  })

  test('are held back after 30,000 of one user, however many sessions', () => {
    const counted = Array.from({ length: 10 }, (_, n) => countWhileAllowed({ userId: 'ada', sessionId: `job ${n}` }))
    expect(counted.reduce((sum, one) => sum + one, 0)).toBe(30_000)
    expect(countWhileAllowed({ userId: 'bob', sessionId: 'job of bob' }, 100)).toBe(100)
  })
})

describe('a session that asks too often for what it does not get', () => {
  let room: RefreshRoom
  let node: RefreshNode
  beforeEach(async () => {
    room = await RefreshRoom.open()
    node = await room.node()
  })
  afterEach(() => room.close())

  test('is told to wait, and still gets a fresh token', async () => {
    for (const name of ['ada', 'bob']) await room.user(name)
    for (let n = 0; n < 6_000; n += 1) await node.fetch({ user: 'ada' })
    expect(await node.fetch({ user: 'ada' })).toMatchObject({ code: 'bad_request', retryAfterSeconds: 1 })
    expect(await node.fetch({ user: 'bob' })).toMatchObject({ code: 'not_signed_in' })
    await room.signIn({ user: 'ada' })
    expect(await node.fetch({ user: 'ada' })).toMatchObject({ token: expect.stringMatching(/^at-/) })
  })
})
