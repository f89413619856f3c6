import type { PageMe, PageSignInStarted } from '@benchkey/sdk/pages'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { User } from '../domain/people.ts'
import { registerActivityApi } from './activity-api.ts'
import { registerAdministrators } from './administrators.ts'
import { attemptCookieName, readCookie, SESSION_COOKIE, setCookie } from './cookies.ts'
import { registerDeviceApi } from './device-api.ts'
import type { EventStreams } from './event-streams.ts'
import { Refusal } from './failures.ts'
import { pageDetailsOf, pageIntegrationsOf, type ViewFacts } from './page-views.ts'
import { registerSessionApi } from './session-api.ts'
import { findLogin, getLogin, LOGIN_TEXT_LIMIT, requireOwnPage, textMembers, tooMany } from './web-requests.ts'

/** What the JSON API of the pages needs. */
export interface PageApiParts {
  readonly broker: Broker
  readonly streams: EventStreams
  readonly facts: ViewFacts
  readonly serverName: string
  readonly redirectUri: string
  readonly addressOf: (request: FastifyRequest) => string
}

/** A day. */
const ICON_MAX_AGE_SECONDS = 86_400
/** An SVG may style itself; nothing else happens in it. */
const ICON_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"

type Uid = { Params: { uid: string } }

/** The JSON API behind the pages (sdk/typescript/src/pages.ts). Every refusal is a PageError. */
export function registerPageApi(app: FastifyInstance, parts: PageApiParts): void {
  const publicOrigin = new URL(parts.facts.publicUrl).origin
  app.addHook('onRequest', async (request) => requireOwnPage(request, publicOrigin))
  registerLogin(app, parts)
  registerIntegrations(app, parts)
  registerSessionApi(app, { ...parts, basePath: parts.facts.basePath })
  registerActivityApi(app, parts)
  registerDeviceApi(app, parts)
  app.register(async (scope) => registerAdministrators(scope, { ...parts, basePath: parts.facts.basePath }), { prefix: '/admin' })
  app.get('/events', async (request, reply) => {
    const { session, cookie } = await getLogin(parts.broker, request)
    reply.hijack()
    parts.streams.open(reply.raw, session, cookie)
  })
}

function registerLogin(app: FastifyInstance, parts: PageApiParts): void {
  const { broker, streams, addressOf } = parts
  app.post('/login', async (request, reply) => {
    const { userName, password } = textMembers(request.body, ['userName', 'password'])
    if (userName.length > LOGIN_TEXT_LIMIT || password.length > LOGIN_TEXT_LIMIT) throw wrongLogin()
    const previous = readCookie(request.headers.cookie, SESSION_COOKIE)
    const result = await broker.logins.logIn({
      userName,
      password,
      address: addressOf(request),
      ...(previous === undefined ? {} : { previousCookie: previous }),
    })
    if (result.kind === 'too_many') throw tooMany(result.retryAfterSeconds)
    if (result.kind === 'refused') throw wrongLogin()
    reply.header('Set-Cookie', setCookie(SESSION_COOKIE, result.cookie))
    return meOf(result.user, parts)
  })
  app.post('/logout', async (request, reply) => {
    const login = await findLogin(broker, request)
    if (login) {
      await broker.logins.logOut(login.session)
      streams.endSession(login.session.idHash)
    }
    reply.header('Set-Cookie', setCookie(SESSION_COOKIE, '', 0))
    return {}
  })
  app.get('/me', async (request) => meOf((await getLogin(broker, request)).session.user, parts))
}

function registerIntegrations(app: FastifyInstance, parts: PageApiParts): void {
  const { broker, facts, addressOf } = parts
  app.get('/integrations', async (request) => {
    const { user } = (await getLogin(broker, request)).session
    return pageIntegrationsOf(await broker.signIns.list(user), user, facts)
  })
  app.get<Uid>('/integrations/:uid', async (request) => {
    const { user } = (await getLogin(broker, request)).session
    return pageDetailsOf(await broker.signIns.details(user, uidOf(request)), user, facts)
  })
  app.get<Uid>('/integrations/:uid/icon', async (request, reply) => {
    await getLogin(broker, request)
    const icon = broker.signIns.icon(uidOf(request))
    if (!icon) throw new Refusal(404, 'not_found', 'This integration has no picture.')
    // Its address changes with its content. As a document of its own it may do nothing, whatever the picture holds.
    reply.header('Cache-Control', `private, max-age=${ICON_MAX_AGE_SECONDS}, immutable`)
    reply.header('Content-Security-Policy', ICON_POLICY)
    return reply.type(icon.mediaType).send(Buffer.from(icon.base64, 'base64'))
  })
  app.post<Uid>('/integrations/:uid/sign-in', async (request, reply): Promise<PageSignInStarted> => {
    const { session } = await getLogin(broker, request)
    const { returnTo } = textMembers(request.body, ['returnTo'])
    if (returnTo !== 'settings' && returnTo !== 'sign-in-page') {
      throw new Refusal(400, 'bad_request', 'The member returnTo of this request is neither settings nor sign-in-page.')
    }
    const which = wantsAnotherAccount(request.body) ? (['another account'] as const) : []
    const { url, cookie } = await broker.signIns.start(session, uidOf(request), returnTo, addressOf(request), ...which)
    reply.header('Set-Cookie', setCookie(attemptCookieName(cookie.name), cookie.value, cookie.maxAgeSeconds))
    return { url }
  })
  app.post<Uid>('/integrations/:uid/sign-out', async (request) => {
    const { user } = (await getLogin(broker, request)).session
    await broker.signIns.signOut(user, uidOf(request), addressOf(request))
    return {}
  })
  app.post<Uid>('/integrations/:uid/try-again', async (request) => {
    const { user } = (await getLogin(broker, request)).session
    await broker.signIns.tryAgain(user, uidOf(request))
    return {}
  })
}

/** `{"anotherAccount": true}` of a body that is an object. */
function wantsAnotherAccount(body: unknown): boolean {
  const { anotherAccount = false } = body as { readonly anotherAccount?: unknown }
  if (typeof anotherAccount === 'boolean') return anotherAccount
  throw new Refusal(400, 'bad_request', 'The member anotherAccount of this request is neither true nor false.')
}

function uidOf(request: FastifyRequest<Uid>): string {
  return request.params.uid.toLowerCase()
}

function meOf(user: User, parts: PageApiParts): PageMe {
  return { userName: user.name, isAdmin: user.isAdmin, serverName: parts.serverName, redirectUri: parts.redirectUri }
}

function wrongLogin(): Refusal {
  return new Refusal(401, 'refused', 'User name or password is not right.')
}
