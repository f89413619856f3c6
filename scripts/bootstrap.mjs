// Runs before anything is installed, on whatever Node is there (>= 20): plain ES, no dependencies.
// usage: node scripts/bootstrap.mjs start|test|check|bench|attacks [arguments]
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join, resolve } from 'node:path'

const OLDEST_NODE = 20
/** node_modules takes 550 MB. */
const ROOM_MB = 600
const root = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..')
const stampFile = join(root, 'node_modules', '.benchkey-installed')
const targets = {
  start: 'scripts/start.ts',
  test: 'scripts/test.ts',
  check: 'scripts/check.ts',
  bench: 'bench/main.ts',
  attacks: 'scripts/attacks.ts',
}

const diskFull = `The disk is full: free about ${ROOM_MB} MB in ${root} and try again.`

class Trouble extends Error {}

/** Everything that decides what `npm ci` puts into node_modules. */
function fingerprint() {
  const hash = createHash('sha256')
  const packages = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).workspaces.map((name) =>
    join(name, 'package.json'),
  )
  for (const name of ['package-lock.json', '.npmrc', 'package.json', ...packages]) {
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(join(root, name)))
      .update('\0')
  }
  return hash.update(`${process.platform} ${process.arch}`).digest('hex')
}

function isInstalled(wanted) {
  return existsSync(stampFile) && existsSync(join(root, 'node_modules/.bin/node')) && readFileSync(stampFile, 'utf8') === wanted
}

function checkMachine() {
  if (process.platform !== 'linux' || (process.arch !== 'x64' && process.arch !== 'arm64')) {
    throw new Trouble(`Benchkey runs on Linux on x64 or arm64; this is ${process.platform} on ${process.arch}.`)
  }
  process.report.excludeNetwork = true
  if (!process.report.getReport().header.glibcVersionRuntime) {
    throw new Trouble(
      'Benchkey needs a Linux with the GNU C library (Debian, Ubuntu, Fedora, RHEL); this one uses another, such as musl.',
    )
  }
}

/** npm itself notices a full disk only after minutes of retries. What it replaces makes room by itself. */
function checkRoom() {
  const { bavail, bsize } = statfsSync(root)
  if (!existsSync(join(root, 'node_modules')) && bavail * bsize < ROOM_MB * 1024 ** 2) throw new Trouble(diskFull)
}

/** The one sentence that npm's own output leaves to be guessed. */
function explain(output) {
  if (/ENOSPC/.test(output)) return diskFull
  if (/EACCES|EPERM|EROFS/.test(output))
    return `The packages could not be written: give your account write permission in ${root}.`
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/.test(output)) {
    return 'The packages could not be fetched: check the network, or npm’s proxy and registry settings, and try again.'
  }
  return 'The packages could not be installed; npm’s own words are above.'
}

/** Says every few seconds that the work goes on; answers how to stop saying it. */
function heartbeat() {
  const startedAt = Date.now()
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000)
    process.stderr.write(`  … still installing, ${seconds} s\n`)
  }, 5000)
  return () => clearInterval(timer)
}

function npmCommand() {
  const own = process.env.npm_execpath
  return own && /npm-cli\.c?js$/.test(own) ? [process.execPath, own] : ['npm']
}

async function install(wanted) {
  checkMachine()
  checkRoom()
  process.stderr.write('Installing the packages …\n')
  const [program, ...first] = npmCommand()
  // dev and optional by name: NODE_ENV=production or an `omit` of the user's would leave half of them out.
  const rest = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error']
  const child = spawn(program, [...first, ...rest], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const quiet = heartbeat()
  const { code, signal } = await ended(child)
  quiet()
  if (signal) process.exit(128 + constants.signals[signal])
  if (code !== 0) {
    process.stderr.write(output)
    throw new Trouble(explain(output))
  }
  if (!existsSync(join(root, 'node_modules/.bin/node'))) {
    throw new Trouble('npm left out the pinned Node: its settings must not omit optional packages.')
  }
  try {
    writeFileSync(stampFile, wanted)
  } catch (error) {
    throw new Trouble(explain(error.message))
  }
}

/** Waits for the child's end and passes signals on meanwhile. */
function ended(child) {
  const forward = (signal) => child.kill(signal)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, forward)
  return new Promise((answer, reject) => {
    child.once('error', (error) => reject(new Trouble(`${child.spawnfile} could not be started: ${error.message}.`)))
    child.once('close', (code, signal) => {
      for (const name of signals) process.off(name, forward)
      answer({ code, signal })
    })
  })
}

async function main([target, ...args]) {
  const script = Object.hasOwn(targets, target ?? '') ? targets[target] : undefined
  if (!script) throw new Trouble(`usage: node scripts/bootstrap.mjs ${Object.keys(targets).join('|')}`)
  if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
    throw new Trouble(`Node ${process.versions.node} is too old: install Node ${OLDEST_NODE} or newer and try again.`)
  }
  const wanted = fingerprint()
  if (!isInstalled(wanted)) await install(wanted)
  // Compiled code is kept where `npm ci` clears it away: a second start takes half the time.
  const env = { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'), ...process.env }
  const child = spawn(join(root, 'node_modules/.bin/node'), [join(root, script), ...args], { cwd: root, stdio: 'inherit', env })
  const { code, signal } = await ended(child)
  process.exitCode = signal ? 128 + constants.signals[signal] : code
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(error instanceof Trouble ? `${error.message}\n` : `${error.stack}\n`)
  process.exitCode = 1
})
