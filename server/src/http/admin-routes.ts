import type { AccountChange, Broker } from '../broker/broker.ts'
import {
  type AdminCookieRotated,
  type AdminHealth,
  type AdminRemoved,
  type AdminSessionEnded,
  type AdminSessionOpened,
  type AdminSessions,
  type AdminStatus,
  type AdminStoredTokens,
  type AdminUserAdded,
  type AdminUsers,
  LAST_ADMINISTRATOR,
} from '../domain/admin-api.ts'
import { lastAdministratorWords } from '../domain/people.ts'
import { printable } from '../domain/states.ts'
import { configurationRoutes } from './admin-configuration-routes.ts'
import { type AdminRoute, flagOf, memberOf } from './admin-route.ts'
import { serviceRoutes } from './admin-service-routes.ts'
import { verifyRoutes } from './admin-verify-routes.ts'
import { adminHealthOf, adminSessionOf, adminStoredTokenOf, adminUserDetailsOf, adminUserOf } from './admin-views.ts'
import { Refusal } from './failures.ts'
import { textMembers } from './web-requests.ts'

/** What `GET /status` tells. */
export type AdminStatusFacts = AdminStatus

/** Every command of the admin socket (domain/admin-api.ts). */
export function adminRoutes(broker: Broker, facts: AdminStatusFacts): readonly AdminRoute[] {
  const { publicUrl, redirectUri, version } = facts
  return [
    ...userRoutes(broker, publicUrl),
    ...sessionRoutes(broker),
    ...storedTokenRoutes(broker, publicUrl),
    ...serviceRoutes(broker),
    ...verifyRoutes(broker),
    ...configurationRoutes(broker),
    {
      method: 'GET',
      path: '/health',
      answer: async (): Promise<AdminHealth> => adminHealthOf(await broker.administration.health(), version),
    },
    { method: 'GET', path: '/status', answer: async (): Promise<AdminStatus> => ({ publicUrl, redirectUri, version }) },
  ]
}

function userRoutes({ administration, launches }: Broker, publicUrl: string): readonly AdminRoute[] {
  const lock = (isLocked: boolean) => async (body: unknown, name: string) => {
    const how = { evenIfLast: memberOf(body, 'evenIfLast') === true }
    return doneOr(name, await administration.setLocked(name, isLocked, how))
  }
  return [
    {
      method: 'GET',
      path: '/users',
      answer: async (): Promise<AdminUsers> => ({ users: (await administration.listUsers()).map(adminUserOf) }),
    },
    {
      method: 'POST',
      path: '/users',
      answer: async (body): Promise<AdminUserAdded> => {
        const { name, password } = textMembers(body, ['name', 'password'])
        const user = await administration.addUser({ name, password, isAdmin: flagOf(body, 'isAdmin') })
        const { lacksAccount, cannotStart } = await launches.offer(user)
        return { user: adminUserOf(user), ...(lacksAccount && cannotStart !== undefined ? { cannotStart } : {}) }
      },
    },
    {
      method: 'GET',
      path: '/users/:name',
      answer: async (_body, name) => adminUserDetailsOf(await administration.showUser(name), publicUrl),
    },
    { method: 'POST', path: '/users/:name/lock', answer: lock(true) },
    { method: 'POST', path: '/users/:name/unlock', answer: lock(false) },
    {
      method: 'POST',
      path: '/users/:name/role',
      answer: async (body, name) => {
        const how = { evenIfLast: memberOf(body, 'evenIfLast') === true }
        return doneOr(name, await administration.setRole(name, { isAdmin: flagOf(body, 'isAdmin') }, how))
      },
    },
    {
      method: 'DELETE',
      path: '/users/:name',
      answer: async (body, name) => {
        return doneOr(name, await administration.removeUser(name, { evenIfLast: memberOf(body, 'evenIfLast') === true }))
      },
    },
  ]
}

/** The asker repeats it with `evenIfLast` when that is meant. */
function doneOr(name: string, change: AccountChange): object {
  if (change === 'done') return {}
  throw new Refusal(409, LAST_ADMINISTRATOR, lastAdministratorWords(printable(name)))
}

function storedTokenRoutes({ administration, people }: Broker, publicUrl: string): readonly AdminRoute[] {
  const remove =
    (how: 'revoke' | 'purge') =>
    async (body: unknown): Promise<AdminRemoved> => {
      const [userName, integration] = [optionalText(body, 'user'), optionalText(body, 'integration')]
      if (userName === undefined && integration === undefined) {
        throw new Refusal(400, 'bad_request', 'This request names neither a user nor an integration.')
      }
      const filter = { ...(userName === undefined ? {} : { userName }), ...(integration === undefined ? {} : { integration }) }
      return people.removeSignIns({}, filter, how)
    }
  return [
    {
      method: 'GET',
      path: '/stored-tokens',
      answer: async (_body, _parameter, query): Promise<AdminStoredTokens> => {
        const [userName, integration] = [query.get('user'), query.get('integration')]
        const filter = { ...(userName === null ? {} : { userName }), ...(integration === null ? {} : { integration }) }
        const views = await administration.listSignIns(filter)
        return { storedTokens: views.map((view) => adminStoredTokenOf(view, publicUrl)) }
      },
    },
    { method: 'POST', path: '/stored-tokens/revoke', answer: remove('revoke') },
    { method: 'POST', path: '/stored-tokens/purge', answer: remove('purge') },
  ]
}

function sessionRoutes({ sessions }: Broker): readonly AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/sessions',
      answer: async (): Promise<AdminSessions> => ({ sessions: (await sessions.list()).map(adminSessionOf) }),
    },
    {
      method: 'POST',
      path: '/sessions',
      answer: async (body): Promise<AdminSessionOpened> => {
        const { name } = textMembers(body, ['name'])
        const opened = await sessions.open({ name, userName: optionalText(body, 'userName'), supervisor: supervisorOf(body) })
        return { ...opened, session: adminSessionOf(opened.session) }
      },
    },
    {
      method: 'POST',
      path: '/sessions/:id/rotate',
      answer: async (_body, id): Promise<AdminCookieRotated> => ({ cookie: await sessions.rotate(id) }),
    },
    {
      method: 'POST',
      path: '/sessions/:id/end',
      answer: async (_body, id): Promise<AdminSessionEnded> => ({ ended: await sessions.end(id, 'administrator') }),
    },
  ]
}

function optionalText(body: unknown, name: string): string | undefined {
  return memberOf(body, name) === undefined ? undefined : textMembers(body, [name])[name]
}

function supervisorOf(body: unknown): { pid: number; startTime: string; bootId: string } | undefined {
  if (memberOf(body, 'unsupervised') === true) return undefined
  const supervisor = memberOf(body, 'supervisor')
  const pid = memberOf(supervisor, 'pid')
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) {
    throw new Refusal(400, 'bad_request', 'The member supervisor.pid of this request is not a process number.')
  }
  return { pid, ...textMembers(supervisor, ['startTime', 'bootId']) }
}
