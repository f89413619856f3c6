import { BrokerError } from '../domain/errors.ts'
import type { Integration } from '../domain/integration.ts'
import { type Caller, mayUse } from '../domain/people.ts'
import { type ReportOutcome, reportSentenceOf } from '../domain/reports.ts'
import { plainPhrasing, type State, sentenceOf } from '../domain/states.ts'
import { isAlive, isTooEarly, type StoredToken } from '../domain/stored-token.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { Reported } from './broker.ts'
import type { Catalogue } from './catalogue.ts'
import { isDatabaseAway } from './database-away.ts'
import { unlistedIntegration } from './integration-views.ts'
import { damaged, readSecrets } from './read-secrets.ts'
import type { RefreshEnd, Refresher } from './refresher.ts'
import { refusalOf } from './refusals.ts'
import { stateAfter } from './state-after.ts'
import { fingerprintOf } from './token-cache.ts'
import type { TokenChecks } from './token-checks.ts'

/** One refresh of a row for a report in this time, over all nodes, in milliseconds (refresh.md, fault F28). */
const REPORT_EVERY_MS = 10 * 60_000

/** What reports are made of. */
export interface ReportParts {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly refresher: Refresher
  readonly checks: Pick<TokenChecks, 'check'>
  readonly audit: Pick<AuditLog, 'record'>
  /** Counts one such call; throws when there were too many. */
  readonly costly: (caller: Pick<Caller, 'userId' | 'sessionId'>) => void
}

/** What a session reports: the integration, and which token of it does not work. */
export interface Report {
  readonly uid: string
  /** First 16 hex digits of the token's SHA-256, lower case. */
  readonly fingerprint: string
  readonly address: string
}

/**
 * Takes a session's word that the current token does not work, and renews it for that (fault F28): a service may revoke what
 * has not ended by the clock. Once in ten minutes per row, so that a program in a loop costs the service nothing.
 */
export class TokenReports {
  readonly #parts: ReportParts

  constructor(parts: ReportParts) {
    this.#parts = parts
  }

  /** Rejects with the state of the sign-in when there is no token to be had any more. */
  async report(caller: Caller, { uid, fingerprint, address }: Report): Promise<Reported> {
    const { audit, catalogue, costly } = this.#parts
    costly(caller)
    const integration = catalogue.find(uid)
    if (!integration || integration.isDisabled || !mayUse(caller, integration.uid)) {
      throw unlistedIntegration(catalogue, uid, caller)
    }
    const { userName, sessionId, sessionName } = caller
    const line = {
      action: 'token.reported',
      section: integration.section,
      fingerprint,
      address,
      userName,
      sessionId,
      sessionName,
    }
    try {
      const reported = await this.#settle(integration, caller.userId, fingerprint)
      await audit.record({ ...line, outcome: reported.outcome === 'not_renewed' ? 'failed' : 'ok', detail: reported.outcome })
      return reported
    } catch (error) {
      const detail = error instanceof BrokerError ? error.code : 'internal'
      await audit.record({ ...line, outcome: 'failed', detail })
      throw error
    }
  }

