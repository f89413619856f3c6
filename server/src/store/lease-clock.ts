import { type RawBuilder, sql } from 'kysely'

/** The clock that leases and heartbeats are measured on. Readings compare only within one `name`. */
export interface LeaseClock {
  readonly name: string
  /** Milliseconds, as the statement runs. */
  readonly nowMs: RawBuilder<number>
  /** Whether it begins anew with each boot of the host: leases of another boot are void then. */
  readonly isOfOneBoot: boolean
}

/** SQLite's own clock is the process's, and may be set: CLOCK_MONOTONIC is common to all processes of one boot. */
export function monotonicClock(bootId: string, monotonicMs: number): LeaseClock {
  return { name: bootId, nowMs: sql<number>`${Math.round(monotonicMs)}`, isOfOneBoot: true }
}

/** Milliseconds of PostgreSQL's clock, as of now and not of the transaction's begin. */
export const SERVER_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint'

/** The clock of PostgreSQL's host, common to all nodes. */
export function serverClock(): LeaseClock {
  return { name: 'database', nowMs: sql<number>`${sql.raw(SERVER_MS)}`, isOfOneBoot: false }
}
