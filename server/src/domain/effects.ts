/**
 * The outside world of the broker, handed in by `main.ts` and by the simulator (style.md, rule 3).
 * Reading a clock or random bytes changes nothing outside the process, so these answer at once; what waits is a promise.
 */
export interface Effects {
  /** Wall clock of this process. */
  now(): Date
  /** CLOCK_MONOTONIC in milliseconds: common to all processes of one boot. */
  monotonicMs(): number
  /** Identifies this boot of the host; monotonic readings compare only within one. */
  readonly bootId: string
  /** Resolves after the given time; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  randomBytes(size: number): Uint8Array
}
