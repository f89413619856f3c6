import type { Effects } from '../domain/effects.ts'
import type { Integration } from '../domain/integration.ts'
import type { ConnectionEvent, ConnectionStep, SeenCertificate } from './connection-events.ts'
import { connect } from './provider-fetch.ts'
import { type Route, routeOf } from './route.ts'
import { NotSent, type NotSentCause } from './transport.ts'
import type { PolicyOf } from './trust.ts'

/** Where a connection was not made. */
export interface ConnectionFailure {
  /** The step that began and was not done. */
  readonly step: ConnectionStep
  readonly of: ConnectionEvent['of']
  readonly cause: NotSentCause
  /** ui.md's {reason} words. */
  readonly words: string
  /** Of Node or OpenSSL: `UNABLE_TO_VERIFY_LEAF_SIGNATURE`. */
  readonly code: string
}

/** The way to a host, step by step. */
export interface ConnectionReport {
  readonly route: Route
  /** The service's own first; empty where it showed none. */
  readonly certificates: readonly SeenCertificate[]
  readonly failure?: ConnectionFailure
}

/** Opens a connection as every request does, and closes it without a byte of a request. */
export async function probeConnection(
  { effects, policyOf }: { readonly effects: Effects; readonly policyOf: PolicyOf },
  to: { readonly url: URL; readonly integration: Integration; readonly signal: AbortSignal },
): Promise<ConnectionReport> {
  const { url, integration, signal } = to
  const route = routeOf(url, integration)
  let certificates: readonly SeenCertificate[] = []
  let last: Pick<ConnectionEvent, 'step' | 'of'> = { step: 'guard', of: 'service' }
  const observe = (event: ConnectionEvent): void => {
    last = event
    if (event.of === 'service' && event.certificates) certificates = event.certificates
  }
  try {
    const socket = await connect({ url, route, policy: policyOf(integration), signal, observe }, effects)
    socket.destroy()
    return { route, certificates }
  } catch (error) {
    if (!(error instanceof NotSent)) throw error
    const { step, of } = last
    return { route, certificates, failure: { step, of, cause: error.reason, words: error.words, code: codeIn(error) } }
  }
}

function codeIn(error: Error): string {
  const { cause } = error
  if (!(cause instanceof Error)) return ''
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : codeIn(cause)
}
