import type { Effects } from '../domain/effects.ts'
import { kindOfFailure, type Log } from './log.ts'

/** Work that is done again and again until it is closed; a round that fails is logged, and the next one comes. */
export class Periodic {
  readonly #parts: { readonly effects: Pick<Effects, 'sleep'>; readonly log: Log }
  readonly #stop = new AbortController()
  readonly #everyMs: number
  readonly #work: (stop: AbortSignal) => Promise<void>
  readonly #name: string
  #nap = new AbortController()
  #wanted = false
  #failing = false
  #loop: Promise<void> | undefined

  /** `name` stands in the log: "The {name} failed". */
  constructor(
    name: string,
    everyMs: number,
    parts: { readonly effects: Pick<Effects, 'sleep'>; readonly log: Log },
    work: (stop: AbortSignal) => Promise<void>,
  ) {
    this.#name = name
    this.#everyMs = everyMs
    this.#parts = parts
    this.#work = work
  }

  /** The first round starts at once. */
  start(): void {
    this.#loop ??= this.#run()
  }

  /** The next round starts now, or right after the one that runs. */
  wake(): void {
    this.#wanted = true
    this.#nap.abort()
  }

  /** Waits for the round that runs; no other follows. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#nap.abort()
    await this.#loop
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#wanted = false
      await this.#round()
      if (this.#wanted || this.#stop.signal.aborted) continue
      this.#nap = new AbortController()
      // Aborted: somebody wants the next round now.
      await this.#parts.effects.sleep(this.#everyMs, this.#nap.signal).catch(() => undefined)
    }
  }

  async #round(): Promise<void> {
    try {
      await this.#work(this.#stop.signal)
      this.#failing = false
    } catch (failure) {
      if (!this.#failing) this.#parts.log.error({ failure: kindOfFailure(failure) }, `The ${this.#name} failed; it goes on.`)
      this.#failing = true
    }
  }
}
