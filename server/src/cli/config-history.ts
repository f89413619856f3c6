import type {
  AdminDiffLine,
  AdminRollBackReview,
  AdminRolledBack,
  AdminVersion,
  AdminVersionDetails,
  AdminVersions,
} from '../domain/admin-configuration-api.ts'
import { utcTime } from '../domain/states.ts'
import { adminClient } from './admin-client.ts'
import { CliError, type Context, EXIT, print, type Run, say, table } from './command.ts'
import { oneLine } from './printing.ts'
import { confirm } from './terminal.ts'

/** `config history`: the versions of `oauth-clients.conf`; with a number, what that one changed. */
export const runConfigHistory: Run = async ({ options, positionals: numbers }, context) => {
  const client = adminClient(context.dataDir)
  if (numbers.length > 0) {
    const details = await Promise.all(numbers.map((number) => client.call<AdminVersionDetails>('GET', pathOf(number))))
    if (options.json) print(context, JSON.stringify({ versions: details }, undefined, 2))
    else for (const each of details) printVersion(each, context)
    return EXIT.ok
  }
  const { versions } = await client.call<AdminVersions>('GET', '/configuration/versions')
  if (options.json) print(context, JSON.stringify({ versions }, undefined, 2))
  else print(context, table([['', 'NUMBER', 'AT', 'BY', 'WHAT'], ...versions.map(rowOf)]))
  return EXIT.ok
}

/** `config rollback N`: tells what going back costs, asks, and does it on all servers. */
export const runConfigRollback: Run = async ({ options, positionals: [number = ''] }, context) => {
  const client = adminClient(context.dataDir)
  const path = pathOf(number)
  const { token, diff, costs, blocked } = await client.call<AdminRollBackReview>('GET', `${path}/review`)
  if (blocked !== undefined) {
    throw new CliError(blocked, { action: diff.length === 0 ? `The file is as version ${number} was.` : 'Nothing was changed.' })
  }
  printDiff(diff, context)
  for (const cost of costs) say(context, oneLine(cost))
  if (!options.yes && !(await confirm(context, `Go back to version ${number}?`))) {
    say(context, 'Nothing was changed.')
    return EXIT.failed
  }
  say(context, `Going back to version ${number} …`)
  const { version } = await client.call<AdminRolledBack>('POST', `${path}/roll-back`, { token })
  say(
    context,
    `Version ${version} is in force here; it is what ${number} was.`,
    'See how the servers take it with: benchkey reload',
  )
  return EXIT.ok
}

function pathOf(number: string): string {
  if (/^[1-9]\d{0,8}$/.test(number)) return `/configuration/versions/${number}`
  const action = 'They are whole numbers, listed by: benchkey config history'
  throw new CliError(`"${oneLine(number)}" is no number of a version.`, { action, exitCode: EXIT.usage })
}

function rowOf(version: AdminVersion): readonly string[] {
  const { isCurrent, number, at, by, rolledBackTo, summary } = version
  const back = rolledBackTo === undefined ? '' : `back to ${rolledBackTo}: `
  return [isCurrent ? '*' : '', String(number), utcTime(new Date(at)), oneLine(by ?? 'the file'), oneLine(`${back}${summary}`)]
}

function printVersion({ version, diff }: AdminVersionDetails, context: Context): void {
  print(
    context,
    rowOf(version)
      .filter((cell) => cell !== '')
      .join('  '),
  )
  printDiff(diff, context)
}

const SIGNS = { same: '  ', added: '+ ', removed: '- ', gap: '  … ' } as const

function printDiff(diff: readonly AdminDiffLine[], context: Context): void {
  for (const { kind, text } of diff) print(context, `${SIGNS[kind]}${oneLine(text)}`.trimEnd())
}
