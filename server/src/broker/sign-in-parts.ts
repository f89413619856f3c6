import type { Effects } from '../domain/effects.ts'
import type { AuthorizationServers } from '../oauth/authorization-server.ts'
import type { Store } from '../store/store.ts'
import type { AccountLookUps } from './account-look-ups.ts'
import type { AuditLog } from './audit-log.ts'
import type { Catalogue } from './catalogue.ts'
import type { LiveChanges } from './live-changes.ts'
import type { Log } from './log.ts'
import { sha256 } from './random-values.ts'
import type { RevocationQueue } from './revocation-queue.ts'
import type { TokenChecks } from './token-checks.ts'
import type { UnsavedResults } from './unsaved-results.ts'

/** What signing in is made of. */
export interface SignInParts {
  readonly store: Store
  readonly results: Pick<UnsavedResults, 'reserve' | 'save'>
  readonly catalogue: Catalogue
  readonly servers: AuthorizationServers
  readonly effects: Effects
  readonly audit: AuditLog
  readonly changes: LiveChanges
  readonly log: Log
  readonly checks: Pick<TokenChecks, 'start'>
  readonly accounts: Pick<AccountLookUps, 'start'>
  readonly revocations: Pick<RevocationQueue, 'wake' | 'revokeReplaced'>
}

/** The part of an attempt cookie's name that tells attempts apart: the first 16 hex digits of the state's hash. */
export function attemptCookieName(state: string): string {
  return sha256(state).slice(0, 16)
}
