import type { Effects } from '../domain/effects.ts'
import type { Integration } from '../domain/integration.ts'
import type { AuthorizationServers } from '../oauth/authorization-server.ts'
import type { RevocationOutcome } from '../oauth/outcome.ts'
import type { RevocationJob, Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { Catalogue } from './catalogue.ts'
import { ATTEMPT_LIFE_MS } from './integration-views.ts'
import type { LiveChanges } from './live-changes.ts'
import { kindOfFailure, type Log } from './log.ts'
import { Periodic } from './periodic.ts'
import { fingerprintOf } from './token-cache.ts'

/** Due jobs are looked for this often; a sign-out wakes the queue at once. */
const LOOK_MS = 15_000

/** A job belongs to one process for longer than a revocation request can take. */
const CLAIM_MS = 150_000

/** First pause after a failed try; it doubles up to an hour. */
const FIRST_PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = 60 * 60 * 1000

const SWITCHED_OFF: RevocationOutcome = { kind: 'retry', words: 'the integration is switched off' }

/** What the queue is made of. */
export interface RevocationParts {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly servers: AuthorizationServers
  readonly effects: Effects
  readonly audit: AuditLog
  readonly changes: LiveChanges
  readonly log: Log
}

/** Revokes at the services what people signed out of (RFC 7009), again and again for 24 h, then visibly failed. */
export class RevocationQueue {
  readonly #parts: RevocationParts
  readonly #loop: Periodic
  readonly #atOnce = new Set<Promise<void>>()

  constructor(parts: RevocationParts) {
    this.#parts = parts
    this.#loop = new Periodic('queue of revocations', LOOK_MS, parts, (stop) => this.#workOff(stop))
  }

  start(): void {
    this.#loop.start()
  }

  /** Something was queued: look now. */
  wake(): void {
    this.#loop.wake()
  }

  /** Waits for the revocations under way; what waits is left for the next start. */
  async close(): Promise<void> {
    await this.#loop.close()
    await Promise.all(this.#atOnce)
  }

  /**
   * Revokes a refresh token that a new sign-in has replaced: in the background, once, and only under
   * `revocation-scope=token`, where it cannot end the new one. The queue is not for it: it cancels what a newer sign-in
   * follows.
   */
  revokeReplaced(userId: string, integration: Integration, refreshToken: string): void {
    const revoking = this.#revokeOnce(userId, integration, refreshToken)
    this.#atOnce.add(revoking)
    void revoking.finally(() => this.#atOnce.delete(revoking))
  }

  async #workOff(stop: AbortSignal): Promise<void> {
    const { store } = this.#parts
    while (!stop.aborted) {
      const { job, cancelled } = await store.revocations.claimDue(store.now(), CLAIM_MS, ATTEMPT_LIFE_MS)
      for (const { userId, integrationId } of cancelled) {
        const detail = 'a newer sign-in or an open attempt could lose its tokens by it'
        await this.#record('revocation.cancelled', 'ok', { userId, integrationId }, { detail })
      }
      if (job) await this.#revoke(job)
      else if (cancelled.length === 0) return
    }
  }

  async #revoke(job: RevocationJob): Promise<void> {
    const { catalogue, store, changes } = this.#parts
    const fingerprint = fingerprintOf(job.token)
    const integration = catalogue.findByInternalId(job.integrationId)
    if (!integration?.revocationUrl) {
      await store.revocations.finish(job.id)
      const detail = integration ? 'no revocation URL is configured' : 'the integration is not configured any more'
      await this.#record('revocation.dropped', 'failed', job, { fingerprint, detail })
      return
    }
    // Tokens of another client or origin never travel to this one (fault F33).
    if (job.clientFingerprint !== catalogue.fingerprintOf(integration)) {
      await store.revocations.finish(job.id)
      const detail = 'it is of another client or service than is configured now'
      await this.#record('revocation.dropped', 'failed', job, { fingerprint, detail })
      return
    }
    // Switched off means that nothing is sent; it may be back before the job is given up.
    const isOff = integration.isDisabled === true
    const outcome = isOff ? SWITCHED_OFF : await this.#send(integration, job.token, job.tokenTypeHint)
    if (outcome.kind === 'done') {
      await store.revocations.finish(job.id)
      await this.#record('token.revoked', 'ok', job, { fingerprint })
    } else {
      await this.#putBack(job, outcome, fingerprint)
    }
    changes.publish(job.userId, 'integrations')
  }

  async #revokeOnce(userId: string, integration: Integration, refreshToken: string): Promise<void> {
    const { kind, ...more } = await this.#send(integration, refreshToken, 'refresh_token')
    const facts = { userId, section: integration.section, fingerprint: fingerprintOf(refreshToken) }
    if (kind === 'done') await this.#parts.audit.record({ action: 'token.revoked', outcome: 'ok', ...facts })
    else {
      const detail = 'words' in more ? more.words : kind
      await this.#parts.audit.record({ action: 'revocation.given_up', outcome: 'failed', ...facts, detail })
    }
  }

  async #send(
    integration: Integration,
    token: string,
    tokenTypeHint: RevocationJob['tokenTypeHint'],
  ): Promise<RevocationOutcome> {
    const { servers, log } = this.#parts
    return await servers.revoke(integration, { token, tokenTypeHint }).catch((failure: unknown): RevocationOutcome => {
      log.error({ failure: kindOfFailure(failure), section: integration.section }, 'A revocation ended unexpectedly.')
      return { kind: 'retry', words: 'ended unexpectedly' }
    })
  }

  /** A refusal may be a wrong client secret, which somebody repairs: it is tried again like a failure, until it is given up. */
  async #putBack(job: RevocationJob, outcome: Exclude<RevocationOutcome, { kind: 'done' }>, fingerprint: string): Promise<void> {
    const { store, effects } = this.#parts
    const asked = outcome.kind === 'retry' ? (outcome.retryAfterSeconds ?? 0) * 1000 : 0
    const doubled = FIRST_PAUSE_MS * 2 ** Math.min(job.tries - 1, 12)
    const jitter = 0.75 + Buffer.from(effects.randomBytes(1)).readUInt8(0) / 512
    const pauseMs = Math.max(Math.min(doubled, LONGEST_PAUSE_MS) * jitter, Math.min(asked, LONGEST_PAUSE_MS))
    const nextAt = new Date(store.now().getTime() + pauseMs)
    await store.revocations.reschedule(job.id, nextAt, outcome.words)
    const action = nextAt > job.giveUpAt ? 'revocation.given_up' : 'revocation.delayed'
    await this.#record(action, 'failed', job, { fingerprint, detail: outcome.words })
  }

  async #record(
    action: string,
    outcome: 'ok' | 'failed',
    whose: { readonly userId: string; readonly integrationId: string },
    more: { readonly fingerprint?: string; readonly detail?: string },
  ): Promise<void> {
    const section = this.#parts.catalogue.findByInternalId(whose.integrationId)?.section
    const named = section === undefined ? {} : { section }
    await this.#parts.audit.record({ action, outcome, userId: whose.userId, ...named, ...more })
  }
}
