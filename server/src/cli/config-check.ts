import { statSync } from 'node:fs'
import type { ServerConfiguration } from '../config/configuration.ts'
import { formatDiagnostic } from '../config/diagnostics.ts'
import { loadConfiguration } from '../config/load.ts'
import { findAccount } from './account.ts'
import { type Context, counted, EXIT, findingLine, print, type Run, say } from './command.ts'

/** `config check`: all findings on stdout, without starting anything; exit code 78 when one is an error. */
export const runConfigCheck: Run = async ({ options }, context) => {
  const { configDir, dataDir, environment } = context
  const credentialsDirectory = environment.CREDENTIALS_DIRECTORY
  const { diagnostics, configuration } = await loadConfiguration({
    configDir,
    dataDir,
    uid: serverUid(context),
    ...(credentialsDirectory ? { credentialsDirectory } : {}),
  })
  const errors = diagnostics.filter((each) => each.severity === 'error').length
  const warnings = diagnostics.length - errors
  if (options.json) print(context, JSON.stringify({ errors, warnings, findings: diagnostics }, undefined, 2))
  else for (const each of diagnostics) print(context, findingLine(each.severity, formatDiagnostic(each)))
  if (errors > 0) say(context, `${counted(errors, 'error')}: the server would not start.`, 'Correct them and run this again.')
  else say(context, `The configuration in ${configDir} is usable${warnings > 0 ? `; ${counted(warnings, 'warning')}` : ''}.`)
  if (configuration && isOnSharedHost(configuration.server)) {
    const why = 'The pages of sessions are on the host of public-url, where browsers send the same cookies to every port.'
    say(context, why, 'A host of their own is better: sessions-url=https://{id}.sessions.example, with a certificate for it.')
  }
  if (configuration) await tellWhatSessionsLack(configuration.server, context)
  return errors > 0 ? EXIT.setup : EXIT.ok
}

/** Recommended against, and no finding: it is the default. With one person there is nobody to be kept apart from. */
function isOnSharedHost({ sessionPages, publicUrl, singleUser }: ServerConfiguration): boolean {
  if (!sessionPages || sessionPages.isSharedOrigin || singleUser) return false
  return (
    sessionPages.url === undefined || new URL(sessionPages.url.replace('{id}', 'id')).hostname === new URL(publicUrl).hostname
  )
}

/** What is not wrong in the files, and keeps people from sessions all the same. */
async function tellWhatSessionsLack(server: ServerConfiguration, context: Context): Promise<void> {
  const { singleUser, sessionPages, sessionsAccount, sessionHelper } = server
  if (singleUser) return
  if (serverUid(context) !== 0) {
    if (sessionHelper !== undefined) return
    const why = 'No sessions can be started: the server does not run as root, and session-helper is not set.'
    return say(context, why, 'Start benchkey session-helper beside it, and write its socket as session-helper.')
  }
  if (!sessionPages || (await findAccount(sessionsAccount))) return
  const why = `There is no Unix account ${sessionsAccount} for the process of the session pages, so they are off.`
  say(context, why, `Add it with: useradd --system --user-group --shell /usr/sbin/nologin ${sessionsAccount}`)
}

/** Root checks for the account that owns the data directory, for that is who the server runs as. */
export function serverUid({ dataDir }: Context): number {
  const own = process.getuid?.() ?? -1
  return own === 0 ? (statSync(dataDir, { throwIfNoEntry: false })?.uid ?? own) : own
}
