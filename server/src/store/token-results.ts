import type { TokenSecrets } from '../domain/stored-token.ts'
import type { UnreadReply } from '../domain/unread-reply.ts'

/** What a token reply leaves in a row. Instants in database time. */
export interface SavedReply {
  readonly secrets: TokenSecrets
  readonly tokenType: string
  readonly issuedAt: Date
  readonly expiresAt?: Date
  readonly scopesGranted?: readonly string[]
  readonly account?: string
  readonly refreshTokenExpiresAt?: Date
}

/** Names one token request of one row. A save or a verdict counts only for the row, generation and attempt it was made for. */
export interface AttemptKey {
  readonly tokenId: string
  readonly generation: number
  readonly attempt: string
}

/** A finished sign-in. `id`: of the row it makes, so that twice is the same as once; default: a new one. */
export interface NewToken {
  readonly id?: string
  readonly userId: string
  readonly integrationId: string
  readonly scopesAsked: readonly string[]
  readonly clientFingerprint: string
  /** Origin that is asked for the account (`account-url`). */
  readonly accountWantedFrom?: string
  readonly reply: SavedReply
  /** The attempt it ends. */
  readonly attemptId?: string
}

/** What a token request brought, from its arrival until the database has it. */
export type TokenResult = RefreshResult | UnreadResult | SignInResult

interface Common {
  readonly userId: string
  readonly integrationId: string
  /** When the request was sent. Database time. */
  readonly sentAt: Date
}

/** A refresh's reply with at least one token in it. */
export interface RefreshResult extends Common {
  readonly kind: 'refresh'
  readonly key: AttemptKey
  /** Of the client and origins that its tokens are for; absent in journals of before it was kept. */
  readonly clientFingerprint?: string
  readonly reply: SavedReply
}

/** A refresh's 2xx that was not understood. */
export interface UnreadResult extends Common {
  readonly kind: 'unread'
  readonly key: AttemptKey
  readonly unread: UnreadReply
}

/** A code exchange's reply; `token.id` is the row it makes. */
export interface SignInResult extends Common {
  readonly kind: 'sign_in'
  readonly token: NewToken & { readonly id: string }
}

/** Which result it is: everything but its secrets. */
export interface ResultFacts {
  readonly kind: TokenResult['kind']
  readonly tokenId: string
  readonly generation: number
  readonly attempt: string
  readonly userId: string
  readonly integrationId: string
  readonly sentAtMs: number
}

/** Names a result without telling its secrets. */
export function factsOf(result: TokenResult): ResultFacts {
  const { kind, userId, integrationId, sentAt } = result
  const key = result.kind === 'sign_in' ? { tokenId: result.token.id, generation: 0, attempt: '' } : result.key
  const { tokenId, generation, attempt } = key
  return { kind, tokenId, generation, attempt, userId, integrationId, sentAtMs: sentAt.getTime() }
}

/** A result as text, which holds its secrets; dates become milliseconds. */
export function textOf(result: TokenResult): string {
  if (result.kind === 'unread') return JSON.stringify(result.unread)
  if (result.kind === 'refresh') {
    const { reply, clientFingerprint } = result
    return JSON.stringify({ ...writtenReply(reply), clientFingerprint })
  }
  const { reply, ...token } = result.token
  return JSON.stringify({ ...token, reply: writtenReply(reply) })
}

/** The result again. The text was authenticated with the facts, so it is as `textOf` wrote it. */
export function resultOf(facts: ResultFacts, text: string): TokenResult {
  const { kind, userId, integrationId, tokenId, generation, attempt, sentAtMs } = facts
  const common = { userId, integrationId, sentAt: new Date(sentAtMs) }
  const key = { tokenId, generation, attempt }
  const value: unknown = JSON.parse(text)
  if (kind === 'unread') return { ...common, kind, key, unread: value as UnreadReply }
  if (kind === 'refresh') {
    const { clientFingerprint, ...reply } = value as WrittenReply & Pick<RefreshResult, 'clientFingerprint'>
    const ofClient = clientFingerprint === undefined ? {} : { clientFingerprint }
    return { ...common, ...ofClient, kind, key, reply: readReply(reply) }
  }
  const { reply, ...token } = value as Omit<SignInResult['token'], 'reply'> & { readonly reply: WrittenReply }
  return { ...common, kind, token: { ...token, reply: readReply(reply) } }
}

type WrittenReply = Omit<SavedReply, 'issuedAt' | 'expiresAt' | 'refreshTokenExpiresAt'> & {
  readonly issuedAt: number
  readonly expiresAt?: number
  readonly refreshTokenExpiresAt?: number
}

function writtenReply({ issuedAt, expiresAt, refreshTokenExpiresAt, ...rest }: SavedReply): WrittenReply {
  return {
    ...rest,
    issuedAt: issuedAt.getTime(),
    ...(expiresAt ? { expiresAt: expiresAt.getTime() } : {}),
    ...(refreshTokenExpiresAt ? { refreshTokenExpiresAt: refreshTokenExpiresAt.getTime() } : {}),
  }
}

function readReply({ issuedAt, expiresAt, refreshTokenExpiresAt, ...rest }: WrittenReply): SavedReply {
  return {
    ...rest,
    issuedAt: new Date(issuedAt),
    ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
    ...(refreshTokenExpiresAt === undefined ? {} : { refreshTokenExpiresAt: new Date(refreshTokenExpiresAt) }),
  }
}
