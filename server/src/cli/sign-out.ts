import { createClient } from '@benchkey/sdk'
import { EXIT, type Run, say } from './command.ts'
import { namedIntegration } from './named-integration.ts'
import { oneLine } from './printing.ts'
import { confirm } from './terminal.ts'

/** `sign-out NAME`: asks first, naming what is lost. */
export const runSignOut: Run = async ({ options, positionals: [name = ''] }, context) => {
  const client = createClient({ environment: context.environment })
  const { uid, state, display_name } = await namedIntegration(client, await client.integrations(), name)
  const shown = oneLine(display_name)
  if (state === 'not_signed_in') return sayNothingToDo()
  const question = `Sign out of ${shown}? Benchkey deletes the stored tokens; running code stops getting them.`
  if (!options.yes && !(await confirm(context, question))) {
    say(context, `Kept your sign-in to ${shown}.`)
    return EXIT.failed
  }
  const { signedOut, revocation } = await client.signOut(uid)
  if (!signedOut) return sayNothingToDo()
  const asked = 'The service is asked to revoke them.'
  const notAsked = 'No address for revoking them is configured, so the service lets them end by themselves.'
  say(context, `Signed out of ${shown}; the stored tokens are deleted.`, revocation === 'queued' ? asked : notAsked)
  return EXIT.ok

  function sayNothingToDo(): number {
    say(context, `You are not signed in to ${shown}; there is nothing to sign out of.`)
    return EXIT.ok
  }
}
