import type { JsonPointer } from '../domain/integration.ts'
import type { Parsed } from './option-table.ts'

/** No token reply known is deeper. */
const MOST_PARTS = 8

/** A place in a token reply, as a JSON pointer: `/outer/inner`. RFC 6901 §3, §4. */
export function jsonPointer(text: string): Parsed<JsonPointer> {
  if (!text.startsWith('/') || /\p{Cc}/u.test(text)) return { problem: 'is not a JSON pointer; write /member or /outer/inner.' }
  if (/~(?![01])/.test(text))
    return { problem: 'holds a ~ that stands for nothing; write ~0 for the sign itself, ~1 for a slash.' }
  const parts = text.slice(1).split('/')
  if (parts.includes('')) return { problem: 'is a JSON pointer with an empty name; write /member or /outer/inner.' }
  if (parts.length > MOST_PARTS) return { problem: `leads through more than ${MOST_PARTS} members; no token reply is so deep.` }
  return { value: parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')) }
}
