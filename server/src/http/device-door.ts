import type { IncomingMessage, ServerResponse } from 'node:http'
import type { WireDeviceStart, WireLoggedIn } from '@benchkey/sdk/wire'
import type { Broker } from '../broker/broker.ts'
import type { DevicePoll, DeviceStart } from '../broker/broker-of-devices.ts'
import type { Effects } from '../domain/effects.ts'
import { basePathOf } from './allowed-hosts.ts'
import type { DEVICE_ERROR_CODES } from './device-errors.ts'
import { reportUnknown, statusOf, tellable } from './failures.ts'
import type { HttpLog } from './log.ts'
import type { PlainReplies } from './plain-replies.ts'
import { collectBody } from './request-body.ts'
import { refusedHeaderOf } from './rpc-call.ts'
import { isForm } from './token-exchange-call.ts'

/** What a terminal asks: to begin (RFC 8628 §3.1), and whether its person has approved (§3.4). */
export type DeviceRoute = 'authorization' | 'token'

type ErrorCode = (typeof DEVICE_ERROR_CODES)[number]

interface Refusal {
  readonly status: number
  readonly error: ErrorCode
  readonly sentence: string
  readonly retryAfterSeconds?: number
  readonly allow?: string
}

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code'

/** What a terminal may call its host: as long as a DNS name. */
const HOST_LIMIT = 253

/** Words for what a terminal that waits is refused with. */
const POLL_REFUSALS: Readonly<Record<Exclude<DevicePoll['kind'], 'opened' | 'too_many'>, readonly [ErrorCode, string]>> = {
  pending: ['authorization_pending', 'Nobody has approved this terminal yet.'],
  slow_down: ['slow_down', 'This terminal asks too often; ask five seconds later each time.'],
  denied: ['access_denied', 'This terminal was not approved. Nothing was changed.'],
  expired: ['expired_token', 'Nobody approved this terminal in ten minutes. Run benchkey login again.'],
  unknown: ['invalid_grant', 'No terminal waits with this code. Run benchkey login again.'],
}

/** The door of terminals that want to be logged in; it takes no credential and changes nothing without a person in a browser. */
export class DeviceDoor {
  readonly #broker: Broker
  readonly #replies: PlainReplies
  readonly #log: HttpLog
  readonly #effects: Effects
  readonly #publicUrl: string
  readonly #routes: ReadonlyMap<string, DeviceRoute>

  constructor(parts: {
    broker: Broker
    replies: PlainReplies
    log: HttpLog
    effects: Effects
    publicUrl: string
    callbackAddress: string
  }) {
    this.#broker = parts.broker
    this.#replies = parts.replies
    this.#log = parts.log
    this.#effects = parts.effects
    this.#publicUrl = parts.publicUrl
    const bases = [parts.publicUrl, parts.callbackAddress].map(basePathOf)
    const routes = ['authorization', 'token'] as const
    this.#routes = new Map(bases.flatMap((base) => routes.map((route) => [`${base}/api/v1/device/${route}`, route] as const)))
  }

  /** `path` without its query; undefined when it is none of this door's. */
  find(path: string): DeviceRoute | undefined {
    return this.#routes.get(path)
  }

  /** Answers one request whose host and transport were checked. `address`: the caller's. */
  handle(request: IncomingMessage, response: ServerResponse, route: DeviceRoute, address: string): void {
    const refused = refusedHeaderOf(request.headers)
    if (refused !== undefined) {
      const sentence = `This address answers terminals, which do not send the header ${refused}. In a browser open ${this.#publicUrl}/device.`
      this.#refuse(response, { status: 403, error: 'invalid_request', sentence })
    } else if (request.method !== 'POST') {
      const sentence = 'Terminals are logged in by POST only.'
      this.#refuse(response, { status: 405, error: 'invalid_request', sentence, allow: 'POST' })
    } else if (!isForm(request.headers['content-type'])) {
      this.#refuse(response, invalid('The parameters are sent as application/x-www-form-urlencoded.'))
    } else {
      collectBody(request, (body) => this.#answer(response, route, body, address))
    }
  }

  #answer(response: ServerResponse, route: DeviceRoute, body: Buffer | undefined, address: string): void {
    if (body === undefined) {
      this.#refuse(response, { ...invalid('The body is larger than 64 KiB, which no terminal needs.'), status: 413 })
      return
    }
    const pairs = [...new URLSearchParams(body.toString())]
    const parameters = new Map(pairs)
    if (parameters.size < pairs.length) {
      this.#refuse(response, invalid('A parameter stands in this request twice; send each once.'))
      return
    }
    const answering = route === 'authorization' ? this.#begin(parameters, address) : this.#poll(parameters, address)
    answering.then(
      (reply) => ('sentence' in reply ? this.#refuse(response, reply) : this.#replies.json(response, JSON.stringify(reply))),
      (error: unknown) => this.#refuse(response, this.#failureOf(error, route)),
    )
  }

  async #begin(parameters: ReadonlyMap<string, string>, address: string): Promise<WireDeviceStart | Refusal> {
    const host = (parameters.get('host') ?? '').trim()
    if (host === '' || host.length > HOST_LIMIT) {
      return invalid('The parameter host, where the terminal runs, is missing or longer than a host name.')
    }
    return this.#startOf(await this.#broker.deviceLogins.begin({ host, address }))
  }

