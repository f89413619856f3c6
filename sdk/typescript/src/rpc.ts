import { BenchkeyError, codeOf, isCertificateProblem, notBenchkey } from './errors.ts'
import type { Exchange, Reply } from './exchange.ts'
import { localSocket, postOverSocket } from './local-socket.ts'
import { type Environment, rpcCookie, serverAddress } from './session.ts'
import { environmentOfSession } from './terminal.ts'
import type { Transport } from './transport.ts'

/** Longer than the server's own limit for one refresh at a slow service. */
const CALL_TIMEOUT_MS = 90_000

/** How long a call may take, and what ends it before. */
export interface CallOptions {
  /** Ends the call: it then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Milliseconds; default 90,000. After them the call rejects with `server_unavailable`. */
  readonly timeoutMs?: number
}

/** One call of the session RPC: its path and the JSON object it carries; resolves to the JSON object that is answered. */
export type Rpc = (
  path: string,
  body: Readonly<Record<string, unknown>>,
  options?: CallOptions,
) => Promise<Readonly<Record<string, unknown>>>

/**
 * The session RPC of the given environment, or of what its terminal was logged in to: over the session socket where there is one, else over connections that are kept for
 * later calls. Redirects are refused, and no proxy is used: the cookie is for Benchkey alone. Rejects with BenchkeyError, or with
 * the reason of the caller's own signal.
 */
export function createRpc(given: Environment): Rpc {
  let transport: Transport | undefined
  let session: Environment | undefined
  const overNetwork = async (exchange: Exchange, environment: Environment): Promise<Reply> => {
    // Loaded when needed, as Node's TLS is: it costs more than a call over the socket.
    const { createTransport } = await import('./transport.ts')
    transport ??= createTransport(exchange.url, environment)
    return transport(exchange)
  }
  return async (path, body, { signal, timeoutMs = CALL_TIMEOUT_MS } = {}) => {
    signal?.throwIfAborted()
    const environment = session ?? environmentOfSession(given)
    const url = new URL(`${serverAddress(environment)}/${path}`)
    session = environment
    const cookie = rpcCookie(environment)
    const deadline = startDeadline(timeoutMs, signal)
    try {
      const exchange = { url, cookie, body: JSON.stringify(body), signal: deadline.signal }
      return parseReply((await overSocket(environment, exchange)) ?? (await overNetwork(exchange, environment)), url)
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof BenchkeyError) throw error
      throw connectionError(deadline.signal.aborted ? TIMED_OUT : error, url)
    } finally {
      deadline.end()
    }
  }
}

/** Undefined when there is no socket to use, nobody behind it, or the server of another address. */
async function overSocket(environment: Environment, exchange: Exchange): Promise<Reply | undefined> {
  const socket = localSocket(environment)
  if (!socket || socket.trouble !== undefined) return undefined
  const reply = await postOverSocket(socket.path, exchange)
  return reply?.status === 421 ? undefined : reply
}

const TIMED_OUT = Object.assign(new Error('the call took too long'), { code: 'ETIMEDOUT' })

/** A signal for the end of the time or of the caller's patience, whichever is first. Node 20.0 has no `AbortSignal.any`. */
function startDeadline(timeoutMs: number, signal: AbortSignal | undefined): { signal: AbortSignal; end: () => void } {
  const deadline = new AbortController()
  const abort = (): void => deadline.abort()
  const timer = setTimeout(abort, timeoutMs)
  signal?.addEventListener('abort', abort, { once: true })
  const end = (): void => {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
  return { signal: deadline.signal, end }
}

function parseReply(reply: Reply, url: URL): Readonly<Record<string, unknown>> {
  if (reply.status >= 300 && reply.status < 400) throw notBenchkey(`${url.host} answered with a redirect, which is not followed`)
  const body = parseObject(reply.text)
  if (body && typeof body.error === 'string') throw refusal(body)
  if (reply.status === 200 && body) return body
  if (reply.status === 400 || reply.status === 401) throw refusalInWords(reply)
  if (reply.status === 429 || reply.status >= 500) throw unavailable(reply, url)
  throw notBenchkey(`${url.host} answered ${reply.status} with something else`)
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined // A page or plain words: the caller says what the status means.
  }
}

/** HTTP 200 with `{"error": …}`: the shape of everything a user can act on (wire.md, *Errors*). */
function refusal(body: Record<string, unknown>): BenchkeyError {
  const whole = cleanText(body.error) ?? 'Benchkey refused without a reason.'
  const parts = typeof body.explanation === 'string' ? [cleanText(body.explanation), cleanText(body.action)] : split(whole)
  const [explanation = whole, action] = parts
  const reason = cleanText(body.reason)
  const link = cleanText(body.link)
  return new BenchkeyError(cleanText(body.code) ?? 'internal', explanation, {
    ...(action === undefined ? {} : { action }),
    ...(reason === undefined ? {} : { reason }),
    ...(link === undefined ? {} : { link }),
    ...(typeof body.retry_after === 'number' ? { retryAfter: body.retry_after } : {}),
  })
}

/** 400 and 401 carry the sentence as plain text. */
function refusalInWords(reply: Reply): BenchkeyError {
  const code = reply.status === 401 ? 'session_ended' : 'bad_request'
  const [explanation = `Benchkey answered ${reply.status}.`, action] = split(cleanText(reply.text) ?? '')
  return new BenchkeyError(code, explanation, action === undefined ? {} : { action })
}

/** The first sentence is the fact, the rest says what to do. */
function split(whole: string): [explanation?: string, action?: string] {
  const end = whole.search(/[.!?]\s/)
  if (whole === '') return []
  return end < 0 ? [whole] : [whole.slice(0, end + 1), whole.slice(end + 1).trim()]
}

/** Words from the network, safe for a terminal: one line, no control characters. */
function cleanText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const clean = value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return clean === '' ? undefined : clean.slice(0, 1000)
}

/** 429 says itself what to wait for; what answers 502 to 504 may be a proxy's page. */
function unavailable({ status, text, retryAfter }: Reply, url: URL): BenchkeyError {
  const words = status === 429 ? cleanText(text) : undefined
  const wait = retryAfter === undefined ? {} : { retryAfter }
  const facts = words === undefined ? { action: TRY_AGAIN, ...wait } : wait
  return new BenchkeyError('server_unavailable', words ?? `Benchkey at ${url.host} answered ${status}.`, facts)
}

const TRY_AGAIN = 'Try again in a moment; if it stays so, tell your administrator.'

function connectionError(error: unknown, url: URL): BenchkeyError {
  const code = codeOf(error)
  if (isCertificateProblem(code)) {
    return new BenchkeyError('untrusted_server', `The certificate of ${url.host} is not trusted here (${code}).`, {
      action: 'Run this inside a session, where REQUESTS_CA_BUNDLE names the certificate authority.',
      cause: error,
    })
  }
  const words = CONNECTION_WORDS[code] ?? 'did not answer'
  return new BenchkeyError('server_unavailable', `Benchkey at ${url.host} ${words}.`, { action: TRY_AGAIN, cause: error })
}

const CONNECTION_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'closed the connection',
  ENOTFOUND: 'was not found by name',
  EAI_AGAIN: 'was not found by name',
  ABORT_ERR: 'did not answer in time',
  ETIMEDOUT: 'did not answer in time',
}
