import type { DatabaseConfiguration } from './configuration.ts'
import { DATABASE_OPTIONS, DEFAULT_CONNECT_TIMEOUT_SECONDS, DEFAULT_POOL_SIZE } from './database-options.ts'
import type { Findings } from './diagnostics.ts'
import { readKeyValueFile } from './key-value-file.ts'
import type { Parsed, ReadOptions } from './option-table.ts'
import { isSocket, isThisMachine } from './postgres-uri.ts'
import { checkCaFile } from './tls-files.ts'

/** `database.conf` as read, and what it is judged by. */
export interface DatabaseFile {
  readonly file: string
  readonly bytes: Uint8Array
  readonly configDir: string
  readonly dataDir: string
  readonly uid: number
  readonly now: Date
  readonly readSecret: (path: string) => Promise<Parsed<string>>
}

/** The configuration is only good when no finding is an error; absent when it cannot be told at all. */
export interface DatabaseReading {
  readonly configuration?: DatabaseConfiguration
  readonly findings: Findings
  /** The lines that hold a secret or name its file. */
  readonly secrets: readonly { readonly path?: string; readonly line: number; readonly option: string }[]
}

type Options = ReadOptions<typeof DATABASE_OPTIONS>
type Option = keyof typeof DATABASE_OPTIONS

/** Options that only one of the two has. */
const ONLY: Readonly<Record<'sqlite' | 'postgresql', readonly Option[]>> = {
  sqlite: ['directory'],
  postgresql: ['connection-uri', 'password-file', 'ssl-ca-certificate', 'pool-size', 'connect-timeout'],
}

/** Reads `database.conf`, all findings at once; a file that is not there reads as an empty one. */
export async function readDatabaseConf(source: DatabaseFile): Promise<DatabaseReading> {
  const context = { configDir: source.configDir, allowsLoopback: false }
  const { findings, ...options } = readKeyValueFile(DATABASE_OPTIONS, { ...source, context })
  const { values, lines } = options
  // A provider that cannot be read must not make findings of all that belongs to it.
  const provider = values.provider ?? (lines.has('provider') ? undefined : 'sqlite')
  if (provider === undefined) return { findings, secrets: [] }
  for (const option of ONLY[provider === 'sqlite' ? 'postgresql' : 'sqlite']) {
    const line = lines.get(option)
    if (line !== undefined) findings.error({ line, option }, `is of no use with provider=${provider}; remove one of the two.`)
  }
  if (provider === 'sqlite') {
    return { configuration: { provider, directory: values.directory ?? source.dataDir }, findings, secrets: [] }
  }
  const password = await passwordOf(options, source, findings)
  await checkCa(options, source, findings)
  const configuration = toPostgres(options, password, findings)
  return { ...(configuration && { configuration }), findings, secrets: secretsOf(options) }
}

async function passwordOf({ values, lines }: Options, source: DatabaseFile, findings: Findings): Promise<string | undefined> {
  const inUri = values['connection-uri']?.password
  const file = values['password-file']
  if (file === undefined) return inUri
  const place = { line: lines.get('password-file') ?? 0, option: 'password-file' }
  if (inUri !== undefined) findings.error(place, 'stands beside a password in connection-uri; keep exactly one of the two.')
  const read = await source.readSecret(file)
  if ('value' in read) return read.value
  findings.error(place, read.problem)
  return undefined
}

async function checkCa({ values, lines }: Options, { uid, now }: DatabaseFile, findings: Findings): Promise<void> {
  const path = values['ssl-ca-certificate']
  if (path === undefined) return
  await checkCaFile({ path, line: lines.get('ssl-ca-certificate') ?? 0 }, { uid, now, findings, refusedBy: 'Benchkey refuses' })
}

function toPostgres({ values, lines }: Options, password: string | undefined, findings: Findings) {
  const uri = values['connection-uri']
  const caFile = values['ssl-ca-certificate']
  if (!uri) {
    if (!lines.has('connection-uri')) {
      const place = { line: lines.get('provider') ?? 0, option: 'connection-uri' }
      findings.error(place, 'is missing; provider=postgresql needs it.')
    }
    return undefined
  }
  if (isSocket(uri) && (uri.verifies || lines.has('ssl-ca-certificate'))) {
    const option = uri.verifies ? 'connection-uri' : 'ssl-ca-certificate'
    findings.error({ line: lines.get(option) ?? 0, option }, 'asks for TLS over a Unix socket, which has none; remove it.')
  }
  return {
    provider: 'postgresql' as const,
    host: uri.host,
    port: uri.port,
    database: uri.database,
    user: uri.user,
    ...(password !== undefined && { password }),
    tls: !isThisMachine(uri) || uri.verifies || caFile !== undefined,
    ...(caFile !== undefined && { sslCaCertificate: caFile }),
    poolSize: values['pool-size'] ?? DEFAULT_POOL_SIZE,
    connectTimeoutMs: (values['connect-timeout'] ?? DEFAULT_CONNECT_TIMEOUT_SECONDS) * 1000,
  }
}

function secretsOf({ values, lines }: Options): DatabaseReading['secrets'] {
  const path = values['password-file']
  return [
    ...(values['connection-uri']?.password === undefined
      ? []
      : [{ line: lines.get('connection-uri') ?? 0, option: 'connection-uri' }]),
    ...(path === undefined ? [] : [{ path, line: lines.get('password-file') ?? 0, option: 'password-file' }]),
  ]
}
