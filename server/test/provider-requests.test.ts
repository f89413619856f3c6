import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Lines, OptionsWorld } from '../testing/options-world.ts'

/** Every option that changes what is sent, from the line of the configuration to the bytes at the service. */
let world: OptionsWorld

beforeAll(async () => {
  world = await OptionsWorld.start()
})
afterAll(() => world.close())

const entriesOf = (parameters: URLSearchParams): readonly (readonly [string, string])[] => [...parameters].sort()
const basicOf = (header: string | undefined): string => Buffer.from(header?.replace('Basic ', '') ?? '', 'base64').toString()

/** Configures a section, signs in and refreshes; answers the three requests. */
async function walk(section: string, lines: Lines) {
  expect(await world.configure(section, lines), world.server.log()).toBe(true)
  const authorization = await world.start(section)
  expect((await world.comeBack(authorization)).status).toBe(303)
  const exchange = world.lastRequest
  await world.pass(590)
  const { access_token: token } = await world.fetch(await world.browser.uidOf(section))
  expect(token).toMatch(/^at-/)
  const refresh = world.lastRequest
  expect(refresh.parameters.get('grant_type')).toBe('refresh_token')
  return { authorization: authorization.searchParams, exchange, refresh }
}

describe('what is sent to a service', () => {
  test('token-params go along with a code, refresh-params with a refresh', async () => {
    const { authorization, exchange, refresh } = await walk('params', {
      'token-params': 'expires_in=1800&tenant=a%20b',
      'refresh-params': 'scope=read+write',
    })
    expect([...authorization.keys()]).not.toContain('tenant')
    expect(exchange.parameters.get('expires_in')).toBe('1800')
    expect(exchange.parameters.get('tenant')).toBe('a b')
    expect(exchange.parameters.has('scope')).toBe(false)
    expect(entriesOf(refresh.parameters)).toEqual([
      ['client_id', 'the client'],
      ['client_secret', 'a+secret/'],
      ['grant_type', 'refresh_token'],
      ['refresh_token', expect.stringMatching(/^rt-/)],
      ['scope', 'read write'],
    ])
  })

  test('resource and audience go along with every request that leads to a token, several resources one by one', async () => {
    const lines = { resource: 'https://one.example/ urn:two', audience: 'api one' }
    const { authorization, exchange, refresh } = await walk('resource', lines)
    for (const parameters of [authorization, exchange.parameters, refresh.parameters]) {
      expect(parameters.getAll('resource')).toEqual(['https://one.example/', 'urn:two'])
      expect(parameters.getAll('audience')).toEqual(['api one'])
    }
  })

  test('token-body=json makes a JSON object of exchange and refresh, and a revocation stays a form', async () => {
    const { exchange, refresh } = await walk('json', {
      'token-body': 'json',
      resource: 'urn:one urn:two',
      'revocation-url': world.provider.revocationUrl,
    })
    expect(exchange.headers['content-type']).toBe('application/json')
    expect(JSON.parse(exchange.body)).toEqual({
      grant_type: 'authorization_code',
      code: 'a-code',
      redirect_uri: `${world.files.redirectUri}/json`,
      code_verifier: expect.stringMatching(/^[\w-]{43}$/),
      resource: ['urn:one', 'urn:two'],
      client_id: 'the client',
      client_secret: 'a+secret/',
    })
    expect(JSON.parse(refresh.body)).toMatchObject({ grant_type: 'refresh_token', refresh_token: expect.any(String) })
    const before = world.provider.requests.length
    await world.browser.ask(`/api/integrations/${await world.browser.uidOf('json')}/sign-out`, {})
    await world.provider.received(before + 1)
    expect(world.provider.requests[before]?.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/)
    expect(world.provider.requests[before]?.parameters.get('token')).toMatch(/^rt-/)
  })

  test('refresh-url gets the refreshes, token-url the codes', async () => {
    const { exchange, refresh } = await walk('refresh-url', { 'refresh-url': `${world.provider.origin}/refresh?v=2` })
    expect(exchange.path).toBe('/token')
    expect(refresh.path).toBe('/refresh?v=2')
  })

  test('client-secret-basic-raw leaves the form encoding out, client-secret-basic does not', async () => {
    const secret = { 'client-id': 'an id', 'client-secret': 'ß:+/%' }
    const raw = await walk('raw', { ...secret, 'token-endpoint-auth-method': 'client-secret-basic-raw' })
    for (const { headers, parameters } of [raw.exchange, raw.refresh]) {
      expect(basicOf(headers.authorization)).toBe('an id:ß:+/%')
      expect([parameters.has('client_id'), parameters.has('client_secret')]).toEqual([false, false])
    }
    const encoded = await walk('encoded', { ...secret, 'token-endpoint-auth-method': 'client-secret-basic' })
    expect(basicOf(encoded.refresh.headers.authorization)).toBe('an+id:%C3%9F%3A%2B%2F%25')
  })

  test('none names the client, shows no secret, and PKCE goes along', async () => {
    const { authorization, exchange, refresh } = await walk('public', {
      'client-secret': '',
      'token-endpoint-auth-method': 'none',
    })
    expect(authorization.get('code_challenge_method')).toBe('S256')
    expect(exchange.parameters.get('code_verifier')).toMatch(/^[\w-]{43}$/)
    for (const { headers, parameters } of [exchange, refresh]) {
      expect(headers.authorization).toBeUndefined()
      expect([parameters.get('client_id'), parameters.has('client_secret')]).toEqual(['the client', false])
    }
  })
})

describe('a sign-in', () => {
  test('asks for a new one when the refresh URL moves to another origin, and sends nothing there', async () => {
    await world.configure('moved', {})
    await world.signIn('moved')
    const before = world.provider.requests.length
    const elsewhere = `${world.provider.origin.replace('127.0.0.1', 'localhost')}/refresh`
    expect(await world.configure('moved', { 'refresh-url': elsewhere })).toBe(true)
    await world.pass(590)
    const uid = await world.browser.uidOf('moved')
    expect(await world.fetch(uid)).toMatchObject({ code: 'reauthentication_required', reason: 'changed' })
    expect(world.provider.requests).toHaveLength(before)
    await world.configure('moved', {})
    expect(await world.fetch(uid)).toMatchObject({ access_token: expect.any(String) })
  })

  test('that is under way ends when the refresh URL changes meanwhile', async () => {
    await world.configure('under way', { 'redirect-uri': '' })
    const started = await world.start('under way')
    await world.configure('under way', {
      'redirect-uri': '',
      'refresh-url': `${world.provider.origin.replace('127.0.0.1', 'localhost')}/refresh`,
    })
    const before = world.provider.requests.length
    expect((await world.comeBack(started)).status).toBe(400)
    expect(world.provider.requests).toHaveLength(before)
  })
})
