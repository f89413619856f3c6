import { NotSent } from './transport.ts'

/** The time limit given to a step was used up. */
export class TimeUp extends Error {
  override readonly name = 'TimeUp'

  constructor(ms: number) {
    super(`timed out after ${ms / 1000} s`)
  }
}

const NETWORK_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'closed the connection',
  EPIPE: 'closed the connection',
  UND_ERR_SOCKET: 'closed the connection',
  ENOTFOUND: 'host name not found',
  ENODATA: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the host',
  EADDRNOTAVAIL: 'no route to the host',
  ETIMEDOUT: 'timed out',
  UND_ERR_HEADERS_OVERFLOW: 'answered with headers of more than 16 KiB',
  // Two lengths, or a length beside chunks: undici finds it while it reads the headers.
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'answered something that is not HTTP',
  EMFILE: 'this server has no free file descriptors',
  ENFILE: 'this server has no free file descriptors',
}

const UNKNOWN_AUTHORITY = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_UNTRUSTED',
])

const OTHER_CERTIFICATE_WORDS: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  HOSTNAME_MISMATCH: 'its certificate is for another host',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  CERT_SIGNATURE_FAILURE: 'its certificate is not signed correctly',
  CERT_REJECTED: 'its certificate was rejected',
  INVALID_CA: 'its certificate is from an authority that may not issue it',
  INVALID_PURPOSE: 'its certificate is not meant for a server',
  PATH_LENGTH_EXCEEDED: 'its certificate is from an authority that may not issue it',
  CERT_CHAIN_TOO_LONG: 'its chain of certificates is too long',
  CA_MD_TOO_WEAK: 'its certificate is signed too weakly',
  EE_KEY_TOO_SMALL: 'its certificate has too small a key',
  CA_KEY_TOO_SMALL: 'its certificate has too small a key',
}

/** ui.md's {reason} words for an error of the network. */
export function networkWords(error: unknown): string {
  if (error instanceof TimeUp) return error.message
  const code = codeOf(error)
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return 'could not agree on a safe connection'
  if (error instanceof Error && error.name === 'HTTPParserError') return 'answered something that is not HTTP'
  return NETWORK_WORDS[code] ?? 'the connection failed'
}

/** What a failure before the first byte means. `certificateEnd`: until when the server's certificate was good. */
export function notSentBecause(error: unknown, certificateEnd: Date | undefined): NotSent {
  if (error instanceof NotSent) return error
  const code = codeOf(error)
  if (code === 'CERT_HAS_EXPIRED') {
    const when = certificateEnd ? `its certificate expired on ${dayOf(certificateEnd)}` : 'its certificate has expired'
    return new NotSent('certificate', when, error)
  }
  if (UNKNOWN_AUTHORITY.has(code)) return new NotSent('certificate', 'its certificate is from an unknown authority', error)
  const other = OTHER_CERTIFICATE_WORDS[code]
  if (other !== undefined) return new NotSent('certificate', other, error)
  return new NotSent('network', networkWords(error), error)
}

/** The same failure on the way to the proxy, in words that say whose it is. */
export function ofProxy({ reason, words, cause }: NotSent, proxy: string): NotSent {
  if (words.startsWith('this server')) return new NotSent(reason, words, cause)
  const isPredicate = /^(refused|closed|timed|could not|answered)/.test(words)
  return new NotSent(reason, `the proxy ${proxy}${isPredicate ? '' : ':'} ${words}`, cause)
}

/** "21 Nov 2025", in UTC. */
function dayOf(at: Date): string {
  return at.toUTCString().slice(5, 16).replace(/^0/, '')
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return ''
}
