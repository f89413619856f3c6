import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Beside this file: the packages by version and checksum, as npm reads them. */
const PINNED = resolve(import.meta.dirname, 'code-server')

/** Below a version's folder: where code-server looks for the extensions that are part of it, for every user and read-only. */
const BUILT_IN = 'node_modules/code-server/lib/vscode/extensions/benchkey-credentials'

/** Raised when what `prepareFolder` and `finishFolder` write changes. */
const LAYOUT = 1

const manifest = (): { dependencies: { 'code-server': string } } =>
  JSON.parse(readFileSync(join(PINNED, 'package.json'), 'utf8')) as { dependencies: { 'code-server': string } }

/** The version of code-server that is installed. */
export function codeServerVersion(): string {
  return manifest().dependencies['code-server']
}

/** The name of the folder of exactly these packages on this Node: another one stands beside it and disturbs no session. */
export function versionFolder(): string {
  const hash = createHash('sha256').update(readFileSync(join(PINNED, 'package-lock.json')))
  const key = hash.update(`${LAYOUT} ${process.version} ${process.arch}`).digest('hex').slice(0, 8)
  return `vscode-${codeServerVersion()}-${key}`
}

/** Makes an empty folder in which npm installs code-server. */
export function prepareFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, 'bin'), { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(PINNED, name), join(folder, name))
}

/** Adds what it runs on: our own Node, for users may not reach the one beside the server, and the program that starts it. */
export function finishFolder(folder: string): void {
  copyFileSync(process.execPath, join(folder, 'bin/node'))
  chmodSync(join(folder, 'bin/node'), 0o755)
  writeFileSync(join(folder, 'bin/code-server'), STARTER)
  chmodSync(join(folder, 'bin/code-server'), 0o755)
}

/** By the real path: a newer version may take the place of this one at any time. */
const STARTER = `#!/bin/sh
# VS Code for a session of Benchkey; all arguments are code-server's.
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/../node_modules/code-server/out/node/entry.js" "$@"
`

/** Whether the version's folder holds exactly this extension. */
export function hasExtension(folder: string, extension: string): boolean {
  return ['package.json', 'extension.cjs'].every((name) => {
    const installed = join(folder, BUILT_IN, name)
    return existsSync(installed) && readFileSync(installed).equals(readFileSync(join(extension, name)))
  })
}

/** Puts our extension among those that are part of code-server, in place of an older one. */
export function addExtension(folder: string, extension: string): void {
  rmSync(join(folder, BUILT_IN), { recursive: true, force: true })
  cpSync(extension, join(folder, BUILT_IN), { recursive: true })
}
