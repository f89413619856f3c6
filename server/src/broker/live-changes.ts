import type { Change, Changes } from './broker-of-changes.ts'

type Listener = (change: Change) => void

/** Changes of this process, told to the pages it serves. */
export class LiveChanges implements Changes {
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #ofAll = new Set<Listener>()

  subscribe(userId: string, listener: Listener): () => void {
    const own: Listener = (change) => listener(change)
    const listeners = this.#listeners.get(userId) ?? new Set()
    this.#listeners.set(userId, listeners.add(own))
    return () => {
      listeners.delete(own)
      if (listeners.size === 0 && this.#listeners.get(userId) === listeners) this.#listeners.delete(userId)
    }
  }

  /** Changes for anybody. Returns the function that ends it. */
  subscribeToAll(listener: Listener): () => void {
    const own: Listener = (change) => listener(change)
    this.#ofAll.add(own)
    return () => this.#ofAll.delete(own)
  }

  /** Tells the pages of one user. */
  publish(userId: string, change: Change): void {
    for (const listener of [...this.#ofAll]) listener(change)
    for (const listener of [...(this.#listeners.get(userId) ?? [])]) listener(change)
  }

  /** Tells every open page: the configuration changed. */
  publishToAll(change: Change): void {
    for (const userId of [...this.#listeners.keys()]) this.publish(userId, change)
  }
}
