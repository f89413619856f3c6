import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RefreshRoom } from '../../testing/refresh-room.ts'
import type { LeaseHolder } from '../store/store.ts'
import { Lease } from './lease.ts'

let room: RefreshRoom
let tokenId: string

beforeEach(async () => {
  room = await RefreshRoom.open()
  tokenId = (await room.signIn()).id
})

afterEach(() => room.close())

const take = (name: string, isDead: (holder: LeaseHolder) => boolean = () => false): Promise<Lease | undefined> =>
  Lease.take({ store: room.store, effects: room.clock.effects, holder: room.holder(name), isDead }, tokenId)

async function taken(name: string): Promise<Lease> {
  const lease = await take(name)
  if (!lease) throw new Error('The lease is taken.')
  return lease
}

describe('a lease', () => {
  it('belongs to one holder until it is released', async () => {
    const first = await taken('a')
    expect(await take('b')).toBeUndefined()
    await first.release()
    expect(await take('b')).toBeDefined()
  })

  it('ends after 20 s by itself, and at once when its holder is known dead', async () => {
    await taken('a')
    expect(await take('b', ({ nodeId }) => nodeId === 'a')).toBeDefined()
    await room.clock.pass(19_999)
    expect(await take('c')).toBeUndefined()
    await room.clock.pass(1)
    expect(await take('c')).toBeDefined()
  })

  it('does not end by a wall clock that is set forward', async () => {
    await taken('a')
    room.clock.jump(48 * 60 * 60_000)
    expect(await take('b')).toBeUndefined()
  })

  it('is renewed every 5 s while it is kept, and not after its release', async () => {
    const lease = await taken('a')
    const kept = lease.keep((error) => expect.unreachable(String(error)))
    await room.clock.pass(60_000)
    expect(await take('b')).toBeUndefined()
    expect(lease.isFenceOpen()).toBe(true)
    await lease.release()
    await kept
    expect(await take('b')).toBeDefined()
  })

  it('tells of a renewal that failed, and tries again', async () => {
    let broken = true
    const { tokens } = room.store
    const store = {
      ...room.store,
      tokens: {
        ...tokens,
        renewLease: (...asked: Parameters<typeof tokens.renewLease>) =>
          broken ? Promise.reject(new Error('locked')) : tokens.renewLease(...asked),
      },
    }
    const failures: unknown[] = []
    const lease = await Lease.take({ store, effects: room.clock.effects, holder: room.holder('a'), isDead: () => false }, tokenId)
    const kept = lease?.keep((error) => failures.push(error))
    await room.clock.pass(10_000)
    expect(failures).toHaveLength(2)
    expect(lease?.isFenceOpen()).toBe(false)
    broken = false
    await room.clock.pass(5_000)
    expect(lease?.isFenceOpen()).toBe(true)
    await lease?.release()
    await kept
  })
})

describe('the send fence', () => {
  it.each([
    ['9.9 s after the lease was confirmed it is open', (): unknown => room.clock.pass(9_900), true],
    ['10 s after, it is closed', () => room.clock.pass(10_000), false],
    ['closed when the wall clock went 10 s forward', () => room.clock.jump(10_000), false],
    ['closed when the wall clock went 10 s back', () => room.clock.jump(-10_000), false],
  ])('%s', async (_name, happen, open) => {
    const lease = await taken('a')
    await happen()
    expect(lease.isFenceOpen()).toBe(open)
    expect(await lease.renew()).toBe(true)
    expect(lease.isFenceOpen()).toBe(true)
  })

  it('is closed for good once the lease was lost', async () => {
    const lease = await taken('a')
    await room.clock.pass(20_000)
    await taken('b')
    expect(await lease.renew()).toBe(false)
    expect(lease.isFenceOpen()).toBe(false)
    await lease.release()
    expect(await take('c')).toBeUndefined()
  })

  it('counts from before the database was asked, not from its answer', async () => {
    const { tokens } = room.store
    const store = {
      ...room.store,
      tokens: {
        ...tokens,
        takeLease: async (...asked: Parameters<typeof tokens.takeLease>) => {
          await room.clock.pass(10_000)
          return await tokens.takeLease(...asked)
        },
      },
    }
    const lease = await Lease.take({ store, effects: room.clock.effects, holder: room.holder('a'), isDead: () => false }, tokenId)
    expect(lease?.isFenceOpen()).toBe(false)
  })
})
