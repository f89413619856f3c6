import type { Effects } from '../domain/effects.ts'
import type { Integration } from '../domain/integration.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import type { AuthorizationServers } from '../oauth/authorization-server.ts'
import type { TokenOutcome } from '../oauth/outcome.ts'
import { type AttemptKey, type AuditEvent, type LeaseHolder, type SavedReply, type Store, StoreError } from '../store/store.ts'
import type { Lease } from './lease.ts'
import {
  COOL_DOWN_MS,
  MAX_TRIES,
  ODD_REFUSALS,
  ODD_REFUSALS_MS,
  RETRY_AFTER_LIMIT_MS,
  RETRY_WINDOW_MS,
  replayAt,
  retryPauseMs,
  TRIAL_MS,
  uncertainSince,
} from './refresh-policy.ts'
import { savedReplyOf } from './saved-reply.ts'

/** What a flight needs from the world; all effects are arguments (style.md, rule 3). */
export interface FlightParts {
  readonly store: Store
  readonly authorizationServers: AuthorizationServers
  readonly effects: Effects
  readonly holder: LeaseHolder
  /** Which holders can no longer send: their process is gone. */
  readonly isDead: (holder: LeaseHolder) => boolean
  readonly configurationHashOf: (integration: Integration) => string
  readonly redirectUriOf: (integration: Integration) => string
  readonly audit: (event: AuditEvent) => Promise<void>
  /** Told when a row changed, so that pages look again. */
  readonly changed: (userId: string) => void
  readonly report: (problem: { readonly what: string; readonly section: string; readonly error?: unknown }) => void
}

/** How a flight ended; what the row says now decides what callers are told. */
export type FlightEnd = 'renewed' | 'settled' | 'held' | 'lease_lost'

/** A reply that arrived is kept in memory and its save is tried again for this long while the database refuses it. */
const SAVE_WINDOW_MS = 120_000
/** A host whose clocks make the fence close again and again gets its turn later. */
const MAX_FENCED = 10
/** How many wrong-code probes' worth of caution: the code is random, so the server can only refuse the grant. */
const PROBE_CODE_BYTES = 24

/** One refresh of one row by the holder of its lease: intent, fence, send, save, verdict (refresh.md, *One fetch*). */
export class RefreshFlight {
  readonly #parts: FlightParts
  readonly #integration: Integration
  readonly #lease: Lease
  readonly #startedMs: number
  #tries = 0
  #replayed = false

  constructor(parts: FlightParts, integration: Integration, lease: Lease) {
    this.#parts = parts
    this.#integration = integration
    this.#lease = lease
    this.#startedMs = parts.effects.monotonicMs()
  }

