const TEXT_LIMIT = 200
const CODE_LIMIT = 80
/** Shorter values are common words, whose removal would garble every text. */
const SHORTEST_SECRET = 4
const REMOVED = '[removed]'
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
/** Runs this long are keys and tokens, not words; trace ids (UUIDs) stay. */
const LONG_RUN = /[\w.~+/=-]{32,}/g

/**
 * A provider's own words, fit to be shown and logged: RFC 6749 §5.2's character set, at most 200 characters, without anything
 * that was sent in confidence or looks like a token. Empty when nothing is left.
 */
export function providerText(text: string, secrets: readonly string[]): string {
  return cleaned(text, secrets, TEXT_LIMIT)
}

/** A provider's error code, fit to be shown and logged; at most 80 characters. */
export function providerErrorCode(code: string, secrets: readonly string[]): string {
  return cleaned(code, secrets, CODE_LIMIT)
}

function cleaned(text: string, secrets: readonly string[], limit: number): string {
  let clean = text
  for (const secret of secrets.flatMap(spellings)) clean = clean.replaceAll(secret, REMOVED)
  clean = clean.replace(LONG_RUN, (run) => (UUID.test(run) ? run : REMOVED))
  clean = clean
    .replace(/\s+/g, ' ')
    .replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?')
    .trim()
  return clean.length <= limit ? clean : `${clean.slice(0, limit - 3)}...`
}

/** A secret as it may come back: plain, percent-encoded, form-encoded, in base64. Longest first, so that no rest stays behind. */
function spellings(secret: string): readonly string[] {
  if (secret.length < SHORTEST_SECRET) return []
  const formEncoded = new URLSearchParams({ s: secret }).toString().slice(2)
  const base64 = Buffer.from(secret, 'utf8').toString('base64')
  return [...new Set([secret, encodeURIComponent(secret), formEncoded, base64])].sort((a, b) => b.length - a.length)
}
