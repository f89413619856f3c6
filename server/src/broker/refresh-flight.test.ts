import { afterEach, describe, expect, it } from 'vitest'
import { type Behaviour, grant, grantChanged, hangUp, oauthError, reply, reset } from '../../testing/behaviours.ts'
import { makeAuthority, makeLeaf } from '../../testing/certificates.ts'
import { type NodeOptions, type RefreshNode, RefreshRoom, type RefreshRoomOptions } from '../../testing/refresh-room.ts'
import type { RefreshReuse } from '../domain/integration.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { StoreError } from '../store/store.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const STALE_MS = 56 * MINUTE_MS
const DEAD_MS = 61 * MINUTE_MS

let room: RefreshRoom
let node: RefreshNode
let token: StoredToken

/** One user with a sign-in of an hour's life, `ageMs` ago. */
async function enter(ageMs: number, options: RefreshRoomOptions = {}, nodeOptions: NodeOptions = {}): Promise<void> {
  room = await RefreshRoom.open(options)
  node = await room.node('a', nodeOptions)
  token = await room.signIn()
  await room.clock.pass(ageMs)
}

afterEach(() => room.close())

describe.each([
  ['still lives', STALE_MS],
  ['has ended', DEAD_MS],
])('a refresh of a token that %s', (_name, ageMs) => {
  const alive = ageMs === STALE_MS

  it('brings a new token with one request', async () => {
    await enter(ageMs)
    const answer = await node.fetch()
    expect(answer).toEqual({ token: expect.stringMatching(/^at-/), expiry: expect.stringMatching(/^2026-11-23T1[12]:/) })
    expect(room.provider.ledger.isAccessTokenAlive(answer.token ?? '')).toBe(true)
    expect(room.refreshes).toHaveLength(1)
    expect(await room.row(token)).toMatchObject({ generation: 2, renewals: 1, hasRefreshToken: true })
    expect(await room.audited('token.refreshed')).toMatchObject([{ outcome: 'ok', userName: 'ada', section: 'lab' }])
  })

  it.each([
    [503, 'answered 503'],
    [429, 'answered 429'],
  ])('%s: three requests in ten seconds, then the cool-down', async (status, words) => {
    await enter(ageMs)
    room.provider.always(reply('', { status }))
    const began = room.now.getTime()
    await expectTransient(await node.fetch(), words)
    expect(room.refreshes).toHaveLength(3)
    expect(room.now.getTime() - began).toBeLessThan(10_000)
    expect((await room.row(token)).interruptedAt).toBeUndefined()
    await node.fetch()
    expect(room.refreshes).toHaveLength(3)
    room.provider.always(grant())
    await room.clock.pass(30_000)
    expect((await node.fetch()).warning).toBeUndefined()
    expect(room.refreshes).toHaveLength(4)
  })

  it.each([
    ['120', 120_000],
    ['7', 30_000],
    ['864000', HOUR_MS],
  ])('Retry-After: %s is obeyed between the cool-down and one hour', async (seconds, waitMs) => {
    await enter(ageMs)
    room.provider.always(reply('', { status: 503, headers: { 'retry-after': seconds } }))
    const began = room.now.getTime()
    const answer = await node.fetch()
    expect(room.refreshes).toHaveLength(1)
    expect((await room.row(token)).lastFailure?.retryAt.getTime()).toBe(began + waitMs)
    if (!alive) expect(answer).toMatchObject({ code: 'provider_unavailable', retryAfterSeconds: waitMs / 1000 })
    await room.clock.pass(waitMs - 1000)
    await node.fetch()
    expect(room.refreshes).toHaveLength(1)
    await room.clock.pass(1000)
    await node.fetch()
    expect(room.refreshes).toHaveLength(2)
  })

  it('connection refused: nothing was sent, tried three times, transient', async () => {
    await enter(ageMs)
    await room.stopProvider()
    await expectTransient(await node.fetch(), 'refused the connection')
    expect((await room.row(token)).interruptedAt).toBeUndefined()
  })

  it.each<[string, Behaviour]>([
    ['answered 500', reply('', { status: 500 })],
    ['answered 502', reply('<html>', { status: 502, headers: { 'content-type': 'text/html' } })],
    ['answered 504', reply('', { status: 504 })],
    ['answered 408', reply('', { status: 408 })],
    ['closed the connection', hangUp({ afterGrant: false })],
  ])('%s: perhaps spent, repeated once at once, then the cool-down', async (words, behaviour) => {
    await enter(ageMs)
    room.provider.always(behaviour)
    const began = room.now
    await expectTransient(await node.fetch(), words)
    expect(room.refreshes).toHaveLength(2)
    expect((await room.row(token)).interruptedAt).toEqual(began)
    room.provider.always(grant())
    await room.clock.pass(29_000)
    await node.fetch()
    expect(room.refreshes).toHaveLength(2)
    await room.clock.pass(1000)
    expect((await node.fetch()).token).toBeDefined()
    expect(await room.row(token)).toMatchObject({ generation: 2 })
    expect((await room.row(token)).interruptedAt).toBeUndefined()
  })

  it.each(['invalid_client', 'unauthorized_client'])('%s: the integration is in trouble, the row untouched', async (error) => {
    await enter(ageMs)
    room.provider.always(oauthError(error, { status: 401 }))
    const answer = await node.fetch()
    const words = `refuses Benchkey's client ID or secret, so nobody gets tokens for lab. Your sign-in is kept. Tell your administrator: benchkey verify lab.`
    if (alive) expect(answer).toMatchObject({ token: expect.anything(), warning: expect.stringContaining(words) })
    else expect(answer).toMatchObject({ code: 'configuration_error', reason: 'client', message: expect.stringContaining(words) })
    expect(room.refreshes).toHaveLength(1)
    const row = await room.row(token)
    expect(row).toMatchObject({ generation: 1, hasRefreshToken: true })
    expect([row.lastFailure, row.reauthentication, row.intent, row.interruptedAt]).toEqual(Array(4).fill(undefined))
  })

  it('invalid_grant: sign in again, and no request more', async () => {
    await enter(ageMs)
    room.provider.always(oauthError('invalid_grant', { description: 'Token was revoked' }))
    const began = room.now
    const answer = await node.fetch()
    expect(answer).toMatchObject({ code: 'reauthentication_required', reason: 'refused' })
    expect(answer.message).toMatch(
      /^lab stopped accepting your sign-in on 23 Nov 1\d:\d\d UTC\. .* Sign in again at https:\/\/bench/,
    )
    expect(await room.row(token)).toMatchObject({
      parked: true,
      hasRefreshToken: false,
      reauthentication: { reason: 'refused', at: began, providerText: 'Token was revoked' },
    })
    await room.clock.pass(10 * MINUTE_MS)
    await node.fetch()
    expect(room.refreshes).toHaveLength(1)
    expect(await room.audited('token.refresh_refused')).toHaveLength(1)
  })

  it('an unknown refusal: transient, one request, counted', async () => {
    await enter(ageMs)
    room.provider.always(oauthError('invalid_request'))
    await expectTransient(await node.fetch(), 'answered invalid_request')
    expect(room.refreshes).toHaveLength(1)
    expect((await room.row(token)).oddRefusals).toMatchObject({ count: 1 })
  })

  async function expectTransient(answer: Awaited<ReturnType<RefreshNode['fetch']>>, words: string): Promise<void> {
    const { lastFailure } = await room.row(token)
    expect(lastFailure?.words).toBe(words)
    if (alive) {
      const host = new URL(room.integration.tokenUrl).host
      expect(answer.token).toMatch(/^at-/)
      expect(answer.warning).toMatch(
        new RegExp(`^${host} did not renew your token at 23 Nov 10:56 UTC \\(${words}\\)\\. It works until 23 Nov 11:00 UTC\\.`),
      )
    } else {
      expect(answer.token).toBeUndefined()
      expect(answer).toMatchObject({ code: 'provider_unavailable', message: expect.stringContaining(`(${words})`) })
      expect(answer.message).toMatch(/Your sign-in is kept\. Nothing to repair here; try again in \d+ seconds\.$/)
    }
  }
})

