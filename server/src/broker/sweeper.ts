import type { Effects } from '../domain/effects.ts'
import type { Store } from '../store/store.ts'
import { EXPIRED_KEPT_MS } from './device-desk.ts'
import { ATTEMPT_LIFE_MS } from './integration-views.ts'
import type { Log } from './log.ts'
import { BROWSER_SESSION_LIMITS } from './logins.ts'
import { Periodic } from './periodic.ts'
import type { SessionKeeper } from './sessions.ts'
import { ENDED_KNOWN_MS } from './unsaved-results.ts'

/** A session's tokens end at most so long after its command, in milliseconds. */
const ORPHANS_MS = 1000

/** Expired rows give nothing to anybody; they are only cleared away. */
const EXPIRED_MS = 60_000

/** A refused refresh token is kept for *Try again*, an answer that was not understood for a better configuration (refresh.md). */
const PARKED_LIFE_MS = 7 * 24 * 60 * 60 * 1000

/** What an administrator began to change and left, with the secrets in it, is forgotten after a week. */
const DRAFT_LIFE_MS = 7 * 24 * 60 * 60 * 1000

/** What people see of the use of their tokens goes so far back. The audit goes further. */
const USES_LIFE_MS = 90 * 24 * 60 * 60 * 1000

/** Clears away what has ended: sessions without a process, attempts, web logins, parked refresh tokens, answers nobody understood. */
export class Sweeper {
  readonly #rounds: readonly Periodic[]

  constructor(parts: {
    readonly store: Store
    readonly effects: Pick<Effects, 'sleep'>
    readonly sessions: Pick<SessionKeeper, 'endOrphans'>
    readonly log: Log
  }) {
    const { store, sessions } = parts
    this.#rounds = [
      new Periodic('look for ended sessions', ORPHANS_MS, parts, () => sessions.endOrphans()),
      new Periodic('clearing away of expired rows', EXPIRED_MS, parts, async () => {
        await store.attempts.removeExpired(ATTEMPT_LIFE_MS)
        await store.browserSessions.removeExpired(BROWSER_SESSION_LIMITS)
        await store.deviceLogins.removeBefore(new Date(store.now().getTime() - EXPIRED_KEPT_MS))
        const before = new Date(store.now().getTime() - PARKED_LIFE_MS)
        await store.tokens.removeParkedBefore(before)
        await store.unreadReplies.removeBefore(before)
        await store.tokens.forgetEndedBefore(new Date(store.now().getTime() - ENDED_KNOWN_MS))
        await store.configuration.removeDraftsBefore(new Date(store.now().getTime() - DRAFT_LIFE_MS))
        await store.activity.removeUsesBefore(new Date(store.now().getTime() - USES_LIFE_MS))
      }),
    ]
  }

  start(): void {
    for (const round of this.#rounds) round.start()
  }

  async close(): Promise<void> {
    await Promise.all(this.#rounds.map((round) => round.close()))
  }
}
