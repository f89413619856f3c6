import type { JsonPointer } from '../domain/integration.ts'

/** The value at a place of a reply; undefined when nothing, or null, stands there. Never a member of a prototype. RFC 6901 §4. */
export function valueAt(document: unknown, pointer: JsonPointer): unknown {
  let value = document
  for (const name of pointer) {
    if (typeof value !== 'object' || value === null || !isOwn(value, name)) return undefined
    value = (value as Readonly<Record<string, unknown>>)[name]
  }
  return value ?? undefined
}

/** An array has its elements only, by RFC 6901's spelling of a number. */
function isOwn(value: object, name: string): boolean {
  return Object.hasOwn(value, name) && (!Array.isArray(value) || /^(0|[1-9]\d*)$/.test(name))
}

/**
 * Finds the text at a place of a JSON document that broke off: members in their objects, one inside the other, with no other
 * object before them. It answers the JSON literal.
 */
export function literalInFragment(text: string, pointer: JsonPointer): string | undefined {
  const names = pointer.map((name) => `${JSON.stringify(name).replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}\\s*:\\s*`)
  return new RegExp(`${names.join('\\{[^{}]*?')}("(?:[^"\\\\]|\\\\.)+")`).exec(text)?.[1]
}

/** The JSON literal of a text under that name anywhere in a JSON document, whole or not; undefined when there are different ones. */
export function soleLiteral(text: string, name: string): string | undefined {
  const pattern = new RegExp(`${JSON.stringify(name)}\\s*:\\s*("(?:[^"\\\\]|\\\\.)+")`, 'g')
  const [first, ...others] = new Set(Array.from(text.matchAll(pattern), ([, literal]) => literal))
  return others.length === 0 ? first : undefined
}

/** The value of that name in a form; in one that broke off only if another pair follows, for it may end within the value. */
export function textInForm(text: string, name: string, isWhole: boolean): string | undefined {
  if (!/^[\w.%+-]+=[^\s<>{}"]*$/.test(text)) return undefined
  const pairs = isWhole ? text : text.slice(0, Math.max(0, text.lastIndexOf('&')))
  return new URLSearchParams(pairs).get(name) || undefined
}
