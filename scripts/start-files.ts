import { randomBytes, X509Certificate } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { step, Trouble } from './trouble.ts'

/** Pages, database and logs take a tenth of it in the first days. */
const ROOM_MB = 50
const RENEW_BEFORE_MS = 30 * 24 * 60 * 60 * 1000

/** Where `npm start` keeps everything: files 0600, directories 0700, all under `.benchkey/`. */
export interface StartFiles {
  readonly top: string
  readonly configDir: string
  readonly dataDir: string
  readonly certificates: string
  readonly serverConfiguration: string
  readonly clients: string
  /** The password of the demo user, as printed. */
  readonly demoUser: string
  /** Port of the demo authorization server, kept so that what is stored keeps its meaning. */
  readonly demoPort: string
  /** Its client, as `oauth-clients.conf` has it. */
  readonly demoClients: string
  readonly demoState: string
  readonly serverLog: string
  readonly demoLog: string
}

/** Makes the directories of `.benchkey/` where they are missing; throws Trouble when there is no room to work in. */
export function prepareDirectories(root: string): StartFiles {
  checkRoom(root)
  const top = join(root, '.benchkey')
  const files: StartFiles = {
    top,
    configDir: join(top, 'config'),
    dataDir: join(top, 'data'),
    certificates: join(top, 'certificates'),
    serverConfiguration: join(top, 'config/benchkey.conf'),
    clients: join(top, 'config/oauth-clients.conf'),
    demoUser: join(top, 'demo-user'),
    demoPort: join(top, 'demo-provider/port'),
    demoClients: join(top, 'demo-provider/clients.json'),
    demoState: join(top, 'demo-provider/state'),
    serverLog: join(top, 'logs/benchkey.log'),
    demoLog: join(top, 'logs/demo-provider.log'),
  }
  for (const dir of [top, files.configDir, files.dataDir, files.certificates, join(top, 'demo-provider'), join(top, 'logs')]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  }
  return files
}

function checkRoom(root: string): void {
  const { bavail, bsize } = statfsSync(root)
  const freeMb = Math.floor((bavail * bsize) / 1024 ** 2)
  if (freeMb < ROOM_MB)
    throw new Trouble(`The disk is full: ${root} has ${freeMb} MB left, and Benchkey needs ${ROOM_MB} MB to start.`)
}

/** Writes a file of mode 0600 whole or not at all. */
export function writePrivate(file: string, text: string): void {
  const next = `${file}.new`
  try {
    writeFileSync(next, text, { mode: 0o600 })
    chmodSync(next, 0o600)
    renameSync(next, file)
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  }
}

/** Makes the private authority and the certificate for localhost, unless they are there for 30 days more. */
export async function prepareCertificates(files: StartFiles): Promise<void> {
  const leaf = join(files.certificates, 'server.pem')
  const complete = ['ca.pem', 'server.pem', 'server-key.pem'].every((name) => existsSync(join(files.certificates, name)))
  if (complete && new X509Certificate(readFileSync(leaf)).validToDate.getTime() - Date.now() > RENEW_BEFORE_MS) return
  step('Making certificates …')
  const { makeCertificates } = await import('../server/testing/certificates.ts')
  await makeCertificates(files.certificates)
  for (const name of ['ca.pem', 'server.pem']) chmodSync(join(files.certificates, name), 0o600)
}

/** Writes `benchkey.conf` if it is missing; a port that was asked for is set in the one that is there. */
export function prepareServerConfiguration(files: StartFiles, port: number | undefined): void {
  const { serverConfiguration: file } = files
  if (!existsSync(file)) {
    step('Writing a first configuration …')
    writePrivate(file, serverConfiguration(files, port ?? 8443))
  } else if (port !== undefined) {
    const text = readFileSync(file, 'utf8')
    const next = text
      .replace(/^(\s*www-port\s*=\s*).*$/m, `$1${port}`)
      .replace(/^(\s*public-url\s*=\s*https:\/\/[^:/\s]+)(:\d+)?/m, `$1:${port}`)
    if (next !== text) writePrivate(file, next)
  }
}

