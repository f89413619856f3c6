import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { integrationOf } from '../../testing/broker-room.ts'
import type { Integration } from '../domain/integration.ts'
import { authorizationRequestUrl } from './authorization-request.ts'

const REQUEST = { redirectUri: 'https://bench.example/oauth_redirect_callback', state: 'the-state' }

function urlOf(changes: Partial<Integration>, codeChallenge?: string): string {
  const integration = integrationOf({ section: 'box', ...changes })
  return authorizationRequestUrl(integration, { ...REQUEST, ...(codeChallenge === undefined ? {} : { codeChallenge }) })
}

const parametersOf = (url: string) => Object.fromEntries(new URL(url).searchParams)
const namesOf = (url: string) => [...new URL(url).searchParams.keys()]

describe('the authorization request', () => {
  test('asks for response_type=code only, with client, redirect URI and state', () => {
    expect(parametersOf(urlOf({}))).toEqual({
      response_type: 'code',
      client_id: 'client-of-box',
      redirect_uri: REQUEST.redirectUri,
      state: 'the-state',
    })
  })

  test('carries the PKCE challenge with S256, never plain', () => {
    expect(parametersOf(urlOf({}, 'the-challenge'))).toMatchObject({
      code_challenge: 'the-challenge',
      code_challenge_method: 'S256',
    })
  })

  test('carries no PKCE parameter where PKCE is off', () => {
    expect(namesOf(urlOf({})).filter((name) => name.startsWith('code_'))).toEqual([])
  })

  test('keeps a query that the authorization URL has, byte for byte', () => {
    const url = urlOf({ authorizationUrl: 'https://box.example/authorize?tenant=a%2Fb&q=%C3%A9+x&flag' })
    expect(url).toContain('?tenant=a%2Fb&q=%C3%A9+x&flag&response_type=code')
  })

  test('carries what is asked for once in the place of what is configured, never in the place of its own parameters', () => {
    const integration = integrationOf({ section: 'box', authorizationParams: [['prompt', 'consent']] })
    const more = [
      ['prompt', 'select_account'],
      ['state', 'evil'],
    ] as const
    const url = authorizationRequestUrl(integration, { ...REQUEST, more })
    expect(parametersOf(url)).toMatchObject({ prompt: 'select_account', state: 'the-state' })
    expect(namesOf(url)).toHaveLength(new Set(namesOf(url)).size)
  })

  test('refuses an authorization URL with a fragment', () => {
    expect(() => urlOf({ authorizationUrl: 'https://box.example/authorize#top' })).toThrow('fragment')
  })

  test('never says a parameter twice, whoever wrote it', () => {
    const url = urlOf(
      {
        authorizationUrl: 'https://box.example/authorize?state=evil&%73tate=evil&audience=a&audience=b&scope=x&prompt=none',
        authorizationParams: [
          ['prompt', 'consent'],
          ['client_id', 'evil'],
          ['code_challenge_method', 'plain'],
        ],
        scopes: ['read'],
      },
      'the-challenge',
    )
    expect(namesOf(url)).toHaveLength(new Set(namesOf(url)).size)
    expect(parametersOf(url)).toMatchObject({
      state: 'the-state',
      client_id: 'client-of-box',
      code_challenge_method: 'S256',
      scope: 'read',
      prompt: 'consent',
      audience: 'a',
    })
  })

  test('adds the extra parameters of the integration, encoded', () => {
    const url = urlOf({ authorizationParams: [['access_type', 'offline & more']] })
    expect(new URL(url).searchParams.get('access_type')).toBe('offline & more')
  })

  test('joins scopes by a space, a comma or a bare plus', () => {
    const scopes = ['read', 'a/b:c']
    expect(urlOf({ scopes })).toContain('&scope=read%20a%2Fb%3Ac')
    expect(urlOf({ scopes, scopeSeparator: ',' })).toContain('&scope=read%2Ca%2Fb%3Ac')
    expect(urlOf({ scopes, scopeSeparator: '+' })).toContain('&scope=read+a%2Fb%3Ac')
  })

  test('every value comes out as it went in, and nothing doubles, for any text', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 })
    fc.assert(
      fc.property(text, text, fc.dictionary(fc.string({ minLength: 1 }), text), (state, clientId, extra) => {
        const integration = integrationOf({
          section: 'box',
          client: { clientId, clientSecret: 's', authenticationMethod: 'client-secret-post' },
          authorizationParams: Object.entries(extra),
        })
        const url = new URL(authorizationRequestUrl(integration, { ...REQUEST, state }))
        expect(url.searchParams.getAll('state')).toEqual([state])
        expect(url.searchParams.getAll('client_id')).toEqual([clientId])
        expect(url.searchParams.get('redirect_uri')).toBe(REQUEST.redirectUri)
        expect(new Set(url.searchParams.keys()).size).toBe([...url.searchParams.keys()].length)
      }),
    )
  })
})
