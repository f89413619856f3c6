import type { IncomingMessage, ServerResponse } from 'node:http'
import type { HeaderPair } from './hop-by-hop.ts'
import { replyHeaders } from './reply-headers.ts'
import { type Admitted, askApplication, prefixOf } from './upstream.ts'

/** A browser that sends nothing of a body it announced for this long is not waited for, in milliseconds. */
const UPLOAD_STALL_MS = 120_000
/** Programs hold answers back (long polling) or send something now and then; this long without a byte is too long. */
const ANSWER_STALL_MS = 10 * 60_000

/**
 * Passes a request on to its session and the answer back, as they come: neither side is read faster than the other takes.
 * `onFailure`: nothing was answered yet, and the caller answers.
 */
export function relay(request: IncomingMessage, response: ServerResponse, admitted: Admitted, onFailure: () => void): void {
  const upstream = askApplication(request, admitted, framingOf(request))
  if (!upstream) {
    onFailure()
    return
  }
  let hasReply = false
  const giveUp = (): void => {
    upstream.destroy()
    if (response.headersSent) response.destroy()
    else if (!response.destroyed) onFailure()
  }
  // Node ends a connection whose time is over, and sets its own time between two requests.
  request.socket.setTimeout(UPLOAD_STALL_MS)
  request.once('end', () => request.socket.setTimeout(ANSWER_STALL_MS))
  // An application may answer without reading all of a body; its answer counts, not that it hung up.
  upstream.on('error', () => hasReply || giveUp())
  upstream.on('upgrade', (_reply, socket) => {
    // Nobody asked for it.
    socket.destroy()
    giveUp()
  })
  upstream.on('response', (reply) => {
    hasReply = true
    reply.on('error', giveUp)
    const head = headOf(reply, admitted)
    if (!head) return giveUp()
    response.shouldKeepAlive = request.complete
    response.writeHead(head.status, head.reason, head.headers.flat())
    reply.pipe(response)
  })
  response.on('close', () => upstream.destroy())
  response.on('error', () => upstream.destroy())
  request.on('error', () => upstream.destroy())
  request.pipe(upstream)
}

/** What of a reply can be passed on; undefined for one that HTTP does not know. */
export function headOf(
  reply: IncomingMessage,
  { route, origin, sessionId }: Admitted,
): { readonly status: number; readonly reason: string; readonly headers: readonly HeaderPair[] } | undefined {
  const { statusCode: status = 0, statusMessage = '' } = reply
  if (status < 200 || status > 599) return undefined
  const headers = replyHeaders(reply, { origin, prefix: prefixOf(sessionId), basePath: route.basePath })
  return { status, reason: statusMessage.replace(/[^\t\x20-\x7e]/g, '?'), headers }
}

/** One way of framing, the browser's own; node's parser has refused a request with both (RFC 9112 §6.3). */
function framingOf(request: IncomingMessage): readonly HeaderPair[] {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  const close: HeaderPair = ['Connection', 'close']
  if (encoding !== undefined) return [['Transfer-Encoding', 'chunked'], close]
  if (length !== undefined) return [['Content-Length', length], close]
  return request.method === 'GET' || request.method === 'HEAD' ? [close] : [['Content-Length', '0'], close]
}
