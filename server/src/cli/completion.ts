import { CliError, EXIT, print, type Run } from './command.ts'
import { COMMANDS } from './commands.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './completion-scripts.ts'

const SCRIPTS: ReadonlyMap<string, (commands: typeof COMMANDS) => string> = new Map([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
])

/** `completion SHELL`: prints the script that has a shell complete commands, options and names of integrations. */
export const runCompletion: Run = async ({ positionals: [shell = ''] }, context) => {
  const script = SCRIPTS.get(shell)
  if (!script) {
    throw new CliError(`"${shell.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 80)}" is not a shell that can be served.`, {
      action: 'There are: bash, zsh, fish.',
      exitCode: EXIT.usage,
    })
  }
  print(context, script(COMMANDS).trimEnd())
  return EXIT.ok
}
