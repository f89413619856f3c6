/*
 * What the pages for administrators ask of the server, all below `/api/admin/`. Everything here answers 403 to others. Texts may hold
 * `{time:ISO}` marks, to be shown as local `<time>`. No answer holds a secret.
 */

/** A mark and its word, as for the states of integrations: shape and colour follow the tone. */
export interface PageMark {
  readonly tone: 'ok' | 'neutral' | 'warn' | 'danger'
  readonly label: string
  /** A sentence under the row, only when something is wrong or needs saying. */
  readonly explanation?: string
}

/** `POST /api/admin/confirm-login`: the administrator's password again; acts that need a recent login are possible for five minutes. */
export interface PageConfirmLogin {
  readonly password: string
}

/**
 * Code of a refusal (status 403): the act needs a login of the last five minutes. The page asks for the password, confirms the login and
 * does the act again.
 */
export type RecentLoginNeeded = 'recent_login_needed'

// ── Dashboard ──

/** `GET /api/admin/overview`: the dashboard. */
export interface PageOverview {
  /** "Everything is working." or "2 things need you". */
  readonly verdict: { readonly isWell: boolean; readonly text: string }
  /** "2,014 users · 412 sessions · 6 integrations · 3 nodes · sign-ins lost by Benchkey: 0 (30 days)". */
  readonly figures: string
  /** What needs the administrator, the worst first; then what is worth knowing. */
  readonly findings: readonly PageAdminFinding[]
  readonly integrations: readonly PageIntegrationHealth[]
  readonly nodes: readonly PageNode[]
  /** Database, revocations, key ring, audit, journal …: one line each. */
  readonly housekeeping: readonly PageHousekeeping[]
}

/** One sentence that needs somebody, and the buttons for it. */
export interface PageAdminFinding {
  readonly tone: 'neutral' | 'warn' | 'danger'
  readonly fact: string
  readonly action: string
  readonly buttons: readonly PageFindingButton[]
}

/** `test` and `open` lead to the integration, `reload` reloads all nodes, `why` opens the section's verification, `link` leads to a page. */
export type PageFindingButton =
  | { readonly kind: 'test' | 'open' | 'why'; readonly label: string; readonly section: string }
  | { readonly kind: 'reload'; readonly label: string }
  | { readonly kind: 'link'; readonly label: string; readonly path: string }

/** How an integration is for all its users. */
export interface PageIntegrationHealth {
  readonly uid: string
  readonly section: string
  readonly name: string
  readonly mark: PageMark
  /** People with a stored sign-in. */
  readonly people: number
  /** Of them, who has to sign in again. */
  readonly peopleToSignIn: number
  /** Of them, whose sign-in ends without a refresh token. */
  readonly peopleWithoutRefresh: number
  readonly lastTokenAt?: string
}

/** A server process. */
export interface PageNode {
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly startedAt: string
  readonly heartbeatAt: string
  readonly mark: PageMark
  /** Number of the version of the configuration it runs; absent: one that is not in the history. */
  readonly configurationVersion?: number
}

/** A part of the server. */
export interface PageHousekeeping {
  readonly name: string
  readonly mark: PageMark
  /** "3 waiting, the oldest since {time:…}". */
  readonly detail: string
}

// ── People, sessions, audit ──

/** What every page of a list says. */
export interface PageOfList {
  /** Rows of the whole list, and those that match the filter. */
  readonly total: number
  readonly found: number
  /** `after` of the next page; absent: there is none. */
  readonly next?: string
}

/** `GET /api/admin/users?filter=…&after=…`: by name, 100 at once. */
export interface PageUsers extends PageOfList {
  readonly users: readonly PageUser[]
}

/** A person who may log in. */
export interface PageUser {
  readonly name: string
  readonly isAdmin: boolean
  readonly lockedAt?: string
  readonly createdAt: string
  readonly lastSeenAt?: string
  readonly signIns: number
  readonly sessions: number
  readonly browsers: number
}

/**
 * `GET /api/admin/users/:name`. Acts: `POST …/lock`, `…/unlock`, `…/sign-out-everywhere`; of one sign-in `POST …/sign-ins/:id/revoke`
 * (delete it and ask the service to revoke) and `…/purge` (delete it only).
 */
export interface PageUserDetails {
  readonly user: PageUser
  readonly signIns: readonly PageUserSignIn[]
  readonly sessions: readonly PageAdminSession[]
}

/** A stored sign-in; its tokens stay in the database. */
export interface PageUserSignIn {
  readonly id: string
  readonly section: string
  readonly name: string
  readonly account?: string
  readonly mark: PageMark
  readonly signedInAt: string
  readonly renewals: number
  readonly hasRefreshToken: boolean
  /** The service can be asked to revoke it. */
  readonly canRevoke: boolean
  readonly lastUsedAt?: string
}

/**
 * `GET /api/admin/sessions?filter=…&after=…`: live ones of everybody, newest first, 100 at once. `POST /api/admin/sessions/:id/end` ends
 * one.
 */
export interface PageAdminSessions extends PageOfList {
  readonly sessions: readonly PageAdminSession[]
}

/** A session of anybody. */
export interface PageAdminSession {
  readonly id: string
  readonly userName: string
  readonly name: string
  readonly kind: string
  readonly icon: string
  readonly mark: PageMark
  readonly startedAt: string
  readonly lastActiveAt?: string
  readonly where?: string
}

/**
 * `GET /api/admin/audit?user=…&action=…&integration=…&from=ISO&until=ISO&all=1&before=ID`: newest first, 100 at once. Without `all=1`
 * no `token.served` and `token.refreshed`. `GET /api/admin/audit/export?…` answers all of them as lines of JSON, oldest first.
 */
export interface PageAudit {
  readonly entries: readonly PageAuditEntry[]
  /** `before` of the next page; absent: there is none. */
  readonly next?: string
  /** Every action there is, for the filter. */
  readonly actions: readonly string[]
}

/** A line of the audit. */
export interface PageAuditEntry {
  readonly id: string
  readonly at: string
  readonly action: string
  readonly outcome: string
  readonly userName?: string
  /** Administrator who did it to them. */
  readonly byName?: string
  /** Section or name of an integration. */
  readonly integration?: string
  readonly session?: string
  readonly address?: string
  /** What the page with the problem showed. */
  readonly reference?: string
  readonly detail?: string
  /** How many times within a second, of hand-outs of tokens. */
  readonly count?: number
}
