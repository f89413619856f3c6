import type { RequestListener, Server } from 'node:http'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { PageError } from '@benchkey/sdk/pages'
import fastifyStatic from '@fastify/static'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { Effects } from '../domain/effects.ts'
import { pagePhrasing, sentenceOf } from '../domain/states.ts'
import { basePathOf } from './allowed-hosts.ts'
import { answerCallback } from './callback-door.ts'
import { EventStreams } from './event-streams.ts'
import { Refusal, reportUnknown, statusOf, tellable } from './failures.ts'
import { IndexPage } from './index-page.ts'
import type { HttpLog } from './log.ts'
import { registerPageApi } from './page-api.ts'
import { BODY_LIMIT_BYTES } from './request-body.ts'
import type { TrustedProxies } from './trusted-proxies.ts'
import { findLogin } from './web-requests.ts'

/** What the browser door needs. */
export interface BrowserDoorParts {
  readonly broker: Broker
  readonly log: HttpLog
  readonly effects: Effects
  readonly proxies: TrustedProxies
  readonly publicUrl: string
  /** The folder of the built pages. */
  readonly webRoot: string
  readonly serverName: string
  readonly redirectUri: string
  /** Makes the one server around the framework's handler. */
  readonly serverFactory: (handler: RequestListener) => Server
  readonly onParserError: (error: NodeJS.ErrnoException, socket: Socket) => void
}

/** The browser door. Its close() ends the event streams; whoever made the server closes that. */
export interface BrowserDoor {
  close(): Promise<void>
}

/** Assets carry a hash in their name, so one name never means two contents. */
const ASSETS_MAX_AGE_MS = 365 * 24 * 60 * 60 * 1000

/** Icons and the like, without a hash in their name: an hour. */
const LOOSE_FILES_MAX_AGE_MS = 60 * 60 * 1000

/** Pages the single page knows; each is GET only and the same document. */
const PAGES = [
  '/login',
  '/device',
  '/settings',
  '/settings/*',
  '/sign-in/:section',
  '/sign-in/:section/done',
  '/admin',
  '/admin/*',
]

/** Longest section header, encoded, that a path may carry; find-my-way's own bound of 100 is too short for names in UTF-8. */
const PATH_PARAMETER_LIMIT = 1024

/** Builds the browser door on Fastify: pages, their JSON API, the callback, assets. */
export async function createBrowserDoor(parts: BrowserDoorParts): Promise<BrowserDoor> {
  const { broker, log, effects, proxies } = parts
  const basePath = basePathOf(parts.publicUrl)
  const page = new IndexPage(parts.webRoot, basePath, parts.serverName)
  if (!page.isBuilt) log.warn({ webRoot: parts.webRoot }, 'the pages are not built; run: npm run build')
  const streams = new EventStreams({ broker, effects, log })
  const addressOf = (request: FastifyRequest): string => proxies.clientAddress(request.raw)
  const app = fastify({
    serverFactory: (handler) => parts.serverFactory(handler),
    clientErrorHandler: (error, socket) => parts.onParserError(error, socket),
    frameworkErrors: (error, request, reply) => answerFailure(error, request, reply, parts),
    bodyLimit: BODY_LIMIT_BYTES,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    routerOptions: { maxParamLength: PATH_PARAMETER_LIMIT },
  })
  app.setErrorHandler((error, request, reply) => answerFailure(error, request, reply, parts))
  app.addHook('preClose', async () => streams.endAll())
  readJsonBodies(app)
  const methods = collectMethods(app)
  const facts = { publicUrl: parts.publicUrl.replace(/\/+$/, ''), basePath }
  const { serverName, redirectUri } = parts
  await app.register(
    async (scope) => {
      await scope.register(async (api) => registerPageApi(api, { broker, streams, facts, serverName, redirectUri, addressOf }), {
        prefix: '/api',
      })
      const answer = (request: FastifyRequest, reply: FastifyReply) =>
        answerCallback(request, reply, { broker, effects, page, basePath, addressOf })
      scope.get('/oauth_redirect_callback', answer)
      scope.get('/oauth_redirect_callback/:section', answer)
      await registerPages(scope, parts, page, basePath)
    },
    { prefix: basePath },
  )
  refuseOtherMethods(app, methods)
  app.setNotFoundHandler((request, reply) => answerNotFound(request, reply, page, basePath))
  await app.ready()
  return { close: () => app.close() }
}

/** Only JSON, and an empty body is an empty object: most calls of the pages have nothing to say. */
function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    if (body === '') return done(null, {})
    try {
      done(null, JSON.parse(String(body)))
    } catch {
      done(new Refusal(400, 'bad_request', 'The body of this request is not JSON.'))
    }
  })
}

const METHODS = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']

/** The methods of every route registered from now on, by path. */
function collectMethods(app: FastifyInstance): ReadonlyMap<string, ReadonlySet<string>> {
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', (route) => {
    const known = methods.get(route.url) ?? new Set()
    for (const method of [route.method].flat()) known.add(method)
    methods.set(route.url, known)
  })
  return methods
}

