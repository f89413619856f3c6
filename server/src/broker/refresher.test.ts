import { afterEach, describe, expect, it } from 'vitest'
import { grant, grantHeld, held, newGate, oauthError, reply, reset } from '../../testing/behaviours.ts'
import { type Answer, RefreshRoom, type RefreshRoomOptions } from '../../testing/refresh-room.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { type Store, StoreError } from '../store/store.ts'

const MINUTE_MS = 60_000
const STALE_MS = 56 * MINUTE_MS
const DEAD_MS = 61 * MINUTE_MS

let room: RefreshRoom
let token: StoredToken

async function enter(ageMs: number, options: RefreshRoomOptions = {}): Promise<void> {
  room = await RefreshRoom.open(options)
  token = await room.signIn()
  await room.clock.pass(ageMs)
}

afterEach(() => room.close())

describe('many callers of one row', () => {
  it('200 in one process: one request, one token', async () => {
    await enter(DEAD_MS)
    const node = await room.node()
    const answers = await Promise.all(Array.from({ length: 200 }, () => node.fetch()))
    expect(new Set(answers.map((answer) => answer.token)).size).toBe(1)
    expect(answers[0]?.token).toMatch(/^at-/)
    expect(room.refreshes).toHaveLength(1)
  })

  it('in three processes: one request, one token', async () => {
    await enter(DEAD_MS)
    const nodes = [await room.node('a'), await room.node('b'), await room.node('c')]
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => nodes[n % 3]?.fetch()))
    expect(new Set(answers.map((answer) => answer?.token)).size).toBe(1)
    expect(answers[0]?.token).toMatch(/^at-/)
    expect(room.refreshes).toHaveLength(1)
  })

  it('in two processes while the service is busy: the cool-down of one is the cool-down of both', async () => {
    await enter(STALE_MS)
    const nodes = [await room.node('a'), await room.node('b')]
    room.provider.always(reply('', { status: 503, headers: { 'retry-after': '60' } }))
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => nodes[n % 2]?.fetch()))
    for (const answer of answers) expect(answer?.warning).toContain('(answered 503)')
    expect(room.refreshes).toHaveLength(1)
  })

  it('in two processes at a dead grant: one request says so to all', async () => {
    await enter(DEAD_MS)
    const nodes = [await room.node('a'), await room.node('b')]
    room.provider.always(oauthError('invalid_grant'))
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => nodes[n % 2]?.fetch()))
    expect(new Set(answers.map((answer) => answer?.code))).toEqual(new Set(['reauthentication_required']))
    expect(room.refreshes).toHaveLength(1)
  })

  it('two users: one request each, and nobody gets the token of another', async () => {
    await enter(DEAD_MS)
    await room.signIn({ user: 'bob', lifeSeconds: 60 })
    await room.clock.pass(MINUTE_MS)
    const node = await room.node()
    const [ada, bob] = await Promise.all([node.fetch(), node.fetch({ user: 'bob' })])
    expect(ada.token).not.toBe(bob.token)
    expect(room.refreshes).toHaveLength(2)
    expect((await node.fetch()).token).toBe(ada.token)
  })
})

