import type { Effects } from '../domain/effects.ts'
import type { Caller } from '../domain/people.ts'
import { badRequest } from './bad-request.ts'
import { RateLimiter } from './rate-limit.ts'

/** Of one session: no program that works asks 200 times a second for what it is refused, and a batch job may ask 6,000 at once. */
const PER_SESSION = { burst: 6_000, everyMs: 5 }

/** Of all sessions of one user: 1,000 a second are about a fifth of one processor core. */
const PER_USER = { burst: 30_000, everyMs: 1 }

/**
 * Holds back sessions whose calls of the RPC cost more than an answer from memory: lists, refusals, and whatever needs the
 * refresh engine. A token that is fresh is never held back, for a refusal would cost as much as the answer
 * (docs/decisions/0018-rate-limits.md).
 */
export class CostlyCalls {
  readonly #perSession: RateLimiter
  readonly #perUser: RateLimiter

  constructor(effects: Pick<Effects, 'monotonicMs' | 'randomBytes'>) {
    this.#perSession = new RateLimiter(PER_SESSION, effects)
    this.#perUser = new RateLimiter(PER_USER, effects)
  }

  /** Counts one such call; throws `bad_request` with the seconds to wait when there were too many. */
  count({ userId, sessionId }: Pick<Caller, 'userId' | 'sessionId'>): void {
    const wait = this.#perSession.take(sessionId) || this.#perUser.take(userId)
    if (wait > 0) throw badRequest(`This session asks too often; wait ${wait} seconds.`, wait)
  }
}
