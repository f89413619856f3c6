import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const TEXT =
  /\.(ts|tsx|mjs|cjs|js|json|md|css|html|py|R|r|sh|conf|toml|yaml|yml|lua|txt)$|(^|\/)(run|benchkey|LICENSE|\.npmrc|\.gitignore)$/

/** One text file of the checkout. */
export interface TextFile {
  /** From the root, with `/`. */
  readonly path: string
  readonly text: string
}

/** The text files that belong to the project: tracked, or new and not ignored; every file where there is no Git. */
export function projectFiles(root: string): readonly TextFile[] {
  return listPaths(root)
    .filter((path) => TEXT.test(path) && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** Source files by folder, without their tests. */
export function sources(files: readonly TextFile[], ...folders: string[]): readonly TextFile[] {
  return files.filter(
    ({ path }) =>
      /\.tsx?$/.test(path) && !path.endsWith('.d.ts') && !isTest(path) && folders.some((folder) => path.startsWith(folder)),
  )
}

/** Whether a file holds tests: one that vitest runs, or a suite that several of them share. */
export function isTest(path: string): boolean {
  return /(\.test|-suite)\.tsx?$/.test(path)
}

function listPaths(root: string): string[] {
  if (existsSync(join(root, '.git'))) {
    const output = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
      cwd: root,
      encoding: 'utf8',
    })
    return output.split('\0').filter((path) => path !== '')
  }
  return globSync('**/*', { cwd: root, exclude: ['**/node_modules', '**/dist', '.benchkey'], withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
}
