import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import type { Broker } from '../broker/broker.ts'
import type { ServiceCall, ServiceRefusal } from '../broker/broker-of-services.ts'
import type { Effects } from '../domain/effects.ts'
import { FailingCookies } from './failing-cookies.ts'
import { reportUnknown, statusOf, tellable } from './failures.ts'
import type { HttpLog } from './log.ts'
import type { PlainReplies } from './plain-replies.ts'
import { collectBody } from './request-body.ts'
import { parseBody, refusedHeaderOf } from './rpc-call.ts'
import { wireTime } from './rpc-replies.ts'
import type { RpcRoute } from './rpc-routes.ts'
import {
  parseNewSession,
  type serviceError,
  serviceSessionOf,
  type sessionEnded,
  type sessionOpened,
  type sessionShown,
} from './service-schemas.ts'

/** A call of this door. */
export type ServiceRoute = Extract<RpcRoute, { method: 'service_sessions' | 'service_session' }>

type ErrorBody = z.output<typeof serviceError>
type Outcome =
  | { readonly status: 200; readonly body: z.output<typeof sessionShown> | z.output<typeof sessionEnded> }
  | { readonly status: 201; readonly body: z.output<typeof sessionOpened> }

const ANSWER_TO: { readonly [W in ServiceRefusal['why']]: { readonly status: number; readonly code: ErrorBody['code'] } } = {
  token: { status: 401, code: 'token_refused' },
  not_allowed: { status: 403, code: 'not_allowed' },
  not_understood: { status: 400, code: 'bad_request' },
  too_many: { status: 429, code: 'too_many' },
  unknown: { status: 404, code: 'not_found' },
}

const WHERE = 'rpc service'

/** The door of services that start sessions for users: JSON over the RPC's own host, with a service token as the credential. */
export class ServiceDoor {
  readonly #broker: Broker
  readonly #replies: PlainReplies
  readonly #log: HttpLog
  readonly #effects: Effects
  readonly #failing: FailingCookies

  constructor(parts: { broker: Broker; replies: PlainReplies; log: HttpLog; effects: Effects }) {
    this.#broker = parts.broker
    this.#replies = parts.replies
    this.#log = parts.log
    this.#effects = parts.effects
    this.#failing = new FailingCookies(() => parts.effects.monotonicMs())
  }

