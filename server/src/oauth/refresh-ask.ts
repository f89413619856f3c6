import type { Integration } from '../domain/integration.ts'
import type { RefreshTokenAsk } from '../domain/verification-service.ts'
import type { ServiceMetadata } from './metadata-probe.ts'

const scope = (...anyOf: readonly string[]): Rule['asks'] => ({ kind: 'scope', anyOf })
const parameter = (name: string, value: string): Rule['asks'] => ({ kind: 'parameter', name, value })

interface Rule {
  /** Of the authorization URL: with all below it. */
  readonly domain: string
  /** Any one of the scopes is enough; the first is the one to name. */
  readonly asks:
    | { readonly kind: 'scope'; readonly anyOf: readonly string[] }
    | { readonly kind: 'parameter'; readonly name: string; readonly value: string }
}

/** Services that give a refresh token only when they are asked for it, by their own documentation. */
const RULES: readonly Rule[] = [
  { domain: 'login.microsoftonline.com', asks: scope('offline_access') },
  { domain: 'login.microsoftonline.us', asks: scope('offline_access') },
  { domain: 'okta.com', asks: scope('offline_access') },
  { domain: 'oktapreview.com', asks: scope('offline_access') },
  { domain: 'auth0.com', asks: scope('offline_access') },
  { domain: 'auth.atlassian.com', asks: scope('offline_access') },
  { domain: 'login.xero.com', asks: scope('offline_access') },
  { domain: 'cloud.databricks.com', asks: scope('offline_access') },
  { domain: 'azuredatabricks.net', asks: scope('offline_access') },
  { domain: 'snowflakecomputing.com', asks: scope('refresh_token') },
  { domain: 'salesforce.com', asks: scope('refresh_token', 'offline_access') },
  { domain: 'x.com', asks: scope('offline.access') },
  { domain: 'twitter.com', asks: scope('offline.access') },
  { domain: 'accounts.google.com', asks: parameter('access_type', 'offline') },
  { domain: 'dropbox.com', asks: parameter('token_access_type', 'offline') },
  { domain: 'reddit.com', asks: parameter('duration', 'permanent') },
]

/**
 * How this service is asked for a refresh token, and whether the integration does; undefined when nothing is known of it.
 * `ofPreset`: scopes of which one brings it, where a preset tells. Metadata alone makes it no more than likely.
 */
export function refreshTokenAsk(
  integration: Integration,
  metadata: ServiceMetadata | undefined,
  ofPreset?: readonly string[],
): { readonly ask: RefreshTokenAsk; readonly isAsked: boolean; readonly isCertain: boolean } | undefined {
  const { hostname, searchParams } = new URL(integration.authorizationUrl)
  const rule = RULES.find(({ domain }) => hostname === domain || hostname.endsWith(`.${domain}`))
  if (rule?.asks.kind === 'parameter') {
    const { name, value } = rule.asks
    const written = integration.authorizationParams.find(([each]) => each === name)?.[1] ?? searchParams.get(name)
    return { ask: { kind: 'parameter', parameter: `${name}=${value}` }, isAsked: written === value, isCertain: true }
  }
  const named = metadata?.scopes?.find((each) => each === 'offline_access')
  const anyOf = ofPreset ?? rule?.asks.anyOf ?? (named === undefined ? [] : [named])
  const [first] = anyOf
  if (first === undefined) return undefined
  return {
    ask: { kind: 'scope', scope: first },
    isAsked: integration.scopes.some((each) => anyOf.includes(each)),
    isCertain: Boolean(ofPreset ?? rule),
  }
}
