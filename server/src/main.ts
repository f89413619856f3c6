import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { type DestinationStream, type Logger, pino } from 'pino'
import { type BrokerParts, createBroker } from './broker/create.ts'
import type { NodeIdentity } from './broker/node-heart.ts'
import { createTokens, incarnationOf } from './broker/token-use-cases.ts'
import { ClientsFile } from './config/clients-file.ts'
import type { Configuration, DatabaseConfiguration, LoadResult, ServerConfiguration } from './config/configuration.ts'
import { formatDiagnostic } from './config/diagnostics.ts'
import { type LoadedConfiguration, loadConfiguration } from './config/load.ts'
import { readOptionLines } from './config/option-lines.ts'
import { ADMIN_SOCKET_NAME } from './domain/admin-api.ts'
import type { Effects } from './domain/effects.ts'
import { SetupError } from './domain/errors.ts'
import { realEffects } from './effects.ts'
import { createServers, type Servers } from './http/servers.ts'
import { SessionPages } from './http/session-pages.ts'
import { sessionSocketPlace } from './http/session-socket.ts'
import { findUnixAccount } from './launcher/accounts.ts'
import { createLocalSessions, type LocalSessions } from './launcher/create.ts'
import { isGroup, isInGroup } from './launcher/groups.ts'
import { isAlive, startTimeOf } from './launcher/processes.ts'
import { findProxyAccount } from './launcher/proxy-account.ts'
import { LocalAccounts, type ScryptCost } from './login/local-accounts.ts'
import { createAuthorizationServers } from './oauth/create.ts'
import { createAskOwnAddress } from './oauth/own-address.ts'
import { createProbes } from './oauth/probes.ts'
import { openJournalFolder } from './store/journal-folder.ts'
import { checkKeyRing } from './store/key-check.ts'
import { openStore } from './store/open.ts'
import { openPostgresStore, type PostgresStoreOptions } from './store/open-postgres.ts'
import type { LeaseHolder, Store } from './store/store.ts'

/** What a server is started with. All of it but the directories has a default: the real world. */
export interface StartOptions {
  readonly configDir: string
  readonly dataDir: string
  readonly version: string
  /** systemd's `$CREDENTIALS_DIRECTORY`. */
  readonly credentialsDirectory?: string | undefined
  readonly effects?: Effects
  /** Where log lines go; default: standard error. */
  readonly logTo?: DestinationStream
  /** The folder of the built pages; default: that of this checkout. */
  readonly webRoot?: string
  /** The folder that holds `benchkey`, for the PATH of sessions; default: this checkout. */
  readonly executableDir?: string
  /** An extra certificate authority for authorization servers, PEM: tests have a private one. */
  readonly providerCa?: string
  /** What a new password's hash costs; default: what `LocalAccounts` says. Tests log in often. */
  readonly passwordCost?: ScryptCost
}

/** A running server. */
export interface RunningServer {
  /** `https://HOST:PORT` of the public URL. */
  readonly url: string
  /** The port it listens on. */
  readonly port: number
  reload(): Promise<{ readonly applied: boolean }>
  /** Drains: requests are answered, results that arrived are saved, then everything is closed. */
  close(): Promise<void>
}

type ClosableBroker = Awaited<ReturnType<typeof createBroker>>

/** Requests under way get this long at the end; a caller waits 15 s for a refresh at the most. */
const CLOSE_GRACE_MS = 15_000
/** An editor or a copy writes on within this time; changes that go on for 5 s are not waited for. */
const SETTLE_MS = 100
const MOST_READINGS = 50
/** Folder of the data directory. */
const JOURNALS = 'journals'
/** In the data directory: where the server passes requests for sessions on under `shared-origin=1`. */
const SHARED_PAGES_SOCKET = 'pages.sock'
const CHECKOUT = resolve(import.meta.dirname, '../..')
const PAGES = join(CHECKOUT, 'web/dist')

/**
 * Starts one server process: the only place that constructs things. Throws SetupError when configuration, keys, database or
 * port keep it from starting; nothing is changed then.
 */
