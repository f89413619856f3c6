import { once } from 'node:events'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { LedgerAnswer, RefreshLedger } from './refresh-ledger.ts'

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
  /** Milliseconds of the provider's clock. */
  readonly sleep: (ms: number) => Promise<void>
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

/** Enters the request in the ledger: a pair or a refusal for a token request, an empty object for a revocation. RFC 7009 §2.2. */
export function answerOf({ request, ledger }: Pick<Exchange, 'request' | 'ledger'>): LedgerAnswer {
  const revoked = request.parameters.get('token')
  if (revoked === null) return ledger.answer(request.parameters)
  ledger.endFamily(revoked)
  return { status: 200, body: {} }
}

/** Answers as the ledger says: a pair for a live refresh token or any code, `invalid_grant` otherwise; 200 to revocations. */
export function grant(): Behaviour {
  return (exchange) => {
    const { status, body } = answerOf(exchange)
    const { request, response } = exchange
    if (request.parameters.has('token')) response.writeHead(status).end()
    else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
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
  return (exchange) => {
    const { status, body } = answerOf(exchange)
    exchange.response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(change({ ...body })))
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
  return async (exchange) => {
    const { status, body } = answerOf(exchange)
    await gate.opened
    exchange.response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}

/** Resets the connection (TCP RST) without an answer. The ledger hears of the request first when `afterGrant` is set. */
export function reset(options: { afterGrant?: boolean } = {}): Behaviour {
  return (exchange) => {
    if (options.afterGrant) answerOf(exchange)
    exchange.socket.resetAndDestroy()
  }
}

/** Closes the connection (TCP FIN) without an answer. */
export function hangUp(options: { afterGrant?: boolean } = {}): Behaviour {
  return (exchange) => {
    if (options.afterGrant) answerOf(exchange)
    exchange.socket.end()
  }
}

/** Announces the whole ledger answer, sends its first bytes, and closes. */
export function truncated(keepBytes: number): Behaviour {
  return async (exchange) => {
    const { response, socket } = exchange
    const text = JSON.stringify(answerOf(exchange).body)
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
