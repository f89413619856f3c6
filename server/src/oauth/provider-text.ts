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

/** The text with the mark in the place of every secret, however it is spelt; nothing but the mark if one is left in pieces. */
export function withoutSecrets(text: string, secrets: readonly string[], mark: string): string {
  const long = secrets.filter((secret) => secret.length >= SHORTEST_SECRET)
  let clean = text
  for (const spelling of spellingsOf(long)) clean = clean.replaceAll(spelling, mark)
  const decoded = withoutEncoding(clean)
  return long.some((secret) => decoded.includes(secret.replaceAll('+', ' '))) ? mark : clean
}

function cleaned(text: string, secrets: readonly string[], limit: number): string {
  const clean = withoutSecrets(text, secrets, REMOVED)
    .replace(LONG_RUN, (run) => (UUID.test(run) ? run : REMOVED))
    .replace(/\s+/g, ' ')
    .replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '?')
    .trim()
  return clean.length <= limit ? clean : `${clean.slice(0, limit - 3)}...`
}

/** A secret as it may come back: plain, percent-encoded, form-encoded, in JSON, in base64. */
function spellings(secret: string): readonly string[] {
  const encoded = encodeURIComponent(secret.toWellFormed())
  const formEncoded = new URLSearchParams({ s: secret }).toString().slice(2)
  const bytes = Buffer.from(secret, 'utf8')
  const inJson = JSON.stringify(secret).slice(1, -1)
  const all = [
    secret,
    encoded,
    formEncoded,
    inJson,
    inJson.replaceAll('/', '\\/'),
    bytes.toString('base64'),
    bytes.toString('base64url'),
  ]
  return all
}

/** Longest first, so that no rest stays behind where one is part of another. */
function spellingsOf(secrets: readonly string[]): readonly string[] {
  return [...new Set(secrets.flatMap(spellings))].sort((a, b) => b.length - a.length)
}

/** Every percent-encoded character decoded, whatever else the text holds: servers encode as much or as little as they like. */
function withoutEncoding(text: string): string {
  return text
    .replace(/(?:%[\da-f]{2})+/gi, (codes) => Buffer.from(codes.replaceAll('%', ''), 'hex').toString('utf8'))
    .replaceAll('+', ' ')
}
