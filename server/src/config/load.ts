import { hash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { installFolder, VSCODE_PROGRAM } from '../domain/install-folder.ts'
import { readAuthorities } from './authorities.ts'
import type { Configuration, DatabaseConfiguration, Diagnostic, LoadResult } from './configuration.ts'
import { type DatabaseReading, readDatabaseConf } from './database-conf.ts'
import { Findings } from './diagnostics.ts'
import { type EnvVarsReading, readEnvVars } from './env-vars.ts'
import { type FileRule, readOwnFile, readSecretFile, type SecretPlaces } from './files.ts'
import { gitExposure } from './git-work-tree.ts'
import { readIcon } from './icon.ts'
import { type OauthClients, readOauthClients } from './oauth-clients.ts'
import { findProgram } from './programs.ts'
import { defaultSecretsDir, readServerConf, type ServerReading } from './server-conf.ts'
import { readSessionsConf, type SessionKinds } from './sessions-conf.ts'

/** Where the files lie and what they are judged by. */
export interface LoadRequest {
  readonly configDir: string
  readonly dataDir: string
  /** The account the server runs as; files with secrets must belong to it. */
  readonly uid: number
  /** systemd's `$CREDENTIALS_DIRECTORY`: secret files may lie there too. */
  readonly credentialsDirectory?: string
  /** Certificates are judged by this; default: the clock. */
  readonly now?: Date
  /** Bytes that are judged in the place of those of `oauth-clients.conf`, as if they had been written there. */
  readonly oauthClients?: Buffer
}

/** What was loaded, and the SHA-256 of all files' bytes: the same on two nodes exactly when their files are. */
export interface LoadedConfiguration extends LoadResult {
  readonly filesHash: string
  readonly oauthClients: Buffer
}

/** Integrations of a file that is to become ours; they are only good when no finding is an error. */
export interface LoadedClients extends Pick<OauthClients, 'integrations' | 'findings'> {
  /** As `benchkey.conf` has it, when there is a right one. */
  readonly publicUrl?: string
}

interface Source {
  readonly file: string
  readonly findings: Findings
  /** Undefined when the file is missing or cannot be read. */
  readonly bytes?: Buffer
}

/** Reads and checks all configuration files, each once; all findings at once, in the order of files and lines. */
export async function loadConfiguration(request: LoadRequest): Promise<LoadedConfiguration> {
  const [server, envVars, database, clients, sessions] = await Promise.all([
    readSource(request, 'benchkey.conf', 'unwritable', 'required'),
    readSource(request, 'env-vars', 'unwritable', 'optional'),
    readSource(request, 'database.conf', 'private', 'optional'),
    clientsSource(request),
    // Its commands run as people's own accounts: who may write it may be anybody.
    readSource(request, 'sessions.conf', 'unwritable', 'optional'),
  ])
  const serverReading = await serverOf(server, request)
  const envVarsReading = await envVarsOf(envVars, request)
  const databaseReading = await databaseOf(database, serverReading, request)
  const clientsReading = await clientsOf(clients, { ...serverReading, ...envVarsReading }, request)
  const sessionKinds = await sessionKindsOf(sessions, clientsReading, request)
  await warnOfGit(clients, clientsReading)
  await warnOfPasswordsInGit(database, databaseReading)
  await warnOfPasswordsInGit(envVars, envVarsReading)
  const diagnostics = [
    ...server.findings.inOrder(),
    ...serverReading.findings.inOrder(),
    ...envVars.findings.inOrder(),
    ...envVarsReading.findings.inOrder(),
    ...database.findings.inOrder(),
    ...databaseReading.findings.inOrder(),
    ...clients.findings.inOrder(),
    ...clientsReading.findings.inOrder(),
    ...sessions.findings.inOrder(),
    ...sessionKinds.findings.inOrder(),
  ]
  const filesHash = hash(
    'sha256',
    JSON.stringify([server, envVars, database, clients, sessions].map(({ bytes }) => bytes && hash('sha256', bytes, 'hex'))),
    'hex',
  )
  const configuration = whole(diagnostics, serverReading, databaseReading.configuration, { ...clientsReading, ...sessionKinds })
  return { ...(configuration && { configuration }), diagnostics, filesHash, oauthClients: clients.bytes ?? Buffer.alloc(0) }
}

/** What `config check` would say of an `oauth-clients.conf` that is not there yet, beside the `benchkey.conf` and `env-vars` that are. */
export async function checkOauthClients(
  request: LoadRequest,
  clients: { readonly file: string; readonly bytes: Buffer },
): Promise<LoadedClients> {
  const server = await serverOf(await readSource(request, 'benchkey.conf', 'unwritable', 'optional'), request)
  const envVars = await envVarsOf(await readSource(request, 'env-vars', 'unwritable', 'optional'), request)
  const source = { ...clients, findings: new Findings(clients.file) }
  const { integrations, findings } = await clientsOf(source, { ...server, ...envVars }, request)
  const publicUrl = server.configuration?.publicUrl
  return { integrations, findings, ...(publicUrl === undefined ? {} : { publicUrl }) }
}

function whole(
  diagnostics: readonly Diagnostic[],
  { configuration: server }: ServerReading,
  database: DatabaseConfiguration | undefined,
  { integrations, applications }: Pick<OauthClients, 'integrations'> & Pick<SessionKinds, 'applications'>,
): Configuration | undefined {
  if (!server || !database || diagnostics.some(({ severity }) => severity === 'error')) return undefined
  return { server, database, integrations, applications }
}

async function readSource(request: LoadRequest, name: string, rule: FileRule, need: 'required' | 'optional'): Promise<Source> {
  const file = join(request.configDir, name)
  const findings = new Findings(file)
  const read = await readOwnFile(file, rule, request.uid)
  if (read.isMissing && need === 'required') {
    findings.error(
      { line: 0 },
      'This file does not exist; write one with at least public-url, ssl-certificate and ssl-certificate-key.',
    )
  }
  if (!read.isMissing) {
    for (const problem of read.problems) findings.error({ line: 0 }, `This file ${problem}`)
  }
  return { file, findings, ...(read.bytes && { bytes: read.bytes }) }
}

async function clientsSource(request: LoadRequest): Promise<Source> {
  const { oauthClients: bytes, configDir } = request
  const file = join(configDir, 'oauth-clients.conf')
  if (bytes) return { file, findings: new Findings(file), bytes }
  return await readSource(request, 'oauth-clients.conf', 'private', 'optional')
}

async function serverOf({ file, bytes }: Source, request: LoadRequest): Promise<ServerReading> {
  const configDir = resolve(request.configDir)
  if (bytes) return await readServerConf({ file, bytes, configDir, uid: request.uid, now: request.now ?? new Date() })
  return { secretsDir: defaultSecretsDir(configDir), allowsLoopback: false, findings: new Findings(file) }
}

async function envVarsOf({ file, bytes = Buffer.alloc(0) }: Source, request: LoadRequest): Promise<EnvVarsReading> {
  const { configDir, uid, now = new Date() } = request
  return await readEnvVars({ file, bytes, configDir: resolve(configDir), uid, now })
}

async function databaseOf(
  { file, bytes = Buffer.alloc(0) }: Source,
  { secretsDir }: ServerReading,
  request: LoadRequest,
): Promise<DatabaseReading> {
  const { uid, now = new Date() } = request
  const [configDir, dataDir] = [resolve(request.configDir), resolve(request.dataDir)]
  const places = secretPlaces(secretsDir, request)
  return await readDatabaseConf({ file, bytes, configDir, dataDir, uid, now, readSecret: (path) => readSecretFile(path, places) })
}

function secretPlaces(secretsDir: string, { uid, credentialsDirectory }: LoadRequest): SecretPlaces {
  return { secretsDir, uid, ...(credentialsDirectory !== undefined && { credentialsDirectory }) }
}

async function clientsOf(
  { file, bytes = Buffer.alloc(0) }: Source,
  { secretsDir, allowsLoopback, commonProxies }: Omit<ServerReading & EnvVarsReading, 'findings' | 'secrets'>,
  request: LoadRequest,
): Promise<OauthClients> {
  const { uid, now = new Date() } = request
  const configDir = resolve(request.configDir)
  const places = secretPlaces(secretsDir, request)
  const clients = await readOauthClients({
    file,
    bytes,
    context: { configDir, allowsLoopback },
    now,
    readSecret: (path) => readSecretFile(path, places),
    readIcon: (path) => readIcon(path, uid),
    readAuthorities: (path) => readAuthorities(path, { uid, now, within: configDir }),
  })
  if (!commonProxies) return clients
  return { ...clients, integrations: clients.integrations.map((each) => ({ ...each, commonProxies })) }
}

async function sessionKindsOf(
  { file, bytes = Buffer.alloc(0) }: Source,
  { integrations, findings }: OauthClients,
  { configDir, dataDir }: LoadRequest,
): Promise<SessionKinds> {
  const areClientsRight = findings.inOrder().every(({ severity }) => severity !== 'error')
  return await readSessionsConf({
    file,
    bytes,
    context: { configDir: resolve(configDir), allowsLoopback: false },
    ...(areClientsRight && { integrations }),
    host: {
      'install-dir': installFolder(resolve(dataDir), VSCODE_PROGRAM, existsSync),
      node: process.execPath,
      'benchkey-dir': dirname(import.meta.dirname),
    },
    findProgram,
  })
}

/** A secret in a commit is out for good. */
async function warnOfGit({ file, bytes }: Source, clients: OauthClients): Promise<void> {
  const exposure = bytes ? await gitExposure(file) : 'none'
  if (exposure !== 'none') clients.findings.warning({ line: 0 }, `This file ${EXPOSURES[exposure]}`)
  for (const { path, line, section, option } of clients.secretFiles) {
    const exposureOfSecret = await gitExposure(path)
    if (exposureOfSecret === 'none') continue
    clients.findings.warning({ line, section, option }, `names a file that ${EXPOSURES[exposureOfSecret]}`)
  }
}

type Passwords = Pick<DatabaseReading, 'findings' | 'secrets'>

async function warnOfPasswordsInGit({ file, bytes }: Source, { findings, secrets }: Passwords): Promise<void> {
  for (const { path = file, line, option } of secrets) {
    const exposure = bytes ? await gitExposure(path) : 'none'
    if (exposure === 'none') continue
    const what = path === file ? 'holds a password in a file that' : 'names a file that'
    findings.warning({ line, option }, `${what} ${EXPOSURES[exposure]}`)
  }
}

const EXPOSURES = {
  committable: 'lies in a Git work tree and is not ignored, so its secrets could be committed; add it to .gitignore or move it.',
  unknown: 'lies below a .git directory, and Git does not say whether it is ignored; make sure it is, or move it.',
} as const
