/** Name of the admin socket inside the data directory; mode 0600, so only the server's own account and root reach it. */
export const ADMIN_SOCKET_NAME = 'admin.sock'

/** Longest path of a Unix socket in bytes (sun_path of unix(7), without its closing zero). */
export const SOCKET_PATH_LIMIT_BYTES = 107

/** Body of every refusal of the admin socket (status 4xx or 5xx). `message` is complete and safe to print. */
export interface AdminError {
  readonly error: {
    /** A BrokerErrorCode, or `not_found` for an unknown path or method. */
    readonly code: string
    readonly message: string
  }
}

/** A local account. Instants are ISO 8601, UTC. */
export interface AdminUser {
  readonly id: string
  readonly name: string
  readonly isAdmin: boolean
  readonly lockedAt?: string
  readonly createdAt: string
}

/** `POST /users` → `{user: AdminUser}`. */
export interface AdminAddUser {
  readonly name: string
  readonly password: string
  readonly isAdmin: boolean
}

/** Answer to AdminAddUser. */
export interface AdminUserAdded {
  readonly user: AdminUser
  /** Why they can start no sessions, where it is for want of a fitting Unix account. */
  readonly cannotStart?: string
}

/** Code of the refusal (409) to lock, demote or remove the last administrator who is not locked. */
export const LAST_ADMINISTRATOR = 'last_administrator'

/** Body of `POST /users/:name/role`, and without `isAdmin` of `POST …/lock` and `DELETE /users/:name`. */
export interface AdminSetRole {
  readonly isAdmin: boolean
  /** Also when nobody is left who can administer. */
  readonly evenIfLast?: boolean
}

/** `GET /users`. `POST /users/:name/lock`, `…/unlock`, `…/role` and `DELETE /users/:name` answer `{}`. */
export interface AdminUsers {
  readonly users: readonly AdminUser[]
}

/** One stored sign-in; its tokens stay in the database. Instants are ISO 8601, UTC. */
export interface AdminStoredToken {
  readonly id: string
  readonly userName: string
  /** Integration ID. */
  readonly integration: string
  readonly section: string
  /** Display name; absent while the integration is not configured. */
  readonly name?: string
  /** A code of the table of states, or `not_configured`. */
  readonly state: string
  readonly label: string
  /** What is wrong and what to do, in the words its user reads; absent when all is well. */
  readonly explanation?: string
  readonly action?: string
  /** The account at the service, when it told. */
  readonly account?: string
  readonly hasRefreshToken: boolean
  readonly signedInAt: string
  /** When the access token ends; absent when the service did not tell. */
  readonly expiresAt?: string
  readonly refreshTokenExpiresAt?: string
  readonly renewals: number
  readonly lastRenewedAt?: string
  readonly lastUsedAt?: string
  /** Name of the session. */
  readonly lastUsedBy?: string
  /** Answers to its renewals that were not understood and are kept for a better configuration; absent when there are none. */
  readonly unreadReplies?: number
}

/** `GET /stored-tokens?user=NAME&integration=NAME`, both optional. */
export interface AdminStoredTokens {
  readonly storedTokens: readonly AdminStoredToken[]
}

/** `POST /stored-tokens/revoke` and `…/purge` with `{user?, integration?}`, one of them at least → AdminRemoved. */
export interface AdminRemoved {
  readonly removed: number
  /** Names of integrations without a revocation URL, whose sign-ins were kept. */
  readonly cannotRevoke: readonly string[]
}

/** `GET /users/:name`. */
export interface AdminUserDetails {
  readonly user: AdminUser
  /** Web logins that are good now. */
  readonly browserSessions: number
  readonly sessions: readonly AdminSession[]
  readonly storedTokens: readonly AdminStoredToken[]
}

/** A development session. Instants are ISO 8601, UTC. */
export interface AdminSession {
  readonly id: string
  readonly userId: string
  readonly userName: string
  readonly name: string
  /** `command`, `environment`, `launched`, `login` or `service`. */
  readonly kind: string
  /** `starting`, `running` or `ending`; of one that is over `ended` or `did_not_start`. */
  readonly state: string
  /** What was launched: a section of `sessions.conf`. */
  readonly application?: string
  /** Where it says it runs, when that is not the server's host. */
  readonly host?: string
  /** The service that started it. */
  readonly service?: string
  readonly startedAt: string
  readonly endedAt?: string
  /** When it ends by itself; absent: with its process. */
  readonly endsAt?: string
}

/** `GET /sessions`. */
export interface AdminSessions {
  readonly sessions: readonly AdminSession[]
}

/** `POST /sessions` → AdminSessionOpened. Without `userName`: the only account of a `single-user=1` server. */
export interface AdminOpenSession {
  readonly userName?: string
  /** Shown to people: the command's first word. */
  readonly name: string
  /** The process whose end is the session's end. `startTime`: field 22 of /proc/PID/stat; `bootId`: /proc/sys/kernel/random/boot_id. */
  readonly supervisor: { readonly pid: number; readonly startTime: string; readonly bootId: string }
}

/** `POST /sessions` → AdminSessionOpened, of a session without a process: it ends after 12 h. */
export interface AdminOpenEnvironment {
  readonly userName: string
  readonly name: string
  readonly unsupervised: true
}

/** What `session run` needs to start a command. */
export interface AdminSessionOpened {
  readonly session: AdminSession
  /** The RPC cookie's value, for the file `rpc_cookie` of the runtime directory. */
  readonly cookie: string
  /** Session environment without the runtime directory and the bundle, which the session's own account makes. */
  readonly environment: Readonly<Record<string, string>>
  /** PEM of the private CA, when the server has one. */
  readonly caCertificate?: string
  /** The Unix account to run as; absent = the server's own. */
  readonly account?: string
}

/** `POST /sessions/:id/rotate`: the next value of the RPC cookie; 404 `session_ended` when the session is over or unsupervised. */
export interface AdminCookieRotated {
  readonly cookie: string
}

/** `POST /sessions/:id/end`: false when it had ended or is unknown. */
export interface AdminSessionEnded {
  readonly ended: boolean
}

/** `GET /status`. */
export interface AdminStatus {
  readonly publicUrl: string
  /** To register at every service. */
  readonly redirectUri: string
  readonly version: string
}

/** What there is, in numbers. */
export interface HealthFacts {
  readonly users: number
  readonly lockedUsers: number
  readonly sessions: number
  readonly integrations: number
  readonly signIns: number
  /** Waiting for their users to sign in again. */
  readonly signInsEnded: number
  /** In the last 30 days: renewals that were cut off, and stored sign-ins that were damaged. */
  readonly signInsLost: number
  readonly revocationsWaiting: number
}

/** `GET /health`. Instants are ISO 8601, UTC. */
export interface AdminHealth {
  /** No finding is a problem. */
  readonly isWell: boolean
  readonly version: string
  readonly findings: readonly {
    /** `problem`: the server is not well. `remark`: worth knowing, and nothing of the server's own. */
    readonly level: 'problem' | 'remark'
    readonly about: string
    readonly fact: string
    readonly action: string
  }[]
  /** What there is, in numbers; absent while the database cannot be read. */
  readonly facts?: HealthFacts
  readonly nodes: readonly {
    readonly host: string
    readonly pid: number
    readonly version: string
    readonly startedAt: string
    readonly heartbeatAt: string
    readonly isLive: boolean
    /** First digits of the hash of its configuration. */
    readonly configuration: string
    /** Its number in the history of `oauth-clients.conf`. */
    readonly configurationVersion?: number
  }[]
}
