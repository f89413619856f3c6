#!/usr/bin/env node
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'

// Not by `import`, which would read every export of the module and so load `node:fs/promises`, which most commands do without.
const { existsSync, readFileSync, realpathSync, writeFileSync } = createRequire(import.meta.url)(
  'node:fs',
) as typeof import('node:fs')

// First of all: with a listener of ours, SIGUSR1 no longer opens Node's inspector to whoever may send signals.
process.on('SIGUSR1', () => undefined)

const CORE_FILTER = '/proc/self/coredump_filter'
const callersMask = process.umask(0o077)
const callersFilter = readFilter()
keepOutOfDumps()

process.stdout.on('error', onBrokenOutput)
process.stderr.on('error', onBrokenOutput)

if (process.env.npm_lifecycle_event === 'benchkey' && process.env.INIT_CWD) enter(process.env.INIT_CWD)

const checkout = resolve(import.meta.dirname, '../..')
// The checkout's `./benchkey` sets it for this process alone: Node in a session is not to fill our cache.
if (isOurCache(process.env.NODE_COMPILE_CACHE)) delete process.env.NODE_COMPILE_CACHE
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as { version: string }
const { runCommandLine } = await import('./cli/run.ts')
let isServer = false
process.exitCode = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  version,
  // Whoever reads it pays for it: the stream alone takes a tenth of what `token` may.
  get input() {
    return process.stdin
  },
  output: process.stdout,
  errors: process.stderr,
  signals: process,
  executableDir: executableDir(),
  asCaller,
  sleep: (ms, signal) => setTimeout(ms, undefined, signal ? { signal } : {}),
  startServer: async (directories) => {
    isServer = true
    const { CREDENTIALS_DIRECTORY: credentialsDirectory } = process.env
    return (await import('./main.ts')).start({ ...directories, version, credentialsDirectory, executableDir: executableDir() })
  },
  startSessionHelper: async (options) => {
    isServer = true
    return (await import('./session-helper.ts')).startHelper(options)
  },
  directories,
})
// Drained and closed: a token request that an authorization server has not answered by now would hold the process for minutes.
if (isServer) process.exit()

/** The script names it by the path it was called by. */
function isOurCache(path: string | undefined): boolean {
  const ours = join(checkout, 'node_modules/.cache/benchkey')
  return path !== undefined && (path === ours || (existsSync(path) && realpathSync(path) === ours))
}

/** core(5): with no kind of memory selected, a core file holds none. Children inherit it. */
function keepOutOfDumps(): void {
  writeFilter('0')
  if (!process.report) return
  process.report.reportOnFatalError = false
  process.report.reportOnUncaughtException = false
  process.report.reportOnSignal = false
}

function readFilter(): string | undefined {
  try {
    return readFileSync(CORE_FILTER, 'utf8').trim()
  } catch {
    return undefined // A kernel without core dumps has no such file.
  }
}

function writeFilter(value: string): void {
  if (callersFilter === undefined) return
  try {
    writeFileSync(CORE_FILTER, value)
  } catch {
    // A container with a read-only /proc: its own limits decide over core dumps, and no command should fail for it.
  }
}

/** Starts something with the file mask and core settings we were called with. */
function asCaller<T>(start: () => T): T {
  process.umask(callersMask)
  writeFilter(`0x${callersFilter}`)
  try {
    return start()
  } finally {
    process.umask(0o077)
    writeFilter('0')
  }
}

/** A reader that has seen enough (`benchkey integrations | head -1`) is no failure. */
function onBrokenOutput(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit()
  throw error
}

/** npm runs scripts in the package's folder; relative paths are meant from where the caller stood. */
function enter(folder: string): void {
  try {
    process.chdir(folder)
  } catch (error) {
    process.stderr.write(`benchkey: The folder ${folder} cannot be entered (${(error as NodeJS.ErrnoException).code}).\n`)
    process.exit(1)
  }
}

/** Options, else variables, else the `.benchkey/` of a checkout that `npm start` has made, else the system's folders. */
function directories(options: { configDir?: string; dataDir?: string }): { configDir: string; dataDir: string } {
  const configDir = options.configDir ?? (process.env.BENCHKEY_CONFIG_DIR || undefined)
  const dataDir = options.dataDir ?? (process.env.BENCHKEY_DATA_DIR || undefined)
  const local = join(checkout, '.benchkey')
  if (configDir === undefined && dataDir === undefined && existsSync(local)) {
    return { configDir: join(local, 'config'), dataDir: join(local, 'data') }
  }
  return { configDir: resolve(configDir ?? '/etc/benchkey'), dataDir: resolve(dataDir ?? '/var/lib/benchkey') }
}

/** The checkout's root, or where an installed `benchkey` was called. */
function executableDir(): string {
  if (existsSync(join(checkout, 'benchkey'))) return checkout
  const called = process.argv[1] ?? ''
  return basename(called) === 'benchkey' ? dirname(called) : checkout
}
