import { hash } from 'node:crypto'
import type { Effects } from '../domain/effects.ts'
import type { Integration } from '../domain/integration.ts'
import { authorizationRequestUrl } from './authorization-request.ts'
import { pageText, pageTitle, withoutTheVolatile } from './page-text.ts'
import { providerText } from './provider-text.ts'
import { NotSent, PerhapsSent, type Transport, type TransportReply } from './transport.ts'

/** What an authorization URL says before anybody has logged in there. */
export type AuthorizationReading =
  | 'answers'
  | 'redirect_uri'
  | 'client'
  | 'scope'
  | 'not_allowed'
  | 'pkce'
  /** Another error that was sent back to the redirect URI. */
  | 'error'
  /** Refused on a page that does not say why, or names several causes. */
  | 'refused'
  | 'not_there'
  /** 401, 403, 429: perhaps only to programs. */
  | 'closed'
  | 'failing'
  | 'silent'

/** An answer of the authorization URL, read. */
export interface AuthorizationReply {
  readonly reading: AuthorizationReading
  /** "answered 400". */
  readonly words: string
  /** The service's own words, cleaned. */
  readonly text?: string
  /** Equal for two answers of one kind. */
  readonly likeness: string
}

/** What was learned; `redirectUri` by asking again with one that is certainly not registered. */
export interface AuthorizationProof {
  readonly reply: AuthorizationReply
  readonly redirectUri: 'accepted' | 'refused' | 'untold'
}

/** A name that never leads anywhere: RFC 2606 §2. */
const WRONG_REDIRECT_URI = 'https://not-registered.example/oauth_redirect_callback'
const STATE_BYTES = 32

const REDIRECT_URI = /redirect[ _-]?ur[il]|redirection ur[il]|callback ur[il]|reply ur[il]|return ur[il]|AADSTS50011/i
const IS_WRONG = /mismatch|invalid|match|regist|not allowed|unauthori[sz]ed|not authori[sz]ed|whitelist|not valid|error|AADSTS/i
const CLIENT =
  /invalid_client|(?:unknown|invalid|unregistered|unrecogni[sz]ed|no such) (?:oauth )?(?:client|app)|client(?:[ _]?id)?\b.{0,30}(?:not found|not exist|not registered|not recogni|unknown|invalid|not authorized)|AADSTS700016/i
const SCOPE =
  /invalid_scope|(?:unknown|invalid|unsupported) scope|scope\b.{0,40}(?:invalid|unknown|not allowed|not supported|not valid)/i
const PKCE = /code[_ ]challenge|pkce/i
/** People are asked for something there, which is what an authorization request is for. */
const ASKS_A_PERSON = new Set([
  'access_denied',
  'login_required',
  'consent_required',
  'interaction_required',
  'account_selection_required',
])
/** Parameters in which services tell their own error pages what is wrong. */
const ERROR_PARAMETERS = ['error', 'error_description', 'error_code', 'errorCode', 'authError', 'message']

interface ProbeParts {
  readonly transport: Transport
  readonly effects: Pick<Effects, 'randomBytes'>
  readonly integration: Integration
  readonly redirectUri: string
}

/**
 * Opens the authorization URL as a browser without any log-in does, following nothing; once more with a redirect URI that is
 * certainly not registered, where the first answer leaves it open whether the service looks at that now.
 */
export async function probeAuthorization(parts: ProbeParts): Promise<AuthorizationProof> {
  const reply = await open(parts, parts.redirectUri)
  if (reply.reading === 'redirect_uri') return { reply, redirectUri: 'refused' }
  if (reply.reading !== 'answers') return { reply, redirectUri: 'untold' }
  const other = await open(parts, WRONG_REDIRECT_URI)
  const refusesTheOther = other.reading === 'redirect_uri' || other.reading === 'refused'
  return { reply, redirectUri: refusesTheOther ? 'accepted' : 'untold' }
}

async function open(
  { transport, effects, integration, redirectUri: right }: ProbeParts,
  redirectUri: string,
): Promise<AuthorizationReply> {
  const state = Buffer.from(effects.randomBytes(STATE_BYTES)).toString('base64url')
  const challenge = hash('sha256', Buffer.from(effects.randomBytes(STATE_BYTES)).toString('base64url'), 'base64url')
  const codeChallenge = integration.pkce === 'S256' ? { codeChallenge: challenge } : {}
  const url = authorizationRequestUrl(integration, { redirectUri, state, ...codeChallenge })
  const headers = { accept: 'text/html,application/xhtml+xml', 'accept-language': 'en' }
  try {
    const reply = await transport({ method: 'GET', url, integration, headers, body: '', mayLeave: () => true })
    return read(reply, { url, redirectUri: right, secrets: [state, challenge] })
  } catch (error) {
    if (error instanceof NotSent || error instanceof PerhapsSent) return { reading: 'silent', words: error.words, likeness: '' }
    throw error
  }
}

interface Asked {
  readonly url: string
  readonly redirectUri: string
  readonly secrets: readonly string[]
}

