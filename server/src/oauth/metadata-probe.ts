import type { ClientAuthenticationMethod, Integration } from '../domain/integration.ts'
import { NotSent, PerhapsSent, type Transport } from './transport.ts'

/** What a service tells of itself. Everything in it is only compared and shown: no address of it is ever asked. */
export interface ServiceMetadata {
  /** Where it lies. */
  readonly url: string
  readonly issuer: string
  readonly authorizationUrl?: string
  readonly tokenUrl?: string
  readonly scopes?: readonly string[]
  /** Undefined when it names no method that is ours. */
  readonly methods?: readonly ClientAuthenticationMethod[]
  /** Undefined when it says nothing of PKCE. */
  readonly pkceMethods?: readonly string[]
  readonly sendsIss: boolean
}

/** Services without metadata are asked so often at the most. */
const MOST_PLACES = 4
const LONGEST_TEXT = 300
const MOST_MEMBERS = 200

/** Parts of endpoints behind which an issuer's path ends: Keycloak, Entra, Okta, and the rest. */
const ENDPOINT_TAILS: readonly (readonly [tail: RegExp, instead: string])[] = [
  [/\/protocol\/openid-connect\/[^/]+$/, ''],
  [/\/oauth2\/v2\.0\/[^/]+$/, '/v2.0'],
  [/\/v1\/(?:authorize|token)$/, ''],
  [/\/(?:oauth2?|connect|as)?\/?(?:authorize|authorization|auth|token)(?:\.oauth2)?$/, ''],
]

const METHODS: Readonly<Record<string, readonly ClientAuthenticationMethod[]>> = {
  client_secret_post: ['client-secret-post'],
  client_secret_basic: ['client-secret-basic', 'client-secret-basic-raw'],
  none: ['none'],
}

/**
 * Looks for the metadata of the integration's service, at its issuer or where its endpoints suggest. RFC 8414 §3, OpenID Connect
 * Discovery §4. Undefined when there is none, which is no fault.
 */
export async function probeMetadata(transport: Transport, integration: Integration): Promise<ServiceMetadata | undefined> {
  for (const url of placesOf(integration).slice(0, MOST_PLACES)) {
    const found = await ask(transport, integration, url)
    if (found) return found
  }
  return undefined
}

/** Where the metadata may lie, the likeliest first. */
export function placesOf({ issuer, authorizationUrl, tokenUrl }: Integration): readonly string[] {
  const issuers = issuer === undefined ? [authorizationUrl, tokenUrl].flatMap(issuersOf) : [issuer]
  const places = [...new Set(issuers)].flatMap((each) => {
    const { origin, pathname } = new URL(each)
    const path = pathname.replace(/\/+$/, '')
    return [`${origin}${path}/.well-known/openid-configuration`, `${origin}/.well-known/oauth-authorization-server${path}`]
  })
  return [...new Set(places)]
}

/** What may be the issuer behind an endpoint. */
function issuersOf(endpoint: string): readonly string[] {
  const { origin, pathname } = new URL(endpoint)
  const [tail, instead = ''] = ENDPOINT_TAILS.find(([pattern]) => pattern.test(pathname)) ?? []
  return tail ? [`${origin}${pathname.replace(tail, instead)}`] : [origin]
}

async function ask(transport: Transport, integration: Integration, url: string): Promise<ServiceMetadata | undefined> {
  try {
    const reply = await transport({
      ...{ method: 'GET', url, integration, headers: { accept: 'application/json' }, body: '', mayLeave: () => true },
    })
    if (reply.status !== 200 || reply.brokenOff !== undefined) return undefined
    return metadataOf(parse(Buffer.from(reply.body).toString('utf8')), url, integration)
  } catch (error) {
    if (error instanceof NotSent || error instanceof PerhapsSent) return undefined
    throw error
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // A page, most often.
  }
}

function metadataOf(document: unknown, url: string, integration: Integration): ServiceMetadata | undefined {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return undefined
  const members = new Map<string, unknown>(Object.entries(document))
  const issuer = addressIn(members.get('issuer'))
  // Who is described is who was asked; an issuer that was configured may be told to be another one.
  if (issuer === undefined) return undefined
  if (integration.issuer === undefined && new URL(issuer).origin !== new URL(url).origin) return undefined
  const methods = textsIn(members.get('token_endpoint_auth_methods_supported'))?.flatMap((name) => METHODS[name] ?? [])
  return {
    ...{ url, issuer, sendsIss: members.get('authorization_response_iss_parameter_supported') === true },
    ...ifThere('authorizationUrl', addressIn(members.get('authorization_endpoint'))),
    ...ifThere('tokenUrl', addressIn(members.get('token_endpoint'))),
    ...ifThere('scopes', textsIn(members.get('scopes_supported'))),
    ...ifThere('methods', methods && methods.length > 0 ? methods : undefined),
    ...ifThere('pkceMethods', textsIn(members.get('code_challenge_methods_supported'))),
  }
}

function ifThere<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V }
}

/** An address that may be shown as it is; undefined for everything else. */
function addressIn(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > LONGEST_TEXT || !/^[!-~]+$/.test(value) || !URL.canParse(value))
    return undefined
  const { protocol, username, password } = new URL(value)
  const isPlain = username === '' && password === '' && (protocol === 'https:' || protocol === 'http:')
  return isPlain && !/["'<>`\\]/.test(value) ? value : undefined
}

/** A list of names as RFC 6749 allows them in scopes; whatever else stands in it is left out. */
function textsIn(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.slice(0, MOST_MEMBERS).filter((each): each is string => typeof each === 'string' && /^[\w.:/-]{1,100}$/.test(each))
}
