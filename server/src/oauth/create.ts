import type { Effects } from '../domain/effects.ts'
import { askAccount } from './account.ts'
import { authorizationRequestUrl } from './authorization-request.ts'
import type { AuthorizationServers } from './authorization-server.ts'
import type { Resolve } from './connection.ts'
import { networkTransport } from './provider-fetch.ts'
import { revoke } from './revocation.ts'
import { exchangeCode, readAgain, refresh } from './token-request.ts'
import type { Transport } from './transport.ts'
import { validate } from './validation.ts'

/** What requests to authorization servers are made of. */
export interface AuthorizationServersOptions {
  readonly effects: Effects
  /** `insecure-loopback-providers=1`: loopback addresses, and plain http there. */
  readonly allowLoopback: boolean
  /** `deny-private-endpoints=1`: no service in a private network. */
  readonly denyPrivate?: boolean
  /** PEM of authorities to trust besides Node's. */
  readonly extraCa?: string
  /** Default: the system's resolver. */
  readonly resolve?: Resolve
  /** Default: the network. The simulator gives an in-memory provider. */
  readonly transport?: Transport
}

/** Builds the requests to authorization servers over the network, or over the given transport. */
export function createAuthorizationServers(options: AuthorizationServersOptions): AuthorizationServers {
  const context = { effects: options.effects, transport: options.transport ?? networkTransport(options) }
  return {
    authorizationRequestUrl,
    exchangeCode: (integration, request) => exchangeCode(context, integration, request),
    refresh: (integration, request) => refresh(context, integration, request),
    revoke: (integration, request) => revoke(context, integration, request),
    readAgain,
    validate: (integration, accessToken) => validate(context, integration, accessToken),
    askAccount: (integration, accessToken) => askAccount(context, integration, accessToken),
  }
}
