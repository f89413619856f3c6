import type { HealthFacts } from '../domain/admin-api.ts'
import { SetupError } from '../domain/errors.ts'
import { hostOf, type Integration } from '../domain/integration.ts'
import { printable, utcTime } from '../domain/states.ts'
import { type IntegrationTrouble, type LeaseHolder, type Store, StoreError, type TokenTally } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { HealthFinding, HealthNode, HealthReport } from './broker.ts'
import type { Catalogue } from './catalogue.ts'
import type { ClientSecrets } from './client-secrets.ts'
import { findingsOfNodes, nodesOf } from './health-of-nodes.ts'
import { findingsOfSecrets } from './health-of-secrets.ts'
import type { SessionPagesFacts } from './session-entries.ts'
import type { UnsavedResults } from './unsaved-results.ts'

/** Throws SetupError when the key ring on the disk would not open what these sentinels stand for. */
export type KeyRingCheck = (sentinels: Awaited<ReturnType<Store['sentinels']>>) => void

interface Sources {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly audit: AuditLog
  readonly checkKeyRing: KeyRingCheck
  readonly results: Pick<UnsavedResults, 'reserve' | 'overdue'>
  readonly clientSecrets: Pick<ClientSecrets, 'isNextAccepted'>
  readonly sessionPages: Pick<SessionPagesFacts, 'problem'>
  /** The server that answers. */
  readonly node: { readonly holder: Pick<LeaseHolder, 'incarnation'> }
}

/** A service that failed somebody within this time is told about. */
const LATELY_MS = 15 * 60_000
/** A revocation that was given up is a problem for a day; after that it is known. */
const GIVEN_UP_NEWS_MS = 24 * 60 * 60_000

/** Looks at everything a server depends on, and says what is not well. Never rejects for what it is there to report. */
export async function healthOf(sources: Sources): Promise<HealthReport> {
  const ofWriting = await ofDatabase(sources)
  const findings: HealthFinding[] = [...ofWriting, ...(await ofJournal(sources)), ...ofAudit(sources), ...ofSessionPages(sources)]
  let facts: HealthFacts | undefined
  let nodes: readonly HealthNode[] = []
  try {
    findings.push(...(await ofKeys(sources)))
    const tallies = await tallyOf(sources)
    findings.push(...(await ofIntegrations(sources, tallies)), ...(await ofUnreadReplies(sources)))
    findings.push(...(await ofRevocations(sources)))
    nodes = nodesOf(await sources.store.nodes.list(), sources.node.holder.incarnation)
    // While nobody can write, heartbeats say nothing.
    if (ofWriting.length === 0) findings.push(...findingsOfNodes(nodes))
    facts = await factsOf(sources, tallies)
  } catch (failure) {
    if (!(failure instanceof StoreError)) throw failure
    findings.push(
      problem('database', `The database cannot be read: ${wordsOf(failure)}`, 'Fresh tokens in memory are still served.'),
    )
  }
  return { isWell: findings.every(({ level }) => level === 'remark'), findings, ...(facts ? { facts } : {}), nodes }
}

async function ofDatabase({ store }: Sources): Promise<readonly HealthFinding[]> {
  try {
    await store.ping()
    return []
  } catch (failure) {
    if (!(failure instanceof StoreError)) throw failure
    const action =
      'Until it can, tokens that live are served, nothing is renewed and nobody can sign in; then all goes on by itself.'
    return [problem('database', `The database cannot be written: ${wordsOf(failure)}`, action)]
  }
}

async function ofJournal({ results }: Sources): Promise<readonly HealthFinding[]> {
  const findings: HealthFinding[] = []
  const { overdue } = results
  if (overdue > 0) {
    const fact = `${counted(overdue, 'result')} of token requests ${overdue === 1 ? 'waits' : 'wait'} in the journal for the database.`
    const action = 'They are saved as soon as the database takes them; leave the folder journals of the data directory as it is.'
    findings.push(problem('journal', fact, action))
  }
  try {
    const room = await results.reserve()
    room.release()
  } catch (failure) {
    if (!(failure instanceof StoreError)) throw failure
    const action = 'Until there is room, tokens that live are served, nothing is renewed and nobody can sign in.'
    findings.push(problem('journal', `Results of token requests could not be kept: ${wordsOf(failure)}`, action))
  }
  return findings
}

