/** What a page shows of one integration. Texts may hold `{time:ISO}` marks, to be shown as local `<time>`. */
export interface PageIntegration {
  readonly uid: string
  readonly section: string
  readonly name: string
  readonly description?: string
  /** Address of the picture for its tile, complete from the host on. */
  readonly icon?: string
  /** Sections it had before: old links to `/sign-in/<section>` lead to it. */
  readonly previousNames?: readonly string[]
  /** Code of the table of states. */
  readonly state: string
  readonly reason?: string
  readonly tone: 'ok' | 'neutral' | 'warn' | 'danger'
  readonly label: string
  readonly explanation: string
  /** What the explanation line offers beside the row's one button. */
  readonly pageAction: 'sign-in' | 'copy-for-administrator' | 'none'
  /** The complete message for *Copy message for your administrator*. */
  readonly administratorMessage?: string
  /** True when there is a stored sign-in to sign out of (the row's button is Sign out). */
  readonly signedIn: boolean
  /** The account at the service, when known. */
  readonly account?: string
  /** Host of the authorization URL: *Waiting for box.com*. */
  readonly host: string
  /** The redirect URI registered at the service must be exactly this. */
  readonly redirectUri: string
  /** Start of the newest sign-in attempt of this user that is open now (ISO). */
  readonly waitingSince?: string
}

/** `GET /api/integrations`. Order: as in the file. */
export interface PageIntegrations {
  readonly integrations: readonly PageIntegration[]
  /** How many need the user ("6 integrations, 1 needs you"). */
  readonly needYou: number
  /** Integrations that an administrator switched off: not listed, and told of at the address of their section. */
  readonly switchedOff?: readonly PageSwitchedOff[]
}

/** An integration that is switched off. */
export interface PageSwitchedOff {
  readonly name: string
  /** Its section, and those it had before. */
  readonly sections: readonly string[]
  readonly explanation: string
  readonly action: string
}

/** `GET /api/integrations/:uid`: the Info dialog. */
export interface PageIntegrationDetails extends PageIntegration {
  readonly configuration: {
    readonly clientId: string
    readonly authorizationUrl: string
    readonly tokenUrl: string
    readonly scopes: readonly string[]
    /** Only when configured. */
    readonly issuer?: string
    /** https. */
    readonly documentationUrl?: string
  }
  readonly signIn?: {
    readonly since: string
    readonly renewals: number
    readonly lastRenewedAt?: string
    readonly lastUsedAt?: string
    readonly lastUsedBy?: string
    readonly granted?: readonly string[]
    readonly notGranted: readonly string[]
    readonly hasRefreshToken: boolean
    /** What the service said of the token when Benchkey tried it; `words` when it refused it. */
    readonly checked?: { readonly at: string; readonly words?: string }
    /** A refused refresh token is kept; *Try again* sends it once. */
    readonly canTryAgain: boolean
  }
  /** Running sessions of the user that stop getting tokens after a sign-out. */
  readonly runningSessions: number
  /** Whether the service is asked to ask which account is meant, when another one is to be used. */
  readonly asksWhichAccount: boolean
  /** A revocation that the service has not confirmed yet, or gave up on. */
  readonly revocation?: { readonly state: 'waiting' | 'failed'; readonly since: string; readonly words: string }
  readonly snippets: readonly { readonly language: 'R' | 'Python' | 'Shell' | 'TypeScript'; readonly code: string }[]
}

/** `GET /api/sessions`: the home page. Newest first; ended ones of the last day behind the live ones. */
export interface PageSessions {
  readonly sessions: readonly PageSession[]
  /** What **New session** offers, in the order of `sessions.conf`; only what is on this host. */
  readonly applications: readonly PageApplication[]
  /** Why no session can be started here, in a sentence or two; absent: they can. */
  readonly cannotStart?: string
  /** It is for want of a fitting Unix account, so others can. */
  readonly lacksAccount?: true
}

/** A session of the person who looks. Texts may hold `{time:ISO}` marks, to be shown as local `<time>`. */
export interface PageSession {
  readonly id: string
  readonly name: string
  /** `VS Code`, `Terminal`, `Command`; of an application its display name. */
  readonly kind: string
  /** `code`, `notebook`, `terminal`, `r`, `positron`, `command` or `service`. */
  readonly icon: string
  readonly state: 'starting' | 'running' | 'unreachable' | 'ending' | 'ended' | 'did_not_start'
  readonly tone: 'ok' | 'neutral' | 'warn' | 'danger'
  /** `Starting`, `Running`, `Idle, ends {time:…}`, `Ended`, `Did not start`, `Unreachable` … */
  readonly label: string
  /** A sentence under the row, only when something is wrong or needs saying. */
  readonly explanation?: string
  /** ISO. */
  readonly startedAt: string
  readonly endedAt?: string
  /** Host it runs on, address it was logged in from, or the service that started it. */
  readonly where?: string
  readonly lastActiveAt?: string
  /** Names of the integrations it is limited to; absent: all. */
  readonly limitedTo?: readonly string[]
  readonly canOpen: boolean
  readonly canEnd: boolean
  readonly hasLog: boolean
}

/** What a new session may be. */
export interface PageApplication {
  readonly section: string
  readonly name: string
  readonly icon: string
  /** Integration IDs that are ticked at first; absent: all. */
  readonly limitedTo?: readonly string[]
}

/** `POST /api/sessions` → PageSession. */
export interface PageSessionStart {
  readonly application: string
  /** At most 60 characters; empty: its application's name. */
  readonly name: string
  /** Integration IDs; absent: all. */
  readonly limitedTo?: readonly string[]
}

