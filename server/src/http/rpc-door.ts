import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { WireEnded, WireError } from '@benchkey/sdk/wire'
import type { Broker } from '../broker/broker.ts'
import type { Effects } from '../domain/effects.ts'
import { BrokerError } from '../domain/errors.ts'
import { type Phrasing, plainPhrasing, type State, sentenceOf } from '../domain/states.ts'
import { FailingCookies } from './failing-cookies.ts'
import { reportUnknown, tellable } from './failures.ts'
import type { HttpLog } from './log.ts'
import { openApiDocument } from './openapi.ts'
import type { PlainReplies } from './plain-replies.ts'
import { collectBody } from './request-body.ts'
import { fingerprintIn, parseBody, refusedHeaderOf, TokenCalls } from './rpc-call.ts'
import {
  wireErrorOf,
  wireIntegrationsOf,
  wireReportedOf,
  wireSessionOf,
  wireSignedOutOf,
  wireWaitedForOf,
} from './rpc-replies.ts'
import type { RpcMethod, RpcRoute } from './rpc-routes.ts'
import { ServiceDoor } from './service-door.ts'
import { TokenExchangeDoor } from './token-exchange-door.ts'

const RPC_COOKIE_HEADER = 'x-rs-session-server-rpc-cookie'

const NOT_OFFERED = {
  id_token: 'This server gives no identity tokens: logging in to it involves no OpenID Connect provider.',
  delegated_azure_token: 'This server gives no delegated Azure tokens. Use an integration for that service instead.',
} as const

/** These change something, so a GET never does it. */
const POST_ONLY: ReadonlySet<RpcMethod> = new Set(['sign_out', 'report', 'end_session'])

/** These take no arguments, so their body may be empty. */
const WITHOUT_ARGUMENTS: ReadonlySet<RpcMethod> = new Set(['session', 'integration', 'sign_out', 'end_session'])

/** Whether a request carries the credential of the RPC door. */
export function hasRpcCookie(headers: IncomingHttpHeaders): boolean {
  return headers[RPC_COOKIE_HEADER] !== undefined
}

/** Whose call it is: what it shows, and the caller's address. */
interface From {
  readonly cookie: string
  readonly address: string
}

type Call = Readonly<Record<string, unknown>>
type OwnRoute = Exclude<RpcRoute, { method: 'token_exchange' | 'service_sessions' | 'service_session' | 'openapi' }>
type OtherRoute = Exclude<OwnRoute, { method: 'oauth_token' }>

/** The door of development sessions (wire.md): a plain handler in front of the framework, the path of every token fetch. */
export class RpcDoor {
  readonly #broker: Broker
  readonly #replies: PlainReplies
  readonly #log: HttpLog
  readonly #effects: Effects
  readonly #publicUrl: string
  readonly #callbackAddress: string
  readonly #version: string
  readonly #phrasing: Phrasing
  readonly #failing: FailingCookies
  readonly #calls = new TokenCalls()
  readonly #exchange: TokenExchangeDoor
  readonly #services: ServiceDoor
  #document: string | undefined

  constructor(parts: {
    broker: Broker
    replies: PlainReplies
    log: HttpLog
    effects: Effects
    publicUrl: string
    callbackAddress: string
    version: string
  }) {
    this.#broker = parts.broker
    this.#replies = parts.replies
    this.#log = parts.log
    this.#effects = parts.effects
    this.#publicUrl = parts.publicUrl
    this.#callbackAddress = parts.callbackAddress
    this.#version = parts.version
    this.#phrasing = plainPhrasing(parts.publicUrl)
    this.#failing = new FailingCookies(() => parts.effects.monotonicMs())
    this.#exchange = new TokenExchangeDoor({ ...parts, failing: this.#failing, phrasing: this.#phrasing })
    this.#services = new ServiceDoor(parts)
  }

  /** Answers one request whose host and transport were checked. `address`: the caller's. */
  handle(request: IncomingMessage, response: ServerResponse, route: RpcRoute, address: string): void {
    const { method } = route
    if (method === 'token_exchange') this.#exchange.handle(request, response, address)
    else if (method === 'service_sessions' || method === 'service_session') {
      this.#services.handle(request, response, route, address)
    } else if (method === 'openapi') this.#describe(request, response)
    else this.#handle(request, response, route, address)
  }

