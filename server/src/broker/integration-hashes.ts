import { hash } from 'node:crypto'
import type { Client, Integration, WayOut } from '../domain/integration.ts'
import type { OutgoingProxy } from '../domain/outgoing.ts'

/**
 * What a stored sign-in is bound to: the client id, every origin its refresh token is sent to, and the one that sees its access
 * token alone, if it is another (fault F33). An endpoint added at an origin that gets as much anyway changes nothing.
 */
export function clientFingerprint(integration: Integration): string {
  const { client, tokenUrl, refreshUrl, revocationUrl, validateUrl } = integration
  const origins = new Set(
    [tokenUrl, refreshUrl, revocationUrl].flatMap((url) => (url === undefined ? [] : [new URL(url).origin])),
  )
  const onlooker = validateUrl === undefined ? undefined : new URL(validateUrl).origin
  const seen = onlooker === undefined || origins.has(onlooker) ? [] : [`access token: ${onlooker}`]
  return digest([client.clientId, ...[...origins].sort(), ...seen])
}

/**
 * What a sign-in attempt freezes: client id, authorization URL, token URL and redirect URI (security.md), and where the tokens
 * go later.
 */
export function frozenHash(integration: Integration, redirectUri: string): string {
  const { authorizationUrl, tokenUrl } = integration
  return digest([clientFingerprint(integration), authorizationUrl, tokenUrl, redirectUri])
}

/** Hexadecimal digits of the client secret's hash that reach the database: enough to notice a change, too few to guess it by. */
const SECRET_DIGITS = 4

/** What a trouble of an integration belongs to: everything a token request is refused for. Another value voids the trouble. */
export function configurationHash(integration: Integration): string {
  const { clientId, clientSecret, nextClientSecret, authenticationMethod, isSecretUserName } = integration.client
  const { tokenUrl, refreshUrl, revocationUrl, tokenBody, tokenParams, refreshParams, resources, audience } = integration
  const { renamedParameters } = integration
  const mark = [clientSecret, nextClientSecret].flatMap((secret) => (secret === undefined ? [] : [secretMark(secret)]))
  const endpoints = [tokenUrl, refreshUrl, revocationUrl]
  const parameters = [
    tokenParams,
    refreshParams,
    resources,
    audience,
    ...(renamedParameters ? [renamedParameters] : []),
    ...(isSecretUserName ? ['secret'] : []),
  ]
  const { proxy, extraCa, commonProxies } = integration
  const wayOut = proxy || extraCa !== undefined || commonProxies ? [wayOutMarked(integration)] : []
  return digest([clientId, authenticationMethod, mark, endpoints, tokenBody, ...parameters, ...wayOut])
}

/** All that nodes have to agree about: the address users come to, and everything about every integration. */
export function hashOfAll(publicUrl: string, integrations: readonly Integration[]): string {
  const marked = integrations.map(({ secretLines: _lines, ...each }) => ({
    ...each,
    client: withMarks(each.client),
    ...wayOutMarked(each),
  }))
  return digest([publicUrl, JSON.stringify(marked)])
}

function withMarks({ clientSecret, nextClientSecret, ...client }: Client): Client {
  const next = nextClientSecret === undefined ? {} : { nextClientSecret: secretMark(nextClientSecret) }
  return { ...client, clientSecret: secretMark(clientSecret), ...next }
}

/** How requests leave, with marks instead of the passwords of proxies, and wherever `env-vars` says it. */
function wayOutMarked({ proxy, extraCa, commonProxies }: WayOut) {
  const common = commonProxies && {
    http: commonProxies.http && proxyMarked(commonProxies.http),
    https: commonProxies.https && proxyMarked(commonProxies.https),
    noProxy: commonProxies.noProxy.map(({ text }) => text),
    extraCa: commonProxies.extraCa,
  }
  return { proxy: typeof proxy === 'object' ? proxyMarked(proxy) : proxy, extraCa, commonProxies: common }
}

function proxyMarked({ protocol, host, port, userName, password }: OutgoingProxy) {
  return { protocol, host, port, userName, password: password === undefined ? undefined : secretMark(password) }
}

function secretMark(clientSecret: string): string {
  return hash('sha256', clientSecret, 'hex').slice(0, SECRET_DIGITS)
}

function digest(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex')
}
