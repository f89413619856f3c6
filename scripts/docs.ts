import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A piece of code in a page of the documentation. */
export interface CodeBlock {
  readonly file: string
  /** Of its first fence, from 1. */
  readonly line: number
  readonly language: Language
  readonly code: string
  /** Why the tests do not run it; empty when the mark gives no reason. */
  readonly notRun?: string
  /** What it prints: the `text` block right below it. */
  readonly prints?: string
}

/** The languages whose blocks are run. */
export type Language = 'sh' | 'r' | 'python' | 'ts'

/** What one block did. */
export interface BlockResult {
  readonly exitCode: number
  /** stdout and stderr together, as a terminal would show them. */
  readonly output: string
}

/** Where a block runs: what calls `./benchkey` in the shell of whoever runs the server, all else in a session of a user. */
export interface BlockEnvironment {
  /** The command to put in front of the interpreter, such as `benchkey session run --user demo --`. */
  readonly prefix: readonly string[]
  readonly cwd: string
  readonly variables: Readonly<Record<string, string | undefined>>
}

const FENCE = /^ {0,3}```+\s*([\w+-]*)/
/** `<!-- not run: why -->` or a visible line `not run: why`, on the last line of text before the block. */
const MARK = /^\s*(?:<!--\s*)?[*_]?not run:\s*(.*?)[*_]?\s*(?:-->)?\s*$/i
const LANGUAGES = new Set<string>(['sh', 'r', 'python', 'ts'])
/** Other spellings would go unseen past the tests. */
const ALIASES: Readonly<Record<string, Language>> = {
  bash: 'sh',
  shell: 'sh',
  zsh: 'sh',
  console: 'sh',
  R: 'r',
  py: 'python',
  python3: 'python',
  typescript: 'ts',
  js: 'ts',
  javascript: 'ts',
}
/** How a file in each language is called, and with which program. */
export const INTERPRETERS: Readonly<Record<Language, { readonly ending: string; readonly command: readonly string[] }>> = {
  sh: { ending: 'sh', command: ['/bin/sh', '-eu'] },
  r: { ending: 'R', command: ['Rscript', '--vanilla'] },
  // Debian's own: it has the requests of apt, another python3 earlier in PATH may not.
  python: { ending: 'py', command: ['/usr/bin/python3'] },
  ts: { ending: 'ts', command: [process.execPath] },
}

/** Finds the blocks of a page. Blocks of other languages (ini, json, text, console output) are no code to run. */
export function findBlocks(file: string, markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = []
  const lines = markdown.split('\n')
  let lastWords = ''
  for (let at = 0; at < lines.length; at++) {
    const language = FENCE.exec(lines[at] ?? '')?.[1]
    if (language === undefined) {
      if (lines[at]?.trim()) lastWords = lines[at] ?? ''
      continue
    }
    const end = lines.findIndex((text, index) => index > at && FENCE.test(text))
    const code = lines.slice(at + 1, end === -1 ? undefined : end).join('\n')
    const notRun = MARK.exec(lastWords)?.[1]
    if (isLanguage(language)) {
      const prints = end === -1 ? undefined : textBelow(lines, end + 1)
      const more = { ...(notRun === undefined ? {} : { notRun }), ...(prints === undefined ? {} : { prints }) }
      blocks.push({ file, line: at + 1, language, code, ...more })
    }
    lastWords = ''
    if (end === -1) break
    at = end
  }
  return blocks
}

/** The `text` block that follows with nothing but empty lines between. */
function textBelow(lines: readonly string[], from: number): string | undefined {
  const at = lines.findIndex((line, index) => index >= from && line.trim() !== '')
  if (at === -1 || FENCE.exec(lines[at] ?? '')?.[1] !== 'text') return undefined
  const end = lines.findIndex((line, index) => index > at && FENCE.test(line))
  return lines.slice(at + 1, end === -1 ? undefined : end).join('\n')
}

/** Whether a block belongs into the shell of whoever runs the server, outside any session. */
export function isForOperators(block: CodeBlock): boolean {
  return block.language === 'sh' && /(^|\s)\.\/benchkey\b/.test(block.code)
}

/** The parts of an output that are new each time, by what they look like. */
const VARIABLE: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\b[A-HJ-NP-Z2-9]{5}(?:-[A-HJ-NP-Z2-9]{5}){3}\b/g, 'PASSWORD'],
  [/(?<![\w-])[\w-]{43}(?![\w-])/g, 'TOKEN'],
  [/\b\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?\b/g, 'DATE'],
  [/\/\S+(?=\/(?:benchkey\.conf|config)\b)/g, 'FOLDER'],
  [/(?<="expires_in":)\d+/g, 'SECONDS'],
  [/(?<=localhost:)\d+/g, 'PORT'],
]

/** An output with its variable parts named, so that what a page shows and what came out can be compared. */
export function withoutVariables(output: string): string {
  const named = VARIABLE.reduce((text, [pattern, name]) => text.replace(pattern, name), output)
  return named.trimEnd()
}

/** What keeps a page's blocks from being run or excused, one line each. */
export function findUnmarked(file: string, markdown: string): readonly string[] {
  const findings = findBlocks(file, markdown)
    .filter((block) => block.notRun === '')
    .map((block) => `${file}:${block.line}: "not run:" must say why`)
  let open = false
  for (const [index, line] of markdown.split('\n').entries()) {
    const language = FENCE.exec(line)?.[1]
    if (language === undefined) continue
    const known = open ? undefined : ALIASES[language]
    if (known)
      findings.push(`${file}:${index + 1}: write \`${known}\` instead of \`${language}\`, so that the tests run the block`)
    open = !open
  }
  if (open) findings.push(`${file}: the last block is not closed`)
  return findings
}

/** Links and pictures of a page that lead to no file of the checkout, one line each. Links to other sites are not followed. */
export function findBrokenLinks(root: string, file: string, markdown: string): readonly string[] {
  return markdown.split('\n').flatMap((line, index) =>
    [...line.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(file), target)))
      .map((target) => `${file}:${index + 1}: there is no ${target}`),
  )
}

/** Runs one block in its environment; rejects when its interpreter cannot be started. */
export function runBlock(block: CodeBlock, environment: BlockEnvironment, scratch: string): Promise<BlockResult> {
  const { ending, command } = INTERPRETERS[block.language]
  mkdirSync(scratch, { recursive: true })
  const script = join(mkdtempSync(join(scratch, 'block-')), `block.${ending}`)
  writeFileSync(script, `${block.code}\n`)
  const [program = '', ...args] = [...environment.prefix, ...command, script]
  const env = { ...process.env, ...environment.variables }
  return new Promise((answer, reject) => {
    execFile(program, args, { cwd: environment.cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code === 'string') reject(error)
      else answer({ exitCode: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` })
    })
  })
}

function isLanguage(word: string): word is Language {
  return LANGUAGES.has(word)
}
