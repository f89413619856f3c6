import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FENCE_MS, LEASE_MS } from '../broker/refresh-policy.ts'
import type { Effects } from '../domain/effects.ts'
import { openStore } from './open.ts'
import type { LeaseHolder, Store } from './store.ts'

const BEAT_MS = 5_000

/** A server process over the one database file: its store and its row. */
interface Process {
  readonly store: Store
  readonly holder: LeaseHolder
  beat(hash?: string, epoch?: string): Promise<void>
  /** Announces a token request of the row, having its lease. */
  begin(): Promise<boolean>
  take(): Promise<boolean>
  renew(): Promise<boolean>
}

describe('heartbeats of two processes on one SQLite file', () => {
  let directory: string
  let monotonicMs: number
  let wallMs: number
  let tokenId: string
  let a: Process
  let b: Process

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'benchkey-nodes-'))
    monotonicMs = 1_000_000
    wallMs = Date.parse('2027-03-01T12:00:00Z')
    a = await start('a')
    b = await start('b')
    const { id: userId } = await a.store.users.create({ name: 'ann', passwordHash: 'x', isAdmin: false })
    const uid = '11111111-1111-4111-8111-111111111111'
    const integrationId = (await a.store.integrations.ensure([{ uid, section: 'box' }])).get(uid) ?? ''
    const reply = { secrets: { accessToken: 'access', refreshToken: 'refresh' }, tokenType: 'bearer', issuedAt: a.store.now() }
    const asked = { userId, integrationId, scopesAsked: [], clientFingerprint: 'f', reply }
    tokenId = (await a.store.tokens.create(asked)).id
  })

  afterEach(async () => {
    await a.store.close()
    await b.store.close()
    await rm(directory, { recursive: true })
  })

  async function start(name: string, bootId = 'boot-1'): Promise<Process> {
    const effects: Effects = {
      now: () => new Date(wallMs),
      monotonicMs: () => monotonicMs,
      bootId,
      sleep: () => Promise.reject(new Error('nothing is to wait')),
      randomBytes: (size) => randomBytes(size),
    }
    const store = await openStore({ directory, dataDir: directory, uid: process.getuid?.() ?? 0, effects })
    const holder = { nodeId: name, incarnation: `${name}-1`, pid: 7, startTime: '1', bootId }
    const node = { holder, host: `host-${name}`, version: '1.0.0', startedAt: new Date(wallMs) }
    return {
      ...{ store, holder },
      beat: (hash = 'same', epoch) =>
        store.nodes.beat({ ...node, configurationHash: hash, ...(epoch === undefined ? {} : { epoch }) }),
      begin: async () => {
        await store.tokens.takeLease(tokenId, holder, monotonicMs, LEASE_MS, () => true)
        return await store.tokens.beginAttempt({ tokenId, generation: 1, attempt: 'one' }, holder, new Date(wallMs))
      },
      take: () => store.tokens.takeLease(tokenId, holder, monotonicMs, LEASE_MS, () => false),
      renew: () => store.tokens.renewLease(tokenId, holder, monotonicMs, LEASE_MS),
    }
  }

  /** Time passes for all; those who live do every 5 s what they do. */
  async function pass(ms: number, ...each: readonly (() => Promise<unknown>)[]): Promise<void> {
    for (let passed = 0; passed < ms; passed += BEAT_MS) {
      const step = Math.min(BEAT_MS, ms - passed)
      monotonicMs += step
      wallMs += step
      if (step === BEAT_MS) for (const act of each) await act()
    }
  }

  it('hold a token request back while one of them has not told the epoch of now, until it has been silent for long enough', async () => {
    await pass(
      20_000,
      () => a.beat('same', 'before'),
      () => b.beat(),
    )
    expect(await b.begin()).toBe(false)
    await a.beat('same', '')
    expect(await b.begin()).toBe(true)
    await a.beat('same', 'before')
    await pass(10_000, () => b.beat())
    expect(await b.begin()).toBe(false)
    await pass(10_000, () => b.beat())
    expect(await b.begin()).toBe(true)
  })

  it('that were all held up let nobody conclude from the silence of another one', async () => {
    await a.beat('same', 'before')
    await pass(60_000)
    await b.beat()
    expect(await b.begin()).toBe(false)
    await pass(15_000, () => b.beat())
    expect(await b.begin()).toBe(true)
  })

  const told = async (store = a.store) =>
    (await store.nodes.list()).map(
      ({ host, isLive, configurationHash }) => `${host} ${isLive ? 'live' : 'silent'} ${configurationHash}`,
    )

  it('tell every process which others live and what they run, until they stop', async () => {
    await a.beat()
    await b.beat('other')
    expect(await told(b.store)).toEqual(['host-a live same', 'host-b live other'])
    await b.beat('same')
    expect(await told()).toEqual(['host-a live same', 'host-b live same'])
    const [first] = await a.store.nodes.list()
    expect(first).toMatchObject({
      holder: a.holder,
      version: '1.0.0',
      startedAt: new Date(wallMs),
      heartbeatAt: new Date(wallMs),
    })
    await b.store.nodes.remove('b-1')
    expect(await told()).toEqual(['host-a live same'])
  })

  it('tell after 15 s of silence that a node is gone, and no longer than 10 minutes', async () => {
    await a.beat()
    await b.beat()
    await pass(15_000, a.beat)
    expect(await told()).toEqual(['host-a live same', 'host-b live same'])
    await pass(BEAT_MS, a.beat)
    expect(await told()).toEqual(['host-a live same', 'host-b silent same'])
    await pass(10 * 60_000, a.beat)
    expect(await told()).toEqual(['host-a live same'])
  })

  it('are not told by a wall clock that is set', async () => {
    await a.beat()
    await b.beat()
    wallMs += 48 * 60 * 60_000
    await a.beat()
    expect(await told()).toEqual(['host-a live same', 'host-b live same'])
  })

  it('of another boot are of processes that are gone', async () => {
    await a.beat()
    const afterBoot = await start('c', 'boot-2')
    expect(await told(afterBoot.store)).toEqual(['host-a silent same'])
    await afterBoot.beat()
    expect(await told(afterBoot.store)).toEqual(['host-c live same'])
    await afterBoot.store.close()
  })

  /** b has a lease and dies; a has lived long enough to tell. The lease would run out by itself after 20 s. */
  it('void the lease of a process that fell silent for more than 15 s', async () => {
    await a.beat()
    await pass(20_000, a.beat, b.beat)
    expect(await b.take()).toBe(true)
    await pass(15_000, a.beat)
    expect(await a.take()).toBe(false)
    monotonicMs += 1
    expect(await a.take()).toBe(true)
    expect(await b.renew()).toBe(false)
  })

  it('void no lease whose holder may still send: one confirmed within its send fence', async () => {
    await a.beat()
    await pass(20_000, a.beat, b.beat)
    expect(await b.take()).toBe(true)
    // The heartbeat of b stands still, its flight does not.
    await pass(20_000, a.beat, b.renew)
    expect(await a.take()).toBe(false)
    await pass(FENCE_MS - 1, a.beat)
    expect(await a.take()).toBe(false)
    monotonicMs += 1
    expect(await a.take()).toBe(true)
  })

  /** Nobody could write, so nobody's silence means anything; b's request may be under way. Its lease still runs. */
  it('void no lease after a locked database that held up everybody', async () => {
    await pass(20_000, a.beat, b.beat)
    expect(await b.take()).toBe(true)
    await pass(16_000)
    expect(await a.take()).toBe(false)
    await a.beat()
    expect(await a.take()).toBe(false)
    expect(await b.renew()).toBe(true)
    await b.beat()
    await pass(10_000, a.beat, b.renew)
    expect(await a.take()).toBe(false)
  })

  it('of a process that has just started judge nobody', async () => {
    await b.beat()
    expect(await b.take()).toBe(true)
    await pass(16_000)
    await a.beat()
    expect(await a.take()).toBe(false)
  })

  it('of a process that never had one void nothing, and it judges nobody', async () => {
    await pass(20_000, a.beat)
    expect(await b.take()).toBe(true)
    await pass(16_000, a.beat)
    expect(await a.take()).toBe(false)
  })
})
