import { createRequire } from 'node:module'
import { nearest } from '@benchkey/sdk'
import { type Call, CliError, type CommandSpec, EXIT, type OptionSpec } from './command.ts'
import { COMMANDS, COMMON_OPTIONS } from './commands.ts'

/** A command line, understood: a command to run, or help to print. */
export type Parsed =
  | { readonly kind: 'call'; readonly spec: CommandSpec; readonly call: Call }
  | { readonly kind: 'help'; readonly spec: CommandSpec | undefined }

/** Understands what was typed; throws CliError with exit code 2 otherwise. Words after `--` are left alone. */
export function parseArguments(argv: readonly string[]): Parsed {
  const end = argv.indexOf('--')
  const own = end < 0 ? argv : argv.slice(0, end)
  const command = end < 0 ? [] : argv.slice(end + 1)
  const tokens = tokensOf(own)
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))
  const options = tokens.flatMap((token) => (token.kind === 'option' ? [token] : []))
  const wantsHelp = options.some((option) => option.name === 'help' || option.name === 'h')
  if (words.length === 0 && options.some((option) => option.name === 'version'))
    return { kind: 'call', spec: findCommand(['version']), call: { options: {}, positionals: [], command: [] } }
  if (words.length === 0 || (words[0] === 'help' && words.length === 1)) {
    if (wantsHelp || words.length > 0) return { kind: 'help', spec: undefined }
    throw new CliError('A command is missing.', { action: 'See all with: benchkey --help', exitCode: EXIT.usage })
  }
  if (words[0] === 'help' && !commandOf(words)) return { kind: 'help', spec: explained(words) }
  const spec = findCommand(words)
  if (wantsHelp) return { kind: 'help', spec }
  const positionals = words.slice(wordsOf(spec).length)
  const call = { options: checkedOptions(spec, options), ...repeatedOf(spec, options), positionals, command }
  checkArguments(spec, call)
  return { kind: 'call', spec, call }
}

/** The command that `help COMMAND` names; a mistyped topic of help itself is taken for that topic. */
function explained(words: readonly string[]): CommandSpec {
  const [, topic = '', ...more] = words
  const found = commandOf([topic, ...more])
  if (found) return found
  const topics = COMMANDS.flatMap(({ name }) => (name.startsWith('help ') ? [name.slice('help '.length)] : []))
  return findCommand(nearest(topic, topics) === undefined ? [topic, ...more] : words)
}

type OptionToken = { kind: 'option'; name: string; rawName: string; value: string | undefined }
type Token = OptionToken | { kind: 'positional'; value: string } | { kind: 'option-terminator' }

/** Every option has one meaning in all commands, so that options may stand before the command's words. */
function tokensOf(argv: readonly string[]): Token[] {
  const all = Object.assign({}, COMMON_OPTIONS, ...COMMANDS.map((spec) => spec.options)) as Record<string, OptionSpec>
  const options = Object.fromEntries(Object.entries(all).map(([name, { type }]) => [name, { type }]))
  // Not by `import`, which would read every export of the module and so load it all.
  const { parseArgs } = createRequire(import.meta.url)('node:util') as typeof import('node:util')
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens as Token[]
}

/** The command whose words begin what was typed; nouns may be plural. */
function commandOf(words: readonly string[]): CommandSpec | undefined {
  return COMMANDS.find((spec) => wordsOf(spec).every((word, index) => singular(words[index] ?? '') === singular(word)))
}

