import type { Effects } from '../domain/effects.ts'
import type { RefreshReuse } from '../domain/integration.ts'
import { isAlive, type LastFailure, type StoredToken } from '../domain/stored-token.ts'

/** A lease is taken for this long (refresh.md, *Who may send*). */
export const LEASE_MS = 20_000
/** A lease is renewed this often while its flight lives. */
export const HEARTBEAT_MS = 5_000
/** A token request leaves only when the lease was confirmed less than this ago, by two clocks. */
export const FENCE_MS = 10_000
/** No further token request of a row for this long after a failure. */
export const COOL_DOWN_MS = 30_000
/** Callers wait this long for a flight; the flight itself goes on. */
export const CALLER_WAIT_MS = 15_000
/** A caller whose token lives waits no longer for a refresh that our own database holds up. */
export const DATABASE_WAIT_MS = 5_000
/** An unspent refresh token is tried this often at the most. */
export const MAX_TRIES = 3
/** No further try of an unspent refresh token starts after this. */
export const RETRY_WINDOW_MS = 10_000
/** `Retry-After` is obeyed up to this. */
export const RETRY_AFTER_LIMIT_MS = 60 * 60_000
/** When nobody gets tokens from an integration, one request tries again this often. */
export const TRIAL_MS = 60_000
/** Refreshes that were cut off are looked for at the start and this often: well inside a usual grace window of 30 s. */
export const RESUME_MS = 5_000
/** Refusals without a known cause count as a dead grant after this many (refresh.md, first class). */
export const ODD_REFUSALS = 5
/** And when they lasted at least this long. */
export const ODD_REFUSALS_MS = 10 * 60_000

/** With `refresh-reuse=unknown` a perhaps spent token is sent again when at most this much life is left. */
const UNKNOWN_REPLAY_MS = 5 * 60_000
/** A replay must arrive before the grace window closes. */
const GRACE_MARGIN_MS = 2_000

/**
 * From when on a refresh token that was perhaps spent at `interruptedAt` may be sent again (refresh.md, *Uncertain
 * outcomes*). An instant in the past means: now.
 */
export function replayAt(reuse: RefreshReuse, token: Pick<StoredToken, 'expiresAt'>, interruptedAt: Date, now: Date): Date {
  if (reuse.kind === 'grace') {
    const closes = interruptedAt.getTime() + reuse.seconds * 1000 - GRACE_MARGIN_MS
    if (now.getTime() >= interruptedAt.getTime() && now.getTime() < closes) return now
  }
  if (!isAlive(token, now)) return now
  if (!token.expiresAt) return now
  const marginMs = reuse.kind === 'unknown' ? UNKNOWN_REPLAY_MS : 0
  return new Date(Math.max(now.getTime(), token.expiresAt.getTime() - marginMs))
}

/** When the row's earlier token request may have spent the refresh token: an open intent counts from its start. */
export function uncertainSince(token: Pick<StoredToken, 'intent' | 'interruptedAt'>): Date | undefined {
  return token.interruptedAt ?? token.intent?.at
}

/**
 * Whether a failure still keeps token requests of its row back. One that lies in the future, because the clock was set back
 * since, keeps nothing back: it would do so for as long as the clock was wrong.
 */
export function isCoolingDown(failure: LastFailure | undefined, now: Date): boolean {
  if (!failure || failure.at.getTime() - now.getTime() > COOL_DOWN_MS) return false
  return failure.retryAt.getTime() > now.getTime()
}

/** In [0, 1), for jitter. */
export function randomFraction(effects: Pick<Effects, 'randomBytes'>): number {
  return Buffer.from(effects.randomBytes(4)).readUInt32BE(0) / 2 ** 32
}

/** Jittered pause before try `n` (1-based) of an unspent token, in milliseconds; three fit into RETRY_WINDOW_MS. */
export function retryPauseMs(n: number, random: number): number {
  return Math.round(500 * 3 ** (n - 1) * (0.5 + random))
}
