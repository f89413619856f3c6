import { join } from 'node:path'
import type { ServerConfiguration } from './configuration.ts'
import type { Findings } from './diagnostics.ts'
import { readKeyValueFile } from './key-value-file.ts'
import type { ReadOptions } from './option-table.ts'
import { DEFAULT_HTTP_PORT, DEFAULT_HTTPS_PORT, DEFAULT_TERMINAL_HOURS, SERVER_OPTIONS } from './server-options.ts'
import { checkSessionPages, sessionPagesOf, sessionsAccountOf } from './session-pages.ts'
import { checkTlsFiles } from './tls-files.ts'

/** `benchkey.conf` as read, and what it is judged by. */
export interface ServerFile {
  readonly file: string
  readonly bytes: Uint8Array
  readonly configDir: string
  readonly uid: number
  readonly now: Date
}

type Options = ReadOptions<typeof SERVER_OPTIONS>

/** The configuration is only whole when no finding is an error; `secretsDir` and `allowsLoopback` are known anyway. */
export interface ServerReading {
  readonly configuration?: ServerConfiguration
  readonly secretsDir: string
  readonly allowsLoopback: boolean
  readonly findings: Findings
}

/** Reads `benchkey.conf` and checks the files it names, all findings at once. */
export async function readServerConf(source: ServerFile): Promise<ServerReading> {
  const context = { configDir: source.configDir, allowsLoopback: false }
  const { findings, ...options } = readKeyValueFile(SERVER_OPTIONS, { ...source, context })
  checkTlsOptions(options, findings)
  checkSessionPages(options, wwwPortOf(options.values), findings)
  const { values } = options
  await checkTlsFiles(
    {
      ...named('certificate', options, 'ssl-certificate'),
      ...named('key', options, 'ssl-certificate-key'),
      ...named('caCertificate', options, 'ssl-ca-certificate'),
      ...(values['public-url'] !== undefined && { publicUrl: values['public-url'] }),
      ...sessionsHostOf(options),
    },
    { uid: source.uid, now: source.now, findings },
  )
  const allowsLoopback = values['insecure-loopback-providers'] ?? false
  if (allowsLoopback) {
    const place = { line: options.lines.get('insecure-loopback-providers') ?? 0, option: 'insecure-loopback-providers' }
    findings.warning(place, 'is on, so integrations may use http and this machine itself; it is for tests and the demo only.')
  }
  const configuration = toServerConfiguration(options, source.configDir)
  const secretsDir = values['secrets-dir'] ?? defaultSecretsDir(source.configDir)
  return { ...(configuration && { configuration }), secretsDir, allowsLoopback, findings }
}

/** `secrets/` beside `benchkey.conf`. */
export function defaultSecretsDir(configDir: string): string {
  return join(configDir, 'secrets')
}

function checkTlsOptions({ lines }: Options, findings: Findings): void {
  const [certificate, key] = [lines.get('ssl-certificate'), lines.get('ssl-certificate-key')]
  if (certificate !== undefined && key === undefined) {
    findings.error({ line: certificate, option: 'ssl-certificate' }, 'stands without ssl-certificate-key; write both.')
  }
  if (key !== undefined && certificate === undefined) {
    findings.error({ line: key, option: 'ssl-certificate-key' }, 'stands without ssl-certificate; write both.')
  }
  if (certificate === undefined && key === undefined && !lines.has('trusted-proxies')) {
    const message =
      'is missing, and people reach Benchkey by https only; write it with ssl-certificate-key, or name the proxy that speaks https in trusted-proxies.'
    findings.error({ line: 0, option: 'ssl-certificate' }, message)
  }
}

function wwwPortOf(values: Options['values']): number {
  const hasCertificate = values['ssl-certificate'] !== undefined
  return values['www-port'] ?? (hasCertificate ? DEFAULT_HTTPS_PORT : DEFAULT_HTTP_PORT)
}

function toServerConfiguration(options: Options, configDir: string): ServerConfiguration | undefined {
  const { values } = options
  const publicUrl = values['public-url']
  if (publicUrl === undefined) return undefined
  const wwwPort = wwwPortOf(values)
  const sessionPages = sessionPagesOf(options, wwwPort)
  return {
    wwwAddress: values['www-address'] ?? '0.0.0.0',
    wwwPort,
    publicUrl,
    ...(values['ssl-certificate'] !== undefined && { sslCertificate: values['ssl-certificate'] }),
    ...(values['ssl-certificate-key'] !== undefined && { sslCertificateKey: values['ssl-certificate-key'] }),
    ...(values['ssl-ca-certificate'] !== undefined && { sslCaCertificate: values['ssl-ca-certificate'] }),
    callbackAddress: values['launcher-sessions-callback-address'] ?? publicUrl,
    singleUser: values['single-user'] ?? false,
    terminalSessionHours: values['terminal-session-lifetime'] ?? DEFAULT_TERMINAL_HOURS,
    ...(values['session-socket'] !== undefined && { sessionSocket: values['session-socket'] }),
    ...(sessionPages && { sessionPages }),
    sessionsAccount: sessionsAccountOf(options),
    trustedProxies: values['trusted-proxies'] ?? [],
    insecureLoopbackProviders: values['insecure-loopback-providers'] ?? false,
    denyPrivateEndpoints: values['deny-private-endpoints'] ?? false,
    ...(values['session-helper'] !== undefined && { sessionHelper: values['session-helper'] }),
    sessionTimeoutMinutes: values['session-timeout-minutes'] ?? 120,
    sessionsPerUser: values['sessions-per-user'] ?? 10,
    sessionLimits: {
      openFiles: values['session-open-files'] ?? 65_536,
      processes: values['session-processes'] ?? 4096,
      memoryMib: values['session-memory-mib'] ?? 0,
    },
    secretsDir: values['secrets-dir'] ?? defaultSecretsDir(configDir),
    ...(values['configuration-managed-by'] !== undefined && { configurationManagedBy: values['configuration-managed-by'] }),
    ...(values['shared-configuration'] && { sharedConfiguration: true as const }),
  }
}

function sessionsHostOf({ values, lines }: Options): { readonly sessionsUrl?: { readonly url: string; readonly line: number } } {
  const url = values['sessions-url']
  return url === undefined || url === 'none' ? {} : { sessionsUrl: { url, line: lines.get('sessions-url') ?? 0 } }
}

function named<K extends string>(
  key: K,
  options: Options,
  option: 'ssl-certificate' | 'ssl-certificate-key' | 'ssl-ca-certificate',
): { readonly [P in K]?: { path: string; line: number } } {
  const path = options.values[option]
  const found = path === undefined ? {} : { [key]: { path, line: options.lines.get(option) ?? 0 } }
  return found as { readonly [P in K]?: { path: string; line: number } }
}
