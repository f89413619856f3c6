import { afterAll, describe, expect, test } from 'vitest'
import type { RefreshReuse } from '../src/domain/integration.ts'
import { answerOf, type Behaviour, hangUp, reset } from '../testing/behaviours.ts'
import type { Rotation } from '../testing/refresh-ledger.ts'
import { type Answer, type RefreshNode, RefreshRoom } from '../testing/refresh-room.ts'

/*
 * The answer to a refresh is lost. Whether the token may be sent again depends on what a second use does at the service, which
 * Benchkey knows only as far as refresh-reuse tells. Each setting meets each service, in the three situations of a token:
 * 20 minutes left, 3 minutes left, ended.
 */

const MINUTE_MS = 60_000
const LIFE_MINUTES = 60

type Reuse = 'unknown' | 'strict' | 'grace:30'

const REUSES: readonly { readonly reuse: Reuse; readonly setting: RefreshReuse }[] = [
  { reuse: 'unknown', setting: { kind: 'unknown' } },
  { reuse: 'strict', setting: { kind: 'strict' } },
  { reuse: 'grace:30', setting: { kind: 'grace', seconds: 30 } },
]
const ROTATIONS: readonly Rotation[] = ['none', 'strict', 'strict-family', 'grace:30']
const LEFT_MINUTES = [20, 3, 0] as const

/** How a sign-in ends whose lost answer had rotated, by reuse, rotation and minutes left. */
type End = 'renewed' | 'interrupted'
const [R, I] = ['renewed', 'interrupted'] as const
const ENDS: Readonly<Record<Reuse, Readonly<Record<Rotation, readonly [End, End, End]>>>> = {
  // Held until five minutes are left, which is too late for a window of 30 s.
  unknown: { none: [R, R, R], strict: [I, I, I], 'strict-family': [I, I, I], 'grace:30': [I, R, R] },
  // Held until the access token has ended.
  strict: { none: [R, R, R], strict: [I, I, I], 'strict-family': [I, I, I], 'grace:30': [I, I, R] },
  // Repeated at once: right where it is true.
  'grace:30': { none: [R, R, R], strict: [I, I, I], 'strict-family': [I, I, I], 'grace:30': [R, R, R] },
}

const answered500: Behaviour = (exchange) => {
  answerOf(exchange)
  exchange.response.writeHead(500).end()
}

/** The first answer that is lost; every other arrives. */
const LOSSES: readonly { readonly loss: string; readonly play: Behaviour; readonly isSpent: boolean }[] = [
  { loss: 'a reset after the service rotated', play: reset({ afterGrant: true }), isSpent: true },
  { loss: 'a hang-up after the service rotated', play: hangUp({ afterGrant: true }), isSpent: true },
  { loss: 'a 500 after the service rotated', play: answered500, isSpent: true },
  { loss: 'a reset before the service saw anything', play: reset(), isSpent: false },
  { loss: 'a 500 of something in front', play: ({ response }) => void response.writeHead(500).end(), isSpent: false },
]

const CELLS = REUSES.flatMap(({ reuse, setting }) =>
  ROTATIONS.flatMap((rotation) =>
    LOSSES.flatMap(({ loss, play, isSpent }) =>
      LEFT_MINUTES.map((left, index) => ({
        ...{ reuse, setting, rotation, loss, play, left },
        end: isSpent ? (ENDS[reuse][rotation]?.[index] ?? I) : R,
      })),
    ),
  ),
)

let played = 0

afterAll(() => {
  process.stdout.write(
    `lost answers: ${REUSES.length} settings × ${ROTATIONS.length} services × ${LOSSES.length} losses × 3 = ${played} cells\n`,
  )
})

describe('a lost answer', () => {
  test.each(CELLS)('$loss, refresh-reuse=$reuse at rotation $rotation, $left min left: $end', async (cell) => {
    const room = await RefreshRoom.open({ rotation: cell.rotation, integration: { refreshReuse: cell.setting } })
    try {
      await play(room, cell)
      played += 1
    } finally {
      await room.close()
    }
  })
})

async function play(room: RefreshRoom, cell: (typeof CELLS)[number]): Promise<void> {
  const node = await room.node()
  const token = await room.signIn()
  const first = (await room.store.tokens.readSecrets(token.id, token.generation))?.accessToken ?? ''
  await room.clock.pass((LIFE_MINUTES - cell.left) * MINUTE_MS)
  room.provider.next(cell.play)
  // A program that asks for long life is what refreshes a token with 20 minutes left.
  const ask = (): Promise<Answer> => node.fetch({ minTtlSeconds: 25 * 60 })
  const last = await untilEnded(room, cell.left, ask, async (answer) => {
    expect(answer.token ?? answer.reason, 'while the token lives it is served, unless the grant was refused').toBeDefined()
    if (cell.reuse !== 'strict') return
    expect(answer.token).toBeDefined()
    if (answer.token === first) expect(room.provider.ledger.isAccessTokenAlive(first)).toBe(true)
  })
  if (cell.end === 'interrupted') {
    expect(last).toMatchObject({ code: 'reauthentication_required', reason: 'interrupted' })
  } else {
    expect(last).toEqual({ token: expect.any(String), expiry: expect.any(String) })
    expect(room.provider.ledger.isAccessTokenAlive(last.token ?? '')).toBe(true)
  }
  expect(room.refreshes.length, 'sent once and repeated once').toBe(2)
  await expectStored(room, node, cell.end)
}

/** Asks now, a minute later, when four minutes are left, and after the token's end; `alive` sees what is answered before that. */
async function untilEnded(
  room: RefreshRoom,
  leftMinutes: number,
  ask: () => Promise<Answer>,
  alive: (answer: Answer) => Promise<void>,
): Promise<Answer> {
  let answer = await ask()
  let left = leftMinutes
  for (const next of [left - 1, 4, -1, -2].filter((minutes) => minutes < left)) {
    if (left > 0) await alive(answer)
    await room.clock.pass((left - next) * MINUTE_MS)
    left = next
    answer = await ask()
  }
  return answer
}

/** The refresh token that the service would take is the stored one, or there is none that it would take from us. */
async function expectStored(room: RefreshRoom, node: RefreshNode, end: End): Promise<void> {
  const user = await room.user('ada')
  const integrationId = node.catalogue.internalId(room.integration.uid) ?? ''
  const row = await room.store.tokens.find(user.id, integrationId)
  if (!row) throw new Error('The row is gone.')
  expect(row.parked).toBe(end === 'interrupted')
  if (end === 'interrupted') return
  const stored = (await room.store.tokens.readSecrets(row.id, row.generation))?.refreshToken ?? ''
  expect(room.provider.ledger.stateOf(stored)).toBe('alive')
}
