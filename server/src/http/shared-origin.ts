import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { CLIENT_ADDRESS_HEADER } from '../domain/session-proxy.ts'
import type { PlainReplies } from './plain-replies.ts'

const NO_ANSWER = 'The pages of sessions do not answer now. Try again in a minute.'

/** Whether a path is of the sessions under `shared-origin=1`. */
export function isOfSessions(path: string): boolean {
  return path === '/enter' || path.startsWith('/s/')
}

/**
 * Passes requests for sessions on to the process that serves them, under `shared-origin=1`, where they come to Benchkey's own port.
 * That process looks at them as at any other; it is told over a socket that only the server reaches.
 */
export class SharedOrigin {
  readonly #socketPath: string
  readonly #replies: PlainReplies

  constructor(socketPath: string, replies: PlainReplies) {
    this.#socketPath = socketPath
    this.#replies = replies
  }

  /** Both ways as it comes; neither side is read faster than the other takes. */
  pass(request: IncomingMessage, response: ServerResponse, clientAddress: string): void {
    const { method = 'GET', url: path = '/' } = request
    const headers = headersOf(request, clientAddress)
    const onward = httpRequest({ socketPath: this.#socketPath, method, path, headers, agent: false, setHost: false })
    onward.on('response', (reply) => {
      reply.on('error', () => response.destroy())
      response.shouldKeepAlive = request.complete
      response.writeHead(reply.statusCode ?? 502, reply.statusMessage, withoutConnection(reply.rawHeaders))
      reply.pipe(response)
    })
    onward.on('error', () => {
      if (response.headersSent) response.destroy()
      else this.#replies.refuse(response, 502, NO_ANSWER)
    })
    response.on('close', () => onward.destroy())
    request.on('error', () => onward.destroy())
    request.pipe(onward)
  }

  /** A WebSocket: the request as it was read, then bytes. */
  passUpgrade(request: IncomingMessage, browser: Duplex, head: Buffer, clientAddress: string): void {
    const onward = connect(this.#socketPath)
    const end = (): void => {
      browser.destroy()
      onward.destroy()
    }
    for (const socket of [browser, onward]) socket.on('error', end).on('close', end)
    const lines = [`${request.method} ${request.url} HTTP/1.1`]
    const headers = headersOf(request, clientAddress)
    for (let i = 0; i + 1 < headers.length; i += 2) lines.push(`${headers[i]}: ${headers[i + 1]}`)
    onward.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
    if (head.length > 0) onward.write(head)
    browser.pipe(onward).pipe(browser)
  }
}

/** As they came, and from where. Only the server may say that. */
function headersOf(request: IncomingMessage, clientAddress: string): string[] {
  const headers: string[] = [CLIENT_ADDRESS_HEADER, clientAddress]
  const { rawHeaders } = request
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (name.toLowerCase() !== CLIENT_ADDRESS_HEADER && name.toLowerCase() !== 'expect')
      headers.push(name, rawHeaders[i + 1] ?? '')
  }
  return headers
}

/** This connection is the server's own to keep or to end. */
function withoutConnection(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => !/^(connection|keep-alive)$/i.test(rawHeaders[index - (index % 2)] ?? ''))
}
