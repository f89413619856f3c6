import type { IncomingHttpHeaders } from 'node:http'

/** What browsers and other credentials bring along; a program in a session sends none of them (security.md, *Web*). */
const REFUSED_HEADERS = ['origin', 'cookie', 'sec-fetch-site', 'sec-fetch-dest', 'authorization'] as const

/** The header for which a request is none of a program in a session; undefined when it has none such. `taken`: one that may be. */
export function refusedHeaderOf(
  headers: IncomingHttpHeaders,
  taken?: 'authorization',
): (typeof REFUSED_HEADERS)[number] | undefined {
  return REFUSED_HEADERS.find((name) => headers[name] !== undefined && name !== taken)
}

/** A request of the session RPC, parsed: what `/oauth_token` needs of it. */
export interface TokenCall {
  /** Lower case; whether such an integration exists is the broker's question. */
  readonly uid: string
  /** Undefined: the default of the integration. */
  readonly minTtlMs: number | undefined
}

/** A token that must live longer than a year cannot be promised by anyone. */
const LONGEST_MIN_TTL_SECONDS = 366 * 24 * 60 * 60

/** The JSON object of a body, or the reason in words why there is none. The two clients send no other shape. */
export function parseBody(body: Buffer): Readonly<Record<string, unknown>> | string {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    return body.length === 0 ? 'the body is empty, a JSON object belongs there' : 'the body is not JSON'
  }
  return isObject(value) ? value : 'the body is not a JSON object'
}

/** The arguments of `/oauth_token`, or the reason in words why they are not understood. */
function parseTokenCall(body: Buffer): TokenCall | string {
  const call = parseBody(body)
  if (typeof call === 'string') return call
  const { kwparams } = call
  if (!isObject(kwparams)) return 'kwparams is not an object with the member uuid'
  const { uuid, min_ttl: minTtl } = kwparams
  if (uuid === undefined) return 'kwparams.uuid, the Integration ID, is missing'
  if (typeof uuid !== 'string') return 'kwparams.uuid, the Integration ID, is not a text'
  if (minTtl === undefined) return { uid: uuid.toLowerCase(), minTtlMs: undefined }
  if (typeof minTtl !== 'number' || !Number.isInteger(minTtl) || minTtl < 0 || minTtl > LONGEST_MIN_TTL_SECONDS) {
    return `kwparams.min_ttl is not a whole number of seconds from 0 to ${LONGEST_MIN_TTL_SECONDS}`
  }
  return { uid: uuid.toLowerCase(), minTtlMs: minTtl * 1000 }
}

/** The token a report names, in lower case; undefined when it names none. */
export function fingerprintIn({ fingerprint }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof fingerprint === 'string' && /^[0-9a-f]{16}$/i.test(fingerprint) ? fingerprint.toLowerCase() : undefined
}

/** Bodies of calls are some 90 bytes; longer ones are not kept. */
const KEPT_BODY_BYTES = 256
const KEPT_CALLS = 1024

/** Understood calls by their bytes: the sessions of a server ask for the same few integrations again and again. */
export class TokenCalls {
  #kept = new Map<string, TokenCall>()

  /** As `parseTokenCall`. */
  parse(body: Buffer): TokenCall | string {
    if (body.length > KEPT_BODY_BYTES) return parseTokenCall(body)
    const bytes = body.toString('latin1')
    const known = this.#kept.get(bytes)
    if (known) return known
    const call = parseTokenCall(body)
    if (typeof call === 'string') return call
    if (this.#kept.size >= KEPT_CALLS) this.#kept = new Map()
    this.#kept.set(bytes, call)
    return call
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