/** The address and port that `benchkey.conf` names now. */
export function readServerAddress(files: StartFiles): { port: number; publicUrl: string } {
  const text = readFileSync(files.serverConfiguration, 'utf8')
  const port = Number(/^\s*www-port\s*=\s*(\d+)\s*$/m.exec(text)?.[1])
  const publicUrl = /^\s*public-url\s*=\s*(\S+)\s*$/m.exec(text)?.[1]
  if (!Number.isInteger(port) || publicUrl === undefined) {
    throw new Trouble(
      `${files.serverConfiguration} names no www-port or no public-url: write both, or remove the file and start again.`,
    )
  }
  return { port, publicUrl }
}

/** Writes `oauth-clients.conf` if it is missing, and registers its [demo] section at the demo authorization server. */
export function prepareClients(files: StartFiles, demoPort: number, publicUrl: string): void {
  if (!existsSync(files.clients)) writePrivate(files.clients, clients(demoPort, randomBytes(24).toString('base64url')))
  const section = /^\[demo\]\r?\n([\s\S]*?)(?=^\[|(?![\s\S]))/m.exec(readFileSync(files.clients, 'utf8'))?.[1] ?? ''
  const option = (name: string) => new RegExp(`^\\s*${name}\\s*=\\s*(.*?)\\s*$`, 'm').exec(section)?.[1]
  const client = {
    id: option('client-id') ?? 'demo-client',
    // Without the section nobody can use the demo; the server still wants a client to start with.
    secret: option('client-secret') ?? randomBytes(24).toString('base64url'),
    method: option('token-endpoint-auth-method') ?? 'client-secret-post',
    redirectUris: [`${publicUrl}/oauth_redirect_callback`],
  }
  writePrivate(files.demoClients, `${JSON.stringify([client], null, 2)}\n`)
}

/** True while there is no account for the demo user: on the first start, and after the data was removed. */
export function needsDemoUser(files: StartFiles, dataWasEmpty: boolean): boolean {
  return dataWasEmpty || !existsSync(files.demoUser)
}

/** Whether a directory holds nothing yet. */
export function isEmpty(dir: string): boolean {
  return readdirSync(dir).length === 0
}

/** A password a person can copy by hand: 100 random bits in groups of five. */
export function newPassword(): string {
  // 32 letters and digits, without those that look alike (0 O 1 I l).
  const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'
  const letters = [...randomBytes(20)].map((byte) => alphabet[byte % 32])
  return [0, 5, 10, 15].map((at) => letters.slice(at, at + 5).join('')).join('-')
}

function serverConfiguration(files: StartFiles, port: number): string {
  return `# Benchkey's server, written by "npm start". Change it, then run: ./benchkey reload
# (addresses, ports and certificates take effect at the next start).

# Where it listens: this machine only.
www-address=127.0.0.1
www-port=${port}

# What browsers and services call it. The redirect URI to register at a service is
# https://localhost:${port}/oauth_redirect_callback
public-url=https://localhost:${port}

# Made on this machine; sessions are given the authority so that they trust the server.
ssl-certificate=${join(files.certificates, 'server.pem')}
ssl-certificate-key=${join(files.certificates, 'server-key.pem')}
ssl-ca-certificate=${join(files.certificates, 'ca.pem')}

# One person on one machine: sessions run under the account that started the server.
single-user=1

# For the demo only: authorization servers on this machine, over plain http. Never in production.
insecure-loopback-providers=1
`
}

function clients(demoPort: number, secret: string): string {
  const server = `http://127.0.0.1:${demoPort}`
  return `# The services that people sign in to: one section each. "./benchkey config check" reads this file
# without applying it; "./benchkey reload" applies it without a restart.

# The demo authorization server that "npm start" runs beside Benchkey.
[demo]
name=Demo API
client-id=demo-client
client-secret=${secret}
authorization-url=${server}/auth
token-url=${server}/token
# Where a sign-out hands the tokens back (RFC 7009).
revocation-url=${server}/token/revocation
# The issuer that the service's answers must name (RFC 9207).
issuer=${server}
scopes=openid,read,write

# A service of your own: register the redirect URI of benchkey.conf there, remove the # signs and
# fill in what it gave you.
#
# [box-integration]
# name=Box API Access
# client-id=your-box-client-id
# client-secret=your-box-client-secret
# authorization-url=https://account.box.com/api/oauth2/authorize
# token-url=https://account.box.com/api/oauth2/token
`
}
