import type { IncomingMessage, ServerResponse } from 'node:http'
import { entryCookieName, isSessionId, looksLikeEntry, type ProxySettings } from '../domain/session-proxy.ts'
import { readCookie, setCookie } from '../http/cookies.ts'
import type { SessionHosts } from './hosts.ts'
import { answerPage, type Page } from './pages.ts'
import { hashOfEntry, type ServerLink, Unanswered } from './server-link.ts'
import { refusal, SERVER_BUSY, TICKET_REFUSED } from './words.ts'

/** What the way in needs. */
export interface EnterParts {
  readonly settings: ProxySettings
  readonly link: ServerLink
  readonly hosts: SessionHosts
}

/** Two members, one of 43 and one of 36 characters. */
const MAX_FORM_BYTES = 1024
/** Cookies of other sessions that are looked at, once for each session that is entered. */
const MOST_LOOKED_AT = 32
/** A form of two members that takes longer is none. */
const FORM_MS = 10_000

/**
 * `POST /enter`: a ticket becomes the entry of this browser to one session. Only the home page may send it: who could make a
 * browser enter a session of their own would have their script beside its other sessions.
 */
export async function enter(request: IncomingMessage, response: ServerResponse, parts: EnterParts): Promise<void> {
  const { settings, link, hosts } = parts
  const answer = (page: Page): void => answerPage(response, page, settings.publicUrl)
  if (request.method !== 'POST') {
    return answer({ ...refusal(405, 'This address takes the ticket that the home page sends.'), headers: [['Allow', 'POST']] })
  }
  if (request.headers.origin !== new URL(settings.publicUrl).origin) {
    return answer(refusal(403, 'Sessions are entered from the home page only.'))
  }
  const form = await readForm(request)
  if (!form) return answer(refusal(400, 'This is not the form that the home page sends.'))
  const { sessionId, ticket } = form
  if (!hosts.allows(request.headers.host ?? '', sessionId)) {
    return answer(refusal(421, 'This session is served under another name.'))
  }
  try {
    const entry = await link.redeem(ticket, sessionId)
    if (entry === undefined) return answer(TICKET_REFUSED)
    const headers = [
      ['Location', `/s/${sessionId}/`],
      ['Set-Cookie', setCookie(entryCookieName(sessionId), entry)],
      ...(await outlivedCookies(request.headers.cookie, sessionId, link)),
    ] as const
    answer({ status: 303, title: 'The session opens', text: 'The session opens.', headers })
  } catch (failure) {
    if (!(failure instanceof Unanswered)) throw failure
    answer(SERVER_BUSY)
  }
}

/**
 * Takes the cookies of sessions back that are over. A browser keeps them until it ends, for every port of the host, and with some
 * hundred of them its requests would be too long for any door.
 */
async function outlivedCookies(header = '', entered: string, link: ServerLink): Promise<(readonly ['Set-Cookie', string])[]> {
  const mark = entryCookieName('')
  const names = header.split(';').map((part) => part.trim().split('=', 1)[0] ?? '')
  const ids = names.flatMap((name) => (name.startsWith(mark) ? [name.slice(mark.length)] : []))
  const others = [...new Set(ids)].filter((id) => isSessionId(id) && id !== entered).slice(0, MOST_LOOKED_AT)
  const isOver = async (id: string): Promise<boolean> => {
    const entry = readCookie(header, entryCookieName(id))
    if (entry === undefined || !looksLikeEntry(entry)) return true
    const { state } = await link.route(hashOfEntry(entry), id)
    return state !== 'running' && state !== 'starting'
  }
  const over = await Promise.all(others.map(async (id) => ((await isOver(id)) ? [id] : [])))
  return over.flat().map((id) => ['Set-Cookie', setCookie(entryCookieName(id), '', 0)])
}

async function readForm(request: IncomingMessage): Promise<{ sessionId: string; ticket: string } | undefined> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') return undefined
  const members = new URLSearchParams(await readText(request))
  const [sessions, tickets] = [members.getAll('session'), members.getAll('ticket')]
  const [sessionId, ticket] = [sessions[0] ?? '', tickets[0] ?? '']
  const isOurs = sessions.length === 1 && tickets.length === 1 && isSessionId(sessionId) && looksLikeEntry(ticket)
  return isOurs ? { sessionId, ticket } : undefined
}

/** Empty when it is too long, or does not come. */
function readText(request: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    request.socket.setTimeout(FORM_MS)
    request.setEncoding('latin1')
    request.on('data', (chunk: string) => {
      text += chunk
      if (text.length > MAX_FORM_BYTES) {
        request.removeAllListeners('data').pause()
        resolve('')
      }
    })
    request.on('end', () => resolve(text))
    request.on('error', () => resolve(''))
    request.on('close', () => resolve(''))
  })
}