describe('what a caller may start', () => {
  it('a trial of a troubled integration is for all callers of its row', async () => {
    await enter(DEAD_MS)
    const node = await room.node()
    room.provider.next(oauthError('invalid_client', { status: 401 }))
    await node.fetch()
    await room.clock.pass(MINUTE_MS)
    const answers = await Promise.all(Array.from({ length: 20 }, () => node.fetch()))
    expect(new Set(answers.map((answer) => answer.token)).size).toBe(1)
    expect(answers[0]?.token).toMatch(/^at-/)
    expect(room.refreshes).toHaveLength(2)
  })

  it('a trial that another took and that ended well lets everybody go on', async () => {
    await enter(DEAD_MS)
    const node = await room.node('a', {
      store: (store) => ({
        ...store,
        integrations: {
          ...store.integrations,
          claimTrial: async (integrationId) => {
            await store.integrations.clearTrouble(integrationId)
            return false
          },
        },
      }),
    })
    room.provider.next(oauthError('invalid_client', { status: 401 }))
    await node.fetch()
    await room.clock.pass(MINUTE_MS)
    expect((await node.fetch()).token).toMatch(/^at-/)
  })

  it('a refresh token that is held costs no lease at every call', async () => {
    await enter(50 * MINUTE_MS, { integration: { refreshReuse: { kind: 'grace', seconds: 60 } } })
    let leases = 0
    const node = await room.node('a', {
      store: changedTokens((tokens) => ({
        takeLease: (...asked) => {
          leases += 1
          return tokens.takeLease(...asked)
        },
      })),
    })
    room.provider.next(reset(), reset())
    await node.fetch({ minTtlSeconds: 1800 })
    expect(leases).toBe(1)
    await node.configure({ refreshReuse: { kind: 'strict' } })
    await room.clock.pass(MINUTE_MS)
    for (let n = 0; n < 3; n += 1) {
      expect((await node.fetch({ minTtlSeconds: 1800 })).warning).toContain('closed the connection')
    }
    expect([leases, room.refreshes.length]).toEqual([1, 2])
  })

  it('nothing leaves when the lease went between taking it and announcing the request', async () => {
    await enter(STALE_MS)
    let stolen = false
    const node = await room.node('a', {
      store: changedTokens((tokens) => ({
        beginAttempt: async (...asked) => {
          if (stolen) return await tokens.beginAttempt(...asked)
          stolen = true
          await tokens.releaseLease(token.id, room.holder('a'))
          await tokens.takeLease(token.id, room.holder('thief'), room.clock.effects.monotonicMs(), 10_000, () => false)
          const begun = await tokens.beginAttempt(...asked)
          expect(room.provider.connections).toBe(0)
          return begun
        },
      })),
    })
    expect((await node.fetch()).warning).toBeUndefined()
    expect(room.refreshes).toHaveLength(1)
    expect(room.now.getTime() - token.issuedAt.getTime() - STALE_MS).toBeGreaterThanOrEqual(10_000)
  })

  it('tries that take long are not repeated beyond ten seconds', async () => {
    await enter(DEAD_MS)
    let tries = 0
    const node = await room.node('a', {
      servers: (real) => ({
        ...real,
        refresh: async () => {
          tries += 1
          await room.clock.pass(6000)
          return { kind: 'not_sent', cause: 'network', words: 'timed out after 5 s' }
        },
      }),
    })
    expect(await node.fetch()).toMatchObject({ code: 'provider_unavailable' })
    expect(tries).toBe(2)
  })
})

describe('a service that takes its time', () => {
  it('callers are answered after 15 s with the token that lives; the flight goes on and is saved', async () => {
    await enter(STALE_MS)
    const node = await room.node()
    const gate = newGate()
    room.provider.next(held(gate, grant()))
    const waiting = node.fetch()
    await room.provider.received(1)
    await room.signIn({ user: 'bob', lifeSeconds: 60 })
    await room.clock.pass(14_000)
    expect((await node.fetch({ user: 'bob' })).token).toMatch(/^at-/)
    const began = room.now
    await room.clock.pass(1000)
    const answer = await waiting
    expect(answer.token).toMatch(/^at-/)
    expect(answer.warning).toMatch(/did not renew your token at 23 Nov 10:56 UTC \(timed out after 15 s\)\. It works until/)
    await room.clock.pass(20_000)
    const late = node.fetch()
    gate.open()
    const renewed = await late
    expect(renewed.warning).toBeUndefined()
    expect(renewed.token).not.toBe(answer.token)
    expect((await room.row(token)).generation).toBe(2)
    expect(room.now.getTime() - began.getTime()).toBeGreaterThan(20_000)
    expect(room.refreshes).toHaveLength(1)
  })

  it('callers whose token has ended are told after 15 s', async () => {
    await enter(DEAD_MS)
    const node = await room.node()
    const gate = newGate()
    room.provider.next(held(gate, grant()))
    const waiting = node.fetch()
    await room.provider.received(1)
    await room.clock.pass(15_000)
    expect(await waiting).toMatchObject({
      code: 'provider_unavailable',
      message: expect.stringContaining('(timed out after 15 s)'),
    })
    gate.open()
    await expect.poll(async () => (await room.row(token)).generation).toBe(2)
  })

  it('the flight is cut at 120 s: perhaps spent, and the lease was kept all the time', async () => {
    await enter(STALE_MS, { integration: { refreshReuse: { kind: 'strict' } } })
    const [node, other] = [await room.node('a'), await room.node('b')]
    const gate = newGate()
    room.provider.next(held(gate, grant()))
    const sentAt = room.now
    const waiting = node.fetch()
    await room.provider.received(1)
    await room.clock.pass(15_000)
    expect((await waiting).warning).toContain('timed out after 15 s')
    const second = other.fetch()
    await room.clock.pass(104_000)
    expect((await second).token).toMatch(/^at-/)
    expect(room.refreshes).toHaveLength(1)
    expect((await room.row(token)).intent).toBeDefined()
    await room.clock.pass(2000)
    await expect.poll(async () => (await room.row(token)).interruptedAt).toEqual(sentAt)
    expect((await room.row(token)).lastFailure?.words).toBe('timed out after 120 s')
    gate.open()
  })
})

