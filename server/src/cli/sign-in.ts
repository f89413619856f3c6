import { BenchkeyError, type Client, createClient, type WireIntegrationDetails } from '@benchkey/sdk'
import { openInBrowser } from './browser.ts'
import { CliError, type Context, EXIT, exitCodeOf, type Run, say } from './command.ts'
import { oneLine } from './printing.ts'
import { INTERRUPTED } from './terminal.ts'

/** How often it is looked whether the person is back, in milliseconds. */
const LOOK_EVERY_MS = 1_000

/** A sign-in that was begun is good for so long; nobody is waited for longer, in milliseconds. */
const PATIENCE_MS = 10 * 60 * 1000

/** States that a sign-in mends. */
const MENDED: ReadonlySet<string> = new Set(['not_signed_in', 'reauthentication_required', 'scope_missing'])

/** How a sign-in failed so that waiting for another try in the browser helps nobody, and the exit code of that. */
const FINAL: Readonly<Record<string, number>> = {
  denied: EXIT.signInNeeded,
  client_refused: EXIT.failed,
  scope_refused: EXIT.failed,
  provider_failed: EXIT.tryLater,
  not_saved: EXIT.tryLater,
}

/** `sign-in NAME`: opens the page of the integration, or prints its address, and waits until the person has signed in. */
export const runSignIn: Run = async ({ options, positionals: [name = ''] }, context) => {
  const client = createClient({ environment: context.environment })
  const before = await client.integration(name)
  if (!MENDED.has(before.state)) return sayWhyNot(before, context)
  const isOpen = !options['no-browser'] && (await openInBrowser(before.link, context))
  const shown = oneLine(before.display_name)
  say(
    context,
    isOpen ? `Sign in to ${shown} in the browser, or open this there:` : `Open this in a browser to sign in to ${shown}:`,
  )
  context.errors.write(`  ${before.link}\n`)
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  context.signals.on('SIGINT', interrupt)
  context.signals.on('SIGTERM', interrupt)
  try {
    return await waitFor(client, before, context, stop.signal)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    throw new CliError('Stopped waiting; nothing was changed.', {
      action: `You can still sign in at ${before.link}.`,
      exitCode: INTERRUPTED,
    })
  } finally {
    context.signals.off('SIGINT', interrupt)
    context.signals.off('SIGTERM', interrupt)
  }
}

/** Nothing to sign in to, in the words of the server. */
function sayWhyNot(
  { state, display_name, account, link, explanation, action }: WireIntegrationDetails,
  context: Context,
): number {
  if (state === 'signed_in') {
    const as = account === undefined ? '' : ` as ${oneLine(account)}`
    say(context, `You are signed in to ${oneLine(display_name)}${as} already.`, `For another account: ${link}`)
    return EXIT.ok
  }
  say(context, oneLine(explanation), oneLine(action))
  return state === 'renewal_delayed' ? EXIT.ok : exitCodeOf(state)
}

async function waitFor(client: Client, before: WireIntegrationDetails, context: Context, signal: AbortSignal): Promise<number> {
  say(context, 'Waiting for the sign-in; Ctrl-C stops waiting.')
  let problem = before.last_problem
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_EVERY_MS) {
    await context.sleep(LOOK_EVERY_MS, signal)
    const now = await look(client, before.uid, signal)
    if (!now) continue
    if (isMended(before, now)) {
      const account = now.account === undefined ? '' : ` as ${oneLine(now.account)}`
      say(context, `Signed in to ${oneLine(now.display_name)}${account}.`)
      return EXIT.ok
    }
    if (now.last_problem && now.last_problem.reference !== problem?.reference) {
      problem = now.last_problem
      say(context, `${oneLine(problem.title)}.`, `${oneLine(problem.explanation)} (Reference ${oneLine(problem.reference)}.)`)
      const exitCode = FINAL[problem.code]
      if (exitCode !== undefined) return exitCode
    }
  }
  throw new CliError(`Nobody signed in to ${oneLine(before.display_name)} in ten minutes.`, {
    action: `You can still sign in at ${before.link}.`,
    exitCode: EXIT.signInNeeded,
  })
}

const RESTARTS: ReadonlySet<string> = new Set(['server_unavailable', 'database_unavailable'])

/** Undefined while the server or its database does not answer: a restart is no reason to give up. */
async function look(client: Client, uid: string, signal: AbortSignal): Promise<WireIntegrationDetails | undefined> {
  try {
    return await client.integration(uid, { signal })
  } catch (error) {
    if (error instanceof BenchkeyError && RESTARTS.has(error.code)) return undefined
    throw error
  }
}

/** A new sign-in, or the old one works again. */
function isMended(before: WireIntegrationDetails, now: WireIntegrationDetails): boolean {
  return now.authenticated && (now.signed_in_at !== before.signed_in_at || now.state !== before.state)
}