/** `GET /api/sessions/:id/log`: the last lines its application wrote. */
export interface PageSessionLog {
  readonly lines: readonly string[]
}

/** `POST /api/sessions/:id/open` → where the ticket goes: the page submits it as a form to `url`, members `session` and `ticket`. */
export interface PageSessionTicket {
  readonly url: string
  readonly ticket: string
}

/** `GET /api/activity?day=<ISO>&day=…[&until=<ISO>]`: what happened in the name of the person who looks, on the days that begin then. */
export interface PageActivity {
  /** As asked, newest first. */
  readonly days: readonly PageActivityDay[]
  /** Live sessions that had tokens, last used first; what else there is of them stands in PageSessions. */
  readonly live: readonly PageSessionUse[]
  /** What **Sign out everywhere** ends. */
  readonly everywhere: PageEverywhere
}

/** One day. */
export interface PageActivityDay {
  readonly startsAt: string
  /** Newest first. */
  readonly lines: readonly PageActivityLine[]
  /** More happened than is told. */
  readonly isCut: boolean
}

/** One thing that happened, or the use of one integration by one session on one day. */
export interface PageActivityLine {
  /** ISO; of use: the first time. */
  readonly at: string
  /** Of use: the last time. */
  readonly until?: string
  /** Without a full stop. */
  readonly text: string
  readonly tone: 'neutral' | 'warn'
  /** "first use from 10.0.0.7". */
  readonly marks: readonly { readonly text: string; readonly tone: 'neutral' | 'warn' }[]
}

/** What a live session had. */
export interface PageSessionUse {
  readonly sessionId: string
  readonly lastUsedAt: string
  /** Names, last used first. */
  readonly integrations: readonly string[]
  readonly count: number
  /** "from 10.0.0.7", "on this server"; oldest first. */
  readonly places: readonly { readonly text: string; readonly firstAt: string }[]
}

/** How much there is to sign out of; also the answer to `POST /api/sign-out-everywhere`: how much there was. */
export interface PageEverywhere {
  /** Other browsers that are logged in. */
  readonly browsers: number
  readonly sessions: number
  readonly signIns: number
}

/** `POST /api/device`, `…/approve` and `…/deny`: the terminal that waits with a code (body: PageDeviceCode). */
export interface PageDevice {
  /** As the terminal shows it: `WDJB-MJHT`. */
  readonly code: string
  /** Where it says it runs. */
  readonly host: string
  /** Where it asked from. */
  readonly address: string
  /** This browser asks from that address, too. */
  readonly isSameAddress: boolean
  /** ISO. */
  readonly startedAt: string
  /** How long its session would last. */
  readonly lifeSeconds: number
}

/** What somebody typed as the code of a terminal: any case, with or without the dash. */
export interface PageDeviceCode {
  readonly code: string
}

/** `GET /api/me`. 401 with PageError when nobody is logged in. */
export interface PageMe {
  readonly userName: string
  readonly isAdmin: boolean
  /** Shown top left. */
  readonly serverName: string
  /** The redirect URI to register at every service (administrators see it in the empty state). */
  readonly redirectUri: string
}

/** Body of every refusal of the page API. `message` is complete and safe to show. */
export interface PageError {
  readonly error: { readonly code: string; readonly message: string; readonly retryAfterSeconds?: number }
}

/** `POST /api/login`. */
export interface PageLogin {
  readonly userName: string
  readonly password: string
}

/** `POST /api/integrations/:uid/sign-in` → `{url}`: navigate there by script. */
export interface PageSignInStart {
  readonly returnTo: 'settings' | 'sign-in-page'
  /** The service is asked to ask which account is meant. */
  readonly anotherAccount?: boolean
}

/** Answer to PageSignInStart. */
export interface PageSignInStarted {
  readonly url: string
}

/**
 * What the server puts into the page it answers, as JSON in `<script type="application/json" id="benchkey-page">`:
 * a problem at the callback. Texts may hold `{time:ISO}` marks.
 */
export interface PageProblem {
  readonly page: 'callback-problem'
  readonly title: string
  readonly explanation: string
  /** The provider's own words, plain text, at most 200 characters; shown last and quoted. */
  readonly providerText?: string
  readonly reference: string
  readonly at: string
  /** The one button: its label and a same-origin path. */
  readonly button: { readonly label: string; readonly path: string }
  /** The address of this page may be opened again, and the button does: nothing of it is used up. */
  readonly isRepeatable?: true
}

/** What the page of a terminal asks of its server, as JSON texts over one WebSocket. */
export type TerminalRequest =
  /** Typed or pasted text. */
  | { readonly type: 'input'; readonly text: string }
  | { readonly type: 'size'; readonly columns: number; readonly rows: number }
  /** Starts a shell by its ID; the one that runs is ended first. */
  | { readonly type: 'start'; readonly shell: string }
  /** So many bytes of output have been drawn since the last time. */
  | { readonly type: 'drawn'; readonly bytes: number }

/** What the server tells the page, as JSON texts; output itself comes as binary messages between them. */
export type TerminalMessage =
  /** First on each connection, and whenever a shell starts or ends. */
  | {
      readonly type: 'state'
      readonly title: string
      readonly shells: readonly TerminalShell[]
      /** The one that runs, or ran last. */
      readonly shell: string
      readonly isRunning: boolean
    }
  /** The screen is cleared; the next so many bytes were printed before, and what they ask of a terminal is answered already. */
  | { readonly type: 'replay'; readonly bytes: number }
  /** Another page took the terminal over; the connection ends. */
  | { readonly type: 'taken' }

/** A program that a terminal can run. */
export interface TerminalShell {
  readonly id: string
  /** As people know it: `bash`, `R`, `Python`. */
  readonly label: string
}
