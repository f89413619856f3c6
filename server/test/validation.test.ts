import type { PageIntegrationDetails } from '@benchkey/sdk/pages'
import type { WireReported } from '@benchkey/sdk/wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fingerprintOf } from '../src/broker/token-cache.ts'
import { type Behaviour, grant, held, newGate, reply } from '../testing/behaviours.ts'
import { OptionsWorld } from '../testing/options-world.ts'
import { send } from '../testing/start-server.ts'

/** `validate-url`: what a service says of a token, after a sign-in and when a session reports it. */
let world: OptionsWorld

beforeAll(async () => {
  world = await OptionsWorld.start()
})
afterAll(() => world.close())

/** Signs in at a service whose validation endpoint answers so; answers the Integration ID. */
async function signedIn(section: string, validation: Behaviour, lines: Readonly<Record<string, string>> = {}): Promise<string> {
  expect(await world.configure(section, { 'validate-url': `${world.provider.origin}/me?v=2`, ...lines })).toBe(true)
  world.provider.next(grant(), validation)
  await world.signIn(section)
  return await world.browser.uidOf(section)
}

async function triedOf(uid: string) {
  const { body } = await world.browser.ask(`/api/integrations/${uid}`)
  return (JSON.parse(body) as PageIntegrationDetails).signIn?.checked
}

async function report(uid: string): Promise<WireReported> {
  const { access_token: token = '' } = await world.fetch(uid)
  const { body } = await send(world.files, `/api/v1/integrations/${uid}/report`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-rs-session-server-rpc-cookie': world.session.cookie },
    body: JSON.stringify({ fingerprint: fingerprintOf(token) }),
  })
  return JSON.parse(body) as WireReported
}

describe('after a sign-in', () => {
  test('the validation URL gets one GET with the token, and its word stands in the details', async () => {
    const uid = await signedIn('works', reply({ login: 'ada' }))
    await expect.poll(() => triedOf(uid)).toEqual({ at: world.now.toISOString() })
    const { method, path, headers, body } = world.lastRequest
    expect([method, path, body]).toEqual(['GET', '/me?v=2', ''])
    expect(headers.authorization).toBe(`Bearer ${(await world.fetch(uid)).access_token}`)
  })

  test('a token that is refused is served all the same, and details and log say so', async () => {
    const uid = await signedIn('refused', reply({}, { status: 401 }))
    await expect.poll(() => triedOf(uid)).toEqual({ at: world.now.toISOString(), words: 'answered 401' })
    expect(await world.fetch(uid)).toMatchObject({ access_token: expect.any(String) })
    expect(world.server.log()).toContain('"section":"refused","words":"answered 401"')
  })

  test.each([
    ['a redirect', reply('', { status: 302, headers: { location: 'http://127.0.0.1:9/' } })],
    ['a missing page', reply('', { status: 404 })],
    ['a closed connection', (({ socket }) => void socket.destroy()) satisfies Behaviour],
  ])('%s says nothing about the token', async (what, behaviour) => {
    const before = world.provider.requests.length
    const uid = await signedIn(what, behaviour, { 'redirect-uri': '' })
    await world.provider.received(before + 2)
    expect(await triedOf(uid)).toBeUndefined()
  })

  test('the sign-in does not wait for it', async () => {
    const gate = newGate()
    const uid = await signedIn('slow', held(gate, reply({})))
    expect(await world.fetch(uid)).toMatchObject({ access_token: expect.any(String) })
    expect(await triedOf(uid)).toBeUndefined()
    gate.open()
    await expect.poll(() => triedOf(uid)).toBeDefined()
  })
})

describe('a report', () => {
  test('of a token that the service accepts renews nothing and says so', async () => {
    const uid = await signedIn('accepted', reply({}))
    await expect.poll(() => triedOf(uid)).toBeDefined()
    const before = world.provider.requests.length
    world.provider.next(reply({}))
    expect(await report(uid)).toMatchObject({ outcome: 'works', explanation: expect.stringContaining('accepts the token') })
    expect(world.provider.requests.slice(before).map(({ method }) => method)).toEqual(['GET'])
    expect(await report(uid)).toMatchObject({ outcome: 'too_soon' })
  })

  test('of a token that the service refuses renews it', async () => {
    const uid = await signedIn('revoked', reply({}))
    await expect.poll(() => triedOf(uid)).toBeDefined()
    const { access_token: before } = await world.fetch(uid)
    world.provider.next(reply({}, { status: 403 }), grant())
    expect(await report(uid)).toMatchObject({ outcome: 'renewed' })
    expect((await world.fetch(uid)).access_token).not.toBe(before)
  })

  test('earlier than refresh-before allows asks the service for nothing, and says when', async () => {
    const uid = await signedIn('early', reply({}), { 'refresh-before': '30' })
    await expect.poll(() => triedOf(uid)).toBeDefined()
    const before = world.provider.requests.length
    expect(await report(uid)).toMatchObject({ outcome: 'too_early', retry_after: 570 })
    expect(world.provider.requests).toHaveLength(before)
  })
})

describe('a validation URL', () => {
  test('at another origin than before asks for a new sign-in, as any address does that gets tokens', async () => {
    const uid = await signedIn('moved', reply({}))
    await expect.poll(() => triedOf(uid)).toBeDefined()
    const before = world.provider.requests.length
    await world.configure('moved', { 'validate-url': `${world.provider.origin.replace('127.0.0.1', 'localhost')}/me` })
    expect(await world.fetch(uid)).toMatchObject({ code: 'reauthentication_required', reason: 'changed' })
    expect(world.provider.requests).toHaveLength(before)
  })
})
