import { dirname, join } from 'node:path'
import { builtin } from './builtin.ts'
import { BenchkeyError } from './errors.ts'

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

const OPEN_A_SESSION = 'Run this inside a session, or log this terminal in: benchkey login.'

/** The base URL of the session RPC, without trailing slashes. Throws `no_session` outside a session. */
export function serverAddress(environment: Environment): string {
  const address = environment.RS_SERVER_ADDRESS || environment.BENCHKEY_SERVER_ADDRESS
  if (!address) {
    throw new BenchkeyError('no_session', 'This is not a Benchkey session: RS_SERVER_ADDRESS is not set.', {
      action: OPEN_A_SESSION,
    })
  }
  if (!isSafeAddress(address)) {
    throw new BenchkeyError('no_session', 'RS_SERVER_ADDRESS is not an https URL, so the RPC cookie is not sent there.', {
      action: OPEN_A_SESSION,
    })
  }
  return address.replace(/\/+$/, '')
}

/** The cookie goes over https, or over http to this machine only. */
function isSafeAddress(address: string): boolean {
  if (!URL.canParse(address)) return false
  const { protocol, hostname } = new URL(address)
  if (protocol === 'https:') return true
  return protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)
}

/**
 * The RPC cookie, read anew at each call because it is rotated in place: first `rpc_cookie` in the runtime directory, then
 * RS_SESSION_RPC_COOKIE. Throws `no_session` when neither holds one.
 */
export function rpcCookie(environment: Environment): string {
  const directory = runtimeDirectory(environment)
  const cookie = (directory && cookieFile(join(directory, 'rpc_cookie'))) || environment.RS_SESSION_RPC_COOKIE?.trim()
  if (!cookie) {
    throw new BenchkeyError('no_session', 'This session has no RPC cookie, so it gets no tokens.', { action: OPEN_A_SESSION })
  }
  if (!/^[\x20-\x7e]+$/.test(cookie)) {
    throw new BenchkeyError('no_session', 'The RPC cookie of this session is damaged.', { action: OPEN_A_SESSION })
  }
  return cookie
}

function cookieFile(path: string): string | undefined {
  try {
    return builtin('node:fs').readFileSync(path, 'utf8').split('\n', 1)[0]?.trim()
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new BenchkeyError('no_session', `The RPC cookie of this session cannot be read at ${path}.`, {
      action: 'Run this as the user the session belongs to.',
      cause: error,
    })
  }
}

function runtimeDirectory(environment: Environment): string | undefined {
  return environment.PWB_SESSION_RUNTIME_DIR || environment.BENCHKEY_SESSION_RUNTIME_DIR
}

/**
 * Benchkey's own authority, which `session run` leaves beside the cookie when it is a private one; undefined when there is none, or
 * when somebody named another bundle than that of the session.
 */
export function ownAuthority(environment: Environment): string | undefined {
  const directory = runtimeDirectory(environment)
  const bundle = environment.REQUESTS_CA_BUNDLE || environment.CURL_CA_BUNDLE
  if (!directory || !bundle || dirname(bundle) !== directory.replace(/\/+$/, '')) return undefined
  try {
    return builtin('node:fs').readFileSync(join(directory, 'authority.pem'), 'utf8')
  } catch {
    return undefined // Not there, or not readable: the bundle holds it as well.
  }
}

/** The PEM texts that REQUESTS_CA_BUNDLE, else CURL_CA_BUNDLE, else SSL_CERT_FILE names; undefined = Node's own list. */
export function certificateAuthorities(environment: Environment): string[] | undefined {
  for (const variable of ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE']) {
    const path = environment[variable]
    if (!path) continue
    try {
      const { readFileSync, statSync } = builtin('node:fs')
      return statSync(path).isDirectory() ? pemFilesIn(path) : [readFileSync(path, 'utf8')]
    } catch (error) {
      throw new BenchkeyError('untrusted_server', `The certificates of ${variable} cannot be read at ${path}.`, {
        action: `Correct or unset ${variable}.`,
        cause: error,
      })
    }
  }
  return undefined
}

function pemFilesIn(directory: string): string[] {
  const { readdirSync, readFileSync } = builtin('node:fs')
  const texts: string[] = []
  for (const entry of readdirSync(directory)) {
    if (/\.(pem|crt|cer|\d+)$/.test(entry)) texts.push(readFileSync(join(directory, entry), 'utf8'))
  }
  return texts.filter((text) => text.includes('-----BEGIN'))
}

function isMissing(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR'
}
