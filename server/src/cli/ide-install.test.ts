import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Finished, runBenchkey, startBenchkey } from '../../testing/command-line.ts'
import { npmEnvironment } from './ide/npm-run.ts'
import { explainNpm } from './ide/npm-words.ts'

const VERSION = '4.139.1'
const INSTALLED = new RegExp(`^vscode-${VERSION.replaceAll('.', '\\.')}-[0-9a-f]{8}$`)

/** Puts down what sessions start, in the places where the real one has it, with the modes of a careful caller. */
const NPM = `#!/bin/sh
umask 077
echo "$@" >> "$FAKE_NPM_LOG"
mkdir -p node_modules/code-server/out/node node_modules/code-server/lib/vscode/extensions
echo "console.log('${VERSION} fake with Code', process.argv.slice(2).join())" > node_modules/code-server/out/node/entry.js
`

let scratch: string
let folder: string
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'benchkey-ide-'))
  folder = join(scratch, 'opt/ide')
  npmIs(NPM)
})
afterEach(() => rmSync(scratch, { recursive: true, force: true }))

function npmIs(script: string): void {
  mkdirSync(join(scratch, 'bin'), { recursive: true })
  writeFileSync(join(scratch, 'bin/npm'), script)
  chmodSync(join(scratch, 'bin/npm'), 0o755)
}

const environment = (): Record<string, string> => ({
  PATH: `${join(scratch, 'bin')}:${process.env.PATH}`,
  FAKE_NPM_LOG: join(scratch, 'calls'),
  BENCHKEY_DATA_DIR: join(scratch, 'data'),
})

const install = (more: Record<string, string> = {}): Promise<Finished> =>
  runBenchkey(['ide', 'install', 'vscode', '--dir', folder], { ...environment(), ...more })

const calls = (): string[] =>
  existsSync(join(scratch, 'calls')) ? readFileSync(join(scratch, 'calls'), 'utf8').trim().split('\n') : []

/** What is left in the folder, hidden files too. */
const left = (): string[] => readdirSync(folder).sort()

describe('ide install vscode', () => {
  test('prints the program of sessions, which runs on the Node that came with it', async () => {
    const { code, stdout, stderr } = await install()
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${folder}/vscode/bin/code-server\n` })
    expect(stderr).toContain(`benchkey: VS Code (code-server ${VERSION}) is installed in ${folder}.\n`)
    const answer = execFileSync(stdout.trim(), ['--socket', '/tmp/x'], { env: {}, encoding: 'utf8' })
    expect(answer).toBe(`${VERSION} fake with Code --socket,/tmp/x\n`)
    expect(left()).toEqual(['vscode', expect.stringMatching(INSTALLED)])
  })

  test('can be entered, read and run by every user, whatever the file mask was, and written by none', async () => {
    await install()
    const find = (...terms: string[]): string => execFileSync('find', [`${scratch}/opt`, ...terms], { encoding: 'utf8' })
    expect(find('-type', 'd', '!', '-perm', '755')).toBe('')
    expect(find('-type', 'f', '!', '-perm', '-444')).toBe('')
    expect(find('-type', 'f', '-perm', '/022')).toBe('')
    expect(statSync(join(folder, 'vscode/bin/node')).mode & 0o777).toBe(0o755)
  })

  test('has the extension among those that are part of VS Code, and brings it up to date later', async () => {
    await install()
    const manifest = join(folder, 'vscode/node_modules/code-server/lib/vscode/extensions/benchkey-credentials/package.json')
    expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ name: 'benchkey-credentials', main: './extension.cjs' })
    writeFileSync(manifest, '{}')
    expect((await install()).stderr).toBe(`benchkey: The extension of VS Code in ${folder} is up to date now.\n`)
    expect(readFileSync(manifest, 'utf8')).toContain('benchkey-credentials')
    expect(calls()).toHaveLength(1)
  })

  test('does nothing twice', async () => {
    await install()
    const { code, stdout, stderr } = await install()
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${folder}/vscode/bin/code-server\n` })
    expect(stderr).toBe(`benchkey: VS Code (code-server ${VERSION}) is installed in ${folder} already.\n`)
    expect(calls()).toHaveLength(1)
  })

  test('leaves an older version beside the new one, and says when it can go', async () => {
    mkdirSync(join(folder, 'vscode-4.100.0-00000000'), { recursive: true })
    symlinkSync('vscode-4.100.0-00000000', join(folder, 'vscode'))
    const { stderr } = await install()
    expect(stderr).toContain(`can be deleted when its sessions have ended: rm -r ${folder}/vscode-4.100.0-00000000\n`)
    expect(left()).toHaveLength(3)
  })

  test('takes away the half of an installation that was cut off, and the lock of a process that died', async () => {
    mkdirSync(join(folder, `vscode-${VERSION}-00000000.partial/node_modules`), { recursive: true })
    writeFileSync(join(folder, '.installing'), `${process.pid} 1`)
    expect((await install()).code).toBe(0)
    expect(left()).toEqual(['vscode', expect.stringMatching(INSTALLED)])
  })
})

