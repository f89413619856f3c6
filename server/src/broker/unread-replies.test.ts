import { afterEach, describe, expect, test } from 'vitest'
import { type Behaviour, grant, grantChanged, reply } from '../../testing/behaviours.ts'
import { type RefreshNode, RefreshRoom } from '../../testing/refresh-room.ts'
import type { StoredToken } from '../domain/stored-token.ts'

const HOUR_MS = 60 * 60_000
const IN_CAMEL_CASE = { accessToken: ['accessToken'], refreshToken: ['refreshToken'] }

/** A service that rotates strictly and writes its members in its own way. */
const camelCase: Behaviour = grantChanged(({ access_token, refresh_token, ...members }) =>
  access_token === undefined ? members : { accessToken: access_token, refreshToken: refresh_token },
)

let room: RefreshRoom
let node: RefreshNode
let token: StoredToken

afterEach(() => room.close())

/** A sign-in whose refresh was answered with tokens that nobody could read. */
async function loseTokens(behaviour: Behaviour = camelCase): Promise<void> {
  room = await RefreshRoom.open({ rotation: 'strict-family' })
  node = await room.node()
  token = await room.signIn()
  await room.clock.pass(HOUR_MS + 60_000)
  room.provider.next(behaviour)
  expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'interrupted' })
}

describe('an answer that was not understood', () => {
  test('is read again under a configuration that fits, and the sign-in has its tokens', async () => {
    room = await RefreshRoom.open({ rotation: 'strict-family', integration: { refreshReuse: { kind: 'strict' } } })
    node = await room.node()
    token = await room.signIn()
    await room.clock.pass(56 * 60_000)
    room.provider.next(camelCase)
    expect((await node.fetch()).warning).toContain('answered without an access token')
    await node.configure({ replyPaths: IN_CAMEL_CASE })
    expect(await node.unread.recover()).toBe(1)
    const [alive] = room.provider.ledger.aliveRefreshTokens()
    expect((await room.store.tokens.readSecrets(token.id, 2))?.refreshToken).toBe(alive)
    const answer = await node.fetch()
    expect(answer).toEqual({ token: expect.any(String), expiry: expect.any(String) })
    expect(room.provider.ledger.isAccessTokenAlive(answer.token ?? '')).toBe(true)
    expect(await room.audited('token.recovered')).toMatchObject([{ outcome: 'ok', userName: 'ada', section: 'lab' }])
    expect(await room.store.unreadReplies.list()).toEqual([])
  })

  test('gives its tokens even after the service has refused a second use of the old ones', async () => {
    await loseTokens()
    await node.configure({ replyPaths: IN_CAMEL_CASE })
    expect(await node.unread.recover()).toBe(1)
    expect(await room.row(token)).toMatchObject({ generation: 2, hasRefreshToken: true })
    expect((await node.fetch()).code).toBeUndefined()
  })

  test('is left alone while nothing fits it, and whatever it says is in no audit and no log', async () => {
    await loseTokens()
    await node.configure({ replyPaths: { accessToken: ['somewhere', 'else'] } })
    expect(await node.unread.recover()).toBe(0)
    expect((await node.fetch()).reason).toBe('interrupted')
    const told = JSON.stringify([await room.audited(), node.logged])
    expect(room.provider.ledger.everyToken().filter((secret) => told.includes(secret))).toEqual([])
  })

  test('is not read for a client that has changed', async () => {
    await loseTokens()
    const { client } = room.integration
    await node.configure({ replyPaths: IN_CAMEL_CASE, client: { ...client, clientId: 'another' } })
    expect(await node.unread.recover()).toBe(0)
  })

  test('goes with a sign-out', async () => {
    await loseTokens()
    await room.signOut(token)
    expect(await room.store.unreadReplies.list()).toEqual([])
  })

  test('goes with the next good reply', async () => {
    room = await RefreshRoom.open({ rotation: 'none' })
    node = await room.node()
    token = await room.signIn()
    await room.clock.pass(HOUR_MS)
    room.provider.always(reply('OK'))
    await node.fetch()
    expect(await room.store.unreadReplies.list()).toHaveLength(2)
    room.provider.always(grant())
    await room.clock.pass(60_000)
    expect((await node.fetch()).token).toBeDefined()
    expect(await room.store.unreadReplies.list()).toEqual([])
  })

  test('is kept with the first three and the last of many, newest first', async () => {
    room = await RefreshRoom.open({ rotation: 'none' })
    node = await room.node()
    token = await room.signIn()
    await room.clock.pass(HOUR_MS)
    let answers = 0
    room.provider.always(({ response }) => {
      answers += 1
      response.writeHead(200).end(`answer ${answers}`)
    })
    for (let round = 0; round < 6; round += 1) {
      await node.fetch()
      await room.clock.pass(31_000)
    }
    const kept = await Promise.all((await room.store.unreadReplies.list()).map((entry) => room.store.unreadReplies.read(entry)))
    const bodies = kept.map((unread) => Buffer.from(unread?.body ?? '', 'base64').toString())
    expect(bodies).toHaveLength(4)
    expect(bodies[0]).toBe(`answer ${answers}`)
    expect(bodies).toEqual(expect.arrayContaining(['answer 1', 'answer 2', 'answer 3']))
  })
})
