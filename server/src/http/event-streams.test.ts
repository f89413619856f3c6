import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { adasBrowser, countingEffects, type Doors, type ExpectedCalls, openDoors } from '../../testing/doors.ts'
import type { Effects } from '../domain/effects.ts'

let doors: Doors | undefined
const pages: Page[] = []

afterEach(async () => {
  for (const page of pages.splice(0)) page.socket.destroy()
  await doors?.close()
  doors = undefined
})

type Change = 'integrations' | 'rights' | 'logged_out'

/** A broker whose logins a test can end and whose changes it can tell. */
function liveBroker(): {
  expected: ExpectedCalls
  loggedIn: Set<string>
  administrators: Set<string>
  tell: (change: Change) => void
  listeners: Set<(change: Change) => void>
} {
  const loggedIn = new Set(['one', 'two'])
  const administrators = new Set<string>()
  const listeners = new Set<(change: Change) => void>()
  const tell = (change: Change): void => {
    for (const listener of [...listeners]) listener(change)
  }
  const expected: ExpectedCalls = {
    logins: {
      authenticate: async (cookie) => {
        const user = { ...adasBrowser.user, isAdmin: administrators.has(cookie) }
        return loggedIn.has(cookie) ? { ...adasBrowser, user, idHash: `hash of ${cookie}` } : undefined
      },
      logOut: async (session) => void loggedIn.delete(session.idHash.replace('hash of ', '')),
    },
    changes: {
      subscribe: (userId, listener) => {
        if (userId !== 'u1') throw new Error(`subscribed to ${userId}`)
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }
  return { expected, loggedIn, administrators, tell, listeners }
}

interface Page {
  readonly socket: Socket
  /** Resolves when the text has arrived; rejects when the stream ends before. */
  sees(text: string): Promise<void>
  readonly ended: Promise<string>
}

function openPage(port: number, cookie: string): Page {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  const look = new Set<() => void>()
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString()
    for (const each of look) each()
  })
  socket.on('error', () => undefined)
  const ended = new Promise<string>((resolve) => socket.on('close', () => resolve(received)))
  socket.write(
    `GET /api/events HTTP/1.1\r\nHost: bench.example\r\nX-Forwarded-Proto: https\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\nCookie: __Host-Http-benchkey-session=${cookie}\r\n\r\n`,
  )
  const sees = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (received.includes(text)) resolve()
      }
      look.add(check)
      check()
      socket.on('close', () => reject(new Error(`the stream ended without ${text}: ${received}`)))
    })
  const page = { socket, sees, ended }
  pages.push(page)
  return page
}

