import type { Account } from './account.ts'

/** What a session's variables are made of. */
export interface SessionFacts {
  /** The variables `session run` was started with. */
  readonly own: Readonly<Record<string, string | undefined>>
  /** From the server (wire.md, *Session environment*). */
  readonly session: Readonly<Record<string, string>>
  /** The account switched to, if any. */
  readonly account: Account | undefined
  /** The folder that holds `benchkey`. */
  readonly executableDir: string
}

/** Benchkey's own affairs: a session is told neither where the server's files lie nor another session's cookie. */
const NOT_FOR_SESSIONS = [
  'BENCHKEY_CONFIG_DIR',
  'BENCHKEY_DATA_DIR',
  'RS_SESSION_RPC_COOKIE',
  'CREDENTIALS_DIRECTORY',
  'NOTIFY_SOCKET',
]

/** Bound to the login of whoever called: another account can do nothing with them, or harm. */
const OF_ANOTHER_LOGIN = [
  'XDG_RUNTIME_DIR',
  'XDG_SESSION_ID',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_STATE_HOME',
  'XDG_CACHE_HOME',
  'DBUS_SESSION_BUS_ADDRESS',
  'SSH_AUTH_SOCK',
  'SSH_AGENT_PID',
  'XAUTHORITY',
  'MAIL',
  'OLDPWD',
  'TMPDIR',
  'SUDO_COMMAND',
  'SUDO_USER',
  'SUDO_UID',
  'SUDO_GID',
]

/** The variables of a session, without those that need its runtime directory. */
export function sessionEnvironment(facts: SessionFacts): Record<string, string> {
  const { own, session, account, executableDir } = facts
  const dropped = new Set([...NOT_FOR_SESSIONS, ...(account ? OF_ANOTHER_LOGIN : [])])
  const kept = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== undefined && !dropped.has(entry[0]))
  return {
    ...Object.fromEntries(kept.filter(([name]) => !isOfNpm(name, own))),
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
function proxyExceptions(own: SessionFacts['own'], address: string | undefined): Record<string, string> {
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
