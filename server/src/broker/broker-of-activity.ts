import type { ActivityWords } from '../domain/activity-words.ts'
import type { BrowserSession, User } from '../domain/people.ts'

/** One line of somebody's activity. */
export interface ActivityLine extends ActivityWords {
  readonly at: Date
  /** Of grouped use: the last one. */
  readonly until?: Date
  /** First uses within it. */
  readonly marks: readonly ActivityWords[]
}

/** One day of somebody's activity. */
export interface ActivityDay {
  readonly startsAt: Date
  /** Newest first. */
  readonly lines: readonly ActivityLine[]
  /** More happened than is told. */
  readonly isCut: boolean
}

/** What a live session has had. */
export interface SessionUse {
  readonly sessionId: string
  readonly lastUsedAt: Date
  /** Names of the integrations, last used first. */
  readonly integrations: readonly string[]
  readonly count: number
  /** Where it asked from, oldest first. */
  readonly addresses: readonly { readonly address: string; readonly firstAt: Date }[]
}

/** How much there is to sign out of. */
export interface EverywhereCounts {
  /** Other browsers that are logged in. */
  readonly browsers: number
  readonly sessions: number
  readonly signIns: number
}

/** What happened in somebody's name, and the way to end all of it. */
export interface Activity {
  /** `days`: instants at which days begin; the last one ends at `until`, or not at all. */
  list(
    user: User,
    range: { readonly days: readonly Date[]; readonly until?: Date },
  ): Promise<{
    readonly days: readonly ActivityDay[]
    readonly live: readonly SessionUse[]
    readonly everywhere: EverywhereCounts
  }>
  /** Ends every session, logs every other browser out and signs out of every integration; what of it was there to be ended. */
  signOutEverywhere(session: BrowserSession, address: string): Promise<EverywhereCounts>
}
