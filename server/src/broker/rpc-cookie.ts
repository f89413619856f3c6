import { hash } from 'node:crypto'
import type { Effects } from '../domain/effects.ts'
import type { Store } from '../store/store.ts'

/** How long a value opens the session RPC when no rotation follows, in milliseconds: a server may be down for most of a day. */
export const RPC_COOKIE_LIFE_MS = 24 * 60 * 60 * 1000

/** A rotated-out value lives this much longer, in milliseconds. */
export const RPC_COOKIE_OVERLAP_MS = 120_000

/**
 * How far ahead the date in a value lies, in milliseconds. `posit-sdk` keeps a value until its date and reads the file again
 * only then: the date has to lie between the next rotation (30 min) and the end of the value before (2 min later).
 */
const RPC_COOKIE_DATE_MS = 31 * 60 * 1000

/**
 * A new RPC cookie value: `user-id=<name>|<HTTP date>|<256 random bits>`, the date escaped with upper-case hex as Python's
 * client parses it (wire.md, *The RPC cookie*). The date tells clients when to look for the next value; the server never reads it.
 */
export function makeRpcCookie(userName: string, readAgainAt: Date, random: Uint8Array): string {
  const date = encodeURIComponent(readAgainAt.toUTCString())
  return `user-id=${encodeURIComponent(userName)}|${date}|${Buffer.from(random).toString('base64url')}`
}

/** The form a cookie is stored in: SHA-256, hexadecimal. Attributes after `;` are not part of the value. */
export function rpcCookieHash(cookie: string): string {
  const end = cookie.indexOf(';')
  return hash('sha256', end === -1 ? cookie : cookie.slice(0, end).trimEnd(), 'hex')
}

/** A new cookie and how it is stored. `endsAt`: of a session whose cookie is never replaced; clients keep it until then. */
export function mintRpcCookie(
  { store, effects }: { readonly store: Pick<Store, 'now'>; readonly effects: Pick<Effects, 'randomBytes'> },
  userName: string,
  endsAt?: Date,
): { readonly cookie: string; readonly cookieHash: string; readonly expiresAt: Date } {
  const now = store.now().getTime()
  const expiresAt = endsAt ?? new Date(now + RPC_COOKIE_LIFE_MS)
  const cookie = makeRpcCookie(userName, endsAt ?? new Date(now + RPC_COOKIE_DATE_MS), effects.randomBytes(32))
  return { cookie, cookieHash: rpcCookieHash(cookie), expiresAt }
}