  #startOf(start: DeviceStart): WireDeviceStart | Refusal {
    if (start.kind === 'too_many') return tooMany(start.retryAfterSeconds)
    if (start.kind === 'off') {
      const sentence = 'This server logs no terminals in. Ask its administrator for terminal-session-lifetime in benchkey.conf.'
      return { status: 400, error: 'unauthorized_client', sentence }
    }
    const page = `${this.#publicUrl}/device`
    return {
      device_code: start.deviceCode,
      user_code: start.userCode,
      verification_uri: page,
      verification_uri_complete: `${page}?code=${start.userCode}`,
      expires_in: start.expiresInSeconds,
      interval: start.intervalSeconds,
    }
  }

  async #poll(parameters: ReadonlyMap<string, string>, address: string): Promise<WireLoggedIn | Refusal> {
    if (parameters.get('grant_type') !== GRANT_TYPE) {
      const sentence = `This address logs terminals in; send the grant_type ${GRANT_TYPE}.`
      return { status: 400, error: 'unsupported_grant_type', sentence }
    }
    const deviceCode = parameters.get('device_code') ?? ''
    if (deviceCode === '') return invalid('The parameter device_code is missing.')
    const polled = await this.#broker.deviceLogins.poll({ deviceCode, address })
    if (polled.kind === 'too_many') return tooMany(polled.retryAfterSeconds)
    if (polled.kind === 'opened') return loggedInOf(polled)
    const [error, sentence] = POLL_REFUSALS[polled.kind]
    return { status: 400, error, sentence }
  }

  #failureOf(failure: unknown, route: DeviceRoute): Refusal {
    const where = `device ${route}`
    const told = tellable(failure, where, this.#log)
    if (told) return { status: statusOf(told), error: 'temporarily_unavailable', sentence: told.message }
    return { status: 500, error: 'server_error', sentence: reportUnknown(failure, where, this.#log, this.#effects) }
  }

  #refuse(response: ServerResponse, { status, error, sentence, retryAfterSeconds, allow }: Refusal): void {
    const headers = [
      ...(retryAfterSeconds === undefined ? [] : ['Retry-After', String(retryAfterSeconds)]),
      ...(allow === undefined ? [] : ['Allow', allow]),
    ]
    this.#replies.refuseInJson(response, status, { error, error_description: sentence }, headers)
  }
}

function invalid(sentence: string): Refusal {
  return { status: 400, error: 'invalid_request', sentence }
}

function tooMany(retryAfterSeconds: number): Refusal {
  const sentence = `Too many terminals are being logged in; wait ${retryAfterSeconds} seconds.`
  return { status: 429, error: 'temporarily_unavailable', sentence, retryAfterSeconds }
}

/** RFC 6749 §5.1; the credential is the RPC cookie, and nothing but the session RPC takes it. */
function loggedInOf({ opened, endsAt, lifeSeconds }: Extract<DevicePoll, { kind: 'opened' }>): WireLoggedIn {
  const { cookie, environment, session } = opened
  return {
    access_token: cookie,
    token_type: 'rpc_cookie',
    expires_in: lifeSeconds,
    ends_at: `${endsAt.toISOString().slice(0, 19)}Z`,
    user: session.userName,
    session: { id: session.id, name: session.name },
    environment,
  }
}
