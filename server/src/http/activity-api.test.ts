import { afterEach, describe, expect, test } from 'vitest'
import { ada, adaIsLoggedIn, adasBrowser, type Doors, openDoors } from '../../testing/doors.ts'
import type { Activity } from '../broker/broker-of-activity.ts'

let doors: Doors | undefined
afterEach(async () => {
  await doors?.close()
  doors = undefined
})

async function open(activity: Partial<Activity> = {}): Promise<Doors> {
  doors = await openDoors({ logins: adaIsLoggedIn, activity })
  return doors
}

const [MONDAY, TUESDAY] = ['2026-11-22T23:00:00.000Z', '2026-11-23T23:00:00.000Z']
const at = new Date('2026-11-23T08:02:00Z')
const until = new Date('2026-11-23T16:41:00Z')

describe('the activity of whoever is logged in', () => {
  test('is that of the days asked for, with local places in words', async () => {
    const asked: unknown[] = []
    const { sendFromPage } = await open({
      list: async (...by) => {
        asked.push(by)
        const marks = [{ text: 'first use from 10.0.0.7', tone: 'warn' }] as const
        return {
          days: [{ startsAt: new Date(MONDAY), lines: [{ at, until, text: 'R used Box', tone: 'warn', marks }], isCut: false }],
          live: [
            {
              ...{ sessionId: 's1', lastUsedAt: until, integrations: ['Box'], count: 3 },
              addresses: [{ address: 'local', firstAt: at }],
            },
          ],
          everywhere: { browsers: 1, sessions: 2, signIns: 3 },
        }
      },
    })
    const reply = await sendFromPage({ path: `/api/activity?day=${MONDAY}&day=${TUESDAY}&until=${TUESDAY}` })
    expect(reply.status).toBe(200)
    expect(JSON.parse(reply.body)).toEqual({
      days: [
        {
          startsAt: MONDAY,
          lines: [
            {
              ...{ at: at.toISOString(), until: until.toISOString(), text: 'R used Box', tone: 'warn' },
              marks: [{ text: 'first use from 10.0.0.7', tone: 'warn' }],
            },
          ],
          isCut: false,
        },
      ],
      live: [
        {
          ...{ sessionId: 's1', lastUsedAt: until.toISOString(), integrations: ['Box'], count: 3 },
          places: [{ text: 'on this server', firstAt: at.toISOString() }],
        },
      ],
      everywhere: { browsers: 1, sessions: 2, signIns: 3 },
    })
    expect(asked).toEqual([[ada, { days: [new Date(MONDAY), new Date(TUESDAY)], until: new Date(TUESDAY) }]])
  })

  test.each([
    ['no day', ''],
    ['eight days', `?${Array(8).fill(`day=${MONDAY}`).join('&')}`],
    ['a day that is none', '?day=yesterday'],
    ['a day that reads as a number', '?day=7'],
    ['an end that is none', `?day=${MONDAY}&until=never`],
  ])('refuses %s with a sentence', async (_what, query) => {
    const { sendFromPage } = await open()
    const reply = await sendFromPage({ path: `/api/activity${query}` })
    expect([reply.status, JSON.parse(reply.body).error.code]).toEqual([400, 'bad_request'])
  })

  test('ends everywhere but in the browser that asks', async () => {
    const asked: unknown[] = []
    const { sendFromPage } = await open({
      signOutEverywhere: async (...by) => {
        asked.push(by)
        return { browsers: 1, sessions: 2, signIns: 3 }
      },
    })
    const reply = await sendFromPage({
      ...{ method: 'POST', path: '/api/sign-out-everywhere', body: '{}' },
      headers: { 'x-forwarded-for': '203.0.113.9' },
    })
    expect([reply.status, JSON.parse(reply.body)]).toEqual([200, { browsers: 1, sessions: 2, signIns: 3 }])
    expect(asked).toEqual([[adasBrowser, '203.0.113.9']])
  })
})
