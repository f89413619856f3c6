import { describe, expect, test } from 'vitest'
import { integrationOf } from '../../testing/broker-room.ts'
import type { Integration } from '../domain/integration.ts'
import { realEffects } from '../effects.ts'
import { createAuthorizationServers } from './create.ts'
import type { TokenOutcome } from './outcome.ts'
import { NotSent, type Transport, type TransportReply, type TransportRequest } from './transport.ts'

const NOW = new Date('2025-11-21T14:00:00Z')
const SECRET = 'a client secret'
const REFRESH_TOKEN = 'rt-sent-in-confidence'

/** Refreshes over a transport that answers the same to everything, and says what was sent. */
async function refresh(
  answer: Partial<TransportReply> | Error,
  changes: Partial<Integration> = {},
): Promise<{ outcome: TokenOutcome; sent: TransportRequest[] }> {
  const sent: TransportRequest[] = []
  const transport: Transport = async (request) => {
    sent.push(request)
    if (answer instanceof Error) throw answer
    return { status: 200, headers: { 'content-type': 'application/json' }, body: '', ...answer }
  }
  const effects = { ...realEffects(), now: () => NOW }
  const servers = createAuthorizationServers({ effects, allowLoopback: false, transport })
  const integration = integrationOf({ section: 'box', ...changes })
  const outcome = await servers.refresh(integration, { refreshToken: REFRESH_TOKEN, mayLeave: () => true })
  return { outcome, sent }
}

const outcomeOf = async (answer: Partial<TransportReply>, changes?: Partial<Integration>) =>
  (await refresh(answer, changes)).outcome
const errorBody = (error: string, description?: string) => JSON.stringify({ error, error_description: description })

function basicClient(clientId: string, clientSecret: string): Partial<Integration> {
  return { client: { clientId, clientSecret, authenticationMethod: 'client-secret-basic' } }
}

describe('renamed parameters', () => {
  test('take the place of client_id and code in every request, and no other', async () => {
    const sent: TransportRequest[] = []
    const transport: Transport = async (request) => {
      sent.push(request)
      return { status: 400, headers: {}, body: '' }
    }
    const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: false, transport })
    const renamedParameters = { clientId: 'client_key', code: 'auth_code' }
    const integration = integrationOf({ section: 'box', renamedParameters, revocationUrl: 'https://box.example/revoke' })
    await servers.exchangeCode(integration, { code: 'a-code', redirectUri: 'https://bench.example/back' })
    await servers.refresh(integration, { refreshToken: REFRESH_TOKEN, mayLeave: () => true })
    await servers.revoke(integration, { token: REFRESH_TOKEN, tokenTypeHint: 'refresh_token' })
    const client = { client_key: 'client-of-box', client_secret: SECRET }
    expect(sent.map(({ body }) => Object.fromEntries(new URLSearchParams(body)))).toEqual([
      { grant_type: 'authorization_code', auth_code: 'a-code', redirect_uri: 'https://bench.example/back', ...client },
      { grant_type: 'refresh_token', refresh_token: REFRESH_TOKEN, ...client },
      { token: REFRESH_TOKEN, token_type_hint: 'refresh_token', ...client },
    ])
  })
})

