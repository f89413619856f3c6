import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { CLIENT_ADDRESS_HEADER, entryCookieName, looksLikeEntry, type ProxySettings } from '../domain/session-proxy.ts'
import { readCookie } from '../http/cookies.ts'
import { TrustedProxies } from '../http/trusted-proxies.ts'
import { enter } from './enter.ts'
import type { Exchanges } from './exchanges.ts'
import { SessionHosts } from './hosts.ts'
import { answerPage, type Page, pageOnSocket } from './pages.ts'
import { relay } from './relay.ts'
import { relayUpgrade } from './relay-upgrade.ts'
import { objectionTo } from './sender.ts'
import { hashOfEntry, type ServerLink, Unanswered } from './server-link.ts'
import { readTarget, type Target } from './target.ts'
import type { Admitted } from './upstream.ts'
import { NO_ENTRY, pageOfRoute, refusal, SERVER_BUSY, TOO_MANY, UNKNOWN_ADDRESS, unreachable } from './words.ts'

/** What the proxy is made of. */
export interface SessionProxyParts {
  readonly settings: ProxySettings
  readonly link: ServerLink
  readonly exchanges: Exchanges
}

type SessionTargetPath = Extract<Target, { kind: 'session' }>

const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'PROPFIND',
  'PROPPATCH',
  'MKCOL',
  'COPY',
  'MOVE',
  'LOCK',
  'UNLOCK',
  'REPORT',
  'SEARCH',
])

/** Lets browsers into sessions and passes on what they and the sessions say to each other (security.md, *Sessions*). */
export class SessionProxy {
  readonly #parts: SessionProxyParts
  readonly #hosts: SessionHosts
  readonly #proxies: TrustedProxies

  constructor(parts: SessionProxyParts) {
    this.#parts = parts
    this.#hosts = new SessionHosts(parts.settings.sessionsUrl)
    this.#proxies = new TrustedProxies(parts.settings.trustedProxies)
  }

  /** Answers one request. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { publicUrl } = this.#parts.settings
    const answer = (page: Page): void => {
      if (!response.headersSent) answerPage(response, page, publicUrl)
    }
    const target = readTarget(request.url ?? '')
    const refused = this.#refuse(request, target)
    if (refused) return answer(refused)
    if (target.kind === 'root') return answer({ ...UNKNOWN_ADDRESS, status: 303, headers: [['Location', `${publicUrl}/`]] })
    if (target.kind === 'enter') return enter(request, response, { ...this.#parts, hosts: this.#hosts })
    if (target.kind === 'slash_missing') {
      const location = `/s/${target.sessionId}/${target.query}`
      return answer({ ...UNKNOWN_ADDRESS, status: 308, headers: [['Location', location]] })
    }
    if (target.kind !== 'session') return answer(UNKNOWN_ADDRESS)
    const admitted = await this.#admit(request, target)
    if ('page' in admitted) return answer(admitted.page)
    if (request.socket.destroyed) return
    this.#track(
      admitted,
      () => response.destroy(),
      response,
      answer,
      () => {
        relay(request, response, admitted, () => answer(unreachable(admitted.route.name)))
      },
    )
  }

  /** Answers a request for a WebSocket. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy())
    const answer = (page: Page): void => {
      if (!socket.destroyed) socket.end(pageOnSocket(page, this.#parts.settings.publicUrl, STATUS_CODES[page.status]))
    }
    const target = readTarget(request.url ?? '')
    const refused = this.#refuse(request, target)
    if (refused) return answer(refused)
    if (target.kind !== 'session') return answer(UNKNOWN_ADDRESS)
    if (request.method !== 'GET' || request.headers.upgrade?.toLowerCase() !== 'websocket') {
      return answer(refusal(400, 'This request asks for another protocol than WebSocket.'))
    }
    const admitted = await this.#admit(request, target)
    if ('page' in admitted) return answer(admitted.page)
    if (socket.destroyed) return
    const { exchanges } = this.#parts
    this.#track(
      admitted,
      () => socket.destroy(),
      socket,
      answer,
      () => {
        relayUpgrade(request, admitted, {
          browser: socket,
          head,
          onUse: () => exchanges.note(admitted.sessionId),
          onFailure: () => answer(unreachable(admitted.route.name)),
        })
      },
    )
  }

  /** Cuts what is open and no longer allowed; what nobody can say now stays open. */
  async lookAgain(): Promise<void> {
    const { link, exchanges } = this.#parts
    await exchanges.lookAgain(async (entryHash, sessionId) => {
      try {
        return (await link.route(entryHash, sessionId)).state === 'running'
      } catch (failure) {
        if (failure instanceof Unanswered) return true
        throw failure
      }
    })
  }

