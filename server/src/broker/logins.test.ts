import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, openBrokerRoom } from '../../testing/broker-room.ts'
import type { User } from '../domain/people.ts'
import { LocalAccounts } from '../login/local-accounts.ts'
import type { LoginResult } from './broker.ts'
import { BrowserLogins } from './logins.ts'
import { sha256 } from './random-values.ts'

const HOUR_MS = 60 * 60 * 1000
const accounts = new LocalAccounts({ log2N: 4, r: 8, p: 1 })

let room: BrokerRoom
let logins: BrowserLogins

beforeEach(async () => {
  room = await openBrokerRoom()
  logins = new BrowserLogins({ ...room, accounts, singleUser: false })
})

afterEach(() => room.close())

async function addUser(name: string): Promise<User> {
  return room.store.users.create({ name, passwordHash: await accounts.hash(`password of ${name}`), isAdmin: false })
}

function logIn(userName: string, password = `password of ${userName}`, address = '192.0.2.1'): Promise<LoginResult> {
  return logins.logIn({ userName, password, address })
}

async function cookieOf(userName: string, previousCookie?: string): Promise<string> {
  const previous = previousCookie === undefined ? {} : { previousCookie }
  const result = await logins.logIn({ userName, password: `password of ${userName}`, address: '192.0.2.1', ...previous })
  if (result.kind !== 'ok') throw new Error(`not logged in: ${result.kind}`)
  return result.cookie
}

