import { afterEach, beforeEach, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import { StoreError } from '../store/store.ts'
import { OverviewDesk } from './overview.ts'

const box = integrationOf({ section: 'box', displayName: 'Box API Access' })
const lab = integrationOf({ section: 'lab', displayName: 'Lab' })
const HOUR = 60 * 60_000

let room: BrokerRoom
let overview: OverviewDesk

beforeEach(async () => {
  room = await openBrokerRoom()
  await room.configure(box, lab)
  overview = new OverviewDesk(partsOf(room.store))
})

afterEach(() => room.close())

const partsOf = (store: BrokerRoom['store']) => ({
  ...room,
  store,
  checkKeyRing: () => undefined,
  sessionPages: { problem: undefined },
  node: { holder: { incarnation: 'bk-1' } },
})

async function signIn(name: string, reply: { refreshToken?: string; expiresAt?: Date; clientFingerprint?: string } = {}) {
  const user = await room.addUser(name)
  const { refreshToken, expiresAt, clientFingerprint = room.catalogue.fingerprintOf(box) } = reply
  const secrets = { accessToken: 'a', ...(refreshToken === undefined ? {} : { refreshToken }) }
  const ends = expiresAt ? { expiresAt } : {}
  return room.store.tokens.create({
    ...{ userId: user.id, integrationId: room.catalogue.internalId(box.uid) ?? '', scopesAsked: [], clientFingerprint },
    reply: { secrets, tokenType: 'Bearer', issuedAt: room.store.now(), ...ends },
  })
}

test('tells of each integration how many people have it, have to sign in again, or cannot renew', async () => {
  const later = new Date(room.store.now().getTime() + HOUR)
  const token = await signIn('renews', { refreshToken: 'r', expiresAt: later })
  await signIn('cannot renew', { expiresAt: later })
  await signIn('has ended', { expiresAt: room.store.now() })
  await signIn('of another client', { refreshToken: 'r', clientFingerprint: 'other' })
  const usedAt = room.store.now()
  await room.store.tokens.noteUses([{ tokenId: token.id, at: usedAt, by: 'R' }])
  const { integrations } = await overview.show()
  expect(integrations).toEqual([
    {
      ...{ integration: box, hasTrouble: false, people: 4, peopleToSignIn: 2, peopleWithoutRefresh: 1 },
      ...{ cannotMostlyRenew: false, delayed: 0, lastTokenAt: usedAt },
    },
    expect.objectContaining({ integration: lab, people: 0, peopleToSignIn: 0 }),
  ])
})

test('counts the sign-ins that Benchkey lost in 30 days, and knows keys, queues and the newest line of the audit', async () => {
  const at = room.store.now()
  const lost = { action: 'sign_in.lost', outcome: 'failed' } as const
  await room.store.audit.append([
    { ...lost, at: new Date(at.getTime() - 31 * 24 * HOUR) },
    { ...lost, at },
  ])
  const { report, housekeeping } = await overview.show()
  expect(report.facts).toMatchObject({ signInsLost: 1 })
  expect(housekeeping).toMatchObject({
    ...{ dialect: 'SQLite', revocations: { waiting: 0 }, journal: { waiting: 0 }, audit: { newestAt: at, lost: 0 } },
    keys: [{ isActive: true }],
  })
})

test('a trouble is told in the words of the health report, with instants for pages', async () => {
  await signIn('ann', { refreshToken: 'r' })
  const since = room.store.now()
  const configurationHash = room.catalogue.configurationHashOf(box)
  const trouble = { kind: 'client', words: 'answered 401', since, retryAt: since, configurationHash } as const
  await room.store.integrations.setTrouble(room.catalogue.internalId(box.uid) ?? '', trouble)
  const { report, integrations } = await overview.show()
  expect(report.findings).toMatchObject([
    {
      fact: `Box API Access refuses the client secret since {time:${since.toISOString()}}. 1 user affected; their sign-ins are kept.`,
      acts: ['test', 'open'],
    },
  ])
  expect(integrations?.[0]?.hasTrouble).toBe(true)
})

test('without a database it tells that, and nothing else', async () => {
  const users = { ...room.store.users, list: () => Promise.reject(new StoreError('io', 'The database failed.')) }
  const { report, integrations } = await new OverviewDesk(partsOf({ ...room.store, users })).show()
  expect([report.isWell, integrations]).toEqual([false, undefined])
})
