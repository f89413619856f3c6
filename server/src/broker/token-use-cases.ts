import { hash } from 'node:crypto'
import type { Integration } from '../domain/integration.ts'
import type { User } from '../domain/people.ts'
import type { LeaseHolder } from '../store/store.ts'
import { AccountLookUps } from './account-look-ups.ts'
import { CostlyCalls } from './costly-calls.ts'
import type { SharedParts, TokenUseCases } from './create.ts'
import { orSayAway } from './database-away.ts'
import { kindOfFailure } from './log.ts'
import type { NodeIdentity } from './node-heart.ts'
import { Periodic } from './periodic.ts'
import { damaged } from './read-secrets.ts'
import { RESUME_MS } from './refresh-policy.ts'
import { Refresher } from './refresher.ts'
import { TokenChecks } from './token-checks.ts'
import { TokenReports } from './token-reports.ts'
import { TokenFetcher } from './tokens.ts'

/** How this process takes leases, and which other holders it knows to be gone. */
type LeaseIdentity = Pick<NodeIdentity, 'holder' | 'isDead'>

/** Open flights get this long after the last caller was answered (fault F4: a drain of 20 s in all). */
const DRAIN_MS = 5_000

/** The token path over the refresh engine; cut-off refreshes of dead processes are taken up at once where that helps. */
export function createTokens(shared: SharedParts, { holder, isDead }: LeaseIdentity): TokenUseCases {
  const { store, results, servers, effects, catalogue, audit, uses, changes, clientSecrets, log } = shared
  const accounts = new AccountLookUps(shared)
  const refresher = new Refresher({
    store,
    results,
    authorizationServers: servers,
    clientSecrets,
    effects,
    holder,
    isDead,
    fingerprintOf: (integration) => catalogue.fingerprintOf(integration),
    configurationHashOf: (integration) => catalogue.configurationHashOf(integration),
    redirectUriOf: (integration) => catalogue.redirectUriOf(integration),
    audit: (event) => audit.record(event),
    changed: (userId) => changes.publish(userId, 'integrations'),
    askAccount: (...asked) => accounts.start(...asked),
    report: ({ what, section, error }) =>
      log.warn({ section, ...(error === undefined ? {} : { failure: kindOfFailure(error) }) }, `Refresh: ${what}.`),
  })
  const costlyCalls = new CostlyCalls(effects)
  const costly: TokenUseCases['costly'] = (caller) => costlyCalls.count(caller)
  const fetcher = new TokenFetcher({
    store,
    catalogue,
    refresher,
    costly,
    lost: (token, { section }) => audit.record(damaged(token, section)),
    served: ({ tokenId, ...use }) => {
      audit.noteServed(use)
      uses.note(tokenId, store.now(), use)
    },
  })
  const resuming = new Periodic('look for cut-off refreshes', RESUME_MS, shared, () =>
    refresher.resume((token) => catalogue.findByInternalId(token.integrationId)),
  )
  resuming.start()
  const checks = new TokenChecks(shared)
  const reports = new TokenReports({ store, catalogue, refresher, checks, audit, costly })
  return { tokens: fetcher, reports, checks, accounts, tryAgain, costly, drain }

  async function drain(): Promise<void> {
    await resuming.close()
    await Promise.all([refresher.drain(DRAIN_MS), checks.drain(DRAIN_MS), accounts.drain(DRAIN_MS)])
  }

  /** A person's *Try again*: the parked refresh token goes back into service and is sent, once. */
  async function tryAgain(user: User, integration: Integration): Promise<void> {
    const integrationId = catalogue.internalId(integration.uid)
    const parked = integrationId && (await store.tokens.find(user.id, integrationId))
    // A changed client or address is no place for it (fault F33).
    if (!parked || parked.clientFingerprint !== catalogue.fingerprintOf(integration)) return
    if (!(await orSayAway(log, 'A second try', store.tokens.unpark(parked.id)))) return
    const token = await store.tokens.get(parked.id)
    const end = token && (await refresher.refresh(integration, token))
    if (end?.kind === 'failed') throw end.error
  }
}

/** A name for this process that no other, earlier or later one has. */
export function incarnationOf(holder: Omit<LeaseHolder, 'incarnation'>): string {
  return hash('sha256', JSON.stringify(holder), 'hex').slice(0, 32)
}
