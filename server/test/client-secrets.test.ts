import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AdminHealth } from '../src/domain/admin-api.ts'
import { type Behaviour, grant, oauthError } from '../testing/behaviours.ts'
import { OptionsWorld } from '../testing/options-world.ts'
import { askAdmin } from '../testing/start-server.ts'

/** `client-secret-next`: a client secret is changed at the service, and nobody notices. */
let world: OptionsWorld
let known: readonly string[] = []

/** The service knows some client secrets at a time. */
const service: Behaviour = (exchange) => {
  const isKnown = known.includes(exchange.request.parameters.get('client_secret') ?? '')
  return (isKnown ? grant() : oauthError('invalid_client', { status: 401 }))(exchange)
}

beforeAll(async () => {
  world = await OptionsWorld.start()
  world.provider.always(service)
})
afterAll(() => world.close())

const sentSince = (count: number): readonly string[] =>
  world.provider.requests.slice(count).map(({ parameters }) => parameters.getAll('client_secret').join(' and '))

async function remarks(): Promise<readonly string[]> {
  const { findings } = await askAdmin<AdminHealth>(world.files, 'GET', '/health')
  return findings.map(({ level, fact, action }) => `${level}: ${fact} ${action}`)
}

describe('a client secret', () => {
  test('is changed at the service, then in the file, while people sign in, fetch and sign out', async () => {
    const revocation = { 'revocation-url': world.provider.revocationUrl }
    const first = { 'client-secret': 'old', 'client-secret-next': 'new', ...revocation }
    known = ['old']
    expect(await world.configure('box', first)).toBe(true)
    await world.signIn('box')
    expect(sentSince(0)).toEqual(['old'])

    // The service gives a new secret and forgets the old one.
    known = ['new']
    const uid = await world.browser.uidOf('box')
    await world.pass(600)
    expect(await world.fetch(uid)).toMatchObject({ access_token: expect.any(String) })
    expect(sentSince(1)).toEqual(['old', 'new'])
    const lines = readFileSync(join(world.files.configDir, 'oauth-clients.conf'), 'utf8').split('\n')
    const line = lines.findIndex((each) => each.startsWith('client-secret-next')) + 1
    expect(await remarks()).toEqual([
      expect.stringMatching(
        `^remark: box: 127.0.0.1:\\d+ refuses the client secret and accepts the next one.* now, in \\[box\\] \\(oauth-clients.conf:${line}\\)`,
      ),
    ])
    expect(world.server.log()).toContain('The service accepts the next client secret: write it as client-secret now')

    // The administrator does as they are told; nobody has to sign in again.
    const before = world.provider.requests.length
    expect(await world.configure('box', { ...first, 'client-secret': 'new', 'client-secret-next': '' })).toBe(true)
    expect(await remarks()).toEqual([])
    await world.pass(600)
    expect(await world.fetch(uid)).toMatchObject({ access_token: expect.any(String) })
    expect(sentSince(before)).toEqual(['new'])
  })

  test('that is refused costs no sign-in: the code goes out again with the next one', async () => {
    known = ['new']
    expect(await world.configure('cold', { 'client-secret': 'old', 'client-secret-next': 'new' })).toBe(true)
    const before = world.provider.requests.length
    await world.signIn('cold')
    expect(sentSince(before)).toEqual(['old', 'new'])
    const codes = world.provider.requests.slice(before).map(({ parameters }) => parameters.get('code'))
    expect(new Set(codes).size).toBe(1)
  })

  test('that is refused at a revocation is followed by the next one', async () => {
    known = ['old', 'new']
    const lines = { 'client-secret': 'old', 'client-secret-next': 'new', 'revocation-url': world.provider.revocationUrl }
    expect(await world.configure('out', lines)).toBe(true)
    await world.signIn('out')
    const before = world.provider.requests.length
    world.provider.next(oauthError('invalid_client', { status: 401 }))
    await world.browser.ask(`/api/integrations/${await world.browser.uidOf('out')}/sign-out`, {})
    await world.provider.received(before + 3)
    expect(sentSince(before)).toEqual(['old', 'new', 'new'])
  })

  test('is in no text when both are refused', async () => {
    known = []
    const secrets = { 'client-secret': 'old-secret-of-box', 'client-secret-next': 'new-secret-of-box' }
    expect(await world.configure('both', secrets)).toBe(true)
    world.provider.next(
      oauthError('invalid_client', { status: 401, description: 'not old-secret-of-box' }),
      oauthError('invalid_client', { status: 401, description: 'old-secret-of-box, new-secret-of-box' }),
    )
    const reply = await world.comeBack(await world.start('both'))
    expect(reply.status).not.toBe(303)
    expect(reply.body + world.server.log()).not.toMatch(/(old|new)-secret-of-box/)
  })
})
