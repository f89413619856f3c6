import { describe, expect, it } from 'vitest'
import type { Integration } from '../domain/integration.ts'
import { placesOf, probeMetadata } from './metadata-probe.ts'
import { refreshTokenAsk } from './refresh-ask.ts'
import type { Transport, TransportRequest } from './transport.ts'

function integrationAt(authorizationUrl: string, tokenUrl: string, more: Partial<Integration> = {}): Integration {
  return {
    ...{ uid: 'u', section: 's', displayName: 's', authorizationUrl, tokenUrl, scopes: [], scopeSeparator: ' ' },
    client: { clientId: 'c', clientSecret: 's', authenticationMethod: 'client-secret-post' },
    ...{ redirectUri: 'fixed', pkce: 'S256', authorizationParams: [], refreshReuse: { kind: 'unknown' } },
    ...{ revocationScope: 'grant', deadRefreshErrors: [], ...more },
  }
}

const LAB = integrationAt('https://lab.example/oauth/authorize', 'https://lab.example/oauth/token')

describe('where metadata is looked for', () => {
  it.each([
    [
      'https://id.example/realms/lab/protocol/openid-connect/auth',
      'https://id.example/realms/lab/.well-known/openid-configuration',
    ],
    [
      'https://login.microsoftonline.com/contoso/oauth2/v2.0/authorize',
      'https://login.microsoftonline.com/contoso/v2.0/.well-known/openid-configuration',
    ],
    ['https://lab.okta.com/oauth2/default/v1/authorize', 'https://lab.okta.com/oauth2/default/.well-known/openid-configuration'],
    ['https://lab.example/oauth/authorize', 'https://lab.example/.well-known/openid-configuration'],
    ['https://lab.example/odd', 'https://lab.example/.well-known/openid-configuration'],
  ])('%s', (authorizationUrl, place) => {
    expect(placesOf(integrationAt(authorizationUrl, authorizationUrl))[0]).toBe(place)
  })

  it('at the issuer alone, where there is one', () => {
    expect(placesOf({ ...LAB, issuer: 'https://id.example/lab' })).toEqual([
      'https://id.example/lab/.well-known/openid-configuration',
      'https://id.example/.well-known/oauth-authorization-server/lab',
    ])
  })
})

/** Answers every request alike, and keeps them. */
function answering(document: unknown): { readonly transport: Transport; readonly asked: TransportRequest[] } {
  const asked: TransportRequest[] = []
  const transport: Transport = async (request) => {
    asked.push(request)
    return { status: 200, headers: {}, body: typeof document === 'string' ? document : JSON.stringify(document) }
  }
  return { transport, asked }
}

describe('what metadata says', () => {
  it('is never asked for what it names: an address inside a network stays a text', async () => {
    const { transport, asked } = answering({
      ...{ issuer: 'https://lab.example', token_endpoint: 'http://169.254.169.254/latest', jwks_uri: 'http://10.0.0.1/' },
    })
    expect(await probeMetadata(transport, LAB)).toMatchObject({ tokenUrl: 'http://169.254.169.254/latest' })
    expect(asked.map(({ url }) => url)).toEqual(['https://lab.example/.well-known/openid-configuration'])
  })

  it('of an issuer elsewhere is somebody else’s', async () => {
    const { transport, asked } = answering({ issuer: 'https://other.example' })
    expect(await probeMetadata(transport, LAB)).toBeUndefined()
    expect(asked.length).toBeLessThanOrEqual(4)
  })

  it.each([
    ['a page', '<html>'],
    ['a list', '[]'],
    ['no issuer', {}],
    ['an issuer with a password', { issuer: 'https://a:b@lab.example' }],
    ['an issuer that is a script', { issuer: 'javascript:alert(1)' }],
    ['an issuer of many characters', { issuer: `https://lab.example/${'a'.repeat(400)}` }],
  ])('is none: %s', async (_name, document) => {
    expect(await probeMetadata(answering(document).transport, LAB)).toBeUndefined()
  })

  it('keeps names of scopes and methods, and nothing else of its lists', async () => {
    const { transport } = answering({
      issuer: 'https://lab.example',
      scopes_supported: ['read', 7, '<script>', 'offline_access'],
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'client_secret_basic'],
      code_challenge_methods_supported: ['plain'],
    })
    expect(await probeMetadata(transport, LAB)).toMatchObject({
      scopes: ['read', 'offline_access'],
      methods: ['client-secret-basic', 'client-secret-basic-raw'],
      pkceMethods: ['plain'],
      sendsIss: false,
    })
  })
})

describe('how a refresh token is asked for', () => {
  const asks = (authorizationUrl: string, more: Partial<Integration> = {}): string | undefined => {
    const found = refreshTokenAsk(integrationAt(authorizationUrl, authorizationUrl, more), undefined)
    if (!found) return undefined
    const { ask, isAsked } = found
    return `${ask.kind === 'scope' ? ask.scope : ask.parameter}${isAsked ? ', asked' : ''}`
  }

  it.each([
    ['https://login.microsoftonline.com/x/oauth2/v2.0/authorize', {}, 'offline_access'],
    ['https://login.microsoftonline.com/x/oauth2/v2.0/authorize', { scopes: ['offline_access'] }, 'offline_access, asked'],
    ['https://accounts.google.com/o/oauth2/v2/auth', {}, 'access_type=offline'],
    ['https://accounts.google.com/o/oauth2/v2/auth?access_type=offline', {}, 'access_type=offline, asked'],
    ['https://accounts.google.com/o/oauth2/v2/auth', { authorizationParams: [['access_type', 'online']] }, 'access_type=offline'],
    [
      'https://www.dropbox.com/oauth2/authorize',
      { authorizationParams: [['token_access_type', 'offline']] },
      'token_access_type=offline, asked',
    ],
    ['https://www.reddit.com/api/v1/authorize', {}, 'duration=permanent'],
    ['https://lab.my.salesforce.com/services/oauth2/authorize', { scopes: ['offline_access'] }, 'refresh_token, asked'],
    ['https://evil-okta.com/authorize', {}, undefined],
    ['https://account.box.com/api/oauth2/authorize', {}, undefined],
  ] as const)('%s %j', (url, more, expected) => {
    expect(asks(url, more as Partial<Integration>)).toBe(expected)
  })

  it('as its preset tells, where there is one', () => {
    const lab = integrationAt('https://lab.okta.com/authorize', 'https://lab.okta.com/token', { scopes: ['b'] })
    expect(refreshTokenAsk(lab, undefined, ['a', 'b'])).toEqual({
      ...{ ask: { kind: 'scope', scope: 'a' }, isAsked: true, isCertain: true },
    })
    expect(refreshTokenAsk(lab, undefined, [])).toBeUndefined()
  })
})
