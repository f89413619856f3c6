import type { DevelopmentSession } from '../domain/people.ts'
import type { StoredToken } from '../domain/stored-token.ts'

/** The narrow read of the token path: cookie, user state, row and generation, in one look (performance.md). */
export interface LookUp {
  readonly userId: string
  readonly userName: string
  readonly sessionId: string
  readonly sessionName: string
  /** Integration IDs the session is limited to; absent: all. */
  readonly limitedTo?: readonly string[]
  readonly token?: StoredToken
}

/** Development sessions and their RPC cookies. */
export interface SessionStore {
  create(session: {
    userName: string
    name: string
    supervisor?: DevelopmentSession['supervisor']
    /** Node id of the server that opens it. */
    node?: string
    /** For a session without a supervisor. */
    endsAt?: Date
    /** Default: `environment` with `endsAt`, else `command`. */
    kind?: DevelopmentSession['kind']
    /** Default: `running`. */
    state?: DevelopmentSession['state']
    application?: string
    account?: string
    host?: string
    service?: string
    /** Integration IDs, any case. */
    limitedTo?: readonly string[]
    cookieHash: string
    cookieExpiresAt: Date
  }): Promise<DevelopmentSession>
  /** Live sessions; ended ones of the last day too when asked. */
  list(options?: { withEnded?: boolean }): Promise<readonly DevelopmentSession[]>
  /** A new cookie; the previous one lives until `previousUntil`. False when the session has ended. */
  rotateCookie(sessionId: string, next: { cookieHash: string; expiresAt: Date; previousUntil: Date }): Promise<boolean>
  /** Ends a session; its cookies are dead on the next request everywhere. False when it had ended or is unknown. */
  end(sessionId: string): Promise<boolean>
  countLive(userId: string): Promise<number>
  /** Ids of the sessions that have a cookie which opens something now. */
  withLiveCookie(): Promise<ReadonlySet<string>>
  /** The live session behind a cookie, and how long the cookie is good; for what the token path does not ask. */
  findByCookie(cookieHash: string): Promise<{ session: DevelopmentSession; cookieExpiresAt: Date } | undefined>
  /**
   * Who shows this cookie, and their stored token at the integration, as of now: validated by `data_version`, never by time.
   * Undefined when the cookie is unknown or expired, the session ended, or the user locked. The same object is answered for
   * as long as nothing but the last use changed, so what is derived from `token` may be cached under its identity.
   */
  lookUp(cookieHash: string, integrationId: string | undefined): Promise<LookUp | undefined>
}
