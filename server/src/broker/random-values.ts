import { hash, timingSafeEqual } from 'node:crypto'
import type { Effects } from '../domain/effects.ts'

type Random = Pick<Effects, 'randomBytes'>

/** A new secret of 256 random bits, base64url: state, PKCE verifier (RFC 7636 §4.1), browser session, attempt cookie. */
export function newSecret(effects: Random): string {
  return Buffer.from(effects.randomBytes(32)).toString('base64url')
}

/** Whether a text can be one of ours at all; anything else is not even looked up. */
export function looksLikeSecret(value: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(value)
}

/** The form in which secrets are stored and compared: SHA-256, hexadecimal. */
export function sha256(value: string): string {
  return hash('sha256', value, 'hex')
}

/** Compares two SHA-256 values in constant time. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/** Crockford's base 32: no letter that is read as a digit. */
const REFERENCE_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** What a person reads out to find a line of the audit again: "7K2M-QX4P". */
export function newReference(effects: Random): string {
  const letters = [...effects.randomBytes(8)].map((byte) => REFERENCE_ALPHABET[byte % REFERENCE_ALPHABET.length])
  return `${letters.slice(0, 4).join('')}-${letters.slice(4).join('')}`
}