describe('ide install vscode stops in one sentence', () => {
  test('while another one is at it', async () => {
    npmIs('#!/bin/sh\ntouch "$FAKE_NPM_LOG"\nexec tail -f /dev/null\n')
    const { child, finished } = startBenchkey(['ide', 'install', 'vscode', '--dir', folder], environment())
    onTestFinished(() => void child.kill('SIGTERM'))
    await expect.poll(() => existsSync(join(scratch, 'calls'))).toBe(true)
    expect(await install()).toEqual({
      code: 75,
      stdout: '',
      stderr: `benchkey: Process ${child.pid} is installing in ${folder} already.\n  Wait for it.\n`,
    })
    child.kill('SIGTERM')
    expect(await finished).toMatchObject({ code: 130, stdout: '', stderr: expect.stringContaining('nothing was installed') })
    expect(left()).toEqual([])
  })

  test('when npm fails, and leaves nothing behind', async () => {
    npmIs('#!/bin/sh\necho "npm error code EINTEGRITY" >&2\nexit 1\n')
    const { code, stdout, stderr } = await install()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('benchkey: What npm was given is not what was published: a checksum differs.\n')
    expect(left()).toEqual([])
  })

  test('when what was installed does not start', async () => {
    npmIs(NPM.replace(`console.log('${VERSION} fake`, 'process.exit(3), (`'.replace('`', "'")))
    expect(await install()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not start, so it was taken away again.\n'),
    })
    expect(left()).toEqual([])
  })

  test('without npm, and without a compiler', async () => {
    rmSync(join(scratch, 'bin/npm'))
    const link = (...names: string[]): void => {
      for (const name of names)
        symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(scratch, 'bin', name))
    }
    link('chmod', 'python3')
    const PATH = join(scratch, 'bin')
    expect((await install({ PATH })).stderr).toBe(
      'benchkey: VS Code is compiled in part, and what that needs is missing: build-essential.\n  Install it (on Debian: apt-get install build-essential) and run this again.\n',
    )
    link('make', 'g++')
    expect((await install({ PATH })).stderr).toContain('VS Code is fetched with npm, which is not on the PATH.\n  Install npm')
  })

  test('for anything but vscode, and where it may not write', async () => {
    const other = await runBenchkey(['ide', 'install', 'emacs'], environment())
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no "emacs" to install.') })
    writeFileSync(join(scratch, 'opt'), 'a file')
    expect(await install()).toMatchObject({ code: 1, stderr: expect.stringContaining(`${folder} cannot be written (ENOTDIR).`) })
  })
})

test.each([
  ['npm error code ENOSPC', 'The disk is full.'],
  ['npm error network getaddrinfo ENOTFOUND registry.example', 'the registry of npm does not answer.'],
  ['npm error code E404', 'does not have the packages.'],
  ['../src/kerberos.h:4:10: fatal error: gssapi/gssapi.h: No such file or directory', 'The headers of Kerberos are missing'],
  ['gyp ERR! stack Error: not found: make', 'There is no compiler'],
  ['npm error code EACCES', 'npm may not write its files.'],
  ['npm error code EWHATEVER\nnpm error something new', 'its last words: npm error code EWHATEVER'],
])('npm says %j: %s', (output, words) => {
  expect(explainNpm(`${output}\nnpm error A complete log of this run can be found in: /x`).message).toContain(words)
})

test('a download that failed and was made up for is not the reason', () => {
  const output = 'prebuild-install warn install getaddrinfo ENOTFOUND github.com\nnpm error code EACCES\n'
  expect(explainNpm(output).message).toBe('npm may not write its files.')
})

test('npm gets the caller’s registry and proxy, our Node, and nothing of an npm around it', () => {
  const given = {
    PATH: '/usr/bin',
    HOME: '/h',
    https_proxy: 'http://proxy:3128',
    npm_config_registry: 'https://npm.corp.example',
    npm_config_omit: 'optional',
    npm_lifecycle_event: 'benchkey',
    NODE_OPTIONS: '--inspect',
    NODE_ENV: 'production',
  }
  const environment = npmEnvironment(given)
  expect(environment).toMatchObject({
    HOME: '/h',
    https_proxy: 'http://proxy:3128',
    npm_config_registry: 'https://npm.corp.example',
  })
  for (const name of ['npm_config_omit', 'npm_lifecycle_event', 'NODE_OPTIONS', 'NODE_ENV'])
    expect(environment).not.toHaveProperty(name)
  expect(environment.PATH?.split(':').at(-1)).toBe('/usr/bin')
  expect(existsSync(join(environment.PATH?.split(':')[0] ?? '', 'node'))).toBe(true)
  expect(existsSync(join(environment.npm_config_nodedir ?? '', 'include/node/node.h'))).toBe(true)
})
