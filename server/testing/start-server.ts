import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { ADMIN_SOCKET_NAME, type AdminSessionOpened } from '../src/domain/admin-api.ts'
import { readBootId, startTimeOf } from '../src/launcher/processes.ts'
import { type RunningServer, type StartOptions, start } from '../src/main.ts'
import { makeCertificates } from './certificates.ts'
import { BENCHKEY, type Finished, type Running, runBenchkey, startProcess } from './command-line.ts'
import { endSessionsBelow } from './left-sessions.ts'
import { ownPort } from './own-port.ts'

/** Files of a server that is prepared or runs: configuration, data, certificates. */
export interface ServerFiles {
  readonly dir: string
  readonly configDir: string
  readonly dataDir: string
  /** PEM file of the private CA. */
  readonly caFile: string
  readonly ca: string
  readonly port: number
  /** https://localhost:PORT */
  readonly publicUrl: string
  /** `<publicUrl>/oauth_redirect_callback` */
  readonly redirectUri: string
}

/** What a prepared server is configured with; without `oauthClients` it has no integrations. */
export interface ServerPlan {
  readonly oauthClients?: string
  /** More lines of benchkey.conf. */
  readonly serverLines?: readonly string[]
  /** Default: true. */
  readonly singleUser?: boolean
}

/** Writes configuration and certificates for a server on a free loopback port into a new folder. */
export async function prepareServer(plan: ServerPlan = {}): Promise<ServerFiles> {
  const dir = mkdtempSync(join(tmpdir(), 'benchkey-server-'))
  const [configDir, dataDir, certificates] = ['config', 'data', 'certificates'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ]
  for (const folder of [configDir, dataDir, certificates]) mkdirSync(folder, { mode: 0o700 })
  const { ca, caFile, certificateFile, keyFile } = await makeCertificates(certificates)
  const port = await ownPort()
  const publicUrl = `https://localhost:${port}`
  const lines = [
    'www-address=127.0.0.1',
    `www-port=${port}`,
    `public-url=${publicUrl}`,
    `ssl-certificate=${certificateFile}`,
    `ssl-certificate-key=${keyFile}`,
    `ssl-ca-certificate=${caFile}`,
    'insecure-loopback-providers=1',
    ...(plan.singleUser === false ? [] : ['single-user=1']),
    // Session pages take a free port: the one above may be another test's.
    ...(plan.serverLines?.some((line) => /^(sessions-|shared-)/.test(line)) ? [] : ['sessions-port=0']),
    ...(plan.serverLines ?? []),
  ]
  writeFileSync(join(configDir, 'benchkey.conf'), `${lines.join('\n')}\n`, { mode: 0o600 })
  const files = { dir, configDir, dataDir, caFile, ca, port, publicUrl, redirectUri: `${publicUrl}/oauth_redirect_callback` }
  if (plan.oauthClients !== undefined) writeOauthClients(files, plan.oauthClients)
  return files
}

/**
 * A second server for the same people: a port, a data directory and an admin socket of its own, everything else as the first
 * one has it. Its database and key ring are for the caller to share.
 */
export async function prepareNode(first: ServerFiles): Promise<ServerFiles> {
  const dir = mkdtempSync(join(tmpdir(), 'benchkey-node-'))
  const [configDir, dataDir] = [join(dir, 'config'), join(dir, 'data')]
  for (const folder of [configDir, dataDir]) mkdirSync(folder, { mode: 0o700 })
  const port = await ownPort()
  const lines = readFileSync(join(first.configDir, 'benchkey.conf'), 'utf8').replace(/^www-port=.*$/m, `www-port=${port}`)
  writeFileSync(join(configDir, 'benchkey.conf'), lines, { mode: 0o600 })
  const clients = join(first.configDir, 'oauth-clients.conf')
  if (existsSync(clients)) copyFileSync(clients, join(configDir, 'oauth-clients.conf'))
  return { ...first, dir, configDir, dataDir, port }
}

/** (Re)writes `database.conf`. */
export function writeDatabaseConf(files: Pick<ServerFiles, 'configDir'>, lines: readonly string[]): void {
  writeFileSync(join(files.configDir, 'database.conf'), `${lines.join('\n')}\n`, { mode: 0o600 })
}

/** (Re)writes `oauth-clients.conf`. */
export function writeOauthClients(files: Pick<ServerFiles, 'configDir'>, text: string): void {
  writeFileSync(join(files.configDir, 'oauth-clients.conf'), text, { mode: 0o600 })
}

/** As `benchkey serve` makes a hash, it takes 0.4 s of processor; and as much for each log-in. */
export const PASSWORD_COST = { log2N: 4, r: 8, p: 1 }

