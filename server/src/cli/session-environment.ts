import type { UnixAccount } from '../domain/unix-account.ts'

/** What a session's variables are made of. */
export interface SessionFacts {
  /** The variables `session run` was started with. */
  readonly own: Readonly<Record<string, string | undefined>>
  /** From the server (wire.md, *Session environment*). */
  readonly session: Readonly<Record<string, string>>
  /** The account switched to, if any. */
  readonly account: UnixAccount | undefined
  /** The folder that holds `benchkey`. */
  readonly executableDir: string
}

/** Benchkey's own affairs: a session is told neither where the server's files lie nor another session's cookie. */
const NOT_FOR_SESSIONS = [
  'BENCHKEY_CONFIG_DIR',
  'BENCHKEY_DATA_DIR',
  'RS_SESSION_RPC_COOKIE',
  'BENCHKEY_SERVER_SOCKET',
  'CREDENTIALS_DIRECTORY',
  'NOTIFY_SOCKET',
]

/**
 * What another account is given of the caller's variables: how the terminal and the language are, and the way out of this
 * network. Whoever switches accounts is an administrator, and anything else of theirs may be a secret.
 */
const FOR_ANOTHER_ACCOUNT = new Set([
  'PATH',
  'TERM',
  'COLORTERM',
  'NO_COLOR',
  'COLUMNS',
  'LINES',
  'LANG',
  'LANGUAGE',
  'TZ',
  'EDITOR',
  'VISUAL',
  'PAGER',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'no_proxy',
  'NO_PROXY',
])

/** The proxy, unless its URL holds the caller's password for it. */
const PROXIES = new Set(['http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'])

function isForAnotherAccount(name: string, value: string): boolean {
  return FOR_ANOTHER_ACCOUNT.has(name) || name.startsWith('LC_') || (PROXIES.has(name) && !value.includes('@'))
}

/** The variables of a session, without those that need its runtime directory. */
export function sessionEnvironment(facts: SessionFacts): Record<string, string> {
  const { own, session, account, executableDir } = facts
  const kept = Object.entries(own)
    .filter((entry): entry is [string, string] => entry[1] !== undefined && !NOT_FOR_SESSIONS.includes(entry[0]))
    .filter(([name, value]) => (account ? isForAnotherAccount(name, value) : !isOfNpm(name, own)))
  return {
    ...Object.fromEntries(kept),
    ...(account ? { HOME: account.home, USER: account.name, LOGNAME: account.name, SHELL: account.shell } : {}),
    ...session,
    PATH: own.PATH ? `${executableDir}:${own.PATH}` : `${executableDir}:/usr/local/bin:/usr/bin:/bin`,
    ...proxyExceptions(own, session.RS_SERVER_ADDRESS),
  }
}

/** What `npm run benchkey` adds; a later npm inside the session would take it for its own caller's. */
function isOfNpm(name: string, own: SessionFacts['own']): boolean {
  return own.npm_lifecycle_event === 'benchkey' && (name === 'INIT_CWD' || name.startsWith('npm_'))
}

/** Calls to Benchkey never go through a proxy; both spellings, because curl reads one and others the other. */
export function proxyExceptions(own: SessionFacts['own'], address: string | undefined): Record<string, string> {
  if (!address) return {}
  const host = new URL(address).hostname.replace(/^\[|\]$/g, '')
  const given = own.no_proxy || own.NO_PROXY || ''
  const hosts = given.split(',').map((each) => each.trim())
  const value = hosts.includes(host) || given === '*' ? given : [...hosts.filter((each) => each !== ''), host].join(',')
  return { no_proxy: value, NO_PROXY: value }
}

/** The variables that point into the runtime directory; `bundle` is present when the server's CA is private. */
export function runtimeVariables(directory: string, bundle: string | undefined): Record<string, string> {
  return {
    PWB_SESSION_RUNTIME_DIR: directory,
    BENCHKEY_SESSION_RUNTIME_DIR: directory,
    ...(bundle === undefined ? {} : { REQUESTS_CA_BUNDLE: bundle, CURL_CA_BUNDLE: bundle }),
  }
}
