import { addressRanges } from '../config/addresses.ts'
import type { Effects } from '../domain/effects.ts'
import { type ActsFor, actsForText, isServiceName, parseActsFor, SERVICE_TOKEN_PREFIX, type Service } from '../domain/service.ts'
import { printable } from '../domain/states.ts'
import { type Store, StoreError } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import { badRequest } from './bad-request.ts'
import type { NewService, Services, ServiceView, ServiceWithToken } from './broker-of-services.ts'
import type { Catalogue } from './catalogue.ts'
import type { LiveChanges } from './live-changes.ts'
import { newSecret, sha256 } from './random-values.ts'
import { namesOf } from './session-endings.ts'

/** A token is of use to its thief until it ends, so none lives longer than a year, in milliseconds. */
const LONGEST_TOKEN_LIFE_MS = 366 * 24 * 60 * 60_000

/** How long the token before works after a rotation unless told otherwise, in milliseconds. */
const OVERLAP_MS = 24 * 60 * 60_000
const LONGEST_OVERLAP_MS = 30 * 24 * 60 * 60_000

const DEFAULT_MAX_SESSIONS = 100
const MOST_SESSIONS = 10_000

/** The cookie of a session of a service is never replaced, so its life is bounded: 12 h unless told otherwise, a week at most. */
const DEFAULT_MAX_LIFE_SECONDS = 12 * 60 * 60
const LONGEST_LIFE_SECONDS = 7 * 24 * 60 * 60
const SHORTEST_LIFE_SECONDS = 60

/** What the administration of services is made of. */
export interface ServiceAdministrationParts {
  readonly store: Store
  readonly effects: Effects
  readonly audit: AuditLog
  readonly catalogue: Catalogue
  readonly changes: Pick<LiveChanges, 'publish'>
  /** Whether the host has a group of this name. */
  readonly isGroup: (group: string) => Promise<boolean>
}

/** Services that may start sessions for others: added, rotated, removed by administrators. */
export class ServiceAdministrator implements Services {
  readonly #parts: ServiceAdministrationParts

  constructor(parts: ServiceAdministrationParts) {
    this.#parts = parts
  }

