import type { Effects } from '../domain/effects.ts'

/** Wall and monotonic clock apart by more than this: the machine slept, or somebody set its clock (refresh.md, *Who may send*). */
const DRIFT_MS = 1_000
/** Quartz drifts by some 10 ms in this time at the very most. */
const MEASURE_EVERY_MS = 60_000
/** Between two tries while the database is away. */
const RETRY_MS = 1_000

/** A reading of the database's clock, and this process's monotonic clock just before it was asked for. */
export interface ClockReading {
  readonly databaseMs: number
  readonly askedMonotonicMs: number
}

/** The clock of the database's host, told between two readings by this process's monotonic clock. */
export class DatabaseClock {
  readonly #effects: Pick<Effects, 'now' | 'monotonicMs'>
  readonly #read: () => Promise<ClockReading>
  /** What is added to the monotonic clock. */
  #offsetMs: number
  #wallOffsetMs = 0
  #readMs = 0
  #triedMs = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined

  /** `read`: asks the database; it may fail, and is asked again then. */
  constructor(effects: Pick<Effects, 'now' | 'monotonicMs'>, first: ClockReading, read: () => Promise<ClockReading>) {
    this.#effects = effects
    this.#read = read
    this.#offsetMs = first.databaseMs - first.askedMonotonicMs
    this.observe(first)
  }

  /** The database's time. Asks it anew when that is due; this answer is not waited for. */
  now(): Date {
    const monotonicMs = this.#effects.monotonicMs()
    if (this.#isDue(monotonicMs)) this.#measure(monotonicMs)
    return new Date(monotonicMs + this.#offsetMs)
  }

  /**
   * Takes a reading in. The database's clock stood at `databaseMs` at some moment since it was asked: what we tell is changed
   * as little as agrees with that, so that slow answers do not shake it.
   */
  observe({ databaseMs, askedMonotonicMs }: ClockReading): void {
    const monotonicMs = this.#effects.monotonicMs()
    const [least, most] = [databaseMs - monotonicMs, databaseMs - askedMonotonicMs]
    this.#offsetMs = Math.min(most, Math.max(least, this.#offsetMs))
    this.#wallOffsetMs = this.#effects.now().getTime() - monotonicMs
    this.#readMs = monotonicMs
  }

  /** Resolves when no reading is under way. */
  async settled(): Promise<void> {
    await this.#reading
  }

  #isDue(monotonicMs: number): boolean {
    if (this.#reading || monotonicMs - this.#triedMs < RETRY_MS) return false
    const driftMs = this.#effects.now().getTime() - monotonicMs - this.#wallOffsetMs
    return Math.abs(driftMs) > DRIFT_MS || monotonicMs - this.#readMs > MEASURE_EVERY_MS
  }

  #measure(monotonicMs: number): void {
    this.#triedMs = monotonicMs
    this.#reading = this.#read().then(
      (reading) => {
        this.observe(reading)
        this.#reading = undefined
      },
      () => {
        // The database is away; what needs it says so, and the next look at the clock asks again.
        this.#reading = undefined
      },
    )
  }
}
