import { notBenchkey } from './errors.ts'
import type {
  WireIntegration,
  WireIntegrationDetails,
  WireNames,
  WireReported,
  WireSession,
  WireSignedOut,
  WireToken,
} from './wire.ts'

type Reply = Readonly<Record<string, unknown>>

/** An access token that is valid now. */
export interface AccessToken {
  readonly accessToken: string
  /** Undefined when its life is unknown. */
  readonly expiresAt: Date | undefined
  /** A sentence for people: the token works, and something about the sign-in wants attention. */
  readonly warning: string | undefined
  /** Further fields of the service's reply that the administrator lets through; undefined when there are none. */
  readonly extra: WireToken['extra']
  /** The reply as it came. */
  readonly wire: WireToken
}

/** Who a session belongs to. */
export interface Session {
  readonly user: string
  /** `name`: what was started in it, such as `bash`. */
  readonly session: { readonly id: string; readonly name: string; readonly kind: string; readonly startedAt: Date }
  /** When the cookie stops working that this call was made with; it is replaced long before. */
  readonly cookieExpiresAt: Date
  /** `url`: of Benchkey's pages. `time`: its clock when it answered. */
  readonly server: { readonly url: string; readonly version: string; readonly time: Date }
  /** The reply as it came. */
  readonly wire: WireSession
}

/** What a sign-out did. */
export interface SignedOut {
  /** False when there was no sign-in. */
  readonly signedOut: boolean
  /** Whether the service is asked to revoke the tokens; undefined when there were none. */
  readonly revocation: WireSignedOut['revocation']
}

/** What became of a report that a token does not work. */
export interface Reported {
  /** After `renewed` and `newer_token` ask for the token again; after the others that helps nobody. */
  readonly outcome: WireReported['outcome']
  readonly explanation: string
  readonly action: string
  /** Seconds until a further report makes sense. */
  readonly retryAfter: number | undefined
}

/** What the server answers when the life of a token is unknown (wire.md, *Replies*). */
const LIFE_UNKNOWN = '9999-12-31T23:59:59Z'

/** VSCHAR of RFC 6749, Appendix A.12: nothing that could break out of a header line. */
const TOKEN_CHARACTERS = /^[\x20-\x7e]+$/

/** `/oauth_integrations`. Throws `unexpected_reply`, as all of these. */
export function parseIntegrations(reply: Reply): readonly WireIntegration[] {
  const providers = reply.providers
  if (!Array.isArray(providers)) throw notBenchkey('the list of integrations is missing')
  const integrations = providers.flatMap((provider: { integrations?: unknown } | null) =>
    Array.isArray(provider?.integrations) ? (provider.integrations as unknown[]) : [],
  )
  return integrations.map((each) => {
    if (!isIntegration(each)) throw notBenchkey('an integration without ID or name')
    return each
  })
}

/** Integrations that are switched off or not for this session: their names lead to the server's own words about that. */
export function parseUnlisted({ switched_off: off, not_allowed: outside }: Reply): readonly WireNames[] {
  return [off, outside].flatMap((list) => (Array.isArray(list) ? (list as unknown[]).filter(isNamed) : []))
}

/** `/api/v1/integrations/:uid`. */
export function parseIntegration(reply: Reply): WireIntegrationDetails {
  if (!isIntegration(reply) || !isPage(reply.link)) throw notBenchkey('an integration without ID, name or link')
  return reply as unknown as WireIntegrationDetails
}

/** A browser is started with it, and it stands on a terminal. */
function isPage(value: unknown): boolean {
  return typeof value === 'string' && /^https?:\/\/[\x21-\x7e]+$/.test(value)
}

function isIntegration(value: unknown): value is WireIntegration & Reply {
  return isNamed(value)
}

function isNamed(value: unknown): value is WireNames {
  const { uid, name, display_name } = (value ?? {}) as Reply
  return typeof uid === 'string' && typeof name === 'string' && typeof display_name === 'string'
}

/** `/oauth_token`. */
export function parseToken(reply: Reply): AccessToken {
  const { access_token, expiry, warning, extra } = reply
  if (typeof access_token !== 'string' || !TOKEN_CHARACTERS.test(access_token))
    throw notBenchkey('the token is missing or damaged')
  const expiresAt = instant(expiry, 'the expiry is missing')
  return {
    accessToken: access_token,
    expiresAt: expiry === LIFE_UNKNOWN ? undefined : expiresAt,
    warning: typeof warning === 'string' ? warning : undefined,
    extra: isObject(extra) ? (extra as WireToken['extra']) : undefined,
    wire: reply as unknown as WireToken,
  }
}

/** `/api/v1/session`. */
export function parseSession(reply: Reply): Session {
  const { user, session, server, cookie_expires_at } = reply as unknown as Partial<WireSession>
  if (typeof user !== 'string' || typeof session?.id !== 'string' || typeof server?.url !== 'string') {
    throw notBenchkey('user, session or server is missing')
  }
  const { id, name, kind, started_at } = session
  const { url, version, time } = server
  const missing = 'an instant is missing'
  return {
    user,
    session: { id, name: String(name), kind: String(kind), startedAt: instant(started_at, missing) },
    cookieExpiresAt: instant(cookie_expires_at, missing),
    server: { url, version: String(version), time: instant(time, missing) },
    wire: reply as unknown as WireSession,
  }
}

/** `/api/v1/integrations/:uid/sign-out`. */
export function parseSignedOut(reply: Reply): SignedOut {
  const { signed_out, revocation } = reply as unknown as Partial<WireSignedOut>
  if (typeof signed_out !== 'boolean') throw notBenchkey('it does not say whether it signed out')
  return { signedOut: signed_out, revocation }
}

/** `/api/v1/integrations/:uid/report`. */
export function parseReported(reply: Reply): Reported {
  const { outcome, explanation, action, retry_after } = reply as unknown as Partial<WireReported>
  if (typeof outcome !== 'string') throw notBenchkey('the outcome of the report is missing')
  const retryAfter = typeof retry_after === 'number' ? retry_after : undefined
  return { outcome, explanation: String(explanation ?? ''), action: String(action ?? ''), retryAfter }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function instant(text: unknown, missing: string): Date {
  const at = new Date(typeof text === 'string' ? text : Number.NaN)
  if (Number.isNaN(at.getTime())) throw notBenchkey(missing)
  return at
}