describe('a row that changes while its refresh is under way', () => {
  const revocable = { integration: { revocationUrl: 'https://lab.example/revoke' } }

  it('sign-out: nobody gets the old grant, and its newest pair is what is revoked (F29)', async () => {
    await enter(DEAD_MS, revocable)
    const { waiting, finish } = await fetchHeld()
    const before = room.provider.ledger.aliveRefreshTokens()
    await room.signOut(token)
    expect(await room.store.tokens.get(token.id)).toBeUndefined()
    await finish()
    expect(await waiting).toMatchObject({ code: 'not_signed_in' })
    const newest = room.provider.ledger.aliveRefreshTokens()
    expect(newest).not.toEqual(before)
    expect(await room.queuedRevocations()).toEqual(expect.arrayContaining([...newest, ...before]))
    expect(await room.audited('token.refresh_dropped')).toMatchObject([{ detail: 'signed out meanwhile' }])
  })

  it('sign-out without a revocation URL: dropped', async () => {
    await enter(DEAD_MS)
    const { waiting, finish } = await fetchHeld()
    await room.store.tokens.remove(token.userId, token.integrationId, { queue: false, giveUpAt: room.now })
    await finish()
    expect(await waiting).toMatchObject({ code: 'not_signed_in' })
    expect(await room.store.revocations.counts()).toEqual({ waiting: 0, failed: 0 })
  })

  it.each([
    ['grant', []],
    ['token', ['rt-', 'at-']],
  ] as const)('a new sign-in wins; with revocation-scope=%s the late pair is revoked: %j', async (revocationScope, queued) => {
    await enter(DEAD_MS, { integration: { ...revocable.integration, revocationScope } })
    const { waiting, finish } = await fetchHeld()
    const fresh = await room.signIn()
    await finish()
    const answer = await waiting
    const secrets = await room.store.tokens.readSecrets(fresh.id, 1)
    expect(answer.token).toBe(secrets?.accessToken)
    expect((await room.row(fresh)).generation).toBe(1)
    expect((await room.store.revocations.counts()).waiting).toBe(queued.length)
    expect(await room.audited('token.refresh_dropped')).toMatchObject([{ detail: 'a newer sign-in won' }])
  })

  it('a refusal of the old grant does not touch the new sign-in', async () => {
    await enter(DEAD_MS)
    const gate = newGate()
    room.provider.next(held(gate, oauthError('invalid_grant')))
    const waiting = (await room.node()).fetch()
    await room.provider.received(1)
    const fresh = await room.signIn()
    gate.open()
    expect((await waiting).token).toMatch(/^at-/)
    expect((await room.row(fresh)).reauthentication).toBeUndefined()
  })

  it('the user is removed: the pair is dropped and nothing breaks', async () => {
    await enter(DEAD_MS, revocable)
    const { waiting, finish, node } = await fetchHeld()
    await room.store.users.remove('ada', {
      queueFor: new Set([token.integrationId]),
      giveUpAt: new Date(room.now.getTime() + 1e6),
    })
    await finish()
    expect(await waiting).toMatchObject({ code: 'session_ended' })
    expect(node.logged.join()).not.toContain('unexpectedly')
  })

  async function fetchHeld() {
    const node = await room.node()
    const gate = newGate()
    room.provider.next(held(gate, grant()))
    const waiting = node.fetch()
    await room.provider.received(1)
    const finish = async (): Promise<void> => {
      gate.open()
      await waiting.catch(() => undefined)
    }
    return { node, waiting, finish }
  }
})

