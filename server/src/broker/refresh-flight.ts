import type { Integration } from '../domain/integration.ts'
import type { StoredToken, TokenSecrets } from '../domain/stored-token.ts'
import type { TokenOutcome } from '../oauth/outcome.ts'
import { type AttemptKey, type SavedReply, StoreError } from '../store/store.ts'
import type { JournalRoom } from '../store/store-of-results.ts'
import type { TokenResult } from '../store/token-results.ts'
import { acceptsClient } from './client-secrets.ts'
import { queueDropped } from './dropped-results.ts'
import type { FlightEnd, FlightParts } from './flight-parts.ts'
import type { Lease } from './lease.ts'
import { damaged } from './read-secrets.ts'
import { COOL_DOWN_MS, isCoolingDown, replayAt, uncertainSince } from './refresh-policy.ts'
import { type Attempt, RefreshVerdicts } from './refresh-verdicts.ts'
import { savedReplyOf } from './saved-reply.ts'
import { untilSaved } from './until-saved.ts'

/** One refresh of one row by the holder of its lease: intent, fence, send, save, verdict (refresh.md, *One fetch*). */
export class RefreshFlight {
  readonly #parts: FlightParts
  readonly #integration: Integration
  readonly #lease: Lease
  readonly #stop: AbortSignal
  readonly #verdicts: RefreshVerdicts
  readonly #startedMs: number
  /** The integration with each client secret, in the order they are tried. */
  readonly #secrets: readonly [Integration, ...Integration[]]
  #turn = 0
  #tries = 0

  /** `stop`: the server ends, nothing more is sent. */
  constructor(parts: FlightParts, integration: Integration, lease: Lease, stop: AbortSignal) {
    this.#parts = parts
    this.#integration = integration
    this.#lease = lease
    this.#stop = stop
    this.#verdicts = new RefreshVerdicts(parts, integration, lease, stop)
    this.#startedMs = parts.effects.monotonicMs()
    this.#secrets = parts.clientSecrets.inOrder(integration)
  }

  /** Runs until the row is settled. `from`: the generation the caller found wanting. */
  async run(tokenId: string, from: number): Promise<FlightEnd> {
    for (;;) {
      // Before anything is sent again: what came for this row, and has not reached it (fault F20).
      await this.#parts.results.bringForward(tokenId)
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
    const secrets = await this.#secretsOf(token)
    if (!secrets) return 'settled'
    // A full disk is met here, before a refresh token is spent (fault F21).
    const room = await this.#parts.results.reserve()
    try {
      return await this.#attemptWith(room, token, secrets, since)
    } finally {
      room.release()
    }
  }

  async #attemptWith(
    room: JournalRoom,
    token: StoredToken,
    secrets: { accessToken: string; refreshToken: string },
    since: Date | undefined,
  ): Promise<FlightEnd | 'again'> {
    const { store, effects, holder } = this.#parts
    const name = Buffer.from(effects.randomBytes(16)).toString('hex')
    const key: AttemptKey = { tokenId: token.id, generation: token.generation, attempt: name }
    const sentAt = store.now()
    if (!(await store.tokens.beginAttempt(key, holder, sentAt))) return 'lease_lost'
    this.#tries += 1
    const attempt: Attempt = { token, key, since, sentAt, tries: this.#tries, flightStartedMs: this.#startedMs }
    const outcome = await this.#send(secrets.refreshToken)
    if (outcome.kind === 'client_refused' && this.#turn + 1 < this.#secrets.length) {
      // Refused before anybody looked at the refresh token: with the other client secret it is another request, announced like a retry.
      this.#turn += 1
      await this.#verdicts.settle(attempt)
      return 'again'
    }
    if (outcome.kind === 'success') {
      if (outcome.reply.kept?.leftOut.length) this.#tellLeftOut(outcome.reply.kept.leftOut)
      const end = await this.#save(room, attempt, savedReplyOf(this.#integration, outcome.reply, sentAt))
      if (end === 'renewed') this.#parts.askAccount(this.#integration, token, outcome.reply.accessToken)
      return end
    }
    if (outcome.kind === 'uncertain' && outcome.refreshToken !== undefined) {
      return await this.#savePartial(room, attempt, { ...secrets, refreshToken: outcome.refreshToken }, outcome.words)
    }
    if (outcome.kind === 'uncertain' && outcome.unread) {
      const { unread } = outcome
      const { userId, integrationId } = token
      const keep = () => this.#untilSaved(() => store.unreadReplies.keep(key, unread, sentAt))
      await this.#parts.results.save(room, { kind: 'unread', userId, integrationId, sentAt, key, unread }, keep)
    }
    return await this.#verdicts.judge(attempt, outcome)
  }

  #tellLeftOut(fields: readonly string[]): void {
    const what = `fields to be kept are too long, no plain values or secrets, and were left out: ${fields.join(', ')}`
    this.#parts.report({ what, section: this.#integration.section })
  }

