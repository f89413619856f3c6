import type { DevelopmentSession } from '../domain/people.ts'
import type { Service, ServiceLimits } from '../domain/service.ts'

/** A session that a service starts; it has one cookie, until its end. */
export interface NewServiceSession {
  readonly userName: string
  readonly name: string
  readonly host?: string
  readonly limitedTo?: readonly string[]
  readonly endsAt: Date
  readonly cookieHash: string
}

/** Services that start sessions for others, and their tokens. */
export interface ServiceStore {
  /** Rejects with code `duplicate` (StoreError) when the name is taken. */
  create(service: ServiceLimits, token: { hash: string; expiresAt: Date }): Promise<Service>
  /** By name. */
  list(): Promise<readonly Service[]>
  /** The service behind a token, also of one that has expired. */
  findByToken(tokenHash: string): Promise<{ service: Service; expiresAt: Date } | undefined>
  /**
   * A new token; the newest one lives until `previousUntil` at the most, older ones are gone. Undefined when there is no such
   * service.
   */
  rotate(name: string, next: { hash: string; expiresAt: Date; previousUntil: Date }): Promise<Service | undefined>
  /** Deletes the service, its tokens and the cookies of its sessions at once, and answers those; undefined when there is none. */
  remove(name: string): Promise<readonly DevelopmentSession[] | undefined>
  /**
   * A session, unless as many of the service run as may (`limit`) or the service or this very token is gone (`gone`); over all
   * nodes one at a time. Notes the use of the token. Rejects with code `missing` (StoreError) when there is no such user.
   */
  openSession(
    service: Pick<Service, 'id' | 'name' | 'maxSessions'>,
    tokenHash: string,
    session: NewServiceSession,
  ): Promise<DevelopmentSession | 'limit' | 'gone'>
  /** How many sessions of each service run, by its name. */
  countLive(): Promise<ReadonlyMap<string, number>>
}
