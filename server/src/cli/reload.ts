import type { AdminReloaded } from '../domain/admin-api.ts'
import { adminClient } from './admin-client.ts'
import { EXIT, findingLine, print, type Run, say } from './command.ts'

/** `reload`: the running server checks its files and applies them all, or none. Findings on stdout. */
export const runReload: Run = async ({ options }, context) => {
  const { applied, findings } = await adminClient(context.dataDir).call<AdminReloaded>('POST', '/reload')
  if (options.json) print(context, JSON.stringify({ applied, findings }, undefined, 2))
  else for (const { severity, text } of findings) print(context, findingLine(severity, text))
  if (applied) say(context, 'The configuration is applied.')
  else say(context, 'Nothing was applied; the server keeps its configuration.', 'Correct the errors and run this again.')
  return applied ? EXIT.ok : EXIT.setup
}
