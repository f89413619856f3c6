import type { RefreshReuse } from '../../src/domain/integration.ts'
import type { Rotation } from '../refresh-ledger.ts'

/** Every pair of what the provider does with a used refresh token and what the administrator wrote about it. */
export const KINDS: readonly { rotation: Rotation; reuse: RefreshReuse }[] = [
  { rotation: 'none', reuse: { kind: 'unknown' } },
  { rotation: 'grace:60', reuse: { kind: 'grace', seconds: 60 } },
  { rotation: 'strict-family', reuse: { kind: 'strict' } },
  { rotation: 'strict-family', reuse: { kind: 'unknown' } },
  { rotation: 'strict', reuse: { kind: 'unknown' } },
]

/** What one history showed. `complaints` is empty when the engine kept its promises. */
export interface Verdict {
  readonly seed: number
  readonly kind: string
  readonly complaints: readonly string[]
  readonly requests: number
  readonly kills: number
  /** The one loss nobody can prevent: strict rotation, and the pair was in W1 or W2; labelled `interrupted`. */
  readonly labelledLosses: number
  /** Results that reached the database out of a journal. */
  readonly late: number
  /** Everything that happened, for comparing a replay of the same seed. */
  readonly trace: string
}
