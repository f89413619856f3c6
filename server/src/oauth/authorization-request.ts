import type { Integration, Parameters } from '../domain/integration.ts'

/**
 * The authorization request as a URL. A query of the authorization URL is kept byte for byte, except names that the request
 * itself sets: no parameter is ever there twice, but for several resources. RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2.1.
 */
export function authorizationRequestUrl(
  integration: Pick<
    Integration,
    | 'client'
    | 'authorizationUrl'
    | 'scopes'
    | 'scopeSeparator'
    | 'authorizationParams'
    | 'resources'
    | 'audience'
    | 'renamedParameters'
  >,
  request: { redirectUri: string; state: string; codeChallenge?: string; more?: Parameters },
): string {
  const [base = '', query = ''] = splitOnce(integration.authorizationUrl, '?')
  if (integration.authorizationUrl.includes('#')) throw new Error('The authorization URL holds a fragment; remove it.')
  const { resources = [], audience } = integration
  const own = new Map<string, string>()
  for (const [name, value] of [...integration.authorizationParams, ...(request.more ?? [])])
    own.set(name, encodeURIComponent(value))
  if (audience !== undefined) own.set('audience', encodeURIComponent(audience))
  if (resources.length > 0) own.set('resource', resources.map(encodeURIComponent).join('&resource='))
  own.set('response_type', 'code')
  own.set(integration.renamedParameters?.clientId ?? 'client_id', encodeURIComponent(integration.client.clientId))
  own.set('redirect_uri', encodeURIComponent(request.redirectUri))
  own.set('state', encodeURIComponent(request.state))
  if (integration.scopes.length > 0) own.set('scope', joinedScopes(integration))
  if (request.codeChallenge !== undefined) {
    own.set('code_challenge', encodeURIComponent(request.codeChallenge))
    own.set('code_challenge_method', 'S256')
  }
  const written = [...own].map(([name, value]) => `${encodeURIComponent(name)}=${value}`)
  return `${base}?${[...keptPairs(query, own), ...written].join('&')}`
}

/** A plus stays bare: servers that want it read it as their separator, form decoders as the space of RFC 6749 §3.3. */
function joinedScopes(integration: Pick<Integration, 'scopes' | 'scopeSeparator'>): string {
  const separator = integration.scopeSeparator === '+' ? '+' : encodeURIComponent(integration.scopeSeparator)
  return integration.scopes.map(encodeURIComponent).join(separator)
}

function keptPairs(query: string, own: ReadonlyMap<string, string>): readonly string[] {
  const seen = new Set<string>()
  return query.split('&').filter((pair) => {
    const name = [...new URLSearchParams(pair).keys()][0]
    if (name === undefined || own.has(name) || seen.has(name)) return false
    seen.add(name)
    return true
  })
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
