import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import type { Integration } from '../domain/integration.ts'
import type { User } from '../domain/people.ts'
import { viewsFor } from './integration-views.ts'

let room: BrokerRoom
let box: Integration
let ann: User

beforeEach(async () => {
  room = await openBrokerRoom()
  box = integrationOf({ section: 'box' })
  await room.configure(integrationOf({ section: 'git' }), box)
  ann = await room.addUser('ann')
})
afterEach(() => room.close())

async function signIn(integration: Integration): Promise<void> {
  await room.store.tokens.create({
    userId: ann.id,
    integrationId: room.catalogue.internalId(integration.uid) ?? '',
    scopesAsked: integration.scopes,
    clientFingerprint: room.catalogue.fingerprintOf(integration),
    reply: { secrets: { accessToken: 'a', refreshToken: 'r' }, tokenType: 'Bearer', issuedAt: room.store.now() },
  })
}

const codes = async (): Promise<string[]> => (await viewsFor(room, ann.id)).map(({ state }) => state.code)

test('views stand in the order of the file, each with its own state', async () => {
  await signIn(box)
  expect(await codes()).toEqual(['not_signed_in', 'signed_in'])
})

test('a trouble shows until the configuration it belongs to is changed', async () => {
  await signIn(box)
  const now = room.store.now()
  await room.store.integrations.setTrouble(room.catalogue.internalId(box.uid) ?? '', {
    ...{ kind: 'client', words: 'answered invalid_client', since: now, retryAt: now },
    configurationHash: room.catalogue.configurationHashOf(box),
  })
  expect(await codes()).toEqual(['not_signed_in', 'configuration_error'])
  await room.configure(integrationOf({ section: 'git' }), { ...box, client: { ...box.client, clientSecret: 'the right one' } })
  expect(await codes()).toEqual(['not_signed_in', 'signed_in'])
})

test('a changed client asks to sign in again, and the old value restores the sign-in without a write', async () => {
  await signIn(box)
  await room.configure({ ...box, client: { ...box.client, clientId: 'another' } })
  expect((await viewsFor(room, ann.id))[0]?.state).toMatchObject({ code: 'reauthentication_required', reason: 'changed' })
  await room.configure(box)
  expect(await codes()).toEqual(['signed_in'])
})

test('an integration taken out of the file is unlisted and comes back signed in', async () => {
  await signIn(box)
  await room.configure()
  expect(await codes()).toEqual([])
  await room.configure(box)
  expect(await codes()).toEqual(['signed_in'])
})

/** Somebody gave up at the service, started again and came back: the first attempt is still open. */
test('an attempt from before the sign-in there is now is waited for by nobody, a later one is', async () => {
  const begin = (state: string) =>
    room.store.attempts.create(
      state,
      {
        ...{ userId: ann.id, browserSessionHash: 'b', integrationId: room.catalogue.internalId(box.uid) ?? '', section: 'box' },
        ...{ frozenHash: 'f', frozenTokenUrl: box.tokenUrl, redirectUri: room.catalogue.redirectUriOf(box), cookieHash: 'c' },
        ...{ scopesAsked: [], returnTo: 'settings' },
      },
      20,
    )
  const waiting = async () => (await viewsFor(room, ann.id)).at(-1)?.waitingSince
  const { startedAt } = await begin('given up')
  expect(await waiting()).toEqual(startedAt)
  room.pass(1000)
  await signIn(box)
  expect(await waiting()).toBeUndefined()
  room.pass(1000)
  expect(await waiting()).toBeUndefined()
  const again = await begin('another account')
  expect(await waiting()).toEqual(again.startedAt)
})
