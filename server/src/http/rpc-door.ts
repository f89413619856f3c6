import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { Broker } from '../broker/broker.ts'
import type { Effects } from '../domain/effects.ts'
import { BrokerError } from '../domain/errors.ts'
import { type Phrasing, plainPhrasing, type State, sentenceOf } from '../domain/states.ts'
import { basePathOf } from './allowed-hosts.ts'
import { FailingCookies } from './failing-cookies.ts'
import { isTellable, reportUnknown } from './failures.ts'
import type { HttpLog } from './log.ts'
import type { PlainReplies } from './plain-replies.ts'
import { collectBody } from './request-body.ts'
import { parseBody, TokenCalls } from './rpc-call.ts'
import { wireErrorOf, wireIntegrationsOf } from './rpc-replies.ts'

const METHODS = ['oauth_integrations', 'oauth_token', 'id_token', 'delegated_azure_token'] as const

/** A method of the session RPC that this server answers. */
export type RpcMethod = (typeof METHODS)[number]

/** What browsers and other credentials bring along; a program in a session sends none of them (security.md, *Web*). */
const REFUSED_HEADERS = ['origin', 'cookie', 'sec-fetch-site', 'sec-fetch-dest', 'authorization'] as const

const RPC_COOKIE_HEADER = 'x-rs-session-server-rpc-cookie'

const NOT_OFFERED = {
  id_token: 'This server gives no identity tokens: logging in to it involves no OpenID Connect provider.',
  delegated_azure_token: 'This server gives no delegated Azure tokens. Use an integration for that service instead.',
} as const

/** Every path of the RPC. R joins address, `/` and method without clean-up, so each stands there with two slashes too. */
export function rpcPaths(callbackAddress: string): ReadonlyMap<string, RpcMethod> {
  const base = basePathOf(callbackAddress)
  return new Map(METHODS.flatMap((method) => [`${base}/${method}`, `${base}//${method}`].map((path) => [path, method] as const)))
}

/** Whether a request carries the credential of the RPC door. */
export function hasRpcCookie(headers: IncomingHttpHeaders): boolean {
  return headers[RPC_COOKIE_HEADER] !== undefined
}

/** The door of development sessions (wire.md): a plain handler in front of the framework, the path of every token fetch. */
export class RpcDoor {
  readonly #broker: Broker
  readonly #replies: PlainReplies
  readonly #log: HttpLog
  readonly #effects: Effects
  readonly #publicUrl: string
  readonly #phrasing: Phrasing
  readonly #failing: FailingCookies
  readonly #calls = new TokenCalls()

  constructor(parts: { broker: Broker; replies: PlainReplies; log: HttpLog; effects: Effects; publicUrl: string }) {
    this.#broker = parts.broker
    this.#replies = parts.replies
    this.#log = parts.log
    this.#effects = parts.effects
    this.#publicUrl = parts.publicUrl
    this.#phrasing = plainPhrasing(parts.publicUrl)
    this.#failing = new FailingCookies(() => parts.effects.monotonicMs())
  }

  /** Answers one request whose host and transport were checked. `address`: the caller's. */
  handle(request: IncomingMessage, response: ServerResponse, method: RpcMethod, address: string): void {
    const { headers } = request
    const refused = REFUSED_HEADERS.find((name) => headers[name] !== undefined)
    const cookie = cookieOf(headers)
    if (refused !== undefined) {
      this.#refuseBrowser(response, refused)
    } else if (request.method !== 'GET' && request.method !== 'POST') {
      this.#replies.refuse(response, 405, 'The session RPC answers GET and POST only.', ['Allow', 'GET, POST'])
    } else if (cookie === undefined) {
      this.#refuseSession(response, address)
    } else {
      collectBody(request, (body) => this.#dispatch(response, method, body, cookie, address))
    }
  }

  #dispatch(response: ServerResponse, method: RpcMethod, body: Buffer | undefined, cookie: string, address: string): void {
    if (body === undefined) {
      this.#replies.refuse(response, 413, 'The body is larger than 64 KiB, which no call of a session needs.')
    } else if (method === 'oauth_token') {
      this.#fetchToken(response, body, cookie, address)
    } else {
      const call = parseBody(body)
      if (typeof call === 'string') this.#refuseCall(response, call)
      else this.#answerOther(response, method, cookie, address)
    }
  }

  #fetchToken(response: ServerResponse, body: Buffer, cookie: string, address: string): void {
    const call = this.#calls.parse(body)
    if (typeof call === 'string') {
      this.#refuseCall(response, call)
      return
    }
    this.#broker.tokens.fetch({ cookie, uid: call.uid, minTtlMs: call.minTtlMs, address }).then(
      (reply) => this.#replies.asciiJson(response, reply),
      (error: unknown) => this.#fail(response, error, 'oauth_token', address),
    )
  }

  #answerOther(response: ServerResponse, method: Exclude<RpcMethod, 'oauth_token'>, cookie: string, address: string): void {
    this.#broker.tokens
      .authenticate(cookie, address)
      .then(async (caller) => {
        if (method !== 'oauth_integrations') {
          this.#replies.userError(response, { error: NOT_OFFERED[method], code: 'not_offered' })
          return
        }
        const views = await this.#broker.tokens.list(caller)
        this.#replies.json(response, JSON.stringify(wireIntegrationsOf(views, this.#phrasing)))
      })
      .catch((error: unknown) => this.#fail(response, error, method, address))
  }

  #fail(response: ServerResponse, error: unknown, method: RpcMethod, address: string): void {
    if (error instanceof BrokerError && error.code === 'session_ended') {
      this.#refuseSession(response, address)
    } else if (!isTellable(error)) {
      this.#replies.refuse(response, 500, reportUnknown(error, `rpc ${method}`, this.#log, this.#effects))
    } else if (error.code !== 'bad_request') {
      this.#replies.userError(response, wireErrorOf(error, this.#phrasing))
    } else if (error.details.retryAfterSeconds === undefined) {
      this.#replies.refuse(response, 400, error.message)
    } else {
      this.#replies.refuse(response, 429, error.message, ['Retry-After', String(error.details.retryAfterSeconds)])
    }
  }

  #refuseSession(response: ServerResponse, address: string): void {
    const wait = this.#failing.count(address)
    if (wait === undefined) {
      this.#replies.refuse(response, 401, this.#words({ code: 'session_ended' }))
    } else {
      const sentence = `Too many requests of ended sessions came from this address; wait ${wait} seconds.`
      this.#replies.refuse(response, 429, sentence, ['Retry-After', String(wait)])
    }
  }

  #refuseCall(response: ServerResponse, reason: string): void {
    this.#replies.refuse(response, 400, this.#words({ code: 'bad_request', words: reason }))
  }

  #refuseBrowser(response: ServerResponse, name: string): void {
    const sentence = `This address answers programs in a session, which do not send the header ${name}. In a browser open ${this.#publicUrl}.`
    this.#replies.refuse(response, 403, sentence)
  }

  #words(state: State): string {
    const sentence = sentenceOf(state, this.#phrasing)
    return `${sentence.explanation} ${sentence.action}`
  }
}

/** The RPC cookie without attributes after `;`, which older servers gave and clients send back. */
function cookieOf(headers: IncomingHttpHeaders): string | undefined {
  const header = headers[RPC_COOKIE_HEADER]
  if (typeof header !== 'string') return undefined
  const end = header.indexOf(';')
  const value = end < 0 ? header : header.slice(0, end).trim()
  return value === '' ? undefined : value
}
