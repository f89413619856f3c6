import type { AdminReloaded } from '../domain/admin-configuration-api.ts'
import { utcTime } from '../domain/states.ts'
import { adminClient } from './admin-client.ts'
import { type Context, EXIT, findingLine, print, type Run, say } from './command.ts'
import { oneLine } from './printing.ts'

/**
 * `reload`: the running server checks its files and applies them all, or none; then all others of its database do. Findings on
 * stdout, with each server's answer.
 */
export const runReload: Run = async ({ options }, context) => {
  const { applied, findings, nodes } = await adminClient(context.dataDir).call<AdminReloaded>('POST', '/reload')
  if (options.json) print(context, JSON.stringify({ applied, findings, nodes }, undefined, 2))
  else for (const { severity, text } of findings) print(context, findingLine(severity, text))
  if (!applied) {
    say(context, 'Nothing was applied; the server keeps its configuration.', 'Correct the errors and run this again.')
    return EXIT.setup
  }
  if (!options.json) printAnswers(nodes, context)
  const isWrong = nodes.some(({ tone, isPending }) => tone === 'danger' || isPending)
  if (isWrong) say(context, 'The configuration is applied here, and not on every server.', 'Correct it there and run this again.')
  else say(context, 'The configuration is applied.')
  return isWrong ? EXIT.failed : EXIT.ok
}

/** One server alone has nothing to compare itself with. */
function printAnswers(nodes: AdminReloaded['nodes'], context: Context): void {
  if (nodes.length < 2) return
  for (const { node, text } of nodes) {
    const words = text.replaceAll(/\{time:([^}]*)\}/g, (_, at: string) => utcTime(new Date(at)))
    print(context, oneLine(`${node}: ${words}`))
  }
}
