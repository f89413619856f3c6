import { BenchkeyError, environmentOfSession } from '@benchkey/sdk'
import { type Check, failed, ok, shown, type Variables, warning } from './check.ts'

/** The same fact under the names that R and Python read, and under Benchkey's own. */
const PAIRS = [
  ['RS_SERVER_ADDRESS', 'BENCHKEY_SERVER_ADDRESS'],
  ['RS_SERVER_URL', 'BENCHKEY_SERVER_URL'],
  ['RS_SESSION_URL', 'BENCHKEY_SESSION_URL'],
  ['PWB_SESSION_RUNTIME_DIR', 'BENCHKEY_SESSION_RUNTIME_DIR'],
] as const

const LEAVE_THEM = 'Leave these variables to the session: look for them in .Renviron, .Rprofile, .profile and .bashrc.'

/** The lowest version that rstudioapi and posit-sdk do not refuse. */
const LEAST_VERSION = [2026, 1, 0] as const

/** The variables of the session, and where they come from. */
export interface FoundSession {
  readonly environment: Variables
  readonly check: Check
}

/** Whether this process is in a session at all, or its terminal is logged in. */
export function checkSession(variables: Variables): FoundSession {
  try {
    const environment = environmentOfSession(variables)
    return { environment, check: environment === variables ? checkVariablesOf(variables) : loggedIn(environment) }
  } catch (error) {
    if (!(error instanceof BenchkeyError)) throw error
    return { environment: variables, check: failed('session', error.explanation, error.action ?? '') }
  }
}

function loggedIn({ RS_SERVER_ADDRESS: address = '' }: Variables): Check {
  const where = `This terminal is logged in to ${shown(withoutPassword(address))}`
  return ok('session', `${where}; R and Python find it after: eval "$(benchkey session env)"`)
}

function checkVariablesOf(variables: Variables): Check {
  const { RS_SERVER_ADDRESS: address, BENCHKEY_SERVER_ADDRESS: own } = variables
  if (address) return ok('session', `This is a session: RS_SERVER_ADDRESS is ${shown(withoutPassword(address))}.`)
  if (own) {
    const explanation = 'RS_SERVER_ADDRESS is not set, so R and Python get no tokens; BENCHKEY_SERVER_ADDRESS is there.'
    return failed('session', explanation, `Something unset it. ${LEAVE_THEM}`)
  }
  return failed(
    'session',
    'This is not a Benchkey session: RS_SERVER_ADDRESS is not set.',
    'Run this inside a session, or log this terminal in: benchkey login.',
  )
}

/** Variables that contradict each other, or that the two clients refuse. */
export function checkVariables(variables: Variables): readonly Check[] {
  return [...checkPairs(variables), checkProduct(variables.POSIT_PRODUCT), checkVersion(variables.RSTUDIO_VERSION)]
}

function checkPairs(variables: Variables): readonly Check[] {
  const different = PAIRS.filter(([one, other]) => {
    const [first, second] = [variables[one], variables[other]].map((value) => value?.replace(/\/+$/, ''))
    return first && second && first !== second
  })
  if (different.length === 0) return [ok('variables', 'The variables of the session agree with each other.')]
  return different.map(([one, other]) =>
    warning('variables', `${one} and ${other} differ; R, Python and benchkey use the first.`, LEAVE_THEM),
  )
}

function checkProduct(product: string | undefined): Check {
  if (product === 'WORKBENCH') return ok('product', 'POSIT_PRODUCT is WORKBENCH.')
  const is = product ? `${shown(product)}, not WORKBENCH` : 'not set'
  return warning(
    'product',
    `POSIT_PRODUCT is ${is}; R and Python packages may take this for something else than a session.`,
    LEAVE_THEM,
  )
}

function checkVersion(version: string | undefined): Check {
  const least = '2026.01.0'
  if (!version)
    return warning('version', `RSTUDIO_VERSION is not set; rstudioapi and posit-sdk expect ${least} or later.`, LEAVE_THEM)
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  if (!numbers) return warning('version', `RSTUDIO_VERSION is ${shown(version)}, which is no version.`, LEAVE_THEM)
  const differing = numbers.findIndex((number, place) => number !== LEAST_VERSION[place])
  const isOlder = differing >= 0 && (numbers[differing] ?? 0) < (LEAST_VERSION[differing] ?? 0)
  if (!isOlder) return ok('version', `RSTUDIO_VERSION is ${shown(version)}, which rstudioapi and posit-sdk accept.`)
  const explanation = `RSTUDIO_VERSION is ${shown(version)}; rstudioapi and posit-sdk refuse anything below ${least}.`
  return failed('version', explanation, LEAVE_THEM)
}

function withoutPassword(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//…@')
}
