import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

let root: string

/** Stands where npm would: notes that it was called, and brings what the test asks for. */
const NPM = `
const { appendFileSync, mkdirSync, rmSync, symlinkSync, existsSync, readFileSync } = require('node:fs')
appendFileSync('npm-calls', process.argv.slice(2).join(' ') + '\\n')
if (existsSync('npm-fails')) {
  process.stderr.write(readFileSync('npm-fails', 'utf8'))
  process.exit(1)
}
rmSync('node_modules', { recursive: true, force: true })
mkdirSync('node_modules/.bin', { recursive: true })
symlinkSync(process.execPath, 'node_modules/.bin/node')
`

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'benchkey-bootstrap-'))
  mkdirSync(join(root, 'scripts'))
  mkdirSync(join(root, 'part'))
  cpSync(join(import.meta.dirname, 'bootstrap.mjs'), join(root, 'scripts/bootstrap.mjs'))
  write('npm-cli.cjs', NPM)
  write('package.json', '{"workspaces":["part"]}')
  write('part/package.json', '{}')
  write('package-lock.json', '{}')
  write('.npmrc', '')
  write('scripts/check.ts', 'console.log(process.argv.slice(2).join(" "), process.version)\nprocess.exitCode = 7\n')
})

afterEach(() => rmSync(root, { recursive: true }))

function write(name: string, text: string): void {
  writeFileSync(join(root, name), text)
}

function start(args: readonly string[], world = ''): ChildProcessWithoutNullStreams {
  const preload = ['--import', `data:text/javascript,${encodeURIComponent(world)}`]
  const command = [...preload, join(root, 'scripts/bootstrap.mjs'), ...args]
  return spawn(process.execPath, command, { cwd: tmpdir(), env: { ...process.env, npm_execpath: join(root, 'npm-cli.cjs') } })
}

async function run(args: readonly string[], world?: string): Promise<{ code: number | null; out: string; words: string }> {
  const child = start(args, world)
  let out = ''
  let words = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    words += chunk
  })
  const [code] = await once(child, 'close')
  return { code, out, words }
}

const npmCalls = () => readFileSync(join(root, 'npm-calls'), 'utf8').trim().split('\n').length

describe('the bootstrap', () => {
  test('installs the packages, then runs the target with its arguments and passes its exit code on', async () => {
    const result = await run(['check', 'one', 'two'])
    expect(result).toEqual({ code: 7, out: `one two ${process.version}\n`, words: 'Installing the packages …\n' })
    expect(readFileSync(join(root, 'npm-calls'), 'utf8')).toContain('ci --include=dev --include=optional')
  })

  test('installs nothing the second time', async () => {
    await run(['check'])
    expect((await run(['check'])).words).toBe('')
    expect(npmCalls()).toBe(1)
  })

  test.each(['package-lock.json', 'package.json', 'part/package.json', '.npmrc'])(
    'installs again when %s has changed',
    async (name) => {
      await run(['check'])
      write(name, `${readFileSync(join(root, name), 'utf8')}\n`)
      await run(['check'])
      expect(npmCalls()).toBe(2)
    },
  )

  test.each([
    { words: 'npm error code ENOSPC\n', sentence: /^The disk is full: free about 600 MB/m },
    { words: 'npm error code EACCES\n', sentence: /^The packages could not be written: give your account write permission/m },
    { words: 'npm error code ENOTFOUND\n', sentence: /^The packages could not be fetched: check the network/m },
    { words: 'npm error code EUSAGE\n', sentence: /^The packages could not be installed; npm’s own words are above\.$/m },
  ])('says in one sentence what "$words" means, after npm’s own words', async ({ words, sentence }) => {
    write('npm-fails', words)
    const result = await run(['check'])
    expect(result.code).toBe(1)
    expect(result.words).toContain(words)
    expect(result.words).toMatch(sentence)
  })

  test('says that the disk is full before npm has tried for minutes, but not when npm only replaces what is there', async () => {
    const world = `import fs from 'node:fs'; import { syncBuiltinESMExports } from 'node:module'
fs.statfsSync = () => ({ bavail: 40, bsize: 1024 ** 2 }); syncBuiltinESMExports()`
    expect(await run(['check'], world)).toEqual({
      code: 1,
      out: '',
      words: `The disk is full: free about 600 MB in ${root} and try again.\n`,
    })
    mkdirSync(join(root, 'node_modules'))
    expect((await run(['check'], world)).code).toBe(7)
  })

  test('installs again after an installation that failed', async () => {
    write('npm-fails', 'npm error\n')
    await run(['check'])
    rmSync(join(root, 'npm-fails'))
    expect((await run(['check'])).code).toBe(7)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('passes %s on and waits for the target', async (signal) => {
    const target = `process.on('${signal}', () => { console.log('ended'); process.exit(0) })\nsetInterval(() => {}, 1000)\nconsole.log('ready')\n`
    write('scripts/start.ts', target)
    const child = start(['start'])
    let out = ''
    child.stdout.on('data', (chunk) => {
      out += chunk
      if (String(chunk).includes('ready')) child.kill(signal)
    })
    expect(await once(child, 'close')).toEqual([0, null])
    expect(out).toBe('ready\nended\n')
  })

  test('ends as a shell would when a signal killed the target', async () => {
    write('scripts/start.ts', `process.kill(process.pid, 'SIGKILL')\n`)
    expect((await run(['start'])).code).toBe(137)
  })

  test.each([
    {
      where: 'an old Node',
      world: `Object.defineProperty(process, 'versions', { value: { node: '18.20.0' } })`,
      sentence: 'Node 18.20.0 is too old: install Node 20 or newer and try again.\n',
    },
    {
      where: 'another system',
      world: `Object.defineProperty(process, 'platform', { value: 'darwin' })`,
      sentence: `Benchkey runs on Linux on x64 or arm64; this is darwin on ${process.arch}.\n`,
    },
    {
      where: 'musl',
      world: `Object.defineProperty(process, 'report', { value: { getReport: () => ({ header: {} }) } })`,
      sentence:
        'Benchkey needs a Linux with the GNU C library (Debian, Ubuntu, Fedora, RHEL); this one uses another, such as musl.\n',
    },
  ])('answers one sentence on $where', async ({ world, sentence }) => {
    expect(await run(['check'], world)).toEqual({ code: 1, out: '', words: sentence })
  })
})
