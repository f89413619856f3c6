import type { Integration } from '../domain/integration.ts'
import { isAlive, isTooEarly, type StoredToken } from '../domain/stored-token.ts'
import { type IntegrationTrouble, StoreError } from '../store/store.ts'
import type { FlightEnd, FlightParts } from './flight-parts.ts'
import { Lease } from './lease.ts'
import { RefreshFlight } from './refresh-flight.ts'
import {
  CALLER_WAIT_MS,
  DATABASE_WAIT_MS,
  isCoolingDown,
  randomFraction,
  replayAt,
  TRIAL_MS,
  uncertainSince,
} from './refresh-policy.ts'

/** A flight that finds the lease taken looks at the row again this often, in milliseconds (with jitter). */
const LEASE_POLL_MS = 100
/** A database that has not answered a flight for so long stands still: the answer is a matter of milliseconds. */
const STANDING_MS = 2_000
/** The longest a flight can take: connect, read on to 120 s, save. */
const FLIGHT_LIMIT_MS = 260_000

/** How a refresh ended for one caller: `timed_out`, it goes on without this caller; `failed`, on our side, for `error`. */
export type RefreshEnd =
  | { readonly kind: FlightEnd | 'timed_out' }
  | {
      readonly kind: 'failed'
      readonly error: unknown
    }

/** Refreshes each row once for all callers of this process; the lease makes it once for all processes. */
export class Refresher {
  readonly #parts: FlightParts
  readonly #flights = new Map<string, Promise<RefreshEnd>>()
  /** Rows whose flights ask our own database for the lease, and since when. */
  readonly #takingLease = new Map<string, number>()
  readonly #stop = new AbortController()

  constructor(parts: FlightParts) {
    this.#parts = parts
  }

