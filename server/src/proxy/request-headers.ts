import type { IncomingMessage } from 'node:http'
import { COOKIE_PREFIX } from '../domain/session-proxy.ts'
import { type HeaderPair, withoutHopByHop } from './hop-by-hop.ts'

/** What the application is told about a request besides what the browser sent. */
export interface RequestFacts {
  /** As the browser asked for it; VS Code and Jupyter compare `Origin` with it. */
  readonly host: string
  /** `/s/<id>` */
  readonly prefix: string
  readonly clientAddress: string
  readonly secretHeader?: { readonly name: string; readonly value: string }
}

/** What says where a request came from, which only the proxy may say; and what it has answered itself. */
const OURS_TO_SAY =
  /^(?:host|expect|x-benchkey-.*|cookie|content-length|forwarded|x-forwarded-.*|x-real-ip|x-scheme|x-scheme-.*)$/

/** The headers the application is sent. Framing headers are as the browser's: a length, or chunks. */
export function requestHeaders(request: IncomingMessage, facts: RequestFacts): HeaderPair[] {
  const secret = facts.secretHeader?.name.toLowerCase()
  const headers: HeaderPair[] = [['Host', facts.host]]
  for (const pair of withoutHopByHop(request.rawHeaders)) {
    if (OURS_TO_SAY.test(pair[0]) || pair[0] === secret) continue
    headers.push(pair)
  }
  const cookies = foreignCookies(request.headers.cookie)
  if (cookies !== '') headers.push(['Cookie', cookies])
  headers.push(
    ['X-Forwarded-For', facts.clientAddress],
    ['X-Forwarded-Host', facts.host],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-Prefix', facts.prefix],
  )
  if (facts.secretHeader) headers.push([facts.secretHeader.name, facts.secretHeader.value])
  return headers
}

/** The cookies of a browser without those of Benchkey's own, in whatever case, with or without a name in front. */
function foreignCookies(header: string | undefined): string {
  if (header === undefined) return ''
  const kept = header.split(';').filter((part) => part.trim() !== '' && !isOurs(part))
  return kept.map((part) => part.trim()).join('; ')
}

/** A cookie without a name may hold another's name in its value: `=__Host-…` is sent as `__Host-…`. */
export function isOurs(cookie: string): boolean {
  return cookie
    .replace(/^[\s=]+/, '')
    .toLowerCase()
    .startsWith(COOKIE_PREFIX.toLowerCase())
}