  #track(
    admitted: Admitted,
    cut: () => void,
    closes: Duplex | ServerResponse,
    answer: (page: Page) => void,
    begin: () => void,
  ): void {
    const done = this.#parts.exchanges.begin({ entryHash: admitted.entryHash, sessionId: admitted.sessionId, cut })
    if (!done) {
      answer(TOO_MANY)
      return
    }
    closes.once('close', done)
    begin()
  }

  /** What is wrong with a request before anybody is asked who sends it. */
  #refuse(request: IncomingMessage, target: Target): Page | undefined {
    const { headers, rawHeaders, method } = request
    const hosts = rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host').length
    if (hosts !== 1) return refusal(400, 'This request names no host, or several.')
    const sessionId = 'sessionId' in target ? target.sessionId : undefined
    if (!this.#hosts.allows(headers.host ?? '', sessionId)) {
      return refusal(421, 'No sessions are served under the name that this request asks for.')
    }
    if (!this.#isSecure(request)) return refusal(403, 'Sessions are reached over https only.')
    if (target.kind === 'refused') return refusal(400, target.why)
    if (!METHODS.has(method ?? ''))
      return { ...refusal(405, 'Sessions know no such method.'), headers: [['Allow', [...METHODS].join(', ')]] }
    const encoding = headers['transfer-encoding']
    if (encoding !== undefined && (headers['content-length'] !== undefined || encoding.toLowerCase() !== 'chunked')) {
      return refusal(400, 'The body of this request is framed in two ways, or in one that is not known here.')
    }
    if (headers['service-worker'] !== undefined && target.kind !== 'session') {
      return refusal(403, 'Service workers belong to a session and are served below its own path only.')
    }
    return undefined
  }

  #isSecure(request: IncomingMessage): boolean {
    if (this.#parts.settings.isBehindServer) return true
    return Reflect.get(request.socket, 'encrypted') === true || this.#proxies.saysHttps(request)
  }

  /** Whom the entry of this browser lets in where, or the page that says why not. */
  async #admit(request: IncomingMessage, { sessionId, rest }: SessionTargetPath): Promise<Admitted | { readonly page: Page }> {
    const { settings, link } = this.#parts
    const entry = readCookie(request.headers.cookie, entryCookieName(sessionId))
    if (entry === undefined || !looksLikeEntry(entry)) return { page: NO_ENTRY }
    const origin = this.#hosts.originOf(sessionId)
    const objection = objectionTo(request, origin)
    if (objection !== undefined) return { page: refusal(403, objection) }
    const entryHash = hashOfEntry(entry)
    try {
      const route = await link.route(entryHash, sessionId)
      if (route.state !== 'running') return { page: pageOfRoute(route) }
      const clientAddress = settings.isBehindServer
        ? String(request.headers[CLIENT_ADDRESS_HEADER] ?? '')
        : this.#proxies.clientAddress(request)
      return { sessionId, entryHash, rest, route, clientAddress, origin }
    } catch (failure) {
      if (failure instanceof Unanswered) return { page: SERVER_BUSY }
      throw failure
    }
  }
}
