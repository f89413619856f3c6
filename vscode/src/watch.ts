import type { WireIntegration } from '@benchkey/sdk'

/** While the view can be seen, it is at most so old, in milliseconds. */
export const LOOK_EVERY_MS = 30_000

/** What was last seen: the integrations, and why they could not be asked for, when that is so. */
export interface Sight {
  readonly integrations: readonly WireIntegration[]
  readonly trouble: Error | undefined
}

/** What a watch needs of the world. */
export interface Surroundings {
  list(signal: AbortSignal): Promise<readonly WireIntegration[]>
  /** Calls back once, after so many milliseconds, unless what is returned is called before. */
  later(ms: number, callback: () => void): () => void
}

/** Looks at the integrations: when it is told to, and every 30 s while it is visible. Nothing runs while it is hidden. */
export class Watch {
  readonly #surroundings: Surroundings
  readonly #listeners = new Set<(sight: Sight) => void>()
  readonly #end = new AbortController()
  #sight: Sight | undefined
  #looking: Promise<void> | undefined
  #wantsAnother = false
  #isVisible = false
  #cancel: (() => void) | undefined

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  /** Undefined before the first look is over. */
  get sight(): Sight | undefined {
    return this.#sight
  }

  /** Calls back after each look; what is returned ends that. */
  onSight(listener: (sight: Sight) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Looks now when it becomes visible, and again and again until it is hidden. */
  setVisible(isVisible: boolean): void {
    if (isVisible === this.#isVisible) return
    this.#isVisible = isVisible
    this.#cancel?.()
    this.#cancel = undefined
    if (isVisible) void this.look()
  }

  /** Looks once. During a look another is asked for by at most one more: what it shows began after this call. */
  look(): Promise<void> {
    if (this.#looking) {
      this.#wantsAnother = true
      return this.#looking
    }
    this.#looking = this.#lookUntilNew().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** Ends the look that is under way; nobody hears of it, or of anything, any more. */
  dispose(): void {
    this.#isVisible = false
    this.#cancel?.()
    this.#listeners.clear()
    this.#end.abort()
  }

  async #lookUntilNew(): Promise<void> {
    do {
      this.#wantsAnother = false
      this.#cancel?.()
      const sight = await this.#see()
      if (this.#end.signal.aborted) return
      this.#sight = sight
      for (const listener of this.#listeners) listener(sight)
    } while (this.#wantsAnother)
    if (this.#isVisible) this.#cancel = this.#surroundings.later(LOOK_EVERY_MS, () => void this.look())
  }

  /** Keeps what it knew when it cannot see. */
  async #see(): Promise<Sight> {
    try {
      return { integrations: await this.#surroundings.list(this.#end.signal), trouble: undefined }
    } catch (error) {
      const trouble = error instanceof Error ? error : new Error(String(error))
      return { integrations: this.#sight?.integrations ?? [], trouble }
    }
  }
}
