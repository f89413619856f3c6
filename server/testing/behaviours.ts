import { once } from 'node:events'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { RefreshLedger } from './refresh-ledger.ts'

/** A request as the scripted provider received it, whole. */
export interface ReceivedRequest {
  readonly at: Date
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Names and values alternating, as sent: doubles show. */
  readonly rawHeaders: readonly string[]
  readonly body: string
  /** The body read as a form, or as JSON where it says so. */
  readonly parameters: URLSearchParams
}

/** What a behaviour works with: one request, the open response and its socket, the provider's book. */
export interface Exchange {
  readonly request: ReceivedRequest
  readonly response: ServerResponse
  readonly socket: Socket
  readonly ledger: RefreshLedger
}

/** How the scripted provider treats one request. Write a new one as a function; nothing has to be registered. */
export type Behaviour = (exchange: Exchange) => void | Promise<void>

/** A door a test opens: behaviours wait at it. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

/** A closed gate. */
export function newGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

/** Answers as the ledger says: a pair for a live refresh token or any code, `invalid_grant` otherwise; 200 to revocations. */
export function grant(): Behaviour {
  return ({ request, response, ledger }) => {
    if (request.parameters.has('token')) {
      ledger.endFamily(request.parameters.get('token') ?? '')
      response.writeHead(200).end()
      return
    }
    const answer = ledger.answer(request.parameters)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
  }
}

/** Answers with exactly this; an object becomes JSON. Nothing is entered in the ledger. */
export function reply(
  body: string | Uint8Array | object,
  options: { status?: number; headers?: Record<string, string> } = {},
): Behaviour {
  const isText = typeof body === 'string' || body instanceof Uint8Array
  return ({ response }) => {
    response.writeHead(options.status ?? 200, { 'content-type': 'application/json', ...options.headers })
    response.end(isText ? body : JSON.stringify(body))
  }
}

/** An OAuth error reply. RFC 6749 §5.2. */
export function oauthError(error: string, options: { status?: number; description?: string } = {}): Behaviour {
  const { status = 400, description } = options
  return reply({ error, ...(description === undefined ? {} : { error_description: description }) }, { status })
}

/** The ledger's answer, mended or spoiled by the test before it is sent. */
export function grantChanged(change: (body: Record<string, unknown>) => unknown): Behaviour {
  return ({ request, response, ledger }) => {
    const answer = ledger.answer(request.parameters)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(change({ ...answer.body })))
  }
}

/** Waits at the gate, then goes on: the request has arrived, the answer has not left. */
export function held(gate: Gate, then: Behaviour): Behaviour {
  return async (exchange) => {
    await gate.opened
    await then(exchange)
  }
}

/** The ledger answers at once, so the pair has rotated; the reply leaves when the gate opens. */
export function grantHeld(gate: Gate): Behaviour {
  return async ({ request, response, ledger }) => {
    const answer = ledger.answer(request.parameters)
    await gate.opened
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
  }
}

/** Resets the connection (TCP RST) without an answer. The ledger hears of the request first when `afterGrant` is set. */
export function reset(options: { afterGrant?: boolean } = {}): Behaviour {
  return ({ request, socket, ledger }) => {
    if (options.afterGrant) ledger.answer(request.parameters)
    socket.resetAndDestroy()
  }
}

/** Closes the connection (TCP FIN) without an answer. */
export function hangUp(options: { afterGrant?: boolean } = {}): Behaviour {
  return ({ request, socket, ledger }) => {
    if (options.afterGrant) ledger.answer(request.parameters)
    socket.end()
  }
}

/** Announces the whole ledger answer, sends its first bytes, and closes. */
export function truncated(keepBytes: number): Behaviour {
  return async ({ request, response, socket, ledger }) => {
    const text = JSON.stringify(ledger.answer(request.parameters).body)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    response.write(text.slice(0, keepBytes), () => socket.end())
  }
}

/** Writes the chunk again and again for as long as the client reads; stops when the connection is gone. */
export function endless(chunk: Uint8Array, headers: Record<string, string> = {}): Behaviour {
  return async ({ response, socket }) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers })
    const gone = new Promise((resolve) => void socket.once('close', resolve))
    while (!socket.destroyed) {
      if (!response.write(chunk)) await Promise.race([once(response, 'drain'), gone])
    }
  }
}