  /** What stands in docs/rpc.md, for programs; for everybody, as it holds nothing of anybody. */
  #describe(request: IncomingMessage, response: ServerResponse): void {
    if (request.method !== 'GET') {
      this.#replies.refuse(response, 405, 'The description of this address is answered to GET only.', ['Allow', 'GET'])
      return
    }
    this.#document ??= JSON.stringify(openApiDocument(this.#version, this.#callbackAddress))
    this.#replies.json(response, this.#document)
  }

  #handle(request: IncomingMessage, response: ServerResponse, route: OwnRoute, address: string): void {
    const { headers } = request
    const refused = refusedHeaderOf(headers)
    const cookie = cookieOf(headers)
    if (refused !== undefined) {
      this.#refuseBrowser(response, refused)
    } else if (request.method !== 'GET' && request.method !== 'POST') {
      this.#replies.refuse(response, 405, 'The session RPC answers GET and POST only.', ['Allow', 'GET, POST'])
    } else if (request.method === 'GET' && POST_ONLY.has(route.method)) {
      this.#replies.refuse(response, 405, 'This call changes something, so it is answered to POST only.', ['Allow', 'POST'])
    } else if (cookie === undefined) {
      this.#refuseSession(response, address)
    } else {
      collectBody(request, (body) => this.#dispatch(response, route, body, { cookie, address }))
    }
  }

  #dispatch(response: ServerResponse, route: OwnRoute, body: Buffer | undefined, from: From): void {
    if (body === undefined) {
      this.#replies.refuse(response, 413, 'The body is larger than 64 KiB, which no call of a session needs.')
    } else if (route.method === 'oauth_token') {
      this.#fetchToken(response, body, from)
    } else {
      const call = body.length === 0 && WITHOUT_ARGUMENTS.has(route.method) ? {} : parseBody(body)
      if (typeof call === 'string') this.#refuseCall(response, call)
      else this.#answerOther(response, route, call, from)
    }
  }

  #fetchToken(response: ServerResponse, body: Buffer, { cookie, address }: From): void {
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

  #answerOther(response: ServerResponse, route: OtherRoute, call: Call, from: From): void {
    const fingerprint = route.method === 'report' ? fingerprintIn(call) : ''
    if (fingerprint === undefined) {
      this.#refuseCall(response, 'fingerprint is not the first 16 hex digits of the SHA-256 of the token')
      return
    }
    this.#replyTo(route, fingerprint, from).then(
      (reply) => this.#replies.json(response, JSON.stringify(reply)),
      (error: unknown) => this.#fail(response, error, route.method, from.address),
    )
  }

  async #replyTo(route: OtherRoute, fingerprint: string, from: From): Promise<object> {
    const { tokens, sessionCalls } = this.#broker
    switch (route.method) {
      case 'oauth_integrations': {
        const { views, outside } = await sessionCalls.integrations(from)
        return wireIntegrationsOf(views, outside, this.#phrasing)
      }
      case 'session':
        return wireSessionOf(await sessionCalls.describe(from), { publicUrl: this.#publicUrl, version: this.#version })
      case 'end_session':
        await sessionCalls.end(from)
        return { ended: true } satisfies WireEnded
      case 'integration':
        return wireWaitedForOf(await sessionCalls.integration({ ...from, uid: route.uid }), this.#phrasing)
      case 'sign_out':
        return wireSignedOutOf(await sessionCalls.signOut({ ...from, uid: route.uid }))
      case 'report':
        return wireReportedOf(await sessionCalls.report({ ...from, uid: route.uid, fingerprint }))
      default: {
        await tokens.authenticate(from.cookie, from.address)
        return { error: NOT_OFFERED[route.method], code: 'not_offered' } satisfies WireError
      }
    }
  }

  #fail(response: ServerResponse, error: unknown, method: RpcMethod, address: string): void {
    if (error instanceof BrokerError && error.code === 'session_ended') {
      this.#refuseSession(response, address)
      return
    }
    const where = `rpc ${method}`
    const told = tellable(error, where, this.#log)
    if (!told) {
      this.#replies.refuse(response, 500, reportUnknown(error, where, this.#log, this.#effects))
    } else if (told.code !== 'bad_request') {
      this.#replies.userError(response, wireErrorOf(told, this.#phrasing))
    } else if (told.details.retryAfterSeconds === undefined) {
      this.#replies.refuse(response, 400, told.message)
    } else {
      this.#replies.refuse(response, 429, told.message, ['Retry-After', String(told.details.retryAfterSeconds)])
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
