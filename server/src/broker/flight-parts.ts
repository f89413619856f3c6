import type { Effects } from '../domain/effects.ts'
import type { Integration } from '../domain/integration.ts'
import type { AuthorizationServers } from '../oauth/authorization-server.ts'
import type { AuditEvent, LeaseHolder, Store } from '../store/store.ts'
import type { AccountLookUps } from './account-look-ups.ts'
import type { ClientSecrets } from './client-secrets.ts'
import type { UnsavedResults } from './unsaved-results.ts'

/** What a flight needs from the world; all effects are arguments (style.md, rule 3). */
export interface FlightParts {
  readonly store: Store
  /** Where what a request brings waits for the database. */
  readonly results: Pick<UnsavedResults, 'reserve' | 'save' | 'bringForward'>
  readonly authorizationServers: AuthorizationServers
  readonly clientSecrets: Pick<ClientSecrets, 'inOrder' | 'learn'>
  readonly effects: Effects
  readonly holder: LeaseHolder
  /** Which holders can no longer send: their process is gone. */
  readonly isDead: (holder: LeaseHolder) => boolean
  /** What a stored sign-in is bound to (fault F33). */
  readonly fingerprintOf: (integration: Integration) => string
  readonly configurationHashOf: (integration: Integration) => string
  readonly redirectUriOf: (integration: Integration) => string
  readonly audit: (event: AuditEvent) => Promise<void>
  /** Asks whose account it is, in the background, where that is still to be found out. */
  readonly askAccount: AccountLookUps['start']
  /** Told when a row changed, so that pages look again. */
  readonly changed: (userId: string) => void
  readonly report: (problem: { readonly what: string; readonly section: string; readonly error?: unknown }) => void
}

/** How a flight ended; what the row says now decides what callers are told. */
export type FlightEnd = 'renewed' | 'settled' | 'held' | 'lease_lost'