  /** Answers one request whose host and transport were checked. `address`: the caller's. */
  handle(request: IncomingMessage, response: ServerResponse, route: ServiceRoute, address: string): void {
    const methods = route.method === 'service_sessions' ? ['POST'] : ['GET', 'DELETE']
    const refused = refusedHeaderOf(request.headers, 'authorization')
    if (refused !== undefined) {
      const error = `This address answers services, which do not send the header ${refused}.`
      this.#refuse(response, 403, { error, code: 'not_allowed' })
    } else if (!methods.includes(request.method ?? '')) {
      const error = `This address answers ${methods.join(' and ')} only.`
      this.#refuse(response, 405, { error, code: 'bad_request' }, ['Allow', methods.join(', ')])
    } else {
      const token = bearerOf(request.headers.authorization)
      if (token === undefined)
        this.#refuseToken(response, address, 'A service token belongs into the header Authorization: Bearer bks_….')
      else collectBody(request, (body) => this.#answer(response, route, request.method ?? '', body, { token, address }))
    }
  }

  #answer(response: ServerResponse, route: ServiceRoute, method: string, body: Buffer | undefined, call: ServiceCall): void {
    if (body === undefined) {
      this.#refuse(response, 413, {
        error: 'The body is larger than 64 KiB, which no call of a service needs.',
        code: 'bad_request',
      })
      return
    }
    this.#outcomeOf(route, method, body, call).then(
      (outcome) => {
        if ('kind' in outcome) this.#refuseService(response, outcome, call.address)
        else this.#replies.jsonWith(response, outcome.status, outcome.body)
      },
      (error: unknown) => this.#fail(response, error),
    )
  }

  async #outcomeOf(route: ServiceRoute, method: string, body: Buffer, call: ServiceCall): Promise<Outcome | ServiceRefusal> {
    const { serviceCalls } = this.#broker
    if (route.method === 'service_sessions') return await this.#open(body, call)
    if (method === 'DELETE') {
      const ended = await serviceCalls.end(call, route.id)
      return 'kind' in ended ? ended : { status: 200, body: ended }
    }
    const shown = await serviceCalls.show(call, route.id)
    return 'why' in shown ? shown : { status: 200, body: { session: serviceSessionOf(shown) } }
  }

  async #open(body: Buffer, call: ServiceCall): Promise<Outcome | ServiceRefusal> {
    const parsed = parseBody(body)
    if (typeof parsed === 'string') return notUnderstood(`This request is not understood: ${parsed}.`)
    const wanted = parseNewSession(parsed)
    if (typeof wanted === 'string') return notUnderstood(wanted)
    const { life_seconds: lifeSeconds, ...named } = wanted
    const opened = await this.#broker.serviceCalls.open(call, { ...named, ...(lifeSeconds === undefined ? {} : { lifeSeconds }) })
    if ('kind' in opened) return opened
    const { session, environment, cookie, endsAt, caCertificate } = opened
    const facts = { session: serviceSessionOf(session), environment: { ...environment }, cookie, expires_at: wireTime(endsAt) }
    return { status: 201, body: { ...facts, ...(caCertificate === undefined ? {} : { ca_certificate: caCertificate }) } }
  }

  #refuseService(response: ServerResponse, { why, sentence, retryAfterSeconds }: ServiceRefusal, address: string): void {
    if (why === 'token') {
      this.#refuseToken(response, address, sentence, 'invalid_token')
      return
    }
    const { status, code } = ANSWER_TO[why]
    if (retryAfterSeconds === undefined) this.#refuse(response, status, { error: sentence, code })
    else this.#refuse(response, status, { error: sentence, code, retry_after: retryAfterSeconds })
  }

  /** RFC 6750 §3: the challenge says what is wrong with a token, and nothing when none came. */
  #refuseToken(response: ServerResponse, address: string, sentence: string, error?: 'invalid_token'): void {
    const wait = this.#failing.count(address)
    if (wait !== undefined) {
      const words = `Too many requests with tokens that open nothing came from this address; wait ${wait} seconds.`
      this.#refuse(response, 429, { error: words, code: 'too_many', retry_after: wait })
      return
    }
    const challenge = error === undefined ? 'Bearer realm="Benchkey"' : `Bearer realm="Benchkey", error="${error}"`
    this.#refuse(response, 401, { error: sentence, code: 'token_refused' }, ['WWW-Authenticate', challenge])
  }

  #fail(response: ServerResponse, failure: unknown): void {
    const told = tellable(failure, WHERE, this.#log)
    if (told?.code === 'database_unavailable') {
      this.#refuse(response, statusOf(told), { error: told.message, code: 'database_unavailable' })
    } else {
      const error = reportUnknown(failure, WHERE, this.#log, this.#effects)
      this.#refuse(response, 500, { error, code: 'internal' })
    }
  }

  #refuse(response: ServerResponse, status: number, body: ErrorBody, more: readonly string[] = []): void {
    const wait = body.retry_after === undefined ? [] : ['Retry-After', String(body.retry_after)]
    this.#replies.refuseInJson(response, status, body, [...more, ...wait])
  }
}

function notUnderstood(sentence: string): ServiceRefusal {
  return { kind: 'refused', why: 'not_understood', sentence }
}

/** RFC 6750 §2.1; the scheme in any case (RFC 9110 §11.1). */
function bearerOf(header: string | undefined): string | undefined {
  return /^bearer +([\w.~+/-]+=*) *$/i.exec(header ?? '')?.[1]
}
