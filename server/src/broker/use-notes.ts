import type { Effects } from '../domain/effects.ts'
import type { SessionStore, TokenStore } from '../store/store.ts'
import type { Log } from './log.ts'
import { Periodic } from './periodic.ts'

/** "Last used" may be so old on a page, in milliseconds; one write carries all uses of the time. */
const FLUSH_MS = 5000

/** Collects who used which stored token last, and so which session is used, and writes it now and then: the token path itself writes nothing. */
export class UseNotes {
  readonly #tokens: Pick<TokenStore, 'noteUses'>
  readonly #sessions: Pick<SessionStore, 'noteActivity'>
  readonly #loop: Periodic
  readonly #uses = new Map<string, { tokenId: string; at: Date; by: string }>()
  readonly #active = new Map<string, Date>()

  constructor(parts: {
    readonly tokens: Pick<TokenStore, 'noteUses'>
    readonly sessions: Pick<SessionStore, 'noteActivity'>
    readonly effects: Pick<Effects, 'sleep'>
    readonly log: Log
  }) {
    this.#tokens = parts.tokens
    this.#sessions = parts.sessions
    this.#loop = new Periodic('noting of uses', FLUSH_MS, parts, () => this.flush())
  }

  note(tokenId: string, at: Date, by: { readonly sessionId: string; readonly sessionName: string }): void {
    this.#uses.set(tokenId, { tokenId, at, by: by.sessionName })
    this.#active.set(by.sessionId, at)
  }

  start(): void {
    this.#loop.start()
  }

  async close(): Promise<void> {
    await this.#loop.close()
    await this.flush()
  }

  /** What a failed write loses is only when a token or a session was used last. */
  async flush(): Promise<void> {
    const uses = [...this.#uses.values()]
    this.#uses.clear()
    const active = [...this.#active].map(([sessionId, at]) => ({ sessionId, at }))
    this.#active.clear()
    if (uses.length > 0) await this.#tokens.noteUses(uses)
    if (active.length > 0) await this.#sessions.noteActivity(active)
  }
}
