import { hash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Broker } from '../broker/broker.ts'
import { allowedHosts, basePathOf } from './allowed-hosts.ts'
import type { PlainReplies } from './plain-replies.ts'
import { collectBody } from './request-body.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

const ECHO_PATH = '/api/v1/verify-echo'
/** What `benchkey verify` makes: 256 bits in base64url. */
const NONCE = /^[\w-]{43}$/

/**
 * Answers `benchkey verify` how its own request arrived, at the public URL and at the callback address: which process answers, and
 * whether the body of a GET came along. It says nothing that the asker has not sent, so it needs no credential.
 */
export class VerifyEcho {
  readonly #parts: { readonly broker: Broker; readonly replies: PlainReplies; readonly proxies: TrustedProxies }
  readonly #places: readonly { readonly path: string; readonly hosts: ReadonlySet<string>; readonly isPlainAllowed: boolean }[]

  constructor(parts: {
    broker: Broker
    replies: PlainReplies
    proxies: TrustedProxies
    publicUrl: string
    callbackAddress: string
  }) {
    this.#parts = parts
    this.#places = [parts.publicUrl, parts.callbackAddress].map((url) => ({
      path: `${basePathOf(url)}${ECHO_PATH}`,
      hosts: allowedHosts(url),
      isPlainAllowed: url.startsWith('http:'),
    }))
  }

  /** Whether it is for the echo, perhaps under a path that something on the way has changed. */
  finds(path: string): boolean {
    return path.endsWith(ECHO_PATH)
  }

  /** Notes how the request arrived, then answers it as every other one at its address. */
  handle(request: IncomingMessage, response: ServerResponse, facts: { path: string; host: string; isSecure: boolean }): void {
    const { broker, replies, proxies } = this.#parts
    const nonce = new URL(request.url ?? '', 'https://benchkey').searchParams.get('nonce') ?? ''
    if (request.method !== 'GET' || !NONCE.test(nonce)) {
      replies.refuse(response, 404, 'This address answers the requests of benchkey verify only.')
      return
    }
    const proof = broker.verification.echo(nonce, {
      ...facts,
      peer: proxies.peer(request),
      isPeerTrusted: proxies.trustsPeer(request),
      isForwarded: request.headers['x-forwarded-for'] !== undefined,
    })
    const isRight = this.#places.some(
      ({ path, hosts, isPlainAllowed }) => path === facts.path && hosts.has(facts.host) && (facts.isSecure || isPlainAllowed),
    )
    if (!isRight) {
      replies.refuse(response, 421, 'This request of benchkey verify did not arrive as it was sent.')
      return
    }
    collectBody(request, (body) => {
      if (body === undefined) replies.refuse(response, 413, 'The body of this request is larger than 64 KiB.')
      else replies.json(response, JSON.stringify({ nonce, proof, body: hash('sha256', body, 'hex') }))
    })
  }
}