describe('a refresh token that is perhaps spent', () => {
  const grace = (seconds: number): RefreshReuse => ({ kind: 'grace', seconds })

  it.each<[string, RefreshReuse, RefreshRoomOptions['rotation'], number]>([
    ['grace:60 at a server with grace', grace(60), 'grace:60', 30 * MINUTE_MS],
    ['unknown, five minutes of life left, at a server that does not rotate', { kind: 'unknown' }, 'none', STALE_MS],
    ['strict, no life left, at a server that does not rotate', { kind: 'strict' }, 'none', DEAD_MS],
  ])('%s: is sent again at once, and wins', async (_name, refreshReuse, rotation = 'none', ageMs) => {
    await enter(ageMs, { rotation, integration: { refreshReuse } })
    room.provider.next(reset({ afterGrant: true }))
    const answer = await node.fetch({ minTtlSeconds: 1800 })
    expect(answer.warning).toBeUndefined()
    expect(room.provider.ledger.isAccessTokenAlive(answer.token ?? '')).toBe(true)
    expect(room.refreshes.map((body) => body.get('refresh_token'))).toEqual(
      Array(2).fill(room.refreshes[0]?.get('refresh_token')),
    )
    expect((await room.row(token)).generation).toBe(2)
  })

  it.each<[string, RefreshReuse, number, string]>([
    ['strict: until the token has ended', { kind: 'strict' }, 30, '11:00'],
    ['unknown: until five minutes of life are left', { kind: 'unknown' }, 25, '10:55'],
    ['grace:1: like strict, when the window is too small to use', grace(1), 30, '11:00'],
  ])('%s it is held, and the token served', async (_name, refreshReuse, minutes, until) => {
    await enter(30 * MINUTE_MS, { rotation: 'none', integration: { refreshReuse } })
    room.provider.next(reset({ afterGrant: true }))
    const answer = await node.fetch({ minTtlSeconds: 1800 + 60 })
    expect(answer).toMatchObject({
      token: expect.anything(),
      warning: expect.stringContaining('10:30 UTC (closed the connection)'),
    })
    expect((await room.row(token)).lastFailure?.retryAt.toISOString()).toBe(`2026-11-23T${until}:00.000Z`)
    await room.clock.pass((minutes - 1) * MINUTE_MS)
    expect((await node.fetch({ minTtlSeconds: 1800 })).token).toBe(answer.token)
    expect(room.refreshes).toHaveLength(1)
    await room.clock.pass(MINUTE_MS)
    const renewed = await node.fetch({ minTtlSeconds: 1800 })
    expect(renewed.token).not.toBe(answer.token)
    expect(renewed.warning).toBeUndefined()
    expect(room.refreshes).toHaveLength(2)
  })

  it('refused at its repetition: sign in again, and the cause is named', async () => {
    await enter(DEAD_MS, { rotation: 'strict-family', integration: { refreshReuse: { kind: 'strict' } } })
    const began = room.now
    room.provider.next(reset({ afterGrant: true }))
    const answer = await node.fetch()
    expect(answer).toMatchObject({ code: 'reauthentication_required', reason: 'interrupted' })
    expect(answer.message).toMatch(/^The renewal of lab was cut off at 23 Nov 11:01 UTC, and the service does not repeat it\./)
    expect((await room.row(token)).reauthentication).toMatchObject({ reason: 'interrupted', at: began })
    expect(room.refreshes).toHaveLength(2)
  })

  it('and refused only as busy in between: stays perhaps spent', async () => {
    await enter(DEAD_MS, { rotation: 'strict', integration: { refreshReuse: { kind: 'strict' } } })
    const began = room.now
    room.provider.next(reset({ afterGrant: true }), reply('', { status: 503, headers: { 'retry-after': '60' } }))
    await node.fetch()
    expect((await room.row(token)).interruptedAt).toEqual(began)
    await room.clock.pass(61_000)
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'interrupted' })
  })

  it('two uncertain answers under grace: one more flight after the cool-down, asked for or not', async () => {
    await enter(STALE_MS, { rotation: 'grace:60', integration: { refreshReuse: grace(60) } })
    room.provider.next(reset({ afterGrant: true }), reset({ afterGrant: true }))
    expect((await node.fetch()).warning).toContain('closed the connection')
    expect(room.refreshes).toHaveLength(2)
    await room.clock.pass(29_000)
    expect(room.refreshes).toHaveLength(2)
    await room.clock.pass(6_000)
    await expect.poll(async () => (await room.row(token)).generation).toBe(2)
    expect(room.refreshes).toHaveLength(3)
  })

  it('a reply that is not understood but holds a refresh token: it is saved, once per cool-down', async () => {
    await enter(STALE_MS, { rotation: 'strict-family' })
    const before = (await node.fetch({ minTtlSeconds: 0 })).token
    room.provider.next(grantChanged(({ refresh_token }) => ({ refresh_token })))
    const answer = await node.fetch()
    expect(answer.token).toBe(before)
    expect(answer.warning).toMatch(/did not renew your token at .* It works until 23 Nov 11:00 UTC/)
    await node.fetch()
    expect(room.refreshes).toHaveLength(1)
    expect((await room.row(token)).interruptedAt).toBeUndefined()
    await room.clock.pass(30_000)
    const renewed = await node.fetch()
    expect(renewed.warning).toBeUndefined()
    expect(room.provider.ledger.isAccessTokenAlive(renewed.token ?? '')).toBe(true)
    expect(room.provider.ledger.duplicates).toBe(0)
  })

  it('such a reply never makes an ended token served', async () => {
    await enter(DEAD_MS, { rotation: 'strict-family' })
    room.provider.next(grantChanged(({ refresh_token }) => ({ refresh_token })))
    expect(await node.fetch()).toMatchObject({ code: 'provider_unavailable' })
    await room.clock.pass(30_000)
    expect((await node.fetch()).token).toMatch(/^at-/)
    expect(room.provider.ledger.duplicates).toBe(0)
  })

  it('a failure of our own making counts as perhaps spent', async () => {
    let broken = true
    await enter(
      STALE_MS,
      { integration: { refreshReuse: { kind: 'strict' } } },
      {
        servers: (real) => ({
          ...real,
          refresh: (...asked) => (broken ? Promise.reject(new TypeError('a bug')) : real.refresh(...asked)),
        }),
      },
    )
    expect((await node.fetch()).warning).toContain('(the request ended unexpectedly)')
    expect((await room.row(token)).interruptedAt).toEqual(room.now)
    expect(node.logged.join()).toContain('a token request ended unexpectedly')
    broken = false
    await room.clock.pass(4 * MINUTE_MS)
    expect((await node.fetch()).warning).toBeUndefined()
  })
})

