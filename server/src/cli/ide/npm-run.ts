import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { CliError, type Context, EXIT } from '../command.ts'
import { INTERRUPTED } from '../terminal.ts'
import { waited } from '../waiting.ts'
import { explainNpm } from './npm-words.ts'

/** How often it is said that the work goes on, in milliseconds. */
const SAY_EVERY_MS = 5_000

/** npm's own settings that lead to a registry; all others would install something else than what is pinned. */
const KEPT_SETTINGS =
  /^npm_config_(registry|cache|userconfig|globalconfig|proxy|https_proxy|noproxy|cafile|ca|strict_ssl|@.*|\/\/.*)$/i

const ARGUMENTS = [
  'ci',
  '--omit=dev',
  '--include=optional',
  '--ignore-scripts=false',
  '--foreground-scripts',
  '--loglevel=http',
  '--no-audit',
  '--no-fund',
]

type World = Pick<Context, 'environment' | 'errors' | 'signals' | 'sleep' | 'asCaller'>

/**
 * Installs in `folder` exactly what its lockfile names, on the Node that runs this, and says every few seconds how far it is.
 * Rejects with CliError in one sentence.
 */
export async function installPackages(folder: string, context: World): Promise<void> {
  const { program, first } = findNpm(context.environment.PATH ?? '')
  const environment = npmEnvironment(context.environment)
  const child = context.asCaller(() =>
    spawn(program, [...first, ...ARGUMENTS], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    }),
  )
  const progress = new Progress(child)
  const over = new AbortController()
  const telling = tell(progress, context, over.signal)
  const relay = relaySignals(child, context.signals)
  try {
    const code = await ended(child)
    if (relay.signal) throw new CliError('Stopped; nothing was installed.', { exitCode: INTERRUPTED })
    if (code !== 0) throw explainNpm(progress.output)
  } finally {
    relay.stop()
    over.abort()
    await telling
  }
}

/** npm by its own script, for it has to run on our Node and not on the one its first line names. */
function findNpm(path: string): { program: string; first: readonly string[] } {
  for (const folder of path.split(delimiter).filter((each) => each.startsWith('/'))) {
    const file = join(folder, 'npm')
    if (!existsSync(file)) continue
    const script = realpathSync(file)
    return /npm-cli\.c?js$/.test(script) ? { program: process.execPath, first: [script] } : { program: file, first: [] }
  }
  throw new CliError('VS Code is fetched with npm, which is not on the PATH.', {
    action: 'Install npm (on Debian: apt-get install npm) and run this again.',
  })
}

/** The caller's variables, with our Node first, its headers for what is compiled, and nothing of an npm around us. */
export function npmEnvironment(environment: Context['environment']): Record<string, string> {
  const kept = Object.entries(environment).filter(([name, value]) => {
    if (value === undefined || name === 'NODE_OPTIONS' || name === 'NODE_ENV') return false
    return !/^npm_/i.test(name) || KEPT_SETTINGS.test(name)
  }) as [string, string][]
  const bin = dirname(process.execPath)
  const headers = dirname(bin)
  return {
    ...Object.fromEntries(kept),
    PATH: [bin, environment.PATH ?? '/usr/bin:/bin'].join(delimiter),
    // Fetched from nowhere: its prebuilt files carry no checksum.
    npm_config_build_from_source: 'kerberos',
    ...(existsSync(join(headers, 'include/node/node.h')) ? { npm_config_nodedir: headers } : {}),
    JOBS: 'max',
  }
}

/** What npm says, and how far it is by that. */
class Progress {
  #output = ''
  #fetched = 0
  #step = ''

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text: string) => this.#read(text))
  }

  get output(): string {
    return this.#output
  }

  get words(): string {
    return this.#step === '' ? `fetched ${this.#fetched} packages` : `building ${this.#step}`
  }

  #read(text: string): void {
    this.#fetched += text.match(/^npm http (fetch|cache) \S*.*\.tgz/gm)?.length ?? 0
    this.#step = [...text.matchAll(/^> (@?[^@\s]+)@\S+ (?:post)?install$/gm)].at(-1)?.[1] ?? this.#step
    // What is wrong stands at the end; compilers are talkative.
    this.#output = `${this.#output}${text}`.slice(-OUTPUT_KEPT)
  }
}

const OUTPUT_KEPT = 200_000

async function tell(progress: Progress, context: World, over: AbortSignal): Promise<void> {
  for (let seconds = SAY_EVERY_MS / 1000; await waited(context, SAY_EVERY_MS, over); seconds += SAY_EVERY_MS / 1000) {
    context.errors.write(`  … ${progress.words}, ${seconds} s\n`)
  }
}

/** npm runs in a process group of its own, so that what it has started ends with it. */
function relaySignals(child: ChildProcess, signals: Context['signals']): { readonly signal: boolean; stop(): void } {
  let wasStopped = false
  const stop = (): void => {
    wasStopped = true
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
  }
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of names) signals.on(name, stop)
  return {
    get signal() {
      return wasStopped
    },
    stop: () => {
      for (const name of names) signals.off(name, stop)
    },
  }
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      reject(
        new CliError(`npm could not be started (${(error as NodeJS.ErrnoException).code}).`, {
          exitCode: EXIT.failed,
          cause: error,
        }),
      )
    })
    child.once('close', resolve)
  })
}
