import { hostOf, type Integration } from '../domain/integration.ts'
import { printable } from '../domain/states.ts'
import type { IntegrationTrouble, Store, TokenTally } from '../store/store.ts'
import type { HealthFinding } from './broker-of-health.ts'
import type { Catalogue } from './catalogue.ts'
import type { ClientSecrets } from './client-secrets.ts'
import { findingsOfSecrets } from './health-of-secrets.ts'

interface Sources {
  readonly store: Store
  readonly catalogue: Catalogue
}

interface TallySources {
  readonly store: Pick<Store, 'tokens' | 'now'>
  readonly catalogue: Pick<Catalogue, 'findByInternalId' | 'fingerprintOf'>
}

interface FindingSources extends Sources {
  readonly clientSecrets: Pick<ClientSecrets, 'isNextAccepted'>
}

/** How instants are written where the finding is read. */
export type TimeWords = (at: Date) => string

/** How the sign-ins at one integration are, over all clients they were made with. */
export type IntegrationTally = Pick<TokenTally, 'total' | 'cannotRenew' | 'needSignIn' | 'delayed' | 'lastUsedAt'>

/** A service that failed somebody within this time is told about. */
const LATELY_MS = 15 * 60_000

const NONE: IntegrationTally = { total: 0, cannotRenew: 0, needSignIn: 0, delayed: 0 }

/** Stored sign-ins by integration (internal id). Those to a client that is not configured any more need a new one. */
export async function talliesOf({ store, catalogue }: TallySources): Promise<ReadonlyMap<string, IntegrationTally>> {
  const tallies = new Map<string, IntegrationTally>()
  for (const tally of await store.tokens.tally(new Date(store.now().getTime() - LATELY_MS))) {
    const { integrationId, clientFingerprint, total } = tally
    const integration = catalogue.findByInternalId(integrationId)
    const isCurrent = !integration || catalogue.fingerprintOf(integration) === clientFingerprint
    const own = isCurrent ? tally : { ...tally, cannotRenew: 0, delayed: 0, needSignIn: total }
    tallies.set(integrationId, sumOf(tallies.get(integrationId) ?? NONE, own))
  }
  return tallies
}

function sumOf(a: IntegrationTally, b: IntegrationTally): IntegrationTally {
  const lastMs = Math.max(a.lastUsedAt?.getTime() ?? 0, b.lastUsedAt?.getTime() ?? 0)
  return {
    total: a.total + b.total,
    cannotRenew: a.cannotRenew + b.cannotRenew,
    needSignIn: a.needSignIn + b.needSignIn,
    delayed: a.delayed + b.delayed,
    ...(lastMs === 0 ? {} : { lastUsedAt: new Date(lastMs) }),
  }
}

/** What integrations suffer from under the configuration that is in force, by internal id. */
export async function currentTroubles({ store, catalogue }: Sources): Promise<ReadonlyMap<string, IntegrationTrouble>> {
  const troubles = await store.integrations.troubles()
  // A trouble of an earlier configuration counts for nothing.
  const current = [...troubles].filter(([internalId, trouble]) => {
    const integration = catalogue.findByInternalId(internalId)
    return integration && trouble.configurationHash === catalogue.configurationHashOf(integration)
  })
  return new Map(current)
}

/** Whether so many of its sign-ins end for want of a refresh token that somebody should ask why. */
export function cannotMostlyRenew({ total, cannotRenew }: Pick<IntegrationTally, 'total' | 'cannotRenew'>): boolean {
  return cannotRenew * 2 > total
}

