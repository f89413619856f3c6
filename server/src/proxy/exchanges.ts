/** What is open between a browser and a session: a request that is answered, or a WebSocket. */
export interface Exchange {
  readonly entryHash: string
  readonly sessionId: string
  /** Ends it at once. */
  readonly cut: () => void
}

/** A browser opens six connections to a host, and WebSockets besides. */
const MOST_PER_ENTRY = 128
/** Somebody who enters a session over and over takes no more of the proxy than two browsers do. */
const MOST_PER_SESSION = 256

/** Idle is told in minutes. */
const TOLD_EVERY_MS = 60_000

/** Everything that is open, by the entry that opened it, and which sessions were used. */
export class Exchanges {
  readonly #byEntry = new Map<string, Set<Exchange>>()
  readonly #countOf = new Map<string, number>()
  readonly #active = new Set<string>()
  readonly #toldAt = new Map<string, number>()

  /** Notes something open; undefined when its entry, or its session, has too much open. The answer ends the note. */
  begin(exchange: Exchange): (() => void) | undefined {
    const { entryHash, sessionId } = exchange
    const own = this.#byEntry.get(entryHash) ?? new Set()
    const count = this.#countOf.get(sessionId) ?? 0
    if (own.size >= MOST_PER_ENTRY || count >= MOST_PER_SESSION) return undefined
    this.#byEntry.set(entryHash, own.add(exchange))
    this.#countOf.set(sessionId, count + 1)
    this.#active.add(sessionId)
    return () => {
      if (own.delete(exchange)) this.#leave(sessionId)
      if (own.size === 0 && this.#byEntry.get(entryHash) === own) this.#byEntry.delete(entryHash)
    }
  }

  #leave(sessionId: string): void {
    const left = (this.#countOf.get(sessionId) ?? 0) - 1
    if (left > 0) this.#countOf.set(sessionId, left)
    else this.#countOf.delete(sessionId)
  }

  /** Somebody used the session just now. */
  note(sessionId: string): void {
    this.#active.add(sessionId)
  }

  /** The sessions used since they were told last, each once in a minute. `nowMs`: of any clock that does not jump. */
  takeActive(nowMs: number): readonly string[] {
    for (const [id, at] of this.#toldAt) if (nowMs - at >= TOLD_EVERY_MS) this.#toldAt.delete(id)
    const due = [...this.#active].filter((id) => !this.#toldAt.has(id))
    for (const id of due) {
      this.#active.delete(id)
      this.#toldAt.set(id, nowMs)
    }
    return due
  }

  /** Cuts what an entry opened that opens nothing any more. `isGood` rejects when nobody can say; then all stays. */
  async lookAgain(isGood: (entryHash: string, sessionId: string) => Promise<boolean>): Promise<void> {
    for (const [entryHash, open] of [...this.#byEntry]) {
      const [first] = open
      if (first && !(await isGood(entryHash, first.sessionId))) for (const { cut } of [...open]) cut()
    }
  }
}