describe('a database that fails', () => {
  it('locked after the reply came: the pair is kept and saved when it can be, with one request', async () => {
    await enter(DEAD_MS)
    let failures = 3
    const node = await room.node('a', {
      store: changedTokens((tokens) => ({
        saveReply: (...reply) => (failures-- > 0 ? Promise.reject(new StoreError('busy', 'locked')) : tokens.saveReply(...reply)),
      })),
    })
    expect((await room.until(node.fetch())).token).toMatch(/^at-/)
    expect(failures).toBeLessThan(0)
    expect(room.refreshes).toHaveLength(1)
    expect(node.logged.filter((line) => line.includes('could not be saved yet'))).toHaveLength(3)
  })

  it('a verdict is written as stubbornly as a pair', async () => {
    await enter(DEAD_MS)
    let failures = 3
    const node = await room.node('a', {
      store: changedTokens((tokens) => ({
        requireSignIn: (...verdict) =>
          failures-- > 0 ? Promise.reject(new StoreError('full', 'full')) : tokens.requireSignIn(...verdict),
      })),
    })
    room.provider.always(oauthError('invalid_grant'))
    expect(await room.until(node.fetch())).toMatchObject({ code: 'reauthentication_required', reason: 'refused' })
  })

  it('full: no refresh starts, the token that lives is served and says so, one that has ended is a failure of ours', async () => {
    await enter(STALE_MS)
    const node = await room.node('a', {
      store: changedTokens(() => ({ takeLease: () => Promise.reject(new StoreError('full', 'no space is left')) })),
    })
    expect(await node.fetch()).toMatchObject({ token: expect.anything(), warning: expect.stringContaining('Benchkey itself') })
    await room.clock.pass(5 * MINUTE_MS)
    await expect(node.fetch()).rejects.toMatchObject({ name: 'StoreError', code: 'full' })
    expect(room.provider.connections).toBe(0)
    expect(node.logged.join()).toContain('a refresh ended unexpectedly')
  })

  it('locked before the refresh: a token that lives is served after 5 s, one that has ended is told after 15 s', async () => {
    await enter(STALE_MS)
    const node = await room.node('a', {
      store: changedTokens((tokens) => ({
        takeLease: async (...asked) => {
          await gate.opened
          return await tokens.takeLease(...asked)
        },
      })),
    })
    const gate = newGate()
    const elapsed = async (fetch: Promise<unknown>): Promise<readonly [unknown, number]> => {
      const began = room.now.getTime()
      const end = await room.until(fetch.catch((failure: unknown) => failure))
      return [end, room.now.getTime() - began]
    }
    const [served, servedMs] = await elapsed(node.fetch())
    expect(served).toMatchObject({ token: expect.anything(), warning: expect.stringContaining('Benchkey itself') })
    expect(servedMs).toBeLessThan(7_000)
    await room.clock.pass(5 * MINUTE_MS)
    const [told, toldMs] = await elapsed(node.fetch())
    expect(told).toMatchObject({ name: 'StoreError', code: 'busy' })
    expect(toldMs).toBeLessThan(17_000)
    expect(room.provider.connections).toBe(0)
    gate.open()
    await expect.poll(async () => (await room.row(token)).generation).toBe(2)
  })

  it('full for the intent: nothing is sent', async () => {
    await enter(STALE_MS)
    const node = await room.node('a', {
      store: changedTokens(() => ({ beginAttempt: () => Promise.reject(new StoreError('full', 'no space is left')) })),
    })
    expect((await node.fetch()).token).toMatch(/^at-/)
    expect(room.provider.bytesReceived).toBe(0)
  })

  it('broken for longer than the window: the pair waits in the journal, and is saved before anything is sent again', async () => {
    await enter(DEAD_MS, { integration: { refreshReuse: { kind: 'strict' } } })
    let broken = true
    const node = await room.node('a', {
      store: changedTokens((tokens) => ({
        saveReply: (...reply) => (broken ? Promise.reject(new StoreError('io', 'broken')) : tokens.saveReply(...reply)),
      })),
    })
    expect(await room.until(node.fetch())).toMatchObject({ code: 'provider_unavailable' })
    await room.clock.pass(140_000)
    await expect.poll(() => node.logged.join()).toContain('a refresh ended unexpectedly')
    broken = false
    expect((await room.row(token)).intent).toBeDefined()
    expect((await node.fetch()).token).toMatch(/^at-/)
    expect((await room.row(token)).generation).toBe(2)
    expect(room.refreshes).toHaveLength(1)
  })

  it('what follows a save cannot undo it', async () => {
    await enter(DEAD_MS)
    const node = await room.node('a', {
      store: (store) => ({
        ...store,
        integrations: { ...store.integrations, clearTrouble: () => Promise.reject(new StoreError('io', 'broken')) },
      }),
    })
    expect((await node.fetch()).token).toMatch(/^at-/)
    expect(node.logged.join()).toContain('could not be cleared')
  })
})

