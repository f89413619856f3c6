import { execFile } from 'node:child_process'
import { mkdir, readdir, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

const WEB = join(import.meta.dirname, '..')

/** Folder of the built pages. */
export const DIST = join(WEB, 'dist')

const newestOf = async (paths: readonly string[]): Promise<number> =>
  Math.max(0, ...(await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs))))

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

async function isStale(): Promise<boolean> {
  const built = await stat(join(DIST, 'index.html')).catch(() => undefined)
  if (!built) return true
  const sources = [...(await filesUnder(join(WEB, 'src'))), ...(await filesUnder(join(WEB, 'public')))]
  const config = ['index.html', 'vite.config.ts', 'package.json'].map((name) => join(WEB, name))
  return (await newestOf([...sources, ...config])) > built.mtimeMs
}

/** Builds the pages when a source is newer than what was built; test files of one run wait for one another here. */
export async function ensureBuilt(): Promise<void> {
  const lock = join(WEB, 'node_modules', '.building')
  await mkdir(join(WEB, 'node_modules'), { recursive: true })
  const deadline = Date.now() + 60_000
  while (
    !(await mkdir(lock).then(
      () => true,
      () => false,
    ))
  ) {
    // A run that was killed leaves its lock behind.
    if (Date.now() > deadline) break
    await pause(50)
  }
  try {
    if (await isStale()) await promisify(execFile)('npm', ['run', '-s', 'build'], { cwd: WEB })
  } finally {
    await rmdir(lock).catch(() => undefined)
  }
}