export async function start(options: StartOptions): Promise<RunningServer> {
  const { configDir, dataDir, credentialsDirectory } = options
  const effects = options.effects ?? realEffects()
  const log = logTo(options.logTo)
  const uid = process.getuid?.() ?? 0
  const files = { configDir, dataDir, uid, ...(credentialsDirectory === undefined ? {} : { credentialsDirectory }) }
  const load = (): Promise<LoadedConfiguration> => loadConfiguration(files)
  const loaded = await load()
  const configuration = startable(loaded, log)
  const { server } = configuration
  const webRoot = builtPages(options.webRoot ?? PAGES)
  const say = (sentence: string): void => log.warn({}, sentence)
  const store = await openDatabase(configuration.database, { dataDir, uid, effects, say })
  const node = identityOf(effects, options.version)
  const sessionPages = sessionPagesOf(server, { log, effects }, { uid, dataDir })
  let doors: Servers | undefined
  let broker: ClosableBroker | undefined
  try {
    const journals = openJournalFolder(join(dataDir, JOURNALS), uid)
    broker = await createBroker({
      store,
      effects,
      configuration,
      ...requestsOf(server, { ...options, effects }),
      readOptionLines: () => readOptionLines(configDir, uid),
      accounts: new LocalAccounts(options.passwordCost),
      log,
      clientsFile: new ClientsFile(files, loaded.oauthClients),
      loadConfiguration: async () => {
        const again = await loadSettled(load, effects)
        const tls = again.configuration && tlsIdentity(again.configuration.server)
        if (tls) for (const part of [doors, sessionPages]) part?.replaceTls(tls)
        return again
      },
      ...(server.sslCaCertificate === undefined ? {} : { caCertificate: readFileSync(server.sslCaCertificate, 'utf8') }),
      serverUid: uid,
      sessionSocketPath: () => doors?.sessionSocketPath(),
      ...{ findUnixAccount, isInGroup, isGroup, sessionPages, node },
      local: localSessionsOf(server, { ...options, effects }, uid),
      journal: store.openJournal(journals, node.holder),
      checkKeyRing: (sentinels) => checkKeyRing({ dataDir, uid }, sentinels),
      createTokens: (shared) => createTokens(shared, node),
    })
    await sessionPages.start(broker.entries)
    doors = await createServers({ broker, effects, log, options: doorOptions(server, { ...options, sessionPages }, webRoot) })
    const port = await doors.listen(server.wwwAddress, server.wwwPort)
    const { administration } = broker
    return {
      url: addressOf(server.publicUrl),
      port,
      reload: () => administration.reload(),
      close: () => closeAll(CLOSE_GRACE_MS, { doors, sessionPages, broker, store }),
    }
  } catch (error) {
    await closeAll(0, { doors, sessionPages, broker, store })
    throw error
  }
}

/** Everything that goes out to services, and to Benchkey's own addresses as others see them. */
function requestsOf(
  { insecureLoopbackProviders: allowLoopback, denyPrivateEndpoints: denyPrivate, sslCaCertificate }: ServerConfiguration,
  { effects, providerCa }: StartOptions & { readonly effects: Effects },
): Pick<BrokerParts, 'servers' | 'probes' | 'askOwnAddress'> {
  const network = { effects, allowLoopback, denyPrivate, ...(providerCa === undefined ? {} : { extraCa: providerCa }) }
  const privateCa = sslCaCertificate === undefined ? undefined : readFileSync(sslCaCertificate, 'utf8')
  return {
    servers: createAuthorizationServers(network),
    probes: createProbes(network),
    askOwnAddress: createAskOwnAddress(effects, privateCa),
  }
}

function localSessionsOf(
  { singleUser, sessionLimits: limits, sessionHelper: helperPath, sessionsAccount }: ServerConfiguration,
  { dataDir, effects, executableDir = CHECKOUT }: StartOptions & { readonly effects: Effects },
  uid: number,
): LocalSessions | undefined {
  return createLocalSessions({
    ...{ dataDir, uid, findUnixAccount, singleUser, limits, executableDir, helperPath, bootId: effects.bootId },
    proxyGroupId: async () => {
      const account = await findProxyAccount(sessionsAccount, findUnixAccount)
      return 'why' in account ? undefined : account.gid
    },
    sleep: (ms) => effects.sleep(ms),
  })
}

type StoreParts = Pick<PostgresStoreOptions, 'dataDir' | 'uid' | 'effects' | 'say'>

function openDatabase(database: DatabaseConfiguration, parts: StoreParts): Promise<Store> {
  if (database.provider === 'sqlite') return openStore({ directory: database.directory, ...parts })
  const { sslCaCertificate, tls, ...address } = database
  const ca = sslCaCertificate === undefined ? {} : { ca: readFileSync(sslCaCertificate, 'utf8') }
  return openPostgresStore({ address: { ...address, ...(tls ? { tls: ca } : {}) }, ...parts })
}

interface ClosableParts {
  readonly doors: Servers | undefined
  readonly sessionPages: SessionPages
  readonly broker: ClosableBroker | undefined
  readonly store: Store
}

/** From the doors inward: nobody asks any more, then nothing is under way any more, then the database. */
async function closeAll(graceMs: number, { doors, sessionPages, broker, store }: ClosableParts): Promise<void> {
  await Promise.all([doors?.close(graceMs), sessionPages.close()])
  await broker?.close()
  await store.close()
}