describe('client authentication', () => {
  test('client_secret_basic is form-urlencoded UTF-8: the vector of security.md', async () => {
    const { sent } = await refresh({}, basicClient('1PpG/Q 1', 'z/tZ9VwFZqApmIQ+ZH1I5pLk/uB4ud:X2/8bL+wfFTt1rFw='))
    expect(sent[0]?.headers.authorization).toBe(
      'Basic MVBwRyUyRlErMTp6JTJGdFo5VndGWnFBcG1JUSUyQlpIMUk1cExrJTJGdUI0dWQlM0FYMiUyRjhiTCUyQndmRlR0MXJGdyUzRA==',
    )
  })

  test('client_secret_basic leaves usual client ids as they are, for servers that forget to decode', async () => {
    const { sent } = await refresh({}, basicClient('your-box_client.id', 'abc-123'))
    const credentials = Buffer.from(sent[0]?.headers.authorization?.slice(6) ?? '', 'base64').toString()
    expect(credentials).toBe('your-box_client.id:abc-123')
  })

  test('client_secret_basic writes other alphabets as UTF-8', async () => {
    const { sent } = await refresh({}, basicClient('é', 'ß'))
    expect(Buffer.from(sent[0]?.headers.authorization?.slice(6) ?? '', 'base64').toString()).toBe('%C3%A9:%C3%9F')
  })

  test('one method per request: basic puts nothing into the body, post sets no header', async () => {
    const basic = await refresh({}, basicClient('id', 'the-secret'))
    expect(basic.sent[0]?.body).toBe(`refresh_token=${REFRESH_TOKEN}&grant_type=refresh_token`)
    const post = await refresh({})
    expect(post.sent[0]?.headers).not.toHaveProperty('authorization')
    expect(Object.fromEntries(new URLSearchParams(post.sent[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: REFRESH_TOKEN,
      client_id: 'client-of-box',
      client_secret: SECRET,
    })
  })
})

describe('the token request', () => {
  test('is a form, accepts JSON, and goes out once', async () => {
    const { sent } = await refresh({})
    expect(sent).toHaveLength(1)
    expect(sent[0]?.url).toBe('https://box.example/token')
    expect(sent[0]?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
    })
  })

  test('carries code, redirect URI byte for byte, and verifier in an exchange', async () => {
    const bodies: string[] = []
    const transport: Transport = async (request) => {
      bodies.push(request.body)
      return { status: 200, headers: {}, body: '{"access_token":"at"}' }
    }
    const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: false, transport })
    const redirectUri = 'https://bench.example/a%20b/oauth_redirect_callback'
    const request = { code: 'the code', redirectUri, codeVerifier: 'v' }
    expect(await servers.exchangeCode(integrationOf({ section: 'box' }), request)).toMatchObject({ kind: 'success' })
    expect(Object.fromEntries(new URLSearchParams(bodies[0]))).toMatchObject({
      grant_type: 'authorization_code',
      code: 'the code',
      redirect_uri: redirectUri,
      code_verifier: 'v',
    })
  })

  test('gives the reply in full, with the account its id token names', async () => {
    const claims = Buffer.from(JSON.stringify({ sub: '1', email: 'ada\u202e@example.com', name: ' Ada ' })).toString('base64url')
    const body = {
      ...{ access_token: 'at', token_type: 'bot', expires_in: '3600', refresh_token: 'rt', scope: 'a,b' },
      ...{ id_token: `e30.${claims}.`, refresh_token_expires_in: 60, instance_url: 'https://x.example' },
    }
    expect(await outcomeOf({ status: 201, body: JSON.stringify(body) })).toEqual({
      kind: 'success',
      reply: {
        accessToken: 'at',
        tokenType: 'bot',
        expiresInSeconds: 3600,
        refreshToken: 'rt',
        refreshTokenExpiresInSeconds: 60,
        scopes: ['a', 'b'],
        idToken: body.id_token,
        account: 'Ada',
      },
    })
  })

  test('an id token that is not JSON names no account and harms nothing', async () => {
    expect(await outcomeOf({ body: '{"access_token":"at","id_token":"a.b.c"}' })).toEqual({
      kind: 'success',
      reply: { accessToken: 'at', tokenType: 'Bearer', idToken: 'a.b.c' },
    })
  })
})

