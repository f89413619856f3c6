import type { Agent, IncomingMessage } from 'node:http'
import { builtin } from './builtin.ts'
import { codeOf, isCertificateProblem, notBenchkey } from './errors.ts'
import { type Exchange, headersOf, REPLY_LIMIT_BYTES, type Reply, secondsIn } from './exchange.ts'
import { certificateAuthorities, type Environment, ownAuthority } from './session.ts'

/** How requests go to one server, over connections that are kept. */
interface Way {
  readonly request: typeof import('node:https').request
  readonly agent: Agent
  /** Another try with everything the session trusts, when Benchkey's certificate is not of its own authority any more. */
  readonly wider?: () => Way
}

/** Requests to one server over the network, on connections that are kept. Rejects with what the network or Node says. */
export type Transport = (exchange: Exchange) => Promise<Reply>

/**
 * The way to `url`, with what the session trusts. Benchkey's own authority is tried alone first where it lies beside the cookie: a
 * bundle with those of the whole world takes longer to read than all the rest of a call.
 */
export function createTransport(url: URL, environment: Environment): Transport {
  let way = wayTo(url, environment)
  return async (exchange) => {
    try {
      return await post(way, exchange)
    } catch (error) {
      // A certificate is looked at before anything is sent.
      if (!way.wider || !isCertificateProblem(codeOf(error))) throw error
      way = way.wider()
      return await post(way, exchange)
    }
  }
}

function wayTo(url: URL, environment: Environment): Way {
  if (url.protocol === 'http:') {
    const { Agent, request } = builtin('node:http')
    return { request, agent: new Agent({ keepAlive: true }) }
  }
  const own = ownAuthority(environment)
  const wider = (): Way => overTls(certificateAuthorities(environment))
  return own === undefined ? wider() : { ...overTls([own]), wider }
}

function overTls(ca: string[] | undefined): Way {
  const { Agent, request } = builtin('node:https')
  // Said, for NODE_TLS_REJECT_UNAUTHORIZED would decide otherwise: it is set for other servers, and the cookie is for this one alone.
  return { request, agent: new Agent({ keepAlive: true, rejectUnauthorized: true, ...(ca ? { ca } : {}) }) }
}

/** Sends once more when a kept connection turns out to have been closed before anything of a reply came. */
async function post(way: Way, exchange: Exchange): Promise<Reply> {
  try {
    return await postOnce(way, exchange)
  } catch (error) {
    if (!(error instanceof ClosedConnection) || exchange.signal.aborted) throw error
    return postOnce(way, exchange)
  }
}

class ClosedConnection extends Error {}

function postOnce({ request: send, agent }: Way, exchange: Exchange): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { url, body, signal } = exchange
    const request = send(url, { method: 'POST', agent, headers: headersOf(exchange), signal })
    request.on('response', (response) => readReply(response).then(resolve, reject))
    request.on('error', (error: NodeJS.ErrnoException) => {
      reject(request.reusedSocket && error.code === 'ECONNRESET' ? new ClosedConnection('', { cause: error }) : error)
    })
    request.end(body)
  })
}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > REPLY_LIMIT_BYTES) {
      response.destroy()
      throw notBenchkey('sent more than a reply holds')
    }
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  return { status: response.statusCode ?? 0, text, retryAfter: secondsIn(response.headers['retry-after']) }
}
