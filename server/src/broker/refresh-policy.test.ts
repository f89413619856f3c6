import { describe, expect, it } from 'vitest'
import type { RefreshReuse } from '../domain/integration.ts'
import { replayAt, retryPauseMs, uncertainSince } from './refresh-policy.ts'

const at = (minutes: number): Date => new Date(Date.UTC(2026, 10, 23, 10, minutes))
const minutesUntilReplay = (reuse: RefreshReuse, expiresAt: Date | undefined, interruptedAt: Date, now: Date): number =>
  (replayAt(reuse, expiresAt ? { expiresAt } : {}, interruptedAt, now).getTime() - now.getTime()) / 60_000

describe('when a perhaps spent refresh token may be sent again', () => {
  it('grace: at once inside the window, two seconds kept in hand', () => {
    const grace: RefreshReuse = { kind: 'grace', seconds: 60 }
    const just = new Date(at(0).getTime() + 57_999)
    expect(minutesUntilReplay(grace, at(30), at(0), just)).toBe(0)
    expect(minutesUntilReplay(grace, at(30), at(0), new Date(at(0).getTime() + 58_000))).toBeCloseTo(29.033, 2)
  })

  it('grace: a clock that went backwards does not open the window', () => {
    expect(minutesUntilReplay({ kind: 'grace', seconds: 60 }, at(30), at(10), at(5))).toBe(25)
  })

  it('strict: not while the access token lives', () => {
    expect(minutesUntilReplay({ kind: 'strict' }, at(30), at(0), at(10))).toBe(20)
    expect(minutesUntilReplay({ kind: 'strict' }, at(30), at(0), at(30))).toBe(0)
  })

  it('unknown: when at most five minutes of life are left', () => {
    expect(minutesUntilReplay({ kind: 'unknown' }, at(30), at(0), at(10))).toBe(15)
    expect(minutesUntilReplay({ kind: 'unknown' }, at(30), at(0), at(25))).toBe(0)
    expect(minutesUntilReplay({ kind: 'unknown' }, at(30), at(0), at(40))).toBe(0)
  })

  it('counts from the first request that may have spent it', () => {
    const intent = { attempt: 'b', generation: 1, at: at(9) }
    expect(uncertainSince({ intent, interruptedAt: at(3) })).toEqual(at(3))
    expect(uncertainSince({ intent })).toEqual(at(9))
    expect(uncertainSince({})).toBeUndefined()
  })
})

describe('pauses between tries of an unspent token', () => {
  it('leave room for three tries in ten seconds', () => {
    expect(retryPauseMs(1, 0.999) + retryPauseMs(2, 0.999)).toBeLessThan(10_000)
    expect(retryPauseMs(1, 0)).toBe(250)
  })
})
