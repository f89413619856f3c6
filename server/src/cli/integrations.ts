import { createClient } from '@benchkey/sdk'
import { EXIT, print, type Run, say, table } from './command.ts'
import { oneLine } from './printing.ts'

/** `integrations`: the caller's integrations, their IDs and states. */
export const runIntegrations: Run = async ({ options }, context) => {
  const integrations = await createClient({ environment: context.environment }).integrations()
  if (options.json) {
    print(context, JSON.stringify(integrations, undefined, 2))
    return EXIT.ok
  }
  if (integrations.length === 0) {
    say(context, 'There are no integrations yet.', 'Your administrator adds them; they appear here by themselves.')
    return EXIT.ok
  }
  const rows = integrations.map((each) => [
    oneLine(each.display_name),
    oneLine(each.name),
    each.uid,
    oneLine(each.label ?? each.state),
  ])
  print(context, table([['NAME', 'SECTION', 'ID', 'STATE'], ...rows]))
  return EXIT.ok
}
