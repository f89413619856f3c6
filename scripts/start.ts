import { spawn } from 'node:child_process'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type ChildOptions, Children } from './children.ts'
import { buildPages } from './pages.ts'
import { checkPort, freePort } from './ports.ts'
import {
  isEmpty,
  needsDemoUser,
  newPassword,
  prepareCertificates,
  prepareClients,
  prepareDirectories,
  prepareServerConfiguration,
  readServerAddress,
  type StartFiles,
  writePrivate,
} from './start-files.ts'
import { runScript, step, Trouble } from './trouble.ts'

const root = resolve(import.meta.dirname, '..')
const bin = join(root, 'server/src/bin.ts')
/** A session's program has 10 s from SIGTERM to SIGKILL. */
const SESSION_END_MS = 20_000
const LOOK_MS = 200
/** The server drains for at most 20 s (refresh.md, F4). */
const PATIENCE_MS = 25_000

async function main(): Promise<number> {
  const port = readPort(process.argv.slice(2))
  const children = new Children(PATIENCE_MS)
  const stopped = stopSignal()
  try {
    const files = prepareDirectories(root)
    const up = startAll(files, port, children)
    if ((await Promise.race([up, stopped])) === 'stopped') return 0
    const ended = await Promise.race([stopped, children.unexpected])
    if (ended === 'stopped') {
      await endSessions(files)
      return 0
    }
    throw new Trouble(`${ended} ended unexpectedly, so everything was stopped; its words are in .benchkey/logs/.`)
  } finally {
    await children.stop()
  }
}

async function startAll(files: StartFiles, port: number | undefined, children: Children): Promise<void> {
  prepareServerConfiguration(files, port)
  const address = readServerAddress(files)
  await checkPort(address.port, `start Benchkey on another one: npm start -- --port ${address.port + 1}`)
  const demoPort = await prepareDemoPort(files)
  buildPages(root)
  await prepareCertificates(files)
  prepareClients(files, demoPort, address.publicUrl)
  const dataWasEmpty = isEmpty(files.dataDir)

  step('Starting Benchkey and the demo authorization server …')
  await Promise.all([children.start(demoProvider(files, demoPort)), children.start(benchkey(files))])
  if (needsDemoUser(files, dataWasEmpty)) await addDemoUser(files)
  else await giveDemoUserItsRole(files)
  process.stdout.write(greeting(address.publicUrl, readFileSync(files.demoUser, 'utf8').trim()))
}

function readPort(args: string[]): number | undefined {
  const usage = 'usage: npm start -- [--port PORT]   (PORT from 1 to 65535)'
  let value: string | undefined
  try {
    value = parseArgs({ args, options: { port: { type: 'string' } } }).values.port
  } catch {
    throw new Trouble(usage, 2)
  }
  if (value === undefined) return undefined
  const port = Number(value)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Trouble(usage, 2)
  return port
}

/** Resolves at the first Ctrl-C or SIGTERM; later ones change nothing, the end is already on its way. */
function stopSignal(): Promise<'stopped'> {
  return new Promise((answer) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => answer('stopped'))
  })
}

/** The demo server keeps its first port: the configuration and what people have stored name it. */
async function prepareDemoPort(files: StartFiles): Promise<number> {
  if (existsSync(files.demoPort)) {
    const port = Number(readFileSync(files.demoPort, 'utf8'))
    await checkPort(port, 'remove .benchkey/ to begin afresh.')
    return port
  }
  const port = await freePort()
  writePrivate(files.demoPort, `${port}\n`)
  return port
}

function demoProvider(files: StartFiles, port: number): ChildOptions {
  const program = join(root, 'scripts/demo-provider.ts')
  return {
    name: 'The demo authorization server',
    command: [process.execPath, program, '--port', `${port}`, '--clients', files.demoClients, '--state', files.demoState],
    logFile: files.demoLog,
    ready: /^ready http/,
  }
}

function benchkey(files: StartFiles): ChildOptions {
  return {
    name: 'Benchkey',
    command: [process.execPath, bin, 'serve', '--config-dir', files.configDir, '--data-dir', files.dataDir],
    logFile: files.serverLog,
    ready: /^ready https:\/\//,
  }
}

