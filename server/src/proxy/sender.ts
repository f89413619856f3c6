import type { IncomingMessage } from 'node:http'

/** A sentence: why a request is not passed on; undefined when it may be. */
type Objection = string | undefined

/**
 * Whether a request was made by the session's own pages, or by a person who opens one. What changes something, and WebSockets,
 * which no browser asks anybody's leave for, must come from the origin of the sessions; what is only read may also be opened
 * as a page from anywhere, as every link is, but not drawn into other pages.
 */
export function objectionTo(request: IncomingMessage, origin: string): Objection {
  const { headers, method } = request
  const site = headers['sec-fetch-site']
  const isRead = (method === 'GET' || method === 'HEAD') && headers.upgrade === undefined
  if (!isRead) return comesFrom(request, origin) ? undefined : NOT_FROM_HERE
  if (headers.origin !== undefined && headers.origin !== 'null' && headers.origin !== origin) return NOT_FROM_HERE
  if (site === undefined || site === 'same-origin' || site === 'none') return undefined
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document' ? undefined : NOT_FROM_HERE
}

const NOT_FROM_HERE = 'This request was made by a page of another origin than the session.'

/** A form of a page under `Referrer-Policy: no-referrer` is sent with `Origin: null`; the browser's own word counts then. */
function comesFrom({ headers }: IncomingMessage, origin: string): boolean {
  if (headers.origin !== undefined && headers.origin !== 'null') return headers.origin === origin
  return headers.upgrade === undefined && headers['sec-fetch-site'] === 'same-origin'
}
