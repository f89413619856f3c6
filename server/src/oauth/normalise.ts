import type { JsonPointer, KeptField, ReplyPaths } from '../domain/integration.ts'
import { plainAccount } from './account-name.ts'
import { literalInFragment, soleLiteral, textInForm, valueAt } from './json-pointer.ts'
import { type KeptFields, keptFields } from './kept-fields.ts'
import type { Leniency } from './leniency.ts'
import { countOf, instantOf, mayBeRefreshToken, scopesOf, tokenTypeOf } from './reply-members.ts'
import type { TransportReply } from './transport.ts'

/** Members of a success reply in RFC 6749's words, checked; whatever else the reply held is gone. */
export interface TokenMembers {
  readonly access_token: string
  readonly token_type: string
  readonly refresh_token?: string
  readonly id_token?: string
  readonly expires_in?: number
  /** Told instead of a life (`expires-at-path`). */
  readonly expires_at?: Date
  readonly refresh_token_expires_in?: number
  readonly scopes?: readonly string[]
  /** Of the allow-list. */
  readonly kept?: KeptFields
  /** At `account-path`. */
  readonly account?: string
}

/** A reply of a token endpoint, read as what it means. */
export type NormalisedReply =
  | { readonly kind: 'tokens'; readonly members: TokenMembers; readonly leniencies: readonly Leniency[] }
  /** `error` and `description` as the server wrote them: unfiltered. `error` is empty when the reply names none. */
  | {
      readonly kind: 'error'
      readonly status: number
      readonly error: string
      readonly description: string
      /** A 2xx may carry one beside its error. */
      readonly refreshToken?: string
      readonly leniencies: readonly Leniency[]
    }
  /** Nothing that can be used, but perhaps the only copy of a live refresh token. */
  | { readonly kind: 'unreadable'; readonly words: string; readonly refreshToken?: string }

/** How the replies of one service differ from RFC 6749's, for one kind of request. */
export interface ReplyShape {
  readonly paths: ReplyPaths
  /** Units of its lives that make a second. */
  readonly perSecond: number
  /** A refresh may be answered flat where the exchange is nested: Slack. */
  readonly mayBeFlat: boolean
  /** The allow-list of what is kept beside the tokens. */
  readonly keep: readonly KeptField[]
  /** Where it names the account (`account-path`). */
  readonly account?: JsonPointer
}

const USUAL: ReplyShape = { paths: {}, perSecond: 1, mayBeFlat: false, keep: [] }

/** RFC 6749 §A.12 (VSCHAR) less the space: what fits an Authorization header. */
const HEADER_SAFE = /^[\x21-\x7e]+$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
const WITHOUT_CONTROL = /^[^\u0000-\u001f\u007f]+$/
const JWT = /^[\w-]+\.[\w-]+\.[\w-]*$/

/** Reads a token endpoint's reply, tolerant where providers err and nothing is risked by it. RFC 6749 §5. */
export function normalise(reply: TransportReply, shape: ReplyShape = USUAL): NormalisedReply {
  const leniencies: Leniency[] = []
  const text = textOf(reply.body, leniencies)
  const isSuccess = reply.status >= 200 && reply.status <= 299
  const members = membersOf(text, reply, shape, leniencies)
  if (!members) {
    if (!isSuccess) return { kind: 'error', status: reply.status, error: '', description: '', leniencies }
    return unreadable(reply.brokenOff ?? wordsOf(text), refreshTokenIn(text, shape, reply.brokenOff === undefined))
  }
  if (!isSuccess) return errorOf(members, reply.status, leniencies)
  if (reply.status !== 200) leniencies.push('status 2xx other than 200')
  if (hasError(members, shape)) {
    leniencies.push('error under status 2xx')
    return { ...errorOf(members, 400, leniencies), ...keepable(refreshTokenIn(text, shape, true)) }
  }
  const tokens = tokensOf(members, shape, leniencies)
  if (tokens.kind !== 'unreadable' || tokens.refreshToken !== undefined) return tokens
  return unreadable(tokens.words, refreshTokenIn(text, shape, true))
}

type Members = Readonly<Record<string, unknown>>