function ofAudit({ audit }: Sources): readonly HealthFinding[] {
  if (audit.failing) {
    const action = 'Its lines are kept in memory and written as soon as the database takes them; see to the database.'
    return [problem('audit', 'The audit cannot be written.', action)]
  }
  if (audit.lost === 0) return []
  const fact = `${audit.lost} lines of the audit were lost since the start of this server, because the database took none for too long.`
  return [remark('audit', fact, 'Nothing to repair; note it where you keep track of such gaps.')]
}

function ofSessionPages({ sessionPages: { problem: fact } }: Sources): readonly HealthFinding[] {
  if (fact === undefined) return []
  return [remark('sessions', fact, 'Sessions cannot be opened in browsers until it is mended; tokens are served as ever.')]
}

async function ofKeys({ store, checkKeyRing }: Sources): Promise<readonly HealthFinding[]> {
  const sentinels = await store.sentinels()
  try {
    checkKeyRing(sentinels)
    return []
  } catch (failure) {
    if (!(failure instanceof SetupError)) throw failure
    const action = 'This server works on with the keys it has in memory, and could not be started again.'
    return [problem('keys', failure.message, action)]
  }
}

async function tallyOf({ store }: Sources): Promise<ReadonlyMap<string, TokenTally>> {
  const tallies = await store.tokens.tally(new Date(store.now().getTime() - LATELY_MS))
  return new Map(tallies.map((tally) => [tally.integrationId, tally]))
}

async function ofIntegrations(
  { store, catalogue, clientSecrets }: Sources,
  tallies: ReadonlyMap<string, TokenTally>,
): Promise<readonly HealthFinding[]> {
  const troubles = await store.integrations.troubles()
  return catalogue.all().flatMap((integration) => {
    // Switched off by an administrator: nothing is asked of the service, and nobody has to see to it.
    if (integration.isDisabled) return []
    const internalId = catalogue.internalId(integration.uid) ?? ''
    const trouble = troubles.get(internalId)
    const tally = tallies.get(internalId)
    const ofSecrets = findingsOfSecrets(integration, clientSecrets, store.now(), tally?.total ?? 0)
    // A trouble of an earlier configuration counts for nothing.
    const isTroubled = trouble?.configurationHash === catalogue.configurationHashOf(integration)
    if (isTroubled) return [ofTrouble(integration, trouble, tally), ...ofSecrets]
    return [...(tally ? ofTally(integration, tally) : []), ...ofSecrets]
  })
}

function ofTrouble(integration: Integration, trouble: IntegrationTrouble, tally: TokenTally | undefined): HealthFinding {
  const { host, name } = namesOf(integration)
  const affected = `since ${utcTime(trouble.since)} (${printable(trouble.words)}); ${counted(tally?.total ?? 0, 'sign-in')} affected, and kept`
  if (trouble.kind === 'client') {
    const fact = `${name}: ${host} refuses Benchkey's client ID or secret ${affected}.`
    const action = `An administrator corrects client-id, client-secret or token-endpoint-auth-method of [${integration.section}] in oauth-clients.conf, then: benchkey reload`
    return problem('integrations', fact, action)
  }
  const fact = `${name}: Benchkey cannot connect safely to ${host} ${affected}.`
  const action = trouble.words.startsWith('the proxy ')
    ? `Whoever runs the proxy corrects it, or an administrator env-vars or proxy of [${integration.section}]; Benchkey looks every minute.`
    : `Whoever runs ${host}, or the network between, corrects it; Benchkey looks every minute.`
  return problem('integrations', fact, action)
}

