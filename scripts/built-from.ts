import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** One value for the names and the content of all files that the patterns find below `root`. */
export function fingerprintOf(root: string, patterns: readonly string[]): string {
  const hash = createHash('sha256')
  // A link to a file counts as that file: the same sources are the same, however a checkout is put together.
  const files = globSync([...patterns], { cwd: root })
    .map((path) => join(root, path))
    .filter((path) => statSync(path).isFile())
    .sort()
  for (const file of files) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex')
}

/** Whether what the stamp stands beside was built from sources of this fingerprint. */
export function isBuiltFrom(stamp: string, fingerprint: string): boolean {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint
}
