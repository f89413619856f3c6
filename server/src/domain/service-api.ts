/** A service on the admin socket. Instants are ISO 8601, UTC. */
export interface AdminService {
  readonly name: string
  /** `user:U`, `group:G`; empty with `allUsers`. */
  readonly actsFor: readonly string[]
  readonly allUsers: boolean
  /** Addresses and ranges; absent: any. */
  readonly from?: readonly string[]
  /** Integration IDs; absent: all. */
  readonly integrations?: readonly string[]
  readonly maxSessions: number
  readonly maxLifeSeconds: number
  readonly createdAt: string
  /** Newest first; never a value. */
  readonly tokens: readonly { readonly createdAt: string; readonly expiresAt: string; readonly lastUsedAt?: string }[]
  /** How many of its sessions run. */
  readonly sessions: number
}

/** `GET /services`. */
export interface AdminServices {
  readonly services: readonly AdminService[]
}

/** `POST /services` → AdminServiceToken. */
export interface AdminAddService {
  readonly name: string
  readonly actsFor: readonly string[]
  readonly allUsers: boolean
  readonly from: readonly string[]
  readonly integrations: readonly string[]
  readonly expiresAt: string
  readonly maxSessions?: number
  readonly maxLifeSeconds?: number
}

/** `POST /services/:name/rotate` → AdminServiceToken. Without `expiresAt`: as long as the token before. */
export interface AdminRotateService {
  readonly expiresAt?: string
  readonly overlapSeconds?: number
}

/** A new token, which is shown this once. */
export interface AdminServiceToken {
  readonly token: string
  readonly expiresAt: string
  /** Until when the token before works; absent for the first. */
  readonly previousUntil?: string
}

/** `DELETE /services/:name`. */
export interface AdminServiceRemoved {
  readonly endedSessions: number
}
