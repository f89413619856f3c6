import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import {
  type BenchkeyError,
  certificateAuthorities,
  createClient,
  environmentOfLogin,
  lastServer,
  type WireDeviceStart,
  type WireLoggedIn,
} from '@benchkey/sdk'
import { openInBrowser } from './browser.ts'
import { CliError, type Context, EXIT, type Run, say } from './command.ts'
import { DeviceClient } from './device-client.ts'
import { keepLogin, keptAuthority, keptCookie, prepareLogin } from './login-files.ts'
import { instantOf, oneLine } from './printing.ts'
import { serverUrlOf } from './server-url.ts'
import { INTERRUPTED } from './terminal.ts'

/** `login [URL]`: logs this terminal in to a server, when its person approves that in a browser (RFC 8628). */
export const runLogin: Run = async ({ options, positionals: [written] }, context) => {
  const { environment } = context
  const url = serverUrlOf(written ?? lastServer(environment))
  const place = prepareLogin(environment, url)
  const authority = typeof options.ca === 'string' ? authorityIn(options.ca) : keptAuthority(place)
  const client = new DeviceClient(url, authority === undefined ? certificateAuthorities(environment) : [authority])
  const start = await client.begin(hostname())
  const complete = start.verification_uri_complete
  const isOpen = !options['no-browser'] && (await openInBrowser(complete, context))
  say(context, `${isOpen ? 'The browser asks you to approve this terminal. Or open' : 'Open'} this where you have a browser:`)
  context.errors.write(`  ${complete}\n  It has to show the code ${start.user_code}.\n`)
  const session = await approved(client, start, context)
  const before = keptCookie(place)
  keepLogin(place, { url, session, authority }, environment)
  if (before !== undefined) await endBefore(before, url, environment)
  return await conclude(url, session, context)
}

/** PEM of the file that `--ca` names. */
function authorityIn(path: string): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CliError(`The file ${oneLine(path)} of --ca cannot be read (${code}).`, { exitCode: EXIT.usage, cause: error })
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new CliError(`The file ${oneLine(path)} of --ca holds no certificate.`, {
    action: 'Give the certificate of the authority, as PEM.',
    exitCode: EXIT.usage,
  })
}

async function approved(client: DeviceClient, start: WireDeviceStart, context: Context): Promise<WireLoggedIn> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  context.signals.on('SIGINT', interrupt)
  context.signals.on('SIGTERM', interrupt)
  try {
    return await waitFor(client, start, context, stop.signal)
  } catch (error) {
    if (!stop.signal.aborted) throw error
    throw new CliError('Stopped waiting; this terminal is not logged in.', { exitCode: INTERRUPTED })
  } finally {
    context.signals.off('SIGINT', interrupt)
    context.signals.off('SIGTERM', interrupt)
  }
}

async function waitFor(
  client: DeviceClient,
  start: WireDeviceStart,
  context: Context,
  signal: AbortSignal,
): Promise<WireLoggedIn> {
  say(context, 'Waiting for you to approve; Ctrl-C stops waiting.')
  let pauseMs = start.interval * 1000
  for (let waitedMs = 0; waitedMs < start.expires_in * 1000; waitedMs += pauseMs) {
    await context.sleep(pauseMs, signal)
    const polled = await client.poll(start.device_code).catch(later)
    if (polled?.kind === 'logged_in') return polled.session
    if (polled?.kind === 'refused') throw new CliError(polled.sentence)
    // RFC 8628 §3.5
    if (polled?.kind === 'slow_down') pauseMs += 5_000
  }
  throw new CliError('Nobody approved this terminal in ten minutes.', { action: 'Run benchkey login again.' })
}

/** A server that restarts is no reason to give up. */
function later(error: unknown): undefined {
  if (error instanceof CliError && error.exitCode === EXIT.tryLater) return undefined
  throw error
}

/** Two sessions of one terminal are one too many; one that has ended, or cannot be reached, ends by itself. */
async function endBefore(cookie: string, url: string, environment: Context['environment']): Promise<void> {
  const login = environmentOfLogin(environment, url)
  if (!login) return
  const own = {
    ...login,
    RS_SESSION_RPC_COOKIE: cookie,
    PWB_SESSION_RUNTIME_DIR: undefined,
    BENCHKEY_SESSION_RUNTIME_DIR: undefined,
  }
  await createClient({ environment: own })
    .logOut()
    .catch(() => undefined)
}

/** The session's own address may be another one: what is said is that tokens come. */
async function conclude(url: string, session: WireLoggedIn, context: Context): Promise<number> {
  const { environment } = context
  say(context, `Logged in to ${url} as ${oneLine(session.user)}, until ${instantOf(session.ends_at)}.`)
  if (environment.RS_SERVER_ADDRESS || environment.BENCHKEY_SERVER_ADDRESS) {
    say(context, 'This is a session already, which its commands go on using.', 'Leave it to use the log-in.')
    return EXIT.ok
  }
  try {
    await createClient({ environment: environmentOfLogin(environment, url) ?? environment }).session()
  } catch (error) {
    const { explanation } = error as BenchkeyError
    if (explanation === undefined) throw error
    throw new CliError(`But no tokens come this way: ${explanation}`, {
      action: 'Find out more with: benchkey doctor',
      cause: error,
    })
  }
  context.errors.write('  For R and Python in this shell: eval "$(benchkey session env)"\n')
  return EXIT.ok
}
