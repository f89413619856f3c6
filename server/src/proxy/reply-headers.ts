import type { IncomingMessage } from 'node:http'
import { type HeaderPair, withoutHopByHop } from './hop-by-hop.ts'
import { isOurs } from './request-headers.ts'

/** Where a reply is shown. */
export interface ReplyPlace {
  /** `https://sessions.example:444` */
  readonly origin: string
  /** `/s/<id>` */
  readonly prefix: string
  readonly basePath: 'strip' | 'keep'
}

/** What speaks for a whole origin or host, which a session does not own (security.md, *Sessions*). */
const DROPPED = new Set([
  'service-worker-allowed',
  'clear-site-data',
  'alt-svc',
  'strict-transport-security',
  'public-key-pins',
  'public-key-pins-report-only',
  'nel',
  'report-to',
  'reporting-endpoints',
  'set-cookie2',
])

/** Enforced beside the reply's own policies: only its own origin frames it. */
const FRAMES: HeaderPair = ['Content-Security-Policy', "frame-ancestors 'self'"]

/** The headers of an application's reply, as the browser may have them. */
export function replyHeaders(reply: IncomingMessage, place: ReplyPlace): HeaderPair[] {
  const headers: HeaderPair[] = []
  for (const [name, value] of withoutHopByHop(reply.rawHeaders)) {
    if (DROPPED.has(name) || name.startsWith('access-control-')) continue
    if (name === 'set-cookie') {
      const cookie = confinedCookie(value, place)
      if (cookie !== undefined) headers.push(['Set-Cookie', cookie])
    } else if (name === 'location' || name === 'content-location') {
      headers.push([name, ownAddress(value, place)])
    } else headers.push([name, value])
  }
  headers.push(FRAMES)
  return headers
}

/**
 * An application's cookie, kept to its own path (RFC 6265 §5.2): on a shared host it would reach the other sessions. Undefined
 * when it has Benchkey's prefix or a domain.
 */
function confinedCookie(value: string, place: ReplyPlace): string | undefined {
  const [cookie = '', ...attributes] = value.split(';')
  if (isOurs(cookie)) return undefined
  const kept: string[] = []
  let path = '/'
  for (const attribute of attributes) {
    const [name = '', ...rest] = attribute.split('=')
    const word = name.trim().toLowerCase()
    if (word === 'domain') return undefined
    if (word === 'path') path = rest.join('=').trim()
    else if (attribute.trim() !== '') kept.push(attribute.trim())
  }
  return [cookie.trim(), ...kept, `Path=${confinedPath(path, place)}`].join('; ')
}

function confinedPath(path: string, { prefix, basePath }: ReplyPlace): string {
  if (path === prefix || path.startsWith(`${prefix}/`)) return path === prefix ? `${prefix}/` : path
  return basePath === 'strip' && path.startsWith('/') ? prefix + path : `${prefix}/`
}

/** An address of the application's own, as the browser reaches it; any other stays as it is. */
function ownAddress(address: string, place: ReplyPlace): string {
  const { origin, prefix, basePath } = place
  const path = pathHere(address.trim(), origin)
  if (path === undefined || basePath === 'keep') return path ?? address
  return path === prefix || path.startsWith(`${prefix}/`) ? path : prefix + path
}

/** Path and what follows, of an address at this origin by whatever scheme; undefined: elsewhere, or relative to its page. */
function pathHere(address: string, origin: string): string | undefined {
  if (/^\/(?![/\\])/.test(address)) return address
  const match = /^(?:https?:)?\/\/([^/?#\\]*)(.*)$/i.exec(address)
  if (!match || match[1]?.toLowerCase() !== new URL(origin).host) return undefined
  const path = match[2] ?? ''
  return path.startsWith('/') && !/^\/[/\\]/.test(path) ? path : `/${path.replace(/^[/\\]+/, '')}`
}
