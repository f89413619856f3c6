import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import type { Integration } from '../domain/integration.ts'
import type { User } from '../domain/people.ts'
import { detailsOfUser, listSignIns } from './oversight.ts'

const box = integrationOf({ section: 'box', displayName: 'Box API Access' })
const git = integrationOf({ section: 'git' })

let room: BrokerRoom
let ann: User
let bob: User

beforeEach(async () => {
  room = await openBrokerRoom()
  ann = await room.addUser('ann')
  bob = await room.addUser('bob')
  await room.configure(box, git)
})

afterEach(() => room.close())

async function signIn(user: User, integration: Integration): Promise<void> {
  await room.store.tokens.create({
    userId: user.id,
    integrationId: room.catalogue.internalId(integration.uid) ?? '',
    scopesAsked: [],
    clientFingerprint: room.catalogue.fingerprintOf(integration),
    reply: { secrets: { accessToken: 'the-access-token', refreshToken: 'r' }, tokenType: 'Bearer', issuedAt: room.store.now() },
  })
}

const told = async (filter: Parameters<typeof listSignIns>[1]) =>
  (await listSignIns(room, filter)).map(({ userName, section, state }) => `${userName} ${section} ${state?.code ?? '-'}`)

describe('stored sign-ins', () => {
  beforeEach(async () => {
    await signIn(ann, box)
    await signIn(ann, git)
    await signIn(bob, box)
  })

  test('are told with whose they are, where, and how they are', async () => {
    expect(await told({})).toEqual(['ann box signed_in', 'ann git signed_in', 'bob box signed_in'])
    expect(JSON.stringify(await listSignIns(room, {}))).not.toContain('the-access-token')
  })

  test('tell that an answer which was not understood is kept, not what it holds', async () => {
    const token = await room.store.tokens.find(ann.id, room.catalogue.internalId(box.uid) ?? '')
    const key = { tokenId: token?.id ?? '', generation: 1, attempt: 'one' }
    const answer = { status: 200, contentType: '', body: Buffer.from('the-answer').toString('base64') }
    await room.store.unreadReplies.keep(key, answer, room.store.now())
    const views = await listSignIns(room, {})
    expect(views.map(({ userName, section, unreadReplies }) => `${userName} ${section} ${unreadReplies}`)).toEqual([
      'ann box 1',
      'ann git 0',
      'bob box 0',
    ])
    expect(JSON.stringify(views)).not.toContain(answer.body)
  })

  test.each(['box', 'BOX', 'Box API Access', 'box api access', box.uid, box.uid.toUpperCase()])(
    'at one integration are found by %s',
    async (integration) => {
      expect(await told({ integration })).toEqual(['ann box signed_in', 'bob box signed_in'])
      expect(await told({ integration, userName: 'BOB' })).toEqual(['bob box signed_in'])
    },
  )

  test('at an integration that nobody signed in to are none', async () => {
    await room.configure(box, git, integrationOf({ section: 'lab' }))
    expect(await told({ integration: 'lab' })).toEqual([])
  })

  test('of an integration that was taken out of the configuration are told by its last name', async () => {
    await room.configure(git)
    expect(await told({ integration: 'box' })).toEqual(['ann box -', 'bob box -'])
  })

  test('at an integration nobody knows are refused, with the nearest one', async () => {
    const refused = { code: 'bad_request', message: 'There is no integration "boxx"; the nearest one is "box".' }
    await expect(listSignIns(room, { integration: 'boxx' })).rejects.toMatchObject(refused)
    await expect(listSignIns(room, { integration: '\u001bqqqqqqqq' })).rejects.toThrow('There is no integration "?qqqqqqqq".')
    await expect(listSignIns(room, { userName: 'ghost' })).rejects.toThrow('There is no user "ghost".')
  })
})

describe('a user', () => {
  test('is told with web logins, sessions and sign-ins of their own', async () => {
    await signIn(ann, git)
    await signIn(bob, box)
    await room.browserOf(ann)
    for (const userName of ['ann', 'bob']) {
      const cookieExpiresAt = new Date(room.store.now().getTime() + 60_000)
      await room.store.sessions.create({ userName, name: `R of ${userName}`, cookieHash: userName, cookieExpiresAt })
    }
    expect(await detailsOfUser(room, 'Ann')).toMatchObject({
      user: { name: 'ann' },
      browserSessions: 1,
      sessions: [{ name: 'R of ann' }],
      signIns: [{ section: 'git', state: { code: 'signed_in' } }],
    })
  })

  test('who does not exist is refused with a sentence', async () => {
    await expect(detailsOfUser(room, 'ghost')).rejects.toMatchObject({ code: 'bad_request' })
  })
})
