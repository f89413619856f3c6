import { afterEach, describe, expect, it } from 'vitest'
import { grantChanged, newGate, oauthError, reply } from '../../testing/behaviours.ts'
import { type RefreshNode, RefreshRoom, type RefreshRoomOptions } from '../../testing/refresh-room.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { StoreError } from '../store/store.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

let room: RefreshRoom
let node: RefreshNode
let token: StoredToken

async function enter(options: RefreshRoomOptions = {}, signIn: Parameters<RefreshRoom['signIn']>[0] = {}): Promise<void> {
  room = await RefreshRoom.open(options)
  node = await room.node()
  token = await room.signIn(signIn)
}

afterEach(() => room.close())

describe('a token that is fresh', () => {
  it('is answered from the store, with its end, and nothing is sent or written', async () => {
    await enter()
    const before = await room.row(token)
    const secrets = await room.store.tokens.readSecrets(token.id, 1)
    expect(await node.fetch()).toEqual({ token: secrets?.accessToken, expiry: '2026-11-23T11:00:00Z' })
    expect(await node.fetch()).toEqual({ token: secrets?.accessToken, expiry: '2026-11-23T11:00:00Z' })
    expect(await room.row(token)).toEqual(before)
    expect(room.provider.connections).toBe(0)
  })

  it.each([
    ['an hour of life: until 5 minutes are left', HOUR_MS, undefined, 5 * MINUTE_MS],
    ['20 minutes: until 2 are left', 20 * MINUTE_MS, undefined, 2 * MINUTE_MS],
    ['5 minutes: until 1 is left', 5 * MINUTE_MS, undefined, MINUTE_MS],
    ['a minute: until the half', MINUTE_MS, undefined, 30_000],
    ['asked for 20 minutes', HOUR_MS, 20 * 60, 20 * MINUTE_MS],
    ['asked for more than half the life', HOUR_MS, 50 * 60, 30 * MINUTE_MS],
    ['asked for nothing', HOUR_MS, 0, 0],
  ])('%s', async (_name, lifeMs, minTtlSeconds, leftMs) => {
    await enter({}, { lifeSeconds: lifeMs / 1000 })
    const asked = minTtlSeconds === undefined ? {} : { minTtlSeconds }
    await room.clock.pass(lifeMs - leftMs - 1)
    await node.fetch(asked)
    expect(room.refreshes).toHaveLength(0)
    await room.clock.pass(1)
    await node.fetch(asked)
    expect(room.refreshes).toHaveLength(1)
  })

  it('min-ttl of the integration counts when the caller asks for less', async () => {
    await enter({ integration: { minTtlSeconds: 20 * 60 } })
    await room.clock.pass(41 * MINUTE_MS)
    await node.fetch({ minTtlSeconds: 60 })
    expect(room.refreshes).toHaveLength(1)
    await room.clock.pass(35 * MINUTE_MS)
    await node.fetch({ minTtlSeconds: 28 * 60 })
    expect(room.refreshes).toHaveLength(2)
  })
})

describe('lives of all kinds', () => {
  it('tokens of a minute are handed out as they come: one request each, no loop', async () => {
    await enter({ accessTokenSeconds: 60 })
    await room.clock.pass(HOUR_MS)
    const first = await node.fetch({ minTtlSeconds: 3600 })
    for (let n = 0; n < 5; n += 1) expect((await node.fetch({ minTtlSeconds: 3600 })).token).toBe(first.token)
    expect(room.refreshes).toHaveLength(1)
    await room.clock.pass(31_000)
    expect((await node.fetch()).token).not.toBe(first.token)
    expect(room.refreshes).toHaveLength(2)
  })

  it.each<[string, unknown, string]>([
    ['no expires_in', undefined, '9999-12-31T23:59:59Z'],
    ['zero', 0, '9999-12-31T23:59:59Z'],
    ['negative', -5, '9999-12-31T23:59:59Z'],
    ['text', '1800', '2026-11-23T11:30:00Z'],
    ['a fraction', 1800.4, '2026-11-23T11:30:00Z'],
  ])('%s: %j reads as %s, and is no loop', async (_name, expiresIn, expiry) => {
    await enter()
    await room.clock.pass(HOUR_MS)
    room.provider.always(grantChanged(({ expires_in: _dropped, ...body }) => ({ ...body, expires_in: expiresIn })))
    expect(await node.fetch()).toMatchObject({ expiry })
    await node.fetch()
    expect(room.refreshes).toHaveLength(1)
  })

  it('expires-in-default is the life of a token whose reply tells none', async () => {
    await enter({ integration: { expiresInDefaultSeconds: 7200 } })
    await room.clock.pass(HOUR_MS)
    room.provider.always(grantChanged(({ expires_in: _dropped, ...body }) => body))
    expect(await node.fetch()).toMatchObject({ expiry: '2026-11-23T13:00:00Z' })
  })

  it('life unknown from the sign-in on: served for ever, never renewed', async () => {
    await enter({}, { lifeSeconds: Number.POSITIVE_INFINITY })
    room.clock.jump(1000 * HOUR_MS)
    expect(await node.fetch({ minTtlSeconds: 3600 })).toMatchObject({ expiry: '9999-12-31T23:59:59Z' })
    expect(room.provider.connections).toBe(0)
  })

  it('life counts from when the request was sent, not from when the reply came', async () => {
    await enter()
    await room.clock.pass(HOUR_MS)
    const gate = newGate()
    room.provider.next(async ({ request, response, ledger }) => {
      await gate.opened
      response.end(JSON.stringify(ledger.answer(request.parameters).body))
    })
    const waiting = node.fetch()
    await room.provider.received(1)
    await room.clock.pass(10_000)
    gate.open()
    expect(await waiting).toMatchObject({ expiry: '2026-11-23T12:00:00Z' })
  })

  it('a reply without refresh token keeps the old one', async () => {
    await enter({ rotation: 'none' })
    await room.clock.pass(HOUR_MS)
    await node.fetch()
    await room.clock.pass(HOUR_MS)
    expect((await node.fetch()).token).toMatch(/^at-/)
    expect(new Set(room.refreshes.map((body) => body.get('refresh_token'))).size).toBe(1)
  })

  it('no refresh token at all: served to its end, then sign in again, and the service is never asked', async () => {
    await enter({}, { withRefreshToken: false })
    await room.clock.pass(HOUR_MS - 1)
    expect(await node.fetch()).toEqual({ token: expect.stringMatching(/^at-/), expiry: '2026-11-23T11:00:00Z' })
    await room.clock.pass(1)
    const answer = await node.fetch()
    expect(answer).toMatchObject({ code: 'reauthentication_required', reason: 'ended' })
    expect(answer.message).toContain('ended at 23 Nov 11:00 UTC. The service gave no refresh token')
    expect(room.provider.connections).toBe(0)
  })
})

