import type { Effects } from '../domain/effects.ts'
import type { ClientAuthenticationMethod, Integration } from '../domain/integration.ts'
import { type AuthorizationProof, probeAuthorization } from './authorization-probe.ts'
import { type ClientProof, proveClient } from './client-proof.ts'
import { type ConnectionReport, probeConnection } from './connection-probe.ts'
import { probeMetadata, type ServiceMetadata } from './metadata-probe.ts'
import { TimeUp } from './network-words.ts'
import { type NetworkOptions, networkTransport } from './provider-fetch.ts'
import { askWithMadeUpCode, type TokenAnswer } from './token-probe.ts'
import type { Transport } from './transport.ts'
import { connectionPolicies } from './trust.ts'

/** One integration to look at; the signal's abort gives up whatever is under way. */
export interface Probed {
  readonly integration: Integration
  readonly redirectUri: string
  readonly signal: AbortSignal
}

/** Looks at an authorization server from outside, over the same ways and guards as every request to it. */
export interface Probes {
  /** Connects to an address of the integration, and closes. */
  connection(url: string, probed: Probed): Promise<ConnectionReport>
  authorization(probed: Probed): Promise<AuthorizationProof>
  metadata(probed: Probed): Promise<ServiceMetadata | undefined>
  /** `onAnswer` hears every answer of the token endpoint. */
  client(
    probed: Probed,
    how: {
      readonly offered?: readonly ClientAuthenticationMethod[]
      readonly isDoubted: boolean
      readonly onAnswer: (answer: TokenAnswer) => void
    },
  ): Promise<ClientProof>
}

/** A service that has not answered by then is told as one that does not; people do not wait as long as tokens are worth. */
const REQUEST_MS = 10_000

/** Builds the probes over the network. */
export function createProbes(options: NetworkOptions): Probes {
  const { effects } = options
  const network = networkTransport(options)
  const policyOf = connectionPolicies(options)
  const transportFor = (signal: AbortSignal): Transport => limited(network, signal, effects)
  return {
    connection: (url, { integration, signal }) =>
      probeConnection({ effects, policyOf }, { url: new URL(url), integration, signal }),
    authorization: ({ signal, ...probed }) => probeAuthorization({ ...probed, effects, transport: transportFor(signal) }),
    metadata: ({ integration, signal }) => probeMetadata(transportFor(signal), integration),
    client: (probed, { onAnswer, ...how }) => {
      const parts = { effects, transport: transportFor(probed.signal) }
      const ask = async (client: Integration['client']): Promise<TokenAnswer> => {
        const answer = await askWithMadeUpCode(parts, probed, client)
        onAnswer(answer)
        return answer
      }
      return proveClient({ ask, effects, client: probed.integration.client, ...how })
    },
  }
}

/** The transport with an end: of each request after a while, and of all when the signal aborts. */
function limited(transport: Transport, signal: AbortSignal, effects: Effects): Transport {
  return async (request) => {
    const over = new AbortController()
    const timeIsUp = new AbortController()
    effects.sleep(REQUEST_MS, over.signal).then(
      () => timeIsUp.abort(new TimeUp(REQUEST_MS)),
      () => undefined, // Answered before that.
    )
    try {
      return await transport({ ...request, signal: AbortSignal.any([signal, timeIsUp.signal]) })
    } finally {
      over.abort()
    }
  }
}
