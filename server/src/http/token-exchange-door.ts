import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Broker, ExchangedToken } from '../broker/broker.ts'
import type { Effects } from '../domain/effects.ts'
import { BrokerError, type BrokerErrorCode } from '../domain/errors.ts'
import { type Phrasing, sentenceOf } from '../domain/states.ts'
import type { FailingCookies } from './failing-cookies.ts'
import { reportUnknown, statusOf, tellable } from './failures.ts'
import type { HttpLog } from './log.ts'
import type { PlainReplies } from './plain-replies.ts'
import { collectBody } from './request-body.ts'
import { refusedHeaderOf } from './rpc-call.ts'
import { wireErrorOf } from './rpc-replies.ts'
import { ACCESS_TOKEN_TYPE, isForm, type OAuthErrorCode, parseTokenExchange } from './token-exchange-call.ts'

/** What an OAuth client makes of our codes. `invalid_grant`: somebody has to sign in. `invalid_target`: no token for this audience. */
const ERROR_OF: Readonly<Record<BrokerErrorCode, OAuthErrorCode>> = {
  not_signed_in: 'invalid_grant',
  reauthentication_required: 'invalid_grant',
  provider_unavailable: 'temporarily_unavailable',
  database_unavailable: 'temporarily_unavailable',
  configuration_error: 'invalid_target',
  unknown_integration: 'invalid_target',
  bad_request: 'invalid_request',
  session_ended: 'invalid_request',
  internal: 'server_error',
}

/** As the log names this door. */
const WHERE = 'rpc token_exchange'

interface Refusal {
  readonly status: number
  readonly error: OAuthErrorCode
  readonly sentence: string
  /** Members beside the two of RFC 6749. */
  readonly more: { readonly code: string; readonly reason?: string; readonly retry_after?: number; readonly link?: string }
  readonly headers?: readonly string[]
}

/** The session RPC's door for OAuth libraries: RFC 8693, with the RPC cookie as the subject token. */
export class TokenExchangeDoor {
  readonly #broker: Broker
  readonly #replies: PlainReplies
  readonly #log: HttpLog
  readonly #effects: Effects
  readonly #phrasing: Phrasing
  readonly #failing: FailingCookies

  constructor(parts: {
    broker: Broker
    replies: PlainReplies
    log: HttpLog
    effects: Effects
    phrasing: Phrasing
    failing: FailingCookies
  }) {
    this.#broker = parts.broker
    this.#replies = parts.replies
    this.#log = parts.log
    this.#effects = parts.effects
    this.#phrasing = parts.phrasing
    this.#failing = parts.failing
  }

  /** Answers one request whose host and transport were checked. `address`: the caller's. */
  handle(request: IncomingMessage, response: ServerResponse, address: string): void {
    const refused = refusedHeaderOf(request.headers)
    if (refused === 'authorization') {
      this.#refuseCall(response, 403, 'This address wants no client authentication; leave out the header Authorization.')
    } else if (refused !== undefined) {
      const words = `This address answers programs in a session, which do not send the header ${refused}.`
      this.#refuseCall(response, 403, words)
    } else if (request.method !== 'POST') {
      this.#refuseCall(response, 405, 'Tokens are exchanged by POST only.', ['Allow', 'POST'])
    } else if (!isForm(request.headers['content-type'])) {
      this.#refuseCall(response, 400, 'The parameters are sent as application/x-www-form-urlencoded.')
    } else {
      collectBody(request, (body) => this.#exchange(response, body, address))
    }
  }

  #exchange(response: ServerResponse, body: Buffer | undefined, address: string): void {
    if (body === undefined) {
      this.#refuseCall(response, 413, 'The body is larger than 64 KiB, which no call of a session needs.')
      return
    }
    const call = parseTokenExchange(body)
    if ('error' in call) {
      this.#refuse(response, { status: 400, error: call.error, sentence: call.words, more: { code: 'bad_request' } })
      return
    }
    this.#broker.sessionCalls.exchange({ cookie: cookieOf(call.subjectToken), audience: call.audience, address }).then(
      (token) => this.#replies.json(response, JSON.stringify(replyOf(token))),
      (error: unknown) => this.#refuse(response, this.#refusalOf(error, address)),
    )
  }

  #refusalOf(failure: unknown, address: string): Refusal {
    if (failure instanceof BrokerError && failure.code === 'session_ended') return this.#sessionEnded(address)
    const error = tellable(failure, WHERE, this.#log)
    if (error === undefined) {
      const sentence = reportUnknown(failure, WHERE, this.#log, this.#effects)
      return { status: 500, error: 'server_error', sentence, more: { code: 'internal' } }
    }
    const { code, reason, retry_after, link } = wireErrorOf(error, this.#phrasing)
    const isHeldBack = error.code === 'bad_request' && retry_after !== undefined
    const oauthError = isHeldBack ? 'temporarily_unavailable' : ERROR_OF[error.code]
    return {
      status: oauthError === 'temporarily_unavailable' ? statusOf(error) : 400,
      error: oauthError,
      sentence: error.message,
      more: { code, ...defined({ reason, retry_after, link }) },
      ...(retry_after === undefined ? {} : { headers: ['Retry-After', String(retry_after)] }),
    }
  }

  /** RFC 8693 §2.2.2: an invalid subject token is an `invalid_request`. */
  #sessionEnded(address: string): Refusal {
    const wait = this.#failing.count(address)
    if (wait === undefined) {
      const { explanation, action } = sentenceOf({ code: 'session_ended' }, this.#phrasing)
      return { status: 400, error: 'invalid_request', sentence: `${explanation} ${action}`, more: { code: 'session_ended' } }
    }
    return {
      status: 429,
      error: 'temporarily_unavailable',
      sentence: `Too many requests of ended sessions came from this address; wait ${wait} seconds.`,
      more: { code: 'session_ended', retry_after: wait },
      headers: ['Retry-After', String(wait)],
    }
  }

  #refuseCall(response: ServerResponse, status: number, sentence: string, headers: readonly string[] = []): void {
    this.#refuse(response, { status, error: 'invalid_request', sentence, more: { code: 'bad_request' }, headers })
  }

  #refuse(response: ServerResponse, { status, error, sentence, more, headers = [] }: Refusal): void {
    this.#replies.refuseInJson(response, status, { error, error_description: descriptionOf(sentence), ...more }, headers)
  }
}

/** RFC 8693 §2.2.1. What `/oauth_token` says beside the token stands here under the same names. */
function replyOf({ accessToken, expiresInSeconds, warning, extra }: ExchangedToken): object {
  return {
    access_token: accessToken,
    issued_token_type: ACCESS_TOKEN_TYPE,
    token_type: 'Bearer',
    ...defined({ expires_in: expiresInSeconds, warning, extra }),
  }
}

/** Without attributes after `;`, as in its header. */
function cookieOf(subjectToken: string): string {
  const end = subjectToken.indexOf(';')
  return end < 0 ? subjectToken : subjectToken.slice(0, end).trim()
}

/** RFC 6749 §5.2: printable ASCII without the double quote and the backslash. */
function descriptionOf(sentence: string): string {
  return sentence
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/["\u201c-\u201f\u2018-\u201b]/g, "'")
    .replace(/[\u2010-\u2015]/g, '-')
    .replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/gu, '?')
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>
}