  async #settle(integration: Integration, userId: string, fingerprint: string): Promise<Reported> {
    const { store, catalogue, refresher } = this.#parts
    const token = await store.tokens.find(userId, catalogue.internalId(integration.uid) ?? '')
    if (!token || !this.#isUsable(integration, token)) throw await this.#refused(integration, token)
    const lost = () => this.#parts.audit.record(damaged(token, integration.section))
    const accessToken = (await readSecrets(store, token, lost))?.accessToken
    if (accessToken === undefined) return await this.#changed(integration, token)
    if (fingerprintOf(accessToken) !== fingerprint) return this.#told('newer_token', integration)
    if (!token.hasRefreshToken) return this.#told('cannot_renew', integration)
    const now = store.now()
    const wait = waitOf(token, now)
    if (wait > 0) return this.#told('too_soon', integration, token, wait)
    const early = earlySecondsOf(integration, token, now)
    if (early > 0) return this.#told('too_early', integration, token, early)
    if (!(await refresher.mayRefresh(integration, token))) return await this.#notRenewed(integration, token)
    if (!(await store.tokens.claimReport(token.id, token.generation, { at: now, everyMs: REPORT_EVERY_MS }))) {
      return await this.#changed(integration, token)
    }
    if ((await this.#parts.checks.check(integration, token, accessToken)) === 'works') return this.#told('works', integration)
    const end = await refresher.refresh(integration, token)
    const after = await store.tokens.get(token.id)
    if (!after) throw await this.#refused(integration, undefined)
    const isRenewed = after.generation !== token.generation && !after.lastFailure
    return isRenewed ? this.#told('renewed', integration) : await this.#notRenewed(integration, after, end)
  }

  /** Another request was faster: what does the row say now? */
  async #changed(integration: Integration, before: StoredToken): Promise<Reported> {
    const { store } = this.#parts
    const token = await store.tokens.find(before.userId, before.integrationId)
    if (!token || !this.#isUsable(integration, token)) throw await this.#refused(integration, token)
    if (token.id !== before.id || token.generation !== before.generation) return this.#told('newer_token', integration)
    return this.#told('too_soon', integration, token, Math.max(1, waitOf(token, store.now())))
  }

  /** The token may work all the same while it lives; otherwise the state is the error. */
  async #notRenewed(integration: Integration, token: StoredToken, end?: RefreshEnd): Promise<Reported> {
    const { store, catalogue } = this.#parts
    const state = await stateAfter(this.#parts, integration, token, end)
    if (state.code !== 'renewal_delayed' || !isAlive(token, store.now())) {
      const isOurs = state.code === 'signed_in' || state.code === 'scope_missing'
      if (isOurs && end?.kind === 'failed' && isDatabaseAway(end.error)) throw end.error
      if (isOurs) throw new Error('a reported token could not be renewed')
      throw this.#refusal(state)
    }
    const { explanation, action } = sentenceOf(state, plainPhrasing(catalogue.publicUrl))
    return { outcome: 'not_renewed', explanation, action }
  }

  #told(outcome: ReportOutcome, integration: Integration, token?: StoredToken, retryAfterSeconds?: number): Reported {
    const { displayName, section } = integration
    const facts = {
      ...{ name: displayName, section },
      ...(token?.reportedAt ? { reportedAt: token.reportedAt } : {}),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    }
    const words = reportSentenceOf(outcome, facts, plainPhrasing(this.#parts.catalogue.publicUrl))
    return { outcome, ...words, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
  }

  #isUsable(integration: Integration, token: StoredToken): boolean {
    return !token.reauthentication && token.clientFingerprint === this.#parts.catalogue.fingerprintOf(integration)
  }

  async #refused(integration: Integration, token: StoredToken | undefined): Promise<BrokerError> {
    if (token) return this.#refusal(await stateAfter(this.#parts, integration, token, undefined))
    return this.#refusal({ code: 'not_signed_in', name: integration.displayName, section: integration.section })
  }

  #refusal(state: State): BrokerError {
    return refusalOf(state, plainPhrasing(this.#parts.catalogue.publicUrl))
  }
}

/** Seconds until the service lets the token be renewed (`refresh-before`). */
function earlySecondsOf({ refreshBeforeSeconds }: Integration, token: StoredToken, now: Date): number {
  if (!token.expiresAt || !isTooEarly(token, now, refreshBeforeSeconds)) return 0
  return Math.ceil((token.expiresAt.getTime() - now.getTime()) / 1000) - (refreshBeforeSeconds ?? 0)
}

/** Seconds until the row may be renewed for a report again; one that lies in the future holds nothing back for longer than that. */
function waitOf({ reportedAt }: StoredToken, now: Date): number {
  if (!reportedAt) return 0
  const sinceMs = now.getTime() - reportedAt.getTime()
  return sinceMs < -REPORT_EVERY_MS ? 0 : Math.max(0, Math.ceil((REPORT_EVERY_MS - sinceMs) / 1000))
}
