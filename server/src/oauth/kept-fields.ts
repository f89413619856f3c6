import type { KeptField } from '../domain/integration.ts'
import type { Extra } from '../domain/stored-token.ts'
import { valueAt } from './json-pointer.ts'

/** Characters of one value; an instance URL or a tenant's name is far below. */
const LONGEST_VALUE = 2048
/** Bytes of all values of one reply, as JSON: they travel with every token. */
const MOST_BYTES = 4096
/** Shorter ones are found anywhere by chance. */
const SHORTEST_SECRET = 4

/** What was kept, and the names of what was there and is not fit to be kept. */
export interface KeptFields {
  readonly extra: Extra
  readonly leftOut: readonly string[]
}

/**
 * The fields of an allow-list in a reply: texts, numbers and flags, bounded. A text that holds one of the secrets is left out,
 * whatever it is called.
 */
export function keptFields(reply: unknown, fields: readonly KeptField[], secrets: readonly (string | undefined)[]): KeptFields {
  const confidential = secrets.filter((secret) => secret !== undefined && secret.length >= SHORTEST_SECRET) as string[]
  const kept: [string, string | number | boolean][] = []
  const leftOut: string[] = []
  for (const { name, pointer } of fields) {
    const value = valueAt(reply, pointer)
    if (value === undefined) continue
    const isFit = isKeepable(value) && !confidential.some((secret) => String(value).includes(secret))
    if (isFit && Buffer.byteLength(JSON.stringify([...kept, [name, value]])) <= MOST_BYTES) kept.push([name, value])
    else leftOut.push(name)
  }
  return { extra: Object.fromEntries(kept), leftOut }
}

function isKeepable(value: unknown): value is string | number | boolean {
  if (typeof value === 'string') return value.length <= LONGEST_VALUE
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
}