/** Adds the account through the running server, an administrator as one's own machine has it; its password is written down before, so that no crash loses it. */
async function addDemoUser(files: StartFiles): Promise<void> {
  const pending = `${files.demoUser}.pending`
  if (!existsSync(pending)) writePrivate(pending, `${newPassword()}\n`)
  const password = readFileSync(pending, 'utf8').trim()
  const { code, words } = await runBenchkey(['user', 'add', 'demo', '--admin', '--password-stdin'], files, `${password}\n`)
  if (code !== 0) throw new Trouble(`The demo user could not be added: ${words.trim()}`)
  renameSync(pending, files.demoUser)
}

/** A `.benchkey/` that is older than roles has nobody who can open *Administration*. Where somebody can, roles are left as they are. */
async function giveDemoUserItsRole(files: StartFiles): Promise<void> {
  const { code, answer, words } = await runBenchkey(['user', 'list', '--json'], files)
  if (code !== 0) throw new Trouble(`The accounts could not be listed: ${words.trim()}`)
  const users = JSON.parse(answer) as readonly { readonly name: string; readonly isAdmin: boolean }[]
  if (users.some(({ isAdmin }) => isAdmin) || !users.some(({ name }) => name === 'demo')) return
  const made = await runBenchkey(['user', 'role', 'demo', 'administrator'], files)
  if (made.code !== 0) throw new Trouble(`The demo user could not be made an administrator: ${made.words.trim()}`)
  step('The demo user is an administrator now, because nobody was: open Administration in the menu under its name.')
}

/** Sessions outlive their server, which may come back at once; here everything that was started is to end. */
async function endSessions(files: StartFiles): Promise<void> {
  const launched = await launchedSessions(files)
  if (launched.length === 0) return
  step(`Ending ${launched.length === 1 ? 'a session' : `${launched.length} sessions`} …`)
  for (const id of launched) {
    const end = await runBenchkey(['session', 'end', id], files)
    if (end.code !== 0) throw new Trouble(`Session ${id} could not be ended: ${end.words.trim()}`)
  }
  for (const until = Date.now() + SESSION_END_MS; (await launchedSessions(files)).length > 0; ) {
    if (Date.now() > until) throw new Trouble('A session does not end; its processes may go on.')
    await setTimeout(LOOK_MS)
  }
}

/** IDs of the sessions of which something may still run. */
async function launchedSessions(files: StartFiles): Promise<readonly string[]> {
  const { code, answer, words } = await runBenchkey(['session', 'list', '--json'], files)
  if (code !== 0) throw new Trouble(`The running sessions could not be listed, so some may go on: ${words.trim()}`)
  const running = JSON.parse(answer) as readonly { readonly id: string; readonly kind: string }[]
  return running.filter(({ kind }) => kind === 'launched').map(({ id }) => id)
}

/** Runs a command of the running server's administrators. */
async function runBenchkey(
  words: readonly string[],
  { configDir, dataDir }: StartFiles,
  input = '',
): Promise<{ code: number | null; answer: string; words: string }> {
  const command = [bin, ...words, '--config-dir', configDir, '--data-dir', dataDir]
  // A group of its own: Ctrl-C at the terminal is not for it.
  const child = spawn(process.execPath, command, { stdio: 'pipe', detached: true })
  const said = { answer: '', words: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said.answer += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    said.words += chunk
  })
  child.stdin.end(input)
  const code = await new Promise<number | null>((answer, reject) => {
    child.once('error', reject)
    child.once('close', answer)
  })
  return { code, ...said }
}

function greeting(address: string, password: string): string {
  return `Benchkey is up:  ${address}
Log in:          demo / ${password}   (kept in .benchkey/demo-user)
Your browser will warn about the certificate: it was made on this machine a moment ago. Continue.
Then:            1. open Settings > Managed Credentials and sign in to "Demo API"
                 2. ./benchkey session run --user demo -- benchkey token demo
Stop: Ctrl-C. Everything is under .benchkey/ and kept.
`
}

await runScript(main)