/** As commandOf; throws CliError with the nearest one when there is none. */
function findCommand(words: readonly string[]): CommandSpec {
  const found = commandOf(words)
  if (found) return found
  const [first = '', second = ''] = words
  const group = COMMANDS.filter((spec) => spec.name.includes(' ') && singular(wordsOf(spec)[0] ?? '') === singular(first))
  if (group.length > 0) {
    const verbs = group.map((spec) => wordsOf(spec)[1] ?? '')
    const near = nearest(second, verbs)
    const action = near ? `Did you mean: benchkey ${group[0]?.name.split(' ')[0]} ${near}` : `There are: ${verbs.join(', ')}.`
    const explanation =
      second === '' ? `"${first}" needs one more word.` : `There is no command "${shown(`${first} ${second}`)}".`
    throw new CliError(explanation, { action, exitCode: EXIT.usage })
  }
  const names = COMMANDS.map((spec) => spec.name)
  const firstWords = names.map((name) => name.split(' ')[0] ?? '')
  const near = (second === '' ? undefined : nearest(`${first} ${second}`, names)) ?? nearest(first, firstWords)
  throw new CliError(`There is no command "${shown(first)}".`, {
    action: near ? `Did you mean: benchkey ${near}` : 'See all with: benchkey --help',
    exitCode: EXIT.usage,
  })
}

function checkedOptions(spec: CommandSpec, tokens: readonly OptionToken[]): Record<string, string | true> {
  const known: Readonly<Record<string, OptionSpec>> = { ...COMMON_OPTIONS, ...spec.options }
  const given: Record<string, string | true> = {}
  for (const { name, rawName, value } of tokens) {
    const option = Object.hasOwn(known, name) ? known[name] : undefined
    if (!option) throw unknownOption(spec, rawName, Object.keys(known))
    if (option.type === 'boolean' && value !== undefined) throw usage(spec, `--${name} takes no value.`)
    if (option.type === 'string' && !value) throw usage(spec, `--${name} needs a value: ${option.value ?? 'VALUE'}.`)
    given[name] = value ?? true
  }
  return given
}

/** All values of the options that may come more than once; absent for a command without such. */
function repeatedOf(spec: CommandSpec, tokens: readonly OptionToken[]): Pick<Call, 'repeated'> {
  const names = Object.entries(spec.options).flatMap(([name, { isRepeatable }]) => (isRepeatable ? [name] : []))
  const valuesOf = (wanted: string): string[] => tokens.flatMap(({ name, value }) => (name === wanted && value ? [value] : []))
  return names.length === 0 ? {} : { repeated: Object.fromEntries(names.map((name) => [name, valuesOf(name)])) }
}

function unknownOption(spec: CommandSpec, rawName: string, known: readonly string[]): CliError {
  const near = nearest(rawName.replace(/^-+/, ''), known)
  const explanation = `"${spec.name}" has no option ${shown(rawName)}.`
  return near ? new CliError(explanation, { action: `Did you mean: --${near}`, exitCode: EXIT.usage }) : usage(spec, explanation)
}

function checkArguments(spec: CommandSpec, call: Call): void {
  const missing = spec.positionals[call.positionals.length]
  if (missing && !missing.startsWith('[')) throw usage(spec, `"${spec.name}" needs ${missing}.`)
  const extra = /…\]?$/.test(spec.positionals.at(-1) ?? '') ? undefined : call.positionals[spec.positionals.length]
  if (extra !== undefined && spec.takesCommand) throw usage(spec, 'The command to run stands after two hyphens.')
  if (extra !== undefined) throw usage(spec, `"${shown(extra)}" is one argument too many.`)
  if (spec.takesCommand && (call.command[0] ?? '') === '') throw usage(spec, 'The command to run is missing.')
  if (!spec.takesCommand && call.command.length > 0) throw usage(spec, `"${spec.name}" takes nothing after two hyphens.`)
}

function usage(spec: CommandSpec, explanation: string): CliError {
  return new CliError(explanation, { action: `Usage: ${usageOf(spec)}`, exitCode: EXIT.usage })
}

/** `benchkey token NAME [--min-ttl S] [--header] [--json]` */
export function usageOf(spec: CommandSpec): string {
  const options = Object.entries(spec.options).map(([name, { value }]) => `[--${name}${value ? ` ${value}` : ''}]`)
  return ['benchkey', spec.name, ...spec.positionals, ...options, ...(spec.takesCommand ? ['-- COMMAND…'] : [])].join(' ')
}

const wordsOf = (spec: CommandSpec): string[] => spec.name.split(' ')

const singular = (word: string): string => word.replace(/s$/, '')

/** What was typed, safe to repeat on a terminal. */
function shown(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?').slice(0, 80)
}