  /** Runs until the row is settled. `from`: the generation the caller found wanting. */
  async run(tokenId: string, from: number): Promise<FlightEnd> {
    for (;;) {
      const token = await this.#parts.store.tokens.get(tokenId)
      if (!token) return 'settled'
      if (token.generation !== from) return 'renewed'
      if (token.reauthentication || !token.hasRefreshToken) return 'settled'
      const since = uncertainSince(token)
      if (since && !(await this.#mayReplay(token, since))) return 'held'
      const end = await this.#attempt(token, since)
      if (end !== 'again') return end
    }
  }

  /** Holds a perhaps spent refresh token back and leaves in the row why, and until when. */
  async #mayReplay(token: StoredToken, since: Date): Promise<boolean> {
    const now = this.#parts.store.now()
    const at = replayAt(this.#integration.refreshReuse, token, since, now)
    if (at.getTime() <= now.getTime()) return true
    if (token.intent) {
      const key = { tokenId: token.id, generation: token.generation, attempt: token.intent.attempt }
      const words = 'the renewal was interrupted'
      await this.#parts.store.tokens.recordFailure(key, { words, at: since, retryAt: at, uncertainSince: since })
      this.#parts.changed(token.userId)
    }
    return false
  }

  async #attempt(token: StoredToken, since: Date | undefined): Promise<FlightEnd | 'again'> {
    const { store, effects, holder } = this.#parts
    const refreshToken = await this.#refreshTokenOf(token)
    if (refreshToken === undefined) return 'settled'
    const attempt = Buffer.from(effects.randomBytes(16)).toString('hex')
    const key: AttemptKey = { tokenId: token.id, generation: token.generation, attempt }
    const sentAt = store.now()
    if (!(await store.tokens.beginAttempt(key, holder, sentAt))) return 'lease_lost'
    this.#tries += 1
    const outcome = await this.#parts.authorizationServers.refresh(this.#integration, {
      refreshToken: refreshToken.refreshToken,
      mayLeave: () => this.#lease.isFenceOpen(),
    })
    if (outcome.kind === 'success') return await this.#save(token, key, savedReplyOf(this.#integration, outcome.reply, sentAt))
    if (outcome.kind === 'uncertain' && outcome.refreshToken !== undefined) {
      return await this.#savePartial(token, key, refreshToken.accessToken, outcome.refreshToken)
    }
    return await this.#judge(token, key, outcome, since, sentAt)
  }

  /** The secrets to send, or undefined after marking a row whose ciphertext does not open (fault F25). */
  async #refreshTokenOf(token: StoredToken): Promise<{ accessToken: string; refreshToken: string } | undefined> {
    try {
      const secrets = await this.#parts.store.tokens.readSecrets(token.id, token.generation)
      if (secrets?.refreshToken === undefined) return undefined
      return { accessToken: secrets.accessToken, refreshToken: secrets.refreshToken }
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'unreadable') throw error
      await this.#parts.store.tokens.markUnreadable(token.id, token.generation, this.#parts.store.now())
      this.#parts.report({ what: 'a stored sign-in is damaged', section: this.#integration.section, error })
      this.#parts.changed(token.userId)
      return undefined
    }
  }

  /** Saves first; audit, breaker and pages come after the commit. */
  async #save(token: StoredToken, key: AttemptKey, reply: SavedReply): Promise<FlightEnd> {
    const saved = await this.#untilSaved(() => this.#parts.store.tokens.saveReply(key, reply))
    if (!saved) {
      await this.#dropOrRevoke(token, reply)
      return 'settled'
    }
    await this.#parts.audit({ at: this.#parts.store.now(), action: 'token.refreshed', outcome: 'ok', ...this.#names(token) })
    const integrationId = token.integrationId
    if (await this.#parts.store.integrations.clearTrouble(integrationId)) {
      this.#parts.report({ what: 'the integration works again', section: this.#integration.section })
    }
    this.#parts.changed(token.userId)
    return 'renewed'
  }

  /** A 2xx with a readable refresh token is saved even if the rest is unusable: the old access token stays beside it. */
  async #savePartial(token: StoredToken, key: AttemptKey, accessToken: string, refreshToken: string): Promise<FlightEnd> {
    const { expiresAt, issuedAt, scopesGranted, tokenType } = token
    const reply: SavedReply = {
      secrets: { accessToken, refreshToken },
      tokenType,
      issuedAt,
      ...(expiresAt ? { expiresAt } : {}),
      ...(scopesGranted ? { scopesGranted } : {}),
    }
    return await this.#save(token, key, reply)
  }

  async #untilSaved(save: () => Promise<boolean>): Promise<boolean> {
    const { effects } = this.#parts
    const deadlineMs = effects.monotonicMs() + SAVE_WINDOW_MS
    for (let n = 1; ; n += 1) {
      try {
        return await save()
      } catch (error) {
        if (effects.monotonicMs() > deadlineMs) throw error
        this.#parts.report({ what: 'a renewed token could not be saved yet', section: this.#integration.section, error })
        await effects.sleep(Math.min(5_000, retryPauseMs(n, this.#random())))
      }
    }
  }

  /** The row was signed out or replaced while the request was under way (refresh.md, *Sign-out and revocation*). */
  async #dropOrRevoke(token: StoredToken, reply: SavedReply): Promise<void> {
    const { store } = this.#parts
    const now = await store.tokens.find(token.userId, token.integrationId)
    const revocable = this.#integration.revocationUrl !== undefined
    if (revocable && (now === undefined || (now.id !== token.id && this.#integration.revocationScope === 'token'))) {
      const giveUpAt = new Date(store.now().getTime() + 24 * 60 * 60_000)
      await store.tokens.queueRevocation({ userId: token.userId, integrationId: token.integrationId }, reply.secrets, giveUpAt)
    }
    const detail = now ? 'a newer sign-in won' : 'signed out meanwhile'
    await this.#parts.audit({ at: store.now(), action: 'token.refresh_dropped', outcome: 'ok', detail, ...this.#names(token) })
  }

  async #judge(
    token: StoredToken,
    key: AttemptKey,
    outcome: Exclude<TokenOutcome, { kind: 'success' }>,
    since: Date | undefined,
    sentAt: Date,
  ): Promise<FlightEnd | 'again'> {
    switch (outcome.kind) {
      case 'not_sent':
        return await this.#notSent(token, key, outcome, since)
      case 'unspent':
        return await this.#unspent(token, key, outcome.words, outcome.retryAfterSeconds, since)
      case 'uncertain':
        return await this.#uncertain(token, key, outcome.words, since ?? sentAt)
      case 'client_refused':
        return await this.#troubled(token, key, 'client', outcome.words, since)
      case 'grant_refused':
        return await this.#refusedGrant(token, key, outcome.providerText, since)
      case 'refused':
        return await this.#oddlyRefused(token, key, outcome, since)
    }
  }

  async #notSent(
    token: StoredToken,
    key: AttemptKey,
    outcome: { cause: 'fence' | 'network' | 'certificate' | 'guard'; words: string },
    since: Date | undefined,
  ): Promise<FlightEnd | 'again'> {
    if (outcome.cause === 'fence') {
      await this.#parts.store.tokens.settleAttempt(key, since ? { uncertainSince: since } : {})
      return this.#tries < MAX_FENCED && (await this.#lease.renew()) ? 'again' : 'lease_lost'
    }
    if (outcome.cause === 'network') return await this.#unspent(token, key, outcome.words, undefined, since)
    return await this.#troubled(token, key, 'connection', outcome.words, since)
  }

  async #unspent(
    token: StoredToken,
    key: AttemptKey,
    words: string,
    retryAfterSeconds: number | undefined,
    since: Date | undefined,
  ): Promise<FlightEnd | 'again'> {
    const { store, effects } = this.#parts
    const pauseMs = retryPauseMs(this.#tries, this.#random())
    const usedMs = effects.monotonicMs() - this.#startedMs
    if (retryAfterSeconds === undefined && this.#tries < MAX_TRIES && usedMs + pauseMs < RETRY_WINDOW_MS) {
      await store.tokens.settleAttempt(key, since ? { uncertainSince: since } : {})
      await effects.sleep(pauseMs)
      return 'again'
    }
    const waitMs = Math.max(COOL_DOWN_MS, Math.min((retryAfterSeconds ?? 0) * 1000, RETRY_AFTER_LIMIT_MS))
    await this.#fail(token, key, words, waitMs, since)
    return 'settled'
  }

  /** Perhaps spent: replayed at once, one time, where the integration's `refresh-reuse` allows it; else held. */
  async #uncertain(token: StoredToken, key: AttemptKey, words: string, since: Date): Promise<FlightEnd | 'again'> {
    const now = this.#parts.store.now()
    const at = replayAt(this.#integration.refreshReuse, token, since, now)
    if (!this.#replayed && at.getTime() <= now.getTime()) {
      this.#replayed = true
      await this.#parts.store.tokens.settleAttempt(key, { uncertainSince: since })
      return 'again'
    }
    await this.#fail(token, key, words, Math.max(COOL_DOWN_MS, at.getTime() - now.getTime()), since)
    return 'settled'
  }

  /** Class `configuration`: the breaker is on the integration, the user's tokens are untouched. */
  async #troubled(
    token: StoredToken,
    key: AttemptKey,
    kind: 'client' | 'connection',
    words: string,
    since: Date | undefined,
  ): Promise<FlightEnd> {
    const { store } = this.#parts
    await store.tokens.settleAttempt(key, since ? { uncertainSince: since } : {})
    const now = store.now()
    const before = (await store.integrations.troubles()).get(token.integrationId)
    const configurationHash = this.#parts.configurationHashOf(this.#integration)
    await store.integrations.setTrouble(token.integrationId, {
      kind,
      words,
      since: before?.configurationHash === configurationHash ? before.since : now,
      retryAt: new Date(now.getTime() + TRIAL_MS),
      configurationHash,
    })
    await this.#audited('token.refresh_failed', token, words)
    this.#parts.report({ what: `nobody gets tokens: ${words}`, section: this.#integration.section })
    this.#parts.changed(token.userId)
    return 'settled'
  }

  async #refusedGrant(
    token: StoredToken,
    key: AttemptKey,
    providerText: string | undefined,
    since: Date | undefined,
  ): Promise<FlightEnd> {
    const { store } = this.#parts
    const verdict = {
      reason: since ? ('interrupted' as const) : ('refused' as const),
      at: since ?? store.now(),
      ...(providerText === undefined ? {} : { providerText }),
    }
    if (!(await store.tokens.requireSignIn(key, verdict))) return 'settled'
    await this.#audited('token.refresh_refused', token, providerText ?? verdict.reason)
    this.#parts.changed(token.userId)
    return 'settled'
  }

  /** A refusal without a known cause: transient, until it has lasted while the client itself is accepted. */
  async #oddlyRefused(
    token: StoredToken,
    key: AttemptKey,
    outcome: { words: string; providerText?: string },
    since: Date | undefined,
  ): Promise<FlightEnd> {
    const now = this.#parts.store.now()
    const first = token.oddRefusals?.since ?? now
    const lasting = (token.oddRefusals?.count ?? 0) + 1 >= ODD_REFUSALS && now.getTime() - first.getTime() >= ODD_REFUSALS_MS
    if (lasting && (await this.#clientIsAccepted(token, first))) {
      return await this.#refusedGrant(token, key, outcome.providerText ?? outcome.words, since)
    }
    await this.#fail(token, key, outcome.words, COOL_DOWN_MS, since, true)
    return 'settled'
  }

  /** Another row's success, or a probe with a wrong code that the server refuses as a grant, not as a client. */
  async #clientIsAccepted(token: StoredToken, since: Date): Promise<boolean> {
    const { store, authorizationServers, effects } = this.#parts
    if (await store.tokens.anotherRenewedSince(token.integrationId, token.id, since)) return true
    const probe = await authorizationServers.exchangeCode(this.#integration, {
      code: Buffer.from(effects.randomBytes(PROBE_CODE_BYTES)).toString('base64url'),
      redirectUri: this.#parts.redirectUriOf(this.#integration),
      ...(this.#integration.pkce === 'S256' ? { codeVerifier: Buffer.from(effects.randomBytes(32)).toString('base64url') } : {}),
    })
    return probe.kind === 'grant_refused'
  }

  async #fail(
    token: StoredToken,
    key: AttemptKey,
    words: string,
    waitMs: number,
    since: Date | undefined,
    oddRefusal = false,
  ): Promise<void> {
    const at = this.#parts.store.now()
    await this.#parts.store.tokens.recordFailure(key, {
      words,
      at,
      retryAt: new Date(at.getTime() + waitMs),
      ...(since ? { uncertainSince: since } : {}),
      ...(oddRefusal ? { oddRefusal } : {}),
    })
    await this.#audited('token.refresh_failed', token, words)
    this.#parts.changed(token.userId)
  }

  async #audited(action: string, token: StoredToken, detail: string): Promise<void> {
    await this.#parts.audit({ at: this.#parts.store.now(), action, outcome: 'failed', detail, ...this.#names(token) })
  }

  #names(token: StoredToken): { section: string; userId: string } {
    return { section: this.#integration.section, userId: token.userId }
  }

  #random(): number {
    return Buffer.from(this.#parts.effects.randomBytes(4)).readUInt32BE(0) / 2 ** 32
  }
}