describe('the event stream of a page', () => {
  test('is private, unbuffered, and tells changes without data', async () => {
    const live = liveBroker()
    doors = await openDoors(live.expected)
    const page = openPage(doors.port, 'one')
    await page.sees('retry: 2000\n\n')
    live.tell('integrations')
    await page.sees('event: integrations\ndata: {}\n\n')
    page.socket.end()
    const all = await page.ended
    expect(all).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(all).toMatch(/^content-type: text\/event-stream\r$/im)
    expect(all).toMatch(/^cache-control: no-store\r$/im)
    expect(all).toMatch(/^content-security-policy: default-src 'none'/im)
    expect(all).toMatch(/^x-accel-buffering: no\r$/im)
  })

  test('looks at the rights again before every event, and ends with the login', async () => {
    const live = liveBroker()
    doors = await openDoors(live.expected)
    const page = openPage(doors.port, 'one')
    await page.sees('retry')
    live.loggedIn.delete('one')
    live.tell('integrations')
    const all = await page.ended
    expect(all).toContain('event: logged_out\ndata: {}\n\n')
    expect(all).not.toContain('event: integrations')
    expect(live.listeners.size).toBe(0)
  })

  test('tells of another role once, also when it was changed where nobody tells of it here', async () => {
    const live = liveBroker()
    doors = await openDoors(live.expected)
    const page = openPage(doors.port, 'one')
    await page.sees('retry')
    live.administrators.add('one')
    live.tell('rights')
    await page.sees('event: rights\ndata: {}\n\n')
    live.administrators.delete('one')
    live.tell('integrations')
    await page.sees('event: integrations')
    page.socket.end()
    expect((await page.ended).match(/^event: .*$/gm)).toEqual(['event: rights', 'event: rights', 'event: integrations'])
  })

  test('outlives the end of another login of the same user, and tells nothing of it', async () => {
    const live = liveBroker()
    doors = await openDoors(live.expected)
    const [one, two] = [openPage(doors.port, 'one'), openPage(doors.port, 'two')]
    await Promise.all([one.sees('retry'), two.sees('retry')])
    live.loggedIn.delete('two')
    live.tell('logged_out')
    expect(await two.ended).toContain('event: logged_out')
    live.tell('integrations')
    await one.sees('event: integrations')
    one.socket.end()
    expect(await one.ended).not.toContain('logged_out')
  })

  test('ends within a second of a logout in the same browser, even when nobody tells of it', async () => {
    const live = liveBroker()
    // No ping comes that would look at the rights as well.
    const sleep: Effects['sleep'] = (ms, signal) => countingEffects().sleep(ms === 15_000 ? 600_000 : ms, signal)
    doors = await openDoors(live.expected, {}, { ...countingEffects(), sleep })
    const page = openPage(doors.port, 'one')
    await page.sees('retry')
    await doors.sendFromPage({ method: 'POST', path: '/api/logout', headers: { cookie: '__Host-Http-benchkey-session=one' } })
    expect(await page.ended).toContain('event: logged_out')
  })

  test('is kept alive by comments, which look at the rights too', async () => {
    const live = liveBroker()
    const pings: (() => void)[] = []
    const effects: Effects = {
      ...countingEffects(),
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          if (ms === 15_000) pings.push(resolve)
          else setImmediate(resolve)
          signal?.addEventListener('abort', () => reject(signal.reason))
        }),
    }
    doors = await openDoors(live.expected, {}, effects)
    const page = openPage(doors.port, 'one')
    await page.sees('retry')
    pings.shift()?.()
    await page.sees(': ping\n\n')
    live.loggedIn.delete('one')
    pings.shift()?.()
    expect(await page.ended).toContain('event: logged_out')
  })

  test('is given up, and the process serves on, when the rights cannot be looked at', async () => {
    const live = liveBroker()
    const authenticate = live.expected.logins?.authenticate
    let isBroken = false
    doors = await openDoors({
      ...live.expected,
      logins: { authenticate: async (cookie) => (isBroken ? Promise.reject(new Error('locked')) : authenticate?.(cookie)) },
    })
    const page = openPage(doors.port, 'one')
    await page.sees('retry')
    isBroken = true
    live.tell('integrations')
    expect(await page.ended).not.toContain('event:')
    expect(doors.logged.join()).toContain('"where":"events"')
    expect(live.listeners.size).toBe(0)
  })

  test('makes room for a new one when a user has twenty', async () => {
    const live = liveBroker()
    doors = await openDoors(live.expected)
    const oldest = openPage(doors.port, 'one')
    await oldest.sees('retry')
    for (let count = 1; count < 20; count += 1) await openPage(doors.port, 'one').sees('retry')
    expect(live.listeners.size).toBe(20)
    await openPage(doors.port, 'two').sees('retry')
    await oldest.ended
    expect(live.listeners.size).toBe(20)
  })

  test('leaves nothing behind when the browser goes', async () => {
    const live = liveBroker()
    const gone = Promise.withResolvers<void>()
    const subscribe = live.expected.changes?.subscribe
    doors = await openDoors({
      ...live.expected,
      changes: {
        subscribe: (userId, listener) => {
          const end = subscribe?.(userId, listener)
          return () => {
            end?.()
            gone.resolve()
          }
        },
      },
    })
    const page = openPage(doors.port, 'one')
    await page.sees('retry')
    page.socket.destroy()
    await gone.promise
    expect(live.listeners.size).toBe(0)
  })
})
