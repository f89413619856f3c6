import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Broker } from '../broker/broker.ts'
import type { Effects } from '../domain/effects.ts'
import { printable } from '../domain/states.ts'
import { allowedHosts } from './allowed-hosts.ts'
import type { DeviceDoor } from './device-door.ts'
import { reportUnknown } from './failures.ts'
import type { HttpLog } from './log.ts'
import type { PlainReplies } from './plain-replies.ts'
import { hasRpcCookie, type RpcDoor } from './rpc-door.ts'
import { type RpcRoute, RpcRoutes } from './rpc-routes.ts'
import { isOfSessions, type SharedOrigin } from './shared-origin.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import { VerifyEcho } from './verify-echo.ts'

/** What stands behind the one port. */
export interface FrontParts {
  readonly broker: Broker
  readonly rpc: RpcDoor
  readonly devices: DeviceDoor
  readonly replies: PlainReplies
  /** The browser door; its responses already carry the security headers. */
  readonly web: RequestListener
  readonly proxies: TrustedProxies
  /** Under `shared-origin=1`. */
  readonly shared?: SharedOrigin
  readonly publicUrl: string
  readonly callbackAddress: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly isDraining: () => boolean
  readonly log: HttpLog
  readonly effects: Effects
}

const LIVE = '/health/live'
const READY = '/health/ready'
const NOT_READY = 'not ready'

/** Decides by path which door a request is for, and whether it came to that door's host over that door's transport. */
export function createFront(parts: FrontParts): RequestListener {
  const { publicUrl, callbackAddress, replies, proxies } = parts
  const routes = new RpcRoutes(callbackAddress)
  const rpcHosts = allowedHosts(callbackAddress)
  const webHosts = allowedHosts(publicUrl)
  const isRpcPlain = callbackAddress.startsWith('http:')
  const echo = new VerifyEcho(parts)

  return (request, response) => {
    const path = pathOf(request.url ?? '')
    if (echo.finds(path)) {
      return echo.handle(request, response, { path, host: hostOf(request), isSecure: isSecure(request, proxies) })
    }
    const route = routes.find(path)
    if (route !== undefined) {
      if (!rpcHosts.has(hostOf(request))) return refuseHost(request, response, replies, callbackAddress)
      if (!isSecure(request, proxies) && !(isRpcPlain && isLoopback(request))) {
        return replies.refuse(response, 403, `Benchkey answers over https only. Use ${callbackAddress}.`)
      }
      return parts.rpc.handle(request, response, route, proxies.clientAddress(request))
    }
    const device = parts.devices.find(path)
    if (device !== undefined) {
      // Whoever types an address into a terminal knows that of the pages.
      if (!webHosts.has(hostOf(request)) && !rpcHosts.has(hostOf(request)))
        return refuseHost(request, response, replies, publicUrl)
      if (!isSecure(request, proxies)) return replies.refuse(response, 403, `Benchkey answers over https only. Use ${publicUrl}.`)
      return parts.devices.handle(request, response, device, proxies.clientAddress(request))
    }
    if (path === LIVE || path === READY) return answerHealth(request, response, path, parts)
    if (!path.startsWith('/')) return replies.refuse(response, 400, 'The target of this request is not a path.')
    if (!webHosts.has(hostOf(request))) return refuseHost(request, response, replies, publicUrl)
    if (!isSecure(request, proxies)) return answerHttpsOnly(response, parts)
    if (hasRpcCookie(request.headers)) {
      return replies.refuse(response, 400, 'The session RPC does not know this method. The pages here take no RPC cookie.')
    }
    if (parts.shared) {
      if (isOfSessions(path)) return parts.shared.pass(request, response, proxies.clientAddress(request))
      if (isOfAdministrators(path)) return replies.refuse(response, 403, NO_ADMINISTRATION)
    }
    if (request.headers['service-worker'] !== undefined) {
      return replies.refuse(response, 403, 'The pages of Benchkey have no service worker.')
    }
    for (const [name, value] of parts.headers) response.setHeader(name, value)
    parts.web(request, response)
  }
}

