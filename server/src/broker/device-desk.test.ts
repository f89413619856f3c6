import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, openBrokerRoom } from '../../testing/broker-room.ts'
import type { BrowserSession, User } from '../domain/people.ts'
import type { DevicePoll, DeviceStart } from './broker-of-devices.ts'
import { DeviceDesk } from './device-desk.ts'
import { rpcCookieHash } from './rpc-cookie.ts'

const HOUR_MS = 60 * 60_000
const INTERVAL_MS = 2_000
const TERMINAL = '198.51.100.4'
const BROWSER = '192.0.2.7'

let room: BrokerRoom
let desk: DeviceDesk
let ann: User
let eve: User
let annsBrowser: BrowserSession
let evesBrowser: BrowserSession

const deskOf = (changes: { lifeMs?: number; callbackAddress?: string } = {}): DeviceDesk =>
  new DeviceDesk({ ...room, callbackAddress: room.publicUrl, lifeMs: 12 * HOUR_MS, ...changes })

beforeEach(async () => {
  room = await openBrokerRoom()
  desk = deskOf()
  ann = await room.addUser('ann')
  eve = await room.addUser('eve')
  annsBrowser = await room.browserOf(ann)
  evesBrowser = await room.browserOf(eve)
})

afterEach(() => room.close())

type Begun = Extract<DeviceStart, { kind: 'begun' }>

async function begin(address = TERMINAL, host = 'laptop'): Promise<Begun> {
  const start = await desk.begin({ host, address })
  if (start.kind !== 'begun') throw new Error(`The start was ${start.kind}.`)
  return start
}

/** As a terminal asks that keeps to its interval. */
async function poll({ deviceCode }: Begun): Promise<DevicePoll> {
  room.pass(INTERVAL_MS)
  return await desk.poll({ deviceCode, address: TERMINAL })
}

const approve = ({ userCode }: Begun, browser = annsBrowser) => desk.decide(browser, userCode, 'approve', BROWSER)

test('a terminal shows whoever approves a name of a host, and no sentence of its own', async () => {
  const { userCode } = await begin(TERMINAL, 'your own laptop (checked by Benchkey)')
  expect((await desk.find(annsBrowser, userCode, BROWSER)).host).toBe('your-own-laptop-checked-by-Benchkey-')
})

describe('a terminal that is logged in', () => {
  test('waits, and gets one session of whoever approved, until its end', async () => {
    const begun = await begin()
    expect(begun).toMatchObject({ expiresInSeconds: 600, intervalSeconds: 2 })
    expect(await poll(begun)).toEqual({ kind: 'pending' })
    expect(await desk.find(annsBrowser, begun.userCode.toLowerCase(), BROWSER)).toMatchObject({
      ...{ code: begun.userCode, host: 'laptop', address: TERMINAL, isSameAddress: false, lifeSeconds: 12 * 3600 },
    })
    await approve(begun)
    const polled = await poll(begun)
    if (polled.kind !== 'opened') throw new Error(`The terminal was answered ${polled.kind}.`)
    const { session, cookie, environment } = polled.opened
    expect(session).toMatchObject({ kind: 'login', userName: 'ann', name: 'laptop', host: `laptop, from ${TERMINAL}` })
    expect(environment).toMatchObject({ RS_SERVER_ADDRESS: room.publicUrl, RS_SERVER_URL: `${room.publicUrl}/` })
    expect(await room.store.sessions.lookUp(rpcCookieHash(cookie), undefined)).toMatchObject({ userId: ann.id })
    // Python keeps the value until the date in it.
    expect(decodeURIComponent(cookie.split('|')[1] ?? '')).toBe(polled.endsAt.toUTCString())
    expect(polled.endsAt.getTime() - session.startedAt.getTime()).toBeCloseTo(12 * HOUR_MS, -4)
    room.pass(12 * HOUR_MS)
    expect(await room.store.sessions.lookUp(rpcCookieHash(cookie), undefined)).toBeUndefined()
  })

  test('stands in the audit, with where it asked from and who approved from where', async () => {
    const begun = await begin()
    await expect(desk.find(annsBrowser, 'BBBB-BBBB', BROWSER)).rejects.toThrow('No terminal waits with this code.')
    await approve(begun)
    await poll(begun)
    expect(await room.audited()).toMatchObject([
      { action: 'terminal.wrong_code', outcome: 'refused', userName: 'ann', address: BROWSER },
      {
        action: 'terminal.approved',
        outcome: 'ok',
        userName: 'ann',
        address: BROWSER,
        detail: `laptop, asking from ${TERMINAL}`,
      },
      { action: 'session.opened', outcome: 'ok', userName: 'ann', address: TERMINAL, sessionName: 'laptop' },
    ])
    const { deviceCode, userCode } = begun
    for (const secret of [deviceCode, userCode]) expect(JSON.stringify(await room.audited())).not.toContain(secret)
  })

  test('is shown to be at the address of the browser, or not', async () => {
    const begun = await begin('2001:db8:1:2:3::4')
    expect(await desk.find(annsBrowser, begun.userCode, '2001:db8:1:2:ffff::1')).toMatchObject({ isSameAddress: true })
    expect(await desk.find(annsBrowser, begun.userCode, '2001:db8:1:3::1')).toMatchObject({ isSameAddress: false })
  })

  test('has a host that is safe to show, whatever it says', async () => {
    const begun = await begin(TERMINAL, `a\u001b[31m\u202eb${'x'.repeat(200)}`)
    const { host } = await desk.find(annsBrowser, begun.userCode, BROWSER)
    expect(host).toMatch(/^a-31m-bx+$/)
    expect(host.length).toBeLessThanOrEqual(80)
  })
})

