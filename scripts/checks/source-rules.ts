import type { Node } from 'oxc-parser'
import type { Check } from './check.ts'
import { isTest, projectFiles, sources, type TextFile } from './files.ts'
import { parse, type Syntax, walk } from './syntax.ts'

/** The aim is 40 lines and 300 lines (style.md, rule 6); these are the bounds that no one passes. */
const LONGEST_FUNCTION = 60
/** A component is mostly markup, one attribute a line. */
const LONGEST_COMPONENT = 80
const LONGEST_FILE = 350

type Report = (at: Node, words: string) => void

/** A rule over the syntax of some source files. */
interface Rule {
  readonly name: string
  readonly files: (files: readonly TextFile[]) => readonly TextFile[]
  readonly inspect: (syntax: Syntax, report: Report) => void
}

const product = (files: readonly TextFile[]) =>
  sources(files, 'server/src/', 'sdk/', 'web/src/', 'web/terminal/src/', 'vscode/src/')
const everything = (files: readonly TextFile[]) =>
  sources(files, 'server/', 'sdk/', 'web/src/', 'web/terminal/src/', 'vscode/src/', 'scripts/', 'bench/')
const pureRooms = (files: readonly TextFile[]) => sources(files, 'server/src/broker/', 'server/src/oauth/', 'server/src/domain/')
const tests = (files: readonly TextFile[]) => files.filter(({ path }) => isTest(path))

const length: Rule = {
  name: 'length',
  files: everything,
  inspect: ({ path, program, text, lineOf }, report) => {
    const bound = path.endsWith('.tsx') ? LONGEST_COMPONENT : LONGEST_FUNCTION
    const lines = text.split('\n').length - 1
    if (lines > LONGEST_FILE) report(program, `the file has ${lines} lines, the bound is ${LONGEST_FILE}`)
    walk(program, (node) => {
      if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return
      const count = lineOf(node.end) - lineOf(node.start) + 1
      if (count > bound) report(node, `a function has ${count} lines, the bound is ${bound}`)
    })
  },
}

/** Where a process begins: its arguments and its environment come in here. */
const ENTRIES = new Set(['server/src/bin.ts', 'server/src/terminal/main.ts'])

const environment: Rule = {
  name: 'environment',
  files: (files) => sources(files, 'server/src/').filter(({ path }) => !ENTRIES.has(path)),
  inspect: ({ program }, report) =>
    walk(program, (node) => {
      if (nameOf(node) === 'process.env') report(node, 'process.env is read where a process begins only, in bin.ts')
    }),
}

const OUTSIDE_WORLD = new Set(['Date.now', 'AbortSignal.timeout', 'performance.now', 'Math.random', 'process.hrtime'])
const TIMERS = new Set(['setTimeout', 'setInterval', 'setImmediate'])

const effects: Rule = {
  name: 'effects',
  files: pureRooms,
  inspect: ({ program }, report) => {
    walk(program, (node, above) => {
      const name = nameOf(node)
      const parent = above.at(-1)
      const called = parent?.type === 'CallExpression' && parent.callee === node
      if (name !== undefined && (OUTSIDE_WORLD.has(name) || (TIMERS.has(name) && called))) {
        report(node, `${name} must come in as an argument (domain/effects.ts)`)
      }
      if (node.type === 'NewExpression' && nameOf(node.callee) === 'Date' && node.arguments.length === 0) {
        report(node, 'the present must come in as an argument (domain/effects.ts)')
      }
    })
    for (const statement of topLevel(program)) {
      if (statement.type === 'VariableDeclaration' && isState(statement)) report(statement, 'a module keeps no state')
    }
  },
}

const FORBIDDEN = /(?<![\w-])(please|oops|invalid|successfully|an error occurred)(?![\w-])/i