const NO_ADMINISTRATION =
  'The pages for administrators are off: with shared-origin=1 any session could act on them. Set sessions-url instead.'

/** As the router behind it reads a path, which decodes what is percent-encoded. */
function isOfAdministrators(path: string): boolean {
  const decoded = path.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return /^\/+(api\/+)?admin(\/|$)/i.test(decoded)
}

/** WebSockets: only sessions have them, and only under `shared-origin=1` they come here. */
export function createUpgradeFront(parts: FrontParts): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const webHosts = allowedHosts(parts.publicUrl)
  return (request, socket, head) => {
    const { shared, proxies } = parts
    const isFor = shared && isOfSessions(pathOf(request.url ?? '')) && webHosts.has(hostOf(request)) && isSecure(request, proxies)
    if (isFor) shared.passUpgrade(request, socket, head, proxies.clientAddress(request))
    else socket.destroy()
  }
}

/** As the audit has the address of a call that came over the session socket. */
const THIS_HOST = 'local'

/** What the session socket answers: the calls of the session RPC, under its host name, and nothing else. */
export function createLocalFront(parts: Pick<FrontParts, 'rpc' | 'replies' | 'callbackAddress'>): RequestListener {
  const { callbackAddress, replies, rpc } = parts
  const routes = new RpcRoutes(callbackAddress)
  const hosts = allowedHosts(callbackAddress)
  return (request, response) => {
    const route = routes.find(pathOf(request.url ?? ''))
    if (route === undefined || isOfServices(route))
      return replies.refuse(response, 404, 'This socket answers the calls of the session RPC only.')
    if (!hosts.has(hostOf(request))) return refuseHost(request, response, replies, callbackAddress)
    return rpc.handle(request, response, route, THIS_HOST)
  }
}

/** Services run elsewhere, and what counts for their tokens is an address. */
function isOfServices(route: RpcRoute): boolean {
  return route.method === 'service_sessions' || route.method === 'service_session'
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query < 0 ? url : url.slice(0, query)
}

function hostOf(request: IncomingMessage): string {
  return request.headers.host?.toLowerCase() ?? ''
}

function isSecure(request: IncomingMessage, proxies: TrustedProxies): boolean {
  return Reflect.get(request.socket, 'encrypted') === true || proxies.saysHttps(request)
}

/** An http callback address is allowed on loopback only (security.md, *Web*). */
function isLoopback(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress ?? ''
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}

function refuseHost(request: IncomingMessage, response: ServerResponse, replies: PlainReplies, right: string): void {
  const asked = request.headers.host
  const what =
    asked === undefined ? 'This request names no host.' : `Benchkey does not answer here under the name "${printable(asked)}".`
  replies.refuse(response, asked === undefined ? 400 : 421, `${what} Use ${right}.`)
}

function answerHealth(request: IncomingMessage, response: ServerResponse, path: string, parts: FrontParts): void {
  const { replies, broker, log, effects } = parts
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    replies.refuse(response, 405, 'Health answers GET only.', ['Allow', 'GET, HEAD'])
  } else if (path === LIVE) {
    replies.text(response, 'ok')
  } else if (parts.isDraining()) {
    replies.refuse(response, 503, NOT_READY)
  } else {
    broker.administration.ready().then(
      () => replies.text(response, 'ok'),
      (error: unknown) => {
        reportUnknown(error, 'health', log, effects)
        replies.refuse(response, 503, NOT_READY)
      },
    )
  }
}

/** The one page for a browser that came over plain http. No redirect: what was sent in the clear should be noticed. */
function answerHttpsOnly(response: ServerResponse, parts: FrontParts): void {
  const url = parts.publicUrl.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
  const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>HTTPS only</title><h1>Benchkey is reached over HTTPS only</h1><p>Open <a href="${url}/">${url}</a> instead.</p></html>`
  response.writeHead(403, [
    ...parts.headers.flat(),
    'Content-Type',
    'text/html; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(page)),
    'Connection',
    'close',
  ])
  response.end(page)
}
