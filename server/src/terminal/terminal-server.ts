import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TerminalMessage } from '@benchkey/sdk/pages'
import { type WebSocket, WebSocketServer } from 'ws'
import { pageFiles } from './page-files.ts'
import { parseRequest } from './requests.ts'
import { Terminal, type TerminalPage, type TerminalPlan } from './terminal.ts'

/** A page cuts what is pasted into pieces smaller than this. */
const MOST_MESSAGE_BYTES = 128 * 1024
/** RFC 6455 §7.4.1. */
const GOING_AWAY = 1001
const PROTOCOL_ERROR = 1002

/** Where a terminal is served, and from which built page. */
export interface TerminalPlace {
  /** Made anew: what is left of an earlier one goes. */
  readonly socketPath: string
  readonly pageFolder: string
}

/** Serves one terminal on a Unix socket that the group may write to; resolves when it is ready, to what ends it. */
export async function serveTerminal(plan: TerminalPlan, { socketPath, pageFolder }: TerminalPlace): Promise<() => Promise<void>> {
  const terminal = new Terminal(plan)
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MOST_MESSAGE_BYTES, perMessageDeflate: false })
  const server = createServer({ requestTimeout: 30_000, maxHeaderSize: 16 * 1024 }, pageFiles(pageFolder))
  server.on('upgrade', (request, connection, head) => {
    const problem = upgradeProblem(request)
    if (problem) refuse(connection, problem)
    else sockets.handleUpgrade(request, connection, head, (socket) => connect(socket, terminal))
  })
  rmSync(socketPath, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, () => resolve())
  })
  chmodSync(socketPath, 0o660)
  return async () => {
    server.close()
    await terminal.close()
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
  }
}

/** A page of another origin must not type into the terminal, so its own host has to be the one it asks. */
function upgradeProblem({ url, headers }: IncomingMessage): '404 Not Found' | '403 Forbidden' | undefined {
  if (url?.split('?')[0] !== '/ws') return '404 Not Found'
  const { origin = '', host } = headers
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host ? undefined : '403 Forbidden'
}

function refuse(connection: Duplex, status: string): void {
  connection.on('error', () => undefined) // It has gone; there is nobody to answer.
  connection.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function connect(socket: WebSocket, terminal: Terminal): void {
  const page: TerminalPage = {
    tell: (message: TerminalMessage) => socket.send(JSON.stringify(message)),
    output: (bytes) => socket.send(bytes),
    close: () => socket.close(GOING_AWAY),
  }
  socket.on('message', (data, isBinary) => {
    const request = isBinary ? undefined : parseRequest(data.toString())
    if (request) terminal.answer(page, request)
    else socket.close(PROTOCOL_ERROR)
  })
  socket.on('error', () => socket.terminate())
  // No heartbeat: what a browser answers would count as use, and an open tab would keep a session from ever being idle. A page
  // that is gone without a word is noticed by the proxy.
  socket.on('close', () => terminal.detach(page))
  terminal.attach(page)
}
