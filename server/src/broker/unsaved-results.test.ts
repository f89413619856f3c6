import { afterEach, describe, expect, it } from 'vitest'
import { reply } from '../../testing/behaviours.ts'
import { MemoryJournals } from '../../testing/memory-journals.ts'
import { type NodeOptions, type RefreshNode, RefreshRoom, type RefreshRoomOptions } from '../../testing/refresh-room.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { type Store, StoreError } from '../store/store.ts'

const MINUTE_MS = 60_000
const DEAD_MS = 61 * MINUTE_MS
const STRICT: RefreshRoomOptions = { rotation: 'strict-family', integration: { refreshReuse: { kind: 'strict' } } }

let room: RefreshRoom
let token: StoredToken

async function enter(options: RefreshRoomOptions = STRICT): Promise<void> {
  room = await RefreshRoom.open(options)
  token = await room.signIn()
  await room.clock.pass(DEAD_MS)
}

afterEach(() => room.close())

const isGone: NodeOptions = { isDead: ({ nodeId }) => nodeId === 'dying' }
const away = () => Promise.reject(new StoreError('busy', 'locked'))

/** A database as PostgreSQL is: its last commits may be lost, and then its epoch is another one. */
function losing(lost: { isLost: boolean; epoch: string }): (store: Store) => Store {
  return (store) => ({
    ...store,
    tokens: { ...store.tokens, saveReply: async (...saved) => (lost.isLost ? true : await store.tokens.saveReply(...saved)) },
    epoch: async () => lost.epoch,
    openJournal: (folder, holder) => Object.defineProperty(store.openJournal(folder, holder), 'writesAhead', { value: true }),
  })
}

/** A process that gets an answer, cannot save it, and is never heard of again. */
async function dying(change: (tokens: Store['tokens']) => Partial<Store['tokens']>): Promise<RefreshNode> {
  const node = await room.node('dying', {
    store: (store) => ({ ...store, tokens: { ...store.tokens, ...change(store.tokens) } }),
  })
  void node.fetch().catch(() => undefined)
  await room.provider.received(1)
  await expect.poll(() => node.results.waiting).toBe(1)
  return node
}

describe('a result whose process died while the database was away', () => {
  it('is saved by the next process before anything is sent, and the service sees one request', async () => {
    await enter()
    await dying(() => ({ saveReply: away }))
    const node = await room.node('b', isGone)
    const { token: served } = await node.fetch()
    expect(room.provider.ledger.isAccessTokenAlive(served ?? '')).toBe(true)
    expect(room.refreshes).toHaveLength(1)
    expect(room.journals.files.size).toBe(0)
    expect(await room.audited('token.refreshed')).toMatchObject([{ detail: 'waited in the journal' }])
  })

  it('is saved at the start of the next process, also when nobody asks', async () => {
    await enter()
    await dying(() => ({ saveReply: away }))
    const node = await room.node('b', isGone)
    await node.results.round()
    expect((await room.row(token)).generation).toBe(2)
    expect(node.results.waiting).toBe(0)
  })

  it('is saved by one of two next ones', async () => {
    await enter()
    await dying(() => ({ saveReply: away }))
    const nodes = [await room.node('b', isGone), await room.node('c', isGone)]
    await Promise.all(nodes.map((node) => node.results.round()))
    expect((await room.row(token)).generation).toBe(2)
    expect(await room.audited('token.refreshed')).toHaveLength(1)
  })

  it('is left to a process that lives', async () => {
    await enter()
    await dying(() => ({ saveReply: away }))
    const node = await room.node('b')
    await node.results.round()
    expect((await room.row(token)).generation).toBe(1)
  })

  it('is revoked when its user has signed out meanwhile', async () => {
    await enter({ ...STRICT, integration: { ...STRICT.integration, revocationUrl: 'https://lab.example/revoke' } })
    await dying(() => ({ saveReply: away }))
    await room.store.tokens.remove(token.userId, token.integrationId, { queue: false, giveUpAt: room.now })
    const node = await room.node('b', isGone)
    await node.results.round()
    expect(await room.queuedRevocations()).toContain(room.provider.ledger.aliveRefreshTokens().at(-1))
    expect(await room.audited('token.refresh_dropped')).toMatchObject([{ detail: 'signed out meanwhile' }])
  })

  it('is revoked where its tokens were for, and nowhere else, whatever is configured by then', async () => {
    await enter({ ...STRICT, integration: { ...STRICT.integration, revocationUrl: 'https://lab.example/revoke' } })
    await dying(() => ({ saveReply: away }))
    await room.store.tokens.remove(token.userId, token.integrationId, { queue: false, giveUpAt: room.now })
    const node = await room.node('b', isGone)
    await node.configure({ revocationUrl: 'https://mallory.example/revoke' })
    await node.results.round()
    const { job } = await room.store.revocations.claimDue(room.now, 60_000, 600_000)
    expect(job?.token).toBe(room.provider.ledger.aliveRefreshTokens().at(-1))
    expect(job?.clientFingerprint).toBe(token.clientFingerprint)
    expect(job?.clientFingerprint).not.toBe(node.catalogue.fingerprintOf(room.integration))
  })

  it('that was not understood is kept to be read again', async () => {
    await enter()
    room.provider.next(reply({ odd: 'at-new' }))
    const lost = await room.node('dying', {
      store: (store) => ({ ...store, unreadReplies: { ...store.unreadReplies, keep: away } }),
    })
    void lost.fetch().catch(() => undefined)
    await expect.poll(() => lost.results.waiting).toBe(1)
    const node = await room.node('b', isGone)
    await node.results.round()
    expect(await room.store.unreadReplies.list()).toHaveLength(1)
  })
})

