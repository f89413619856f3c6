import { usageOf } from './arguments.ts'
import { type CommandSpec, EXIT, type OptionSpec, print, type Run, table } from './command.ts'
import { COMMAND_GROUPS, COMMON_OPTIONS } from './commands.ts'

/** The help of one command, or of all. */
export function helpText(spec: CommandSpec | undefined): string {
  if (spec) {
    const options = { ...spec.options, ...COMMON_OPTIONS }
    return `${spec.summary}.\n\nUsage: ${usageOf(spec)}\n\n${optionLines(options)}`
  }
  const groups = COMMAND_GROUPS.map(({ title, commands }) => {
    const rows = commands.map((each) => [
      `  ${[each.name, ...each.positionals].join(' ')}${each.takesCommand ? ' -- CMD' : ''}`,
      each.summary,
    ])
    return `${title}\n${table(padded(rows))}`
  })
  return `${groups.join('\n')}\nEvery command\n${optionLines(COMMON_OPTIONS)}\n`.trimEnd()
}

function optionLines(options: Readonly<Record<string, OptionSpec>>): string {
  return table(padded(Object.entries(options).map(([name, { value, help }]) => [`  --${name}${value ? ` ${value}` : ''}`, help])))
}

/** One width for the first column of all groups. */
function padded(rows: readonly (readonly [string, string] | readonly string[])[]): string[][] {
  return rows.map(([first = '', second = '']) => [first.padEnd(26), second])
}

/** `help exit-codes`: what scripts may rely on. */
export const runHelpExitCodes: Run = async (_call, context) => {
  const rows = [
    [String(EXIT.ok), 'fine'],
    [
      String(EXIT.failed),
      'failed; the words on stderr say why (also configuration_error, unknown_integration, session_ended, no session)',
    ],
    [String(EXIT.usage), 'the command line was not understood'],
    [String(EXIT.signInNeeded), 'a sign-in is needed first (not_signed_in, reauthentication_required)'],
    [
      String(EXIT.tryLater),
      'try again later (provider_unavailable, or no Benchkey server runs, or it or its database does not answer)',
    ],
    [String(EXIT.setup), "Benchkey's own files or keys are wrong"],
  ]
  print(context, table(rows))
  print(
    context,
    'run and session run pass on the exit code of their command: 127 when it is not found, 126 when it cannot be run,',
  )
  print(context, '128 + N when signal N ended it.')
  return EXIT.ok
}
