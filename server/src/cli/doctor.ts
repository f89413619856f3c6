import { type Context, counted, EXIT, print, type Run, say } from './command.ts'
import { checkBundles } from './doctor/certificates.ts'
import type { Check } from './doctor/check.ts'
import { checkConnection, parseAddress } from './doctor/connection.ts'
import { checkCookies } from './doctor/cookie.ts'
import { checkPrograms } from './doctor/programs.ts'
import { checkProxies } from './doctor/proxies.ts'
import { checkRpc } from './doctor/rpc.ts'
import { checkSocket } from './doctor/socket.ts'
import { checkSession, checkVariables } from './doctor/variables.ts'

const MARKS = { ok: '✓', warning: '!', failed: '✗', skipped: '-' } as const

/** `doctor`: one sentence for each thing that a token needs on its way here, and what to do where it is wrong. */
export const runDoctor: Run = async ({ options }, context) => {
  const checks: Check[] = []
  for await (const check of examine(context)) {
    checks.push(check)
    if (options.json) continue
    print(context, `${MARKS[check.outcome]} ${check.explanation}`)
    if (check.action) print(context, `  ${check.action}`)
  }
  if (options.json) print(context, JSON.stringify({ checks: checks.map(forScripts) }, undefined, 2))
  return conclude(checks, context)
}

/** Each check as soon as its turn has come; programs are asked meanwhile. */
async function* examine(context: Context): AsyncGenerator<Check> {
  const programs = checkPrograms(context)
  const { environment, check } = checkSession(context.environment)
  yield check
  const address = environment.RS_SERVER_ADDRESS || environment.BENCHKEY_SERVER_ADDRESS
  if (address) yield* examineSession(environment, address)
  yield* await programs
}

async function* examineSession(environment: Context['environment'], written: string): AsyncGenerator<Check> {
  const now = new Date()
  yield* checkVariables(environment)
  const cookies = checkCookies(environment, { now, uid: process.getuid?.() ?? -1 })
  yield* cookies.checks
  const trust = checkBundles(environment)
  yield* trust.checks
  const address = parseAddress(written)
  if (!(address instanceof URL)) return yield address
  yield await checkProxies(environment, address)
  yield* await checkSocket(environment)
  const connection = await checkConnection(address, trust, now)
  yield* connection
  const { used, usedByR } = cookies
  // The cookie goes to nobody whose certificate is not trusted.
  if (used === undefined || connection.some(({ outcome }) => outcome === 'failed')) return
  yield* await checkRpc(address, { used, ...(usedByR === undefined ? {} : { usedByR }) }, trust)
}

function forScripts({ check, outcome, explanation, action }: Check): Omit<Check, 'mayPass'> {
  return { check, outcome, explanation, ...(action === undefined ? {} : { action }) }
}

function conclude(checks: readonly Check[], context: Context): number {
  const failures = checks.filter(({ outcome }) => outcome === 'failed')
  const warnings = checks.filter(({ outcome }) => outcome === 'warning').length
  if (failures.length === 0) {
    say(context, `This session reaches Benchkey${warnings > 0 ? `; ${counted(warnings, 'remark')} above` : ''}.`)
    return EXIT.ok
  }
  say(context, `${counted(failures.length, 'check')} failed; the marks ✗ above say what to do.`)
  return failures.every(({ mayPass }) => mayPass) ? EXIT.tryLater : EXIT.failed
}
