import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { ADMIN_SOCKET_NAME } from '../domain/admin-api.ts'
import { SetupError } from '../domain/errors.ts'
import { parseArguments } from './arguments.ts'
import { CliError, type CommandName, type CommandSpec, type Context, EXIT } from './command.ts'
import { COMMANDS, COMMON_OPTIONS } from './commands.ts'
import { runCommandLine } from './run.ts'

/** Every rule of docs/cli.md, *Rules of every command*, over every command there is. */

const scratch = mkdtempSync(join(tmpdir(), 'benchkey-commands-'))
afterAll(() => rmSync(scratch, { recursive: true }))
afterEach(() => void vi.restoreAllMocks())

/** `name: async () => (await import('./file.ts'))…` of run.ts. */
const LOADER = /^ {2}'?([a-z][a-z -]*?)'?: async \(\) => \(await import\('(\.\/[^']+)'\)/gm

/** These answer with a report, also when it is a bad one. */
const REPORTS = ['config check', 'doctor', 'health']

/** These answer a program, which takes silence for *not mine*. */
const SILENT = ['git-credential']

const named = COMMANDS.map((spec) => [spec.name, spec] as const)

const words = (spec: CommandSpec): string[] => spec.name.split(' ')

/** Arguments that the parser takes; what they name is not there. */
function sample(spec: CommandSpec): string[] {
  return spec.positionals.map(
    (name) => ({ SHELL: 'bash', FILE: join(scratch, 'nothing') })[name] ?? (name.includes('=') ? 'X=demo' : 'demo'),
  )
}

function behind(spec: CommandSpec): string[] {
  return spec.takesCommand ? ['--', 'true', '--config-dir', 'of-the-command'] : []
}

/** All options of a command, with a value where one is wanted. */
function everyOption(spec: CommandSpec): string[] {
  const options = Object.entries({ ...spec.options, ...COMMON_OPTIONS }).filter(([name]) => name !== 'help')
  return options.flatMap(([name, { type }]) => (type === 'string' ? [`--${name}`, '7'] : [`--${name}`]))
}

function swapped(word: string): string {
  return word.length < 3 || word.at(-1) === word.at(-2) ? `${word}x` : `${word.slice(0, -2)}${word.at(-1)}${word.at(-2)}`
}

function refusal(argv: readonly string[]): CliError {
  try {
    parseArguments(argv)
  } catch (error) {
    if (error instanceof CliError) return error
    throw error
  }
  throw new Error(`It was understood: ${argv.join(' ')}`)
}

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command where there is nothing: no session, no server, no file, nobody at the keyboard. */
async function run(
  argv: readonly string[],
  more: Partial<Pick<Context, 'sleep' | 'environment' | 'dataDir'>> = {},
): Promise<Ran> {
  const output = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true })
  const errors = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true })
  const code = await runCommandLine(argv, {
    environment: { NO_COLOR: '1' },
    version: '0',
    input: new PassThrough().end(),
    output,
    errors,
    signals: { on: () => process, off: () => process },
    executableDir: '/',
    asCaller: (start) => start(),
    sleep: (_ms, signal) => new Promise((_, reject) => void signal?.addEventListener('abort', () => reject(signal.reason))),
    startSessionHelper: async () => ({ close: async () => undefined }),
    startServer: async () => {
      throw new SetupError('There is nothing to serve.')
    },
    directories: () => ({ configDir: join(scratch, 'config'), dataDir: more.dataDir ?? join(scratch, 'data') }),
    ...more,
  })
  return { code, stdout: String(output.read() ?? ''), stderr: String(errors.read() ?? '') }
}

