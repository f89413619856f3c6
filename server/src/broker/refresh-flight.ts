import type { Integration } from '../domain/integration.ts'
import type { StoredToken, TokenSecrets } from '../domain/stored-token.ts'
import type { TokenOutcome } from '../oauth/outcome.ts'
import { type AttemptKey, type SavedReply, StoreError } from '../store/store.ts'
import type { FlightEnd, FlightParts } from './flight-parts.ts'
import type { Lease } from './lease.ts'
import { COOL_DOWN_MS, isCoolingDown, replayAt, uncertainSince } from './refresh-policy.ts'
import { type Attempt, RefreshVerdicts } from './refresh-verdicts.ts'
import { savedReplyOf } from './saved-reply.ts'
import { untilSaved } from './until-saved.ts'

/** A sign-out's revocation is tried for a day (refresh.md, fault F30). */
const REVOCATION_LIFE_MS = 24 * 60 * 60_000

/** One refresh of one row by the holder of its lease: intent, fence, send, save, verdict (refresh.md, *One fetch*). */
export class RefreshFlight {
  readonly #parts: FlightParts
  readonly #integration: Integration
  readonly #lease: Lease
  readonly #stop: AbortSignal
  readonly #verdicts: RefreshVerdicts
  readonly #startedMs: number
  #tries = 0

  /** `stop`: the server ends, nothing more is sent. */
  constructor(parts: FlightParts, integration: Integration, lease: Lease, stop: AbortSignal) {
    this.#parts = parts
    this.#integration = integration
    this.#lease = lease
    this.#stop = stop
    this.#verdicts = new RefreshVerdicts(parts, integration, lease, stop)
    this.#startedMs = parts.effects.monotonicMs()
  }

