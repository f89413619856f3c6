import { createHash } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { startAuthorizationServer } from '../../testing/authorization-server.ts'
import { integrationOf } from '../../testing/broker-room.ts'
import { completeInteraction } from '../../testing/complete-interaction.ts'
import { realEffects } from '../effects.ts'
import { createAuthorizationServers } from './create.ts'
import type { TokenOutcome, TokenReply } from './outcome.ts'

const REDIRECT_URI = 'https://bench.example/oauth_redirect_callback'
const CODE_VERIFIER = 'a verifier of its own, 43 characters or more'.replaceAll(/[ ,]/g, '-')
const running: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
})

function replyOf(outcome: TokenOutcome): TokenReply {
  if (outcome.kind !== 'success') throw new Error(`The token request ended otherwise: ${JSON.stringify(outcome)}`)
  return outcome.reply
}

describe('against a real authorization server', () => {
  test('a client that is refused has spent neither its code nor its refresh token', async () => {
    const registered = { id: 'bench', secret: 'right', method: 'client-secret-post', redirectUris: [REDIRECT_URI] } as const
    const server = await startAuthorizationServer({ clients: [registered], rotate: true, accessTokenSeconds: 3600 })
    running.push(server)
    const { authorizationUrl, tokenUrl, revocationUrl } = server
    const client = { clientId: 'bench', clientSecret: 'right', authenticationMethod: 'client-secret-post' } as const
    const urls = { authorizationUrl, tokenUrl, revocationUrl }
    const integration = integrationOf({ section: 'demo', ...urls, client, scopes: ['openid'] })
    const wrong = { ...integration, client: { ...client, clientSecret: 'wrong' } }
    const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: true })
    const codeChallenge = createHash('sha256').update(CODE_VERIFIER).digest('base64url')
    const url = servers.authorizationRequestUrl(integration, { redirectUri: REDIRECT_URI, state: 'the-state', codeChallenge })
    const code = new URL(await completeInteraction(url, { userName: 'ada' })).searchParams.get('code') ?? ''
    const exchange = { code, redirectUri: REDIRECT_URI, codeVerifier: CODE_VERIFIER }
    expect(await servers.exchangeCode(wrong, exchange)).toMatchObject({ kind: 'client_refused' })
    const { refreshToken = '' } = replyOf(await servers.exchangeCode(integration, exchange))
    const again = { refreshToken, mayLeave: () => true }
    expect(await servers.refresh(wrong, again)).toMatchObject({ kind: 'client_refused' })
    expect(await servers.refresh(integration, again)).toMatchObject({ kind: 'success' })
    const revocation = { token: refreshToken, tokenTypeHint: 'refresh_token' } as const
    expect(await servers.revoke(wrong, revocation)).toMatchObject({ kind: 'refused', isOfClient: true })
  })

  test.each([
    ['client-secret-post', true],
    ['client-secret-post', false],
    ['client-secret-basic', true],
    ['client-secret-basic', false],
  ] as const)('signs in, refreshes and revokes with %s (rotation: %s)', async (method, rotate) => {
    const registered = { id: 'bench/1 :+', secret: 'z/t+Z:9 &%', method, redirectUris: [REDIRECT_URI] }
    const server = await startAuthorizationServer({ clients: [registered], rotate, accessTokenSeconds: 3600 })
    running.push(server)
    const { authorizationUrl, tokenUrl, revocationUrl } = server
    const integration = integrationOf({
      section: 'demo',
      ...{ authorizationUrl, tokenUrl, revocationUrl },
      client: { clientId: registered.id, clientSecret: registered.secret, authenticationMethod: method },
      scopes: ['openid', 'read'],
    })
    const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: true })

    const codeChallenge = createHash('sha256').update(CODE_VERIFIER).digest('base64url')
    const request = { redirectUri: REDIRECT_URI, state: 'the-state', codeChallenge }
    const url = servers.authorizationRequestUrl(integration, request)
    const back = new URL(await completeInteraction(url, { userName: 'ada' }))
    const code = back.searchParams.get('code') ?? ''
    const exchange = { code, redirectUri: REDIRECT_URI, codeVerifier: CODE_VERIFIER }
    const first = replyOf(await servers.exchangeCode(integration, exchange))
    expect(first).toMatchObject({ tokenType: 'Bearer', expiresInSeconds: 3600, scopes: ['openid', 'read'] })
    expect(first.account).toBe('ada@demo.example')

    const refreshToken = first.refreshToken ?? ''
    const second = replyOf(await servers.refresh(integration, { refreshToken, mayLeave: () => true }))
    expect(second.accessToken).not.toBe(first.accessToken)
    expect(second.refreshToken === refreshToken).toBe(!rotate)

    const token = second.refreshToken ?? ''
    expect(await servers.revoke(integration, { token, tokenTypeHint: 'refresh_token' })).toEqual({ kind: 'done' })
    const third = await servers.refresh(integration, { refreshToken: token, mayLeave: () => true })
    expect(third).toMatchObject({ kind: 'grant_refused', error: 'invalid_grant' })

    const wrong = { ...integration, client: { ...integration.client, clientSecret: 'wrong' } }
    const refused = await servers.refresh(wrong, { refreshToken: token, mayLeave: () => true })
    expect(refused).toMatchObject({ kind: 'client_refused', error: 'invalid_client' })
  })
})
