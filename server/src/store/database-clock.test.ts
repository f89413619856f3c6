import { beforeEach, describe, expect, it } from 'vitest'
import { type ClockReading, DatabaseClock } from './database-clock.ts'

describe('the clock of the database', () => {
  const own = { wallMs: 5_000_000, monotonicMs: 1_000 }
  let database: { aheadMs: number; answersAfterMs: number; isAway: boolean; asked: number }
  let clock: DatabaseClock

  const effects = { now: () => new Date(own.wallMs), monotonicMs: () => own.monotonicMs }
  const pass = (ms: number): void => {
    own.wallMs += ms
    own.monotonicMs += ms
  }
  /** The database reads its clock in the middle of the way there and back. */
  const read = async (): Promise<ClockReading> => {
    database.asked += 1
    if (database.isAway) throw new Error('away')
    const askedMonotonicMs = own.monotonicMs
    pass(database.answersAfterMs / 2)
    const databaseMs = own.monotonicMs + database.aheadMs
    pass(database.answersAfterMs / 2)
    return { databaseMs, askedMonotonicMs }
  }
  const error = () => clock.now().getTime() - (own.monotonicMs + database.aheadMs)

  beforeEach(async () => {
    database = { aheadMs: 1_000_000, answersAfterMs: 2, isAway: false, asked: 0 }
    clock = new DatabaseClock(effects, await read(), read)
  })

  it('is told to the millisecond, whatever this machine’s wall clock says, and not asked for every time', () => {
    for (let n = 0; n < 50; n += 1) {
      pass(1_000)
      expect(Math.abs(error())).toBeLessThanOrEqual(2)
    }
    expect(database.asked).toBe(1)
  })

  it('is asked anew every minute, and follows a change there', async () => {
    database.aheadMs += 300
    pass(60_001)
    clock.now()
    await clock.settled()
    expect(database.asked).toBe(2)
    expect(Math.abs(error())).toBeLessThanOrEqual(2)
  })

  it.each([
    ['this machine slept: its monotonic clock stood still', 3_600_000, 3_600_000],
    ['somebody set this machine’s clock back', -3_600_000, 0],
  ])('is asked anew when %s', async (_, wallMovesMs, databaseMovesMs) => {
    own.wallMs += wallMovesMs
    database.aheadMs += databaseMovesMs
    clock.now()
    await clock.settled()
    expect(database.asked).toBe(2)
    expect(Math.abs(error())).toBeLessThanOrEqual(2)
    clock.now()
    expect(database.asked).toBe(2)
  })

  it('is not shaken by an answer that took long', async () => {
    const before = error()
    database.answersAfterMs = 8_000
    pass(60_001)
    clock.now()
    await clock.settled()
    expect(error()).toBe(before)
  })

  it('runs on while the database is away, which is asked once a second', async () => {
    database.isAway = true
    pass(60_001)
    for (let n = 0; n < 10; n += 1) {
      pass(100)
      expect(Math.abs(error())).toBeLessThanOrEqual(2)
      await clock.settled()
    }
    expect(database.asked).toBe(2)
    database.isAway = false
    database.aheadMs += 50
    pass(1_000)
    clock.now()
    await clock.settled()
    expect(Math.abs(error())).toBeLessThanOrEqual(2)
  })
})
