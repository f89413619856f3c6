import type { PageSession, PageSessionLog, PageSessions, PageSessionTicket } from '@benchkey/sdk/pages'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { SessionView } from '../broker/broker-of-sessions.ts'
import { kindWords, sessionWords } from '../domain/session-states.ts'
import { pagePhrasing } from '../domain/states.ts'
import { Refusal } from './failures.ts'
import { getLogin, textMembers } from './web-requests.ts'

/** What the API of the sessions on the pages needs. */
export interface SessionApiParts {
  readonly broker: Broker
  readonly basePath: string
  readonly addressOf: (request: FastifyRequest) => string
}

type Id = { Params: { id: string } }

/** The sessions of whoever is logged in (sdk/typescript/src/pages.ts). Every refusal is a PageError. */
export function registerSessionApi(app: FastifyInstance, parts: SessionApiParts): void {
  const { broker, basePath, addressOf } = parts
  app.get('/sessions', async (request): Promise<PageSessions> => {
    const { user } = (await getLogin(broker, request)).session
    const { applications, cannotStart, lacksAccount } = await broker.launches.offer(user)
    return {
      sessions: (await broker.launches.list(user)).map((view) => pageSessionOf(view, basePath)),
      applications: applications.map(({ section, displayName, icon, limitedTo }) => ({
        ...{ section, name: displayName, icon },
        ...(limitedTo ? { limitedTo } : {}),
      })),
      ...(cannotStart === undefined ? {} : { cannotStart }),
      ...(lacksAccount ? { lacksAccount } : {}),
    }
  })
  app.post('/sessions', async (request): Promise<PageSession> => {
    const { user } = (await getLogin(broker, request)).session
    const { application, name } = textMembers(request.body, ['application', 'name'])
    const limitedTo = limitsOf(request.body)
    const wanted = { application, name, ...(limitedTo ? { limitedTo } : {}) }
    return pageSessionOf(await broker.launches.start(user, wanted, addressOf(request)), basePath)
  })
  app.post<Id>('/sessions/:id/end', async (request): Promise<PageSession> => {
    const { user } = (await getLogin(broker, request)).session
    return pageSessionOf(await broker.launches.end(user, request.params.id), basePath)
  })
  app.post<Id>('/sessions/:id/open', async (request): Promise<PageSessionTicket> => {
    const { session } = await getLogin(broker, request)
    return await broker.entries.ticket(session, request.params.id)
  })
  app.get<Id>('/sessions/:id/log', async (request): Promise<PageSessionLog> => {
    const { user } = (await getLogin(broker, request)).session
    return { lines: await broker.launches.log(user, request.params.id) }
  })
}

/** One session as the pages show it. */
function pageSessionOf(view: SessionView, basePath: string): PageSession {
  const { session, application, limitedToNames, hasLog } = view
  const words = sessionWords(view, pagePhrasing(basePath))
  const { kind, icon } = application ? { kind: application.displayName, icon: application.icon } : kindWords(session.kind)
  const where = session.host ?? session.service
  return {
    ...{ id: session.id, name: session.name, kind, icon, ...words },
    startedAt: session.startedAt.toISOString(),
    ...(session.endedAt ? { endedAt: session.endedAt.toISOString() } : {}),
    ...(where === undefined ? {} : { where }),
    ...(session.lastActiveAt ? { lastActiveAt: session.lastActiveAt.toISOString() } : {}),
    ...(limitedToNames ? { limitedTo: limitedToNames } : {}),
    canOpen: session.kind === 'launched' && (session.state === 'starting' || session.state === 'running'),
    canEnd: !session.endedAt && session.state !== 'ending',
    hasLog,
  }
}

function limitsOf(body: unknown): readonly string[] | undefined {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'limitedTo') : undefined
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every((each): each is string => typeof each === 'string')) return value
  throw new Refusal(400, 'bad_request', 'The member limitedTo of this request is not a list of Integration IDs.')
}
