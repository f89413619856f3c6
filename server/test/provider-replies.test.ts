import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Behaviour, grantChanged, oauthError, reply } from '../testing/behaviours.ts'
import { type Lines, OptionsWorld } from '../testing/options-world.ts'

/** Every option that says how a reply is read, from the line of the configuration to what a session gets. */
let world: OptionsWorld

beforeAll(async () => {
  world = await OptionsWorld.start()
})
afterAll(() => world.close())

/** Configures a section and signs in, the service answering so; answers the Integration ID. */
async function signedIn(section: string, lines: Lines, answer: Behaviour): Promise<string> {
  expect(await world.configure(section, lines), world.server.log()).toBe(true)
  world.provider.next(answer)
  await world.signIn(section)
  return await world.browser.uidOf(section)
}

const inSeconds = (seconds: number): string => `${new Date(world.now.getTime() + seconds * 1000).toISOString().slice(0, 19)}Z`
const sentRefreshToken = (): string | null => world.lastRequest.parameters.get('refresh_token')

describe('a session gets', () => {
  test('the user’s token of Slack, nested at the sign-in and flat when it is refreshed', async () => {
    const user = { access_token: 'xoxp-1', refresh_token: 'xoxe-1', expires_in: 600, scope: 'search' }
    const nested = { ok: true, access_token: 'xoxb-bot', refresh_token: 'xoxe-bot', expires_in: 5, authed_user: user }
    const lines = { 'access-token-path': '/authed_user/access_token' }
    const uid = await signedIn('slack', lines, reply(nested))
    expect(await world.fetch(uid)).toEqual({ access_token: 'xoxp-1', expiry: inSeconds(600) })
    const details = JSON.parse((await world.browser.ask(`/api/integrations/${uid}`)).body) as { signIn: { granted: string[] } }
    expect(details.signIn.granted).toEqual(['search'])
    await world.pass(590)
    world.provider.next(reply({ ok: true, access_token: 'xoxp-2', refresh_token: 'xoxe-2', expires_in: 600 }))
    expect(await world.fetch(uid)).toEqual({ access_token: 'xoxp-2', expiry: inSeconds(600) })
    expect(sentRefreshToken()).toBe('xoxe-1')
    await world.pass(590)
    world.provider.next(reply({ ...nested, authed_user: { ...user, access_token: 'xoxp-3' } }))
    expect(await world.fetch(uid)).toMatchObject({ access_token: 'xoxp-3' })
    expect(sentRefreshToken()).toBe('xoxe-2')
  })

  test('no token of another kind when the one asked for is not there: the sign-in ends with a sentence', async () => {
    const lines = { 'access-token-path': '/authed_user/access_token' }
    expect(await world.configure('bot only', { ...lines, 'redirect-uri': '' })).toBe(true)
    world.provider.next(reply({ ok: true, access_token: 'xoxb-bot', authed_user: { id: 'U1' } }))
    const page = await world.comeBack(await world.start('bot only'))
    expect(page.status).toBe(502)
    expect(page.body).toContain('could not finish the sign-in')
  })

  test('the token inside data, as TikTok nests it', async () => {
    const lines = { 'access-token-path': '/data/access_token', 'expires-in-path': '/data/life/seconds', 'scope-path': '/granted' }
    const data = { access_token: 'act.1', expires_in: 5, life: { seconds: 300 } }
    const uid = await signedIn('tiktok', lines, reply({ data, granted: ['a', 'b'], message: 'success' }))
    expect(await world.fetch(uid)).toEqual({ access_token: 'act.1', expiry: inSeconds(300) })
  })

  test('the end that Sentry tells as an instant, under status 201', async () => {
    const expiresAt = inSeconds(450)
    const uid = await signedIn(
      'sentry',
      { 'access-token-path': '/token', 'refresh-token-path': '/refreshToken', 'expires-at-path': '/expiresAt' },
      reply({ id: '7', token: 'sentry-1', refreshToken: 'sentry-r', expiresAt }, { status: 201 }),
    )
    expect(await world.fetch(uid)).toEqual({ access_token: 'sentry-1', expiry: expiresAt })
    await world.pass(440)
    world.provider.next(reply({ token: 'sentry-2', refreshToken: 'sentry-r2', expiresAt: 'never' }, { status: 201 }))
    expect(await world.fetch(uid)).toEqual({ access_token: 'sentry-2', expiry: '9999-12-31T23:59:59Z' })
    expect(sentRefreshToken()).toBe('sentry-r')
  })

  test('a life of milliseconds as what it is', async () => {
    const lines = { 'expires-in-unit': 'milliseconds' }
    const uid = await signedIn(
      'milliseconds',
      lines,
      grantChanged((body) => ({ ...body, expires_in: 600_000 })),
    )
    expect(await world.fetch(uid)).toMatchObject({ expiry: inSeconds(600) })
  })
})

