import { hash } from 'node:crypto'

/** Life of a cookie value ahead of its last rotation, in milliseconds (wire.md: its date is 24 h ahead). */
export const RPC_COOKIE_LIFE_MS = 24 * 60 * 60 * 1000

/** A rotated-out value lives this much longer, in milliseconds. */
export const RPC_COOKIE_OVERLAP_MS = 120_000

/**
 * A new RPC cookie value: `user-id=<name>|<HTTP date>|<256 random bits>`, the date escaped with upper-case hex as Python's
 * client parses it (wire.md, *The RPC cookie*).
 */
export function makeRpcCookie(userName: string, expiresAt: Date, random: Uint8Array): string {
  const date = encodeURIComponent(expiresAt.toUTCString())
  return `user-id=${encodeURIComponent(userName)}|${date}|${Buffer.from(random).toString('base64url')}`
}

/** The form a cookie is stored in: SHA-256, hexadecimal. Attributes after `;` are not part of the value. */
export function rpcCookieHash(cookie: string): string {
  const end = cookie.indexOf(';')
  return hash('sha256', end === -1 ? cookie : cookie.slice(0, end).trimEnd(), 'hex')
}
