import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { CliError } from '../command.ts'

/** What is unpacked and compiled, with the room that it takes on the way. */
const ROOM_MB = 900

/** What building VS Code's native parts needs, by Debian's packages. */
const TOOLS: readonly { readonly package: string; readonly isThere: (path: string) => boolean }[] = [
  {
    package: 'build-essential',
    isThere: (path) => isProgram('make', path) && (isProgram('g++', path) || isProgram('c++', path)),
  },
  { package: 'python3', isThere: (path) => isProgram('python3', path) },
  { package: 'libkrb5-dev', isThere: () => existsSync('/usr/include/gssapi/gssapi.h') },
]

/** Throws CliError, before anything is fetched, that names everything which is missing to build with. */
export function checkTools(path: string): void {
  const missing = TOOLS.filter(({ isThere }) => !isThere(path)).map((tool) => tool.package)
  if (missing.length === 0) return
  throw new CliError(`VS Code is compiled in part, and what that needs is missing: ${missing.join(', ')}.`, {
    action: `Install it (on Debian: apt-get install ${missing.join(' ')}) and run this again.`,
  })
}

/** Throws CliError when the folder has too little room. */
export function checkRoom(folder: string): void {
  const { bavail, bsize } = statfsSync(folder)
  const freeMb = Math.floor((bavail * bsize) / 1024 ** 2)
  if (freeMb >= ROOM_MB) return
  throw new CliError(`There are ${freeMb} MB free in ${folder}; VS Code takes ${ROOM_MB} MB.`, {
    action: 'Free some, or name another folder: --dir DIR',
  })
}

function isProgram(name: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false // Not in this folder: the next one may have it.
    }
  })
}