describe('a login', () => {
  test('with the right password opens a browser session, stored as a hash', async () => {
    const ann = await addUser('ann')
    const result = await logIn('ann')
    expect(result).toEqual({ kind: 'ok', cookie: expect.stringMatching(/^[\w-]{43}$/), user: ann })
    const cookie = result.kind === 'ok' ? result.cookie : ''
    expect(await logins.authenticate(cookie)).toMatchObject({ idHash: sha256(cookie), user: { name: 'ann' } })
  })

  test('takes the name in any case', async () => {
    await addUser('Ann')
    expect(await logIn('aNN', 'password of Ann')).toMatchObject({ kind: 'ok', user: { name: 'Ann' } })
  })

  test.each([
    ['ann', 'not it'],
    ['nobody', 'not it'],
    ['not a name at all', 'not it'],
    ['', ''],
  ])('as %j with %j is refused in the same way', async (userName, password) => {
    await addUser('ann')
    expect(await logIn(userName, password)).toEqual({ kind: 'refused' })
  })

  test('of a locked user is refused with the right password, too', async () => {
    await addUser('ann')
    await room.store.users.setLocked('ann', true)
    expect(await logIn('ann')).toEqual({ kind: 'refused' })
  })

  test('is audited; what was typed for an unknown name is not kept', async () => {
    await addUser('ann')
    await logIn('ann')
    await logIn('ann', 'wrong-secret')
    await logIn('my-password-in-the-wrong-field', 'x')
    const audit = await room.audited()
    expect(audit).toMatchObject([
      { action: 'login.succeeded', outcome: 'ok', userName: 'ann', address: '192.0.2.1' },
      { action: 'login.refused', outcome: 'refused', userName: 'ann', detail: 'wrong password' },
      { action: 'login.refused', outcome: 'refused', detail: 'no such user' },
    ])
    expect(JSON.stringify(audit)).not.toMatch(/wrong-secret|wrong-field|password of/)
  })

  test('refused again and again is two lines: the first at once, and how many followed; also when it has to wait', async () => {
    await addUser('ann')
    for (let i = 0; i < 12; i += 1) await logIn('Ann', 'wrong-secret')
    const refused = () => room.audited('login.refused')
    expect((await refused()).map(({ detail, count }) => [detail, count])).toEqual([
      ['wrong password', undefined],
      ['too many attempts', undefined],
    ])
    await logins.refused.flush()
    expect((await refused()).slice(2)).toMatchObject([
      { userName: 'ann', address: '192.0.2.1', detail: 'wrong password', count: 4 },
      { userName: 'ann', address: '192.0.2.1', detail: 'too many attempts', count: 6 },
    ])
    await logins.refused.flush()
    expect(await refused()).toHaveLength(4)
  })

  test('of a flood from ever more addresses leaves a bounded number of lines, and all of it in their counts', async () => {
    const note = (n: number) =>
      logins.refused.note({ address: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, why: 'too many attempts' })
    for (let n = 0; n < 10_000; n += 1) await note(n % 5000)
    await logins.refused.flush()
    const lines = await room.audited('login.refused')
    expect(lines.length).toBeLessThanOrEqual(202)
    expect(lines.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(10_000)
  })

  test('gets a new id and ends the session the browser had before', async () => {
    await addUser('ann')
    const first = await cookieOf('ann')
    const second = await cookieOf('ann', first)
    expect(second).not.toBe(first)
    expect(await logins.authenticate(first)).toBeUndefined()
    expect(await logins.authenticate(second)).toBeDefined()
  })

  test('after five wrong passwords has to wait, from any address, also with the right one', async () => {
    await addUser('ann')
    for (let i = 0; i < 5; i += 1) await logIn('ann', 'wrong', `192.0.2.${i}`)
    expect(await logIn('Ann', 'password of ann', '192.0.2.99')).toEqual({ kind: 'too_many', retryAfterSeconds: 20 })
    room.pass(20_000)
    expect(await logIn('ann')).toMatchObject({ kind: 'ok' })
  })

  test('from one address has to wait after twenty wrong passwords, whatever the names', async () => {
    for (let i = 0; i < 20; i += 1) expect(await logIn(`user-${i}`, 'wrong', `2001:db8::${i}`)).toEqual({ kind: 'refused' })
    expect(await logIn('ann', 'wrong', '2001:db8::ffff')).toMatchObject({ kind: 'too_many' })
    expect(await logIn('ann', 'wrong', '2001:db8:0:1::1')).toEqual({ kind: 'refused' })
  })

  test('with the right password is never counted', async () => {
    await addUser('ann')
    for (let i = 0; i < 30; i += 1) expect(await logIn('ann')).toMatchObject({ kind: 'ok' })
  })

  test('beyond what the machine can hash at once is told to wait', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, (_, i) => logIn(`user-${i}`, 'wrong', `192.0.2.${i}`)))
    const refused = results.filter(({ kind }) => kind === 'refused')
    const waiting = results.filter(({ kind }) => kind === 'too_many')
    expect(refused).toHaveLength(18)
    expect(waiting).toEqual([
      { kind: 'too_many', retryAfterSeconds: 3 },
      { kind: 'too_many', retryAfterSeconds: 3 },
    ])
    expect(await logIn('later', 'wrong', '198.51.100.1')).toEqual({ kind: 'refused' })
  })
})

describe('a browser session', () => {
  test('ends after 8 hours without use', async () => {
    await addUser('ann')
    const cookie = await cookieOf('ann')
    for (let i = 0; i < 3; i += 1) {
      room.pass(8 * HOUR_MS - 1000)
      expect(await logins.authenticate(cookie)).toBeDefined()
    }
    room.pass(8 * HOUR_MS + 1000)
    expect(await logins.authenticate(cookie)).toBeUndefined()
  })

  test('ends after 7 days in any case', async () => {
    await addUser('ann')
    const cookie = await cookieOf('ann')
    for (let i = 0; i < 23; i += 1) {
      room.pass(7 * HOUR_MS)
      expect(await logins.authenticate(cookie)).toBeDefined()
    }
    room.pass(7 * HOUR_MS + 1000)
    expect(await logins.authenticate(cookie)).toBeUndefined()
  })

  test('ends with the log-out, and the pages of the user hear it', async () => {
    const ann = await addUser('ann')
    const cookie = await cookieOf('ann')
    const session = await logins.authenticate(cookie)
    if (!session) throw new Error('no session')
    const told: string[] = []
    room.changes.subscribe(ann.id, (change) => told.push(change))
    await logins.logOut(session)
    expect(await logins.authenticate(cookie)).toBeUndefined()
    expect(told).toEqual(['logged_out'])
    expect(await room.audited('logout')).toMatchObject([{ userName: 'ann' }])
  })

  test('of a user who gets locked ends with the next request, and stays ended after the unlocking', async () => {
    await addUser('ann')
    const cookie = await cookieOf('ann')
    await room.store.users.setLocked('ann', true)
    expect(await logins.authenticate(cookie)).toBeUndefined()
    await room.store.users.setLocked('ann', false)
    expect(await logins.authenticate(cookie)).toBeUndefined()
  })

  test.each(['', 'short', 'x'.repeat(43), '../../etc/passwd', 'ä'.repeat(43)])(
    'is not opened by the cookie %j',
    async (cookie) => {
      expect(await logins.authenticate(cookie)).toBeUndefined()
    },
  )
})

