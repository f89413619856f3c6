import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { headOf } from './relay.ts'
import { replyHeaders } from './reply-headers.ts'
import { type Admitted, askApplication, prefixOf } from './upstream.ts'

/** A WebSocket over which nothing comes or goes for this long is taken for half dead; clients send something every minute. */
const SILENCE_MS = 60 * 60_000
/** One end does not take what the other sends for this long: it is not there any more. */
const STALL_MS = 2 * 60_000
/** The kernel asks a silent browser after this time whether it is there, ten times at most. */
const KEEP_ALIVE_MS = 60_000
/** One end has said all it will; the other may finish what it says, in milliseconds. */
const HALF_CLOSED_MS = 10_000
/** A refusal of an application that is longer is cut off. */
const ANSWER_MS = 30_000

/** A WebSocket and its two ends. */
export interface Upgrading {
  readonly browser: Duplex
  /** Bytes that came behind the request. */
  readonly head: Buffer
  /** The browser sent something. */
  readonly onUse: () => void
  /** Nothing was answered yet, and the caller answers. */
  readonly onFailure: () => void
}

/** Passes a WebSocket on to its session (RFC 6455 §4): the handshake checked, then bytes both ways, as they are taken. */
export function relayUpgrade(request: IncomingMessage, admitted: Admitted, upgrading: Upgrading): void {
  const { browser, head, onFailure } = upgrading
  const upstream = askApplication(request, admitted, [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
  ])
  if (!upstream) {
    onFailure()
    return
  }
  let isAnswered = false
  const giveUp = (): void => {
    upstream.destroy()
    if (isAnswered) browser.destroy()
    else onFailure()
    isAnswered = true
  }
  upstream.setTimeout(ANSWER_MS, giveUp)
  upstream.on('error', giveUp)
  upstream.on('response', (reply) => {
    isAnswered = true
    reply.on('error', () => browser.destroy())
    answerRefusal(reply, admitted, browser)
  })
  upstream.on('upgrade', (reply, socket, first) => {
    if (isAnswered || browser.destroyed || reply.headers.upgrade?.toLowerCase() !== 'websocket') {
      socket.destroy()
      return giveUp()
    }
    isAnswered = true
    const place = { origin: admitted.origin, prefix: prefixOf(admitted.sessionId), basePath: admitted.route.basePath }
    const headers = [...replyHeaders(reply, place), ['Connection', 'Upgrade'], ['Upgrade', 'websocket']]
    browser.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.map((pair) => pair.join(': ')).join('\r\n')}\r\n\r\n`, 'latin1')
    upstream.setTimeout(0)
    join(browser, head, socket, first, upgrading.onUse)
  })
  browser.on('close', () => upstream.destroy())
  browser.on('error', () => upstream.destroy())
  upstream.end()
}

/** An application that refuses the handshake answers as HTTP does; the connection ends with it. */
function answerRefusal(reply: IncomingMessage, admitted: Admitted, browser: Duplex): void {
  const answer = headOf(reply, admitted)
  if (!answer) {
    reply.destroy()
    browser.destroy()
    return
  }
  const headers = answer.headers.filter(([name]) => name !== 'content-length')
  const lines = [`HTTP/1.1 ${answer.status} ${answer.reason}`, ...headers.map((pair) => pair.join(': ')), 'Connection: close']
  browser.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  reply.pipe(browser)
}

/** Bytes both ways. Each pipe stops reading while the other end does not take, so that neither fills the memory. */
function join(browser: Duplex, head: Buffer, application: Duplex, first: Buffer, onUse: () => void): void {
  const end = (): void => {
    browser.destroy()
    application.destroy()
  }
  for (const socket of [browser, application]) {
    socket.on('error', end)
    socket.on('close', end)
    socket.on('end', () => setTimeout(end, HALF_CLOSED_MS).unref())
    keepAlive(socket, end)
    endWhenStalled(socket, end)
  }
  if (head.length > 0) application.write(head)
  if (first.length > 0) browser.write(first)
  browser.on('data', onUse)
  browser.pipe(application)
  application.pipe(browser)
}

interface NetSocket extends Duplex {
  setKeepAlive?: (enable: boolean, initialDelay: number) => unknown
  setNoDelay?: (noDelay: boolean) => unknown
  setTimeout?: (ms: number, listener: () => void) => unknown
}

function keepAlive(socket: NetSocket, end: () => void): void {
  socket.setKeepAlive?.(true, KEEP_ALIVE_MS)
  socket.setNoDelay?.(true)
  socket.setTimeout?.(SILENCE_MS, end)
}

/** Ends both when what waits for a socket is not taken for too long. */
function endWhenStalled(socket: Duplex, end: () => void): void {
  let taken = 0
  const timer = setInterval(() => {
    const written = Reflect.get(socket, 'bytesWritten')
    const progress = typeof written === 'number' ? written - socket.writableLength : 0
    if (socket.writableNeedDrain && progress === taken) end()
    taken = progress
  }, STALL_MS)
  timer.unref()
  socket.on('close', () => clearInterval(timer))
}