describe('the right to send', () => {
  it('a clock that jumps between intent and sending closes the fence; then it is asked for anew', async () => {
    await enter(STALE_MS)
    let jumps = 3
    const node = await room.node('a', {
      servers: (real) => ({
        ...real,
        refresh: (...asked) => {
          if (jumps-- > 0) room.clock.jump(jumps % 2 === 0 ? 11_000 : -11_000)
          return real.refresh(...asked)
        },
      }),
    })
    expect((await node.fetch()).warning).toBeUndefined()
    expect(room.refreshes).toHaveLength(1)
    expect(room.provider.connections).toBe(4)
  })

  it('a process that stood still before sending sends nothing when another has taken over', async () => {
    await enter(DEAD_MS)
    const other = await room.node('b')
    let winner: Promise<Answer> | undefined
    const frozen = await room.node('a', {
      store: changedTokens((tokens) => ({
        renewLease: (...asked) =>
          winner ? tokens.renewLease(...asked) : Promise.reject(new StoreError('busy', 'standing still')),
      })),
      servers: (real) => ({
        ...real,
        refresh: async (...asked) => {
          await room.clock.pass(21_000)
          winner = other.fetch()
          await winner
          return await real.refresh(...asked)
        },
      }),
    })
    expect(await frozen.fetch()).toMatchObject({ code: 'provider_unavailable' })
    await expect.poll(() => winner).toBeDefined()
    const won = await winner
    expect(won?.token).toMatch(/^at-/)
    await expect.poll(() => room.provider.connections).toBe(2)
    expect((await frozen.fetch()).token).toBe(won?.token)
    expect(room.refreshes).toHaveLength(1)
    expect(room.provider.ledger.duplicates).toBe(0)
  })

  it.each([
    ['grace:60', { kind: 'grace', seconds: 60 }],
    ['strict', { kind: 'strict' }],
  ] as const)('a process that stood still after sending, at %s: nobody loses the sign-in', async (rotation, refreshReuse) => {
    await enter(STALE_MS, { rotation, integration: { refreshReuse } })
    const [frozen, other] = [
      await room.node('a', {
        store: changedTokens(() => ({ renewLease: () => Promise.reject(new StoreError('busy', 'standing still')) })),
      }),
      await room.node('b'),
    ]
    const gate = newGate()
    room.provider.next(grantHeld(gate))
    const waiting = frozen.fetch()
    await room.provider.received(1)
    await room.clock.pass(21_000)
    expect((await waiting).token).toMatch(/^at-/)
    const taken = await other.fetch()
    gate.open()
    if (rotation === 'strict') {
      expect(taken.warning).toContain('(the renewal was interrupted)')
      await expect.poll(async () => (await room.row(token)).generation).toBe(2)
      expect(room.refreshes).toHaveLength(1)
    } else {
      expect(taken.warning).toBeUndefined()
      await expect.poll(() => room.audited('token.refresh_dropped')).toMatchObject([{ detail: 'a later request counts' }])
      expect(room.refreshes).toHaveLength(2)
    }
    const served = await other.fetch()
    expect(room.provider.ledger.isAccessTokenAlive(served.token ?? '')).toBe(true)
    expect((await room.row(token)).reauthentication).toBeUndefined()
  })

  it('a clock that was two days ahead leaves no cool-down behind', async () => {
    await enter(DEAD_MS)
    const node = await room.node()
    room.clock.jump(2 * 24 * 60 * MINUTE_MS)
    room.provider.next(reply('', { status: 503, headers: { 'retry-after': '60' } }))
    await node.fetch()
    room.clock.jump(-2 * 24 * 60 * MINUTE_MS)
    expect((await node.fetch()).token).toMatch(/^at-/)
  })
})

