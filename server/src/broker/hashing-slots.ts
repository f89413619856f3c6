/** How many password hashes run at once: each takes 128 MiB and a thread of the pool that files and DNS use, too. */
const AT_ONCE = 2

/** How many may wait for a turn; more than that is refused at once. */
const MAY_WAIT = 16

/** Turns for password hashing, first come first served. */
export class HashingSlots {
  #running = 0
  readonly #waiting: (() => void)[] = []

  /** Runs the work when its turn comes; undefined when too many wait already. */
  async run<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MAY_WAIT) return undefined
      await new Promise<void>((turn) => this.#waiting.push(turn))
    } else {
      this.#running += 1
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#running -= 1
    }
  }
}
