import { stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'

/** Where a program without a path is looked for; the same for everybody, whatever PATH the server was started with. */
const PLACES = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin', '/sbin', '/snap/bin']

/** The path of the first of these programs that is there and may be executed by somebody. */
export async function findProgram(names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    const paths = name.includes('/') ? [name] : PLACES.map((place) => join(place, name))
    for (const path of paths) if (isAbsolute(path) && (await isProgram(path))) return path
  }
  return undefined
}

async function isProgram(path: string): Promise<boolean> {
  try {
    const stats = await stat(path)
    return stats.isFile() && (stats.mode & 0o111) !== 0
  } catch {
    return false // Not there, or out of the server's reach: no user is offered it.
  }
}