function tokensOf(
  members: Members,
  shape: ReplyShape,
  leniencies: Leniency[],
): Extract<NormalisedReply, { kind: 'tokens' | 'unreadable' }> {
  const paths = pathsIn(members, shape, leniencies)
  const beside = besideAccessToken(members, paths)
  const read = (path: JsonPointer | undefined, usual: string): unknown =>
    path ? valueAt(members, path) : own(beside, usual, leniencies)
  const accessToken = read(paths.accessToken, 'access_token')
  const refreshToken = refreshTokenOf(read(paths.refreshToken, 'refresh_token'), leniencies)
  if (typeof accessToken !== 'string' || accessToken === '') return unreadable('answered without an access token', refreshToken)
  if (!HEADER_SAFE.test(accessToken)) return unreadable('answered with an access token that no header can carry', refreshToken)
  const idToken = own(beside, 'id_token', leniencies)
  const expiresIn = countOf(read(paths.expiresIn, 'expires_in'), leniencies, shape.perSecond)
  const expiresAt = paths.expiresAt && instantOf(valueAt(members, paths.expiresAt))
  const refreshExpiresIn = refreshLifeOf(beside, shape.perSecond, leniencies)
  const tokenType = tokenTypeOf(own(beside, 'token_type', leniencies), leniencies)
  // Those of the reply itself too: another token may stand there, and it is none of the session's business.
  const secrets = [accessToken, refreshToken, members.access_token, members.refresh_token, idToken].filter(isText)
  // Scopes are shown to people, and wherever a configuration looks for them may stand a token.
  const told = scopesOf(read(paths.scope, 'scope'), leniencies)?.filter((scope) => !secrets.includes(scope))
  const scopes = told?.length === 0 ? undefined : told
  const kept = shape.keep.length === 0 ? undefined : keptFields(members, shape.keep, secrets)
  const account = shape.account && plainAccount(valueAt(members, shape.account), secrets)
  const known: TokenMembers = {
    access_token: accessToken,
    token_type: tokenType,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(typeof idToken === 'string' && JWT.test(idToken) ? { id_token: idToken } : {}),
    ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    ...(refreshExpiresIn === undefined ? {} : { refresh_token_expires_in: refreshExpiresIn }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(kept ? { kept } : {}),
    ...(account === undefined ? {} : { account }),
  }
  return { kind: 'tokens', members: known, leniencies: [...new Set(leniencies)] }
}

/** What stands beside the access token is about it; what stands elsewhere may be about another one (Slack's bot). */
function besideAccessToken(members: Members, { accessToken }: ReplyPaths): Members {
  const object = accessToken && accessToken.length > 1 ? valueAt(members, accessToken.slice(0, -1)) : members
  return typeof object === 'object' && object !== null ? (object as Members) : {}
}

/**
 * Where this reply says what. The paths hold strictly: what stands in the usual place may be another token's. Only a refresh that has nothing at the access token's path is read as usual, whole.
 */
function pathsIn(members: Members, { paths, mayBeFlat }: ReplyShape, leniencies: Leniency[]): ReplyPaths {
  if (!mayBeFlat || !paths.accessToken || isText(valueAt(members, paths.accessToken))) return paths
  if (!isText(members.access_token)) return paths
  leniencies.push('flat refresh reply')
  return {}
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

function errorOf(members: Members, status: number, leniencies: Leniency[]): Extract<NormalisedReply, { kind: 'error' }> {
  let error = own(members, 'error', leniencies)
  let description = own(members, 'error_description', leniencies)
  if (typeof error === 'object' && error !== null) {
    leniencies.push('error as object')
    const inner = error as Members
    error = ['type', 'code', 'status'].map((name) => own(inner, name, leniencies)).find((value) => typeof value === 'string')
    description ??= own(inner, 'message', leniencies)
  }
  if (members.ok === false) leniencies.push('ok false')
  return {
    kind: 'error',
    status,
    error: typeof error === 'string' ? error : '',
    description: typeof description === 'string' ? description : '',
    leniencies: [...new Set(leniencies)],
  }
}

/** Some servers send `"error": null` or an empty one beside the tokens. */
function hasError(members: Members, { paths }: ReplyShape): boolean {
  if (Object.hasOwn(members, 'ok') && members.ok === false) return true
  if (isText(members.access_token) || (paths.accessToken && isText(valueAt(members, paths.accessToken)))) return false
  const error = Object.hasOwn(members, 'error') ? members.error : undefined
  return (typeof error === 'string' && error !== '') || (typeof error === 'object' && error !== null)
}

function membersOf(text: string, reply: TransportReply, { paths }: ReplyShape, leniencies: Leniency[]): Members | undefined {
  const mediaType = (reply.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (text.startsWith('{')) {
    const members = parsedObject(text)
    if (!members) return undefined
    if (mediaType !== 'application/json' && !mediaType.endsWith('+json')) leniencies.push('JSON under another media type')
    if (reply.brokenOff !== undefined) leniencies.push('broken off after whole JSON')
    return members
  }
  // A form that broke off may end within a token, so it is not read.
  if (reply.brokenOff !== undefined || !/^[\w.%+-]+=[^\s<>{}"]*$/.test(text)) return undefined
  const form = Object.fromEntries(new URLSearchParams(text))
  if (![paths.accessToken?.[0] ?? 'access_token', 'error'].some((name) => Object.hasOwn(form, name))) return undefined
  leniencies.push('form-encoded reply')
  return form
}

/** A key twice: the last one counts, as with JSON.parse everywhere. `__proto__` becomes a member nobody reads. */
function parsedObject(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Members) : undefined
  } catch {
    return undefined
  }
}

function textOf(body: Uint8Array | string, leniencies: Leniency[]): string {
  let text = typeof body === 'string' ? body : decoded(body)
  if (text.startsWith('\uFEFF')) {
    leniencies.push('byte order mark')
    text = text.slice(1)
  }
  if (text.startsWith('\0') || text.endsWith('\0')) {
    leniencies.push('NUL padding')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is removed.
    text = text.replace(/^\u0000+|\u0000+$/g, '')
  }
  return text.trim()
}

/** A body that begins with a mark of UTF-16 is UTF-16 (RFC 4627 allowed it); any other is UTF-8, whatever it says. */
function decoded(body: Uint8Array): string {
  const [first, second] = body
  // TextDecoder would drop the mark unseen.
  const as = (encoding: string): string => new TextDecoder(encoding, { ignoreBOM: true }).decode(body)
  if (first === 0xff && second === 0xfe) return as('utf-16le')
  return first === 0xfe && second === 0xff ? as('utf-16be') : as('utf-8')
}

function wordsOf(text: string): string {
  if (text === '') return 'answered without a token'
  return text.startsWith('<') ? 'answered with a page instead of a token' : 'answered something that is not a token'
}

function unreadable(words: string, refreshToken: string | undefined): Extract<NormalisedReply, { kind: 'unreadable' }> {
  return { kind: 'unreadable', words, ...keepable(refreshToken) }
}

/** The refresh token of a reply without an access token. */
function keepable(refreshToken: string | undefined): { readonly refreshToken?: string } {
  return refreshToken !== undefined && mayBeRefreshToken(refreshToken) ? { refreshToken } : {}
}

/**
 * After a rotation a body that is otherwise of no use may hold the only live refresh token: it is saved if it is there whole.
 * Where the configuration tells its place it counts there only; else anywhere, as long as there are not two of them.
 */
function refreshTokenIn(text: string, shape: ReplyShape, isWhole: boolean): string | undefined {
  const { paths, mayBeFlat } = shape
  const isPlaced = paths.refreshToken !== undefined || paths.accessToken !== undefined
  if (!/^[[{]/.test(text)) return isPlaced ? undefined : textInForm(text, 'refresh_token', isWhole)
  if (!isPlaced) return usableText(soleLiteral(text, 'refresh_token'))
  const [outer, ...inner] = paths.refreshToken ?? [...(paths.accessToken ?? []).slice(0, -1), 'refresh_token']
  const isFlat = mayBeFlat && inner.length > 0 && !text.includes(JSON.stringify(outer))
  return usableText(literalInFragment(text, isFlat ? ['refresh_token'] : [outer ?? '', ...inner]))
}

function usableText(literal: string | undefined): string | undefined {
  const value = literal === undefined ? undefined : parsedObject(`{"text":${literal}}`)?.text
  return typeof value === 'string' && WITHOUT_CONTROL.test(value) ? value : undefined
}

function refreshTokenOf(value: unknown, leniencies: Leniency[]): string | undefined {
  if (value === '') leniencies.push('empty refresh_token')
  return typeof value === 'string' && WITHOUT_CONTROL.test(value) ? value : undefined
}

const OTHER_NAMES_OF_REFRESH_LIFE = ['refresh_expires_in', 'x_refresh_token_expires_in']

function refreshLifeOf(members: Members, perSecond: number, leniencies: Leniency[]): number | undefined {
  const usual = own(members, 'refresh_token_expires_in', leniencies)
  if (usual !== undefined) return countOf(usual, [], perSecond)
  const other = OTHER_NAMES_OF_REFRESH_LIFE.map((name) => own(members, name, leniencies)).find((value) => value !== undefined)
  if (other !== undefined) leniencies.push('renamed refresh token life')
  return countOf(other, [], perSecond)
}

/** A member of the reply itself, never of a prototype; null counts as absent. */
function own(members: Members, name: string, leniencies: Leniency[]): unknown {
  if (!Object.hasOwn(members, name)) return undefined
  const value = members[name]
  if (value !== null) return value
  leniencies.push('null member')
  return undefined
}
