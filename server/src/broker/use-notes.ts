import type { Effects } from '../domain/effects.ts'
import type { TokenStore } from '../store/store.ts'
import type { Log } from './log.ts'
import { Periodic } from './periodic.ts'

/** "Last used" may be so old on a page, in milliseconds; one write carries all uses of the time. */
const FLUSH_MS = 5000

/** Collects who used which stored token last, and writes it now and then: the token path itself writes nothing. */
export class UseNotes {
  readonly #tokens: Pick<TokenStore, 'noteUses'>
  readonly #loop: Periodic
  readonly #uses = new Map<string, { tokenId: string; at: Date; by: string }>()

  constructor(parts: {
    readonly tokens: Pick<TokenStore, 'noteUses'>
    readonly effects: Pick<Effects, 'sleep'>
    readonly log: Log
  }) {
    this.#tokens = parts.tokens
    this.#loop = new Periodic('noting of uses', FLUSH_MS, parts, () => this.flush())
  }

  /** `by`: the session's name. */
  note(tokenId: string, at: Date, by: string): void {
    this.#uses.set(tokenId, { tokenId, at, by })
  }

  start(): void {
    this.#loop.start()
  }

  async close(): Promise<void> {
    await this.#loop.close()
    await this.flush()
  }

  /** What a failed write loses is only when a token was used last. */
  async flush(): Promise<void> {
    const uses = [...this.#uses.values()]
    this.#uses.clear()
    if (uses.length > 0) await this.#tokens.noteUses(uses)
  }
}
