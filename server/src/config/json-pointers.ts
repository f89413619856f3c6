import type { JsonPointer } from '../domain/integration.ts'
import type { Parsed } from './option-table.ts'

/** No token reply known is deeper. */
const MOST_PARTS = 8

/** What a session must never find under `extra`, and nobody on a page, wherever it stands (wire.md: never a refresh token). */
const SECRET = /(access|refresh|id)_?token|secret|password|assertion|private_?key|code_verifier|^token$|^code$|^state$/i

/** Whether services call a secret so. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name)
}

/** A place of something that is shown: none where services send a secret. */
export function shownPointer(text: string): Parsed<JsonPointer> {
  const pointer = jsonPointer(text)
  const secret = 'value' in pointer ? pointer.value.find(isSecretName) : undefined
  return secret === undefined ? pointer : { problem: `may not name ${secret}, for what stands there is shown to people.` }
}

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