describe('a login that is confirmed', () => {
  const confirm = async (cookie: string, password: string): Promise<LoginResult> => {
    const session = await logins.authenticate(cookie)
    if (!session) throw new Error('no session')
    return logins.confirm(session, { password, address: '192.0.2.1' })
  }

  test('begins anew under a new cookie; the old one opens nothing', async () => {
    await addUser('ann')
    const cookie = await cookieOf('ann')
    room.pass(HOUR_MS)
    const beforeIt = logins.now()
    const result = await confirm(cookie, 'password of ann')
    if (result.kind !== 'ok') throw new Error(result.kind)
    expect(await logins.authenticate(cookie)).toBeUndefined()
    const confirmed = await logins.authenticate(result.cookie)
    expect(confirmed?.createdAt.getTime()).toBeGreaterThanOrEqual(beforeIt.getTime())
    expect((await room.audited()).at(-1)).toMatchObject({
      ...{ action: 'login.succeeded', outcome: 'ok', userName: 'ann', detail: 'the password was typed again' },
    })
  })

  test('with a wrong password stays as it was; guesses are audited and limited as those of a login', async () => {
    await addUser('ann')
    const cookie = await cookieOf('ann')
    for (let i = 0; i < 5; i += 1) expect(await confirm(cookie, 'wrong')).toEqual({ kind: 'refused' })
    expect(await confirm(cookie, 'password of ann')).toMatchObject({ kind: 'too_many' })
    expect(await logIn('ann', 'password of ann', '198.51.100.1')).toMatchObject({ kind: 'too_many' })
    expect(await logins.authenticate(cookie)).toBeDefined()
    await logins.refused.flush()
    const refused = await room.audited('login.refused')
    expect(refused.map(({ userName, detail, count }) => [userName, detail, count])).toEqual([
      ['ann', 'wrong password', undefined],
      ['ann', 'too many attempts', undefined],
      ['ann', 'too many attempts', undefined],
      ['ann', 'wrong password', 4],
    ])
  })

  test('is refused when it was ended meanwhile', async () => {
    const ann = await addUser('ann')
    const session = await logins.authenticate(await cookieOf('ann'))
    if (!session) throw new Error('no session')
    await logins.logOut(session)
    expect(await logins.confirm(session, { password: 'password of ann', address: '192.0.2.1' })).toEqual({ kind: 'refused' })
    expect(await room.store.browserSessions.countLive(ann.id, { idleMs: HOUR_MS, absoluteMs: HOUR_MS })).toBe(0)
  })
})

describe('single-user=1', () => {
  test('lets the first account log in and no other, a login from before included', async () => {
    await addUser('zoe')
    room.pass(1000)
    await addUser('ann')
    const earlier = await cookieOf('ann')
    const single = new BrowserLogins({ ...room, accounts, singleUser: true })
    const address = '192.0.2.1'
    expect(await single.logIn({ userName: 'zoe', password: 'password of zoe', address })).toMatchObject({ kind: 'ok' })
    expect(await single.logIn({ userName: 'ann', password: 'password of ann', address })).toEqual({ kind: 'refused' })
    expect(await single.authenticate(earlier)).toBeUndefined()
  })
})
