import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const CHECKOUT = resolve(import.meta.dirname, '../..')

/** A copy of what runs Benchkey, for accounts that may not read the checkout itself. */
export interface CheckoutCopy {
  /** The words that run `benchkey` from the copy. */
  readonly executable: readonly string[]
  /** The folder that holds `benchkey`. */
  readonly folder: string
  remove(): void
}

/** Copies the program, the packages it runs on and Node into a new folder that everybody may read. */
export function copyCheckout(): CheckoutCopy {
  const folder = mkdtempSync(join(tmpdir(), 'benchkey-copy-'))
  for (const part of [
    'benchkey',
    'package.json',
    'server/package.json',
    'server/src',
    'sdk/typescript',
    'web/dist',
    'web/terminal/dist',
  ]) {
    cpSync(join(CHECKOUT, part), join(folder, part), { recursive: true })
  }
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, '.bin'), { recursive: true })
  mkdirSync(join(modules, '@benchkey'))
  symlinkSync('../../sdk/typescript', join(modules, '@benchkey/sdk'))
  for (const name of packagesBehind(join(CHECKOUT, 'server'))) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    cpSync(join(CHECKOUT, 'node_modules', name), join(modules, name), { recursive: true })
  }
  cpSync(realpathSync(process.execPath), join(modules, '.bin/node'))
  execFileSync('chmod', ['-R', 'a+rX', folder])
  chmodSync(join(modules, '.bin/node'), 0o755)
  return {
    executable: [join(folder, 'benchkey')],
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Every package at the top of node_modules that the workspace needs to run; nested ones lie inside these. */
function packagesBehind(workspace: string, known = new Set<string>()): ReadonlySet<string> {
  const manifest = JSON.parse(readFileSync(join(workspace, 'package.json'), 'utf8')) as Record<string, object | undefined>
  // What was built for this machine's processor is optional.
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
    const folder = join(CHECKOUT, 'node_modules', name)
    if (known.has(name) || name.startsWith('@benchkey/') || !existsSync(folder)) continue
    known.add(name)
    packagesBehind(folder, known)
  }
  return known
}
