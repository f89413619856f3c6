import { expect, test } from 'vitest'
import { parseArguments, usageOf } from './arguments.ts'
import { CliError } from './command.ts'
import { COMMANDS } from './commands.ts'

function refusal(...argv: string[]): string {
  try {
    parseArguments(argv)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    return `${error.exitCode}: ${error.message} | ${error.action}`
  }
  throw new Error('It was understood.')
}

/** Commands come and go; what is said of them stays. */
const verbsOf = (noun: string): string =>
  COMMANDS.flatMap(({ name }) => (name.startsWith(`${noun} `) ? [name.slice(noun.length + 1)] : [])).join(', ')

const usage = (name: string): string =>
  COMMANDS.filter((spec) => spec.name === name)
    .map(usageOf)
    .join()

test.each([
  [['token', 'box', '--min-ttl', '60', '--json']],
  [['--config-dir', '/c', 'token', 'box', '--json', '--min-ttl=60']],
  [['--json', '--min-ttl', '60', 'tokens', '--config-dir=/c', 'box']],
])('options stand anywhere: %j', (argv) => {
  const parsed = parseArguments(argv)
  expect(parsed).toMatchObject({ kind: 'call', spec: { name: 'token' }, call: { positionals: ['box'] } })
  expect(parsed.kind === 'call' && parsed.call.options).toMatchObject({ json: true, 'min-ttl': '60' })
})

test('what follows two hyphens belongs to the command', () => {
  expect(parseArguments(['sessions', 'run', '--user', 'ada', '--', 'env', '--data-dir', 'x', '--'])).toMatchObject({
    call: { options: { user: 'ada' }, command: ['env', '--data-dir', 'x', '--'] },
  })
})

test('every command is found by its own name, and help is there for it', () => {
  for (const spec of COMMANDS) {
    expect(parseArguments([...spec.name.split(' '), '--help'])).toEqual({ kind: 'help', spec })
    if (!spec.name.startsWith('help ')) expect(parseArguments(['help', ...spec.name.split(' ')])).toEqual({ kind: 'help', spec })
  }
})

test.each([
  [['tokn', 'box'], '2: There is no command "tokn". | Did you mean: benchkey token'],
  [['confg', 'check'], '2: There is no command "confg". | Did you mean: benchkey config check'],
  [['user', 'delete'], `2: There is no command "user delete". | There are: ${verbsOf('user')}.`],
  [['user', 'lokc'], '2: There is no command "user lokc". | Did you mean: benchkey user lock'],
  [['session'], `2: "session" needs one more word. | There are: ${verbsOf('session')}.`],
  [['x\u001b[2J'], '2: There is no command "x?[2J". | See all with: benchkey --help'],
  [['help', 'tokn'], '2: There is no command "tokn". | Did you mean: benchkey token'],
  [['help', 'session'], '2: "session" needs one more word. | There are: run, env, list, end.'],
  [[], '2: A command is missing. | See all with: benchkey --help'],
  [['token'], '2: "token" needs NAME. | Usage: benchkey token NAME [--min-ttl S] [--header] [--json]'],
  [['token', 'a', 'b'], '2: "b" is one argument too many. | Usage: benchkey token NAME [--min-ttl S] [--header] [--json]'],
  [['token', 'a', '--hedaer'], '2: "token" has no option --hedaer. | Did you mean: --header'],
  [['serve', '--admin'], '2: "serve" has no option --admin. | Usage: benchkey serve'],
  [['token', 'a', '--json=1'], '2: --json takes no value. | Usage: benchkey token NAME [--min-ttl S] [--header] [--json]'],
  [['reload', '--config-dir'], `2: --config-dir needs a value: DIR. | Usage: ${usage('reload')}`],
  [
    ['session', 'run', 'ls'],
    '2: The command to run stands after two hyphens. | Usage: benchkey session run [--user U] -- COMMAND…',
  ],
  [['session', 'run', '--'], '2: The command to run is missing. | Usage: benchkey session run [--user U] -- COMMAND…'],
  [['reload', '--', 'x'], `2: "reload" takes nothing after two hyphens. | Usage: ${usage('reload')}`],
  [
    ['token', 'a', '--__proto__'],
    '2: "token" has no option --__proto__. | Usage: benchkey token NAME [--min-ttl S] [--header] [--json]',
  ],
])('%j is refused in words', (argv, words) => {
  expect(refusal(...argv)).toBe(words)
})
