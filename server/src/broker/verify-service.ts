import { hostOf, type Integration } from '../domain/integration.ts'
import type { VerificationCheck } from '../domain/verification.ts'
import { metadataSentences, renewalSentences, type VerifiedService, withoutRefreshToken } from '../domain/verification-service.ts'
import { authorizationSentences } from '../domain/verification-sign-in.ts'
import type { AuthorizationProof } from '../oauth/authorization-probe.ts'
import type { ServiceMetadata } from '../oauth/metadata-probe.ts'
import { refreshTokenAsk } from '../oauth/refresh-ask.ts'

/** What is known otherwise of an integration, so that metadata is judged by what works. */
export interface KnownOfService {
  readonly signIns: number
  readonly withoutRefreshToken: number
  /** One of these brings a refresh token, by the preset; absent: no preset tells. */
  readonly refreshScopes?: readonly string[]
  readonly isClientRight: boolean
  readonly isTokenUrlRight: boolean
  readonly isAuthorizationUrlRight: boolean
}

/** What the authorization URL said, and always the redirect URI to register. */
export function authorizationChecks(
  { reply, redirectUri: verdict }: AuthorizationProof,
  { section, authorizationUrl }: Integration,
  redirectUri: string,
): readonly VerificationCheck[] {
  const said = {
    host: hostOf(authorizationUrl),
    section,
    words: reply.words,
    ...(reply.text === undefined ? {} : { text: reply.text }),
  }
  const untold = authorizationSentences.redirectUriUntold(said, redirectUri)
  switch (reply.reading) {
    case 'answers': {
      const told = verdict === 'accepted' ? authorizationSentences.redirectUriAccepted(said, redirectUri) : untold
      return [authorizationSentences.answers(said), told]
    }
    case 'redirect_uri':
      return [authorizationSentences.redirectUriRefused(said, redirectUri)]
    case 'refused':
      return [authorizationSentences.refusedUnread(said, redirectUri)]
    case 'client':
      return [authorizationSentences.clientUnknown(said), untold]
    case 'scope':
      return [authorizationSentences.scopeRefused(said), untold]
    case 'not_allowed':
      return [authorizationSentences.clientNotAllowed(said), untold]
    case 'pkce':
      return [authorizationSentences.pkceRefused(said), untold]
    case 'error':
      return [authorizationSentences.errorSentBack(said), untold]
    case 'not_there':
      return [authorizationSentences.notThere(said), untold]
    case 'closed':
      return [authorizationSentences.closed(said), untold]
    case 'failing':
      return [authorizationSentences.failing(said), untold]
    case 'silent':
      return [authorizationSentences.silent(said), untold]
  }
}

/** What the metadata says that the section does not. */
export function metadataChecks(
  metadata: ServiceMetadata,
  integration: Integration,
  known: KnownOfService,
): readonly VerificationCheck[] {
  const service = describedBy(metadata, integration)
  const checks = [
    ...endpointChecks(metadata, integration, known),
    ...issuerChecks(metadata, integration, known),
    ...pkceChecks(metadata, integration),
  ]
  const { authenticationMethod: method } = integration.client
  if (metadata.methods && !metadata.methods.includes(method) && !known.isClientRight) {
    checks.push(metadataSentences.methodNotOffered(service, method, metadata.methods))
  }
  const agrees = checks.every(({ outcome }) => outcome === 'ok')
  return agrees ? [metadataSentences.found(service, metadata.url), ...checks] : checks
}

/** Services have several addresses for one thing: another one is told only where the written one does not work. */
function endpointChecks(
  metadata: ServiceMetadata,
  integration: Integration,
  known: KnownOfService,
): readonly VerificationCheck[] {
  const { tokenUrl, authorizationUrl } = metadata
  const service = describedBy(metadata, integration)
  const rows = [
    ['token-url', tokenUrl, integration.tokenUrl, known.isTokenUrlRight],
    ['authorization-url', authorizationUrl, integration.authorizationUrl, known.isAuthorizationUrlRight],
  ] as const
  return rows.flatMap(([option, named, written, isRight]) =>
    named === undefined || isRight || named === withoutQuery(written)
      ? []
      : [metadataSentences.endpointDiffers(service, option, named)],
  )
}

function issuerChecks(metadata: ServiceMetadata, integration: Integration, { signIns }: KnownOfService): VerificationCheck[] {
  const { issuer, sendsIss } = metadata
  const service = describedBy(metadata, integration)
  // Entra's issuer for all tenants is a pattern.
  if (issuer.includes('{') || issuer.includes('%7B')) return []
  if (integration.issuer === undefined) {
    const isGuarded = integration.redirectUri === 'per-integration'
    return sendsIss && !isGuarded ? [metadataSentences.issuerOffered(service, issuer)] : []
  }
  if (integration.issuer !== issuer) return [metadataSentences.issuerDiffers(service, issuer)]
  if (sendsIss) return [metadataSentences.issuerChecked(service)]
  return signIns > 0 ? [] : [metadataSentences.issuerNotSent(service)]
}

function pkceChecks(metadata: ServiceMetadata, integration: Integration): VerificationCheck[] {
  const { pkceMethods } = metadata
  const service = describedBy(metadata, integration)
  if (pkceMethods === undefined) return []
  const isOffered = pkceMethods.includes('S256')
  if (integration.pkce === 'none') return isOffered ? [metadataSentences.pkceOffered(service)] : []
  return [isOffered ? metadataSentences.pkceUsed(service) : metadataSentences.pkceNotOffered(service, pkceMethods)]
}

/** Whether people stay signed in: what the database knows counts more than what services usually do. */
export function renewalChecks(
  integration: Integration,
  metadata: ServiceMetadata | undefined,
  { signIns, withoutRefreshToken: without, refreshScopes }: KnownOfService,
): readonly VerificationCheck[] {
  const service = { ...serviceOf(integration), host: hostOf(integration.authorizationUrl) }
  if (signIns > 0 && without === 0) return [renewalSentences.fine(service, signIns)]
  const asked = refreshTokenAsk(integration, metadata, refreshScopes)
  const counts = withoutRefreshToken(without, signIns)
  if (asked && !asked.isAsked) {
    const { ask, isCertain } = asked
    if (!isCertain && ask.kind === 'scope') return [renewalSentences.notAskedPerhaps(service, ask.scope, counts)]
    return [renewalSentences.notAsked(service, ask, counts)]
  }
  if (without * 2 > signIns) return [renewalSentences.none(service, counts)]
  return asked ? [renewalSentences.asked(service)] : []
}

/** The service as the host that describes it. */
function describedBy({ url }: ServiceMetadata, { section }: Integration): VerifiedService {
  return { host: hostOf(url), section }
}

/** The service as its token endpoint is called. */
export function serviceOf({ tokenUrl, section }: Integration): VerifiedService {
  return { host: hostOf(tokenUrl), section }
}

function withoutQuery(url: string): string {
  return url.split('?', 1)[0] ?? ''
}
