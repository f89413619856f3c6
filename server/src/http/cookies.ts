/** The web login. `__Host-Http-`: script, even on another port of the host, can neither set nor read it. */
export const SESSION_COOKIE = '__Host-Http-benchkey-session'

const ATTEMPT_COOKIE_PREFIX = '__Host-Http-benchkey-attempt-'

/** Name of the cookie that binds one sign-in attempt to this browser. */
export function attemptCookieName(name: string): string {
  return ATTEMPT_COOKIE_PREFIX + name
}

/** RFC 6265 §4.1.1 cookie-octet, as our own values use it. */
const VALUE = /^[\w!#$%&'()*+./:<=>?@[\]^`{|}~-]*$/

/**
 * One cookie of a `Cookie` header. Undefined when it is missing, holds other characters than RFC 6265 §4.1.1 allows, or
 * stands there twice: which of two is ours cannot be told.
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined) return undefined
  let found: string | undefined
  for (const part of header.split(';')) {
    const separator = part.indexOf('=')
    if (separator < 0 || part.slice(0, separator).trim() !== name) continue
    if (found !== undefined) return undefined
    found = part.slice(separator + 1).trim()
  }
  return found !== undefined && found !== '' && VALUE.test(found) ? found : undefined
}

/** A `Set-Cookie` value. Without `maxAgeSeconds` the cookie ends with the browser; 0 removes it. */
export function setCookie(name: string, value: string, maxAgeSeconds?: number): string {
  const life = maxAgeSeconds === undefined ? '' : `; Max-Age=${maxAgeSeconds}`
  return `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=Lax${life}`
}
