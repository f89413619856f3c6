import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { grant } from '../testing/behaviours.ts'
import { HOSTILE_BEHAVIOURS } from '../testing/hostile-provider/catalogue.ts'
import { type DoorKit, makeDoorKit } from '../testing/hostile-provider/door.ts'
import { HostileRoom, type SeenCallback } from '../testing/hostile-provider/hostile-room.ts'
import type { ExchangeEnd, NamedBehaviour, RefreshClass, RefreshEnd } from '../testing/hostile-provider/named-behaviour.ts'
import {
  INTERRUPTED,
  NOT_SIGNED_IN,
  pageOfCallback,
  REFUSED,
  sentenceOfNoAnswer,
  sentenceOfRefresh,
} from '../testing/hostile-provider/sentences.ts'
import { startScriptedProvider } from '../testing/scripted-provider.ts'

const ALL = Object.values(HOSTILE_BEHAVIOURS).flat()
const KINDS = Object.entries(HOSTILE_BEHAVIOURS).map(([kind, behaviours]) => ({ kind, behaviours }))

/** Requests of one fetch, by what the first of them becomes: the unspent are tried three times, the uncertain repeated once. */
const REQUESTS: Readonly<Record<RefreshClass, number>> = {
  success: 1,
  'refresh token saved': 1,
  reauthentication_required: 1,
  configuration: 1,
  'not sent': 0,
  unspent: 3,
  uncertain: 2,
  refused: 1,
}

/** The ones whose answer is far larger than any token. */
const HUGE = /^a bomb|without end$|^a body of 1 GiB|^a token of 300 KiB|^brackets/
const MIB = 1024 * 1024
const MEASURE = fileURLToPath(new URL('../testing/measure-memory.ts', import.meta.url))

let kit: DoorKit
let cells = 0

beforeAll(async () => {
  kit = await makeDoorKit()
})

afterAll(() => {
  process.stdout.write(`hostile provider: ${ALL.length} behaviours × 3 = ${cells} cells\n`)
})

/** One cell: whatever happens in it, nothing that somebody can read holds a secret. */
async function inRoom(behaviour: NamedBehaviour, cell: (room: HostileRoom) => Promise<void>): Promise<void> {
  const room = await HostileRoom.open(behaviour, kit)
  try {
    await cell(room)
    expect(await room.leaks(), 'secrets in what somebody can read').toEqual([])
    cells += 1
  } finally {
    await room.close()
  }
}

test('the hostile provider has more than 180 cells, each behaviour under a name of its own', () => {
  expect(new Set(ALL.map(({ name }) => name)).size).toBe(ALL.length)
  expect(ALL.length * 3).toBeGreaterThanOrEqual(180)
})

test('memory stays where it was, however much the hostile provider sends', async () => {
  const huge = ALL.filter(({ name }) => HUGE.test(name))
  expect(huge.length).toBeGreaterThan(8)
  const provider = await startScriptedProvider()
  try {
    const times = huge.length * 2
    provider.next(...Array.from({ length: 20 + times }, (_, n) => huge[n % huge.length]?.play ?? grant()))
    const { stdout } = await promisify(execFile)(process.execPath, [MEASURE, provider.tokenUrl, String(times)])
    const { growth } = JSON.parse(stdout) as { growth: number }
    expect(provider.requests).toHaveLength(20 + times)
    expect(growth).toBeLessThan(20 * MIB)
  } finally {
    await provider.close()
  }
})

describe.each(KINDS)('a code meets $kind:', ({ behaviours }) => {
  test.each(behaviours)('$name', (behaviour) =>
    inRoom(behaviour, async (room) => {
      const before = await room.secrets()
      room.turnHostile()
      const seen = await room.signInAgain()
      const { exchange } = behaviour.expected
      if (exchange.kind === 'signed_in') {
        expect(seen.result, seen.why).toMatchObject({ kind: 'signed_in' })
        await expectNewestRefreshToken(room)
      } else {
        expectProblem(room, seen, exchange)
        expect(await room.secrets(), 'the sign-in before is as it was').toEqual(before)
      }
      expect(room.requests('authorization_code'), 'a code is sent once').toBeLessThanOrEqual(1)
      if (behaviour.door) return
      room.heal()
      if (exchange.kind !== 'signed_in') expect((await room.signInAgain()).result.kind).toBe('signed_in')
      expect((await room.fetch()).token).toBeDefined()
    }),
  )
})

