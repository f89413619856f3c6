import type { Effects } from '../domain/effects.ts'
import type { AuditEvent, Store } from '../store/store.ts'
import { kindOfFailure, type Log } from './log.ts'
import { Periodic } from './periodic.ts'

/** One hand-out of a token, as the token path notes it. `fingerprint`: first 16 hex digits of the token's SHA-256. */
export interface ServedToken {
  readonly userId: string
  readonly sessionId: string
  readonly sessionName: string
  readonly section: string
  readonly fingerprint: string
  readonly address: string
}

/** Hand-outs of one token to one session from one address within a second or so. */
export interface ServedTimes {
  readonly token: ServedToken
  /** The first one. */
  readonly at: Date
  readonly count: number
}

/** An event before the audit dates it. */
export type NewAuditEvent = Omit<AuditEvent, 'at'> & { readonly at?: Date }

/** Rows of grouped use are written this often, in milliseconds. */
const FLUSH_MS = 1000

/** Events kept while the database takes none: about 10 MiB at the most. */
const BUFFER_LIMIT = 20_000

/**
 * The one writer of the audit. What it writes about is committed before, so a line that cannot be written fails nothing: it
 * is kept, tried again, counted when it must be dropped, and `failing` says so to the health check.
 */
export class AuditLog {
  readonly #store: Pick<Store, 'audit' | 'now'>
  readonly #log: Log
  readonly #served = new Map<string, { token: ServedToken; at: Date; count: number }>()
  readonly #listeners: ((served: readonly ServedTimes[]) => void)[] = []
  #waiting: AuditEvent[] = []
  #writing: Promise<void> = Promise.resolve()
  #nextWrite: Promise<void> | undefined
  readonly #loop: Periodic
  /** Events that were dropped because the buffer was full. */
  lost = 0
  /** Whether the last write failed. */
  failing = false

  constructor(parts: { store: Pick<Store, 'audit' | 'now'>; effects: Pick<Effects, 'sleep'>; log: Log }) {
    this.#store = parts.store
    this.#log = parts.log
    this.#loop = new Periodic('writing of the audit', FLUSH_MS, parts, () => this.flush())
  }

  /**
   * Writes an event at once; resolves when it is written or kept for later, and never rejects. While writing fails, nobody
   * waits for it: the next flush tries again.
   */
  async record(event: NewAuditEvent): Promise<void> {
    this.#keep({ at: this.#store.now(), ...event })
    if (!this.failing) await this.#write()
  }

  /** `listener` is told of all hand-outs, grouped, once a second. */
  onServed(listener: (served: readonly ServedTimes[]) => void): void {
    this.#listeners.push(listener)
  }

  /** Notes a hand-out; one line per second tells how often a session got the same token. */
  noteServed(token: ServedToken): void {
    const key = `${token.sessionId} ${token.section} ${token.fingerprint} ${token.address}`
    const known = this.#served.get(key)
    if (known) {
      known.count += 1
      return
    }
    if (this.#served.size >= BUFFER_LIMIT) {
      this.lost += 1
      return
    }
    this.#served.set(key, { token, at: this.#store.now(), count: 1 })
  }

  /** Begins to write grouped use once a second. */
  start(): void {
    this.#loop.start()
  }

  /** Writes what waits, and ends. */
  async close(): Promise<void> {
    await this.#loop.close()
    await this.flush()
  }

  /** Writes all grouped use noted so far, and whatever still waits. */
  async flush(): Promise<void> {
    const served = [...this.#served.values()]
    this.#served.clear()
    for (const listener of this.#listeners) listener(served)
    for (const { token, at, count } of served) this.#keep({ at, action: 'token.served', outcome: 'ok', ...token, count })
    await this.#write()
  }

  #keep(event: AuditEvent): void {
    this.#waiting.push(event)
    if (this.#waiting.length <= BUFFER_LIMIT) return
    this.#waiting.shift()
    this.lost += 1
  }

  /** One write at a time, the next one taking everything that has come by then, so the order of events is kept. */
  #write(): Promise<void> {
    if (this.#nextWrite) return this.#nextWrite
    const next = this.#writing.then(() => {
      this.#nextWrite = undefined
      return this.#writeAll()
    })
    this.#nextWrite = next
    this.#writing = next
    return next
  }

  async #writeAll(): Promise<void> {
    const events = this.#waiting
    if (events.length === 0) return
    this.#waiting = []
    try {
      await this.#store.audit.append(events)
      this.failing = false
    } catch (failure) {
      this.#waiting = [...events, ...this.#waiting]
      if (!this.failing) {
        const facts = { failure: kindOfFailure(failure), waiting: this.#waiting.length, lost: this.lost }
        this.#log.error(facts, 'The audit could not be written; its lines are kept and tried again.')
      }
      this.failing = true
    }
  }
}
