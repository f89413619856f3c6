import type { FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { BrowserSession } from '../domain/people.ts'
import { readCookie, SESSION_COOKIE } from './cookies.ts'
import { Refusal } from './failures.ts'

/** Script of another site cannot set it without a CORS preflight, which is never granted. */
const OWN_HEADER = 'x-benchkey-request'

/** Lets only Benchkey's own pages reach what changes state or returns data (security.md, *Web*). */
export function requireOwnPage(request: FastifyRequest, publicOrigin: string): void {
  const { headers } = request
  const isFromElsewhere = headers.origin !== undefined && headers.origin !== publicOrigin
  if (headers['sec-fetch-site'] !== 'same-origin' || isFromElsewhere) {
    throw new Refusal(
      403,
      'not_from_here',
      `This address answers the pages of ${publicOrigin} only, in a browser of the last years.`,
    )
  }
  if (request.method === 'GET') return
  if (headers[OWN_HEADER] !== '1') {
    throw new Refusal(403, 'not_from_here', "This request lacks the header X-Benchkey-Request: 1 of Benchkey's own pages.")
  }
  const [type] = (headers['content-type'] ?? '').split(';')
  if (type?.trim().toLowerCase() !== 'application/json') {
    throw new Refusal(415, 'bad_request', 'The body of this request is not marked as application/json.')
  }
}

/** Longer user names and passwords are no one's, and hashing them costs. */
export const LOGIN_TEXT_LIMIT = 1024

/** A login that has to wait. */
export function tooMany(seconds: number): Refusal {
  return new Refusal(429, 'too_many', `Too many attempts. Try again in ${seconds} s.`, seconds)
}

/** A browser session and the cookie that opened it. */
export interface LoggedIn {
  readonly session: BrowserSession
  readonly cookie: string
}

/** Who is logged in in the browser that asks; undefined when nobody is. */
export async function findLogin(broker: Broker, request: FastifyRequest): Promise<LoggedIn | undefined> {
  const cookie = readCookie(request.headers.cookie, SESSION_COOKIE)
  if (cookie === undefined) return undefined
  const session = await broker.logins.authenticate(cookie)
  return session ? { session, cookie } : undefined
}

/** As `findLogin`; refuses with 401 when nobody is logged in. */
export async function getLogin(broker: Broker, request: FastifyRequest): Promise<LoggedIn> {
  const login = await findLogin(broker, request)
  if (!login) throw new Refusal(401, 'logged_out', 'You are logged out. Log in to continue.')
  return login
}

/** Who is logged in in the browser that asks; refuses with 403 whoever is no administrator. */
export async function getAdministrator(broker: Broker, request: FastifyRequest): Promise<LoggedIn> {
  const login = await getLogin(broker, request)
  if (!login.session.user.isAdmin) {
    throw new Refusal(403, 'not_an_administrator', 'Only administrators may do this. Ask one: benchkey user list names them.')
  }
  return login
}

/** Members of a JSON body that must be texts; anything else is told by name. */
export function textMembers<Name extends string>(body: unknown, names: readonly Name[]): Record<Name, string> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal(400, 'bad_request', 'The body of this request is not a JSON object.')
  }
  const members = new Map<string, unknown>(Object.entries(body))
  const texts = names.map((name) => {
    const value = members.get(name)
    if (typeof value !== 'string')
      throw new Refusal(400, 'bad_request', `The member ${name} of this request is missing or not a text.`)
    return [name, value] as const
  })
  return Object.fromEntries(texts) as Record<Name, string>
}

/** The query of a request's address. */
export function queryParameters(request: FastifyRequest): URLSearchParams {
  return new URL(request.url, 'https://benchkey').searchParams
}