describe('refusals without a known cause', () => {
  const oddly = reply('', { status: 400 })

  it('five over ten minutes, and another row was renewed meanwhile: sign in again', async () => {
    await enter(DEAD_MS)
    await room.signIn({ user: 'bob', lifeSeconds: 3600 })
    room.provider.always(oddly)
    await refuse(4)
    room.provider.next(grant())
    await room.clock.pass(HOUR_MS)
    expect((await node.fetch({ user: 'bob' })).token).toMatch(/^at-/)
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'refused' })
    expect((await room.row(token)).reauthentication?.providerText).toBe('answered 400')
    expect(probes()).toHaveLength(0)
  })

  it('five over ten minutes, and a code of our own invention is refused as a code: sign in again', async () => {
    await enter(DEAD_MS, { integration: { pkce: 'S256' } })
    room.provider.always(({ request, ...rest }) => {
      const isProbe = request.parameters.get('grant_type') === 'authorization_code'
      return (isProbe ? oauthError('invalid_grant') : oddly)({ request, ...rest })
    })
    await refuse(4)
    await room.clock.pass(8 * MINUTE_MS)
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'refused' })
    const [probe, ...more] = probes()
    expect(more).toEqual([])
    expect(probe?.get('code')).toMatch(/^[\w-]{32}$/)
    expect(probe?.get('redirect_uri')).toBe('https://bench.example/oauth_redirect_callback')
    expect(probe?.get('code_verifier')).toMatch(/^[\w-]{43}$/)
  })

  it('five over ten minutes, but the client itself is refused: the sign-in is kept', async () => {
    await enter(DEAD_MS)
    room.provider.always(oddly)
    await refuse(4)
    await room.clock.pass(8 * MINUTE_MS)
    expect(await node.fetch()).toMatchObject({ code: 'provider_unavailable' })
    expect(probes()).toHaveLength(1)
    expect(await room.row(token)).toMatchObject({ hasRefreshToken: true, oddRefusals: { count: 5 } })
    room.provider.always(grant())
    await room.clock.pass(30_000)
    expect((await node.fetch()).token).toMatch(/^at-/)
    expect((await room.row(token)).oddRefusals).toBeUndefined()
  })

  it('five in less than ten minutes decide nothing', async () => {
    await enter(DEAD_MS)
    room.provider.always(oddly)
    await refuse(6)
    expect(await room.row(token)).toMatchObject({ hasRefreshToken: true, oddRefusals: { count: 6 } })
    expect(probes()).toHaveLength(0)
  })

  it('dead-refresh-errors names one: sign in again at once', async () => {
    await enter(DEAD_MS, { integration: { deadRefreshErrors: ['token_gone'] } })
    room.provider.always(oauthError('token_gone'))
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'refused' })
  })

  async function refuse(times: number): Promise<void> {
    for (let n = 0; n < times; n += 1) {
      expect(await node.fetch()).toMatchObject({ code: 'provider_unavailable' })
      await room.clock.pass(31_000)
    }
  }

  const probes = (): readonly URLSearchParams[] =>
    room.provider.requests.map(({ parameters }) => parameters).filter((asked) => asked.get('grant_type') === 'authorization_code')
})