/** A server in this process, with its log. */
export interface ServerInProcess extends RunningServer {
  readonly log: () => string
}

/** Starts the prepared server in this process, through the same `start` as `benchkey serve`. */
export async function startInProcess(
  files: ServerFiles,
  options: Pick<StartOptions, 'providerCa' | 'effects' | 'executableDir'> = {},
): Promise<ServerInProcess> {
  const lines: string[] = []
  const logTo = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString())
      done()
    },
  })
  const { configDir, dataDir } = files
  const server = await start({ configDir, dataDir, version: '0.0.0-test', logTo, passwordCost: PASSWORD_COST, ...options })
  return { ...server, log: () => lines.join('') }
}

/**
 * Starts `benchkey serve` as a process of its own; resolves when it printed its ready line. `executable`: the words that run
 * `benchkey`, this checkout's by default.
 */
export async function startServeProcess(
  files: Pick<ServerFiles, 'configDir' | 'dataDir'>,
  executable: readonly string[] = BENCHKEY,
): Promise<Running> {
  const running = startProcess([...executable, 'serve', '--config-dir', files.configDir, '--data-dir', files.dataDir])
  await new Promise<void>((resolve, reject) => {
    let seen = ''
    running.child.stdout?.on('data', (text: string) => {
      seen += text
      if (seen.includes('ready https://')) resolve()
    })
    void running.finished.then(({ code, stderr }) => reject(new Error(`benchkey serve ended with ${code}: ${stderr}`)))
  })
  return running
}

/** Runs an administrator's command against the prepared server. */
export function runAdmin(files: ServerFiles, args: readonly string[], input?: string): Promise<Finished> {
  const environment = { BENCHKEY_CONFIG_DIR: files.configDir, BENCHKEY_DATA_DIR: files.dataDir }
  return runBenchkey(args, environment, input === undefined ? {} : { input })
}

/** One request over the admin socket; rejects with the refusal's sentence. */
export async function askAdmin<T>(files: Pick<ServerFiles, 'dataDir'>, method: string, path: string, body?: unknown): Promise<T> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const reply = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const request = httpRequest(
      {
        socketPath: join(files.dataDir, ADMIN_SOCKET_NAME),
        method,
        path,
        headers: text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      (response) => {
        let answer = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          answer += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: answer }))
      },
    )
    request.once('error', reject).end(text)
  })
  if (reply.status >= 300) throw new Error(`${method} ${path} answered ${reply.status}: ${reply.text}`)
  return (reply.text === '' ? undefined : JSON.parse(reply.text)) as T
}

/** Opens a session for the user, owned by a process that idles until the session is ended; its cookie is good for the RPC. */
export async function openSession(files: Pick<ServerFiles, 'dataDir'>, userName: string): Promise<AdminSessionOpened> {
  // It ends with the tests, when nobody holds its stdin open any more.
  const { pid } = startProcess(['cat'], {}, { input: null }).child
  if (pid === undefined) throw new Error('cat could not be started')
  const supervisor = { pid, startTime: startTimeOf(pid) ?? '', bootId: readBootId() }
  return await askAdmin(files, 'POST', '/sessions', { userName, name: 'test', supervisor })
}

/** A reply as it came. */
export interface RawReply {
  readonly status: number
  readonly reason: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** One https request to the server, trusting its CA, following nothing. With its port, as a load balancer sends it there. */
export function send(
  files: Pick<ServerFiles, 'ca' | 'publicUrl'> & Partial<Pick<ServerFiles, 'port'>>,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const url = new URL(path, files.publicUrl)
    const port = files.port ?? url.port
    const request = httpsRequest(
      url,
      { method, ca: files.ca, agent: false, port, headers: { host: url.host, ...length, ...headers } },
      (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            headers: response.headers,
            body: text,
          }),
        )
      },
    )
    request.once('error', reject).end(body)
  })
}

/** Asks the session RPC for a token as R does; a client of ours may add a least life in seconds. */
export function fetchToken(
  files: Pick<ServerFiles, 'ca' | 'publicUrl'>,
  cookie: string,
  uid: string,
  minTtlSeconds?: number,
): Promise<RawReply> {
  const kwparams = { uuid: uid, ...(minTtlSeconds === undefined ? {} : { min_ttl: minTtlSeconds }) }
  return send(files, '/oauth_token', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-rs-session-server-rpc-cookie': cookie },
    body: JSON.stringify({ kwparams, method: 'oauth_token' }),
  })
}

/** Ends a server's folder, and the sessions that outlived the server. */
export function removeFiles(files: Pick<ServerFiles, 'dir'>): void {
  endSessionsBelow(files.dir)
  rmSync(files.dir, { recursive: true, force: true })
}
