import { isAbsolute, join } from 'node:path'
import { builtin } from './builtin.ts'
import { BenchkeyError, codeOf } from './errors.ts'
import type { Environment } from './session.ts'

/** Where the log-in of a terminal to one server lies. */
export interface LoginPlace {
  /** Of all servers. */
  readonly root: string
  /** Of this one; its runtime directory: `rpc_cookie`, and with an authority of its own `authority.pem` and `ca-bundle.pem`. */
  readonly directory: string
}

/** What `benchkey login` leaves beside the cookie. */
interface Login {
  readonly environment: Readonly<Record<string, string>>
  /** Its bundle, when the server has an authority of its own. */
  readonly hasBundle: boolean
}

const LOG_IN_AGAIN = 'Log this terminal in again: benchkey login.'

/** What a login may set; the file is the account's own, but this is all that is looked for in it. */
const OF_LOGINS = [
  'POSIT_PRODUCT',
  'RSTUDIO_VERSION',
  'RS_SERVER_ADDRESS',
  'RS_SERVER_URL',
  'RS_SESSION_URL',
  'BENCHKEY_SERVER_ADDRESS',
  'BENCHKEY_SERVER_URL',
  'BENCHKEY_SESSION_URL',
] as const

/**
 * The variables of the session that this process is in; outside of one those of the server that its terminal was logged in to,
 * the one that BENCHKEY_SERVER_URL names or the last. Without either, the variables as they are. Throws `no_session` when a log-in is
 * there that others could have put there.
 */
export function environmentOfSession(environment: Environment): Environment {
  if (environment.RS_SERVER_ADDRESS || environment.BENCHKEY_SERVER_ADDRESS) return environment
  const url = lastServer(environment)
  return (url && environmentOfLogin(environment, url)) || environment
}

/** The variables of the log-in to one server, over those of the process; undefined when there is none. Throws as above. */
export function environmentOfLogin(environment: Environment, url: string): Environment | undefined {
  const place = loginPlace(environment, url)
  if (!place) return undefined
  for (const path of [place.root, place.directory]) {
    const trouble = troubleOfDirectory(path)
    if (trouble === 'does not exist') return undefined
    if (trouble) throw notUsed(path, trouble)
  }
  const login = readLogin(place.directory)
  if (!login) return undefined
  const bundle = join(place.directory, 'ca-bundle.pem')
  return {
    ...environment,
    RS_SESSION_RPC_COOKIE: undefined,
    BENCHKEY_SERVER_SOCKET: undefined,
    ...login.environment,
    PWB_SESSION_RUNTIME_DIR: place.directory,
    BENCHKEY_SESSION_RUNTIME_DIR: place.directory,
    ...(login.hasBundle ? { REQUESTS_CA_BUNDLE: bundle, CURL_CA_BUNDLE: bundle } : {}),
  }
}

/** The server that is meant outside of a session: of BENCHKEY_SERVER_URL, else of the last log-in. */
export function lastServer(environment: Environment): string | undefined {
  if (environment.BENCHKEY_SERVER_URL) return environment.BENCHKEY_SERVER_URL
  const root = rootOf(environment)
  return root === undefined || troubleOfDirectory(root) ? undefined : contentOf(join(root, 'current'))?.trim() || undefined
}

/** Where the log-in to a server lies, or would; undefined when the account has no home directory or `url` is no URL. */
export function loginPlace(environment: Environment, url: string): LoginPlace | undefined {
  const root = rootOf(environment)
  if (root === undefined || !URL.canParse(url)) return undefined
  const { host, pathname } = new URL(url)
  return { root, directory: join(root, `server-${encodeURIComponent(host + pathname.replace(/\/+$/, ''))}`) }
}

/** Why a directory is not used, to end a sentence with: only what nobody else may write into or have put there counts. */
export function troubleOfDirectory(path: string): string | undefined {
  try {
    const stats = builtin('node:fs').lstatSync(path)
    if (stats.isSymbolicLink()) return 'is a link'
    if (!stats.isDirectory()) return 'is no directory'
    if (stats.uid !== process.getuid?.()) return 'belongs to another account'
    return (stats.mode & 0o077) === 0 ? undefined : 'is open to others'
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be looked at (${codeOf(error)})`
  }
}

/** XDG Base Directory Specification: state lies in XDG_STATE_HOME, else in `~/.local/state`; a relative path counts for nothing. */
function rootOf({ XDG_STATE_HOME: state, HOME: home }: Environment): string | undefined {
  if (state && isAbsolute(state)) return join(state, 'benchkey')
  return home && isAbsolute(home) ? join(home, '.local/state/benchkey') : undefined
}

function readLogin(directory: string): Login | undefined {
  const text = contentOf(join(directory, 'session.json'))
  if (text === undefined) return undefined
  const written = parsed(text)
  if (typeof written !== 'object' || written === null) throw notUsed(directory, 'is damaged')
  const { environment, has_bundle: hasBundle } = written as { environment?: Record<string, unknown>; has_bundle?: unknown }
  const known = OF_LOGINS.flatMap((name) => {
    const value = environment?.[name]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  return { environment: Object.fromEntries(known), hasBundle: hasBundle === true }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // The caller says that it is damaged.
  }
}

function contentOf(path: string): string | undefined {
  try {
    return builtin('node:fs').readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw new BenchkeyError('no_session', `The log-in of this terminal cannot be read at ${path}.`, {
      action: LOG_IN_AGAIN,
      cause: error,
    })
  }
}

function notUsed(path: string, trouble: string): BenchkeyError {
  return new BenchkeyError('no_session', `The log-in of this terminal is not used: ${path} ${trouble}.`, {
    action: `Remove it, then log in again: benchkey login.`,
  })
}
