import type { Effects } from '../domain/effects.ts'
import type { LeaseHolder, Store } from '../store/store.ts'
import { FENCE_MS, HEARTBEAT_MS, LEASE_MS } from './refresh-policy.ts'

/** The right to refresh one row: columns of the row, renewed while the flight lives (refresh.md, *Who may send*). */
export class Lease {
  readonly #store: Store
  readonly #effects: Effects
  readonly #holder: LeaseHolder
  readonly #tokenId: string
  readonly #stop = new AbortController()
  #confirmedMonotonicMs: number
  #confirmedWallMs: number
  #lost = false

  private constructor(
    store: Store,
    effects: Effects,
    holder: LeaseHolder,
    tokenId: string,
    askedMonotonicMs: number,
    askedWallMs: number,
  ) {
    this.#store = store
    this.#effects = effects
    this.#holder = holder
    this.#tokenId = tokenId
    this.#confirmedMonotonicMs = askedMonotonicMs
    this.#confirmedWallMs = askedWallMs
  }

  /** Undefined while somebody else who may still be alive has it. The clocks are read before the database is asked. */
  static async take(
    parts: { store: Store; effects: Effects; holder: LeaseHolder; isDead: (holder: LeaseHolder) => boolean },
    tokenId: string,
  ): Promise<Lease | undefined> {
    const monotonicMs = parts.effects.monotonicMs()
    const wallMs = parts.effects.now().getTime()
    const taken = await parts.store.tokens.takeLease(tokenId, parts.holder, monotonicMs, LEASE_MS, parts.isDead)
    return taken ? new Lease(parts.store, parts.effects, parts.holder, tokenId, monotonicMs, wallMs) : undefined
  }

  /** Whether a token request may leave now: confirmed less than 10 s ago by the monotonic and by the wall clock. */
  isFenceOpen(): boolean {
    if (this.#lost) return false
    const monotonicMs = this.#effects.monotonicMs() - this.#confirmedMonotonicMs
    const wallMs = this.#effects.now().getTime() - this.#confirmedWallMs
    return monotonicMs < FENCE_MS && Math.abs(wallMs) < FENCE_MS
  }

  /** False when the lease was lost. */
  async renew(): Promise<boolean> {
    const monotonicMs = this.#effects.monotonicMs()
    const wallMs = this.#effects.now().getTime()
    const kept = await this.#store.tokens.renewLease(this.#tokenId, this.#holder, monotonicMs, LEASE_MS)
    if (!kept) this.#lost = true
    this.#confirmedMonotonicMs = monotonicMs
    this.#confirmedWallMs = wallMs
    return kept
  }

  /** Renews every 5 s until released or lost. A renewal that fails is left to the fence: it closes by itself. */
  async keep(failed: (error: unknown) => void): Promise<void> {
    while (!this.#stop.signal.aborted && !this.#lost) {
      try {
        await this.#effects.sleep(HEARTBEAT_MS, this.#stop.signal)
      } catch {
        return // Aborted: the flight has ended.
      }
      try {
        await this.renew()
      } catch (error) {
        failed(error)
      }
    }
  }

  async release(): Promise<void> {
    this.#stop.abort()
    await this.#store.tokens.releaseLease(this.#tokenId, this.#holder)
  }
}
