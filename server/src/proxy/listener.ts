import type { Server } from 'node:http'
import type { ProxySettings, ProxyTls } from '../domain/session-proxy.ts'
import { answerParserError, createListener, replaceIdentity } from '../http/listener.ts'
import { PlainReplies } from '../http/plain-replies.ts'
import { OWN_HEADERS, REFUSAL_POLICY } from './pages.ts'
import type { SessionProxy } from './session-proxy.ts'

/**
 * The proxy's server, not listening yet: the rules of Benchkey's own port, but for the time a whole request may take. An upload
 * takes as long as it needs while it moves.
 */
export function createProxyListener(settings: ProxySettings, proxy: SessionProxy, onUnknown: (failure: unknown) => void): Server {
  const headers = [...OWN_HEADERS.filter(([name]) => name !== 'Content-Security-Policy'), REFUSAL_POLICY]
  const replies = new PlainReplies(headers)
  const server = createListener(settings.tls, replies, (request, response) => {
    proxy.handle(request, response).catch((failure: unknown) => {
      onUnknown(failure)
      response.destroy()
    })
  })
  server.requestTimeout = 0
  server.on('upgrade', (request, socket, head) => {
    proxy.upgrade(request, socket, head).catch((failure: unknown) => {
      onUnknown(failure)
      socket.destroy()
    })
  })
  server.on('connect', (_request, socket) => socket.destroy())
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => answerParserError(error, socket, headers))
  return server
}

/** A renewed certificate, for connections from now on. */
export function renewIdentity(server: Server, tls: ProxyTls): void {
  replaceIdentity(server, tls)
}
