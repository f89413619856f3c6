import type { Integration } from '../domain/integration.ts'
import type { HousekeepingFacts } from '../domain/oversight-words.ts'
import type { User } from '../domain/people.ts'
import type { State } from '../domain/states.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import type { EverywhereCounts } from './broker-of-activity.ts'
import type { HealthReport } from './broker-of-health.ts'
import type { SessionView } from './broker-of-sessions.ts'
import type { ListPage, ListQuery } from './list-pages.ts'

/** A stored sign-in as administrators see it: everything but its secrets. */
export interface SignInView {
  readonly token: StoredToken
  readonly userName: string
  /** As the integration is configured, or was last. */
  readonly section: string
  /** Both undefined while the integration is not configured: the row is kept, and nobody gets tokens from it. */
  readonly integration?: Integration
  readonly state?: State
  /** Answers to its refreshes that were not understood and are kept. */
  readonly unreadReplies: number
}

/** How one integration is for all its users. */
export interface IntegrationHealth {
  readonly integration: Integration
  /** Nobody gets tokens from it now. */
  readonly hasTrouble: boolean
  readonly people: number
  readonly peopleToSignIn: number
  readonly peopleWithoutRefresh: number
  /** They are most of them. */
  readonly cannotMostlyRenew: boolean
  /** Whose last renewal failed, in the last quarter of an hour. */
  readonly delayed: number
  readonly lastTokenAt?: Date
}

/** Whether all is well, and how each part is. */
export interface OverviewFacts {
  /** Instants in it are marks for pages. */
  readonly report: HealthReport
  readonly now: Date
  /** In file order; both absent while the database cannot be read. */
  readonly integrations?: readonly IntegrationHealth[]
  readonly housekeeping?: HousekeepingFacts
}

/** The dashboard of administrators. */
export interface Overview {
  show(): Promise<OverviewFacts>
}

/** A person and what they have now. */
export interface PersonCounts {
  readonly user: User
  readonly signIns: number
  readonly sessions: number
  readonly browsers: number
  readonly lastSeenAt?: Date
}

/** Who acts on others, for the audit: an administrator at a page. Without a name: the command line. */
export interface Actor {
  readonly name?: string
  readonly address?: string
}

/** `revoke`: delete it and ask the service to revoke its tokens. `purge`: delete it, and ask nobody. */
export type Removal = 'revoke' | 'purge'

/** What became of stored sign-ins that were to go. */
export interface Removed {
  readonly removed: number
  /** Names of integrations without a revocation URL, whose sign-ins were kept. */
  readonly cannotRevoke: readonly string[]
}

/** Everybody, as administrators see and act on them. Every method rejects with bad_request where there is none of that name or id. */
export interface People {
  /** By name. Found by name, role and whether they are locked. */
  list(query: ListQuery): Promise<ListPage<PersonCounts>>
  show(name: string): Promise<{
    readonly person: PersonCounts
    readonly signIns: readonly SignInView[]
    readonly sessions: readonly SessionView[]
  }>
  /** Locking oneself is refused. */
  setLocked(by: Actor, name: string, locked: boolean): Promise<void>
  /** Logs every browser of theirs out, ends every session and deletes every sign-in, with revocation where the service offers it. */
  signOutEverywhere(by: Actor, name: string): Promise<EverywhereCounts>
  /** One stored sign-in by its id. `revoke` is refused where the integration has no revocation URL. */
  removeSignIn(by: Actor, name: string, tokenId: string, how: Removal): Promise<void>
  /** As `removeSignIn`, for all sign-ins of a user, at an integration (section, display name or ID), or both. */
  removeSignIns(by: Actor, filter: { readonly userName?: string; readonly integration?: string }, how: Removal): Promise<Removed>
  /** Live ones of everybody, newest first. Found by name, user, kind, place and state. */
  sessions(query: ListQuery): Promise<ListPage<SessionView>>
  endSession(by: Actor, sessionId: string): Promise<void>
}

/** Which lines of the audit. */
export interface AuditQuery {
  /** About whom, or by whom; the name as the audit has it. */
  readonly userName?: string
  readonly action?: string
  /** Section, display name or ID. */
  readonly integration?: string
  /** As a page with a problem shows it, in any case. */
  readonly reference?: string
  readonly from?: Date
  /** Before it. */
  readonly until?: Date
  /** Also hand-outs and renewals of tokens. */
  readonly withUse: boolean
}

/** One line of the audit. */
export interface AuditLine {
  readonly id: number
  readonly at: Date
  readonly action: string
  readonly outcome: 'ok' | 'refused' | 'failed'
  readonly userName?: string
  readonly byName?: string
  readonly section?: string
  readonly sessionId?: string
  readonly sessionName?: string
  readonly address?: string
  readonly fingerprint?: string
  readonly count?: number
  readonly reference?: string
  readonly detail?: string
}

/** The audit, for administrators. */
export interface AuditDesk {
  /** Newest first. `next`: `before` of the following page, which may be there although this one is empty. */
  list(
    query: AuditQuery,
    before?: number,
  ): Promise<{ readonly lines: readonly AuditLine[]; readonly next?: number; readonly actions: readonly string[] }>
  /** All of them, oldest first, as they are when it is asked for; the export itself is in the audit. */
  export(by: Actor, query: AuditQuery): AsyncIterable<readonly AuditLine[]>
}
