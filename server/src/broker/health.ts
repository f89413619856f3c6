import type { HealthFacts } from '../domain/admin-api.ts'
import { SetupError } from '../domain/errors.ts'
import { printable, utcTime } from '../domain/states.ts'
import { type LeaseHolder, type Store, StoreError } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { HealthFinding, HealthNode, HealthReport } from './broker-of-health.ts'
import type { Catalogue } from './catalogue.ts'
import type { ClientSecrets } from './client-secrets.ts'
import {
  findingsOfIntegrations,
  findingsOfUnreadReplies,
  type IntegrationTally,
  type TimeWords,
  talliesOf,
} from './health-of-integrations.ts'
import { findingsOfNodes, nodesOf } from './health-of-nodes.ts'
import { findingsOfSignIns } from './health-of-sign-ins.ts'
import { SIGN_IN_LOST } from './read-secrets.ts'
import type { SessionPagesFacts } from './session-entries.ts'
import type { UnsavedResults } from './unsaved-results.ts'

/** Throws SetupError when the key ring on the disk would not open what these sentinels stand for. */
export type KeyRingCheck = (sentinels: Awaited<ReturnType<Store['sentinels']>>) => void

/** What a health report is made from. */
export interface HealthSources {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly audit: AuditLog
  readonly checkKeyRing: KeyRingCheck
  readonly results: Pick<UnsavedResults, 'reserve' | 'overdue'>
  readonly clientSecrets: Pick<ClientSecrets, 'isNextAccepted'>
  readonly sessionPages: Pick<SessionPagesFacts, 'problem' | 'remedy'>
  /** The server that answers. */
  readonly node: { readonly holder: Pick<LeaseHolder, 'incarnation'> }
}

/** Sign-ins that Benchkey lost are counted for so long. */
const LOST_COUNTED_MS = 30 * 24 * 60 * 60_000
/** A revocation that was given up is a problem for a day; after that it is known. */
const GIVEN_UP_NEWS_MS = 24 * 60 * 60_000

/**
 * Looks at everything a server depends on, and says what is not well. Never rejects for what it is there to report. `time`: how instants
 * are written where it is read.
 */
export async function healthOf(sources: HealthSources, time: TimeWords = utcTime): Promise<HealthReport> {
  const ofWriting = await ofDatabase(sources)
  const findings: HealthFinding[] = [...ofWriting, ...(await ofJournal(sources)), ...ofAudit(sources), ...ofSessionPages(sources)]
  let facts: HealthFacts | undefined
  let nodes: readonly HealthNode[] = []
  try {
    findings.push(...(await ofKeys(sources)))
    const tallies = await talliesOf(sources)
    findings.push(...(await findingsOfIntegrations(sources, tallies, time)), ...(await findingsOfSignIns(sources, time)))
    findings.push(...(await findingsOfUnreadReplies(sources)), ...(await ofRevocations(sources, time)))
    nodes = await nodesOf(sources.store, sources.node.holder.incarnation)
    // While nobody can write, heartbeats say nothing.
    if (ofWriting.length === 0) findings.push(...findingsOfNodes(nodes, time))
    facts = await factsOf(sources, tallies)
  } catch (failure) {
    if (!(failure instanceof StoreError)) throw failure
    findings.push(
      problem('database', `The database cannot be read: ${wordsOf(failure)}`, 'Fresh tokens in memory are still served.'),
    )
  }
  return { isWell: findings.every(({ level }) => level === 'remark'), findings, ...(facts ? { facts } : {}), nodes }
}

async function ofDatabase({ store }: HealthSources): Promise<readonly HealthFinding[]> {
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

async function ofJournal({ results }: HealthSources): Promise<readonly HealthFinding[]> {
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

function ofAudit({ audit }: HealthSources): readonly HealthFinding[] {
  if (audit.failing) {
    const action = 'Its lines are kept in memory and written as soon as the database takes them; see to the database.'
    return [problem('audit', 'The audit cannot be written.', action)]
  }
  if (audit.lost === 0) return []
  const fact = `${audit.lost} lines of the audit were lost since the start of this server, because the database took none for too long.`
  return [remark('audit', fact, 'Nothing to repair; note it where you keep track of such gaps.')]
}

function ofSessionPages({ sessionPages: { problem: fact, remedy } }: HealthSources): readonly HealthFinding[] {
  if (fact === undefined) return []
  if (remedy === undefined) {
    return [remark('sessions', fact, 'Sessions cannot be opened in browsers until it is mended; tokens are served as ever.')]
  }
  const until =
    'Sessions cannot be opened in browsers until it is mended and the server is started again; tokens are served as ever.'
  return [remark('sessions', fact, `${until} ${remedy}`)]
}

async function ofKeys({ store, checkKeyRing }: HealthSources): Promise<readonly HealthFinding[]> {
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

async function ofRevocations({ store, catalogue }: HealthSources, time: TimeWords): Promise<readonly HealthFinding[]> {
  const newsSince = store.now().getTime() - GIVEN_UP_NEWS_MS
  return (await store.revocations.givenUp()).map(({ integrationId, count, lastAt }) => {
    const integration = catalogue.findByInternalId(integrationId)
    const where = integration ? printable(integration.displayName) : 'A service that is not configured any more'
    const fact = `${where} did not confirm the revocation of ${counted(count, 'token')} in time, last tried until ${time(lastAt)}.`
    const action = 'An administrator revokes them at the service by hand, where that is needed; this line goes after 30 days.'
    const isNews = lastAt.getTime() >= newsSince && !integration?.isDisabled
    return isNews ? problem('revocations', fact, action) : remark('revocations', fact, action)
  })
}

async function factsOf(
  { store, catalogue }: HealthSources,
  tallies: ReadonlyMap<string, IntegrationTally>,
): Promise<HealthFacts> {
  const [users, sessions, revocations, lost] = await Promise.all([
    store.users.list(),
    store.sessions.list(),
    store.revocations.counts(),
    store.audit.countSince(SIGN_IN_LOST, new Date(store.now().getTime() - LOST_COUNTED_MS)),
  ])
  const all = [...tallies.values()]
  return {
    users: users.length,
    lockedUsers: users.filter(({ lockedAt }) => lockedAt).length,
    sessions: sessions.length,
    integrations: catalogue.all().length,
    signIns: all.reduce((sum, { total }) => sum + total, 0),
    signInsEnded: all.reduce((sum, { needSignIn }) => sum + needSignIn, 0),
    signInsLost: lost,
    revocationsWaiting: revocations.waiting,
  }
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
