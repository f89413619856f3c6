import type { FromProxy } from '../domain/session-proxy.ts'

/** Longest text of a failure that is logged. */
const FAILURE_LIMIT = 120
/** More sessions than that are not used in half a minute. */
const ACTIVE_LIMIT = 10_000

/** A message of the proxy process, which speaks with hostile programs all day; undefined for anything it should not say. */
export function readProxyMessage(message: unknown): FromProxy | undefined {
  if (typeof message !== 'object' || message === null) return undefined
  const { kind, question, ticket, sessionId, entryHash, sessionIds, failure }: Partial<Record<string, unknown>> = { ...message }
  if (kind === 'ready') return { kind }
  if (kind === 'failed')
    return {
      kind,
      failure: String(failure)
        .replace(/[^\x20-\x7e]/g, '?')
        .slice(0, FAILURE_LIMIT),
    }
  if (kind === 'active') {
    const isList = Array.isArray(sessionIds) && sessionIds.length <= ACTIVE_LIMIT
    return isList ? { kind, sessionIds: sessionIds.filter((id) => typeof id === 'string') } : undefined
  }
  if (typeof question !== 'number' || typeof sessionId !== 'string') return undefined
  if (kind === 'redeem' && typeof ticket === 'string') return { kind, question, ticket, sessionId }
  if (kind === 'route' && typeof entryHash === 'string') return { kind, question, entryHash, sessionId }
  return undefined
}