describe('a refresh that a dead process left open', () => {
  it.each([
    ['grace:60, the process known dead', { kind: 'grace', seconds: 60 }, 1],
    ['grace:60, the window over', { kind: 'grace', seconds: 60 }, 0],
    ['strict', { kind: 'strict' }, 0],
    ['unknown', { kind: 'unknown' }, 0],
  ] as const)('%s: %s sends again by itself %i times', async (name, refreshReuse, count) => {
    await enter(STALE_MS, { rotation: 'grace:60', integration: { refreshReuse } })
    await leaveOpen()
    if (name.includes('over')) await room.clock.pass(MINUTE_MS)
    await room.node('a', { isDead: ({ nodeId }) => nodeId === 'dead' })
    await room.clock.pass(6000)
    await expect.poll(async () => (await room.row(token)).generation).toBe(1 + count)
    expect(room.refreshes).toHaveLength(count)
  })

  it('strict: the next caller is served with the reason, and sent again when the token has ended', async () => {
    await enter(STALE_MS, { rotation: 'none', integration: { refreshReuse: { kind: 'strict' } } })
    await leaveOpen()
    const node = await room.node('a', { isDead: () => true })
    expect((await node.fetch()).warning).toMatch(/did not renew your token at 23 Nov 10:56 UTC \(the renewal was interrupted\)/)
    expect(room.refreshes).toHaveLength(0)
    await room.clock.pass(4 * MINUTE_MS)
    expect((await node.fetch()).warning).toBeUndefined()
    expect(room.refreshes).toHaveLength(1)
  })

  it('a lease of a process that may still live is waited for, at most until it ends', async () => {
    await enter(STALE_MS, {
      rotation: 'grace:60',
      skipsShortSleeps: false,
      integration: { refreshReuse: { kind: 'grace', seconds: 60 } },
    })
    await leaveOpen()
    const node = await room.node()
    await room.clock.pass(19_000)
    expect(room.refreshes).toHaveLength(0)
    await room.clock.pass(2000)
    await room.provider.received(1)
    expect((await node.fetch()).token).toMatch(/^at-/)
    expect(room.refreshes).toHaveLength(1)
  })

  it('nothing is repeated within the cool-down of another process, nor after the section was removed', async () => {
    await enter(STALE_MS, { rotation: 'grace:600', integration: { refreshReuse: { kind: 'grace', seconds: 600 } } })
    const [node, other] = [await room.node('a'), await room.node('b')]
    room.provider.next(reset(), reset())
    await node.fetch()
    expect(room.refreshes).toHaveLength(2)
    await room.clock.pass(25_000)
    expect(room.refreshes).toHaveLength(2)
    for (const { catalogue } of [node, other]) await catalogue.replace([], room.now)
    await room.clock.pass(60_000)
    expect(room.refreshes).toHaveLength(2)
    await other.configure({})
    await room.clock.pass(6_000)
    await expect.poll(async () => (await room.row(token)).generation).toBe(2)
  })

  async function leaveOpen(): Promise<void> {
    const { tokens } = room.store
    await tokens.takeLease(token.id, room.holder('dead'), room.clock.effects.monotonicMs(), 20_000, () => false)
    const key = { tokenId: token.id, generation: 1, attempt: 'left open' }
    expect(await tokens.beginAttempt(key, room.holder('dead'), room.now)).toBe(true)
  }
})