describe('extra', () => {
  const lines = { 'keep-token-fields': 'instance_url /team/id absent', 'keep-callback-fields': 'realmId' }
  const salesforce = { instance_url: 'https://eu1.example', team: { id: 7, name: 'x' }, id: 'unasked' }
  const extraOf = async (section: string) => (await world.fetch(await world.browser.uidOf(section))).extra

  test('holds what the allow-lists name of token reply and callback, survives a refresh, and ends with the sign-in', async () => {
    expect(await world.configure('kept', lines)).toBe(true)
    world.provider.next(grantChanged((body) => ({ ...body, ...salesforce })))
    await world.signIn('kept', { realmId: '4620816365', other: 'x' })
    const all = { instance_url: 'https://eu1.example', 'team.id': 7, realmId: '4620816365' }
    expect(await extraOf('kept')).toEqual(all)
    await world.pass(590)
    expect(await extraOf('kept')).toEqual(all)
    await world.pass(590)
    world.provider.next(grantChanged((body) => ({ ...body, instance_url: 'https://eu2.example' })))
    expect(await extraOf('kept')).toEqual({ ...all, instance_url: 'https://eu2.example' })
    await world.browser.ask(`/api/integrations/${await world.browser.uidOf('kept')}/sign-out`, {})
    await world.signIn('kept')
    expect(await extraOf('kept')).toBeUndefined()
  })

  test('holds nothing any more that the allow-lists do not name any more, at once', async () => {
    await world.configure('narrowed', lines)
    world.provider.next(grantChanged((body) => ({ ...body, ...salesforce })))
    await world.signIn('narrowed', { realmId: '1' })
    expect(Object.keys((await extraOf('narrowed')) ?? {})).toHaveLength(3)
    await world.configure('narrowed', { 'keep-callback-fields': 'realmId' })
    expect(await extraOf('narrowed')).toEqual({ realmId: '1' })
    await world.configure('narrowed', {})
    expect(await extraOf('narrowed')).toBeUndefined()
  })

  test('never holds a token, whatever the service calls it, and the log says what was left out', async () => {
    await world.configure('leaking', { 'keep-token-fields': 'renewal site big' })
    const leak = grantChanged((body) => ({ ...body, renewal: body.refresh_token, site: 's', big: 'x'.repeat(5000) }))
    world.provider.next(leak)
    await world.signIn('leaking')
    expect(await extraOf('leaking')).toEqual({ site: 's' })
    expect(world.server.log()).toContain('"section":"leaking","fields":"renewal, big"')
  })

  test('leads no member of the reply to begin with error or result, which R would take for a failure', async () => {
    await world.configure('r', { 'keep-token-fields': 'error_count result' })
    world.provider.next(grantChanged((body) => ({ ...body, error_count: 0, result: 'x' })))
    await world.signIn('r')
    const reply = await world.fetch(await world.browser.uidOf('r'))
    expect(Object.keys(reply).sort()).toEqual(['access_token', 'expiry', 'extra'])
    expect(reply.extra).toEqual({ error_count: 0, result: 'x' })
  })
})

describe('refresh-before', () => {
  /** As Exact Online: a refresh before the last 30 s is refused. */
  test('holds refreshes back until then, whoever asks for more, and lets them go after it', async () => {
    const uid = await signedIn(
      'exact',
      { 'refresh-before': '30' },
      grantChanged((body) => body),
    )
    const first = await world.fetch(uid)
    await world.pass(560)
    const before = world.provider.requests.length
    world.provider.always(oauthError('invalid_request', { description: 'Access token not expired' }))
    expect(await world.fetch(uid)).toEqual(first)
    expect(await world.fetch(uid, 300)).toEqual(first)
    expect(world.provider.requests).toHaveLength(before)
    world.provider.always(grantChanged((body) => body))
    await world.pass(11)
    const renewed = await world.fetch(uid)
    expect(renewed).toMatchObject({ access_token: expect.stringMatching(/^at-/), expiry: inSeconds(600) })
    expect(renewed.access_token).not.toBe(first.access_token)
    expect(world.provider.requests).toHaveLength(before + 1)
  })
})
