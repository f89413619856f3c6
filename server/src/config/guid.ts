import { createHash } from 'node:crypto'
import type { Parsed } from './option-table.ts'

/** RFC 9562 appendix: the name space for URLs. */
const URL_NAMESPACE = Buffer.from('6ba7b8119dad11d180b400c04fd430c8', 'hex')

/** The Integration ID of a section without `guid`: UUIDv5 of `benchkey:` + section, the same on every node (wire.md). RFC 9562 §5.5. */
export function guidOfSection(section: string): string {
  const bytes = createHash('sha1').update(URL_NAMESPACE).update(`benchkey:${section}`, 'utf8').digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const digits = bytes.toString('hex')
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-')
}

/** A GUID in lower case. */
export function guid(text: string): Parsed<string> {
  const value = text.toLowerCase()
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value)) return { value }
  return { problem: 'is not a GUID; write 32 hexadecimal digits as 8-4-4-4-12.' }
}
