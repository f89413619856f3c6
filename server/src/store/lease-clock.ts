import { type RawBuilder, sql } from 'kysely'

/** The clock that leases and heartbeats are measured on. Readings compare only within one `name`. */
export interface LeaseClock {
  readonly name: string
  /** Milliseconds, as the statement runs. */
  readonly nowMs: RawBuilder<number>
}

/** SQLite's own clock is the process's, and may be set: CLOCK_MONOTONIC is common to all processes of one boot. */
export function monotonicClock(bootId: string, monotonicMs: number): LeaseClock {
  return { name: bootId, nowMs: sql<number>`${Math.round(monotonicMs)}` }
}
