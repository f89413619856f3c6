import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runBenchkey } from '../../testing/command-line.ts'
import { COMMANDS } from './commands.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './completion-scripts.ts'

/** A `benchkey` that lists these and nothing else; the names are hostile to whoever evaluates them. */
const LIST = `[
  {
    "type": "custom",
    "name": "box-integration",
    "display_name": "Box API Access"
  },
  {
    "name": "$(touch evaluated)"
  },
  {
    "name": "two words"
  }
]`

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-completion-'))
  const benchkey = join(folder, 'benchkey')
  writeFileSync(benchkey, `#!/bin/sh\n[ "$*" = "integrations --json" ] && cat <<'END'\n${LIST}\nEND\n`)
  chmodSync(benchkey, 0o755)
  writeFileSync(join(folder, 'bash'), bashCompletion(COMMANDS))
  writeFileSync(join(folder, 'zsh'), zshCompletion(COMMANDS))
  writeFileSync(join(folder, 'fish'), fishCompletion(COMMANDS))
})
afterAll(() => rmSync(folder, { recursive: true }))

function shell(program: string, ...args: string[]): string[] {
  const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder, TERM: 'dumb' }
  const text = execFileSync(program, args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .sort()
}

/** The line is typed up to its end; the last word is what is completed. */
const inBash = (line: string): string[] =>
  shell(
    'bash',
    '--norc',
    '-c',
    `. ./bash; COMP_WORDS=(${line}${line.endsWith(' ') ? '""' : ''}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _benchkey; printf '%s\\n' "\${COMPREPLY[@]}"`,
  )

/** What stands at a real prompt, in a terminal of zsh's own making, after TAB; `ends` is what is waited for. */
const inZsh = (line: string, ends: string): string =>
  shell(
    'zsh',
    '-f',
    '-c',
    `zmodload zsh/zpty
     zpty z zsh -f -i
     zpty -w z "PS1=; autoload -Uz compinit; compinit -u; . ./zsh; stty -echo; echo rea''dy"
     zpty -r z seen '*ready*'
     zpty -w -n z '${line}'$'\\t'
     zpty -r z seen '*${ends}*'
     print -r -- "$seen"`,
  ).join('\n')

const inFish = (line: string): string[] =>
  shell('fish', '--no-config', '-c', `source ./fish; complete -C ${JSON.stringify(line)}`).map(
    (each) => each.split('\t')[0] ?? '',
  )

describe.each([
  ['bash', inBash],
  ['fish', inFish],
])('completion in %s', (name, complete) => {
  test('of nothing lists the first words of all commands', () => {
    const first = [...new Set(COMMANDS.map((spec) => spec.name.split(' ')[0]))].sort()
    expect(complete('benchkey ').filter((each) => !each.startsWith('-'))).toEqual(first)
  })

  test('of a noun lists its verbs', () => {
    expect(complete('benchkey session ').filter((each) => !each.startsWith('-'))).toEqual(
      COMMANDS.flatMap((spec) => (spec.name.startsWith('session ') ? [spec.name.slice(8)] : [])).sort(),
    )
    expect(complete('benchkey session r')).toEqual(['run'])
  })

  test('of options lists those of the command and of every command', () => {
    expect(complete('benchkey --config-dir /x token demo --')).toEqual(
      ['--config-dir', '--data-dir', '--header', '--help', '--json', '--min-ttl', '--yes'].sort(),
    )
  })

  test('of a name asks for the integrations and evaluates nothing', () => {
    expect(complete('benchkey token b')).toEqual(['box-integration'])
    const quoted =
      name === 'bash'
        ? ['\\$\\(touch\\ evaluated\\)', 'box-integration', 'two\\ words']
        : ['$(touch evaluated)', 'box-integration', 'two words']
    expect(complete('benchkey token ').filter((each) => !each.startsWith('-'))).toEqual(quoted.sort())
    expect(complete('benchkey config import evalu')).toEqual([])
  })

  test('of a file lists files, of a shell the shells', () => {
    expect(complete('benchkey config import fis')).toEqual(['fish'])
    expect(complete('benchkey completion z')).toEqual(['zsh'])
  })
})

test.each([
  ['benchkey token b', 'integration', 'benchkey token box-integration'],
  ['benchkey session r', 'un', 'benchkey session run'],
  ['benchkey token x --min', 'ttl', 'benchkey token x --min-ttl'],
])('completion in zsh, at a prompt: %s', (line, ends, whole) => expect(inZsh(line, ends)).toContain(whole))

test.each(['bash', 'zsh', 'fish'])('completion %s prints the script alone', async (name) => {
  const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }
  const script = scripts[name as keyof typeof scripts](COMMANDS)
  expect(await runBenchkey(['completion', name])).toEqual({ code: 0, stdout: script, stderr: '' })
})

test('completion of another shell names those there are', async () => {
  expect(await runBenchkey(['completion', 'tcsh'])).toEqual({
    code: 2,
    stdout: '',
    stderr: 'benchkey: "tcsh" is not a shell that can be served.\n  There are: bash, zsh, fish.\n',
  })
})
