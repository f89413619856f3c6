import type { CallbackProblem } from '../domain/callback-problems.ts'
import type { Icon, Integration, IntegrationUid } from '../domain/integration.ts'
import type { BrowserSession, Caller, DevelopmentSession, User } from '../domain/people.ts'
import type { ReportOutcome } from '../domain/reports.ts'
import type { SessionRoute } from '../domain/session-proxy.ts'
import type { State } from '../domain/states.ts'
import type { Extra, StoredToken } from '../domain/stored-token.ts'
import type { Activity } from './broker-of-activity.ts'
import type { Changes } from './broker-of-changes.ts'
import type { ConfigurationManager } from './broker-of-configuration.ts'
import type { DeviceLogins } from './broker-of-devices.ts'
import type { HealthReport } from './broker-of-health.ts'
import type { Actor, AuditDesk, Overview, People, SignInView } from './broker-of-oversight.ts'
import type { Presets } from './broker-of-presets.ts'
import type { ServiceCalls, Services } from './broker-of-services.ts'
import type { Launches } from './broker-of-sessions.ts'
import type { Verifications } from './broker-of-verification.ts'

/** The use cases, as the doors call them. Every method may reject with BrokerError. */
export interface Broker {
  readonly logins: Logins
  readonly signIns: SignIns
  readonly tokens: Tokens
  readonly sessionCalls: SessionCalls
  readonly sessions: Sessions
  readonly services: Services
  readonly serviceCalls: ServiceCalls
  readonly launches: Launches
  readonly activity: Activity
  readonly entries: SessionEntries
  readonly deviceLogins: DeviceLogins
  readonly administration: Administration
  readonly configuration: ConfigurationManager
  readonly presets: Presets
  readonly verification: Verifications
  readonly overview: Overview
  readonly people: People
  readonly audit: AuditDesk
  readonly changes: Changes
}

/** How an attempt to log in to Benchkey ended. */
export type LoginResult =
  | { readonly kind: 'ok'; readonly cookie: string; readonly user: User }
  | { readonly kind: 'refused' }
  /** "Too many attempts. Try again in 40 s." */
  | { readonly kind: 'too_many'; readonly retryAfterSeconds: number }

/** Who is this browser: logging in to Benchkey and out of it. */
export interface Logins {
  /** `address`: the browser's, for rate limit and audit. `previousCookie` is ended: a new id at login. */
  logIn(request: { userName: string; password: string; address: string; previousCookie?: string }): Promise<LoginResult>
  /** Undefined when the cookie opens nothing (idle 8 h, absolute 7 d, logged out, locked). */
  authenticate(cookie: string): Promise<BrowserSession | undefined>
  /**
   * The password of whoever is logged in once more, under the limits of a login: the browser session begins anew under a new cookie,
   * and what it had opened stays open. `refused` when it has ended meanwhile, too.
   */
  confirm(session: BrowserSession, request: { password: string; address: string }): Promise<LoginResult>
  logOut(session: BrowserSession): Promise<void>
  /** Database time, against which a browser session's instants are meant. */
  now(): Date
}

/** Everything a door shows of one integration for one user. */
export interface IntegrationView {
  readonly integration: Integration
  readonly state: State
  readonly token?: StoredToken
  /** The redirect URI registered for it. */
  readonly redirectUri: string
  /** Newest open sign-in attempt of the user. */
  readonly waitingSince?: Date
}

/** What the Info dialog shows beside the row. */
export interface IntegrationDetails extends IntegrationView {
  readonly runningSessions: number
  readonly revocation?: { readonly state: 'waiting' | 'failed'; readonly since: Date; readonly words: string }
}

/** Why a callback that was looked at did not become a sign-in. */
export type CallbackProblemKind = Exclude<CallbackProblem, 'too_many'>

/** How a callback ended. */
export type CallbackResult =
  | { readonly kind: 'signed_in'; readonly integration: Integration; readonly returnTo: 'settings' | 'sign-in-page' }
  | {
      readonly kind: 'problem'
      readonly problem: CallbackProblemKind
      readonly integration?: Integration
      /** ≤ 200 characters of RFC 6749's set, from the provider. */
      readonly providerText?: string
      readonly reference: string
      readonly at: Date
    }
  | { readonly kind: 'too_many'; readonly retryAfterSeconds: number }

/** What a sign-out did: nothing when there was no sign-in; else whether the service is asked to revoke the tokens. */
export type SignedOut =
  | { readonly wasSignedIn: false }
  | { readonly wasSignedIn: true; readonly revocation: 'queued' | 'not_offered' }

