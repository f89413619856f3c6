import { readFileSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Check, codeOf, failed, OPEN_ANOTHER, ok, shown, type Variables, warning } from './check.ts'

/** The cookie is replaced every 30 minutes; a few more for a server that was away. */
const OLDEST_MS = 35 * 60 * 1000

/** What a session shows to Benchkey, as the different programs find it. Never printed. */
export interface Cookies {
  readonly checks: readonly Check[]
  /** What posit-sdk, benchkey and TypeScript send. */
  readonly used?: string
  /** What R sends, when it is another one. */
  readonly usedByR?: string
}

/** Who is looking: the clock and the account. */
export interface Observer {
  readonly now: Date
  readonly uid: number
}

/** Looks at the runtime directory and the cookie in it and in the variable. */
export function checkCookies(variables: Variables, observer: Observer): Cookies {
  const directory = variables.PWB_SESSION_RUNTIME_DIR || variables.BENCHKEY_SESSION_RUNTIME_DIR
  const variable = variables.RS_SESSION_RPC_COOKIE?.trim() || undefined
  const checks: Check[] = [checkDirectory(variables, variable, observer)]
  const file = directory ? readCookieFile(join(directory, 'rpc_cookie'), observer) : {}
  if (file.check) checks.push(file.check)
  const used = file.value || variable
  if (used === undefined) {
    if (!file.check) checks.push(failed('cookie', 'This session has no cookie, so it gets no tokens.', OPEN_ANOTHER))
    return { checks }
  }
  checks.push(...checkValue(used, observer.now))
  if (variable === undefined || variable === used) return { checks, used }
  const explanation = 'RS_SESSION_RPC_COOKIE differs from the cookie file; R uses the variable, Python and benchkey the file.'
  checks.push(warning('cookie', explanation, 'Unset RS_SESSION_RPC_COOKIE: it is not replaced, the file is.'))
  return { checks, used, usedByR: variable }
}

function checkDirectory(variables: Variables, variable: string | undefined, { uid }: Observer): Check {
  const name = 'runtime-directory'
  const directory = variables.PWB_SESSION_RUNTIME_DIR
  if (!directory) {
    if (variable)
      return { check: name, outcome: 'skipped', explanation: 'There is no runtime directory; the cookie is in a variable.' }
    return failed(name, 'PWB_SESSION_RUNTIME_DIR is not set, so R and Python find no cookie.', OPEN_ANOTHER)
  }
  const where = `The runtime directory ${shown(directory)}`
  let stats: Stats
  try {
    stats = statSync(directory)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT') return failed(name, `${where} is gone: this session has ended.`, OPEN_ANOTHER)
    return failed(name, `${where} cannot be opened (${code}).`, 'Run this as the user the session belongs to.')
  }
  if (!stats.isDirectory()) return failed(name, `${where} is no directory.`, OPEN_ANOTHER)
  if (stats.uid !== uid) {
    const explanation = `${where} belongs to user id ${stats.uid}, and this runs as user id ${uid}.`
    return warning(name, explanation, 'Run your programs as the user the session belongs to.')
  }
  const mode = (stats.mode & 0o777).toString(8)
  if (stats.mode & 0o077)
    return warning(name, `${where} is open to others (mode ${mode}).`, `Close it: chmod 700 ${shown(directory)}`)
  return ok(name, `${where} is yours alone.`)
}

interface CookieFile {
  /** The first line, when it can be sent. */
  readonly value?: string
  readonly check?: Check
}

function readCookieFile(path: string, { now }: Observer): CookieFile {
  const where = `The cookie file ${shown(path)}`
  let text: string
  let stats: Stats
  try {
    stats = statSync(path)
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return {}
    return { check: failed('cookie-file', `${where} cannot be read (${code}).`, 'Run this as the user the session belongs to.') }
  }
  const [first = '', ...rest] = text.trimEnd().split('\n')
  const value = first.trim()
  if (value === '') return { check: failed('cookie-file', `${where} is empty.`, OPEN_ANOTHER) }
  if (!/^[\x20-\x7e]+$/.test(value)) return { check: failed('cookie-file', `${where} is damaged.`, OPEN_ANOTHER) }
  if (rest.length > 0) {
    return { value, check: failed('cookie-file', `${where} has several lines, which posit-sdk refuses.`, OPEN_ANOTHER) }
  }
  const mode = (stats.mode & 0o777).toString(8)
  if (stats.mode & 0o077) {
    return {
      value,
      check: warning('cookie-file', `${where} is open to others (mode ${mode}).`, `Close it: chmod 600 ${shown(path)}`),
    }
  }
  const ageMs = now.getTime() - stats.mtimeMs
  const age = `${Math.max(0, Math.round(ageMs / 60_000))} min old`
  // The cookie of `session env` is never replaced, and its date says so.
  if (ageMs > OLDEST_MS && !((dateOf(value) ?? now) > now)) {
    const action = 'If tokens stop coming, open a new session; if all sessions are like that, ask whether the server is well.'
    return { value, check: warning('cookie-file', `${where} is ${age}, and it should be replaced every 30 minutes.`, action) }
  }
  return { value, check: ok('cookie-file', `${where} is there, ${age}, closed to others.`) }
}

/** The date is for posit-sdk, which refuses a cookie without one and reads the file again when it has passed. */
function checkValue(value: string, now: Date): readonly Check[] {
  const date = dateOf(value)
  if (!date) {
    const explanation = 'The cookie has no date that posit-sdk can read, so Python gets no tokens.'
    return [failed('cookie-date', explanation, OPEN_ANOTHER)]
  }
  if (date > now) return [ok('cookie-date', `The cookie's date is ${utc(date)}, still to come.`)]
  return [warning('cookie-date', `The cookie's date, ${utc(date)}, has passed.`, 'If tokens stop coming, open a new session.')]
}

/** wire.md, *The RPC cookie*: the second part, with three escapes in upper case and no others. */
function dateOf(value: string): Date | undefined {
  const text = (value.split('|')[1] ?? '').replaceAll('%2C', ',').replaceAll('%20', ' ').replaceAll('%3A', ':')
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return undefined
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date
}

const utc = (date: Date): string => `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`
