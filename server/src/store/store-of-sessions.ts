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
    /** Of 127.0.0.1, where its application will answer. */
    port?: number
    /** What the proxy shows the application; kept encrypted. */
    secret?: string
    cookieHash: string
    cookieExpiresAt: Date
  }): Promise<DevelopmentSession>
  /** Live sessions; ended ones of the last day too when asked. */
  list(options?: { withEnded?: boolean }): Promise<readonly DevelopmentSession[]>
  /** A new cookie; the previous one lives until `previousUntil`. False when the session has ended or is ending. */
  rotateCookie(
    sessionId: string,
    next: {
      cookieHash: string
      expiresAt: Date
      previousUntil: Date
      /** Only if no cookie of the session lives until then: another server may have been faster. */
      unlessUntil?: Date
    },
  ): Promise<boolean>
  /**
   * Ends a session; its cookies are dead on the next request everywhere. False when it had ended or is unknown. `why`: words for
   * people, without a full stop. `didNotStart`: it was never there. `log`: kept encrypted.
   */
  end(
    sessionId: string,
    how?: { readonly why?: string; readonly didNotStart?: boolean; readonly log?: readonly string[] },
  ): Promise<boolean>
  /** One session, ended ones of the last day too. */
  find(sessionId: string): Promise<DevelopmentSession | undefined>
  /** Where the files of a session that is starting lie. False when it has ended. */
  notePlace(sessionId: string, place: { runtimeDirectory: string; socketPath?: string }): Promise<boolean>
  /** Its application has been started. False when the session has ended. */
  noteLeader(sessionId: string, leader: NonNullable<DevelopmentSession['supervisor']>): Promise<boolean>
  /** From `starting` to `running`. False when it is not starting. */
  noteRunning(sessionId: string): Promise<boolean>
  /** Its application is to be stopped: its cookies are dead at once, `end` follows. False when it is ending or has ended. */
  beginEnding(sessionId: string, why: string): Promise<boolean>
  /** Requests or tokens of these sessions; never moves an instant back. */
  noteActivity(uses: readonly { readonly sessionId: string; readonly at: Date }[]): Promise<void>
  /** Until when the newest cookie of each session with one lives. */
  newestCookies(): Promise<ReadonlyMap<string, Date>>
  /** Decrypts. Undefined when the session has none; rejects with code `unreadable` (StoreError) when it does not open. */
  readSecret(sessionId: string): Promise<string | undefined>
  /** Decrypts the log that `end` kept, as `readSecret` does. */
  readLog(sessionId: string): Promise<readonly string[] | undefined>
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