describe('a commit that the database has lost', () => {
  it('is made again when the database is another one, and forgotten after 15 minutes', async () => {
    await enter()
    const lost = { isLost: true, epoch: 'one' }
    const node = await room.node('a', { store: losing(lost) })
    await node.results.round()
    await node.fetch().catch(() => undefined)
    expect(room.refreshes).toHaveLength(1)
    expect((await room.row(token)).generation).toBe(1)
    await node.results.round()
    expect((await room.row(token)).generation).toBe(1)
    Object.assign(lost, { epoch: 'two' })
    await node.results.round()
    expect((await room.row(token)).generation).toBe(2)
    expect(node.results.epoch).toBe('two')
    await room.clock.pass(16 * MINUTE_MS)
    await node.results.round()
    Object.assign(lost, { epoch: 'three' })
    expect([...room.journals.files.values()].some(({ bytes }) => bytes.includes('"tokenId"'))).toBe(false)
  })

  it('is made again before its row is refreshed, and the spent refresh token is not sent', async () => {
    await enter()
    const lost = { isLost: true, epoch: 'one' }
    const node = await room.node('a', { store: losing(lost) })
    await node.results.round()
    await node.fetch().catch(() => undefined)
    Object.assign(lost, { isLost: false, epoch: 'two' })
    const { token: served } = await node.fetch()
    expect(room.provider.ledger.isAccessTokenAlive(served ?? '')).toBe(true)
    expect(room.refreshes).toHaveLength(1)
  })

  it('of a process that died is made again by the next one', async () => {
    await enter()
    const lost = { isLost: true, epoch: 'one' }
    const dead = await room.node('dying', { store: losing(lost) })
    await dead.fetch().catch(() => undefined)
    Object.assign(lost, { isLost: false, epoch: 'two' })
    const node = await room.node('b', { ...isGone, store: losing(lost) })
    const { token: served } = await node.fetch()
    expect(room.provider.ledger.isAccessTokenAlive(served ?? '')).toBe(true)
    expect(room.refreshes).toHaveLength(1)
  })

  it('is not made again after a sign-out, and what it brought is not revoked twice', async () => {
    await enter({ ...STRICT, integration: { ...STRICT.integration, revocationUrl: 'https://lab.example/revoke' } })
    const lost = { isLost: false, epoch: 'one' }
    const node = await room.node('a', { store: losing(lost) })
    await node.fetch()
    await room.store.tokens.remove(token.userId, token.integrationId, { queue: false, giveUpAt: room.now })
    Object.assign(lost, { epoch: 'two' })
    await node.results.round()
    expect(await room.store.tokens.find(token.userId, token.integrationId)).toBeUndefined()
    expect(await room.queuedRevocations()).toEqual([])
  })
})

describe('a journal', () => {
  it('is not written where the database commits at once', async () => {
    await enter()
    const node = await room.node('a', { journals: room.journals })
    await node.fetch()
    expect(room.journals.writes).toBe(0)
  })

  it('without room keeps every token request from being sent; a token that lives is served', async () => {
    await enter()
    room.journals.failure = 'full'
    const node = await room.node()
    await expect(node.fetch()).rejects.toMatchObject({ code: 'full' })
    expect(room.provider.bytesReceived).toBe(0)
    room.journals.failure = undefined
    expect((await node.fetch()).token).toMatch(/^at-/)
  })

  it('that fails after the answer has come leaves it in memory, and it is saved all the same', async () => {
    await enter()
    let failures = 3
    const node = await room.node('a', {
      store: (store) => ({
        ...store,
        tokens: {
          ...store.tokens,
          saveReply: (...saved) => {
            room.journals.failure = 'io'
            return failures-- > 0 ? away() : store.tokens.saveReply(...saved)
          },
        },
      }),
    })
    expect((await room.until(node.fetch())).token).toMatch(/^at-/)
    expect(node.logged.join()).toContain('could not be written to the journal')
    expect((await room.row(token)).generation).toBe(2)
  })

  it('of another node, on another disk, is nobody’s to take', async () => {
    await enter()
    await dying(() => ({ saveReply: away }))
    const node = await room.node('b', { ...isGone, journals: new MemoryJournals(room.clock.effects) })
    await node.results.round()
    expect((await room.row(token)).generation).toBe(1)
  })
})
