import { addressKey } from '../broker/rate-limit.ts'

/** An ended session retries a few times, a broken loop for ever: the bound lies between them. */
const FAILURES_PER_WINDOW = 30
const WINDOW_MS = 60_000
/** Bounds the memory that strangers can take. */
const ADDRESSES_REMEMBERED = 10_000

interface Window {
  failures: number
  readonly endsAtMs: number
}

/**
 * Counts RPC cookies that open nothing, by address. Past the bound the failing ones are told to wait; working cookies from
 * the same address (one host runs many sessions) are never held up.
 */
export class FailingCookies {
  readonly #windows = new Map<string, Window>()
  readonly #monotonicMs: () => number

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  /** Counts one failure. Answers the seconds to wait, or undefined below the bound. */
  count(address: string): number | undefined {
    const now = this.#monotonicMs()
    const window = this.#windowOf(addressKey(address), now)
    window.failures += 1
    return window.failures > FAILURES_PER_WINDOW ? Math.max(1, Math.ceil((window.endsAtMs - now) / 1000)) : undefined
  }

  #windowOf(address: string, now: number): Window {
    const known = this.#windows.get(address)
    if (known && known.endsAtMs > now) return known
    this.#windows.delete(address)
    if (this.#windows.size >= ADDRESSES_REMEMBERED) {
      const [oldest] = this.#windows.keys()
      if (oldest !== undefined) this.#windows.delete(oldest)
    }
    const window = { failures: 0, endsAtMs: now + WINDOW_MS }
    this.#windows.set(address, window)
    return window
  }
}
