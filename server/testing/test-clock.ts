import { setImmediate } from 'node:timers/promises'
import type { Effects } from '../src/domain/effects.ts'
import { realEffects } from '../src/effects.ts'

/** Sleeps below this are pauses between tries: the clock may jump over them by itself. Milliseconds. */
const SHORT_MS = 4_000

interface Sleeper {
  readonly dueMs: number
  readonly wake: () => void
}

/** A clock that stands still until the test moves it; whatever waits by it waits for the test. Real random bytes. */
export class TestClock {
  readonly #sleepers = new Set<Sleeper>()
  readonly #skipsShortSleeps: boolean
  #monotonicMs = 1_000_000
  #wallMs = Date.UTC(2026, 10, 23, 10)

  readonly effects: Effects = {
    now: () => new Date(this.#wallMs),
    monotonicMs: () => this.#monotonicMs,
    bootId: 'one-boot',
    sleep: (ms, signal) => this.#sleep(ms, signal),
    randomBytes: realEffects().randomBytes,
  }

  /** `skipsShortSleeps`: pauses between tries pass at once, and the clock with them. */
  constructor({ skipsShortSleeps = true } = {}) {
    this.#skipsShortSleeps = skipsShortSleeps
  }

  /** Moves both clocks forward; who sleeps until then wakes in order, and gets to run. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#monotonicMs + ms
    for (;;) {
      const [next] = [...this.#sleepers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)
      if (!next) break
      this.#advance(Math.max(0, next.dueMs - this.#monotonicMs))
      this.#sleepers.delete(next)
      next.wake()
      for (let turns = 0; turns < 20; turns += 1) await setImmediate()
    }
    this.#advance(untilMs - this.#monotonicMs)
  }

  /** Sets the wall clock forward or back, as a person or a time server would; the monotonic clock stays. */
  jump(ms: number): void {
    this.#wallMs += ms
  }

  #advance(ms: number): void {
    this.#monotonicMs += ms
    this.#wallMs += ms
  }

  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    if (this.#skipsShortSleeps && ms < SHORT_MS) {
      await setImmediate()
      this.#advance(ms)
      return
    }
    await new Promise<void>((resolve, reject) => {
      const sleeper = { dueMs: this.#monotonicMs + ms, wake: resolve }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper)
        reject(signal.reason)
      })
    })
  }
}
