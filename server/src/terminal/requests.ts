import type { TerminalRequest } from '@benchkey/sdk/pages'

/** A page that asks for more has gone wrong: no screen is that large. */
const MOST_COLUMNS = 1_000
const MOST_ROWS = 500

/** One message of a page; undefined when it is none that a page sends. */
export function parseRequest(text: string): TerminalRequest | undefined {
  const value = parseObject(text)
  switch (value?.type) {
    case 'input':
      return typeof value.text === 'string' ? { type: 'input', text: value.text } : undefined
    case 'start':
      return typeof value.shell === 'string' ? { type: 'start', shell: value.shell } : undefined
    case 'size': {
      const [columns, rows] = [whole(value.columns, 2, MOST_COLUMNS), whole(value.rows, 1, MOST_ROWS)]
      return columns === undefined || rows === undefined ? undefined : { type: 'size', columns, rows }
    }
    case 'drawn': {
      const bytes = whole(value.bytes, 0, Number.MAX_SAFE_INTEGER)
      return bytes === undefined ? undefined : { type: 'drawn', bytes }
    }
    default:
      return undefined
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined // No JSON: not from our page.
  }
}

function whole(value: unknown, least: number, most: number): number | undefined {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most ? Number(value) : undefined
}