/** What is wrong with the integrations, and worth knowing of them. */
export async function findingsOfIntegrations(
  sources: FindingSources,
  tallies: ReadonlyMap<string, IntegrationTally>,
  time: TimeWords,
): Promise<readonly HealthFinding[]> {
  const { catalogue, clientSecrets, store } = sources
  const troubles = await currentTroubles(sources)
  return catalogue.all().flatMap((integration) => {
    // Switched off by an administrator: nothing is asked of the service, and nobody has to see to it.
    if (integration.isDisabled) return []
    const internalId = catalogue.internalId(integration.uid) ?? ''
    const trouble = troubles.get(internalId)
    const tally = tallies.get(internalId) ?? NONE
    const ofSecrets = findingsOfSecrets(integration, clientSecrets, store.now(), tally.total)
    const told = trouble
      ? [ofTrouble(integration, trouble, { people: tally.total, since: time(trouble.since) })]
      : ofTally(integration, tally)
    return [...told, ...ofSecrets]
  })
}

function ofTrouble(
  integration: Integration,
  { kind, words }: IntegrationTrouble,
  { people, since }: { people: number; since: string },
): HealthFinding {
  const { host, name, section } = namesOf(integration)
  const affected = `${counted(people, 'user')} affected; their sign-ins are kept.`
  const finding = { level: 'problem', about: 'integrations', section, acts: ['test', 'open'] } as const
  if (kind === 'client') {
    const fact = `${name} refuses the client secret since ${since}. ${affected}`
    const action = `${host} ${printable(words)}. An administrator corrects client-id, client-secret or token-endpoint-auth-method of [${section}] in oauth-clients.conf, then: benchkey reload`
    return { ...finding, fact, action }
  }
  const fact = `${name}: Benchkey cannot connect safely to ${host} since ${since} (${printable(words)}). ${affected}`
  const action = words.startsWith('the proxy ')
    ? `Whoever runs the proxy corrects it, or an administrator env-vars or proxy of [${section}]; Benchkey looks every minute.`
    : `Whoever runs ${host}, or the network between, corrects it; Benchkey looks every minute.`
  return { ...finding, fact, action }
}

function ofTally(integration: Integration, tally: IntegrationTally): readonly HealthFinding[] {
  const { host, name, section } = namesOf(integration)
  const { total, cannotRenew, delayed } = tally
  const remark = { level: 'remark', about: 'integrations', section } as const
  const findings: HealthFinding[] = []
  if (delayed > 0) {
    const fact = `${name}: ${host} did not renew ${delayed} of ${counted(total, 'sign-in')} in the last 15 minutes.`
    findings.push({ ...remark, acts: ['test'], fact, action: `Whoever runs ${host} sees to it; Benchkey keeps trying.` })
  }
  if (cannotMostlyRenew(tally)) {
    const fact = `${cannotRenew} of ${counted(total, 'sign-in')} to ${name} cannot renew: no refresh token.`
    const action = `${host} gave none. An administrator asks for one in [${section}], at many services by the scope offline_access.`
    findings.push({ ...remark, acts: ['why'], fact, action })
  }
  return findings
}

/** Answers that were not understood and stay in the database: they may hold tokens. */
export async function findingsOfUnreadReplies({ store, catalogue }: Sources): Promise<readonly HealthFinding[]> {
  const kept = Map.groupBy(await store.unreadReplies.list(), ({ integrationId }) => integrationId)
  return [...kept].flatMap(([integrationId, replies]): readonly HealthFinding[] => {
    const integration = catalogue.findByInternalId(integrationId)
    if (!integration || integration.isDisabled) return []
    const { host, name, section } = namesOf(integration)
    const signIns = counted(new Set(replies.map(({ tokenId }) => tokenId)).size, 'sign-in')
    const fact = `${name}: what ${host} answered to renewals of ${signIns} was not understood; it is kept for 7 days and may hold the only live tokens.`
    const action = `An administrator corrects the options that end in -path of [${section}] in oauth-clients.conf, then: benchkey reload; it is read again at that.`
    return [{ level: 'remark', about: 'integrations', section, acts: ['open'], fact, action }]
  })
}

function namesOf(integration: Integration): { readonly host: string; readonly name: string; readonly section: string } {
  const { tokenUrl, displayName, section } = integration
  return { host: hostOf(tokenUrl), name: printable(displayName), section }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