  /** A failure of our own making says nothing about whether bytes have left. */
  async #send(refreshToken: string): Promise<TokenOutcome> {
    const { authorizationServers, clientSecrets, report } = this.#parts
    try {
      const mayLeave = (): boolean => this.#lease.isFenceOpen()
      const sent = this.#secrets[this.#turn] ?? this.#integration
      const outcome = await authorizationServers.refresh(sent, { refreshToken, mayLeave })
      clientSecrets.learn(this.#integration, sent, acceptsClient(outcome))
      return outcome
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
      const now = this.#parts.store.now()
      if (await this.#parts.store.tokens.markUnreadable(token.id, token.generation, now)) {
        await this.#parts.audit({ at: now, ...damaged(token, this.#integration.section) })
      }
      this.#parts.report({ what: 'a stored sign-in is damaged', section: this.#integration.section, error })
      this.#parts.changed(token.userId)
      return undefined
    }
  }

  /** Saves first; audit, breaker and pages come after the commit. */
  async #save(room: JournalRoom, attempt: Attempt, reply: SavedReply): Promise<FlightEnd> {
    const { token } = attempt
    const useless = await this.#saved(room, attempt, reply)
    if (useless !== undefined) return await this.#dropped(token, useless)
    await this.#parts.audit({ at: this.#parts.store.now(), action: 'token.refreshed', outcome: 'ok', ...this.#names(token) })
    await this.#heal(token.integrationId)
    this.#parts.changed(token.userId)
    return 'renewed'
  }

  /** A 2xx with a readable refresh token is saved even if the rest is unusable: the old access token stays beside it. */
  async #savePartial(room: JournalRoom, attempt: Attempt, secrets: TokenSecrets, words: string): Promise<FlightEnd> {
    const { store } = this.#parts
    const { token, key } = attempt
    const { expiresAt, issuedAt, scopesGranted, tokenType } = token
    const reply: SavedReply = {
      secrets,
      tokenType,
      issuedAt,
      ...(expiresAt ? { expiresAt } : {}),
      ...(scopesGranted ? { scopesGranted } : {}),
    }
    const useless = await this.#saved(room, attempt, reply)
    if (useless !== undefined) return await this.#dropped(token, useless)
    // The new refresh token is unspent; but whoever answers so once, does it again: no loop.
    const at = store.now()
    const failure = { words, at, retryAt: new Date(at.getTime() + COOL_DOWN_MS) }
    await this.#untilSaved(() => store.tokens.recordFailure({ ...key, generation: key.generation + 1 }, failure))
    const detail = `${words}; its refresh token is kept`
    await this.#parts.audit({ at, action: 'token.refresh_failed', outcome: 'failed', detail, ...this.#names(token) })
    this.#parts.changed(token.userId)
    return 'settled'
  }

  /**
   * Undefined once the row has the reply; otherwise why it is of no use. Where the row does not know the attempt, the database may
   * have lost the intent with its last commits (fault F20).
   */
  async #saved(room: JournalRoom, { token, key, sentAt }: Attempt, reply: SavedReply): Promise<string | undefined> {
    const { store, results } = this.#parts
    const { userId, integrationId, clientFingerprint } = token
    const dropped = { tokenId: token.id, userId, integrationId, clientFingerprint }
    const save = async (): Promise<string | undefined> => {
      if (await store.tokens.saveReply(key, reply)) return undefined
      if ((await store.tokens.saveLate(key, reply, sentAt)) !== 'late') return undefined
      return await queueDropped(store, this.#integration, dropped, reply.secrets)
    }
    const result: TokenResult = { kind: 'refresh', userId, integrationId, sentAt, key, clientFingerprint, reply }
    return await results.save(room, result, () => this.#untilSaved(save))
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

  async #dropped(token: StoredToken, detail: string): Promise<FlightEnd> {
    const { store, audit } = this.#parts
    await audit({ at: store.now(), action: 'token.refresh_dropped', outcome: 'ok', detail, ...this.#names(token) })
    return 'settled'
  }

  #untilSaved<T>(save: () => Promise<T>): Promise<T> {
    return untilSaved(this.#parts, this.#integration.section, save)
  }

  #names(token: StoredToken): { section: string; userId: string } {
    return { section: this.#integration.section, userId: token.userId }
  }
}
