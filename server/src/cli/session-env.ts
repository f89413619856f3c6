import { environmentOfSession } from '@benchkey/sdk'
import type { AdminOpenEnvironment, AdminSessionOpened } from '../domain/admin-api.ts'
import { accountFor, switchTo } from './account.ts'
import { type AdminClient, adminClient } from './admin-client.ts'
import { CliError, type Context, EXIT, print, type Run, say } from './command.ts'
import { type KeeperRequest, startKeeper } from './keeper.ts'
import { instantOf, oneLine } from './printing.ts'
import { proxyExceptions, runtimeVariables, sessionEnvironment } from './session-environment.ts'

/** What makes a session, in the order it is printed (wire.md, *Session environment*). The rest of an environment is the caller's own. */
const OF_SESSIONS = [
  'POSIT_PRODUCT',
  'RSTUDIO_VERSION',
  'RS_SERVER_ADDRESS',
  'RS_SERVER_URL',
  'RS_SESSION_URL',
  'RS_SESSION_RPC_COOKIE',
  'PWB_SESSION_RUNTIME_DIR',
  'BENCHKEY_SERVER_ADDRESS',
  'BENCHKEY_SERVER_URL',
  'BENCHKEY_SESSION_URL',
  'BENCHKEY_SERVER_SOCKET',
  'BENCHKEY_SESSION_RUNTIME_DIR',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'no_proxy',
  'NO_PROXY',
] as const

/** `session env`: the variables of this session, or with `--user` of a new one without a process, for `eval` in a shell. */
export const runSessionEnv: Run = async ({ options }, context) => {
  const user = options.user
  const variables = typeof user === 'string' ? await openEnvironment(user, context) : ownVariables(context)
  const known = OF_SESSIONS.flatMap((name) => (variables[name] === undefined ? [] : [[name, variables[name]] as const]))
  if (options.json) print(context, JSON.stringify(Object.fromEntries(known), undefined, 2))
  else for (const [name, value] of known) print(context, `export ${name}=${quoted(value)}`)
  return EXIT.ok
}

function ownVariables({ environment: given }: Context): Readonly<Record<string, string | undefined>> {
  if (given.RS_SERVER_ADDRESS) return given
  const environment = environmentOfSession(given)
  const { RS_SERVER_ADDRESS: address } = environment
  if (address) return { ...environment, ...proxyExceptions(given, address) }
  throw new CliError('This is not a Benchkey session: RS_SERVER_ADDRESS is not set.', {
    action: 'Log this terminal in with benchkey login; as an administrator, name the user to open a session for: --user U',
  })
}

/** The one thing a shell reads as it stands: a text in single quotes, which itself holds none. POSIX, *Quoting*. */
function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`
}

/** Opens a session without a process. When its directory cannot be made, the session is ended again. */
async function openEnvironment(userName: string, context: Context): Promise<Record<string, string>> {
  const client = adminClient(context.dataDir)
  const request: AdminOpenEnvironment = { userName, name: 'session env', unsupervised: true }
  const opened = await client.call<AdminSessionOpened>('POST', '/sessions', request)
  const { id, endsAt } = opened.session
  try {
    const variables = await layOut(client, opened, context)
    const end = `It ends at ${instantOf(endsAt)}, or at once with: benchkey session end ${id}`
    say(context, `Opened session ${id} for ${oneLine(opened.session.userName)}.`, end)
    return variables
  } catch (error) {
    await client.call('POST', `/sessions/${encodeURIComponent(id)}/end`)
    throw error
  }
}

/** Has a process under the session's own account write cookie and certificates, and leave them there. */
async function layOut(client: AdminClient, opened: AdminSessionOpened, context: Context): Promise<Record<string, string>> {
  const { caCertificate, cookie, session } = opened
  if (session.endsAt === undefined) {
    throw new CliError('The server opened a session without an end.', { action: 'Update the server or this command line.' })
  }
  const account = await accountFor(opened.account, client.socketPath)
  const facts = { own: context.environment, session: opened.environment, account, executableDir: context.executableDir }
  const environment = sessionEnvironment(facts)
  const keeperRequest: KeeperRequest = {
    ...{ prefix: switchTo(account), environment, commandWord: 'sh', caCertificate, cookie },
    leaveUntil: new Date(session.endsAt),
  }
  const keeper = await context.asCaller(() => startKeeper(keeperRequest))
  await keeper.leave()
  const { no_proxy: noProxy = '' } = environment
  return {
    ...opened.environment,
    ...runtimeVariables(keeper.directory, keeper.bundle),
    ...(noProxy === '' ? {} : { no_proxy: noProxy, NO_PROXY: noProxy }),
  }
}
