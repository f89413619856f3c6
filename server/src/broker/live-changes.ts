import type { Changes } from './broker.ts'

type Change = 'integrations' | 'sessions' | 'logged_out'
type Listener = (change: Change) => void

/** Changes of this process, told to the pages it serves. */
export class LiveChanges implements Changes {
  readonly #listeners = new Map<string, Set<Listener>>()

  subscribe(userId: string, listener: Listener): () => void {
    const own: Listener = (change) => listener(change)
    const listeners = this.#listeners.get(userId) ?? new Set()
    this.#listeners.set(userId, listeners.add(own))
    return () => {
      listeners.delete(own)
      if (listeners.size === 0 && this.#listeners.get(userId) === listeners) this.#listeners.delete(userId)
    }
  }

  /** Tells the pages of one user. */
  publish(userId: string, change: Change): void {
    for (const listener of [...(this.#listeners.get(userId) ?? [])]) listener(change)
  }

  /** Tells every open page: the configuration changed. */
  publishToAll(change: Change): void {
    for (const userId of [...this.#listeners.keys()]) this.publish(userId, change)
  }
}
