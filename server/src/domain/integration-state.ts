import { hostOf, type Integration } from './integration.ts'
import type { State } from './states.ts'
import { isAlive, type StoredToken } from './stored-token.ts'

/** What an integration suffers from for everybody, as the store keeps it. */
export interface Trouble {
  readonly kind: 'client' | 'connection'
  readonly words: string
  readonly since: Date
}

/** Shown from 14 days before a refresh token's own end. */
const RENEW_BY_NOTICE_MS = 14 * 24 * 60 * 60 * 1000

/**
 * The state of one integration for one user, from what is stored: a view, nothing is written.
 * `clientFingerprint` is that of the integration as configured now; `now` in database time.
 */
export function stateOfIntegration(
  integration: Integration,
  token: StoredToken | undefined,
  facts: { readonly now: Date; readonly clientFingerprint: string; readonly changedAt: Date; readonly trouble?: Trouble },
): State {
  const named = { name: integration.displayName, section: integration.section, host: hostOf(integration.tokenUrl) }
  if (integration.isDisabled) return { ...named, code: 'configuration_error', reason: 'disabled' }
  if (!token) return { ...named, code: 'not_signed_in' }
  if (token.clientFingerprint !== facts.clientFingerprint) {
    return { ...named, code: 'reauthentication_required', reason: 'changed', at: facts.changedAt }
  }
  if (token.reauthentication) {
    return { ...named, code: 'reauthentication_required', reason: token.reauthentication.reason, at: token.reauthentication.at }
  }
  const alive = isAlive(token, facts.now)
  if (!alive && !token.hasRefreshToken) {
    return { ...named, code: 'reauthentication_required', reason: 'ended', ...ifKnown('at', token.expiresAt) }
  }
  if (facts.trouble) {
    return {
      ...named,
      code: 'configuration_error',
      reason: facts.trouble.kind,
      words: facts.trouble.words,
      at: facts.trouble.since,
    }
  }
  if (token.lastFailure) return delayedOrUnavailable(named, token, alive, facts.now)
  const missing = missingScopes(integration, token)
  if (missing.length > 0) return { ...named, code: 'scope_missing', scopes: missing }
  return { ...named, code: 'signed_in', ...healthOf(token, facts.now) }
}

function delayedOrUnavailable(
  named: { name: string; section: string; host: string },
  token: StoredToken,
  alive: boolean,
  now: Date,
): State {
  const failure = token.lastFailure
  const facts = { ...named, ...ifKnown('at', failure?.at), words: failure?.words ?? '' }
  if (alive) return { ...facts, code: 'renewal_delayed', ...ifKnown('until', token.expiresAt) }
  const waitMs = (failure?.retryAt.getTime() ?? 0) - now.getTime()
  return { ...facts, code: 'provider_unavailable', retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) }
}

/** Scopes the configuration asks for now that this sign-in was never asked for (fault F33: "more access asked"). */
export function missingScopes(integration: Integration, token: StoredToken): readonly string[] {
  return integration.scopes.filter((scope) => !token.scopesAsked.includes(scope))
}

function healthOf(token: StoredToken, now: Date): Pick<State, 'reason' | 'until'> {
  if (!token.expiresAt) return { reason: 'does_not_expire' }
  if (!token.hasRefreshToken) return { reason: 'cannot_renew', until: token.expiresAt }
  const renewBy = token.refreshTokenExpiresAt
  if (renewBy && renewBy.getTime() - now.getTime() < RENEW_BY_NOTICE_MS) return { reason: 'renew_by', until: renewBy }
  return { reason: 'renews' }
}

function ifKnown<K extends string>(key: K, at: Date | undefined): { [P in K]?: Date } {
  return (at ? { [key]: at } : {}) as { [P in K]?: Date }
}
