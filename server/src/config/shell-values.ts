import type { Parsed } from './option-table.ts'

/** Behind a backslash between double quotes, these lose it. POSIX shell, §2.2.3. */
const ESCAPED_IN_QUOTES = new Set(['"', '\\', '$', '`'])

/**
 * The value of `NAME=value` as a shell would read it: without quotes and a comment behind it. Blanks may stand in it without
 * quotes; nothing is replaced or run.
 */
export function unquoted(text: string): Parsed<string> {
  let value = ''
  let at = 0
  while (at < text.length) {
    const next = text[at] ?? ''
    if (next === '#' && /^$|[ \t]/.test(text[at - 1] ?? '')) break
    if (next === '$' || next === '`') return { problem: REPLACED }
    if (next === "'") {
      const end = text.indexOf("'", at + 1)
      if (end === -1) return { problem: OPEN_QUOTE }
      value += text.slice(at + 1, end)
      at = end + 1
    } else if (next === '"') {
      const quoted = inDoubleQuotes(text, at + 1)
      if ('problem' in quoted) return quoted
      value += quoted.value
      at = quoted.end
    } else if (next === '\\') {
      if (at + 1 === text.length) return { problem: 'goes on in the next line; write the whole value in one line.' }
      value += text[at + 1]
      at += 2
    } else {
      value += next
      at += 1
    }
  }
  return { value: value.trim() }
}

function inDoubleQuotes(
  text: string,
  start: number,
): { readonly value: string; readonly end: number } | { readonly problem: string } {
  let value = ''
  for (let at = start; at < text.length; at += 1) {
    const next = text[at] ?? ''
    if (next === '"') return { value, end: at + 1 }
    if (next === '$' || next === '`') return { problem: REPLACED }
    const isEscape = next === '\\' && ESCAPED_IN_QUOTES.has(text[at + 1] ?? '')
    if (isEscape) at += 1
    value += text[at]
  }
  return { problem: OPEN_QUOTE }
}

const OPEN_QUOTE = 'has a quote without its end; write it, or %27 and %22 for quotes in a password.'
const REPLACED = "holds a $ or `, which nothing is put in the place of; write the value itself, between '…' or with %24 for a $."
