import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'

/** Larger than any token reply known (Bitbucket's tokens have 2,500 characters); decoded bytes. */
export const BODY_LIMIT_BYTES = 256 * 1024

/** What was read of a body before it ended, grew too large, or the connection broke. */
export interface ReadBody {
  readonly bytes: Buffer
  readonly end: 'whole' | 'cut' | 'broken'
}

/** Reads a body up to a limit and keeps what it has when the connection breaks. */
export async function readBody(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<ReadBody> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk.subarray(0, limitBytes - size))
      size += chunk.length
      if (size > limitBytes) return { bytes: Buffer.concat(chunks), end: 'cut' }
    }
  } catch {
    // Whatever broke it, the words are the same; what was read may hold the only live refresh token.
    return { bytes: Buffer.concat(chunks), end: 'broken' }
  }
  return { bytes: Buffer.concat(chunks), end: 'whole' }
}

/** Undone as far as they can be, or why not. */
export interface DecodedBody {
  readonly body: Buffer
  readonly brokenOff?: string
}

/**
 * Undoes the content codings, inflating no further than the limit. Codings nobody asked for are undone too: some servers always
 * compress. Others say that they do and do not, or do and do not say: after a rotation their bytes hold the only live tokens.
 */
export function decodeBody(raw: Buffer, contentEncoding: string | undefined): DecodedBody {
  const told = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((c) => c !== '' && c !== 'identity')
  const codings = told.length === 0 && isGzip(raw) ? ['gzip'] : told
  const decoded = codings.length > 2 ? undecoded('answered in an unknown encoding') : decodeAll(raw, codings.reverse())
  return decoded.brokenOff !== undefined && decoded.brokenOff !== TOO_MUCH && isObject(raw) ? { body: raw } : decoded
}

function decodeAll(raw: Buffer, codings: readonly string[]): DecodedBody {
  let body = raw
  for (const coding of codings) {
    const decode = DECODERS[coding]
    if (!decode) return undecoded('answered in an unknown encoding')
    try {
      body = decode(body)
    } catch (error) {
      const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
      return undecoded(isTooLarge ? TOO_MUCH : 'answered with data that cannot be decoded')
    }
  }
  return { body }
}

const TOO_MUCH = 'answered more than 256 KiB'

const undecoded = (brokenOff: string): DecodedBody => ({ body: Buffer.alloc(0), brokenOff })

/** RFC 1952 §2.3.1. */
const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** JSON as it is: no compressed stream that was told begins so and fails. */
const isObject = (bytes: Buffer): boolean => bytes[0] === '{'.charCodeAt(0)

/** A stream that breaks off is given as far as it goes, like a plain body. */
const LIMIT = { maxOutputLength: BODY_LIMIT_BYTES, finishFlush: constants.Z_SYNC_FLUSH }
const BROTLI_LIMIT = { maxOutputLength: BODY_LIMIT_BYTES, finishFlush: constants.BROTLI_OPERATION_FLUSH }

const DECODERS: Readonly<Record<string, ((bytes: Buffer) => Buffer) | undefined>> = {
  gzip: (bytes) => gunzipSync(bytes, LIMIT),
  'x-gzip': (bytes) => gunzipSync(bytes, LIMIT),
  br: (bytes) => brotliDecompressSync(bytes, BROTLI_LIMIT),
  // RFC 9110 §8.4.1.2: zlib's format is meant, some servers send the bare deflate stream.
  deflate: (bytes) =>
    ((bytes[0] ?? 0) & 0x0f) === 8 && ((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)) % 31 === 0
      ? inflateSync(bytes, LIMIT)
      : inflateRawSync(bytes, LIMIT),
}
