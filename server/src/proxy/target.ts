import { isSessionId } from '../domain/session-proxy.ts'

/** What a request target asks for. */
export type Target =
  /** `rest`: path and query behind `/s/<id>`, byte for byte. */
  | { readonly kind: 'session'; readonly sessionId: string; readonly rest: string }
  /** `/s/<id>` without the slash that relative addresses need. */
  | { readonly kind: 'slash_missing'; readonly sessionId: string; readonly query: string }
  | { readonly kind: 'enter' }
  | { readonly kind: 'root' }
  | { readonly kind: 'unknown' }
  /** `why`: a sentence. */
  | { readonly kind: 'refused'; readonly why: string }

const SESSIONS = '/s/'
const ENTER = '/enter'

/**
 * Reads a request target (RFC 9112 §3.2) without decoding it: the session's id is the first raw segment behind `/s/`, and
 * nothing in the rest may lead out of it, however an application or a library decodes it.
 */
export function readTarget(target: string): Target {
  if (!target.startsWith('/')) return refused('The target of this request is not a path.')
  if (!/^[\x21-\x7e]*$/.test(target)) return refused('The target of this request holds characters that no address has.')
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  if (target.includes('#')) return refused('The target of this request holds a fragment.')
  if (path === ENTER) return { kind: 'enter' }
  if (path === '/') return { kind: 'root' }
  if (!path.startsWith(SESSIONS)) return { kind: 'unknown' }
  const end = path.indexOf('/', SESSIONS.length)
  const sessionId = path.slice(SESSIONS.length, end < 0 ? undefined : end)
  if (!isSessionId(sessionId)) return { kind: 'unknown' }
  if (end < 0) return { kind: 'slash_missing', sessionId, query: target.slice(path.length) }
  const rest = path.slice(end)
  const why = whyItLeaves(rest)
  return why === undefined ? { kind: 'session', sessionId, rest: target.slice(end) } : refused(why)
}

/** Browsers resolve these themselves before they ask, so no application loses anything. */
function whyItLeaves(rest: string): string | undefined {
  if (rest.includes('\\')) return 'The path of this request holds a backslash.'
  if (rest.startsWith('//')) return 'The path of this request begins with two slashes.'
  const segments = rest.split(/\/|%2f|%5c/i).map((segment) => segment.replace(/%2e/gi, '.'))
  const leads = segments.some((segment) => segment === '..' || segment === '.')
  return leads ? 'The path of this request holds a segment that leads elsewhere (.. or .).' : undefined
}

function refused(why: string): Target {
  return { kind: 'refused', why }
}