  async add(wanted: NewService): Promise<ServiceWithToken> {
    const { store, audit } = this.#parts
    const { name, allUsers, expiresAt } = wanted
    if (!isServiceName(name)) {
      throw badRequest('The name of a service is made of small letters, digits, dots, hyphens and underscores, 63 at the most.')
    }
    const actsFor = await this.#actsFor(wanted)
    const from = rangesIn(wanted.from)
    const integrations = wanted.integrations.map((asked) => this.#integration(asked))
    const { maxSessions = DEFAULT_MAX_SESSIONS, maxLifeSeconds = DEFAULT_MAX_LIFE_SECONDS } = wanted
    if (!isWithin(maxSessions, 1, MOST_SESSIONS)) {
      throw badRequest(`A service may be given from 1 to ${MOST_SESSIONS} sessions.`)
    }
    if (!isWithin(maxLifeSeconds, SHORTEST_LIFE_SECONDS, LONGEST_LIFE_SECONDS)) {
      throw badRequest('A session of a service may last from 1 minute to 7 days.')
    }
    this.#checkEnd(expiresAt)
    const { token, hash } = this.#newToken()
    const limits = { name, actsFor, allUsers, maxSessions, maxLifeSeconds }
    const optional = { ...(from.length > 0 ? { from } : {}), ...(integrations.length > 0 ? { integrations } : {}) }
    const service = await store.services.create({ ...limits, ...optional }, { hash, expiresAt }).catch((failure: unknown) => {
      if (!(failure instanceof StoreError) || failure.code !== 'duplicate') throw failure
      throw badRequest(`There is a service "${name}" already. Give it a new token with: benchkey service rotate ${name}`)
    })
    await audit.record({ action: 'service.added', outcome: 'ok', detail: `${name}: ${inWords(service)}` })
    return { service, token }
  }

  async list(): Promise<readonly ServiceView[]> {
    const { services } = this.#parts.store
    const [all, live] = await Promise.all([services.list(), services.countLive()])
    return all.map((service) => ({ service, liveSessions: live.get(service.name) ?? 0 }))
  }

  async rotate(name: string, next: Parameters<Services['rotate']>[1]): ReturnType<Services['rotate']> {
    const { store, audit } = this.#parts
    const before = (await store.services.list()).find((service) => service.name === name)?.tokens[0]
    if (!before) throw noSuchService(name)
    const now = store.now().getTime()
    const expiresAt = next.expiresAt ?? new Date(now + before.expiresAt.getTime() - before.createdAt.getTime())
    this.#checkEnd(expiresAt)
    const overlapMs = next.overlapMs ?? OVERLAP_MS
    if (!(overlapMs >= 0 && overlapMs <= LONGEST_OVERLAP_MS))
      throw badRequest('The token before may work for 30 days at the most.')
    const previousUntil = new Date(Math.min(now + overlapMs, before.expiresAt.getTime()))
    const { token, hash } = this.#newToken()
    const service = await store.services.rotate(name, { hash, expiresAt, previousUntil })
    if (!service) throw noSuchService(name)
    const detail = `${name}: until ${expiresAt.toISOString()}, the token before until ${previousUntil.toISOString()}`
    await audit.record({ action: 'service.rotated', outcome: 'ok', detail })
    return { service, token, previousUntil }
  }

  async remove(name: string): Promise<{ endedSessions: number }> {
    const { store, audit, changes } = this.#parts
    const ended = await store.services.remove(name)
    if (!ended) throw noSuchService(name)
    await audit.record({ action: 'service.removed', outcome: 'ok', detail: name })
    for (const session of ended) {
      const detail = `by the removal of service ${name}`
      await audit.record({ action: 'session.ended', outcome: 'ok', ...namesOf(session), detail })
      changes.publish(session.userId, 'sessions')
    }
    return { endedSessions: ended.length }
  }

  async #actsFor({ actsFor, allUsers }: NewService): Promise<readonly ActsFor[]> {
    if (allUsers && actsFor.length > 0) throw badRequest('Say either whom the service may act for, or --all-users, not both.')
    if (!allUsers && actsFor.length === 0) {
      throw badRequest(
        'Say whom the service may start sessions for: --act-for user:U or --act-for group:G, or --all-users for everybody but administrators.',
      )
    }
    const users = await this.#parts.store.users.list()
    const read = actsFor.map((text) => {
      const found = parseActsFor(text)
      if (!found) throw badRequest(`"${printable(text)}" is neither user:U nor group:G.`)
      return found
    })
    for (const { kind, name } of read) {
      if (kind === 'user' || (await this.#parts.isGroup(name))) continue
      throw badRequest(`There is no group "${printable(name)}" on the server's host. See them with: getent group`)
    }
    return read.map((found) => {
      if (found.kind === 'group') return found
      const user = users.find(({ name }) => name.toLowerCase() === found.name.toLowerCase())
      if (!user) throw badRequest(`There is no user "${printable(found.name)}". See them with: benchkey user list`)
      if (user.isAdmin) throw badRequest(`"${user.name}" is an administrator, and no service may start sessions for those.`)
      return { kind: 'user', name: user.name }
    })
  }

  /** The Integration ID of what was typed. */
  #integration(asked: string): string {
    const [found, ...others] = this.#parts.catalogue.named(asked)
    if (!found) {
      const near = this.#parts.catalogue.near(asked)
      const hint = near === undefined ? '' : ` Did you mean "${printable(near)}"?`
      throw badRequest(`There is no integration "${printable(asked)}" on this server.${hint}`)
    }
    if (others.length > 0) throw badRequest(`Several integrations are named "${printable(asked)}". Write the Integration ID.`)
    return found.uid
  }

  #checkEnd(expiresAt: Date): void {
    const left = expiresAt.getTime() - this.#parts.store.now().getTime()
    if (!(left > 0)) throw badRequest('The token would have expired already. Write a later --expires.')
    if (left > LONGEST_TOKEN_LIFE_MS) throw badRequest('A service token lives a year at the most. Write an earlier --expires.')
  }

  #newToken(): { token: string; hash: string } {
    const token = `${SERVICE_TOKEN_PREFIX}${newSecret(this.#parts.effects)}`
    return { token, hash: sha256(token) }
  }
}

function rangesIn(typed: readonly string[]): readonly string[] {
  if (typed.length === 0) return []
  const parsed = addressRanges(typed.join(' '))
  if ('problem' in parsed) throw badRequest(`--from ${parsed.problem}`)
  return parsed.value
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function inWords({ actsFor, allUsers, from, integrations, maxSessions, maxLifeSeconds, tokens }: Service): string {
  const whom = allUsers ? 'everybody but administrators' : actsFor.map(actsForText).join(', ')
  const parts = [
    `for ${whom}`,
    ...(from ? [`from ${from.join(', ')}`] : []),
    ...(integrations ? [`integrations ${integrations.join(', ')}`] : []),
    `${maxSessions} sessions of ${maxLifeSeconds} s`,
    `until ${tokens[0]?.expiresAt.toISOString() ?? 'now'}`,
  ]
  return parts.join('; ')
}

function noSuchService(name: string): Error {
  return badRequest(`There is no service "${printable(name)}". See them with: benchkey service list`)
}
