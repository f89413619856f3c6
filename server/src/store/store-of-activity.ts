import type { DevelopmentSession } from '../domain/people.ts'

/** Hand-outs of one session at one integration since the last write. */
export interface NewUse {
  readonly sessionId: string
  readonly section: string
  readonly firstAt: Date
  readonly lastAt: Date
  readonly count: number
}

/** Hand-outs of one session at one integration within a quarter of an hour. */
export interface UseOfQuarter extends NewUse, Pick<DevelopmentSession, 'kind' | 'application' | 'service'> {
  readonly sessionName: string
}

/** An address that a session asked for a token from. */
export interface SessionAddress {
  readonly sessionId: string
  readonly address: string
  readonly at: Date
}

/** What people see of the use of their tokens; the audit has each hand-out. */
export interface ActivityStore {
  /** Adds to what is known of the quarter of an hour of `firstAt`. Uses of sessions that are gone are dropped. */
  noteUses(uses: readonly NewUse[]): Promise<void>
  /**
   * Those that nobody had noted: each is answered once, over all nodes. `isFirst`: the session had no address before. Of one session
   * a bounded number is kept, so that nobody fills the table from a large network.
   */
  noteAddresses(addresses: readonly SessionAddress[]): Promise<readonly (SessionAddress & { readonly isFirst: boolean })[]>
  /** Of one user, from `from` on and before `until`, newest first; at most `limit`. */
  listUses(userId: string, range: { from: Date; until: Date; limit: number }): Promise<readonly UseOfQuarter[]>
  /** What the live sessions of one user have had, by session and integration, last use first. */
  listLive(userId: string): Promise<readonly NewUse[]>
  /** Of the live sessions of one user, oldest first. */
  listAddresses(userId: string): Promise<readonly SessionAddress[]>
  removeUsesBefore(at: Date): Promise<number>
}
