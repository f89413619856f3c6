import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { WayOut } from '../domain/integration.ts'
import type { ConnectionPolicy, Resolve } from './connection.ts'

/** What the connections of a server are judged by. */
export interface PolicyOptions {
  readonly allowLoopback: boolean
  readonly denyPrivate?: boolean
  /** PEM of authorities to trust besides Node's. */
  readonly extraCa?: string
  readonly resolve?: Resolve
}

/** The policy for connections of one integration. */
export type PolicyOf = (integration: WayOut) => ConnectionPolicy

/** More sets of authorities than this come from reloads; making one anew takes some milliseconds. */
const MOST_CONTEXTS = 100

/** Policies for integrations: each trusts the authorities of Node, of the whole server, and its own. */
export function connectionPolicies({ allowLoopback, denyPrivate = false, extraCa, resolve }: PolicyOptions): PolicyOf {
  const contexts = new Map<string, SecureContext>()
  const contextTrusting = (authorities: readonly string[]): SecureContext => {
    const key = authorities.join('\n')
    const known = contexts.get(key)
    if (known) return known
    const made = createSecureContext({ ca: [...getCACertificates('default'), ...authorities] })
    if (contexts.size >= MOST_CONTEXTS) contexts.clear()
    contexts.set(key, made)
    return made
  }
  return ({ extraCa: own, commonProxies }) => {
    const authorities = [extraCa, commonProxies?.extraCa, own].filter((pem) => pem !== undefined)
    return {
      ...{ allowLoopback, denyPrivate },
      ...(resolve ? { resolve } : {}),
      ...(authorities.length === 0 ? {} : { secureContext: contextTrusting(authorities) }),
    }
  }
}
