import type { BrokerError } from '../domain/errors.ts'
import type { Integration } from '../domain/integration.ts'
import { missingScopes } from '../domain/integration-state.ts'
import { type Caller, mayUse } from '../domain/people.ts'
import { type Phrasing, plainPhrasing, type State, sentenceOf } from '../domain/states.ts'
import { type Extra, isAlive, isFresh, type StoredToken } from '../domain/stored-token.ts'
import type { LookUp, Store } from '../store/store.ts'
import type { ServedToken } from './audit-log.ts'
import type { IntegrationView, Tokens } from './broker.ts'
import type { Catalogue } from './catalogue.ts'
import { isDatabaseAway } from './database-away.ts'
import { stateFor, unlistedIntegration, viewsFor } from './integration-views.ts'
import { readSecrets } from './read-secrets.ts'
import type { RefreshEnd, Refresher } from './refresher.ts'
import { refusalOf } from './refusals.ts'
import { rpcCookieHash } from './rpc-cookie.ts'
import { stateAfter } from './state-after.ts'
import { type CachedReply, fingerprintOf, TokenCache } from './token-cache.ts'

/** What the token path is made of. */
export interface TokenParts {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly refresher: Refresher
  /** Buffered and grouped: it never delays or fails an answer. */
  readonly served: (use: ServedToken & { readonly tokenId: string }) => void
  /** Told of a sign-in that is damaged, once. */
  readonly lost: (token: StoredToken, integration: Integration) => Promise<void>
  /** Told of every call that no fresh token answers; throws when there were too many. */
  readonly costly: (caller: Pick<Caller, 'userId' | 'sessionId'>) => void
}

type Request = { readonly cookie: string; readonly uid: string; readonly minTtlMs: number | undefined; readonly address: string }

/** "Life unknown", as wire.md writes it. */
const NEVER = '9999-12-31T23:59:59Z'

/** A row that changes under a request is looked at again this often; then the request fails rather than spins. */
const MAX_LOOKS = 3

/** States in which a sign-in gives tokens. */
const HEALTHY: ReadonlySet<State['code']> = new Set(['signed_in', 'scope_missing'])

/** Answers `/oauth_token`: from the store when fresh, else through the refresh engine (refresh.md, *One fetch*). */
export class TokenFetcher implements Tokens {
  readonly #parts: TokenParts
  readonly #cache = new TokenCache()

  constructor(parts: TokenParts) {
    this.#parts = parts
  }

  /** The reply body for the caller behind the cookie; rejects with the codes of the table of states. */
  fetch(request: Request): Promise<string> {
    return this.#fetch(request, 1)
  }

  async authenticate(cookie: string, _address: string): Promise<Caller> {
    const look = await this.#parts.store.sessions.lookUp(rpcCookieHash(cookie), undefined)
    if (!look) throw this.#refused({ code: 'session_ended' })
    const { token: _, ...caller } = look
    return caller
  }

  async list(caller: Caller): Promise<readonly IntegrationView[]> {
    this.#parts.costly(caller)
    const views = await viewsFor(this.#parts, caller.userId)
    return views.filter(({ integration }) => mayUse(caller, integration.uid))
  }

  outside(caller: Caller): readonly Integration[] {
    return this.#parts.catalogue.all().filter(({ uid }) => !mayUse(caller, uid))
  }

  async #fetch(request: Request, looks: number): Promise<string> {
    const { catalogue, store } = this.#parts
    const named = catalogue.find(request.uid)
    const look = await store.sessions.lookUp(rpcCookieHash(request.cookie), named && catalogue.internalId(named.uid))
    if (!look) throw this.#refused({ code: 'session_ended' })
    const integration = named && mayUse(look, named.uid) ? named : undefined
    const { token } = look
    const fresh = integration && token && this.#isFresh(integration, token, request)
    // The way of nearly every request; nothing more is awaited.
    const kept = fresh && this.#cache.find(token, integration)
    if (kept) return this.#handOut(kept, integration, token, look, request)
    const body = fresh
      ? await this.#serve(integration, token, look, request)
      : await this.#fetchCostly(integration, look, request)
    if (body) return body
    if (looks >= MAX_LOOKS) throw new Error('a stored token kept changing while it was read')
    return await this.#fetch(request, looks + 1)
  }

  async #fetchCostly(integration: Integration | undefined, look: LookUp, request: Request): Promise<string | undefined> {
    this.#parts.costly(look)
    if (!integration) throw unlistedIntegration(this.#parts.catalogue, request.uid, look)
    if (!look.token) throw this.#refused(stateFor(this.#parts, integration, undefined, undefined))
    return await this.#fetchStale(integration, look.token, look, request)
  }

