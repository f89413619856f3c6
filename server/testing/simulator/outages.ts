import type { World } from './world.ts'

const LONGEST_MS = 6 * 60_000
/** Callers are answered within so long of a database that is back. */
const AFTERMATH_MS = 60_000

/** Times at which the database takes and gives nothing, to no node: some of them just when a reply is on its way. */
export class Outages {
  isAway = false
  readonly #world: World
  readonly #note: (what: string) => void
  readonly #spans: { readonly from: number; readonly to: number }[] = []
  #wanted = 0

  constructor(world: World, note: (what: string) => void) {
    this.#world = world
    this.#note = note
  }

  /** Somewhere in the time to come. */
  schedule(lengthMs: number): void {
    const { random } = this.#world
    this.#wanted = random.between(0, 2)
    for (let n = random.between(0, 2); n > 0; n -= 1) this.#world.at(random.next() * (lengthMs - LONGEST_MS), () => this.#begin())
    this.#world.at(lengthMs - 2 * LONGEST_MS, () => {
      this.#wanted = 0
    })
  }

  /** A token request leaves its node. */
  onRequest(): void {
    const { random } = this.#world
    if (this.#wanted === 0 || !random.chance(0.5)) return
    this.#wanted -= 1
    this.#world.at(random.between(0, 400), () => this.#begin())
  }

  /** Whether the database was away at some time since the instant, or a moment before it. */
  touched(since: number): boolean {
    return this.isAway || this.#spans.some(({ to }) => to > since - AFTERMATH_MS)
  }

  /** How long it was away between the instants. */
  awayMs(from: number, to: number): number {
    return this.#spans.reduce((sum, span) => sum + Math.max(0, Math.min(to, span.to) - Math.max(from, span.from)), 0)
  }

  #begin(): void {
    if (this.isAway) return
    this.isAway = true
    const from = this.#world.nowMs
    this.#note('the database is away')
    const lengthMs = this.#world.random.chance(0.5) ? this.#world.random.next() * LONGEST_MS : this.#world.random.next() * 5_000
    this.#world.at(lengthMs, () => {
      this.isAway = false
      this.#spans.push({ from, to: this.#world.nowMs })
      this.#note('the database is back')
    })
  }
}
