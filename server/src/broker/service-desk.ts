import type { Effects } from '../domain/effects.ts'
import type { DevelopmentSession, User } from '../domain/people.ts'
import { SERVICE_TOKEN_PREFIX, type Service } from '../domain/service.ts'
import { printable } from '../domain/states.ts'
import { sessionEnvironment } from '../launcher/session-environment.ts'
import { type Store, StoreError } from '../store/store.ts'
import { isFrom } from './address-ranges.ts'
import type { AuditLog, NewAuditEvent } from './audit-log.ts'
import type { Sessions } from './broker.ts'
import type { OpenedServiceSession, ServiceCall, ServiceCalls, ServiceRefusal, WantedSession } from './broker-of-services.ts'
import type { Catalogue } from './catalogue.ts'
import type { LiveChanges } from './live-changes.ts'
import { soleUserOf } from './logins.ts'
import { looksLikeSecret, sha256 } from './random-values.ts'
import { RateLimiter } from './rate-limit.ts'
import { makeRpcCookie, rpcCookieHash } from './rpc-cookie.ts'
import { namesOf } from './session-endings.ts'

/** Calls of one service: a course of 500 that starts at once, then five a second. */
const PER_SERVICE = { burst: 500, everyMs: 200 }

/** What the desk of services is made of. */
export interface ServiceDeskParts {
  readonly store: Store
  readonly effects: Effects
  readonly audit: AuditLog
  readonly catalogue: Catalogue
  readonly sessions: Pick<Sessions, 'end'>
  readonly changes: Pick<LiveChanges, 'publish'>
  /** Both without a trailing slash. */
  readonly publicUrl: string
  readonly callbackAddress: string
  readonly caCertificate?: string
  readonly singleUser: boolean
  /** Whether an account of this host is in a group of it. */
  readonly isInGroup: (account: string, group: string) => Promise<boolean>
}

/** A service whose token counts, and what it showed. */
interface Admitted {
  readonly kind: 'admitted'
  readonly service: Service
  readonly tokenHash: string
  readonly address: string
}

/** What becomes of a name that a service asks for: the user, or why not. `known`: the user exists. */
type ForUser = { readonly user: User } | { readonly why: string; readonly known?: string }

/** Sessions that services start for users. Whoever is refused hears one sentence; the audit has the reason. */
export class ServiceDesk implements ServiceCalls {
  readonly #parts: ServiceDeskParts
  readonly #perService: RateLimiter

  constructor(parts: ServiceDeskParts) {
    this.#parts = parts
    this.#perService = new RateLimiter(PER_SERVICE, parts.effects)
  }

