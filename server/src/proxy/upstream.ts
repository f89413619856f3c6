import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import type { SessionRoute, SessionTarget } from '../domain/session-proxy.ts'
import { holdSocket, releaseWhenConnected } from './application-socket.ts'
import type { HeaderPair } from './hop-by-hop.ts'
import { listenerOf } from './port-owner.ts'
import { requestHeaders } from './request-headers.ts'

/** A session that runs, as the server described it. */
export type RunningRoute = Extract<SessionRoute, { state: 'running' }>

/** One request for one session, let in. */
export interface Admitted {
  readonly sessionId: string
  readonly entryHash: string
  /** Path and query behind `/s/<id>`. */
  readonly rest: string
  readonly route: RunningRoute
  readonly clientAddress: string
  /** `https://sessions.example:444` */
  readonly origin: string
}

/** Headers of an application's reply. */
const MAX_REPLY_HEADER_BYTES = 64 * 1024

/**
 * Begins a request to the session's application, on a connection of its own: a reply can never be taken for another's. Undefined when
 * nothing of the session's account listens where it should.
 */
export function askApplication(
  request: IncomingMessage,
  admitted: Admitted,
  extra: readonly HeaderPair[],
): ClientRequest | undefined {
  const { route, rest, sessionId, clientAddress } = admitted
  const prefix = prefixOf(sessionId)
  const { secretHeader } = route
  const headers = requestHeaders(request, {
    host: request.headers.host ?? '',
    prefix,
    clientAddress,
    ...(secretHeader ? { secretHeader } : {}),
  })
  const place = placeOf(route.target)
  if (!place) return undefined
  const upstream = httpRequest({
    ...place.address,
    method: request.method ?? 'GET',
    path: route.basePath === 'keep' ? prefix + rest : rest,
    headers: [...headers, ...extra].flat(),
    agent: false,
    setHost: false,
    maxHeaderSize: MAX_REPLY_HEADER_BYTES,
  })
  releaseWhenConnected(upstream, place.release)
  return upstream
}

/** `/s/<id>` */
export function prefixOf(sessionId: string): string {
  return `/s/${sessionId}`
}

interface Place {
  readonly address: { readonly socketPath: string } | { readonly host: string; readonly port: number }
  readonly release: () => void
}

function placeOf(target: SessionTarget): Place | undefined {
  if ('port' in target) {
    const isTheirs = listenerOf(target.port) === target.uid
    return isTheirs ? { address: { host: '127.0.0.1', port: target.port }, release: () => undefined } : undefined
  }
  const held = holdSocket(target.socketPath)
  return held && { address: { socketPath: held.path }, release: held.release }
}
