/** A promise of docs/threat-model.md and the tests it names. */
export interface Promised {
  /** The chapter it stands in. */
  readonly heading: string
  readonly line: string
  readonly tests: readonly NamedTest[]
}

/** A test as the threat model names it: title as it is written in the file, with its placeholders. */
export interface NamedTest {
  readonly file: string
  readonly title: string
}

/** Reads the promises out of the text of docs/threat-model.md, in order. A promise may go on in further lines. */
export function readPromises(text: string): readonly Promised[] {
  const found: { heading: string; line: string; tests: NamedTest[] }[] = []
  let heading = ''
  for (const line of text.split('\n')) {
    heading = /^## (.+)$/.exec(line)?.[1] ?? heading
    const promise = /^- (.+)$/.exec(line)?.[1]
    const [, file, title] = /^ {2}- (\S+): (.+)$/.exec(line) ?? []
    const last = found.at(-1)
    if (promise !== undefined) found.push({ heading, line: promise, tests: [] })
    else if (file !== undefined && title !== undefined) last?.tests.push({ file, title })
    else if (last?.tests.length === 0 && /^ {2}\S/.test(line)) last.line += ` ${line.trim()}`
  }
  return found
}

/** The test files that run a test: its own, or for a suite of the store those that run it on SQLite and on PostgreSQL. */
export function filesRunning({ file }: NamedTest): readonly string[] {
  return /^server\/testing\/.*-suite\.ts$/.test(file) ? STORE_TESTS : [file]
}

const STORE_TESTS = ['server/src/store/store.test.ts', 'server/src/store/postgres.test.ts']

/** What a test is called when it runs: `%s`, `$name` and the like stand for anything. */
export function runtimeTitle(title: string): RegExp {
  return new RegExp(`^${patternOf(title)}$`, 's')
}

function patternOf(title: string): string {
  const parts = title.split(/%[sdifjoO#%]|\$\{[^}]*\}|\$[\w.]+/)
  return parts.map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')).join('.*')
}
