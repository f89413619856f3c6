import { basename } from 'node:path'
import type { AdminCookieRotated, AdminOpenSession, AdminSessionOpened } from '../domain/admin-api.ts'
import { accountFor, switchTo } from './account.ts'
import { type AdminClient, AdminRefusal, adminClient } from './admin-client.ts'
import { type Call, CliError, type Context, type Run, say } from './command.ts'
import { type Keeper, startKeeper } from './keeper.ts'
import { runInForeground, SignalRelay } from './launch.ts'
import { ownProcessFacts } from './process-facts.ts'
import { runtimeVariables, sessionEnvironment } from './session-environment.ts'
import { waited } from './waiting.ts'

/** wire.md, *The RPC cookie*: its date lies 24 h ahead, so a server may be down for most of a day. */
const ROTATE_EVERY_MS = 30 * 60 * 1000

/** How soon a rotation is tried again when the server did not answer. */
const ROTATE_RETRY_MS = 60 * 1000

/** Waits before each further try to tell the server that the session is over; it also notices by itself. */
const END_RETRY_MS = [200, 1000]

/** `session run -- COMMAND…`: runs the command in a session of its own and passes its exit code on. */
export const runSessionRun: Run = async (call, context) => {
  const client = adminClient(context.dataDir)
  const relay = new SignalRelay(context.signals)
  const opened = await openSession(client, call)
  try {
    return await runInSession({ client, opened, relay }, call, context)
  } finally {
    await endSession(client, opened.session.id, context)
  }
}

function openSession(client: AdminClient, { options, command }: Call): Promise<AdminSessionOpened> {
  const request: AdminOpenSession = {
    ...(typeof options.user === 'string' ? { userName: options.user } : {}),
    name: basename(command[0] ?? ''),
    supervisor: ownProcessFacts(),
  }
  return client.call<AdminSessionOpened>('POST', '/sessions', request)
}

interface Opening {
  readonly client: AdminClient
  readonly opened: AdminSessionOpened
  readonly relay: SignalRelay
}

async function runInSession({ client, opened, relay }: Opening, call: Call, context: Context): Promise<number> {
  const [commandWord = ''] = call.command
  const account = await accountFor(opened.account, client.socketPath)
  const prefix = switchTo(account)
  const facts = { own: context.environment, session: opened.environment, account, executableDir: context.executableDir }
  const environment = sessionEnvironment(facts)
  const { caCertificate, cookie } = opened
  const keeper = await context.asCaller(() => startKeeper({ prefix, environment, commandWord, caCertificate, cookie }))
  const over = new AbortController()
  const rotation = keepRotating(client, opened.session.id, keeper, context, over.signal)
  try {
    checkCommand(keeper, commandWord)
    const folder = keeper.folder === 'open' ? undefined : (account?.home ?? '/')
    if (folder) say(context, `The current folder is closed to ${account?.name ?? 'you'}; the command starts in ${folder}.`)
    return await runInForeground({
      words: [...prefix, ...call.command],
      environment: { ...environment, ...runtimeVariables(keeper.directory, keeper.bundle) },
      folder,
      relay,
      asCaller: context.asCaller,
    })
  } finally {
    over.abort()
    await rotation
    await keeper.close()
  }
}

/** As a shell answers: 127 not found, 126 not executable. */
function checkCommand(keeper: Keeper, commandWord: string): void {
  const shown = commandWord.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
  if (keeper.command === 'missing') {
    throw new CliError(`There is no command "${shown}".`, {
      action: 'Check its spelling, or give its whole path.',
      exitCode: 127,
    })
  }
  if (keeper.command === 'blocked') {
    throw new CliError(`"${shown}" is not a program that can be run here.`, {
      action: `Check it with: ls -l ${shown}`,
      exitCode: 126,
    })
  }
}

/** Asks for the next cookie every 30 minutes until the session is over; a server that is down is asked again soon. */
export async function keepRotating(
  client: AdminClient,
  sessionId: string,
  keeper: Pick<Keeper, 'replaceCookie'>,
  context: Pick<Context, 'sleep' | 'errors'>,
  over: AbortSignal,
): Promise<void> {
  let waitMs = ROTATE_EVERY_MS
  while (await waited(context, waitMs, over)) {
    try {
      const path = `/sessions/${encodeURIComponent(sessionId)}/rotate`
      const { cookie } = await client.call<AdminCookieRotated>('POST', path)
      await keeper.replaceCookie(cookie)
      waitMs = ROTATE_EVERY_MS
    } catch (error) {
      if (over.aborted) return
      if (error instanceof AdminRefusal && error.code === 'session_ended') {
        say(context, 'This session was ended, so its command gets no more tokens.')
        return
      }
      waitMs = ROTATE_RETRY_MS
    }
  }
}

/** Tells the server, trying briefly: it ends a session whose process is gone by itself. */
async function endSession(client: AdminClient, id: string, context: Context): Promise<void> {
  for (const waitMs of [...END_RETRY_MS, undefined]) {
    try {
      await client.call('POST', `/sessions/${encodeURIComponent(id)}/end`)
      return
    } catch (error) {
      if (!(error instanceof CliError) || error instanceof AdminRefusal || waitMs === undefined) return
      await context.sleep(waitMs)
    }
  }
}
