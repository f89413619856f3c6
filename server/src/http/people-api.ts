import type {
  PageAdminSession,
  PageAdminSessions,
  PageUser,
  PageUserDetails,
  PageUserSignIn,
  PageUsers,
} from '@benchkey/sdk/admin-pages'
import type { PageEverywhere } from '@benchkey/sdk/pages'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Broker } from '../broker/broker.ts'
import type { Actor, PersonCounts, SignInView } from '../broker/broker-of-oversight.ts'
import type { SessionView } from '../broker/broker-of-sessions.ts'
import type { ListQuery } from '../broker/list-pages.ts'
import { kindWords, sessionWords } from '../domain/session-states.ts'
import { pagePhrasing, sentenceOf } from '../domain/states.ts'
import { requireRecentLogin } from './recent-login.ts'
import { getAdministrator, queryParameters } from './web-requests.ts'

/** What the API of people and their sessions needs. */
export interface PeopleApiParts {
  readonly broker: Broker
  readonly basePath: string
  readonly addressOf: (request: FastifyRequest) => string
}

type Name = { Params: { name: string } }
type SignIn = { Params: { name: string; id: string } }
type Id = { Params: { id: string } }

/** Everybody and their sessions, and what an administrator may do about them (sdk/typescript/src/admin-pages.ts). */
export function registerPeopleApi(app: FastifyInstance, parts: PeopleApiParts): void {
  const { broker, basePath, addressOf } = parts
  const actorOf = async (request: FastifyRequest): Promise<Actor> => {
    const { session } = await getAdministrator(broker, request)
    return { name: session.user.name, address: addressOf(request) }
  }
  /** Acts on others need the password of the last minutes. */
  const recentActorOf = async (request: FastifyRequest): Promise<Actor> => {
    requireRecentLogin(await getAdministrator(broker, request), broker.logins.now())
    return actorOf(request)
  }
  app.get('/users', async (request): Promise<PageUsers> => {
    const { rows, ...page } = await broker.people.list(listQueryOf(request))
    return { users: rows.map(pageUserOf), ...page }
  })
  app.get<Name>('/users/:name', async (request): Promise<PageUserDetails> => {
    const { person, signIns, sessions } = await broker.people.show(request.params.name)
    return {
      user: pageUserOf(person),
      signIns: signIns.map((view) => pageSignInOf(view, basePath)),
      sessions: sessions.map((view) => pageAdminSessionOf(view, basePath)),
    }
  })
  for (const act of ['lock', 'unlock'] as const) {
    app.post<Name>(`/users/:name/${act}`, async (request) => {
      await broker.people.setLocked(await recentActorOf(request), request.params.name, act === 'lock')
      return {}
    })
  }
  app.post<Name>('/users/:name/sign-out-everywhere', async (request): Promise<PageEverywhere> => {
    return broker.people.signOutEverywhere(await recentActorOf(request), request.params.name)
  })
  for (const how of ['revoke', 'purge'] as const) {
    app.post<SignIn>(`/users/:name/sign-ins/:id/${how}`, async (request) => {
      const { name, id } = request.params
      await broker.people.removeSignIn(await recentActorOf(request), name, id, how)
      return {}
    })
  }
  app.get('/sessions', async (request): Promise<PageAdminSessions> => {
    const { rows, ...page } = await broker.people.sessions(listQueryOf(request))
    return { sessions: rows.map((view) => pageAdminSessionOf(view, basePath)), ...page }
  })
  app.post<Id>('/sessions/:id/end', async (request) => {
    await broker.people.endSession(await actorOf(request), request.params.id)
    return {}
  })
}

/** Longer words are in no row. */
const FILTER_LIMIT = 200

function listQueryOf(request: FastifyRequest): ListQuery {
  const parameters = queryParameters(request)
  const [filter, after] = [parameters.get('filter')?.trim().slice(0, FILTER_LIMIT), parameters.get('after')]
  return { ...(filter ? { filter } : {}), ...(after ? { after } : {}) }
}

function pageUserOf({ user, signIns, sessions, browsers, lastSeenAt }: PersonCounts): PageUser {
  return {
    ...{ name: user.name, isAdmin: user.isAdmin, createdAt: user.createdAt.toISOString(), signIns, sessions, browsers },
    ...(user.lockedAt ? { lockedAt: user.lockedAt.toISOString() } : {}),
    ...(lastSeenAt ? { lastSeenAt: lastSeenAt.toISOString() } : {}),
  }
}

function pageSignInOf(view: SignInView, basePath: string): PageUserSignIn {
  const { token, section, integration } = view
  return {
    ...{ id: token.id, section, name: integration?.displayName ?? section, mark: markOf(view, basePath) },
    ...{ signedInAt: token.signedInAt.toISOString(), renewals: token.renewals, hasRefreshToken: token.hasRefreshToken },
    canRevoke: integration?.revocationUrl !== undefined,
    ...(token.account === undefined ? {} : { account: token.account }),
    ...(token.lastUsedAt ? { lastUsedAt: token.lastUsedAt.toISOString() } : {}),
  }
}

/** Without the explanation, which speaks to its user. */
function markOf({ state }: SignInView, basePath: string): PageUserSignIn['mark'] {
  if (!state) return { tone: 'neutral', label: 'Not configured' }
  const { tone, label, brief } = sentenceOf(state, pagePhrasing(basePath))
  return { tone, label, ...(tone === 'ok' || brief === '' ? {} : { explanation: brief }) }
}

function pageAdminSessionOf(view: SessionView, basePath: string): PageAdminSession {
  const { session, application } = view
  const { tone, label, explanation } = sessionWords(view, pagePhrasing(basePath))
  const { kind, icon } = application ? { kind: application.displayName, icon: application.icon } : kindWords(session.kind)
  const where = session.host ?? session.service
  return {
    ...{ id: session.id, userName: session.userName, name: session.name, kind, icon },
    mark: { tone, label, ...(explanation === undefined ? {} : { explanation }) },
    startedAt: session.startedAt.toISOString(),
    ...(session.lastActiveAt ? { lastActiveAt: session.lastActiveAt.toISOString() } : {}),
    ...(where === undefined ? {} : { where }),
  }
}