  /** Runs until the row is settled. `from`: the generation the caller found wanting. */
  async run(tokenId: string, from: number): Promise<FlightEnd> {
    for (;;) {
      const token = await this.#parts.store.tokens.get(tokenId)
      if (!token) return 'settled'
      if (token.generation !== from) return 'renewed'
      if (!this.#mayBeSent(token)) return 'settled'
      const since = uncertainSince(token)
      if (since && !(await this.#mayReplay(token, since))) return 'held'
      const end = await this.#attempt(token, since)
      if (end !== 'again') return end
      if (this.#stop.aborted) return 'settled'
    }
  }

  /** Whether the row may cause a token request at all; somebody else may have failed at it since the caller read it. */
  #mayBeSent(token: StoredToken): boolean {
    if (token.reauthentication || !token.hasRefreshToken) return false
    if (token.clientFingerprint !== this.#parts.fingerprintOf(this.#integration)) return false
    return this.#tries > 0 || !isCoolingDown(token.lastFailure, this.#parts.store.now())
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
    const secrets = await this.#secretsOf(token)
    if (!secrets) return 'settled'
    const name = Buffer.from(effects.randomBytes(16)).toString('hex')
    const key: AttemptKey = { tokenId: token.id, generation: token.generation, attempt: name }
    const sentAt = store.now()
    if (!(await store.tokens.beginAttempt(key, holder, sentAt))) return 'lease_lost'
    this.#tries += 1
    const attempt: Attempt = { token, key, since, sentAt, tries: this.#tries, flightStartedMs: this.#startedMs }
    const outcome = await this.#send(secrets.refreshToken)
    if (outcome.kind === 'success') {
      if (outcome.reply.kept?.leftOut.length) this.#tellLeftOut(outcome.reply.kept.leftOut)
      return await this.#save(attempt, savedReplyOf(this.#integration, outcome.reply, sentAt))
    }
    if (outcome.kind === 'uncertain' && outcome.refreshToken !== undefined) {
      return await this.#savePartial(attempt, { ...secrets, refreshToken: outcome.refreshToken }, outcome.words)
    }
    if (outcome.kind === 'uncertain' && outcome.unread) {
      const { unread } = outcome
      await this.#untilSaved(() => store.unreadReplies.keep(key, unread, sentAt))
    }
    return await this.#verdicts.judge(attempt, outcome)
  }

  #tellLeftOut(fields: readonly string[]): void {
    const what = `fields to be kept are too long, no plain values or secrets, and were left out: ${fields.join(', ')}`
    this.#parts.report({ what, section: this.#integration.section })
  }

  /** A failure of our own making says nothing about whether bytes have left. */
  async #send(refreshToken: string): Promise<TokenOutcome> {
    const { authorizationServers, report } = this.#parts
    try {
      const mayLeave = (): boolean => this.#lease.isFenceOpen()
      return await authorizationServers.refresh(this.#integration, { refreshToken, mayLeave })
    } catch (error) {
      report({ what: 'a token request ended unexpectedly', section: this.#integration.section, error })
      return { kind: 'uncertain', words: 'the request ended unexpectedly' }
    }
  }

  /** The secrets to send, or undefined after marking a row whose ciphertext does not open (fault F25). */
  async #secretsOf(token: StoredToken): Promise<{ accessToken: string; refreshToken: string } | undefined> {
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
  async #save({ token, key }: Attempt, reply: SavedReply): Promise<FlightEnd> {
    const { store } = this.#parts
    if (!(await this.#untilSaved(() => store.tokens.saveReply(key, reply)))) return await this.#drop(token, reply.secrets)
    await this.#parts.audit({ at: store.now(), action: 'token.refreshed', outcome: 'ok', ...this.#names(token) })
    await this.#heal(token.integrationId)
    this.#parts.changed(token.userId)
    return 'renewed'
  }

  /** A 2xx with a readable refresh token is saved even if the rest is unusable: the old access token stays beside it. */
  async #savePartial({ token, key }: Attempt, secrets: TokenSecrets, words: string): Promise<FlightEnd> {
    const { store } = this.#parts
    const { expiresAt, issuedAt, scopesGranted, tokenType } = token
    const reply: SavedReply = {
      secrets,
      tokenType,
      issuedAt,
      ...(expiresAt ? { expiresAt } : {}),
      ...(scopesGranted ? { scopesGranted } : {}),
    }
    if (!(await this.#untilSaved(() => store.tokens.saveReply(key, reply)))) return await this.#drop(token, secrets)
    // The new refresh token is unspent; but whoever answers so once, does it again: no loop.
    const at = store.now()
    const failure = { words, at, retryAt: new Date(at.getTime() + COOL_DOWN_MS) }
    await this.#untilSaved(() => store.tokens.recordFailure({ ...key, generation: key.generation + 1 }, failure))
    const detail = `${words}; its refresh token is kept`
    await this.#parts.audit({ at, action: 'token.refresh_failed', outcome: 'failed', detail, ...this.#names(token) })
    this.#parts.changed(token.userId)
    return 'settled'
  }

  /** The client is accepted. What is saved stays saved, whatever becomes of this. */
  async #heal(integrationId: string): Promise<void> {
    const { store, report } = this.#parts
    const { section } = this.#integration
    try {
      if (await store.integrations.clearTrouble(integrationId)) report({ what: 'the integration works again', section })
    } catch (error) {
      report({ what: 'a trouble that is over could not be cleared', section, error })
    }
  }

  /**
   * The row was signed out or replaced while the request was under way, or a later request of another process counts
   * (refresh.md, *Sign-out and revocation*).
   */
  async #drop(token: StoredToken, secrets: TokenSecrets): Promise<FlightEnd> {
    const { store } = this.#parts
    const now = await store.tokens.find(token.userId, token.integrationId)
    const revocable = this.#integration.revocationUrl !== undefined
    if (revocable && (now === undefined || (now.id !== token.id && this.#integration.revocationScope === 'token'))) {
      const giveUpAt = new Date(store.now().getTime() + REVOCATION_LIFE_MS)
      const { userId, integrationId } = token
      await this.#untilSaved(() => store.tokens.queueRevocation({ userId, integrationId }, secrets, giveUpAt))
    }
    const newer = now?.id === token.id ? 'a later request counts' : 'a newer sign-in won'
    const detail = now ? newer : 'signed out meanwhile'
    await this.#parts.audit({ at: store.now(), action: 'token.refresh_dropped', outcome: 'ok', detail, ...this.#names(token) })
    return 'settled'
  }

  #untilSaved<T>(save: () => Promise<T>): Promise<T> {
    return untilSaved(this.#parts, this.#integration.section, save)
  }

  #names(token: StoredToken): { section: string; userId: string } {
    return { section: this.#integration.section, userId: token.userId }
  }
}
