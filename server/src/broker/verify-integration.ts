import { expiryOf } from '../domain/secret-expiry.ts'
import type { VerificationCheck } from '../domain/verification.ts'
import { timeSentences } from '../domain/verification-service.ts'
import type { ClientProof } from '../oauth/client-proof.ts'
import type { ServiceMetadata } from '../oauth/metadata-probe.ts'
import type { Probed, Probes } from '../oauth/probes.ts'
import type { TokenAnswer } from '../oauth/token-probe.ts'
import { clientChecks } from './verify-client.ts'
import { verifyConnections } from './verify-connections.ts'
import { authorizationChecks, type KnownOfService, metadataChecks, renewalChecks, serviceOf } from './verify-service.ts'

/** What the database and the clock know before anything is asked. */
export interface KnownBefore extends Pick<KnownOfService, 'signIns' | 'withoutRefreshToken' | 'refreshScopes'> {
  readonly now: Date
  /** The service has lately refused this client. */
  readonly isDoubted: boolean
}

/** Proofs after which the token URL is known to be one. */
const NO_TOKEN_ENDPOINT: ReadonlySet<ClientProof['kind']> = new Set([
  'not_there',
  'redirects',
  'page',
  'closed',
  'failing',
  'not_sent',
])

/**
 * Looks at one integration: the ways to its hosts, its authorization URL, its metadata, its client, the clocks, and whether
 * sign-ins can renew. `add` gets each finding as soon as it is certain. Whose hosts are not reached is not asked.
 */
export async function verifyIntegration(
  probes: Probes,
  probed: Probed,
  known: KnownBefore,
  add: (...checks: readonly VerificationCheck[]) => void,
): Promise<void> {
  const { integration, redirectUri } = probed
  add(...writtenChecks(probed, known.now))
  const ways = await verifyConnections(probes, probed, known.now)
  for (const { checks } of ways.values()) add(...checks)
  const isReached = (url: string): boolean => ways.get(new URL(url).origin)?.isReached === true
  const [authorization, metadata] = await Promise.all([probes.authorization(probed), probes.metadata(probed)])
  const ofAuthorization = authorizationChecks(authorization, integration, redirectUri)
  // That the host is not reached has been told, and why.
  add(...ofAuthorization.filter(({ id }) => id !== 'authorization-url' || isReached(integration.authorizationUrl)))
  const client = isReached(integration.tokenUrl) ? await verifyClient(probes, probed, known, metadata) : undefined
  const hasRefusedRedirectUri = authorization.redirectUri === 'refused'
  add(...(client?.checks ?? []).filter(({ id }) => id !== 'redirect-uri' || !hasRefusedRedirectUri))
  const learned: KnownOfService = {
    ...known,
    isClientRight: client?.isRight === true,
    isTokenUrlRight: client?.isTokenEndpoint === true,
    isAuthorizationUrlRight: authorization.reply.reading !== 'not_there',
  }
  if (metadata) add(...metadataChecks(metadata, integration, learned))
  add(...renewalChecks(integration, metadata, learned))
}

/** What the section says by itself. */
function writtenChecks({ integration }: Probed, now: Date): readonly VerificationCheck[] {
  const service = serviceOf(integration)
  const { clientSecretExpires: end, client } = integration
  const hasNext = client.nextClientSecret !== undefined
  return [
    ...(integration.isDisabled ? [timeSentences.disabled(service)] : []),
    ...(end === undefined ? [] : [timeSentences.secretEnds(end, expiryOf(end, now), hasNext)]),
  ]
}

interface VerifiedClient {
  readonly checks: readonly VerificationCheck[]
  readonly isRight: boolean
  readonly isTokenEndpoint: boolean
}

async function verifyClient(
  probes: Probes,
  probed: Probed,
  { isDoubted }: KnownBefore,
  metadata: ServiceMetadata | undefined,
): Promise<VerifiedClient> {
  const { integration, redirectUri } = probed
  const answers: TokenAnswer[] = []
  const proof = await probes.client(probed, {
    isDoubted,
    onAnswer: (answer) => void answers.push(answer),
    ...(metadata?.methods ? { offered: metadata.methods } : {}),
  })
  const [dated] = answers.filter(({ date }) => date !== undefined)
  const clock = dated?.date ? [timeSentences.clock(serviceOf(integration), secondsAhead(dated.receivedAt, dated.date))] : []
  return {
    checks: [...clientChecks(proof, integration, redirectUri), ...clock],
    isRight: proof.kind === 'right' || proof.kind === 'right_by_comparison',
    isTokenEndpoint: !NO_TOKEN_ENDPOINT.has(proof.kind),
  }
}

/** Whole seconds; the other clock was cut down to those, so less than one is nothing. */
function secondsAhead(ours: Date, theirs: Date): number {
  return Math.trunc((ours.getTime() - theirs.getTime()) / 1000)
}
