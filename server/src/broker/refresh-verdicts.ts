import type { Integration } from '../domain/integration.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import type { TokenOutcome } from '../oauth/outcome.ts'
import type { AttemptKey } from '../store/store.ts'
import type { FlightEnd, FlightParts } from './flight-parts.ts'
import type { Lease } from './lease.ts'
import { SIGN_IN_LOST } from './read-secrets.ts'
import {
  COOL_DOWN_MS,
  MAX_TRIES,
  ODD_REFUSALS,
  ODD_REFUSALS_MS,
  RETRY_AFTER_LIMIT_MS,
  RETRY_WINDOW_MS,
  randomFraction,
  replayAt,
  retryPauseMs,
  TRIAL_MS,
} from './refresh-policy.ts'
import { untilSaved } from './until-saved.ts'

/** One token request of a flight. */
export interface Attempt {
  readonly token: StoredToken
  readonly key: AttemptKey
  /** When an earlier request may have spent the refresh token; then this one is a replay. */
  readonly since: Date | undefined
  readonly sentAt: Date
  /** Requests of the flight so far, this one included. */
  readonly tries: number
  readonly flightStartedMs: number
}

type Bad = Exclude<TokenOutcome, { kind: 'success' }>
type Next = FlightEnd | 'again'

/** A host whose clocks make the fence close again and again gets its turn later. */
const MAX_FENCED = 10
/** A random code no server has given: it can only refuse the grant, if it accepts the client. */
const PROBE_CODE_BYTES = 24

/** What a token request that brought no tokens means for its row and integration (the three ways of refresh.md). */
export class RefreshVerdicts {
  readonly #parts: FlightParts
  readonly #integration: Integration
  readonly #lease: Lease
  readonly #stop: AbortSignal
  #repeated = false

  constructor(parts: FlightParts, integration: Integration, lease: Lease, stop: AbortSignal) {
    this.#parts = parts
    this.#integration = integration
    this.#lease = lease
    this.#stop = stop
  }

  /** Writes the verdict; `again`: the flight may send once more. */
  async judge(attempt: Attempt, outcome: Bad): Promise<Next> {
    switch (outcome.kind) {
      case 'not_sent':
        return await this.#notSent(attempt, outcome)
      case 'unspent':
        return await this.#unspent(attempt, outcome.words, outcome.retryAfterSeconds)
      case 'uncertain':
        return await this.#uncertain(attempt, outcome.words)
      case 'client_refused':
        return await this.#troubled(attempt, 'client', outcome.words)
      case 'grant_refused':
        return await this.#refusedGrant(attempt, outcome.providerText)
      case 'refused':
        return await this.#oddlyRefused(attempt, outcome)
    }
  }

  /** The attempt is over and says nothing about the row, but for what an earlier one left open. */
  async settle({ key, since }: Attempt, uncertainSince: Date | undefined = since): Promise<void> {
    const outcome = uncertainSince ? { uncertainSince } : {}
    await this.#untilSaved(() => this.#parts.store.tokens.settleAttempt(key, outcome))
  }

  async #notSent(attempt: Attempt, outcome: Extract<Bad, { kind: 'not_sent' }>): Promise<Next> {
    if (outcome.cause === 'fence') {
      await this.settle(attempt)
      return attempt.tries < MAX_FENCED && (await this.#lease.renew()) ? 'again' : 'lease_lost'
    }
    if (outcome.cause === 'network') return await this.#unspent(attempt, outcome.words, undefined)
    return await this.#troubled(attempt, 'connection', outcome.words)
  }

  async #unspent(attempt: Attempt, words: string, retryAfterSeconds: number | undefined): Promise<Next> {
    const { effects } = this.#parts
    const pauseMs = retryPauseMs(attempt.tries, randomFraction(effects))
    const usedMs = effects.monotonicMs() - attempt.flightStartedMs
    if (retryAfterSeconds === undefined && attempt.tries < MAX_TRIES && usedMs + pauseMs < RETRY_WINDOW_MS) {
      await this.settle(attempt)
      await effects.sleep(pauseMs, this.#stop).catch(() => undefined) // Aborted: the flight sees it and ends.
      return 'again'
    }
    const waitMs = Math.max(COOL_DOWN_MS, Math.min((retryAfterSeconds ?? 0) * 1000, RETRY_AFTER_LIMIT_MS))
    await this.#fail(attempt, words, waitMs, attempt.since)
    return 'settled'
  }

