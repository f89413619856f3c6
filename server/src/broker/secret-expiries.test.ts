import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import type { Integration } from '../domain/integration.ts'
import { SecretExpiries } from './secret-expiries.ts'

const HOUR_MS = 60 * 60_000
const DAY_MS = 24 * HOUR_MS

let room: BrokerRoom
beforeEach(async () => {
  room = await openBrokerRoom()
})
afterEach(() => room.close())

/** An integration whose client secret ends in so many days. */
const ending = (section: string, days: number, more: Partial<Integration> = {}): Integration =>
  integrationOf({ section, clientSecretExpires: new Date(room.store.now().getTime() + days * DAY_MS), ...more })

const told = async () =>
  (await room.audited('client_secret.expires')).map(({ section, detail, outcome }) => `${outcome} ${section}: ${detail}`)

describe('a client secret that ends', () => {
  test('is told of in log and audit once a day, over all nodes, with how many sign-ins stand on it', async () => {
    const box = ending('box', 7)
    await room.configure(box, ending('far', 31), integrationOf({ section: 'never' }))
    const ann = await room.addUser('ann')
    const integrationId = room.catalogue.internalId(box.uid) ?? ''
    const reply = { secrets: { accessToken: 'a' }, tokenType: 'Bearer', issuedAt: room.store.now() }
    await room.store.tokens.create({ userId: ann.id, integrationId, scopesAsked: [], clientFingerprint: 'f', reply })
    const bob = await room.addUser('bob')
    await room.store.tokens.create({ userId: bob.id, integrationId, scopesAsked: [], clientFingerprint: 'g', reply })
    const day = box.clientSecretExpires?.toISOString().slice(0, 10)
    // Two servers that look in the same instant, before either has written its line, and one that looks later.
    await Promise.all([new SecretExpiries(room).look(), new SecretExpiries(room).look()])
    await new SecretExpiries(room).look()
    expect(await told()).toEqual([`ok box: the client secret ends in 7 days, on ${day}; 2 sign-ins stand on it`])
    expect(room.logged).toEqual([
      expect.stringContaining(
        `Of this integration the client secret ends in 7 days, on ${day}, and 2 sign-ins stand on it; get a new one`,
      ),
    ])
    room.pass(DAY_MS)
    await new SecretExpiries(room).look()
    expect((await told()).filter((line) => line.startsWith('ok box'))).toHaveLength(2)
  })

  test('that has ended is a failure; of an integration that is switched off nothing is said', async () => {
    await room.configure(ending('box', 0), ending('off', 0, { isDisabled: true }))
    await new SecretExpiries(room).look()
    expect(await told()).toEqual([expect.stringMatching(/^failed box: the client secret ended on .*; 0 sign-ins stand on it$/)])
  })
})
