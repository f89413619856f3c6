import type { ClientsFile } from '../config/clients-file.ts'
import type { Configuration, LoadResult } from '../config/configuration.ts'
import type { OptionLines } from '../config/option-lines.ts'
import { listPresets } from '../config/presets.ts'
import type { Effects } from '../domain/effects.ts'
import type { Integration } from '../domain/integration.ts'
import type { Caller } from '../domain/people.ts'
import type { UnixAccount } from '../domain/unix-account.ts'
import type { LocalSessions } from '../launcher/create.ts'
import type { LocalAccounts } from '../login/local-accounts.ts'
import type { AuthorizationServers } from '../oauth/authorization-server.ts'
import type { AskOwnAddress } from '../oauth/own-address.ts'
import type { Probes } from '../oauth/probes.ts'
import type { Store } from '../store/store.ts'
import type { Journal } from '../store/store-of-results.ts'
import type { AccountLookUps } from './account-look-ups.ts'
import { ActivityDesk } from './activity.ts'
import { Administrator } from './administration.ts'
import { AuditReader } from './audit-desk.ts'
import { AuditLog } from './audit-log.ts'
import type { Broker, Sessions, Tokens } from './broker.ts'
import { Catalogue } from './catalogue.ts'
import { ClientSecrets, withClientSecrets } from './client-secrets.ts'
import { createConfiguration } from './create-configuration.ts'
import { createSessions } from './create-sessions.ts'
import { DeviceDesk } from './device-desk.ts'
import type { KeyRingCheck } from './health.ts'
import { lastWork } from './last-work.ts'
import type { SessionBoard } from './launches.ts'
import { LiveChanges } from './live-changes.ts'
import type { Log } from './log.ts'
import { BrowserLogins } from './logins.ts'
import { NodeHeart, type NodeIdentity } from './node-heart.ts'
import { OverviewDesk } from './overview.ts'
import { PeopleDesk } from './people.ts'
import { RevocationQueue } from './revocation-queue.ts'
import { SecretExpiries } from './secret-expiries.ts'
import { ServiceAdministrator } from './service-administration.ts'
import { ServiceDesk } from './service-desk.ts'
import { SessionDesk } from './session-desk.ts'
import type { SessionPagesFacts } from './session-entries.ts'
import { BrowserSignIns, type TryAgain } from './sign-ins.ts'
import { Sweeper } from './sweeper.ts'
import type { TokenChecks } from './token-checks.ts'
import type { TokenReports } from './token-reports.ts'
import { UnreadReplies } from './unread-replies.ts'
import { UnsavedResults } from './unsaved-results.ts'
import { UseNotes } from './use-notes.ts'
import { createVerifications } from './verification.ts'

/** What `main.ts` hands to the broker. */
export interface BrokerParts {
  readonly store: Store
  readonly servers: AuthorizationServers
  /** Looks at services, and at Benchkey's own addresses, from outside. */
  readonly probes: Probes
  readonly askOwnAddress: AskOwnAddress
  readonly readOptionLines: () => Promise<OptionLines>
  readonly effects: Effects
  readonly accounts: LocalAccounts
  readonly log: Log
  readonly configuration: Configuration
  /** Reads and checks all configuration files, for a reload. */
  readonly loadConfiguration: () => Promise<LoadResult>
  /** Edited by the Configuration Manager. */
  readonly clientsFile: ClientsFile
  /** PEM of the private CA that sessions are given. */
  readonly caCertificate?: string
  readonly serverUid: number
  /** Path of the session socket while it listens. */
  readonly sessionSocketPath: () => string | undefined
  readonly node: NodeIdentity
  /** Of this process. Closed with the broker. */
  readonly journal: Journal
  readonly checkKeyRing: KeyRingCheck
  readonly findUnixAccount: (name: string) => Promise<UnixAccount | undefined>
  readonly isInGroup: (account: string, group: string) => Promise<boolean>
  readonly isGroup: (group: string) => Promise<boolean>
  /** Starts sessions on this host; undefined when this server can start nothing in its users' names. */
  readonly local: LocalSessions | undefined
  readonly sessionPages: SessionPagesFacts
  /** The token path and the refresh engine, made over what the use cases share. */
  readonly createTokens: (shared: SharedParts) => TokenUseCases
}

/** What the token path shares with the other use cases. */
export interface SharedParts {
  readonly store: Store
  readonly results: UnsavedResults
  readonly servers: AuthorizationServers
  readonly clientSecrets: ClientSecrets
  readonly effects: Effects
  readonly catalogue: Catalogue
  readonly audit: AuditLog
  readonly uses: UseNotes
  readonly changes: LiveChanges
  readonly log: Log
}

/** The token path, its *Try again*, and how it ends: `drain` waits for open refreshes. */
export interface TokenUseCases {
  readonly tokens: Tokens
  readonly tryAgain: TryAgain
  readonly reports: Pick<TokenReports, 'report'>
  readonly checks: Pick<TokenChecks, 'start'>
  readonly accounts: Pick<AccountLookUps, 'start'>
  /** Counts one call that costs more than an answer from memory; throws when there were too many. */
  readonly costly: (caller: Pick<Caller, 'userId' | 'sessionId'>) => void
  drain(): Promise<void>
}

const HOUR_MS = 60 * 60_000

