import { FIRST_USE_WORDS } from '../domain/activity-words.ts'
import type { Effects } from '../domain/effects.ts'
import type { NewUse, SessionAddress, Store } from '../store/store.ts'
import type { AuditLog, ServedTimes } from './audit-log.ts'
import type { LiveChanges } from './live-changes.ts'
import type { Log } from './log.ts'
import { Periodic } from './periodic.ts'

/** Use may be so old on a page, in milliseconds; one write carries all of the time. */
const FLUSH_MS = 5000

/** Sessions and addresses this process need not ask the database about again. */
const KNOWN_LIMIT = 20_000

/** Kept while the database takes none; more is only missing on the page, the audit has it. */
const WAITING_LIMIT = 20_000

/** What session uses are made of. */
export interface SessionUseParts {
  readonly store: Pick<Store, 'activity'>
  readonly audit: Pick<AuditLog, 'onServed' | 'record' | 'flush'>
  readonly changes: Pick<LiveChanges, 'publish'>
  readonly effects: Pick<Effects, 'sleep'>
  readonly log: Log
}

type Use = { -readonly [Member in keyof NewUse]: NewUse[Member] }

/**
 * Adds up what the audit tells of hand-outs, for people to see, and marks the first use by a new session or from a new address. The token
 * path knows nothing of it.
 */
export class SessionUses {
  readonly #parts: SessionUseParts
  readonly #loop: Periodic
  readonly #uses = new Map<string, Use>()
  readonly #addresses = new Map<
    string,
    SessionAddress & { readonly userId: string; readonly sessionName: string; readonly section: string }
  >()
  readonly #known = new Set<string>()

  constructor(parts: SessionUseParts) {
    this.#parts = parts
    this.#loop = new Periodic('noting of uses by session', FLUSH_MS, parts, () => this.flush())
    parts.audit.onServed((served) => this.#note(served))
  }

  start(): void {
    this.#loop.start()
  }

  /** With the last hand-outs, of which the audit may have first ones to tell: it is closed later. */
  async close(): Promise<void> {
    await this.#loop.close()
    await this.#parts.audit.flush()
    await this.flush()
  }

  /** Writes what was noted so far. What cannot be written waits for the next time. */
  async flush(): Promise<void> {
    try {
      await this.#writeUses()
    } finally {
      // Afterwards: an open page that is told of a first use finds the use.
      await this.#writeAddresses()
    }
  }

  async #writeUses(): Promise<void> {
    const uses = [...this.#uses.entries()]
    if (uses.length === 0) return
    this.#uses.clear()
    try {
      await this.#parts.store.activity.noteUses(uses.map(([, use]) => use))
    } catch (failure) {
      for (const [key, use] of uses) this.#add(key, use)
      throw failure
    }
  }

  #note(served: readonly ServedTimes[]): void {
    for (const { token, at, count } of served) {
      const { sessionId, section, address, userId, sessionName } = token
      this.#add(`${sessionId} ${section} ${quarterOf(at)}`, { sessionId, section, firstAt: at, lastAt: at, count })
      const pair = `${sessionId} ${address}`
      if (this.#known.has(pair) || this.#addresses.has(pair) || this.#addresses.size >= WAITING_LIMIT) continue
      this.#addresses.set(pair, { sessionId, address, at, userId, sessionName, section })
    }
  }

  #add(key: string, use: Use): void {
    const known = this.#uses.get(key)
    if (known) {
      known.count += use.count
      if (use.firstAt < known.firstAt) known.firstAt = use.firstAt
      if (use.lastAt > known.lastAt) known.lastAt = use.lastAt
    } else if (this.#uses.size < WAITING_LIMIT) this.#uses.set(key, { ...use })
  }

  async #writeAddresses(): Promise<void> {
    const waiting = [...this.#addresses.entries()]
    if (waiting.length === 0) return
    const { store, audit, changes } = this.#parts
    const fresh = await store.activity.noteAddresses(
      waiting.map(([, { sessionId, address, at }]) => ({ sessionId, address, at })),
    )
    if (this.#known.size > KNOWN_LIMIT) this.#known.clear()
    for (const [pair] of waiting) {
      this.#addresses.delete(pair)
      this.#known.add(pair)
    }
    const byPair = new Map(waiting)
    for (const { sessionId, address, at, isFirst } of fresh) {
      const use = byPair.get(`${sessionId} ${address}`)
      if (!use) continue
      const { userId, sessionName, section } = use
      const detail = isFirst ? FIRST_USE_WORDS.session : FIRST_USE_WORDS.address
      await audit.record({
        at,
        action: 'session.first_use',
        outcome: 'ok',
        userId,
        sessionId,
        sessionName,
        section,
        address,
        detail,
      })
      changes.publish(userId, 'sessions')
    }
  }
}

/** Uses are kept by quarters of an hour. */
const QUARTER_MS = 15 * 60_000

function quarterOf(at: Date): number {
  return Math.floor(at.getTime() / QUARTER_MS)
}