function ofTally(integration: Integration, { total, cannotRenew, delayed }: TokenTally): readonly HealthFinding[] {
  const { host, name } = namesOf(integration)
  const findings: HealthFinding[] = []
  if (delayed > 0) {
    const fact = `${name}: ${host} did not renew ${delayed} of ${counted(total, 'sign-in')} in the last 15 minutes.`
    findings.push(remark('integrations', fact, `Whoever runs ${host} sees to it; Benchkey keeps trying.`))
  }
  if (cannotRenew * 2 > total) {
    const fact = `${name}: ${cannotRenew} of ${counted(total, 'sign-in')} cannot renew, because ${host} gave no refresh token.`
    const action = `An administrator asks for one in [${integration.section}], at many services by the scope offline_access.`
    findings.push(remark('integrations', fact, action))
  }
  return findings
}

/** The answers themselves stay in the database: they may hold tokens. */
async function ofUnreadReplies({ store, catalogue }: Sources): Promise<readonly HealthFinding[]> {
  const kept = Map.groupBy(await store.unreadReplies.list(), ({ integrationId }) => integrationId)
  return [...kept].flatMap(([integrationId, replies]) => {
    const integration = catalogue.findByInternalId(integrationId)
    if (!integration || integration.isDisabled) return []
    const { host, name } = namesOf(integration)
    const signIns = counted(new Set(replies.map(({ tokenId }) => tokenId)).size, 'sign-in')
    const fact = `${name}: what ${host} answered to renewals of ${signIns} was not understood; it is kept for 7 days and may hold the only live tokens.`
    const action = `An administrator corrects the options that end in -path of [${integration.section}] in oauth-clients.conf, then: benchkey reload; it is read again at that.`
    return [remark('integrations', fact, action)]
  })
}

async function ofRevocations({ store, catalogue }: Sources): Promise<readonly HealthFinding[]> {
  const newsSince = store.now().getTime() - GIVEN_UP_NEWS_MS
  return (await store.revocations.givenUp()).map(({ integrationId, count, lastAt }) => {
    const integration = catalogue.findByInternalId(integrationId)
    const where = integration ? namesOf(integration).name : 'A service that is not configured any more'
    const fact = `${where} did not confirm the revocation of ${counted(count, 'token')} in time, last tried until ${utcTime(lastAt)}.`
    const action = 'An administrator revokes them at the service by hand, where that is needed; this line goes after 30 days.'
    const isNews = lastAt.getTime() >= newsSince && !integration?.isDisabled
    return isNews ? problem('revocations', fact, action) : remark('revocations', fact, action)
  })
}

async function factsOf({ store, catalogue }: Sources, tallies: ReadonlyMap<string, TokenTally>): Promise<HealthFacts> {
  const [users, sessions, revocations] = await Promise.all([
    store.users.list(),
    store.sessions.list(),
    store.revocations.counts(),
  ])
  const all = [...tallies.values()]
  return {
    users: users.length,
    lockedUsers: users.filter(({ lockedAt }) => lockedAt).length,
    sessions: sessions.length,
    integrations: catalogue.all().length,
    signIns: all.reduce((sum, { total }) => sum + total, 0),
    signInsEnded: all.reduce((sum, { needSignIn }) => sum + needSignIn, 0),
    revocationsWaiting: revocations.waiting,
  }
}

function namesOf(integration: Integration): { readonly host: string; readonly name: string } {
  return { host: hostOf(integration.tokenUrl), name: printable(integration.displayName) }
}

/** The store's own words: never what a foreign error says. */
function wordsOf(failure: StoreError): string {
  return failure.message.charAt(0).toLowerCase() + failure.message.slice(1)
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function problem(about: HealthFinding['about'], fact: string, action: string): HealthFinding {
  return { level: 'problem', about, fact, action }
}

function remark(about: HealthFinding['about'], fact: string, action: string): HealthFinding {
  return { level: 'remark', about, fact, action }
}
