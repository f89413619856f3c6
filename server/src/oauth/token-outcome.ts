import type { UnreadReply } from '../domain/unread-reply.ts'
import type { NormalisedReply } from './normalise.ts'
import type { TokenOutcome } from './outcome.ts'
import { providerErrorCode, providerText } from './provider-text.ts'
import { NotSent, PerhapsSent, type TransportReply } from './transport.ts'

/** A longer Retry-After is taken as an hour (refresh.md, *A refresh fails in exactly three ways*). */
const LONGEST_RETRY_AFTER_SECONDS = 3600

/** What a failure of the token endpoint is judged by. */
export interface Judgement {
  /** Names of dead refresh tokens besides RFC 6749's (`dead-refresh-errors`); none for a code. */
  readonly deadErrors: readonly string[]
  /** Values sent in confidence; none may come back in a text. */
  readonly secrets: readonly string[]
  readonly now: Date
}

/** RFC 6749 §5.2, and GitHub's word for it. */
const DEAD_GRANT = new Set(['invalid_grant', 'bad_refresh_token'])
/** RFC 6749 §5.2, and the words for it of GitHub, Salesforce and Slack, Slack, Zoho. */
const REFUSED_CLIENT = new Set([
  'invalid_client',
  'unauthorized_client',
  'incorrect_client_credentials',
  'invalid_client_id',
  'bad_client_secret',
  'invalid_client_secret',
])
/** RFC 6749 §4.1.2.1 and RFC 8628 §3.5, sent by token endpoints too under 400. */
const COME_BACK_LATER = new Set(['temporarily_unavailable', 'slow_down'])

/** The outcome of a token request that ended without a reply. Errors of our own making are thrown on. */
export function outcomeOfFailure(error: unknown): TokenOutcome {
  if (error instanceof NotSent) return { kind: 'not_sent', cause: error.reason, words: error.words }
  if (error instanceof PerhapsSent) return { kind: 'uncertain', words: error.words }
  throw error
}

/** The outcome of a reply that gives no tokens (refresh.md, *Uncertain outcomes* and the three ways). */
export function outcomeOfReply(
  reply: TransportReply,
  normalised: Exclude<NormalisedReply, { kind: 'tokens' }>,
  judgement: Judgement,
): TokenOutcome {
  const { status } = reply
  const answered = `answered ${status}`
  if (status === 429 || status === 503) return { kind: 'unspent', words: answered, ...retryAfter(reply, judgement.now) }
  if (status >= 500 || status === 408 || status < 200) return { kind: 'uncertain', words: answered }
  if (status >= 300 && status <= 399) return { kind: 'uncertain', words: `${answered}, a redirect, which is not followed` }
  if (normalised.kind === 'unreadable') {
    const { words, refreshToken } = normalised
    return { kind: 'uncertain', words, ...(isNew(refreshToken, judgement) ? { refreshToken } : unreadOf(reply)) }
  }
  return outcomeOfError(reply, normalised, judgement)
}

/** The reply as it is kept; nothing where it holds nothing. */
function unreadOf({ status, headers, body, brokenOff }: TransportReply): { unread?: UnreadReply } {
  if (body.length === 0) return {}
  const contentType = headers['content-type'] ?? ''
  const bytes = Buffer.from(body).toString('base64')
  return { unread: { status, contentType, body: bytes, ...(brokenOff === undefined ? {} : { brokenOff }) } }
}

/** A server that repeats what it was sent has given nothing. */
function isNew(refreshToken: string | undefined, { secrets }: Judgement): refreshToken is string {
  return refreshToken !== undefined && !secrets.includes(refreshToken)
}

function outcomeOfError(
  reply: TransportReply,
  normalised: Extract<NormalisedReply, { kind: 'error' }>,
  judgement: Judgement,
): TokenOutcome {
  const { error, description, refreshToken } = normalised
  // What the reply gives is as confidential as what it was asked with.
  const secrets = refreshToken === undefined ? judgement.secrets : [...judgement.secrets, refreshToken]
  const code = providerErrorCode(error, secrets)
  const words = code === '' ? `answered ${reply.status}` : `answered ${code}`
  if (isNew(refreshToken, judgement)) return { kind: 'uncertain', words, refreshToken }
  if (COME_BACK_LATER.has(error)) return { kind: 'unspent', words: `answered ${error}`, ...retryAfter(reply, judgement.now) }
  if (error === 'server_error') return { kind: 'uncertain', words: 'answered server_error' }
  const text = providerText(description, secrets)
  const facts = {
    error: code === '' ? `http_${reply.status}` : code,
    words,
    ...(text === '' ? {} : { providerText: text }),
  }
  if (DEAD_GRANT.has(error) || judgement.deadErrors.includes(error)) return { kind: 'grant_refused', ...facts }
  if (refusesClient(error, reply.status)) return { kind: 'client_refused', ...facts }
  return { kind: 'refused', ...facts }
}

/** Whether an error reply refuses the client rather than what it asked for. RFC 6749 §5.2. */
export function refusesClient(error: string, status: number): boolean {
  return REFUSED_CLIENT.has(error) || status === 401 || status === 403
}

/** Retry-After in seconds or as a date, capped at an hour; nothing when it is neither. RFC 9110 §10.2.3. */
export function retryAfter(reply: TransportReply, now: Date): { retryAfterSeconds?: number } {
  const value = reply.headers['retry-after']?.trim() ?? ''
  const seconds = /^\d+$/.test(value)
    ? Math.min(Number(value), LONGEST_RETRY_AFTER_SECONDS)
    : Math.ceil((dateOf(value) - now.getTime()) / 1000)
  if (!Number.isFinite(seconds)) return {}
  return { retryAfterSeconds: Math.min(Math.max(1, seconds), LONGEST_RETRY_AFTER_SECONDS) }
}

/** Only an HTTP-date starts with a day's name; Date.parse alone would read "-5" as a year. */
function dateOf(value: string): number {
  return /^[A-Z][a-z]{2,8},? /.test(value) ? Date.parse(value) : Number.NaN
}