describe('a terminal gets no session', () => {
  test('when it was denied, and is told so as often as it asks', async () => {
    const begun = await begin()
    await desk.decide(annsBrowser, begun.userCode, 'deny', BROWSER)
    expect([await poll(begun), await poll(begun)]).toEqual([{ kind: 'denied' }, { kind: 'denied' }])
    await expect(approve(begun)).rejects.toThrow('No terminal waits with this code.')
    expect(await room.store.sessions.list()).toEqual([])
  })

  test('after ten minutes, approved or not', async () => {
    const [late, approved] = [await begin(), await begin()]
    await approve(approved)
    room.pass(10 * 60_000)
    expect([await poll(late), await poll(approved)]).toEqual([{ kind: 'expired' }, { kind: 'expired' }])
    await expect(approve(late)).rejects.toThrow('No terminal waits with this code.')
  })

  test('for a code of the browser, a guess, or the device code once more', async () => {
    const begun = await begin()
    expect(await desk.poll({ deviceCode: begun.userCode, address: TERMINAL })).toEqual({ kind: 'unknown' })
    expect(await desk.poll({ deviceCode: 'A'.repeat(43), address: TERMINAL })).toEqual({ kind: 'unknown' })
    await approve(begun)
    expect(await poll(begun)).toMatchObject({ kind: 'opened' })
    expect(await poll(begun)).toEqual({ kind: 'unknown' })
    expect(await room.store.sessions.list()).toHaveLength(1)
  })

  test('a second time when two ask at once', async () => {
    const begun = await begin()
    await approve(begun)
    const { deviceCode } = begun
    const other = deskOf()
    const polls = [desk, other, desk, other].map((each) => each.poll({ deviceCode, address: TERMINAL }))
    const kinds = (await Promise.all(polls)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'opened')).toHaveLength(1)
    expect(await room.store.sessions.list()).toHaveLength(1)
  })

  test('of a user who was locked after approving, also when the user is unlocked again', async () => {
    const begun = await begin()
    await approve(begun)
    await room.store.users.setLocked('ann', true)
    await room.store.users.setLocked('ann', false)
    expect(await poll(begun)).toEqual({ kind: 'denied' })
  })

  test('where terminal-session-lifetime is 0', async () => {
    expect(await deskOf({ lifeMs: 0 }).begin({ host: 'laptop', address: TERMINAL })).toEqual({ kind: 'off' })
  })

  test('of a user who has 20 already', async () => {
    for (let n = 0; n < 20; n += 1) {
      const begun = await begin(`198.51.100.${n}`)
      await approve(begun)
      expect(await poll(begun)).toMatchObject({ kind: 'opened' })
    }
    const more = await begin()
    await expect(approve(more)).rejects.toThrow('You have 20 terminals logged in.')
    expect(await poll(more)).toEqual({ kind: 'pending' })
    await approve(more, evesBrowser)
    expect(await poll(more)).toMatchObject({ kind: 'opened' })
  })
})

describe('attacks', () => {
  test('whoever approves gives the terminal a session of their own, and nobody else’s', async () => {
    const begun = await begin()
    await approve(begun, evesBrowser)
    await expect(approve(begun, annsBrowser)).rejects.toThrow('No terminal waits with this code.')
    expect(await poll(begun)).toMatchObject({ kind: 'opened', opened: { session: { userName: 'eve' } } })
  })

  test('guessed codes are few: ten of one user at once, then one a minute, from whichever browser', async () => {
    const begun = await begin()
    const guess = (n: number): Promise<unknown> =>
      desk.find(n % 2 ? annsBrowser : { ...annsBrowser, idHash: 'b' }, 'BBBB-BBBB', `10.0.0.${n}`)
    for (let n = 0; n < 10; n += 1) await expect(guess(n)).rejects.toThrow('No terminal waits')
    await expect(guess(10)).rejects.toMatchObject({ details: { retryAfterSeconds: expect.any(Number) } })
    // The right one is not tried either.
    await expect(approve(begun)).rejects.toThrow('Too many codes')
    expect(await desk.find(evesBrowser, begun.userCode, '10.0.1.1')).toMatchObject({ code: begun.userCode })
    room.pass(60_000)
    await expect(guess(11)).rejects.toThrow('No terminal waits')
    await expect(guess(12)).rejects.toThrow('Too many codes')
  })

  test('right codes are not counted', async () => {
    const begun = await begin()
    for (let n = 0; n < 30; n += 1) await desk.find(annsBrowser, begun.userCode, BROWSER)
    await approve(begun)
  })

  test('a terminal that asks too often is told to slow down, and learns nothing more', async () => {
    const begun = await begin()
    const ask = () => desk.poll({ deviceCode: begun.deviceCode, address: TERMINAL })
    await ask()
    await ask()
    await approve(begun)
    expect(await ask()).toEqual({ kind: 'slow_down' })
    room.pass(2 * INTERVAL_MS)
    expect(await ask()).toMatchObject({ kind: 'opened' })
  })

  test('one address begins thirty at once, and asks 120 times', async () => {
    for (let n = 0; n < 30; n += 1) await begin()
    expect(await desk.begin({ host: 'x', address: TERMINAL })).toMatchObject({ kind: 'too_many' })
    const guesses = Array.from({ length: 121 }, () => desk.poll({ deviceCode: 'A'.repeat(43), address: TERMINAL }))
    expect((await Promise.all(guesses)).at(-1)).toMatchObject({ kind: 'too_many' })
    await begin('203.0.113.1')
  })
})
