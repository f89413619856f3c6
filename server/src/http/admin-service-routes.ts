import type { Broker } from '../broker/broker.ts'
import type { NewService, ServiceView } from '../broker/broker-of-services.ts'
import { actsForText } from '../domain/service.ts'
import type { AdminService, AdminServiceRemoved, AdminServices, AdminServiceToken } from '../domain/service-api.ts'
import { type AdminRoute, flagOf, memberOf } from './admin-route.ts'
import { Refusal } from './failures.ts'
import { textMembers } from './web-requests.ts'

/** The commands about services that start sessions for others. */
export function serviceRoutes({ services }: Broker): readonly AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/services',
      answer: async (): Promise<AdminServices> => ({ services: (await services.list()).map(adminServiceOf) }),
    },
    {
      method: 'POST',
      path: '/services',
      answer: async (body): Promise<AdminServiceToken> => {
        const wanted = newServiceIn(body)
        const { token } = await services.add(wanted)
        return { token, expiresAt: wanted.expiresAt.toISOString() }
      },
    },
    {
      method: 'POST',
      path: '/services/:name/rotate',
      answer: async (body, name): Promise<AdminServiceToken> => {
        const overlap = numberIn(body, 'overlapSeconds')
        const expiresAt = memberOf(body, 'expiresAt') === undefined ? {} : { expiresAt: instantIn(body) }
        const next = { ...expiresAt, ...(overlap === undefined ? {} : { overlapMs: overlap * 1000 }) }
        const { token, service, previousUntil } = await services.rotate(name, next)
        const until = service.tokens[0]?.expiresAt ?? previousUntil
        return { token, expiresAt: until.toISOString(), previousUntil: previousUntil.toISOString() }
      },
    },
    {
      method: 'DELETE',
      path: '/services/:name',
      answer: async (_body, name): Promise<AdminServiceRemoved> => await services.remove(name),
    },
  ]
}

function adminServiceOf({ service, liveSessions }: ServiceView): AdminService {
  const { name, actsFor, allUsers, from, integrations, maxSessions, maxLifeSeconds, createdAt, tokens } = service
  return {
    ...{ name, actsFor: actsFor.map(actsForText), allUsers, maxSessions, maxLifeSeconds, createdAt: createdAt.toISOString() },
    ...(from ? { from } : {}),
    ...(integrations ? { integrations } : {}),
    tokens: tokens.map((token) => ({
      createdAt: token.createdAt.toISOString(),
      expiresAt: token.expiresAt.toISOString(),
      ...(token.lastUsedAt ? { lastUsedAt: token.lastUsedAt.toISOString() } : {}),
    })),
    sessions: liveSessions,
  }
}

function newServiceIn(body: unknown): NewService {
  const [maxSessions, maxLifeSeconds] = [numberIn(body, 'maxSessions'), numberIn(body, 'maxLifeSeconds')]
  return {
    ...textMembers(body, ['name']),
    ...{ actsFor: textsIn(body, 'actsFor'), allUsers: flagOf(body, 'allUsers'), from: textsIn(body, 'from') },
    ...{ integrations: textsIn(body, 'integrations'), expiresAt: instantIn(body) },
    ...(maxSessions === undefined ? {} : { maxSessions }),
    ...(maxLifeSeconds === undefined ? {} : { maxLifeSeconds }),
  }
}

function textsIn(body: unknown, name: string): readonly string[] {
  const value = memberOf(body, name)
  if (Array.isArray(value) && value.every((one): one is string => typeof one === 'string')) return value
  throw new Refusal(400, 'bad_request', `The member ${name} of this request is not a list of texts.`)
}

function numberIn(body: unknown, name: string): number | undefined {
  const value = memberOf(body, name)
  if (value === undefined || typeof value === 'number') return value
  throw new Refusal(400, 'bad_request', `The member ${name} of this request is not a number.`)
}

function instantIn(body: unknown): Date {
  const at = new Date(textMembers(body, ['expiresAt']).expiresAt)
  if (Number.isNaN(at.getTime())) throw new Refusal(400, 'bad_request', 'The member expiresAt of this request is not an instant.')
  return at
}