describe.each(KINDS)('a refresh meets $kind:', ({ behaviours }) => {
  test.each(behaviours)('$name', (behaviour) =>
    inRoom(behaviour, async (room) => {
      const end = behaviour.expected.refresh
      room.turnHostile()
      const { first, last } = await room.fetchToTheEnd()
      if (end.callersLeave) expect(first.message).toMatch(sentenceOfNoAnswer('timed out after 15 s', room.host))
      expect(await classOf(room, end), last.message).toBe(end.class)
      if (end.class === 'success') expect(last).toEqual({ token: expect.any(String), expiry: expect.any(String) })
      else expect(last.message).toMatch(sentenceOfRefresh(end, room.host))
      if (!behaviour.door) expect(room.requests('refresh_token')).toBe(end.requests ?? REQUESTS[end.class])
      if (!end.lost) await expectNewestRefreshToken(room)
      if (behaviour.door) return
      room.heal()
      await expectRecovery(room, end)
    }),
  )
})

describe.each(KINDS)('a revocation meets $kind:', ({ behaviours }) => {
  test.each(behaviours)('$name', (behaviour) =>
    inRoom(behaviour, async (room) => {
      const { revoke } = behaviour.expected
      const { ledger } = room.room.provider
      room.turnHostile()
      await room.signOut()
      expect((await room.fetch()).message).toBe(NOT_SIGNED_IN)
      const shown = await room.revocation()
      if (revoke.kind === 'done') {
        expect(shown).toBeUndefined()
        expect(ledger.aliveRefreshTokens()).toHaveLength(revoke.unheard ? 1 : 0)
        return
      }
      expect(shown).toMatchObject({ state: 'waiting', words: revoke.words })
      if (behaviour.door) return
      room.heal()
      await room.revokeToTheEnd()
      expect(ledger.aliveRefreshTokens()).toEqual([])
      expect(await room.revocation()).toBeUndefined()
    }),
  )
})

function expectProblem(room: HostileRoom, seen: SeenCallback, expected: Exclude<ExchangeEnd, { kind: 'signed_in' }>): void {
  expect(seen.result).toMatchObject({ kind: 'problem', problem: expected.kind })
  expect(seen.why).toBe(`${expected.kind}: ${expected.why}`)
  expect([seen.page?.title, seen.page?.explanation]).toEqual(
    pageOfCallback(expected.kind, new URL(room.room.provider.origin).host),
  )
  if (expected.quoted !== undefined) expect(seen.result).toMatchObject({ providerText: expected.quoted })
}

/** Whatever happened, the refresh token that the service would take is the one that is stored, or that *Try again* would send. */
async function expectNewestRefreshToken(room: HostileRoom): Promise<void> {
  const newest = room.room.provider.ledger.aliveRefreshTokens().at(-1)
  expect(newest).toBeDefined()
  if (!(await room.row()).parked) expect((await room.secrets()).refreshToken).toBe(newest)
}

/** The class, as row and integration show it. */
async function classOf(room: HostileRoom, end: RefreshEnd): Promise<RefreshClass> {
  const [row, trouble] = [await room.row(), await room.trouble()]
  if (row.reauthentication) return 'reauthentication_required'
  if (trouble) {
    expect(trouble).toMatchObject({ kind: end.trouble, words: end.words })
    return 'configuration'
  }
  if (!row.lastFailure) return row.generation > room.token.generation ? 'success' : 'unspent'
  expect(row.lastFailure.words).toBe(end.words)
  if (row.generation > room.token.generation) return 'refresh token saved'
  if (row.oddRefusals) return 'refused'
  if (row.interruptedAt) return 'uncertain'
  return room.room.provider.requests.length === 0 ? 'not sent' : 'unspent'
}

/** The service is well again: a token without a sign-in, or a loss that nobody could avoid and that says so. */
async function expectRecovery(room: HostileRoom, end: RefreshEnd): Promise<void> {
  await room.rest()
  if (end.class === 'reauthentication_required' && !end.lost) {
    expect((await room.row()).parked).toBe(true)
    await room.tryAgain()
  }
  const { last } = await room.fetchToTheEnd()
  if (end.lost) {
    expect(last.message).toMatch(end.reads === 'refused' ? REFUSED : INTERRUPTED)
    return
  }
  expect(last.token, last.message).toMatch(/^at-/)
  await expectNewestRefreshToken(room)
}