describe.each(named)('%s', (name, spec) => {
  test('takes its options before and after its words, and leaves alone what follows two hyphens', () => {
    const after = parseArguments([...words(spec), ...sample(spec), ...everyOption(spec), ...behind(spec)])
    const before = parseArguments([...everyOption(spec), ...words(spec), ...sample(spec), ...behind(spec)])
    expect(before).toEqual(after)
    expect(after).toMatchObject({ kind: 'call', spec: { name }, call: { command: behind(spec).slice(1) } })
  })

  test('takes two hyphens exactly when a command follows them', () => {
    const argv = [...words(spec), ...sample(spec)]
    expect(refusal(spec.takesCommand ? argv : [...argv, '--', 'true']).exitCode).toBe(EXIT.usage)
  })

  test('is found with its noun in the plural, or in the singular', () => {
    const [noun = '', ...rest] = words(spec)
    const other = noun.endsWith('s') ? noun.slice(0, -1) : `${noun}s`
    expect(parseArguments([other, ...rest, '--help'])).toEqual({ kind: 'help', spec })
  })

  test('is named when it is mistyped, and so are its options', () => {
    const typed = [...words(spec).slice(0, -1), swapped(words(spec).at(-1) ?? '')]
    expect(refusal(typed)).toMatchObject({ exitCode: EXIT.usage, action: `Did you mean: benchkey ${name}` })
    for (const option of Object.keys({ ...spec.options, ...COMMON_OPTIONS }).filter((each) => each.length > 3)) {
      const { action } = refusal([...words(spec), `--${swapped(option)}`])
      expect(action).toBe(`Did you mean: --${option}`)
    }
  })

  test('explains itself on stdout', async () => {
    const { code, stdout, stderr } = await run([...words(spec), '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`${spec.summary}.\n`)
    for (const option of Object.keys({ ...spec.options, ...COMMON_OPTIONS })) expect(stdout).toContain(`--${option}`)
  })

  test('answers on stdout or says on stderr, in words and without colours, why it cannot', async () => {
    const { code, stdout, stderr } = await run([...words(spec), ...sample(spec), ...behind(spec)])
    expect(Object.values(EXIT)).toContain(code)
    if (code === EXIT.ok) expect(stdout + stderr === '').toBe(SILENT.includes(name))
    else expect(stderr).toMatch(/^benchkey: [^\n]+\n( {2}[^\n]+\n)*$/)
    if (code !== EXIT.ok && !REPORTS.includes(name)) expect(stdout).toBe('')
    expect(stdout + stderr).not.toContain('\u001b')
    expect(stderr).not.toContain('fault of Benchkey')
  })

  test('has JSON when it lists, and then nothing else on stdout', async () => {
    if (/ list$|^integrations$|^List /.test(`${name}`) || /^List /.test(spec.summary)) expect(spec.options).toHaveProperty('json')
    if (!spec.options.json) return
    const { stdout } = await run([...words(spec), ...sample(spec), '--json', ...behind(spec)])
    if (stdout !== '') expect(() => JSON.parse(stdout)).not.toThrow()
  })
})

/** All commands that ask the running server, with what else they need to get as far as asking it. */
const ASKING: Readonly<Partial<Record<CommandName, readonly string[]>>> = {
  'session run': ['--', 'true'],
  'session env': ['--user', 'demo'],
  'session list': [],
  'session end': ['demo'],
  'config history': [],
  'config rollback': ['7'],
  verify: [],
  reload: [],
  health: [],
  'user add': ['demo'],
  'user list': [],
  'user show': ['demo'],
  'user lock': ['demo'],
  'user unlock': ['demo'],
  'user role': ['demo', 'administrator'],
  'user remove': ['demo'],
  'service add': ['demo', '--expires', '90d'],
  'service list': [],
  'service rotate': ['demo'],
  'service remove': ['demo'],
  'stored-token list': [],
  'stored-token revoke': ['--user', 'demo'],
  'stored-token purge': ['--user', 'demo'],
}

describe('a command that asks the server', () => {
  const asking = Object.entries(ASKING).map(([name, more]) => [name, [...name.split(' '), ...more]] as const)

  test('is one of the table below', async () => {
    const source = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8')
    const files = new Map([...source('run.ts').matchAll(LOADER)].map(([, name, file]) => [name, file ?? '']))
    const askers = named.filter(([name]) => source(files.get(name) ?? '').includes("'./admin-client.ts'"))
    expect(askers.map(([name]) => name)).toEqual(asking.map(([name]) => name))
  })

  test.each(asking)('%s: 75 and one sentence when none runs, before anybody is asked anything', async (_name, argv) => {
    const { code, stdout, stderr } = await run(argv)
    expect({ code, stdout }).toEqual({ code: EXIT.tryLater, stdout: '' })
    expect(stderr).toMatch(
      /^benchkey: No Benchkey server runs on the data directory \S+\.\n {2}Start it with: benchkey serve[^\n]*\n$/,
    )
  })

  test.each(asking)('%s: 75 and one sentence when it does not answer in time', async (_name, argv) => {
    const patience = new AbortController()
    vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal)
    const dataDir = mkdtempSync(join(scratch, 'silent-'))
    const server = createServer((socket) => socket.on('data', () => patience.abort()).on('error', () => undefined))
    await new Promise<void>((done) => server.listen(join(dataDir, ADMIN_SOCKET_NAME), done))
    const { code, stdout, stderr } = await run(argv, { dataDir })
    server.close()
    const lines = stderr.split('\n').filter((line) => !/still waiting|Looking at/.test(line))
    expect({ code, stdout, fact: lines[0], lines: lines.length }).toEqual({
      ...{ code: EXIT.tryLater, stdout: '', fact: 'benchkey: The Benchkey server did not answer in time.', lines: 3 },
    })
  })
})

describe('a command that takes a while', () => {
  const now = async (): Promise<void> => undefined

  test('says so once, on a terminal', async () => {
    const { stderr } = await run(['config', 'check'], { sleep: now })
    expect(stderr.split('\n')[0]).toBe('benchkey: "config check" takes a while; still waiting.')
    expect(stderr.split('still waiting')).toHaveLength(2)
  })

  test.each(named.filter(([, spec]) => spec.takesCommand || spec.ownsTerminal))('is not interrupted: %s', async (_name, spec) => {
    const { stderr } = await run([...words(spec), ...sample(spec), ...behind(spec)], { sleep: now })
    expect(stderr).not.toContain('still waiting')
  })
})