/** What one answer says. */
function read(reply: TransportReply, asked: Asked): AuthorizationReply {
  const { status } = reply
  const words = `answered ${status}`
  const markup = Buffer.from(reply.body).toString('utf8')
  const likeness = withoutTheVolatile(`${status} ${pageTitle(markup)}`)
  const base = { words, likeness }
  if (status >= 300 && status <= 399) return { ...base, ...readRedirect(reply.headers.location, words, asked) }
  if (status === 404 || status === 405 || status === 410) return { ...base, reading: 'not_there' }
  if (status === 401 || status === 403 || status === 429) return readPage(markup, asked, base, 'closed')
  if (status >= 500) return { ...base, reading: 'failing' }
  return readPage(markup, asked, base, status >= 400 ? 'refused' : 'answers')
}

type Base = Pick<AuthorizationReply, 'words' | 'likeness'>

/** `otherwise`: what a page without telling words means under its status. */
function readPage(markup: string, { secrets }: Asked, base: Base, otherwise: AuthorizationReading): AuthorizationReply {
  const visible = pageText(markup)
  // Entra tells its page in a script what is wrong, and answers 200.
  const told = /AADSTS\d{4,8}[^"<\\]{0,200}/.exec(markup)?.[0] ?? visible
  const reading = causeIn(told, otherwise === 'answers')
  if (reading === undefined) {
    const text = otherwise === 'answers' ? '' : providerText(told.slice(0, LONGEST_EXCERPT), secrets)
    return { ...base, reading: otherwise, ...(text === '' ? {} : { text }) }
  }
  return { ...base, reading: reading.cause, text: providerText(excerpt(told, reading.at), secrets) }
}

const LONGEST_EXCERPT = 180

function excerpt(text: string, at: number): string {
  return text.slice(Math.max(0, at - 60), at + LONGEST_EXCERPT - 60)
}

/** `isPage`: nothing says yet that it is an error, so a mere mention is none. */
function causeIn(text: string, isPage: boolean): { readonly cause: AuthorizationReading; readonly at: number } | undefined {
  const found = [
    ...(REDIRECT_URI.test(text) && (!isPage || IS_WRONG.test(text))
      ? [{ cause: 'redirect_uri' as const, pattern: REDIRECT_URI }]
      : []),
    ...(CLIENT.test(text) ? [{ cause: 'client' as const, pattern: CLIENT }] : []),
    ...(SCOPE.test(text) ? [{ cause: 'scope' as const, pattern: SCOPE }] : []),
    ...(!isPage && PKCE.test(text) ? [{ cause: 'pkce' as const, pattern: PKCE }] : []),
  ]
  const [first, second] = found
  if (!first) return undefined
  // Several causes fit, and a page that names them all tells none.
  return { cause: second ? 'refused' : first.cause, at: text.search(first.pattern) }
}

function readRedirect(location: string | undefined, words: string, asked: Asked): AuthorizationReply {
  const target = location !== undefined && URL.canParse(location, asked.url) ? new URL(location, asked.url) : undefined
  if (!target) return { reading: 'failing', words: `${words}, a redirect that points nowhere`, likeness: 'nowhere' }
  const likeness = withoutTheVolatile(`${target.origin}${target.pathname}`)
  const told = ERROR_PARAMETERS.flatMap((name) => target.searchParams.getAll(name))
  if (told.length === 0) return { reading: 'answers', words, likeness }
  if (`${target.origin}${target.pathname}` === asked.redirectUri) return { likeness, ...sentBack(target, asked) }
  // Google puts what is wrong into its error page's address in base64.
  const decoded = told.map((value) =>
    Buffer.from(value, 'base64')
      .toString('latin1')
      .replace(/[^ -~]+/g, ' '),
  )
  const text = [...told, ...decoded].join(' ')
  const reading = causeIn(text, false)
  return {
    reading: reading?.cause ?? 'refused',
    words: `${words} and sent on to a page that tells an error`,
    text: providerText(reading ? excerpt(text, reading.at) : told.join(' '), asked.secrets),
    likeness,
  }
}

/** RFC 6749 §4.1.2.1: whatever is sent back to the redirect URI has accepted that. */
function sentBack(target: URL, { secrets }: Asked): Omit<AuthorizationReply, 'likeness'> {
  const error = target.searchParams.get('error') ?? ''
  const description = target.searchParams.get('error_description') ?? ''
  const words = `sent back the error ${providerText(error, secrets)}`
  const text = providerText(description, secrets)
  const said = { words, ...(text === '' ? {} : { text }) }
  if (ASKS_A_PERSON.has(error)) return { reading: 'answers', ...said }
  if (error === 'server_error' || error === 'temporarily_unavailable') return { reading: 'failing', ...said }
  if (error === 'invalid_scope') return { reading: 'scope', ...said }
  if (error === 'unauthorized_client' || error === 'unsupported_response_type') return { reading: 'not_allowed', ...said }
  return { reading: PKCE.test(description) ? 'pkce' : 'error', ...said }
}