/** Signing in to integrations and out of them, for a browser. */
export interface SignIns {
  /** Those that are switched off too: a page says so at their address. */
  list(user: User): Promise<readonly IntegrationView[]>
  /** By uid; rejects with unknown_integration. */
  details(user: User, uid: IntegrationUid): Promise<IntegrationDetails>
  /**
   * A new attempt; for `another account` the service is asked to ask which one. `cookie` goes into `__Host-Http-benchkey-attempt-<name>`, Max-Age 600. Rejects with `too_many` as
   * BrokerError('bad_request') with retryAfterSeconds when rate-limited.
   */
  start(
    session: BrowserSession,
    uid: IntegrationUid,
    returnTo: 'settings' | 'sign-in-page',
    address: string,
    which?: 'another account',
  ): Promise<{
    readonly url: string
    readonly cookie: { readonly name: string; readonly value: string; readonly maxAgeSeconds: number }
  }>
  /**
   * The callback. `parameters` keeps order and doubles. `section`: of a per-integration redirect URI's path.
   * `attemptCookie` answers the value of the cookie of that name, if the browser sent it.
   */
  finish(request: {
    session: BrowserSession | undefined
    section: string | undefined
    parameters: readonly (readonly [name: string, value: string])[]
    attemptCookie: (name: string) => string | undefined
    address: string
  }): Promise<CallbackResult>
  /** `session`: the one it was asked in, for the audit; undefined from a page. */
  signOut(
    user: Pick<User, 'id' | 'name'>,
    uid: IntegrationUid,
    address: string,
    session?: Pick<Caller, 'sessionId' | 'sessionName'>,
  ): Promise<SignedOut>
  /** The picture for an integration's tile, if it has one; throws for an integration that is not listed. */
  icon(uid: IntegrationUid): Icon | undefined
  /** Sends a parked refresh token once more. */
  tryAgain(user: User, uid: IntegrationUid): Promise<void>
}

/** The session RPC: tokens for the caller behind an RPC cookie. */
export interface Tokens {
  /**
   * The fast path: `/oauth_token`'s reply body, JSON in ASCII, for the caller behind the RPC cookie. Rejects with session_ended when the
   * cookie opens nothing, otherwise with the codes of the table of states. `minTtlMs` undefined = the default.
   * `address` is the caller's, for audit.
   */
  fetch(request: { cookie: string; uid: string; minTtlMs: number | undefined; address: string }): Promise<string>
  /** The caller behind an RPC cookie; rejects with session_ended. */
  authenticate(cookie: string, address: string): Promise<Caller>
  /** For `/oauth_integrations`, those that are switched off too; of a limited session only those it may use. */
  list(caller: Caller): Promise<readonly IntegrationView[]>
  /** Those that the session may not use. */
  outside(caller: Caller): readonly Integration[]
}

/** What a session is told about itself. */
export interface SessionFacts {
  readonly session: DevelopmentSession
  readonly cookieExpiresAt: Date
  /** Database time, against which every instant here is meant. */
  readonly now: Date
}

/** How the last sign-in that a person began and did not finish ended. */
export interface LastProblem {
  readonly problem: CallbackProblemKind
  readonly at: Date
  /** Of the page that told it, and of its line in the audit. */
  readonly reference: string
}

/** One integration for the caller, with what somebody who waits for a sign-in wants to know. */
export interface WaitedForView extends IntegrationView {
  /** Of the last quarter of an hour, and only when nothing better has happened since. */
  readonly lastProblem?: LastProblem
}

/** A call of a session: its cookie, the integration it names, and where it comes from. */
export interface SessionCall {
  readonly cookie: string
  readonly uid: string
  readonly address: string
}

/** What became of a report that a token does not work, in words: the fact, then the act. */
export interface Reported {
  readonly outcome: ReportOutcome | 'not_renewed'
  readonly explanation: string
  readonly action: string
  /** Seconds until a further report makes sense. */
  readonly retryAfterSeconds?: number
}

/** What a session may do beside asking for tokens. Every method rejects with session_ended when the cookie opens nothing. */
export interface SessionCalls {
  describe(request: Omit<SessionCall, 'uid'>): Promise<SessionFacts>
  /** What the session may ask for, in file order, and what it may not. */
  integrations(request: Omit<SessionCall, 'uid'>): Promise<{
    readonly views: readonly WaitedForView[]
    readonly outside: readonly Integration[]
  }>
  integration(request: SessionCall): Promise<WaitedForView>
  signOut(request: SessionCall): Promise<SignedOut>
  /** Ends the caller's own session; rejects with bad_request unless it is a terminal that was logged in. */
  end(request: Omit<SessionCall, 'uid'>): Promise<void>
  /** The token of this fingerprint (first 16 hex digits of its SHA-256) does not work. Rejects with the state when none is to be had. */
  report(request: SessionCall & { readonly fingerprint: string }): Promise<Reported>
  /**
   * The token that `tokens.fetch` answers, for an integration named by ID, section, a section it had before, or display name in any
   * case. Rejects as that does.
   */
  exchange(request: Omit<SessionCall, 'uid'> & { readonly audience: string }): Promise<ExchangedToken>
}