const words: Rule = {
  name: 'words',
  files: product,
  inspect: ({ program }, report) =>
    walk(program, (node) => {
      const found = FORBIDDEN.exec(textOf(node) ?? '')?.[1]
      if (found) report(node, `"${found}" says nothing to a reader: fact first, then what to do`)
    }),
}

const docstrings: Rule = {
  name: 'docstrings',
  files: (files) =>
    sources(
      files,
      'server/src/',
      'server/testing/',
      'sdk/',
      'web/src/',
      'web/terminal/src/',
      'vscode/src/',
      'scripts/',
      'bench/',
    ),
  inspect: (syntax, report) => {
    const ends = new Map(syntax.comments.filter((c) => c.type === 'Block' && c.value.startsWith('*')).map((c) => [c.end, c]))
    let last: string | undefined
    for (const statement of programBody(syntax.program)) {
      if (statement.type !== 'ExportNamedDeclaration' || !statement.declaration) continue
      const before = syntax.text.slice(0, statement.start).trimEnd().length
      const name = declaredName(statement.declaration)
      // The first of several overloads speaks for all.
      if (!ends.has(before) && name !== last) report(statement, `the exported ${name} has no sentence that says what it is`)
      last = name
    }
  },
}

const testRules: Rule = {
  name: 'tests',
  files: tests,
  inspect: ({ program, text }, report) => {
    walk(program, (node) => {
      const name = nameOf(node)
      if (name && /^(it|test|describe|suite)(\.\w+)*\.(only|skip|todo)$/.test(name)) report(node, `${name}: every test runs`)
      if (name && /^(xit|xtest|xdescribe|fit|fdescribe)$/.test(name)) report(node, `${name}: every test runs`)
      if (node.type === 'CallExpression' && /^expect\((true|false|1)\)/.test(text.slice(node.start, node.end))) {
        report(node, 'this expectation cannot fail')
      }
    })
  },
}

/** The rules of style.md that no tool brings, each a check of its own. */
export const sourceRules: readonly Check[] = [length, environment, effects, words, docstrings, testRules].map((rule) => ({
  name: rule.name,
  run: async (root) => {
    const findings: string[] = []
    for (const file of rule.files(projectFiles(root))) {
      const syntax = parse(file)
      rule.inspect(syntax, (at, text) => findings.push(`${file.path}:${syntax.lineOf(at.start)}: ${text}`))
    }
    return findings
  },
}))

/** `a`, `a.b` or `a.b.c` of a node that is just that. */
function nameOf(node: Node): string | undefined {
  if (node.type === 'Identifier') return node.name
  if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier') return undefined
  const object = nameOf(node.object)
  return object === undefined ? undefined : `${object}.${node.property.name}`
}

function textOf(node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  if (node.type === 'JSXText') return node.value
  return node.type === 'TemplateElement' ? (node.value.cooked ?? node.value.raw) : undefined
}

function programBody(program: Node): readonly Node[] {
  return program.type === 'Program' ? program.body : []
}

function topLevel(program: Node): readonly Node[] {
  return programBody(program).map((node) =>
    node.type === 'ExportNamedDeclaration' && node.declaration ? node.declaration : node,
  )
}

/** `let`, or a collection that begins empty and so can only be there to be filled. */
function isState(statement: Node): boolean {
  if (statement.type !== 'VariableDeclaration') return false
  if (statement.kind === 'let' || statement.kind === 'var') return true
  return statement.declarations.some(({ init }) => {
    if (init?.type !== 'NewExpression' || init.arguments.length > 0) return false
    return /^(Map|Set|WeakMap|WeakSet)$/.test(nameOf(init.callee) ?? '')
  })
}

function declaredName(declaration: Node): string {
  if (declaration.type === 'VariableDeclaration') {
    const id = declaration.declarations[0]?.id
    return id?.type === 'Identifier' ? id.name : 'constant'
  }
  return 'id' in declaration && declaration.id && 'name' in declaration.id ? String(declaration.id.name) : 'name'
}
