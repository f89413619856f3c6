import type { Effects } from '../domain/effects.ts'
import type { AuditLog } from './audit-log.ts'
import type { Log } from './log.ts'
import { Periodic } from './periodic.ts'
import { addressKey } from './rate-limit.ts'

/** Refusals of one kind within it are two lines: the first one, and how many followed. */
const WINDOW_MS = 10 * 60_000

/** Kinds that are told apart in one window; a flood from more addresses is one kind more. So a day has 29,000 lines at the most. */
const KINDS = 100

/** One log-in that was refused. Nothing of what was typed is in it. */
export interface RefusedLogin {
  readonly address: string
  /** The name of an existing user. */
  readonly userName?: string
  readonly why: string
}

/** Log-ins that were refused, for the audit: the first of a kind at once, those that follow as a count every ten minutes. */
export class RefusedLogins {
  readonly #audit: Pick<AuditLog, 'record'>
  readonly #loop: Periodic
  readonly #following = new Map<string, { readonly refused: Partial<RefusedLogin>; count: number }>()

  constructor(parts: { audit: Pick<AuditLog, 'record'>; effects: Pick<Effects, 'sleep'>; log: Log }) {
    this.#audit = parts.audit
    this.#loop = new Periodic('counting of refused log-ins', WINDOW_MS, parts, () => this.flush())
  }

  start(): void {
    this.#loop.start()
  }

  /** Writes what was counted, and ends. */
  async close(): Promise<void> {
    await this.#loop.close()
    await this.flush()
  }

  /** Resolves when it is written or counted; never rejects. */
  async note(refused: RefusedLogin): Promise<void> {
    const own = JSON.stringify([refused.userName, addressKey(refused.address), refused.why])
    const isOverflow = !this.#following.has(own) && this.#following.size >= KINDS
    const key = isOverflow ? '' : own
    const known = this.#following.get(key)
    if (known) {
      known.count += 1
      return
    }
    const kind = isOverflow ? { why: 'from further addresses or for further reasons' } : refused
    this.#following.set(key, { refused: kind, count: 0 })
    await this.#write(kind)
  }

  /** Begins a new window. */
  async flush(): Promise<void> {
    const counted = [...this.#following.values()].filter(({ count }) => count > 0)
    this.#following.clear()
    for (const { refused, count } of counted) await this.#write(refused, count)
  }

  /** The existing user of whom a log-in was refused in this window, by the name as somebody types it. */
  findName(folded: string): string | undefined {
    for (const { refused } of this.#following.values()) {
      if (refused.userName?.normalize('NFC').toLowerCase() === folded) return refused.userName
    }
    return undefined
  }

  async #write({ why, userName, address }: Partial<RefusedLogin>, count?: number): Promise<void> {
    await this.#audit.record({
      ...{ action: 'login.refused', outcome: 'refused', detail: why ?? '' },
      ...(userName === undefined ? {} : { userName }),
      ...(address === undefined ? {} : { address }),
      ...(count === undefined ? {} : { count }),
    })
  }
}
