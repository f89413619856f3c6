import { request as httpRequest, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Effects } from '../domain/effects.ts'
import { readBody } from './body.ts'
import type { SeenCertificate } from './connection-events.ts'
import { networkWords } from './network-words.ts'
import { connect } from './provider-fetch.ts'
import { NotSent, type NotSentCause } from './transport.ts'
import { connectionPolicies } from './trust.ts'

/** How Benchkey's own address answered a GET. */
export interface OwnAddressReport {
  /** The server's own first; empty where none was shown. */
  readonly certificates: readonly SeenCertificate[]
  /** Absent: there was an answer. */
  readonly failure?: { readonly cause: NotSentCause; readonly words: string; readonly code: string }
  readonly status?: number
  /** At most 64 KiB. */
  readonly body?: string
}

/** Asks an address of Benchkey itself, as a session or browser would. */
export type AskOwnAddress = (url: URL, body: string, signal: AbortSignal) => Promise<OwnAddressReport>

const BODY_LIMIT_BYTES = 64 * 1024
const ANSWER_MS = 10_000

/**
 * GETs with a body, as R sends it, directly: sessions and browsers are told no proxy for Benchkey. Trusted are Node's authorities
 * and the private one that sessions are given (PEM). This host itself is allowed, since it is where Benchkey often is.
 */
export function createAskOwnAddress(effects: Effects, privateCa: string | undefined): AskOwnAddress {
  const policy = connectionPolicies({ allowLoopback: true, ...(privateCa === undefined ? {} : { extraCa: privateCa }) })({})
  return async (url, body, signal) => {
    let certificates: readonly SeenCertificate[] = []
    try {
      const route = { kind: 'direct', why: 'an address of Benchkey itself' } as const
      const socket = await connect(
        {
          ...{ url, route, policy, signal },
          observe: (event) => {
            certificates = event.certificates ?? certificates
          },
        },
        effects,
      )
      return { certificates, ...(await ask(socket, { url, body, signal }, effects)) }
    } catch (error) {
      if (!(error instanceof NotSent)) throw error
      const { cause } = error
      const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
      return { certificates, failure: { cause: error.reason, words: error.words, code } }
    }
  }
}

async function ask(
  socket: Socket,
  { url, body, signal }: { url: URL; body: string; signal: AbortSignal },
  effects: Effects,
): Promise<Omit<OwnAddressReport, 'certificates'>> {
  const over = new AbortController()
  effects.sleep(ANSWER_MS, over.signal).then(
    () => socket.destroy(Object.assign(new Error('No answer came.'), { code: 'ETIMEDOUT' })),
    () => undefined, // Answered before that.
  )
  const giveUp = (): void => void socket.destroy()
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    const response = await exchange(socket, url, body)
    const { bytes } = await readBody(response, BODY_LIMIT_BYTES)
    return { status: response.statusCode ?? 0, body: bytes.toString('utf8') }
  } catch (error) {
    return { failure: { cause: 'network', words: networkWords(error), code: '' } }
  } finally {
    over.abort()
    signal.removeEventListener('abort', giveUp)
    socket.destroy()
  }
}

function exchange(socket: Socket, url: URL, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = {
      host: url.host,
      'content-type': 'text/plain',
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    }
    const path = url.pathname + url.search
    const request = httpRequest({ method: 'GET', path, headers, createConnection: () => socket })
    request.once('error', reject).once('response', resolve).end(body)
  })
}