describe('the outcome of a token request', () => {
  test.each<[string, Partial<TransportReply>, TokenOutcome]>([
    ['429', { status: 429 }, { kind: 'unspent', words: 'answered 429' }],
    ['503', { status: 503, body: '<p>' }, { kind: 'unspent', words: 'answered 503' }],
    ['500', { status: 500 }, { kind: 'uncertain', words: 'answered 500' }],
    [
      '500 that speaks of the grant',
      { status: 500, body: errorBody('invalid_grant') },
      { kind: 'uncertain', words: 'answered 500' },
    ],
    ['502', { status: 502, body: '<html>' }, { kind: 'uncertain', words: 'answered 502' }],
    ['504', { status: 504 }, { kind: 'uncertain', words: 'answered 504' }],
    ['408', { status: 408 }, { kind: 'uncertain', words: 'answered 408' }],
    ['a redirect', { status: 302 }, { kind: 'uncertain', words: 'answered 302, a redirect, which is not followed' }],
    [
      'a page, which is kept as it is',
      { body: '<html>' },
      {
        kind: 'uncertain',
        words: 'answered with a page instead of a token',
        unread: { status: 200, contentType: 'application/json', body: Buffer.from('<html>').toString('base64') },
      },
    ],
    ['204', { status: 204 }, { kind: 'uncertain', words: 'answered without a token' }],
    [
      '200 with a refresh token alone',
      { body: '{"refresh_token":"new"}' },
      { kind: 'uncertain', words: 'answered without an access token', refreshToken: 'new' },
    ],
    ['401', { status: 401 }, { kind: 'client_refused', error: 'http_401', words: 'answered 401' }],
    ['403 with a page', { status: 403, body: '<html>' }, { kind: 'client_refused', error: 'http_403', words: 'answered 403' }],
    [
      '400 invalid_client',
      { status: 400, body: errorBody('invalid_client', 'Wrong secret') },
      { kind: 'client_refused', error: 'invalid_client', words: 'answered invalid_client', providerText: 'Wrong secret' },
    ],
    [
      '400 unauthorized_client',
      { status: 400, body: errorBody('unauthorized_client') },
      { kind: 'client_refused', error: 'unauthorized_client', words: 'answered unauthorized_client' },
    ],
    [
      '400 invalid_grant',
      { status: 400, body: errorBody('invalid_grant') },
      { kind: 'grant_refused', error: 'invalid_grant', words: 'answered invalid_grant' },
    ],
    [
      '401 invalid_grant',
      { status: 401, body: errorBody('invalid_grant') },
      { kind: 'grant_refused', error: 'invalid_grant', words: 'answered invalid_grant' },
    ],
    [
      '200 bad_refresh_token',
      { body: errorBody('bad_refresh_token') },
      { kind: 'grant_refused', error: 'bad_refresh_token', words: 'answered bad_refresh_token' },
    ],
    ['an empty 400', { status: 400 }, { kind: 'refused', error: 'http_400', words: 'answered 400' }],
    ['404', { status: 404, body: '<html>' }, { kind: 'refused', error: 'http_404', words: 'answered 404' }],
    [
      '400 invalid_scope',
      { status: 400, body: errorBody('invalid_scope') },
      { kind: 'refused', error: 'invalid_scope', words: 'answered invalid_scope' },
    ],
    [
      '400 temporarily_unavailable',
      { status: 400, body: errorBody('temporarily_unavailable') },
      { kind: 'unspent', words: 'answered temporarily_unavailable' },
    ],
    ['400 server_error', { status: 400, body: errorBody('server_error') }, { kind: 'uncertain', words: 'answered server_error' }],
  ])('%s', async (_what, answer, expected) => {
    expect(await outcomeOf(answer)).toEqual(expected)
  })

  test.each([
    ['120', 120],
    ['99999', 3600],
    ['0', 1],
    ['Fri, 21 Nov 2025 14:00:30 GMT', 30],
    ['Fri, 21 Nov 2025 20:00:00 GMT', 3600],
    ['Fri, 21 Nov 2025 13:00:00 GMT', 1],
    ['-5', undefined],
    ['soon', undefined],
  ])('Retry-After: %s means %s s', async (value, seconds) => {
    const expected = seconds === undefined ? {} : { retryAfterSeconds: seconds }
    expect(await outcomeOf({ status: 503, headers: { 'retry-after': value } })).toEqual({
      kind: 'unspent',
      words: 'answered 503',
      ...expected,
    })
  })

  test('dead-refresh-errors names a dead refresh token, at a refresh only', async () => {
    const answer = { status: 400, body: errorBody('unauthorized_client') }
    const changes = { deadRefreshErrors: ['unauthorized_client'] }
    expect(await outcomeOf(answer, changes)).toMatchObject({ kind: 'grant_refused' })
    const transport: Transport = async () => ({ headers: {}, ...answer })
    const servers = createAuthorizationServers({ effects: realEffects(), allowLoopback: false, transport })
    const exchange = { code: 'c', redirectUri: 'https://bench.example/cb' }
    const outcome = await servers.exchangeCode(integrationOf({ section: 'box', ...changes }), exchange)
    expect(outcome).toMatchObject({ kind: 'client_refused' })
  })

  test("a provider's texts give back neither secret nor token, in code or description", async () => {
    const description = `"${SECRET}" with ${REFRESH_TOKEN}\r\n${encodeURIComponent(SECRET)} \u001b[31mé`
    const outcome = await outcomeOf({ status: 400, body: errorBody(`bad ${REFRESH_TOKEN}`, description) })
    expect(outcome).toEqual({
      kind: 'refused',
      error: 'bad [removed]',
      words: 'answered bad [removed]',
      providerText: '?[removed]? with [removed] [removed] ?[31m?',
    })
  })

  test('a transport that says nothing was sent is believed; any other failure may have sent', async () => {
    const fence = await refresh(new NotSent('fence', 'the right to send had lapsed'))
    expect(fence.outcome).toEqual({ kind: 'not_sent', cause: 'fence', words: 'the right to send had lapsed' })
    const other = await refresh(new Error('anything'))
    expect(other.outcome).toEqual({ kind: 'uncertain', words: 'the connection failed' })
  })
})
