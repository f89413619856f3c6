import type { Effects } from '../../src/domain/effects.ts'

/** Deterministic random numbers: the same seed gives the same history. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** In [0, 1). mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number in [low, high]. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  bytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.between(0, 255))
  }
}

/** One simulated server process. A kill raises `life`: continuations of an older life never resume. */
export interface SimulatedNode {
  readonly name: string
  life: number
}

interface Step {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** Virtual time: one event after the other, nothing in parallel, nothing real waits. */
export class World {
  readonly random: Random
  nowMs = Date.UTC(2026, 0, 5, 9)
  readonly #steps: Step[] = []
  #order = 0

  constructor(seed: number) {
    this.random = new Random(seed)
  }

  /** Runs `run` at `delayMs` from now; returns what takes it back. */
  at(delayMs: number, run: () => void): () => void {
    const step = { at: this.nowMs + delayMs, order: this.#order++, run }
    let low = 0
    let high = this.#steps.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = this.#steps[middle]
      if (other && (other.at < step.at || (other.at === step.at && other.order < step.order))) low = middle + 1
      else high = middle
    }
    this.#steps.splice(low, 0, step)
    return () => {
      const index = this.#steps.indexOf(step)
      if (index >= 0) this.#steps.splice(index, 1)
    }
  }

  /** One effect of a node: runs after `delayMs`, and answers, unless the node was killed before or meanwhile. */
  point<T>(node: SimulatedNode, delayMs: number, effect: () => T | Promise<T>): Promise<T> {
    const life = node.life
    return new Promise<T>((resolve, reject) => {
      this.at(delayMs, () => {
        if (node.life !== life) return
        const answer = (settle: () => void): void => {
          if (node.life === life) settle()
        }
        Promise.resolve()
          .then(effect)
          .then(
            (value) => answer(() => resolve(value)),
            (error: unknown) => answer(() => reject(error)),
          )
      })
    })
  }

  /** The effects of one node in this world. */
  effectsOf(node: SimulatedNode): Effects {
    return {
      now: () => new Date(this.nowMs),
      monotonicMs: () => this.nowMs,
      bootId: 'simulated-boot',
      sleep: (ms, signal) => this.#sleep(node, ms, signal),
      randomBytes: (size) => this.random.bytes(size),
    }
  }

  /** Runs until nothing is left to happen before the instant. */
  async run(untilMs: number): Promise<void> {
    for (;;) {
      const step = this.#steps[0]
      if (!step || step.at > untilMs) break
      this.#steps.shift()
      this.nowMs = Math.max(this.nowMs, step.at)
      step.run()
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.nowMs = Math.max(this.nowMs, untilMs)
  }

  #sleep(node: SimulatedNode, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const life = node.life
    return new Promise<void>((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason)
        return
      }
      const cancel = this.at(ms, () => {
        if (node.life === life) resolve()
      })
      signal?.addEventListener('abort', () => {
        cancel()
        if (node.life === life) reject(signal.reason)
      })
    })
  }
}