describe('trouble of the configuration', () => {
  it('one request a minute tries whether it is right again, whoever asks, and all is well by itself', async () => {
    await enter(DEAD_MS)
    await room.signIn({ user: 'bob' })
    await room.clock.pass(DEAD_MS)
    room.provider.always(oauthError('invalid_client', { status: 401 }))
    await node.fetch()
    const since = room.now
    expect(await node.fetch({ user: 'bob' })).toMatchObject({ code: 'configuration_error' })
    expect(room.refreshes).toHaveLength(1)
    await room.clock.pass(60_000)
    const answers = await Promise.all([node.fetch(), node.fetch({ user: 'bob' })])
    expect(answers.map(({ code }) => code)).toEqual(['configuration_error', 'configuration_error'])
    expect(room.refreshes).toHaveLength(2)
    expect([...(await room.store.integrations.troubles()).values()]).toMatchObject([{ kind: 'client', since }])
    room.provider.always(grant())
    await room.clock.pass(60_000)
    expect((await node.fetch({ user: 'bob' })).token).toMatch(/^at-/)
    expect((await node.fetch()).token).toMatch(/^at-/)
    expect(await room.store.integrations.troubles()).toEqual(new Map())
    expect(node.logged.join()).toContain('the integration works again')
  })

  it('a corrected secret is tried at once, and nobody signs in again', async () => {
    await enter(DEAD_MS)
    room.provider.next(oauthError('invalid_client', { status: 401 }))
    expect(await node.fetch()).toMatchObject({ code: 'configuration_error' })
    await node.configure({ client: { ...room.integration.client, clientSecret: 'the right one' } })
    expect((await node.fetch()).token).toMatch(/^at-/)
    expect(room.refreshes[1]?.get('client_secret')).toBe('the right one')
  })

  it('a certificate nobody vouches for: not sent, not retried, told', async () => {
    const leaf = await makeLeaf(await makeAuthority('Somebody'), ['127.0.0.1'])
    await enter(STALE_MS, { tls: leaf })
    const answer = await node.fetch()
    const words = 'Benchkey cannot connect safely to 127.0.0.1'
    expect(answer.warning).toMatch(new RegExp(`^${words}:\\d+: its certificate is from an unknown authority\\. Your sign-in`))
    expect(room.provider.connections).toBe(1)
    expect(room.provider.bytesReceived).toBe(0)
    await room.clock.pass(5 * MINUTE_MS)
    expect(await node.fetch()).toMatchObject({ code: 'configuration_error', reason: 'connection' })
    expect((await room.row(token)).lastFailure).toBeUndefined()
  })

  it('while an earlier request is perhaps spent: that is not forgotten', async () => {
    await enter(DEAD_MS, { rotation: 'strict', integration: { refreshReuse: { kind: 'strict' } } })
    room.provider.next(reset({ afterGrant: true }), oauthError('invalid_client', { status: 401 }))
    await node.fetch()
    expect((await room.row(token)).interruptedAt).toBeDefined()
    await room.clock.pass(60_000)
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'interrupted' })
  })
})