/** An access token as an OAuth client is given it (RFC 8693 §2.2.1). */
export interface ExchangedToken {
  readonly accessToken: string
  /** Undefined when its life is unknown. */
  readonly expiresInSeconds: number | undefined
  /** A sentence: the token works, and something about the sign-in wants attention. */
  readonly warning?: string
  readonly extra?: Extra
}

/** What `session run` needs to start a command. */
export interface OpenedSession {
  readonly session: DevelopmentSession
  /** `user-id=…|<date>|<random>`: the RPC cookie's first value. */
  readonly cookie: string
  /** Session environment of wire.md without the runtime directory and the bundle, which the session's own account makes. */
  readonly environment: Readonly<Record<string, string>>
  /** PEM of the private CA, when the server has one. */
  readonly caCertificate?: string
  /** The Unix account to run as; undefined = the server's own (`single-user=1`). */
  readonly account?: string
}

/** Development sessions: opening, rotating cookies, ending. */
export interface Sessions {
  /**
   * `supervisor`: the process whose end is the session's end; undefined: there is none, the session ends after 12 h and its
   * cookie with it.
   */
  open(request: {
    userName: string | undefined
    name: string
    supervisor: DevelopmentSession['supervisor'] | undefined
  }): Promise<OpenedSession>
  /** A new cookie value for the session's file; rejects with session_ended. */
  rotate(sessionId: string): Promise<string>
  list(): Promise<readonly DevelopmentSession[]>
  /** False when it had ended or is unknown. `by`: in words; `byName`: the administrator who did it to somebody else. */
  end(sessionId: string, by: string, byName?: string): Promise<boolean>
}

/** The ways of browsers into the pages of launched sessions. */
export interface SessionEntries {
  /** For a session of the browser's own user that starts or runs: where the ticket is to be sent as a form, once, within 30 s. */
  ticket(browserSession: BrowserSession, sessionId: string): Promise<{ readonly ticket: string; readonly url: string }>
  /** Uses the ticket up. The secret of the entry, which ends with the web login; undefined when the ticket opens nothing. */
  redeem(ticket: string, sessionId: string): Promise<{ readonly entry: string } | undefined>
  /** What an entry (its SHA-256) opens as of now. */
  route(entryHash: string, sessionId: string): Promise<SessionRoute>
  /** Somebody used these sessions in the last minute. */
  touch(sessionIds: readonly string[]): Promise<void>
  /** What entries open may have changed: logged out, locked, ended. Returns the function that ends it. */
  onChange(listener: () => void): () => void
}

/** One finding of a reload, as `config check` prints it. */
export interface ReloadFinding {
  readonly severity: 'error' | 'warning'
  /** `file:line: [section] option: …` */
  readonly text: string
}

/** Everything about one user that an administrator may know. */
export interface UserDetails {
  readonly user: User
  /** Web logins that are good now. */
  readonly browserSessions: number
  readonly sessions: readonly DevelopmentSession[]
  readonly signIns: readonly SignInView[]
}

/** `last administrator`: nothing was done, because nobody would be left who can administer. */
export type AccountChange = 'done' | 'last administrator'

/** What administrators do over the admin socket. */
export interface Administration {
  addUser(user: { name: string; password: string; isAdmin: boolean }): Promise<User>
  listUsers(): Promise<readonly User[]>
  /** One user with sessions and stored sign-ins. */
  showUser(name: string): Promise<UserDetails>
  /** Stored sign-ins, never a value: of all users or one, at all integrations or one (section, display name or ID). */
  listSignIns(filter: { readonly userName?: string; readonly integration?: string }): Promise<readonly SignInView[]>
  /** `by`: at a page; absent: at the command line. `evenIfLast`: also when nobody is left who can administer. */
  setLocked(name: string, locked: boolean, how?: { readonly by?: Actor; readonly evenIfLast?: boolean }): Promise<AccountChange>
  /** What browsers of theirs that are logged in may do changes with it, at once. */
  setRole(name: string, role: Pick<User, 'isAdmin'>, how?: { readonly evenIfLast?: boolean }): Promise<AccountChange>
  removeUser(name: string, how?: { readonly evenIfLast?: boolean }): Promise<AccountChange>
  /** `by`: an administrator who asked on a page. */
  reload(by?: Actor): Promise<{ readonly applied: boolean; readonly findings: readonly ReloadFinding[] }>
  /** Rejects when the database cannot be read and written. */
  ready(): Promise<void>
  health(): Promise<HealthReport>
}
