import { type Comment, type Node, parseSync } from 'oxc-parser'
import type { TextFile } from './files.ts'

/** A parsed source file. */
export interface Syntax {
  readonly path: string
  readonly text: string
  readonly program: Node
  readonly comments: readonly Comment[]
  /** The line, from 1, of a character. */
  lineOf(at: number): number
}

/** Parses TypeScript; throws an Error naming the file when it is none. */
export function parse(file: TextFile): Syntax {
  const { program, comments, errors } = parseSync(file.path, file.text)
  const first = errors[0]
  if (first) throw new Error(`${file.path}: ${first.message}`)
  const starts = [0]
  for (let at = file.text.indexOf('\n'); at !== -1; at = file.text.indexOf('\n', at + 1)) starts.push(at + 1)
  return { path: file.path, text: file.text, program, comments, lineOf: (at) => lineIn(starts, at) }
}

function lineIn(starts: readonly number[], at: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((starts[middle] ?? 0) <= at) low = middle
    else high = middle - 1
  }
  return low + 1
}

/** Calls `visit` for a node and everything below it, with the nodes above, nearest last. */
export function walk(node: Node, visit: (node: Node, above: readonly Node[]) => void, above: readonly Node[] = []): void {
  visit(node, above)
  const here = [...above, node]
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit, here)
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && 'start' in value
}
