import type { DevelopmentSession } from '../domain/people.ts'
import type { Service } from '../domain/service.ts'

/** A service to be added, as an administrator typed it. */
export interface NewService {
  readonly name: string
  /** `user:U`, `group:G`. */
  readonly actsFor: readonly string[]
  readonly allUsers: boolean
  /** Addresses and ranges; none: any. */
  readonly from: readonly string[]
  /** Integrations by ID, section or display name; none: all. */
  readonly integrations: readonly string[]
  readonly expiresAt: Date
  readonly maxSessions?: number
  readonly maxLifeSeconds?: number
}

/** A service and how it is used. */
export interface ServiceView {
  readonly service: Service
  readonly liveSessions: number
}

/** A service with the value of its newest token, which nobody can be shown again. */
export interface ServiceWithToken {
  readonly service: Service
  readonly token: string
}

/** Services that may start sessions for others, as administrators see to them. */
export interface Services {
  add(wanted: NewService): Promise<ServiceWithToken>
  list(): Promise<readonly ServiceView[]>
  /** A new token; the one before works for `overlapMs` more. Without `expiresAt` it lives as long as that one was to. */
  rotate(name: string, next: { expiresAt?: Date; overlapMs?: number }): Promise<ServiceWithToken & { previousUntil: Date }>
  /** Its tokens are worth nothing at once, and its sessions end. */
  remove(name: string): Promise<{ readonly endedSessions: number }>
}

/** What a service shows, and where it asks from. */
export interface ServiceCall {
  readonly token: string
  readonly address: string
}

/** A session that a service wants. */
export interface WantedSession {
  readonly user: string
  readonly name: string
  readonly host?: string
  /** By ID, section or display name; absent: as many as the service may give. */
  readonly integrations?: readonly string[]
  /** Absent: as long as the service may give. */
  readonly lifeSeconds?: number
}

/** A session of a service with all that its programs need. */
export interface OpenedServiceSession {
  readonly session: DevelopmentSession
  /** The RPC cookie, good until the session ends. */
  readonly cookie: string
  readonly environment: Readonly<Record<string, string>>
  readonly endsAt: Date
  /** PEM of the private CA, when the server has one. */
  readonly caCertificate?: string
}

/**
 * Why a service is refused. `token`: it opens nothing, or not from there; `not_allowed`: it may not do this; `not_understood`:
 * it asks for what nobody gets; `too_many`: sessions, or calls; `unknown`: no session of its own.
 */
export interface ServiceRefusal {
  readonly kind: 'refused'
  readonly why: 'token' | 'not_allowed' | 'not_understood' | 'too_many' | 'unknown'
  /** For the caller. The reason in full is in the audit. */
  readonly sentence: string
  readonly retryAfterSeconds?: number
}

/** What services may ask with their token. */
export interface ServiceCalls {
  open(call: ServiceCall, wanted: WantedSession): Promise<OpenedServiceSession | ServiceRefusal>
  /** A session that this service started, also for a day after its end. */
  show(call: ServiceCall, sessionId: string): Promise<DevelopmentSession | ServiceRefusal>
  /** False when it had ended. */
  end(call: ServiceCall, sessionId: string): Promise<{ readonly ended: boolean } | ServiceRefusal>
}