/** Files that are being written are read again until two readings agree (refresh.md, fault F23); the last one is checked. */
async function loadSettled(load: () => Promise<LoadedConfiguration>, effects: Effects): Promise<LoadResult> {
  let loaded = await load()
  for (let n = 0; n < MOST_READINGS; n += 1) {
    await effects.sleep(SETTLE_MS)
    const before = loaded.filesHash
    loaded = await load()
    if (loaded.filesHash === before) break
  }
  return loaded
}

/** The checked configuration; its warnings are logged, its errors end the start with all of them at once. */
function startable({ configuration, diagnostics }: LoadResult, log: Logger): Configuration {
  if (!configuration) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error')
    throw new SetupError(errors.map(formatDiagnostic).join('\n'))
  }
  for (const warning of diagnostics) log.warn({}, formatDiagnostic(warning))
  return configuration
}

function builtPages(webRoot: string): string {
  if (existsSync(join(webRoot, 'index.html'))) return webRoot
  throw new SetupError(`The pages are not built: ${webRoot} has no index.html. Run: npm run build`)
}

/** Root gives their process an account of its own; every other server has only its own to give. */
function sessionPagesOf(
  server: ServerConfiguration,
  parts: ConstructorParameters<typeof SessionPages>[1],
  { uid, dataDir }: { readonly uid: number; readonly dataDir: string },
): SessionPages {
  const { sessionPages, publicUrl, wwwAddress, trustedProxies, sessionsAccount: name, singleUser } = server
  if (!sessionPages) return new SessionPages(undefined, parts)
  const { url, port, isSharedOrigin } = sessionPages
  const shared = isSharedOrigin ? { socketPath: join(dataDir, SHARED_PAGES_SOCKET) } : {}
  const account = uid === 0 && !singleUser ? () => findProxyAccount(name, findUnixAccount) : undefined
  return new SessionPages(
    { publicUrl, wwwAddress, trustedProxies, url, port, account, tls: tlsIdentity(server), ...shared },
    parts,
  )
}

type DoorParts = StartOptions & { readonly sessionPages: SessionPages }

function doorOptions(server: ServerConfiguration, { dataDir, version, sessionPages }: DoorParts, webRoot: string) {
  const tls = tlsIdentity(server)
  const sessionSocket = sessionSocketPlace(server, dataDir, process.getuid?.() ?? 0)
  return {
    publicUrl: server.publicUrl,
    callbackAddress: server.callbackAddress,
    trustedProxies: server.trustedProxies,
    ...(tls ? { tls } : {}),
    ...(sessionPages.url === undefined ? {} : { sessionsUrl: sessionPages.url }),
    ...(server.sessionPages?.isSharedOrigin ? { sharedPagesSocket: join(dataDir, SHARED_PAGES_SOCKET) } : {}),
    webRoot,
    adminSocketPath: join(dataDir, ADMIN_SOCKET_NAME),
    ...(sessionSocket ? { sessionSocket } : {}),
    serverName: new URL(server.publicUrl).host,
    redirectUri: `${server.publicUrl}/oauth_redirect_callback`,
    version,
  }
}

function tlsIdentity(server: ServerConfiguration): { cert: string; key: string } | undefined {
  const { sslCertificate, sslCertificateKey } = server
  if (sslCertificate === undefined || sslCertificateKey === undefined) return undefined
  return { cert: readFileSync(sslCertificate, 'utf8'), key: readFileSync(sslCertificateKey, 'utf8') }
}

/**
 * Two hosts may share a name, two containers even a host, but not a pid namespace: only pids of one namespace compare. Of
 * another boot nobody is called dead here: a lease of it runs out by itself.
 */
function identityOf(effects: Effects, version: string): NodeIdentity {
  const own = {
    nodeId: `${hostname()} ${machineId()} ${readlinkSync('/proc/self/ns/pid')}`,
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: effects.bootId,
  }
  const holder = { ...own, incarnation: incarnationOf(own) }
  const isDead = (other: LeaseHolder): boolean =>
    other.nodeId === holder.nodeId && other.bootId === holder.bootId && !isAlive(other, effects.bootId)
  return { holder, isDead, host: hostname(), version }
}

/** machine-id(5); empty where there is none, in many containers for instance. */
function machineId(): string {
  return existsSync('/etc/machine-id') ? readFileSync('/etc/machine-id', 'utf8').trim() : ''
}

function addressOf(publicUrl: string): string {
  const { hostname: host, port } = new URL(publicUrl)
  return `https://${host}:${port || '443'}`
}

function logTo(destination: DestinationStream | undefined): Logger {
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return pino(options, destination ?? pino.destination({ dest: 2, sync: true }))
}
