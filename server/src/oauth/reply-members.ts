import type { Leniency } from './leniency.ts'

/** Longer lives are milliseconds, instants or "never" in disguise. */
const LONGEST_LIFE_SECONDS = 10 * 365 * 24 * 60 * 60
const DEFAULT_TOKEN_TYPE = 'Bearer'

/**
 * A life in whole seconds > 0, or undefined when the value tells none or nonsense. RFC 6749 §5.1 `expires_in`. `perSecond`: how
 * many of its units make a second.
 */
export function countOf(value: unknown, leniencies: Leniency[], perSecond = 1): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string') leniencies.push('expires_in as text')
  const written = typeof value === 'string' && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value
  const number = typeof written === 'number' ? written / perSecond : Number.NaN
  if (!(number > 0) || number > LONGEST_LIFE_SECONDS) {
    leniencies.push('expires_in without sense')
    return undefined
  }
  if (!Number.isInteger(number)) leniencies.push('expires_in not whole')
  return Math.max(1, Math.floor(number))
}

/** From this number on, seconds since 1970 would be in the year 5138, and milliseconds are in 1973. */
const LEAST_MILLISECONDS = 100_000_000_000
/** RFC 3339, and its usual relatives: a blank for the T, no seconds, no zone (then UTC is meant). */
const INSTANT = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?([Zz]|[+-]\d{2}:?\d{2})?$/

/** An instant written as text or as seconds or milliseconds since 1970; undefined when it is none. */
export function instantOf(value: unknown): Date | undefined {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return undefined
  if (/^\d{1,16}(\.\d+)?$/.test(text)) {
    const number = Number(text)
    return new Date(number < LEAST_MILLISECONDS ? number * 1000 : number)
  }
  const [, day, time, zone = 'Z'] = INSTANT.exec(text.trim()) ?? []
  const atMs = Date.parse(`${day}T${time}${zone.toUpperCase()}`)
  return Number.isNaN(atMs) ? undefined : new Date(atMs)
}

/** The scopes of a reply, however joined; undefined when it tells none. RFC 6749 §3.3. */
export function scopesOf(value: unknown, leniencies: Leniency[]): readonly string[] | undefined {
  if (Array.isArray(value)) leniencies.push('scope as list')
  if (typeof value === 'string' && value.includes(',')) leniencies.push('scope with commas')
  const texts = Array.isArray(value) ? value : [value]
  const scopes = texts.filter((text) => typeof text === 'string').flatMap((text) => text.split(/[\s,]+/))
  const known = [...new Set(scopes.filter((scope) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)))]
  return known.length === 0 ? undefined : known
}

/** The token type as the server wrote it, `Bearer` when it wrote none that could be one. RFC 6749 §7.1. */
export function tokenTypeOf(value: unknown, leniencies: Leniency[]): string {
  if (typeof value === 'string' && /^[\w.-]{1,40}$/.test(value)) return value
  leniencies.push('token_type missing')
  return DEFAULT_TOKEN_TYPE
}

/** What is said about a token, and never is one. */
const WORDS_ABOUT_TOKENS =
  /invalid|expired|required|missing|revoked|malformed|filtered|redacted|not.?(found|valid)|^(null|nil|none|undefined|true|false)$/i

/**
 * Whether a text that stands where a refresh token belongs, in a reply without an access token, may be one. Services that check what
 * they are sent name the field and say what is wrong with it; such words must never take the place of a token that lives.
 */
export function mayBeRefreshToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text) && !/\*{4}|[<>[\]]/.test(text) && !WORDS_ABOUT_TOKENS.test(text)
}
