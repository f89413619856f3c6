import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import type { Integration, WayOut } from '../domain/integration.ts'
import { Catalogue } from './catalogue.ts'

let room: BrokerRoom
beforeEach(async () => {
  room = await openBrokerRoom('https://bench.example/base')
})
afterEach(() => room.close())

describe('the catalogue', () => {
  test('finds by Integration ID in any case, by section, and by internal id', async () => {
    const box = integrationOf({ section: 'box', uid: 'abcdef00-0000-4000-8000-000000000001' })
    await room.configure(box)
    expect(room.catalogue.find('ABCDEF00-0000-4000-8000-000000000001')).toBe(box)
    expect(room.catalogue.findBySection('box')).toBe(box)
    expect(room.catalogue.findByInternalId(room.catalogue.internalId(box.uid) ?? '')).toBe(box)
    expect(room.catalogue.find('nothing')).toBeUndefined()
  })

  test('keeps the order of the file', async () => {
    await room.configure(...['c', 'a', 'b'].map((section) => integrationOf({ section })))
    expect(room.catalogue.all().map(({ section }) => section)).toEqual(['c', 'a', 'b'])
  })

  test('keeps internal ids over a reload, a removal and a restart', async () => {
    const [box, git] = [integrationOf({ section: 'box' }), integrationOf({ section: 'git' })]
    await room.configure(box, git)
    const id = room.catalogue.internalId(box.uid)
    await room.configure(git)
    expect(room.catalogue.internalId(box.uid)).toBeUndefined()
    await room.configure(git, box)
    expect(room.catalogue.internalId(box.uid)).toBe(id)
    const restarted = new Catalogue(room.publicUrl, room.store.integrations)
    await restarted.replace([box], room.store.now())
    expect(restarted.internalId(box.uid)).toBe(id)
  })

  test('tells since when an integration has its present client and origins', async () => {
    const box = integrationOf({ section: 'box' })
    await room.configure(box)
    const before = room.catalogue.changedAt(box)
    room.pass(60_000)
    await room.configure({ ...box, displayName: 'Box', scopes: ['read'] })
    expect(room.catalogue.changedAt(box)).toEqual(before)
    await room.configure({ ...box, client: { ...box.client, clientId: 'another' } })
    expect(room.catalogue.changedAt(box).getTime()).toBeGreaterThanOrEqual(before.getTime() + 60_000)
  })

  test('binds a sign-in to client id and the origins that get its tokens, and to nothing else', async () => {
    const box = integrationOf({ section: 'box' })
    const print = room.catalogue.fingerprintOf(box)
    const same = [
      { displayName: 'Box' },
      { scopes: ['read'] },
      { client: { ...box.client, clientSecret: 'another' } },
      { tokenUrl: 'https://box.example/other/path' },
      { authorizationUrl: 'https://elsewhere.example/authorize' },
      { revocationUrl: 'https://box.example/revoke' },
    ]
    const other = [
      { client: { ...box.client, clientId: 'another' } },
      { tokenUrl: 'https://evil.example/token' },
      { tokenUrl: 'https://box.example:8443/token' },
      { revocationUrl: 'https://evil.example/revoke' },
    ]
    for (const change of same) expect(room.catalogue.fingerprintOf({ ...box, ...change })).toBe(print)
    for (const change of other) expect(room.catalogue.fingerprintOf({ ...box, ...change })).not.toBe(print)
  })

  test('tells the origin that sees access tokens from those that get refresh tokens and the client secret as well', async () => {
    const box = { ...integrationOf({ section: 'box' }), validateUrl: 'https://api.example/me' }
    const print = room.catalogue.fingerprintOf(box)
    const swapped = { tokenUrl: 'https://api.example/token', validateUrl: box.tokenUrl }
    for (const change of [
      { refreshUrl: 'https://api.example/again' },
      { revocationUrl: 'https://api.example/revoke' },
      swapped,
    ]) {
      expect(room.catalogue.fingerprintOf({ ...box, ...change })).not.toBe(print)
    }
    expect(room.catalogue.fingerprintOf({ ...box, validateUrl: 'https://api.example/elsewhere' })).toBe(print)
  })

  test('voids a trouble when anything changes that a request is refused for, the secret too', async () => {
    const box = integrationOf({ section: 'box' })
    const hash = room.catalogue.configurationHashOf(box)
    expect(room.catalogue.configurationHashOf({ ...box, displayName: 'Box' })).toBe(hash)
    expect(room.catalogue.configurationHashOf({ ...box, tokenUrl: 'https://box.example/other' })).not.toBe(hash)
    const client = { ...box.client, clientSecret: 'another' }
    expect(room.catalogue.configurationHashOf({ ...box, client })).not.toBe(hash)
    const withNext = { ...box.client, nextClientSecret: 'another' }
    expect(room.catalogue.configurationHashOf({ ...box, client: withNext })).not.toBe(hash)
  })

  test('is of another hash after a change of the next client secret, and not after one of the lines of the file', async () => {
    const box = { ...integrationOf({ section: 'box' }), secretLines: { first: 3, next: 4 } }
    const hashOf = async (integration: Integration): Promise<string> => {
      await room.configure(integration)
      return room.catalogue.hash
    }
    const hash = await hashOf(box)
    expect(await hashOf({ ...box, secretLines: { first: 13, next: 14 } })).toBe(hash)
    expect(await hashOf({ ...box, client: { ...box.client, nextClientSecret: 'another' } })).not.toBe(hash)
  })

  test('is of other hashes after a change of the way out, wherever it is said, and not after one of lines alone', async () => {
    const box = integrationOf({ section: 'box' })
    const proxy = { protocol: 'http', host: 'proxy.example', port: 3128, userName: 'u', password: 'p' } as const
    const https = (line: number, password = 'p') => ({ https: { ...proxy, password, option: 'https_proxy', line } })
    const rule = (text: string) => ({ kind: 'domain', text, name: text, option: 'no_proxy', line: 2 }) as const
    const ways: readonly WayOut[] = [
      {},
      { proxy: 'none' },
      { proxy },
      { proxy: { ...proxy, port: 3129 } },
      { proxy: { ...proxy, password: 'another' } },
      { extraCa: 'PEM' },
      { commonProxies: { ...https(1), noProxy: [] } },
      { commonProxies: { ...https(1, 'another'), noProxy: [] } },
      { commonProxies: { ...https(1), noProxy: [rule('a.example')] } },
      { commonProxies: { ...https(1), noProxy: [rule('b.example')] } },
      { commonProxies: { noProxy: [], extraCa: 'PEM' } },
    ]
    const hashesOf = async (way: WayOut): Promise<readonly string[]> => {
      await room.configure({ ...box, ...way })
      return [room.catalogue.hash, room.catalogue.configurationHashOf({ ...box, ...way })]
    }
    const all: string[] = []
    for (const way of ways) all.push((await hashesOf(way)).join(' '))
    expect(new Set(all.flatMap((each) => each.split(' '))).size).toBe(2 * ways.length)
    const moved = { commonProxies: { ...https(9), noProxy: [] } }
    expect((await hashesOf(moved)).join(' ')).toBe(all[6])
  })

  test('makes redirect URIs from the public URL and its base path only', () => {
    const own = integrationOf({ section: 'own & more', redirectUri: 'per-integration' })
    expect(room.catalogue.redirectUriOf(integrationOf({ section: 'box' }))).toBe(
      'https://bench.example/base/oauth_redirect_callback',
    )
    expect(room.catalogue.redirectUriOf(own)).toBe('https://bench.example/base/oauth_redirect_callback/own%20%26%20more')
  })

  test.each([
    ['box-integratoin', 'box-integration'],
    ['BOX API ACESS', 'box-integration'],
    ['custom', undefined],
    ['', undefined],
    ['x'.repeat(100_000), undefined],
  ])('names for %.20s the nearest section %s', async (asked, near) => {
    await room.configure(
      integrationOf({ section: 'box-integration', displayName: 'Box API Access' }),
      integrationOf({ section: 'custom-api' }),
    )
    expect(room.catalogue.near(asked)).toBe(near)
  })
})