  /**
   * Perhaps spent: replayed at once, one time, where the integration's `refresh-reuse` allows it; else held. A replay that
   * ends uncertain too waits for the cool-down; but a grace window may be over by then, so each flight repeats once in it.
   */
  async #uncertain(attempt: Attempt, words: string): Promise<Next> {
    const { token, sentAt } = attempt
    const since = attempt.since ?? sentAt
    const now = this.#parts.store.now()
    const at = replayAt(this.#integration.refreshReuse, token, since, now)
    const isFirst = this.#integration.refreshReuse.kind === 'grace' ? !this.#repeated : !attempt.since
    if (isFirst && at.getTime() <= now.getTime()) {
      this.#repeated = true
      await this.settle(attempt, since)
      return 'again'
    }
    await this.#fail(attempt, words, Math.max(COOL_DOWN_MS, at.getTime() - now.getTime()), since)
    return 'settled'
  }

  /** Class `configuration`: the breaker is on the integration, the user's tokens are untouched. */
  async #troubled(attempt: Attempt, kind: 'client' | 'connection', words: string): Promise<FlightEnd> {
    const { store } = this.#parts
    const { integrationId, userId } = attempt.token
    await this.settle(attempt)
    const now = store.now()
    const before = (await store.integrations.troubles()).get(integrationId)
    const configurationHash = this.#parts.configurationHashOf(this.#integration)
    const trouble = {
      kind,
      words,
      since: before?.configurationHash === configurationHash ? before.since : now,
      retryAt: new Date(now.getTime() + TRIAL_MS),
      configurationHash,
    }
    await this.#untilSaved(() => store.integrations.setTrouble(integrationId, trouble))
    await this.#audited('token.refresh_failed', attempt, words)
    this.#parts.report({ what: `nobody gets tokens: ${words}`, section: this.#integration.section })
    this.#parts.changed(userId)
    return 'settled'
  }

  async #refusedGrant(attempt: Attempt, providerText: string | undefined): Promise<FlightEnd> {
    const { store } = this.#parts
    const { since, key, token } = attempt
    const verdict = {
      reason: since ? ('interrupted' as const) : ('refused' as const),
      at: since ?? store.now(),
      ...(providerText === undefined ? {} : { providerText }),
    }
    if (!(await this.#untilSaved(() => store.tokens.requireSignIn(key, verdict)))) return 'settled'
    await this.#audited('token.refresh_refused', attempt, providerText ?? verdict.reason)
    if (since) await this.#audited(SIGN_IN_LOST, attempt, verdict.reason)
    this.#parts.changed(token.userId)
    return 'settled'
  }

  /** A refusal without a known cause: transient, until it has lasted while the client itself is accepted. */
  async #oddlyRefused(attempt: Attempt, outcome: { words: string; providerText?: string }): Promise<FlightEnd> {
    const now = this.#parts.store.now()
    const { oddRefusals } = attempt.token
    const first = oddRefusals?.since ?? now
    const lasting = (oddRefusals?.count ?? 0) + 1 >= ODD_REFUSALS && now.getTime() - first.getTime() >= ODD_REFUSALS_MS
    if (lasting && (await this.#clientIsAccepted(attempt.token, first))) {
      return await this.#refusedGrant(attempt, outcome.providerText ?? outcome.words)
    }
    await this.#fail(attempt, outcome.words, COOL_DOWN_MS, attempt.since, true)
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

  async #fail(attempt: Attempt, words: string, waitMs: number, since: Date | undefined, oddRefusal = false): Promise<void> {
    const at = this.#parts.store.now()
    const failure = {
      words,
      at,
      retryAt: new Date(at.getTime() + waitMs),
      ...(since ? { uncertainSince: since } : {}),
      ...(oddRefusal ? { oddRefusal } : {}),
    }
    await this.#untilSaved(() => this.#parts.store.tokens.recordFailure(attempt.key, failure))
    await this.#audited('token.refresh_failed', attempt, words)
    this.#parts.changed(attempt.token.userId)
  }

  async #audited(action: string, { token }: Attempt, detail: string): Promise<void> {
    const { section } = this.#integration
    const at = this.#parts.store.now()
    await this.#parts.audit({ at, action, outcome: 'failed', detail, section, userId: token.userId })
  }

  #untilSaved<T>(save: () => Promise<T>): Promise<T> {
    return untilSaved(this.#parts, this.#integration.section, save)
  }
}