describe('what a sign-in is bound to (F33)', () => {
  it.each([
    ['client ID', { client: { clientId: 'another', clientSecret: 's', authenticationMethod: 'client-secret-post' as const } }],
    ['revocation URL', { revocationUrl: 'https://elsewhere.example/revoke' }],
  ])('a changed %s: sign in again, 0 bytes sent, and all is well when it is put back', async (_name, changes) => {
    await enter(STALE_MS)
    const before = room.integration
    await node.configure(changes)
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'changed' })
    expect(room.provider.bytesReceived).toBe(0)
    expect((await room.row(token)).reauthentication).toBeUndefined()
    const { revocationUrl: _revocationUrl, ...rest } = before
    room.integration = rest
    await node.configure({})
    expect((await node.fetch()).token).toMatch(/^at-/)
  })

  it('a changed token endpoint gets nothing: not by a caller, not by a resumed refresh, not by Try again', async () => {
    const strange = await RefreshRoom.open()
    await enter(STALE_MS, { rotation: 'grace:600', integration: { refreshReuse: { kind: 'grace', seconds: 600 } } })
    room.provider.next(reset(), reset())
    await node.fetch()
    expect(room.refreshes).toHaveLength(2)
    await node.configure({ tokenUrl: strange.provider.tokenUrl })
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'changed' })
    await room.clock.pass(60_000)
    expect([strange.provider.connections, room.refreshes.length]).toEqual([0, 2])
    await node.configure({ tokenUrl: room.provider.tokenUrl })
    room.provider.always(oauthError('invalid_grant'))
    await node.fetch()
    expect((await room.row(token)).parked).toBe(true)
    await node.configure({ tokenUrl: strange.provider.tokenUrl })
    await node.tryAgain(await room.user('ada'), room.integration)
    expect(strange.provider.connections).toBe(0)
    expect((await room.row(token)).parked).toBe(true)
    await strange.close()
  })
})

describe('a row whose ciphertext does not open (F25)', () => {
  it('asks to sign in again at the refresh, and others are served', async () => {
    let damaged = ''
    await enter(
      STALE_MS,
      {},
      {
        store: (store) => ({
          ...store,
          tokens: {
            ...store.tokens,
            readSecrets: (id, generation) =>
              id === damaged
                ? Promise.reject(new StoreError('unreadable', 'does not open'))
                : store.tokens.readSecrets(id, generation),
          },
        }),
      },
    )
    damaged = token.id
    await room.signIn({ user: 'bob', lifeSeconds: 60 })
    await room.clock.pass(50_000)
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'unreadable' })
    expect((await node.fetch({ user: 'bob' })).token).toMatch(/^at-/)
    expect(room.refreshes).toHaveLength(1)
    await node.fetch()
    expect(room.refreshes).toHaveLength(1)
    expect(node.logged.join()).toContain('a stored sign-in is damaged')
  })
})