describe('Try again', () => {
  it('sends a parked refresh token once, and it may be alive after all', async () => {
    await enter(DEAD_MS)
    const node = await room.node()
    room.provider.next(oauthError('invalid_grant'))
    await node.fetch()
    await node.tryAgain(await room.user('ada'), room.integration)
    expect((await node.fetch()).token).toMatch(/^at-/)
    expect(room.refreshes).toHaveLength(2)
  })

  it('is over after a second refusal', async () => {
    await enter(DEAD_MS)
    const node = await room.node()
    room.provider.always(oauthError('invalid_grant'))
    await node.fetch()
    await node.tryAgain(await room.user('ada'), room.integration)
    await node.tryAgain(await room.user('ada'), room.integration)
    expect(await node.fetch()).toMatchObject({ code: 'reauthentication_required', reason: 'refused' })
    expect(room.refreshes).toHaveLength(2)
  })
})

describe('Try again under a full database', () => {
  it('says so in one sentence, and the refresh token stays parked', async () => {
    await enter(DEAD_MS)
    const node = await room.node('a', {
      store: changedTokens(() => ({ unpark: () => Promise.reject(new StoreError('full', 'no space is left')) })),
    })
    room.provider.next(oauthError('invalid_grant'))
    await node.fetch()
    await expect(node.tryAgain(await room.user('ada'), room.integration)).rejects.toMatchObject({
      code: 'database_unavailable',
      message: "Benchkey's database cannot be written at the moment. Nothing has changed; try again in a minute.",
    })
    expect((await room.row(token)).parked).toBe(true)
    expect(room.refreshes).toHaveLength(1)
  })
})

describe('the end of the server', () => {
  it('waits for a reply that is under way, and saves it', async () => {
    await enter(DEAD_MS)
    const node = await room.node()
    const gate = newGate()
    room.provider.next(held(gate, grant()))
    const waiting = node.fetch()
    await room.provider.received(1)
    const drained = node.drain()
    gate.open()
    await drained
    expect((await room.row(token)).generation).toBe(2)
    expect((await waiting).token).toMatch(/^at-/)
  })

  it('does not wait longer than 5 s; what is open then is perhaps spent', async () => {
    await enter(DEAD_MS)
    const node = await room.node()
    const gate = newGate()
    room.provider.next(held(gate, grant()))
    const waiting = node.fetch()
    await room.provider.received(1)
    const began = room.now.getTime()
    await room.until(node.drain())
    expect(room.now.getTime() - began).toBeLessThan(6000)
    expect((await room.row(token)).intent).toBeDefined()
    gate.open()
    await waiting
  })

  it('sends nothing more: no second try, no new flight', async () => {
    await enter(DEAD_MS, { skipsShortSleeps: false })
    const node = await room.node()
    room.provider.always(reply('', { status: 503 }))
    const waiting = node.fetch().catch((error: Error) => error)
    await room.provider.received(1)
    await expect.poll(async () => (await room.row(token)).intent).toBeUndefined()
    await node.drain()
    await waiting
    await expect(node.fetch()).rejects.toThrow('an ended token could not be refreshed')
    expect(room.refreshes).toHaveLength(1)
  })
})

function changedTokens(change: (tokens: Store['tokens']) => Partial<Store['tokens']>): (store: Store) => Store {
  return (store) => ({ ...store, tokens: { ...store.tokens, ...change(store.tokens) } })
}
