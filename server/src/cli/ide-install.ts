import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { defaultInstallFolder, VSCODE_PROGRAM } from '../domain/install-folder.ts'
import { CliError, type Context, EXIT, print, type Run, say } from './command.ts'
import { addExtension, codeServerVersion, finishFolder, hasExtension, prepareFolder, versionFolder } from './ide/code-server.ts'
import { checkRoom, checkTools } from './ide/missing-tools.ts'
import { installPackages } from './ide/npm-run.ts'
import { withLock } from './ide/one-at-a-time.ts'

/** Built beside the pages. */
const EXTENSION = resolve(import.meta.dirname, '../../../vscode/dist/extension')

/** `ide install vscode`: prints the program that sessions start. */
export const runIdeInstall: Run = async ({ options, positionals: [what = ''] }, context) => {
  if (what !== 'vscode') {
    throw new CliError(`There is no "${oneWord(what)}" to install.`, {
      action: 'There is: benchkey ide install vscode',
      exitCode: EXIT.usage,
    })
  }
  const uid = process.getuid?.() ?? -1
  const folder = typeof options.dir === 'string' ? resolve(options.dir) : defaultInstallFolder(context.dataDir, uid)
  checkSurroundings()
  makeReadable(folder)
  await withLock(folder, () => install(folder, context))
  print(context, join(folder, VSCODE_PROGRAM))
  return EXIT.ok
}

function checkSurroundings(): void {
  if (process.versions.node.split('.')[0] !== '24') {
    throw new CliError(`VS Code ${codeServerVersion()} runs on Node 24, and this is Node ${process.versions.node}.`, {
      action: 'Start Benchkey on Node 24, as its own packages bring it.',
    })
  }
  if (existsSync(join(EXTENSION, 'package.json'))) return
  throw new CliError('The extension for VS Code sessions is not built.', { action: 'In the checkout, run: npm run build' })
}

/** Complete means renamed: nobody ever sees half of it. */
async function install(folder: string, context: Context): Promise<void> {
  const version = versionFolder()
  const target = join(folder, version)
  for (const name of readdirSync(folder)) if (name.endsWith('.partial')) rmSync(join(folder, name), { recursive: true })
  if (!existsSync(target)) {
    await build(target, context)
    say(context, `VS Code (code-server ${codeServerVersion()}) is installed in ${folder}.`)
  } else if (!hasExtension(target, EXTENSION)) {
    inWords(folder, () => addExtension(target, EXTENSION))
    openToAll(target)
    say(context, `The extension of VS Code in ${folder} is up to date now.`)
  } else say(context, `VS Code (code-server ${codeServerVersion()}) is installed in ${folder} already.`)
  const before = pointTo(folder, version)
  if (before)
    say(context, `New sessions use it; ${before} can be deleted when its sessions have ended: rm -r ${join(folder, before)}`)
}

async function build(target: string, context: Context): Promise<void> {
  checkTools(context.environment.PATH ?? '')
  checkRoom(dirname(target))
  const partial = `${target}.partial`
  say(context, `Installing VS Code (code-server ${codeServerVersion()}) in ${dirname(target)}; this takes some minutes.`)
  try {
    inWords(target, () => prepareFolder(partial))
    await installPackages(partial, context)
    inWords(target, () => {
      finishFolder(partial)
      addExtension(partial, EXTENSION)
    })
    openToAll(partial)
    await checkStarts(partial)
    renameSync(partial, target)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

/** Once before anybody relies on it; `--version` is answered without a file of anybody's. */
async function checkStarts(folder: string): Promise<void> {
  try {
    const home = join(folder, 'try')
    mkdirSync(home)
    const environment = { HOME: home, PATH: '/usr/bin:/bin' }
    const { stdout } = await promisify(execFile)(join(folder, 'bin/code-server'), ['--version'], { env: environment })
    rmSync(home, { recursive: true })
    if (stdout.includes(codeServerVersion())) return
  } catch (error) {
    throw new CliError('What was installed does not start, so it was taken away again.', { cause: error })
  }
  throw new CliError('What was installed is of another version, so it was taken away again.')
}

/** `vscode` names the version that new sessions use; answers the one before, when that was another. */
function pointTo(folder: string, version: string): string | undefined {
  const link = join(folder, dirname(dirname(VSCODE_PROGRAM)))
  const before = existsSync(link) ? readlinkSync(link) : undefined
  if (before === version) return undefined
  inWords(folder, () => {
    rmSync(`${link}.new`, { force: true })
    symlinkSync(version, `${link}.new`)
    renameSync(`${link}.new`, link)
  })
  return before
}

/** Users start what is in it: every folder that is made on the way is open to them. */
function makeReadable(folder: string): void {
  const first = inWords(folder, () => mkdirSync(folder, { recursive: true }))
  if (first === undefined) return
  for (let each = folder; each.length >= first.length; each = dirname(each)) execFileSync('chmod', ['0755', each])
}

/** npm leaves what the caller's file mask left of the modes. */
function openToAll(folder: string): void {
  execFileSync('chmod', ['-R', 'u+rwX,go+rX,go-w', folder])
}

function inWords<T>(folder: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new CliError('The disk is full.', { action: `Free about 1 GB in ${folder} and run this again.`, cause: error })
    }
    throw new CliError(`${folder} cannot be written (${code ?? 'unknown'}).`, {
      action: 'Run this as root, or name a folder of your own: --dir DIR',
      cause: error,
    })
  }
}

function oneWord(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?').slice(0, 80)
}
