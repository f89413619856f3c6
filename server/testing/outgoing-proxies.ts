import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { startProcess } from './command-line.ts'
import { ownPort } from './own-port.ts'

/** What a proxy lets pass, and for whom. */
export interface ProxyRules {
  /** Hosts it allows; it denies every other. */
  readonly allowed: readonly string[]
  /** Without it it asks for no password. */
  readonly credentials?: { readonly userName: string; readonly password: string }
}

/** A real proxy on loopback. */
export interface OutgoingProxyServer {
  readonly port: number
  /** What it logged so far. */
  log(): string
  /** It takes connections and does nothing with them, until `goOn`. */
  freeze(): void
  goOn(): void
  close(): Promise<void>
}

const ROOT = process.getuid?.() === 0
const BETWEEN_TRIES_MS = 50

/**
 * Starts squid. `hosts`: names that it alone knows, all of which are this machine; `tls`: it is reached by TLS. Its password is
 * asked by a program of ours in squid's protocol for helpers.
 */
export async function startSquid(
  rules: ProxyRules & {
    readonly hosts?: readonly string[]
    readonly tls?: { readonly certificate: string; readonly key: string }
  },
): Promise<OutgoingProxyServer> {
  const { dir, logFile, port } = await prepare()
  writeFileSync(join(dir, 'hosts'), `127.0.0.1 localhost ${(rules.hosts ?? []).join(' ')}\n`)
  if (rules.tls) {
    writeFileSync(join(dir, 'cert.pem'), rules.tls.certificate)
    writeFileSync(join(dir, 'key.pem'), rules.tls.key)
  }
  const door = rules.tls
    ? `https_port 127.0.0.1:${port} tls-cert=${join(dir, 'cert.pem')} tls-key=${join(dir, 'key.pem')}`
    : `http_port 127.0.0.1:${port}`
  const lines = [
    door,
    'visible_hostname squid.example',
    'pid_filename none',
    'cache deny all',
    'cache_mem 8 MB',
    'shutdown_lifetime 0 seconds',
    'coredump_dir none',
    'pinger_enable off',
    // Names that are not in its file are asked of nobody else.
    'dns_nameservers 127.0.0.1',
    'dns_timeout 1 second',
    `hosts_file ${join(dir, 'hosts')}`,
    `cache_log ${join(dir, 'log/cache.log')}`,
    `access_log stdio:${logFile}`,
    ...passwordLines(dir, rules.credentials),
    `acl allowed dstdomain ${rules.allowed.join(' ')}`,
    'http_access allow allowed',
    'http_access deny all',
  ]
  writeFileSync(join(dir, 'squid.conf'), `${lines.join('\n')}\n`)
  return await run(['/usr/sbin/squid', '-N', '-f', join(dir, 'squid.conf')], { dir, logFile, port })
}

/** Starts tinyproxy. `connectPort`: the one port it makes tunnels to. */
export async function startTinyproxy(rules: ProxyRules & { readonly connectPort: number }): Promise<OutgoingProxyServer> {
  const { dir, logFile, port } = await prepare()
  const { allowed, credentials, connectPort } = rules
  writeFileSync(join(dir, 'filter'), allowed.map((host) => `^${host.replaceAll('.', '\\.')}$\n`).join(''))
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Timeout 20',
    'MaxClients 10',
    ...(ROOT ? ['User nobody', 'Group nogroup'] : []),
    `LogFile "${logFile}"`,
    'Allow 127.0.0.1',
    `ConnectPort ${connectPort}`,
    ...(credentials ? [`BasicAuth ${credentials.userName} ${credentials.password}`] : []),
    `Filter "${join(dir, 'filter')}"`,
    'FilterDefaultDeny Yes',
  ]
  writeFileSync(join(dir, 'tinyproxy.conf'), `${lines.join('\n')}\n`)
  return await run(['tinyproxy', '-d', '-c', join(dir, 'tinyproxy.conf')], { dir, logFile, port })
}

interface Prepared {
  readonly dir: string
  readonly logFile: string
  readonly port: number
}

/** A folder that the account of the proxy may enter, and write its log in: as root both become another one. */
async function prepare(): Promise<Prepared> {
  const dir = mkdtempSync(join(tmpdir(), 'benchkey-proxy-'))
  chmodSync(dir, 0o755)
  mkdirSync(join(dir, 'log'))
  chmodSync(join(dir, 'log'), 0o777)
  return { dir, logFile: join(dir, 'log/access.log'), port: await ownPort() }
}

/** Squid hands user name and password to a helper in one line; letters that it would percent-encode must not be in them. */
function passwordLines(dir: string, credentials: ProxyRules['credentials']): readonly string[] {
  if (!credentials) return []
  const line = `${credentials.userName} ${credentials.password}`
  const helper = join(dir, 'password.sh')
  writeFileSync(helper, `#!/bin/sh\nwhile read -r line; do [ "$line" = '${line}' ] && echo OK || echo ERR; done\n`)
  chmodSync(helper, 0o755)
  return [
    `auth_param basic program ${helper}`,
    'auth_param basic children 1 startup=1 idle=1',
    'acl known proxy_auth REQUIRED',
    'http_access deny !known',
  ]
}

async function run(command: readonly string[], { dir, logFile, port }: Prepared): Promise<OutgoingProxyServer> {
  const { child, finished } = startProcess(command, {}, { cwd: dir })
  let hasEnded = false
  const ended = finished.finally(() => {
    hasEnded = true
  })
  while (!(await isListening(port))) {
    if (hasEnded) throw new Error(`${command[0]} ended at its start: ${JSON.stringify(await ended)}`)
    await setTimeout(BETWEEN_TRIES_MS)
  }
  return {
    port,
    log: () => readFileSync(logFile, 'utf8'),
    freeze: () => void child.kill('SIGSTOP'),
    goOn: () => void child.kill('SIGCONT'),
    close: async () => {
      // At once; its helper ends with the pipe to it.
      child.kill('SIGKILL')
      await ended
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
