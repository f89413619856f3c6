import type { UserDetails } from '../broker/broker.ts'
import type { HealthReport } from '../broker/broker-of-health.ts'
import type { SignInView } from '../broker/broker-of-oversight.ts'
import type { AdminHealth, AdminSession, AdminStoredToken, AdminUser, AdminUserDetails } from '../domain/admin-api.ts'
import type { DevelopmentSession, User } from '../domain/people.ts'
import { plainPhrasing, sentenceOf } from '../domain/states.ts'

/** A local account on the admin socket. */
export function adminUserOf({ id, name, isAdmin, lockedAt, createdAt }: User): AdminUser {
  return { ...{ id, name, isAdmin, createdAt: createdAt.toISOString() }, ...instants({ lockedAt }) }
}

/** A development session on the admin socket. */
export function adminSessionOf(session: DevelopmentSession): AdminSession {
  const { id, userId, userName, name, kind, state, application, host, service, startedAt, endedAt, endsAt } = session
  return {
    ...{ id, userId, userName, name, kind, state },
    ...(application === undefined ? {} : { application }),
    ...(host === undefined ? {} : { host }),
    ...(service === undefined ? {} : { service }),
    ...{ startedAt: startedAt.toISOString(), ...instants({ endedAt, endsAt }) },
  }
}

/** A user with sessions and stored sign-ins on the admin socket. */
export function adminUserDetailsOf(details: UserDetails, publicUrl: string): AdminUserDetails {
  return {
    user: adminUserOf(details.user),
    browserSessions: details.browserSessions,
    sessions: details.sessions.map(adminSessionOf),
    storedTokens: details.signIns.map((view) => adminStoredTokenOf(view, publicUrl)),
  }
}

/** A health report on the admin socket; `version`: of the server that answers. */
export function adminHealthOf({ isWell, findings, facts, nodes }: HealthReport, version: string): AdminHealth {
  return {
    ...{ isWell, version },
    findings: findings.map(({ level, about, fact, action }) => ({ level, about, fact, action })),
    ...(facts ? { facts } : {}),
    nodes: nodes.map(({ startedAt, heartbeatAt, ...node }) => ({
      ...node,
      startedAt: startedAt.toISOString(),
      heartbeatAt: heartbeatAt.toISOString(),
    })),
  }
}

/** A stored sign-in on the admin socket, its state in the words of the one table. */
export function adminStoredTokenOf(view: SignInView, publicUrl: string): AdminStoredToken {
  const { token, userName, section, integration, unreadReplies } = view
  const { id, integrationUid, account, hasRefreshToken, renewals, lastUsedBy } = token
  const { signedInAt, expiresAt, refreshTokenExpiresAt, lastRenewedAt, lastUsedAt } = token
  return {
    ...{ id, userName, integration: integrationUid, section },
    ...(integration ? { name: integration.displayName } : {}),
    ...stateOf(view, publicUrl),
    ...(account === undefined ? {} : { account }),
    ...{ hasRefreshToken, renewals, signedInAt: signedInAt.toISOString() },
    ...instants({ expiresAt, refreshTokenExpiresAt, lastRenewedAt, lastUsedAt }),
    ...(lastUsedBy === undefined ? {} : { lastUsedBy }),
    ...(unreadReplies === 0 ? {} : { unreadReplies }),
  }
}

function stateOf({ state }: SignInView, publicUrl: string): Pick<AdminStoredToken, 'state' | 'label' | 'explanation' | 'action'> {
  if (!state) return { state: 'not_configured', label: 'Not configured' }
  const { code, label, explanation, action } = sentenceOf(state, plainPhrasing(publicUrl))
  return { state: code, label, ...(explanation === '' ? {} : { explanation, action }) }
}

/** The instants that are known, as text. */
function instants<K extends string>(all: { readonly [P in K]: Date | undefined }): { readonly [P in K]?: string } {
  const known = Object.entries<Date | undefined>(all).flatMap(([name, at]) => (at ? [[name, at.toISOString()]] : []))
  return Object.fromEntries(known) as { readonly [P in K]?: string }
}