  /**
   * Whether a token request may leave for this row now: its client and addresses, `refresh-before`, cool-down, a refresh token
   * that is perhaps spent, and the integration's breaker, of which this may take the one trial. A flight that is under way may be joined.
   */
  async mayRefresh(integration: Integration, token: StoredToken): Promise<boolean> {
    if (this.#flights.has(token.id)) return true
    if (integration.isDisabled || token.reauthentication || !token.hasRefreshToken) return false
    if (token.clientFingerprint !== this.#parts.fingerprintOf(integration)) return false
    const { store } = this.#parts
    const now = store.now()
    if (isTooEarly(token, now, integration.refreshBeforeSeconds)) return false
    if (isCoolingDown(token.lastFailure, now) || this.#isHeld(integration, token, now)) return false
    const trouble = await this.troubleOf(integration, token)
    if (!trouble) return true
    if (trouble.retryAt.getTime() > now.getTime()) return this.#flights.has(token.id)
    if (await store.integrations.claimTrial(token.integrationId, now, new Date(now.getTime() + TRIAL_MS))) return true
    // Somebody else's trial, unless it is this row's or has ended well meanwhile.
    return (await this.troubleOf(integration, token)) === undefined || this.#flights.has(token.id)
  }

  /** The integration's trouble, unless the configuration has changed since. */
  async troubleOf(integration: Integration, token: StoredToken): Promise<IntegrationTrouble | undefined> {
    const trouble = (await this.#parts.store.integrations.troubles()).get(token.integrationId)
    return trouble?.configurationHash === this.#parts.configurationHashOf(integration) ? trouble : undefined
  }

  /**
   * Joins or starts the flight of a row and waits for it 15 s at most, 5 s for our own database while the token lives. The flight is detached: a caller that hangs up
   * cancels nothing. Whatever the answer, the row says what holds now.
   */
  async refresh(integration: Integration, token: StoredToken): Promise<RefreshEnd> {
    const flight = this.#flights.get(token.id) ?? this.#start(integration, token)
    const patience = new AbortController()
    // Aborted below, after the flight has answered.
    const after = (ms: number) => this.#parts.effects.sleep(ms, patience.signal).catch(() => undefined)
    const held = after(DATABASE_WAIT_MS).then(() => this.#held(token) ?? flight)
    const timer = after(CALLER_WAIT_MS).then(() => this.#atDatabase(token) ?? { kind: 'timed_out' as const })
    try {
      return await Promise.race([flight, held, timer])
    } finally {
      patience.abort()
    }
  }

  /** For a caller who has a token to go on with. */
  #held(token: StoredToken): RefreshEnd | undefined {
    return isAlive(token, this.#parts.store.now()) ? this.#atDatabase(token) : undefined
  }

  /** How it ends for a caller of a flight that has not got past our own database: the service is not to blame. */
  #atDatabase(token: StoredToken): RefreshEnd | undefined {
    const sinceMs = this.#takingLease.get(token.id)
    if (sinceMs === undefined || this.#parts.effects.monotonicMs() - sinceMs < STANDING_MS) return undefined
    return { kind: 'failed', error: new StoreError('busy', 'The database did not answer in time for a refresh to start.') }
  }

  /**
   * At the start and now and then: rows whose refresh was cut off or ended uncertain, here or on a node that died, at an
   * integration that repeats itself for a while (`grace:N`) are refreshed while the window is open. At others a perhaps spent
   * token is held until somebody asks (refresh.md, *Uncertain outcomes*).
   */
  async resume(integrationOf: (token: StoredToken) => Integration | undefined): Promise<void> {
    for (const token of await this.#parts.store.tokens.listInterrupted()) {
      const integration = integrationOf(token)
      if (!integration || !this.#isWindowOpen(integration, token)) continue
      if (!(await this.mayRefresh(integration, token)) || this.#flights.has(token.id)) continue
      void this.#start(integration, token)
    }
  }

  /** Waits for open flights, for at most the given time; nothing more is sent. What is open after that is uncertain. */
  async drain(limitMs: number): Promise<void> {
    this.#stop.abort()
    const stop = new AbortController()
    const limit = this.#parts.effects.sleep(limitMs, stop.signal).catch(() => undefined) // Aborted: all flights landed.
    await Promise.race([Promise.allSettled(this.#flights.values()), limit])
    stop.abort()
  }

  #start(integration: Integration, token: StoredToken): Promise<RefreshEnd> {
    const flight = this.#fly(integration, token)
      .then((kind): RefreshEnd => ({ kind }))
      .catch((error: unknown): RefreshEnd => {
        if (!this.#stop.signal.aborted) {
          this.#parts.report({ what: 'a refresh ended unexpectedly', section: integration.section, error })
        }
        return { kind: 'failed', error }
      })
      .finally(() => this.#flights.delete(token.id))
    this.#flights.set(token.id, flight)
    return flight
  }

  /** Whether a perhaps spent refresh token can still be sent again inside the integration's grace window. */
  #isWindowOpen(integration: Integration, token: StoredToken): boolean {
    const since = uncertainSince(token)
    if (integration.refreshReuse.kind !== 'grace' || !since) return false
    const sinceMs = this.#parts.store.now().getTime() - since.getTime()
    return sinceMs >= 0 && sinceMs < integration.refreshReuse.seconds * 1000
  }

  /** Perhaps spent and not to be replayed yet. An open intent is for the flight to judge: it leaves in the row why. */
  #isHeld(integration: Integration, token: StoredToken, now: Date): boolean {
    if (token.intent || !token.interruptedAt) return false
    return replayAt(integration.refreshReuse, token, token.interruptedAt, now).getTime() > now.getTime()
  }

  async #fly(integration: Integration, token: StoredToken): Promise<FlightEnd> {
    const { effects } = this.#parts
    const deadlineMs = effects.monotonicMs() + FLIGHT_LIMIT_MS
    while (effects.monotonicMs() < deadlineMs) {
      this.#stop.signal.throwIfAborted()
      const lease = await this.#takeLease(token)
      if (lease) {
        const end = await this.#underLease(lease, integration, token)
        if (end !== 'lease_lost') return end
      }
      const settled = await this.#settledElsewhere(integration, token)
      if (settled) return settled
      await effects.sleep(LEASE_POLL_MS * (0.5 + randomFraction(effects)), this.#stop.signal)
    }
    return 'settled'
  }

  async #takeLease(token: StoredToken): Promise<Lease | undefined> {
    this.#takingLease.set(token.id, this.#parts.effects.monotonicMs())
    try {
      return await Lease.take(this.#parts, token.id)
    } finally {
      this.#takingLease.delete(token.id)
    }
  }

  async #underLease(lease: Lease, integration: Integration, token: StoredToken): Promise<FlightEnd> {
    const heartbeat = lease.keep((error) =>
      this.#parts.report({ what: 'a lease could not be renewed', section: integration.section, error }),
    )
    try {
      return await new RefreshFlight(this.#parts, integration, lease, this.#stop.signal).run(token.id, token.generation)
    } finally {
      await lease.release().catch((error: unknown) =>
        // The lease then ends by itself after 20 s.
        this.#parts.report({ what: 'a lease could not be given back', section: integration.section, error }),
      )
      await heartbeat
    }
  }

  /** What another process's flight made of the row since the caller read it; undefined while it still flies. */
  async #settledElsewhere(integration: Integration, token: StoredToken): Promise<FlightEnd | undefined> {
    const now = await this.#parts.store.tokens.get(token.id)
    if (!now || now.reauthentication) return 'settled'
    if (now.generation !== token.generation) return 'renewed'
    const failedSince = now.lastFailure?.at.getTime() !== token.lastFailure?.at.getTime()
    if (failedSince && !now.intent) return uncertainSince(now) ? 'held' : 'settled'
    const trouble = await this.troubleOf(integration, now)
    if (trouble && trouble.retryAt.getTime() > this.#parts.store.now().getTime() && !now.intent) return 'settled'
    return undefined
  }
}
