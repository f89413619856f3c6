import type { KeptField } from '../domain/integration.ts'
import { isSecretName, jsonPointer } from './json-pointers.ts'
import type { Parsed } from './option-table.ts'
import { wordList } from './values.ts'

/** More than this is somebody's whole profile. */
const MOST_FIELDS = 20
const NAME = /^[A-Za-z0-9_.:@-]{1,64}$/

/** Fields of a token reply: names of its members, or JSON pointers, whose parts a full stop joins. */
export function keptTokenFields(text: string): Parsed<readonly KeptField[]> {
  const words = fieldNames(text)
  if ('problem' in words) return words
  const fields: KeptField[] = []
  for (const word of words.value) {
    const pointer = word.startsWith('/') ? jsonPointer(word) : { value: [word] }
    if ('problem' in pointer) return pointer
    const name = pointer.value.join('.')
    const problem = pointer.value.map(nameProblem).find((one) => one !== undefined) ?? nameProblem(name)
    if (problem !== undefined) return { problem }
    if (fields.some((other) => other.name === name)) return { problem: `gives two fields the name ${name}; keep one of them.` }
    fields.push({ name, pointer: pointer.value })
  }
  return { value: fields }
}

/** Parameters of the authorization response besides those of the protocol. RFC 6749 §4.1.2, RFC 9207. */
export function keptCallbackFields(text: string): Parsed<readonly string[]> {
  const words = fieldNames(text)
  if ('problem' in words) return words
  for (const name of words.value) {
    const problem = nameProblem(name)
    if (problem !== undefined) return { problem }
    if (name === 'iss' || name.startsWith('error')) return { problem: `may not name ${name}, which Benchkey reads itself.` }
  }
  return words
}

function fieldNames(text: string): Parsed<readonly string[]> {
  const words = wordList('field')(text)
  if ('value' in words && words.value.length > MOST_FIELDS) return { problem: `names more than ${MOST_FIELDS} fields.` }
  return words
}

function nameProblem(name: string): string | undefined {
  if (!NAME.test(name) || name === '__proto__')
    return 'holds a name that is too long or has odd characters; letters, digits and _ . : @ - are fine.'
  return isSecretName(name) ? `may not name ${name}, for a session never gets secrets beside its token.` : undefined
}
