import { dirname, join } from 'node:path'
import type { TextFile } from './checks/files.ts'
import type { Language } from './docs.ts'

/** One program under examples/. */
export interface Example {
  readonly path: string
  readonly language: Language
  /** Why the tests do not run it: a comment `not run: why` in its first lines. */
  readonly notRun?: string
}

const PAGE = 'examples/README.md'
const LANGUAGES: Readonly<Record<string, Language>> = { sh: 'sh', R: 'r', py: 'python', ts: 'ts' }
const MARK = /^(?:#|\/\/|\/?\*+) *not run:[ \t]*(.*)$/m
/** The mark stands where a reader sees it first. */
const HEAD_LINES = 5

/** The programs under examples/, in the order of their paths. */
export function findExamples(files: readonly TextFile[]): readonly Example[] {
  return files.flatMap(({ path, text }) => {
    const language = path.startsWith('examples/') ? LANGUAGES[path.split('.').at(-1) ?? ''] : undefined
    if (!language) return []
    const notRun = MARK.exec(text.split('\n').slice(0, HEAD_LINES).join('\n'))?.[1]
    return [{ path, language, ...(notRun === undefined ? {} : { notRun }) }]
  })
}

/** Programs that have no line in examples/README.md, and marks without a reason. */
export function findUnexplained(files: readonly TextFile[]): readonly string[] {
  const page = files.find(({ path }) => path === PAGE)?.text ?? ''
  const listed = [...page.matchAll(/^\| \[[^\]]+\]\(([^)]+)\) \| \S.*\|$/gm)].map(([, target = '']) =>
    join(dirname(PAGE), target),
  )
  return findExamples(files).flatMap(({ path, notRun }) => [
    ...(listed.includes(path) ? [] : [`${path}: ${PAGE} has no line that says what it does`]),
    ...(notRun === '' ? [`${path}: "not run:" must say why`] : []),
  ])
}
