import { afterEach, describe, expect, test } from 'vitest'
import { ada, adasBrowser, type Doors, type ExpectedCalls, openDoors } from '../../testing/doors.ts'
import { requireRecentLogin } from './recent-login.ts'

let doors: Doors | undefined

async function open(expected: ExpectedCalls): Promise<Doors> {
  doors = await openDoors(expected)
  return doors
}

afterEach(async () => {
  await doors?.close()
  doors = undefined
})

const root = { ...adasBrowser, user: { ...ada, isAdmin: true } }
const rootIsLoggedIn = { authenticate: async (cookie: string) => (cookie === 'session-cookie' ? root : undefined) }
const confirm = { method: 'POST', path: '/api/admin/confirm-login', body: '{"password":"right"}' }

describe('the API of administrators', () => {
  test('refuses others with a sentence, before it reads what they say', async () => {
    const { sendFromPage } = await open({ logins: { authenticate: async () => adasBrowser } })
    const reply = await sendFromPage({ ...confirm, body: '{' })
    expect(reply.status).toBe(403)
    expect(JSON.parse(reply.body).error).toEqual({
      code: 'not_an_administrator',
      message: 'Only administrators may do this. Ask one: benchkey user list names them.',
    })
  })

  test('asks everybody else to log in', async () => {
    const { sendFromPage } = await open({ logins: { authenticate: async () => undefined } })
    expect((await sendFromPage(confirm)).status).toBe(401)
  })
})

describe('confirming a login', () => {
  test('gives the browser session a new cookie', async () => {
    const asked: unknown[] = []
    const { sendFromPage } = await open({
      logins: {
        ...rootIsLoggedIn,
        confirm: async (session, request) => {
          asked.push([session.idHash, request])
          return { kind: 'ok', cookie: 'new-cookie', user: root.user }
        },
      },
    })
    const reply = await sendFromPage({ ...confirm, headers: { 'x-forwarded-for': '203.0.113.9' } })
    expect([reply.status, reply.body]).toEqual([200, '{}'])
    expect(reply.headers['set-cookie']).toEqual([
      '__Host-Http-benchkey-session=new-cookie; Path=/; Secure; HttpOnly; SameSite=Lax',
    ])
    expect(asked).toEqual([['hash-of-session-cookie', { password: 'right', address: '203.0.113.9' }]])
  })

  test('says so when the password is wrong, and keeps the cookie', async () => {
    const { sendFromPage } = await open({ logins: { ...rootIsLoggedIn, confirm: async () => ({ kind: 'refused' }) } })
    for (const body of ['{"password":"wrong"}', JSON.stringify({ password: 'x'.repeat(2000) })]) {
      const reply = await sendFromPage({ ...confirm, body })
      expect(reply.status).toBe(403)
      expect(JSON.parse(reply.body)).toEqual({ error: { code: 'refused', message: 'The password is not right.' } })
      expect(reply.headers['set-cookie']).toBeUndefined()
    }
  })

  test('is limited as a login is', async () => {
    const { sendFromPage } = await open({
      logins: { ...rootIsLoggedIn, confirm: async () => ({ kind: 'too_many', retryAfterSeconds: 40 }) },
    })
    const reply = await sendFromPage(confirm)
    expect([reply.status, reply.headers['retry-after']]).toEqual([429, '40'])
  })
})

test('a login is recent for five minutes', () => {
  const login = { session: root, cookie: 'session-cookie' }
  const after = (ms: number) => () => requireRecentLogin(login, new Date(root.createdAt.getTime() + ms))
  expect(after(5 * 60_000)).not.toThrow()
  expect(after(5 * 60_000 + 1)).toThrow('Type your password again.')
})
