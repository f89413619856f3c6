import type { IntegrationUid } from './integration.ts'

/** A person who may log in. */
export interface User {
  readonly id: string
  readonly name: string
  readonly isAdmin: boolean
  readonly lockedAt?: Date
  readonly createdAt: Date
}

/** Whether nobody else of all users can administer: others are no administrators, or locked. */
export function isLastAdministrator(user: User, all: readonly User[]): boolean {
  const able = all.filter(({ isAdmin, lockedAt }) => isAdmin && !lockedAt)
  return able.length === 1 && able[0]?.id === user.id
}

/** Why the last administrator stays one: a fact, without what to do about it. */
export function lastAdministratorWords(name: string): string {
  return `${name} is the last administrator who can log in; without one nobody opens the pages below Administration.`
}

/** The web login of one browser. */
export interface BrowserSession {
  readonly idHash: string
  readonly user: User
  readonly createdAt: Date
  readonly lastSeenAt: Date
}

/** A development session: a running command, IDE, notebook or terminal that may ask for its user's tokens. */
export interface DevelopmentSession {
  readonly id: string
  readonly userId: string
  readonly userName: string
  /** Shown to people. */
  readonly name: string
  /**
   * How it lives. `command`: as long as its supervisor; `environment`: without one, until `endsAt`; `launched`: an application
   * that Benchkey started; `login`: a terminal that was logged in; `service`: started by others with a service token.
   */
  readonly kind: 'command' | 'environment' | 'launched' | 'login' | 'service'
  readonly state: SessionState
  readonly startedAt: Date
  readonly endedAt?: Date
  /** Why it ended, or did not start: words for people, without a full stop at the end. */
  readonly endedWhy?: string
  /** When it ends by itself. */
  readonly endsAt?: Date
  /** The process that owns the session on this host; its end is the session's end. Of a launched one: the leader of its process group. */
  readonly supervisor?: { readonly pid: number; readonly startTime: string; readonly bootId: string }
  /** Node id of the server that opened it: the supervisor's pid counts there. */
  readonly node?: string
  /** Of a launched one: section of `sessions.conf`. */
  readonly application?: string
  /** The Unix account it runs as; absent under `single-user=1`. */
  readonly account?: string
  readonly runtimeDirectory?: string
  /** Where its application answers HTTP. */
  readonly socketPath?: string
  /** Of 127.0.0.1, where it does not answer at a socket. */
  readonly port?: number
  /** Where it says it runs, when that is not this server's host. */
  readonly host?: string
  /** Name of the service token that started it. */
  readonly service?: string
  /** Integration IDs it may have tokens of; absent: all. */
  readonly limitedTo?: readonly IntegrationUid[]
  /** Last request from a browser, or last token. */
  readonly lastActiveAt?: Date
}

/** Where a session is in its life. Whether a running one answers is looked at, not stored. */
export type SessionState = 'starting' | 'running' | 'ending' | 'ended' | 'did_not_start'

/** Who asks the broker for something, as the RPC door established it. */
export interface Caller {
  readonly userId: string
  readonly userName: string
  readonly sessionId: string
  /** For audit and pages: `command "Rscript"`. */
  readonly sessionName: string
  /** Integration IDs the session may have tokens of; absent: all. */
  readonly limitedTo?: readonly IntegrationUid[]
}

/** Whether a session may have tokens of an integration. `uid` in lower case, as all that are stored. */
export function mayUse({ limitedTo }: Pick<Caller, 'limitedTo'>, uid: IntegrationUid): boolean {
  return limitedTo === undefined || limitedTo.includes(uid)
}

/** A sign-in attempt: state and PKCE verifier, one use (RFC 6749 §4.1.1, RFC 7636). */
export interface SignInAttempt {
  readonly id: string
  readonly userId: string
  readonly browserSessionHash: string
  readonly integrationId: string
  readonly section: string
  /** Hash over client id, authorization URL, token URL and redirect URI, frozen at the start. */
  readonly frozenHash: string
  readonly frozenTokenUrl: string
  readonly redirectUri: string
  readonly codeVerifier?: string
  /** SHA-256 of the secret in the attempt's own cookie. */
  readonly cookieHash: string
  readonly scopesAsked: readonly string[]
  /** Where the browser goes afterwards; from an enumerated set. */
  readonly returnTo: 'settings' | 'sign-in-page'
  readonly startedAt: Date
}