/** 405 with the right methods, instead of 404, for every known path; before anything of the request is looked at. */
function refuseOtherMethods(app: FastifyInstance, known: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [url, methods] of [...known]) {
    const allowed = [...methods].sort().join(', ')
    const others = METHODS.filter((method) => !methods.has(method))
    const refuse = async (_request: FastifyRequest, reply: FastifyReply): Promise<never> => {
      reply.header('Allow', allowed)
      throw new Refusal(405, 'bad_request', `This address answers ${allowed} only.`)
    }
    app.route({ method: others, url, onRequest: refuse, handler: refuse })
  }
}

async function registerPages(scope: FastifyInstance, parts: BrowserDoorParts, page: IndexPage, basePath: string): Promise<void> {
  for (const url of PAGES) {
    scope.route({
      method: ['GET', 'HEAD'],
      url,
      handler: async (_request, reply) => {
        reply.type('text/html; charset=utf-8')
        return page.render()
      },
    })
  }
  scope.get('/', async (request, reply) => {
    const login = await findLogin(parts.broker, request)
    if (login) return reply.type('text/html; charset=utf-8').send(page.render())
    return reply.code(303).header('Location', `${basePath}/login`).send('')
  })
  if (!page.isBuilt) return
  await scope.register(fastifyStatic, {
    root: join(parts.webRoot, 'assets'),
    prefix: '/assets/',
    index: false,
    redirect: false,
    maxAge: ASSETS_MAX_AGE_MS,
    immutable: true,
    preCompressed: true,
  })
  await scope.register(fastifyStatic, {
    root: parts.webRoot,
    wildcard: false,
    globIgnore: ['index.html*', 'assets/**'],
    index: false,
    redirect: false,
    decorateReply: false,
    maxAge: LOOSE_FILES_MAX_AGE_MS,
  })
}

const NOTHING_HERE = 'There is nothing at this address.'

/** A path nobody knows: data for the API, the page that says so for everything else. */
function answerNotFound(request: FastifyRequest, reply: FastifyReply, page: IndexPage, basePath: string): string | PageError {
  reply.code(404)
  if ((request.raw.url ?? '').startsWith(`${basePath}/api/`)) {
    return { error: { code: 'not_found', message: NOTHING_HERE } }
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return NOTHING_HERE
  reply.type('text/html; charset=utf-8')
  return page.render()
}

/** The framework's own refusals, in sentences. */
const FRAMEWORK_REFUSALS: Readonly<Record<string, readonly [status: number, sentence: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [413, 'The body of this request is larger than 64 KiB.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, 'The body of this request is not marked as application/json.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [400, 'The length of this request is not the announced one.'],
  FST_ERR_BAD_URL: [400, 'The path of this request is not percent-encoded text.'],
  FST_ERR_MAX_PARAM_LENGTH: [414, 'The path of this request is too long.'],
}

/** The one funnel of the browser door: a sentence for what may be told, a reference for everything else. */
function answerFailure(error: unknown, request: FastifyRequest, reply: FastifyReply, parts: BrowserDoorParts): void {
  const refusal = refusalOf(error, request, parts)
  reply.code(refusal.status)
  if (refusal.retryAfterSeconds !== undefined) reply.header('Retry-After', String(refusal.retryAfterSeconds))
  const isPage = !(request.raw.url ?? '').startsWith(`${basePathOf(parts.publicUrl)}/api/`)
  if (isPage) {
    reply.type('text/plain; charset=utf-8').send(refusal.message)
    return
  }
  const { code, message, retryAfterSeconds } = refusal
  const body: PageError = { error: { code, message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) } }
  reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
}

function refusalOf(error: unknown, request: FastifyRequest, parts: BrowserDoorParts): Refusal {
  if (error instanceof Refusal) return error
  const where = `${request.method} ${request.routeOptions.url ?? 'unknown path'}`
  const told = tellable(error, where, parts.log)
  if (told) {
    const { state, retryAfterSeconds } = told.details
    const sentence = state ? sentenceOf(state, pagePhrasing(basePathOf(parts.publicUrl))) : undefined
    return new Refusal(statusOf(told), told.code, sentence?.explanation ?? told.message, retryAfterSeconds)
  }
  const refusal = frameworkRefusalOf(error)
  if (refusal) return refusal
  return new Refusal(500, 'internal', reportUnknown(error, where, parts.log, parts.effects))
}

/** What the framework and its static files refuse themselves; undefined for everything that is not the caller's doing. */
function frameworkRefusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error)) return undefined
  const [status, sentence] = FRAMEWORK_REFUSALS['code' in error ? String(error.code) : ''] ?? []
  if (status !== undefined && sentence !== undefined) return new Refusal(status, 'bad_request', sentence)
  const own = 'statusCode' in error ? Number(error.statusCode) : 500
  if (own === 403 || own === 404) return new Refusal(404, 'not_found', NOTHING_HERE)
  return own >= 400 && own < 500 ? new Refusal(own, 'bad_request', 'Benchkey does not understand this request.') : undefined
}
