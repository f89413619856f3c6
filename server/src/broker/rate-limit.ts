import type { Effects } from '../domain/effects.ts'

/** `burst` attempts at once, then one more every `everyMs` milliseconds. */
export interface Limit {
  readonly burst: number
  readonly everyMs: number
}

/** Two rows: a key is held back by a stranger only if both of its cells are shared with busy ones. */
const ROWS = 2

/** Cells per row: 1 MiB per limiter in all, and a false refusal is unlikely below some ten thousand busy keys. */
const CELLS = 65_536

/**
 * Token buckets in a table of fixed size. A key owns one cell in each row, found by a hash with a random seed; a cell holds
 * when its bucket is full again (the generic cell rate algorithm). Nothing is ever evicted, so nobody empties a used-up
 * bucket by flooding the table with other keys: keys that share cells can only be limited too much, never too little.
 */
export class RateLimiter {
  readonly #limit: Limit
  readonly #effects: Pick<Effects, 'monotonicMs'>
  readonly #seeds: readonly number[]
  readonly #fullAgainAt = Array.from({ length: ROWS }, () => new Float64Array(CELLS))

  constructor(limit: Limit, effects: Pick<Effects, 'monotonicMs' | 'randomBytes'>) {
    this.#limit = limit
    this.#effects = effects
    this.#seeds = [...new Uint32Array(effects.randomBytes(ROWS * 4).slice().buffer)]
  }

  /** Counts an attempt. 0 = go ahead; else it was not counted, and so many whole seconds must pass first. */
  take(key: string): number {
    const { burst, everyMs } = this.#limit
    const now = this.#effects.monotonicMs()
    const fullAt = Math.max(now, this.#leastOf(key)) + everyMs
    const waitMs = fullAt - burst * everyMs - now
    if (waitMs > 0) return Math.max(1, Math.ceil(waitMs / 1000))
    this.#add(key, now)
    return 0
  }

  /** Takes back one counted attempt, because it turned out to be a rightful one. */
  giveBack(key: string): void {
    for (const [row, cells] of this.#fullAgainAt.entries()) {
      const cell = this.#cell(key, row)
      cells[cell] = (cells[cell] ?? 0) - this.#limit.everyMs
    }
  }

  #leastOf(key: string): number {
    return Math.min(...this.#fullAgainAt.map((cells, row) => cells[this.#cell(key, row)] ?? 0))
  }

  /** Adds to both cells, whatever they hold, so that taking back one key's attempt never uncounts another's. */
  #add(key: string, now: number): void {
    for (const [row, cells] of this.#fullAgainAt.entries()) {
      const cell = this.#cell(key, row)
      cells[cell] = Math.max(now, cells[cell] ?? 0) + this.#limit.everyMs
    }
  }

  #cell(key: string, row: number): number {
    return hashOf(key, this.#seeds[row] ?? 0) % CELLS
  }
}

/** FNV-1a with a secret start and murmur3's finish: the seed keeps others from aiming at somebody's cell. */
function hashOf(key: string, seed: number): number {
  let value = seed ^ 0x811c9dc5
  for (let index = 0; index < key.length; index += 1) value = Math.imul(value ^ key.charCodeAt(index), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** What an address is counted as: IPv6 users own a /64 at least, so that is one address here. */
export function addressKey(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0')
  return [...left, ...gap, ...right]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