/** All use cases over one store. `close` lets what is under way finish and writes what waits; the store is left open. */
export async function createBroker(parts: BrokerParts): Promise<Broker & { close(): Promise<void> }> {
  const { store, effects, log, accounts, configuration } = parts
  const { publicUrl, callbackAddress, singleUser, terminalSessionHours } = configuration.server
  const ground = await groundOf(parts)
  const { catalogue, changes, audit } = ground
  const uses = new UseNotes({ ...store, effects, log })
  const results: UnsavedResults = new UnsavedResults({
    ...{ store, journal: parts.journal, effects, node: parts.node, log },
    integrationOf: (id) => catalogue.findByInternalId(id),
    audit: (event) => audit.record(event),
    changed: (userId) => changes.publish(userId, 'integrations'),
    unreadSaved: () => unread.start(),
    broughtForward: () => heart.beat(),
  })
  const shared = { store, effects, log, ...ground, results }
  const engine = parts.createTokens({ ...shared, uses })
  const revocations = new RevocationQueue(shared)
  const logins = new BrowserLogins({ store, accounts, effects, audit, changes, log, singleUser })
  const ofSessions = createSessions(parts, { ...shared, logins })
  const { sessions, launched, sessionUses } = ofSessions
  const lookers = [new Sweeper({ store, effects, sessions, log }), new SecretExpiries(shared), logins.refused]
  const told = { configurationHash: () => catalogue.hash, epoch: () => results.epoch }
  const heart = new NodeHeart({ store, effects, log, identity: parts.node, ...told })
  const unread = new UnreadReplies(shared)
  const configurationChanged = (changed: Configuration, oauthClients: Buffer): void => {
    ofSessions.replaceApplications(changed.applications)
    heart.beat()
    unread.start()
    nodes.replace(oauthClients)
  }
  const administration = new Administrator({
    ...parts,
    ...{ ...ground, sessions, results, singleUser, launched },
    ...{ started: configuration, configurationChanged, wakeRevocations: () => revocations.wake() },
  })
  const { desk, nodes, draftIntegration } = createConfiguration(parts, { ...shared, reload: (by) => administration.reload(by) })
  const signIns = new BrowserSignIns({ ...shared, ...engine, revocations }, engine.tryAgain)
  const oversight = oversightOf(parts, { ...shared, ...ofSessions, administration, revocations })
  for (const loop of [heart, nodes, results, audit, uses, sessionUses, revocations, unread, launched, ...lookers]) loop?.start()
  return {
    ...{ logins, signIns, sessions, tokens: engine.tokens },
    sessionCalls: new SessionDesk({ store, catalogue, signIns, sessions, ...engine }),
    services: new ServiceAdministrator({ ...parts, audit, catalogue, changes }),
    serviceCalls: new ServiceDesk({ ...parts, audit, catalogue, changes, sessions, publicUrl, callbackAddress, singleUser }),
    ...{ launches: ofSessions.launches, entries: ofSessions.entries },
    activity: new ActivityDesk({ ...shared, ...ofSessions, signIns }),
    deviceLogins: new DeviceDesk({ ...shared, publicUrl, callbackAddress, lifeMs: terminalSessionHours * HOUR_MS }),
    presets: { list: listPresets },
    verification: createVerifications({ ...parts, catalogue, audit, publicUrl, callbackAddress, draftIntegration }),
    ...{ administration, configuration: desk, changes, ...oversight },
    close: async () => {
      await lastWork(parts, launched ? [[launched]] : [])
      await engine.drain()
      const looking = [...lookers, nodes, revocations, sessions, unread]
      await lastWork(parts, [looking, [results], [uses, sessionUses], [audit], [heart]])
    },
  }
}

/** What everything else stands on. */
async function groundOf({ store, servers, effects, log, configuration }: BrokerParts) {
  const catalogue = new Catalogue(configuration.server.publicUrl, store.integrations)
  await catalogue.replace(configuration.integrations, store.now())
  const audit = new AuditLog({ store, effects, log })
  const clientSecrets = new ClientSecrets(nextSecretTeller(audit, log))
  return { catalogue, audit, clientSecrets, servers: withClientSecrets(servers, clientSecrets), changes: new LiveChanges() }
}

/** What log and audit are told when a service has turned to the next client secret. */
function nextSecretTeller(audit: AuditLog, log: Log): (integration: Integration) => void {
  return ({ section, secretLines }) => {
    const where = secretLines?.next === undefined ? '' : ` (oauth-clients.conf:${secretLines.next})`
    log.warn({ section }, `The service accepts the next client secret: write it as client-secret now${where}.`)
    void audit.record({ action: 'client_secret.next_accepted', outcome: 'ok', section, detail: 'write it as client-secret now' })
  }
}

/** What administrators see and do on pages. */
function oversightOf(
  parts: BrokerParts,
  shared: Omit<SharedParts, 'uses'> & {
    readonly administration: Administrator
    readonly sessions: Sessions
    readonly launches: SessionBoard
    readonly revocations: RevocationQueue
  },
): Pick<Broker, 'overview' | 'people' | 'audit'> {
  const { launches, revocations } = shared
  return {
    overview: new OverviewDesk({ ...parts, ...shared }),
    people: new PeopleDesk({
      ...shared,
      viewOf: (session) => launches.view(session),
      wakeRevocations: () => revocations.wake(),
    }),
    audit: new AuditReader(shared),
  }
}
