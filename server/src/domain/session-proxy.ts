/** Where the application of a session answers HTTP. */
export type SessionTarget =
  | { readonly socketPath: string }
  /** A port of 127.0.0.1, and the account that has to listen there. */
  | { readonly port: number; readonly uid: number }

/** What an entry opens now; `none`: nothing, be it unknown, somebody else's, logged out or locked. */
export type SessionRoute =
  | {
      readonly state: 'running'
      readonly name: string
      readonly target: SessionTarget
      /** What is sent with every request, so that only the proxy is answered. */
      readonly secretHeader?: { readonly name: string; readonly value: string }
      /** `strip`: the application sees what follows `/s/<id>`; `keep`: all of it. */
      readonly basePath: 'strip' | 'keep'
    }
  | { readonly state: 'starting'; readonly name: string }
  | { readonly state: 'ended' | 'did_not_start'; readonly name: string; readonly why?: string }
  | { readonly state: 'none' }

/** PEM texts. */
export interface ProxyTls {
  readonly cert: string
  readonly key: string
}

/** All that the proxy process is told about the world. URLs without a trailing slash. */
export interface ProxySettings {
  /** Origin of the session pages; `{id}` in its host stands for the session. */
  readonly sessionsUrl: string
  /** Where the home page is, and where tickets come from. */
  readonly publicUrl: string
  readonly trustedProxies: readonly string[]
  /** Absent behind a proxy that speaks https, and under `shared-origin=1`, where the server itself passes requests on. */
  readonly tls?: ProxyTls
  /** What comes in has passed the server's own door: it is believed to have come over https, and from where it says. */
  readonly isBehindServer: boolean
}

/** What the server tells its proxy process. */
export type ToProxy =
  /** The first message, and with it comes the listening socket. */
  | { readonly kind: 'start'; readonly settings: ProxySettings }
  | { readonly kind: 'tls'; readonly tls: ProxyTls }
  | { readonly kind: 'redeemed'; readonly question: number; readonly entry?: string }
  | { readonly kind: 'routed'; readonly question: number; readonly route: SessionRoute }
  /** The database could not be asked. */
  | { readonly kind: 'unanswered'; readonly question: number }
  /** Somebody logged out or was locked, or a session changed: what is open is asked for again. */
  | { readonly kind: 'look_again' }

/** What the proxy process tells the server, which believes none of it unseen. */
export type FromProxy =
  | { readonly kind: 'ready' }
  | { readonly kind: 'redeem'; readonly question: number; readonly ticket: string; readonly sessionId: string }
  | { readonly kind: 'route'; readonly question: number; readonly entryHash: string; readonly sessionId: string }
  | { readonly kind: 'active'; readonly sessionIds: readonly string[] }
  /** It ends because of what it did not foresee: name and code of the failure and where, never its words. */
  | { readonly kind: 'failed'; readonly failure: string }

/** Where the server writes the address of a browser whose request it passes on, under `shared-origin=1`. */
export const CLIENT_ADDRESS_HEADER = 'x-benchkey-client-address'

/** Of everything Benchkey's own in a browser; no session sees or sets a cookie that begins so. */
export const COOKIE_PREFIX = '__Host-Http-benchkey-'

/** Name of the cookie that lets a browser into one session. `__Host-Http-`: no script can set or read it. */
export function entryCookieName(sessionId: string): string {
  return `${COOKIE_PREFIX}session-${sessionId}`
}

/** A session's id, as paths and cookies have it. */
export function isSessionId(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)
}

/** 256 random bits in base64url, as tickets and entries are. */
export function looksLikeEntry(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text)
}

/** The origin under which the pages of one session are. */
export function sessionOrigin(sessionsUrl: string, sessionId: string): string {
  return new URL(sessionsUrl.replace('{id}', sessionId)).origin
}
