import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type LoginPlace, loginPlace, troubleOfDirectory, type WireLoggedIn } from '@benchkey/sdk'
import { CliError, type Context } from './command.ts'

/** Where systems keep the authorities that their programs trust. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]

type Environment = Context['environment']

/** Makes the directory for the log-in to a server, closed to others. Throws CliError when somebody else could read or redirect it. */
export function prepareLogin(environment: Environment, url: string): LoginPlace {
  const place = loginPlace(environment, url)
  if (!place) {
    throw new CliError('There is no place to keep a log-in: neither XDG_STATE_HOME nor HOME names a directory.', {
      action: 'Set HOME.',
    })
  }
  makeClosed(dirname(place.root), place.root)
  makeClosed(undefined, place.directory)
  return place
}

/** `above`: made as well if need be; where it lies and whom else it is open to is the account's own affair. */
function makeClosed(above: string | undefined, path: string): void {
  try {
    if (above !== undefined) mkdirSync(above, { recursive: true, mode: 0o700 })
    if (troubleOfDirectory(path) === 'does not exist') mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CliError(`The directory ${path} cannot be made (${code}).`, {
      action: 'Make room for it, or name another place in XDG_STATE_HOME.',
      cause: error,
    })
  }
  const trouble = troubleOfDirectory(path)
  if (!trouble) return
  throw new CliError(`The log-in is not kept in ${path}: it ${trouble}.`, {
    action: 'Look who made it, then remove it, or close it with chmod 700.',
  })
}

/** The authority that an earlier log-in to the server was given with `--ca`. */
export function keptAuthority({ directory }: LoginPlace): string | undefined {
  const path = join(directory, 'authority.pem')
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

/** The cookie of the log-in there is, if any. */
export function keptCookie({ directory }: LoginPlace): string | undefined {
  const path = join(directory, 'rpc_cookie')
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined
}

/** Writes a log-in, each file as a whole and the cookie last, and makes it the one that commands use. */
export function keepLogin(
  { root, directory }: LoginPlace,
  login: { url: string; session: WireLoggedIn; authority: string | undefined },
  environment: Environment,
): void {
  const { url, session, authority } = login
  const bundle = authority === undefined ? undefined : bundleOf(authority, environment, directory)
  replace(join(directory, 'authority.pem'), authority)
  replace(join(directory, 'ca-bundle.pem'), bundle)
  const facts = { url, ends_at: session.ends_at, user: session.user, environment: session.environment }
  replace(join(directory, 'session.json'), `${JSON.stringify({ ...facts, has_bundle: bundle !== undefined }, undefined, 2)}\n`)
  replace(join(directory, 'rpc_cookie'), `${session.access_token}\n`)
  replace(join(root, 'current'), `${url}\n`)
}

/** Removes the log-in to a server; when one other is left, commands use that one from now on. */
export function removeLogin({ root, directory }: LoginPlace): void {
  rmSync(directory, { recursive: true, force: true })
  const urls = readdirSync(root)
    .map((name) => join(root, name, 'session.json'))
    .flatMap((path) => (existsSync(path) ? [urlIn(path)] : []))
  replace(join(root, 'current'), urls.length === 1 ? `${urls[0]}\n` : undefined)
}

/** What is known of the log-in to a server; undefined when there is none. */
export function keptLogin({ directory }: LoginPlace): { readonly endsAt: string } | undefined {
  const path = join(directory, 'session.json')
  if (!existsSync(path)) return undefined
  const { ends_at: endsAt } = JSON.parse(readFileSync(path, 'utf8')) as { ends_at?: unknown }
  return { endsAt: String(endsAt ?? '') }
}

function urlIn(path: string): string {
  return String((JSON.parse(readFileSync(path, 'utf8')) as { url?: unknown }).url)
}

/** Undefined: the file is removed. */
function replace(path: string, text: string | undefined): void {
  if (text === undefined) {
    rmSync(path, { force: true })
    return
  }
  const next = `${path}.next`
  rmSync(next, { force: true })
  writeFileSync(next, text, { mode: 0o600, flag: 'wx' })
  renameSync(next, path)
}

/**
 * What programs of this account trust otherwise, and the server's authority: with that one alone they would refuse every other
 * server, the very API the token is for.
 */
function bundleOf(authority: string, environment: Environment, directory: string): string {
  const own = join(directory, 'ca-bundle.pem')
  const named = [environment.REQUESTS_CA_BUNDLE, environment.CURL_CA_BUNDLE].filter((path) => path && path !== own)
  const trusted = [...named, ...SYSTEM_BUNDLES].find((path) => path && existsSync(path))
  return `${trusted === undefined ? '' : textOf(trusted)}\n${authority.trim()}\n`
}

function textOf(path: string): string {
  if (!statSync(path).isDirectory()) return readFileSync(path, 'utf8')
  const names = readdirSync(path).filter((name) => /\.(pem|crt|\d+)$/.test(name))
  return names.map((name) => readFileSync(join(path, name), 'utf8')).join('\n')
}