  async open(call: ServiceCall, wanted: WantedSession): Promise<OpenedServiceSession | ServiceRefusal> {
    const { store, effects } = this.#parts
    const admitted = await this.#admit(call)
    if (admitted.kind === 'refused') return admitted
    const { service, tokenHash } = admitted
    const found = await this.#userFor(service, wanted.user)
    if (!('user' in found)) return this.#refuseUser(admitted, wanted.user, found)
    const { user } = found
    const limits = this.#limitsFor(service, wanted.integrations)
    if ('why' in limits) return this.#refuse(admitted, limits)
    const lifeSeconds = wanted.lifeSeconds ?? service.maxLifeSeconds
    if (lifeSeconds > service.maxLifeSeconds) {
      const sentence = `Sessions of this service last ${service.maxLifeSeconds} seconds at the most; ask for a shorter life_seconds.`
      return this.#refuse(admitted, {
        why: 'not_understood',
        sentence,
        reason: `a life of ${lifeSeconds} s`,
        userName: user.name,
      })
    }
    const endsAt = new Date(store.now().getTime() + lifeSeconds * 1000)
    const cookie = makeRpcCookie(user.name, endsAt, effects.randomBytes(32))
    const names = {
      ...{ userName: user.name, name: printable(wanted.name), endsAt, cookieHash: rpcCookieHash(cookie) },
      ...(wanted.host === undefined ? {} : { host: printable(wanted.host) }),
      ...limits,
    }
    const session = await store.services.openSession(service, tokenHash, names).catch((failure: unknown) => {
      if (failure instanceof StoreError && failure.code === 'missing') return 'no such user' as const
      throw failure
    })
    if (session === 'no such user') return this.#refuseUser(admitted, wanted.user, { why: session })
    if (session === 'gone') return TOKEN_REFUSED
    if (session === 'limit') return this.#refuseLimit(admitted, user)
    return await this.#opened(admitted, session, cookie, endsAt)
  }

  async show(call: ServiceCall, sessionId: string): Promise<DevelopmentSession | ServiceRefusal> {
    const admitted = await this.#admit(call)
    if (admitted.kind === 'refused') return admitted
    const session = await this.#ownSession(admitted, sessionId)
    if (!session) return this.#refuse(admitted, unknownSession(sessionId))
    await this.#record(admitted, { action: 'service.session_shown', outcome: 'ok', ...namesOf(session) })
    return session
  }

  async end(call: ServiceCall, sessionId: string): Promise<{ ended: boolean } | ServiceRefusal> {
    const admitted = await this.#admit(call)
    if (admitted.kind === 'refused') return admitted
    const session = await this.#ownSession(admitted, sessionId)
    if (!session) return this.#refuse(admitted, unknownSession(sessionId))
    return { ended: await this.#parts.sessions.end(session.id, `service ${admitted.service.name}`) }
  }

  /** A token that opens nothing and one that does not count from there are told apart by nobody who holds it. */
  async #admit({ token, address }: ServiceCall): Promise<Admitted | ServiceRefusal> {
    const secret = token.startsWith(SERVICE_TOKEN_PREFIX) ? token.slice(SERVICE_TOKEN_PREFIX.length) : ''
    if (!looksLikeSecret(secret)) return TOKEN_REFUSED
    const { store } = this.#parts
    const tokenHash = sha256(token)
    const found = await store.services.findByToken(tokenHash)
    if (!found) return TOKEN_REFUSED
    const { service, expiresAt } = found
    const wait = this.#perService.take(service.id)
    if (wait > 0) {
      const sentence = `This service asks too often; wait ${wait} seconds.`
      return { kind: 'refused', why: 'too_many', sentence, retryAfterSeconds: wait }
    }
    const admitted: Admitted = { kind: 'admitted', service, tokenHash, address }
    if (expiresAt <= store.now()) return this.#refuse(admitted, { ...TOKEN_REFUSED, reason: 'its token has expired' })
    if (service.from && !isFrom(address, service.from)) {
      return this.#refuse(admitted, { ...TOKEN_REFUSED, reason: `its token does not count from ${address}` })
    }
    return admitted
  }

  /** Everything is looked up whatever comes out, so that time tells no names either. */
  async #userFor(service: Service, asked: string): Promise<ForUser> {
    const { store, singleUser, isInGroup } = this.#parts
    const users = await store.users.list()
    const user = users.find(({ name }) => name.toLowerCase() === asked.normalize('NFC').toLowerCase())
    const name = user?.name ?? asked
    const groups = service.actsFor.filter(({ kind }) => kind === 'group')
    const inGroups = await Promise.all(groups.map((group) => isInGroup(name, group.name)))
    const isNamed = service.actsFor.some((one) => one.kind === 'user' && one.name.toLowerCase() === name.toLowerCase())
    if (!user) return { why: 'no such user' }
    const known = user.name
    if (!service.allUsers && !isNamed && !inGroups.includes(true)) return { known, why: 'not one it acts for' }
    if (user.isAdmin) return { known, why: 'an administrator' }
    if (user.lockedAt) return { known, why: 'locked' }
    if (singleUser && soleUserOf(users)?.id !== user.id) return { known, why: 'not the one user of single-user=1' }
    return { user }
  }

  /** Integration IDs of a new session; none: all. One that is not there and one that it may not give read the same. */
  #limitsFor(service: Service, asked: readonly string[] | undefined): { limitedTo?: readonly string[] } | NewRefusal {
    if (asked === undefined) return service.integrations ? { limitedTo: service.integrations } : {}
    const ids = new Set<string>()
    for (const name of asked) {
      const may = this.#parts.catalogue.named(name).filter(({ uid }) => service.integrations?.includes(uid) ?? true)
      const [found, ...others] = may
      if (!found || others.length > 0) {
        const sentence = found
          ? `Several integrations are named "${printable(name)}"; send the Integration ID.`
          : `This service may give sessions no integration "${printable(name)}".`
        return { why: found ? 'not_understood' : 'not_allowed', sentence, reason: `integration "${printable(name)}"` }
      }
      ids.add(found.uid)
    }
    return { limitedTo: [...ids] }
  }

  async #ownSession({ service }: Admitted, sessionId: string): Promise<DevelopmentSession | undefined> {
    const sessions = await this.#parts.store.sessions.list({ withEnded: true })
    return sessions.find(({ id, kind, service: by }) => id === sessionId && kind === 'service' && by === service.name)
  }

  async #opened(admitted: Admitted, session: DevelopmentSession, cookie: string, endsAt: Date): Promise<OpenedServiceSession> {
    const { publicUrl, callbackAddress, caCertificate, changes } = this.#parts
    const where = session.host === undefined ? '' : ` on ${session.host}`
    const detail = `${where} until ${endsAt.toISOString()}`
    await this.#record(admitted, { action: 'service.session_opened', outcome: 'ok', ...namesOf(session) }, detail)
    changes.publish(session.userId, 'sessions')
    return {
      ...{ session, cookie, endsAt },
      environment: sessionEnvironment({ publicUrl, callbackAddress, sessionId: session.id }),
      ...(caCertificate === undefined ? {} : { caCertificate }),
    }
  }

  /** What was typed for an unknown name is not kept: it may be anything. */
  #refuseUser(admitted: Admitted, asked: string, { why, known }: { why: string; known?: string }): Promise<ServiceRefusal> {
    const sentence = `This service may not start sessions for "${printable(asked)}". The audit tells the administrators of Benchkey why.`
    const reason = known === undefined ? `the user: ${why}` : `"${known}": ${why}`
    return this.#refuse(admitted, { why: 'not_allowed', sentence, reason, ...(known === undefined ? {} : { userName: known }) })
  }

  #refuseLimit(admitted: Admitted, user: User): Promise<ServiceRefusal> {
    const { maxSessions } = admitted.service
    const sentence = `This service may have ${maxSessions} session${maxSessions === 1 ? '' : 's'} at once, and has them; end one first.`
    return this.#refuse(admitted, { why: 'too_many', sentence, reason: `${maxSessions} sessions run`, userName: user.name })
  }

  async #refuse(admitted: Admitted, { why, sentence, reason, userName }: NewRefusal): Promise<ServiceRefusal> {
    const whose = userName === undefined ? {} : { userName }
    await this.#record(admitted, { action: 'service.refused', outcome: 'refused', ...whose }, `: ${reason}`)
    return { kind: 'refused', why, sentence }
  }

  async #record({ service, address }: Admitted, event: NewAuditEvent, more = ''): Promise<void> {
    await this.#parts.audit.record({ ...event, address, detail: `service ${service.name}${more}` })
  }
}

/** A refusal with its reason, for the audit. */
interface NewRefusal {
  readonly why: ServiceRefusal['why']
  readonly sentence: string
  readonly reason: string
  readonly userName?: string
}

const TOKEN_REFUSED = {
  kind: 'refused',
  why: 'token',
  sentence:
    'This service token opens nothing: it is unknown, has expired, or does not count from this address. An administrator of Benchkey sees which in its audit.',
} as const satisfies ServiceRefusal

function unknownSession(sessionId: string): NewRefusal {
  const asked = printable(sessionId)
  const sentence = `This service has no session "${asked}".`
  return { why: 'unknown', sentence, reason: `session "${asked}" is none of its own` }
}
