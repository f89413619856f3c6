import type { Socket } from 'node:net'
import { Client, type Dispatcher } from 'undici'
import type { Effects } from '../domain/effects.ts'
import type { OutgoingProxy } from '../domain/outgoing.ts'
import { BODY_LIMIT_BYTES, decodeBody, type ReadBody, readBody } from './body.ts'
import { type Destination, openConnection, type Resolve } from './connection.ts'
import { networkWords, TimeUp } from './network-words.ts'
import { proxyAuthorization, refusal } from './proxy-tunnel.ts'
import { type Route, routeOf } from './route.ts'
import { NotSent, PerhapsSent, type Transport, type TransportReply, type TransportRequest } from './transport.ts'
import { connectionPolicies, type PolicyOf } from './trust.ts'

const CONNECT_TIMEOUT_MS = 5_000
/** A provider that answers at 20 s has rotated: giving up early would throw a live pair away (refresh.md, *Send fence*). */
const TOTAL_TIMEOUT_MS = 120_000
const HEADER_LIMIT_BYTES = 16 * 1024

/** How requests to authorization servers reach the network. */
export interface NetworkOptions {
  readonly effects: Effects
  readonly allowLoopback: boolean
  /** `deny-private-endpoints=1`: no service in a private network. */
  readonly denyPrivate?: boolean
  /** PEM of authorities to trust besides Node's. */
  readonly extraCa?: string
  readonly resolve?: Resolve
}

/** The transport over real sockets: a new connection for every request, no redirect followed, limits as in refresh.md. */
export function networkTransport(options: NetworkOptions): Transport {
  const policyOf = connectionPolicies(options)
  return (request) => send(request, policyOf, options.effects)
}

async function send(request: TransportRequest, policyOf: PolicyOf, effects: Effects): Promise<TransportReply> {
  const total = startTimer(effects, TOTAL_TIMEOUT_MS)
  let client: Client | undefined
  try {
    const url = new URL(request.url)
    const route = routeOf(url, request.integration)
    const signal = eitherOf(total.signal, request.signal)
    const socket = await connect({ url, route, policy: policyOf(request.integration), signal }, effects)
    const departure = { hasLeft: false }
    client = new Client(url.origin, {
      connect: handOver(socket, request.mayLeave, departure),
      allowH2: false,
      pipelining: 1,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: HEADER_LIMIT_BYTES,
    })
    return await exchange(client, { url, route, request, signal, departure })
  } finally {
    total.stop()
    await client?.destroy()
  }
}

/** Opens a connection within the time that one may take. */
export async function connect(to: Destination, effects: Effects): Promise<Socket> {
  const timer = startTimer(effects, CONNECT_TIMEOUT_MS)
  try {
    return await openConnection({ ...to, signal: eitherOf(timer.signal, to.signal) })
  } finally {
    timer.stop()
  }
}

function eitherOf(one: AbortSignal, other: AbortSignal | undefined): AbortSignal {
  return other ? AbortSignal.any([one, other]) : one
}

type Connector = (options: unknown, callback: (...result: [null, Socket] | [Error, null]) => void) => void

/**
 * Gives undici the one connection. The fence is asked here because undici writes the request within the callback, provided
 * that it is called later: called at once, within its own dispatch, it would never write.
 */
function handOver(socket: Socket, mayLeave: () => boolean, departure: { hasLeft: boolean }): Connector {
  return (_options, callback) =>
    queueMicrotask(() => {
      try {
        passFence(socket, mayLeave, departure)
      } catch (error) {
        socket.destroy()
        callback(error instanceof Error ? error : new Error(String(error)), null)
        return
      }
      callback(null, socket)
    })
}

function passFence(socket: Socket, mayLeave: () => boolean, departure: { hasLeft: boolean }): void {
  if (departure.hasLeft) throw new PerhapsSent('closed the connection')
  if (socket.destroyed || !socket.writable) throw new NotSent('network', 'closed the connection')
  if (!mayLeave()) throw new NotSent('fence', 'the right to send had lapsed')
  departure.hasLeft = true
}

interface Exchange {
  readonly url: URL
  readonly route: Route
  readonly request: TransportRequest
  readonly signal: AbortSignal
  readonly departure: { hasLeft: boolean }
}

async function exchange(client: Client, { url, route, request, signal, departure }: Exchange): Promise<TransportReply> {
  const proxied = url.protocol === 'http:' && route.kind === 'proxy' ? throughProxy(url, route.proxy) : undefined
  let response: Dispatcher.ResponseData
  try {
    response = await client.request({
      method: request.method ?? 'POST',
      path: proxied?.path ?? url.pathname + url.search,
      headers: { 'user-agent': 'Benchkey', 'accept-encoding': 'identity', ...proxied?.headers, ...request.headers },
      body: request.method === 'GET' ? null : request.body,
      reset: true,
      signal,
    })
  } catch (error) {
    if (error instanceof NotSent || error instanceof PerhapsSent) throw error
    // Not kept as the cause: undici's parser errors carry the bytes received, which may be tokens.
    const words = networkWords(signal.aborted ? signal.reason : error)
    throw departure.hasLeft ? new PerhapsSent(words) : new NotSent('network', words)
  }
  const headers = flatten(response.headers)
  if (proxied && response.statusCode === 407) throw refusal(407, '', proxied.proxy)
  const read = await readBody(response.body, BODY_LIMIT_BYTES)
  const decoded = decodeBody(read.bytes, headers['content-encoding'])
  return { status: response.statusCode, headers, ...decoded, ...whyNotWhole(read.end, signal) }
}

/** The form of a request for http that is not tunnelled: RFC 9112 §3.2.2. */
function throughProxy(url: URL, proxy: OutgoingProxy) {
  const authorization = proxyAuthorization(proxy)
  return { proxy, path: url.href, headers: authorization === undefined ? {} : { 'proxy-authorization': authorization } }
}

function whyNotWhole(end: ReadBody['end'], signal: AbortSignal): { brokenOff?: string } {
  if (end === 'whole') return {}
  if (end === 'cut') return { brokenOff: 'answered more than 256 KiB' }
  return { brokenOff: signal.aborted ? networkWords(signal.reason) : 'closed the connection' }
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string | undefined> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : value,
  ])
  return Object.fromEntries(entries)
}

function startTimer(effects: Effects, ms: number): { readonly signal: AbortSignal; stop(): void } {
  const timeIsUp = new AbortController()
  const notNeeded = new AbortController()
  effects.sleep(ms, notNeeded.signal).then(
    () => timeIsUp.abort(new TimeUp(ms)),
    (error: unknown) => {
      if (!notNeeded.signal.aborted) timeIsUp.abort(error)
    },
  )
  return { signal: timeIsUp.signal, stop: () => notNeeded.abort() }
}
