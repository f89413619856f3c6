import type { CommandSpec, OptionSpec } from './command.ts'
import { COMMON_OPTIONS, namesIntegration } from './commands.ts'

type Commands = readonly CommandSpec[]

/** Names of integrations, asked for quietly; a server that does not answer at once completes nothing. */
const LIST_NAMES = `timeout 2 benchkey integrations --json 2>/dev/null </dev/null | sed -n 's/^ *"name": "\\(.*\\)",\\{0,1\\}$/\\1/p'`

/** For bash 4 and newer. */
export function bashCompletion(commands: Commands): string {
  return `# benchkey completion bash. Put into ~/.bashrc: source <(benchkey completion bash)
${posixFunction(commands)}
complete -F _benchkey benchkey
`
}

/** For zsh, by way of its bashcompinit. */
export function zshCompletion(commands: Commands): string {
  return `# benchkey completion zsh. Put into ~/.zshrc, below compinit: source <(benchkey completion zsh)
autoload -U +X bashcompinit && bashcompinit
${posixFunction(commands)}
complete -F _benchkey benchkey
`
}

/** What was typed decides; candidates are compared and never evaluated, since a section may have any name. */
function posixFunction(commands: Commands): string {
  const levels = levelsOf(commands).map(
    ({ typed, words, options }) => `    ${quoted(typed)}) fixed=${quoted([...words, ...options].join(' '))} ;;`,
  )
  const names = commands.filter(namesIntegration).map((spec) => quoted(spec.name))
  const files = commands.filter(takesFile).map((spec) => quoted(spec.name))
  const later = commands
    .filter((spec) => spec.positionals.length > 0)
    .map((spec) => `    ${quoted(`${spec.name} `)}*) fixed=${quoted(optionsOf(spec).join(' '))} ;;`)
  return `_benchkey_add() {
  case "$1" in
    "$current"*) COMPREPLY+=("$(printf '%q' "$1")") ;;
  esac
}
_benchkey() {
  local current="\${COMP_WORDS[COMP_CWORD]}" typed="" takes="" fixed="" word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [ -n "$takes" ]; then takes=""; continue; fi
    case "$word" in
      --) COMPREPLY=($(compgen -c -- "$current")); return ;;
      ${valueOptions(commands).join(' | ')}) takes=1 ;;
      -*) ;;
      *) typed="\${typed:+$typed }$word" ;;
    esac
  done
  if [ -n "$takes" ]; then COMPREPLY=($(compgen -f -- "$current")); return; fi
  case "$typed" in
${[...levels, ...later].join('\n')}
  esac
  while IFS= read -r word; do [ -z "$word" ] || _benchkey_add "$word"; done <<< "$(printf '%s' "$fixed" | tr ' ' '\\n')"
  case "$typed:$current" in *:-*) return ;; esac
  case "$typed" in
    ${names.join(' | ')}) while IFS= read -r word; do [ -z "$word" ] || _benchkey_add "$word"; done <<< "$(${LIST_NAMES})" ;;
    ${files.join(' | ')}) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}`
}

/** For fish 3. */
export function fishCompletion(commands: Commands): string {
  const lines = levelsOf(commands).flatMap(({ typed, next }) =>
    next.map(({ word, summary }) => completeLine(`test "$(__benchkey_typed)" = ${quoted(typed)}`, `-a ${quoted(word)}`, summary)),
  )
  const ofCommands = commands.flatMap((spec) => fishLinesOf(spec))
  const common = Object.entries(COMMON_OPTIONS).map(([name, option]) => completeLine('', longOption(name, option), option.help))
  return `# benchkey completion fish. Run once: benchkey completion fish > ~/.config/fish/completions/benchkey.fish
function __benchkey_typed
  set -l typed
  set -l takes
  for word in (commandline -opc)[2..-1]
    if test -n "$takes"
      set takes
      continue
    end
    switch $word
      case ${valueOptions(commands).join(' ')}
        set takes 1
      case '-*'
      case '*'
        set -a typed $word
    end
  end
  string join ' ' -- $typed
end
function __benchkey_names
  ${LIST_NAMES}
end
complete -c benchkey -f
${[...lines, ...ofCommands, ...common].join('\n')}
`
}

function fishLinesOf(spec: CommandSpec): readonly string[] {
  const within = `string match -q -- ${quoted(`${spec.name}*`)} "$(__benchkey_typed)"`
  const at = `test "$(__benchkey_typed)" = ${quoted(spec.name)}`
  return [
    ...Object.entries(spec.options).map(([name, option]) => completeLine(within, longOption(name, option), option.help)),
    ...(namesIntegration(spec) ? [completeLine(at, `-a '(__benchkey_names)'`, '')] : []),
    ...(takesFile(spec) ? [completeLine(at, '-F', '')] : []),
  ]
}

function completeLine(condition: string, what: string, description: string): string {
  const when = condition === '' ? '' : ` -n ${quoted(condition)}`
  return `complete -c benchkey${when} ${what}${description === '' ? '' : ` -d ${quoted(description)}`}`
}

const longOption = (name: string, { type }: OptionSpec): string => `-l ${name}${type === 'string' ? ' -r -F' : ''}`

interface Level {
  /** The words of commands typed so far. */
  readonly typed: string
  readonly words: readonly string[]
  readonly next: readonly { readonly word: string; readonly summary: string }[]
  /** Of the command that is complete here. */
  readonly options: readonly string[]
}

/** After nothing, after the first word of commands of two, after whole commands. */
function levelsOf(commands: Commands): readonly Level[] {
  const starts = new Set(['', ...commands.flatMap(({ name }) => [name, name.split(' ').slice(0, -1).join(' ')])])
  return [...starts].map((typed) => {
    const spec = commands.find(({ name }) => name === typed)
    const next = nextWords(commands, typed)
    const shells = spec?.positionals[0] === 'SHELL' ? ['bash', 'zsh', 'fish'].map((word) => ({ word, summary: '' })) : []
    const options = spec ? optionsOf(spec) : Object.keys(COMMON_OPTIONS).map((name) => `--${name}`)
    const all = [...next, ...shells]
    return { typed, words: all.map(({ word }) => word), next: all, options }
  })
}

function nextWords(commands: Commands, typed: string): Level['next'] {
  const found = new Map<string, string>()
  for (const { name, summary } of commands) {
    if (typed !== '' && !name.startsWith(`${typed} `)) continue
    const [word = '', ...rest] = name.slice(typed === '' ? 0 : typed.length + 1).split(' ')
    if (!found.has(word)) found.set(word, rest.length === 0 ? summary : '')
  }
  return [...found].map(([word, summary]) => ({ word, summary }))
}

const optionsOf = (spec: CommandSpec): string[] => Object.keys({ ...spec.options, ...COMMON_OPTIONS }).map((name) => `--${name}`)

const takesFile = (spec: CommandSpec): boolean => spec.positionals[0] === 'FILE'

/** Options that take a value, of all commands: each has one meaning everywhere. */
function valueOptions(commands: Commands): readonly string[] {
  const all: Readonly<Record<string, OptionSpec>> = Object.assign({}, COMMON_OPTIONS, ...commands.map(({ options }) => options))
  return Object.entries(all).flatMap(([name, { type }]) => (type === 'string' ? [`--${name}`] : []))
}

/** A word for any of the shells; in fish a backslash and a quote inside are escaped the same way only without each other. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