  #isFresh(integration: Integration, token: StoredToken, { minTtlMs }: Request): boolean {
    return this.#isUsable(integration, token) && isFresh(token, this.#parts.store.now(), askedMs(integration, minTtlMs))
  }

  /** Whether the stored access token may be handed out at all, leaving its remaining life aside. */
  #isUsable(integration: Integration, token: StoredToken): boolean {
    if (integration.isDisabled || token.reauthentication) return false
    return token.clientFingerprint === this.#parts.catalogue.fingerprintOf(integration)
  }

  /** Undefined when the row was signed out or replaced meanwhile: look again. */
  async #fetchStale(integration: Integration, before: StoredToken, look: LookUp, request: Request): Promise<string | undefined> {
    const { store, refresher } = this.#parts
    if (!this.#isUsable(integration, before) || !(await refresher.mayRefresh(integration, before))) {
      return await this.#serveAsItIs(integration, before, look, request)
    }
    const end = await refresher.refresh(integration, before)
    const after = await store.tokens.get(before.id)
    if (!after) return undefined
    // What a refresh returns is handed out whatever its life: no loops on tokens of a minute.
    if (after.generation !== before.generation && !after.lastFailure && this.#isUsable(integration, after)) {
      return await this.#serve(integration, after, look, request)
    }
    return await this.#serveAsItIs(integration, after, look, request, end)
  }

  /** A token that still lives is served with a warning, never an error; otherwise the state is the error. */
  async #serveAsItIs(
    integration: Integration,
    token: StoredToken,
    look: LookUp,
    request: Request,
    end?: RefreshEnd,
  ): Promise<string | undefined> {
    const state = await stateAfter(this.#parts, integration, token, end)
    if (this.#isUsable(integration, token) && isAlive(token, this.#parts.store.now())) {
      const warned = state.code === 'renewal_delayed' || state.code === 'configuration_error'
      return await this.#serve(integration, token, look, request, warned ? this.#words(state) : undefined)
    }
    if (HEALTHY.has(state.code)) {
      // Nothing is wrong with the sign-in: the failure is ours.
      if (end?.kind === 'failed' && isDatabaseAway(end.error)) throw end.error
      throw new Error('an ended token could not be refreshed', end?.kind === 'failed' ? { cause: end.error } : {})
    }
    throw this.#refused(state)
  }

  async #serve(
    integration: Integration,
    token: StoredToken,
    look: LookUp,
    request: Request,
    warning?: string,
  ): Promise<string | undefined> {
    const cached = warning === undefined ? this.#cache.find(token, integration) : undefined
    const reply = cached ?? (await this.#reply(integration, token, warning))
    return reply && this.#handOut(reply, integration, token, look, request)
  }

  /** Notes the hand-out; answers the body. */
  #handOut(reply: CachedReply, integration: Integration, token: StoredToken, look: LookUp, request: Request): string {
    this.#parts.served({
      tokenId: token.id,
      userId: look.userId,
      sessionId: look.sessionId,
      sessionName: look.sessionName,
      section: integration.section,
      fingerprint: reply.fingerprint,
      address: request.address,
    })
    return reply.body
  }

  async #reply(integration: Integration, token: StoredToken, warning: string | undefined): Promise<CachedReply | undefined> {
    const secrets = await readSecrets(this.#parts.store, token, () => this.#parts.lost(token, integration))
    if (!secrets) return undefined
    const { accessToken } = secrets
    const extra = extraOf(integration, secrets.extra)
    const words = warning ?? this.#scopeWarning(integration, token)
    const body = asciiJson({
      access_token: accessToken,
      expiry: token.expiresAt ? `${token.expiresAt.toISOString().slice(0, 19)}Z` : NEVER,
      ...(words === undefined ? {} : { warning: words }),
      ...(extra ? { extra } : {}),
    })
    const reply = { generation: token.generation, integration, body, fingerprint: fingerprintOf(accessToken) }
    if (warning === undefined) this.#cache.keep(token, reply)
    return reply
  }

  #scopeWarning(integration: Integration, token: StoredToken): string | undefined {
    const scopes = missingScopes(integration, token)
    if (scopes.length === 0) return undefined
    return this.#words({ code: 'scope_missing', name: integration.displayName, section: integration.section, scopes })
  }

  #words(state: State): string {
    const sentence = sentenceOf(state, this.#phrasing())
    return `${sentence.explanation} ${sentence.action}`
  }

  #refused(state: State): BrokerError {
    return refusalOf(state, this.#phrasing())
  }

  #phrasing(): Phrasing {
    return plainPhrasing(this.#parts.catalogue.publicUrl)
  }
}

/** Of what was kept, what the allow-lists of now name; undefined when that is nothing. */
function extraOf({ keptTokenFields = [], keptCallbackFields = [] }: Integration, kept: Extra | undefined): Extra | undefined {
  if (!kept) return undefined
  const allowed = new Set([...keptTokenFields.map(({ name }) => name), ...keptCallbackFields])
  const given = Object.entries(kept).filter(([name]) => allowed.has(name))
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

/** JSON whose characters are its bytes, so that a kept reply is sent without being encoded again. RFC 8259 §7. */
function asciiJson(value: object): string {
  return JSON.stringify(value).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * Milliseconds; the larger of what the caller and the administrator (`min-ttl`) ask for, never more than lets the service renew
 * (`refresh-before`).
 */
function askedMs({ minTtlSeconds, refreshBeforeSeconds }: Integration, minTtlMs: number | undefined): number | undefined {
  const asked = minTtlSeconds === undefined ? minTtlMs : Math.max(minTtlMs ?? 0, minTtlSeconds * 1000)
  if (refreshBeforeSeconds === undefined) return asked
  return Math.min(asked ?? Number.POSITIVE_INFINITY, refreshBeforeSeconds * 1000)
}
