/** About 1.5 KiB each; twice this many at most. */
const ENTRIES_KEPT = 8192

/** What of a caller and their token can change; two equal ones mean the same answer. Ids, names and limits never change. */
export type NarrowRow = readonly [expiresAtMs: number, sessionId: string, tokenId: string | null, revision: number | null]

/** What is kept in `sessions.limited_to`: Integration IDs in lower case. */
export function toLimits(json: string): readonly string[] {
  return JSON.parse(json) as readonly string[]
}

/** Whether nothing that a look-up answers has changed between two. */
export function isSame(one: NarrowRow, other: NarrowRow): boolean {
  return one[0] === other[0] && one[1] === other[1] && one[2] === other[2] && one[3] === other[3]
}

/** A bounded cache of two generations: what the older one holds and nobody asks for goes with it. */
export class LookUpCache<Entry> {
  #young = new Map<string, Entry>()
  #old = new Map<string, Entry>()

  find(key: string): Entry | undefined {
    const young = this.#young.get(key)
    if (young) return young
    const old = this.#old.get(key)
    if (old) this.keep(key, old)
    return old
  }

  keep(key: string, entry: Entry): void {
    if (this.#young.size >= ENTRIES_KEPT) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, entry)
  }

  drop(key: string): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }
}
