import type { Effects } from '../domain/effects.ts'
import type { Integration } from '../domain/integration.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import type { AuthorizationServers } from '../oauth/authorization-server.ts'
import type { ValidationOutcome } from '../oauth/outcome.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { LiveChanges } from './live-changes.ts'
import { kindOfFailure, type Log } from './log.ts'
import { fingerprintOf } from './token-cache.ts'

/** What checks are made of. */
export interface TokenCheckParts {
  readonly store: Pick<Store, 'tokens' | 'now'>
  readonly servers: Pick<AuthorizationServers, 'validate'>
  readonly effects: Pick<Effects, 'sleep'>
  readonly audit: Pick<AuditLog, 'record'>
  readonly changes: Pick<LiveChanges, 'publish'>
  readonly log: Log
}

type Row = Pick<StoredToken, 'id' | 'generation' | 'userId'>

/**
 * Asks a service whether an access token works (`validate-url`), and keeps what it said in the row. Nothing waits for it but a
 * report: a sign-in is saved before, and stays whatever the answer (docs/decisions/0031-around-the-token.md).
 */
export class TokenChecks {
  readonly #parts: TokenCheckParts
  readonly #underWay = new Set<Promise<unknown>>()

  constructor(parts: TokenCheckParts) {
    this.#parts = parts
  }

  /** In the background; for integrations without a validation URL nothing. */
  start(integration: Integration, token: Row, accessToken: string): void {
    const checking = this.check(integration, token, accessToken)
    this.#underWay.add(checking)
    void checking.finally(() => this.#underWay.delete(checking))
  }

  /** What the service says; undefined when there is nothing to ask. It never rejects. */
  async check(integration: Integration, token: Row, accessToken: string): Promise<ValidationOutcome['kind'] | undefined> {
    if (integration.validateUrl === undefined) return undefined
    try {
      const outcome = await this.#parts.servers.validate(integration, accessToken)
      await this.#keep(integration, token, accessToken, outcome)
      return outcome.kind
    } catch (failure) {
      const facts = { failure: kindOfFailure(failure), section: integration.section }
      this.#parts.log.warn(facts, 'What the validation URL says of a token could not be asked or kept.')
      return 'unknown'
    }
  }

  /** Waits for the checks under way, for at most the given time; what is open then is not kept. */
  async drain(limitMs: number): Promise<void> {
    const stop = new AbortController()
    const limit = this.#parts.effects.sleep(limitMs, stop.signal).catch(() => undefined) // Aborted: all of them ended.
    await Promise.race([Promise.all(this.#underWay), limit])
    stop.abort()
  }

  async #keep({ section }: Integration, token: Row, accessToken: string, outcome: ValidationOutcome): Promise<void> {
    const { store, audit, changes, log } = this.#parts
    const words = outcome.kind === 'works' ? undefined : outcome.words
    if (outcome.kind !== 'unknown') {
      const at = store.now()
      await store.tokens.recordValidation(token.id, token.generation, { at, ...(words === undefined ? {} : { words }) })
      changes.publish(token.userId, 'integrations')
    }
    if (outcome.kind === 'refused') {
      log.warn({ section, words: outcome.words }, 'A service refuses a token it has just given: see validate-url.')
    }
    await audit.record({
      ...{ action: 'token.validated', userId: token.userId, section, fingerprint: fingerprintOf(accessToken) },
      ...{ outcome: outcome.kind === 'works' ? 'ok' : 'failed', ...(words === undefined ? {} : { detail: words }) },
    })
  }
}
