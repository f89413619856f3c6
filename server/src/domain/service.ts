/** Whom a service may start sessions for: a user of Benchkey, or the members of a group of the server's host. */
export interface ActsFor {
  readonly kind: 'user' | 'group'
  readonly name: string
}

/** What a service is allowed, as it was added. */
export interface ServiceLimits {
  /** In lower case; the audit and its sessions name it. */
  readonly name: string
  readonly actsFor: readonly ActsFor[]
  /** Whether it may start sessions for everybody but administrators. */
  readonly allUsers: boolean
  /** Addresses and ranges its token counts from; absent: any. */
  readonly from?: readonly string[]
  /** Integration IDs its sessions are limited to; absent: all. */
  readonly integrations?: readonly string[]
  /** How many of its sessions may run at once. */
  readonly maxSessions: number
  /** How long a session of it lasts at most. */
  readonly maxLifeSeconds: number
}

/** A program of others that starts sessions for its users: a JupyterHub, a batch system, a platform of workspaces. */
export interface Service extends ServiceLimits {
  readonly id: string
  readonly createdAt: Date
  /** Newest first: one, or two while it is being rotated. */
  readonly tokens: readonly ServiceToken[]
}

/** A token of a service; its value is known to the service alone. */
export interface ServiceToken {
  readonly createdAt: Date
  readonly expiresAt: Date
  /** When it last started a session. */
  readonly lastUsedAt?: Date
}

/** How every service token begins, so that scanners for secrets find those that got lost. */
export const SERVICE_TOKEN_PREFIX = 'bks_'

/** Names of services: they stand in paths, tables and the audit. */
const SERVICE_NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/

/** Whether a service may have this name. */
export function isServiceName(name: string): boolean {
  return SERVICE_NAME.test(name)
}

/** `user:ada`, `group:staff`. */
export function actsForText({ kind, name }: ActsFor): string {
  return `${kind}:${name}`
}

/** Reads `user:U` or `group:G`; undefined when it is neither. */
export function parseActsFor(text: string): ActsFor | undefined {
  const [, kind, name] = /^(user|group):(\S(?:.*\S)?)$/u.exec(text) ?? []
  if (kind === undefined || name === undefined || /\p{Cc}/u.test(name)) return undefined
  return { kind: kind === 'user' ? 'user' : 'group', name }
}
