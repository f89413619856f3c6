import type { IncomingMessage } from 'node:http'

/** No request of ours comes near it. */
export const BODY_LIMIT_BYTES = 64 * 1024

/** Largest body that is still read to its end, unstored, so that its sender hears the refusal instead of a reset. */
const DISCARD_LIMIT_BYTES = 8 * 1024 * 1024

/**
 * Reads a body and calls `done` once: with the bytes, or with undefined as soon as they are more than `BODY_LIMIT_BYTES`.
 * A sender that goes away meanwhile is never answered. Without promises: it lies on the path of every token fetch.
 */
export function collectBody(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
  let first: Buffer | undefined
  let more: Buffer[] | undefined
  let size = 0
  let isTooLarge = false
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > BODY_LIMIT_BYTES) {
      if (size > DISCARD_LIMIT_BYTES) request.destroy()
      if (!isTooLarge) done(undefined)
      isTooLarge = true
    } else if (first === undefined) {
      first = chunk
    } else if (more === undefined) {
      more = [first, chunk]
    } else {
      more.push(chunk)
    }
  })
  request.on('end', () => {
    if (isTooLarge) return
    done(more === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(more))
  })
}
