import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'

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

/** Undoes the content codings, inflating no further than the limit. Codings nobody asked for are undone too: some servers always compress. */
export function decodeBody(raw: Buffer, contentEncoding: string | undefined): { body: Buffer; brokenOff?: string } {
  const codings = (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((c) => c !== '' && c !== 'identity')
  if (codings.length > 2) return { body: Buffer.alloc(0), brokenOff: 'answered in an unknown encoding' }
  let body = raw
  for (const coding of codings.reverse()) {
    const decode = DECODERS[coding]
    if (!decode) return { body: Buffer.alloc(0), brokenOff: 'answered in an unknown encoding' }
    try {
      body = decode(body)
    } catch (error) {
      const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
      const brokenOff = isTooLarge ? 'answered more than 256 KiB' : 'answered with data that cannot be decoded'
      return { body: Buffer.alloc(0), brokenOff }
    }
  }
  return { body }
}

const LIMIT = { maxOutputLength: BODY_LIMIT_BYTES }

const DECODERS: Readonly<Record<string, ((bytes: Buffer) => Buffer) | undefined>> = {
  gzip: (bytes) => gunzipSync(bytes, LIMIT),
  'x-gzip': (bytes) => gunzipSync(bytes, LIMIT),
  br: (bytes) => brotliDecompressSync(bytes, LIMIT),
  // RFC 9110 §8.4.1.2: zlib's format is meant, some servers send the bare deflate stream.
  deflate: (bytes) =>
    ((bytes[0] ?? 0) & 0x0f) === 8 && ((bytes[0] ?? 0) * 256 + (bytes[1] ?? 0)) % 31 === 0
      ? inflateSync(bytes, LIMIT)
      : inflateRawSync(bytes, LIMIT),
}