describe('warnings beside a token', () => {
  it('scopes added to the configuration: the token works, more access is asked', async () => {
    await enter({}, { scopesAsked: ['read'] })
    await node.configure({ scopes: ['read', 'write', 'admin'] })
    const answer = await node.fetch()
    expect(answer.token).toMatch(/^at-/)
    expect(answer.warning).toBe(
      'lab now also asks for write, admin. Your token works, without that access. To add it, sign in at https://bench.example/sign-in/lab.',
    )
    await node.configure({ scopes: ['read'] })
    expect((await node.fetch()).warning).toBeUndefined()
    expect(room.provider.connections).toBe(0)
  })

  it('a delayed renewal goes before it, and ends with the first good reply', async () => {
    await enter({}, { scopesAsked: [] })
    await node.configure({ scopes: ['write'] })
    await room.clock.pass(56 * MINUTE_MS)
    room.provider.next(reply('', { status: 503, headers: { 'retry-after': '30' } }))
    expect((await node.fetch()).warning).toContain('did not renew your token')
    expect((await node.fetch()).warning).toContain('did not renew your token')
    await room.clock.pass(30_000)
    expect((await node.fetch()).warning).toContain('now also asks for write')
  })
})

describe('who gets nothing', () => {
  it('an unknown cookie: session_ended, whatever is asked for', async () => {
    await enter()
    const ask = (uid: string): Promise<unknown> =>
      node.tokens.fetch({ cookie: 'user-id=ada|x|y', uid, minTtlMs: undefined, address: '' }).catch((error: unknown) => error)
    expect(await ask(room.integration.uid)).toMatchObject({ code: 'session_ended' })
    expect(await ask('no such integration')).toMatchObject({ code: 'session_ended' })
  })

  it('a user without a sign-in, one who is locked, and a parked grant: no request leaves', async () => {
    await enter()
    await room.user('bob')
    expect(await node.fetch({ user: 'bob' })).toMatchObject({ code: 'not_signed_in' })
    await room.clock.pass(HOUR_MS)
    await room.store.users.setLocked('ada', true)
    expect(await node.fetch()).toMatchObject({ code: 'session_ended' })
    expect(room.provider.connections).toBe(0)
    await room.store.users.setLocked('ada', false)
    room.provider.next(oauthError('invalid_grant'))
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required' })
    await node.fetch()
    expect(room.provider.connections).toBe(1)
  })

  it('an integration that is not configured any more, and again when it is (F32)', async () => {
    await enter()
    const served = await node.fetch()
    await node.catalogue.replace([], room.now)
    expect(await node.fetch()).toMatchObject({ code: 'unknown_integration' })
    await node.configure({})
    expect(await node.fetch()).toEqual(served)
  })

  it('a fresh token whose ciphertext does not open: sign in again, and others are served (F25)', async () => {
    await enter()
    const bob = await room.signIn({ user: 'bob' })
    const other = await room.node('b', {
      store: (store) => ({
        ...store,
        tokens: {
          ...store.tokens,
          readSecrets: (id, generation) =>
            id === token.id
              ? Promise.reject(new StoreError('unreadable', 'does not open'))
              : store.tokens.readSecrets(id, generation),
        },
      }),
    })
    const answer = await other.fetch()
    expect(answer).toMatchObject({ code: 'reauthentication_required', reason: 'unreadable' })
    expect(answer.message).toContain('The stored sign-in to lab is damaged and was not used.')
    expect((await other.fetch({ user: 'bob' })).token).toBe((await room.store.tokens.readSecrets(bob.id, 1))?.accessToken)
    expect(room.provider.connections).toBe(0)
  })
})
