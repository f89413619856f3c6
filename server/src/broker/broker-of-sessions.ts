import type { Application } from '../domain/application.ts'
import type { DevelopmentSession, User } from '../domain/people.ts'

/** What new sessions may be, and whether any can be started. */
export interface SessionOffer {
  /** In the order people are offered them; only what is on this host. */
  readonly applications: readonly Application[]
  /** Why this user can start none, in one sentence. */
  readonly cannotStart?: string
  /** It is for want of a fitting Unix account: others can start some. */
  readonly lacksAccount?: true
}

/** Everything a page shows of one session. */
export interface SessionView {
  readonly session: DevelopmentSession
  /** Of a launched one, while it is configured. */
  readonly application?: Application
  /** It runs and did not answer when it was looked at last, three times in a row. */
  readonly isUnreachable: boolean
  /** When it ends if nobody uses it; only of one that nobody has used for a while. */
  readonly idleEndsAt?: Date
  /** Names of the integrations it is limited to. */
  readonly limitedToNames?: readonly string[]
  readonly hasLog: boolean
}

/** One person's sessions of every kind, and those that Benchkey starts for them. */
export interface Launches {
  offer(user: User): Promise<SessionOffer>
  /** The new session, `starting`. Rejects with bad_request in words. `limitedTo`: Integration IDs; absent: as its application says. */
  start(
    user: User,
    wanted: { readonly application: string; readonly name: string; readonly limitedTo?: readonly string[] },
    address: string,
  ): Promise<SessionView>
  /** Newest first; ended ones of the last day behind the live ones. */
  list(user: User): Promise<readonly SessionView[]>
  /** Its cookie is dead when this resolves. Rejects with bad_request when there is none of that id of this user. */
  end(user: User, sessionId: string): Promise<SessionView>
  /** The last lines its application wrote; rejects as `end` does. */
  log(user: User, sessionId: string): Promise<readonly string[]>
}
