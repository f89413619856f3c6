import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import { type LeaseHolder, type Store, StoreError } from '../store/store.ts'
import { NodeHeart } from './node-heart.ts'

let room: BrokerRoom
const hearts: NodeHeart[] = []

beforeEach(async () => {
  room = await openBrokerRoom()
})

afterEach(async () => {
  for (const heart of hearts.splice(0)) await heart.close()
  await room.close()
})

const holderOf = (incarnation: string): LeaseHolder => ({
  ...{ nodeId: 'host', incarnation, pid: 7, startTime: '1', bootId: room.effects.bootId },
})

function heartOf(incarnation: string, store: Store = room.store): NodeHeart {
  const isDead = (other: LeaseHolder): boolean => other.incarnation.startsWith('killed')
  const identity = { holder: holderOf(incarnation), isDead, host: 'host', version: '1.0.0' }
  const heart = new NodeHeart({ ...room, store, identity, configurationHash: () => room.catalogue.hash, epoch: () => undefined })
  hearts.push(heart)
  return heart
}

const told = async () => (await room.store.nodes.list()).map(({ holder, isLive }) => `${holder.incarnation} ${isLive}`)

describe('a server', () => {
  test('is in the list of nodes from its start to its end', async () => {
    const heart = heartOf('one')
    heart.start()
    await expect.poll(told).toEqual(['one true'])
    await heart.close()
    expect(await told()).toEqual([])
  })

  test('beats every 5 s', async () => {
    heartOf('one').start()
    await expect.poll(told).toEqual(['one true'])
    const [first] = await room.store.nodes.list()
    room.pass(5_000)
    await expect
      .poll(async () => (await room.store.nodes.list())[0]?.heartbeatAt.getTime())
      .toBeGreaterThanOrEqual((first?.heartbeatAt.getTime() ?? 0) + 5_000)
  })

  test('tells of another configuration at once', async () => {
    await room.configure(integrationOf({ section: 'box' }))
    const heart = heartOf('one')
    heart.start()
    await expect.poll(told).toEqual(['one true'])
    const before = room.catalogue.hash
    await room.configure(integrationOf({ section: 'box' }), integrationOf({ section: 'git' }))
    expect(room.catalogue.hash).not.toBe(before)
    heart.beat()
    await expect.poll(async () => (await room.store.nodes.list())[0]?.configurationHash).toBe(room.catalogue.hash)
  })

  test('takes killed predecessors on its host out of the list, and nobody else', async () => {
    for (const name of ['killed-1', 'other', 'killed-2']) {
      const node = { host: 'host', version: '1.0.0', startedAt: room.store.now(), configurationHash: 'h' }
      await room.store.nodes.beat({ holder: holderOf(name), ...node })
    }
    heartOf('one').start()
    await expect.poll(async () => (await told()).toSorted()).toEqual(['one true', 'other true'])
  })

  test('whose row cannot be removed ends all the same, and says so', async () => {
    const remove = () => Promise.reject(new StoreError('full', 'The disk of the database is full: make room.'))
    const heart = heartOf('one', { ...room.store, nodes: { ...room.store.nodes, remove } })
    heart.start()
    await expect.poll(told).toEqual(['one true'])
    await heart.close()
    expect(room.logged.join()).toContain('could not be removed')
  })
})

describe('the hash of a configuration', () => {
  const box = integrationOf({ section: 'box' })

  test.each([
    ['a display name', { displayName: 'Box' }],
    ['a scope', { scopes: ['read'] }],
    ['a token URL', { tokenUrl: 'https://box.example/other' }],
    ['a client secret', { client: { ...box.client, clientSecret: 'another client secret' } }],
  ])('changes with %s', async (_what, change) => {
    await room.configure(box)
    const before = room.catalogue.hash
    await room.configure({ ...box })
    expect(room.catalogue.hash).toBe(before)
    await room.configure({ ...box, ...change })
    expect(room.catalogue.hash).not.toBe(before)
  })
})
