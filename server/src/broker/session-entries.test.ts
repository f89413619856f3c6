import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, openBrokerRoom } from '../../testing/broker-room.ts'
import type { BrowserSession, DevelopmentSession } from '../domain/people.ts'
import { LocalAccounts } from '../login/local-accounts.ts'
import { BrowserLogins } from './logins.ts'
import { sha256 } from './random-values.ts'
import { BrowserEntries, type SessionPagesFacts } from './session-entries.ts'

const PAGES: SessionPagesFacts = { url: 'https://sessions.example', problem: undefined }
const NONE = '11111111-1111-4111-8111-111111111111'

let room: BrokerRoom
let entries: BrowserEntries
let session: DevelopmentSession
let annsBrowser: BrowserSession
let evesBrowser: BrowserSession

beforeEach(async () => {
  room = await openBrokerRoom()
  const logins = new BrowserLogins({ ...room, accounts: new LocalAccounts({ log2N: 4, r: 8, p: 1 }), singleUser: false })
  const doorOf = async () => ({ target: { socketPath: '/nowhere/app.sock' }, basePath: 'strip' }) as const
  entries = new BrowserEntries({ ...room, logins, doorOf, sessionPages: PAGES })
  annsBrowser = await room.browserOf(await room.addUser('ann'))
  evesBrowser = await room.browserOf(await room.addUser('eve'))
  const cookie = { cookieHash: 'cookie', cookieExpiresAt: new Date(room.store.now().getTime() + 60_000) }
  session = await room.store.sessions.create({ userName: 'ann', name: 'lab', kind: 'launched', state: 'running', ...cookie })
})
afterEach(() => room.close())

const routeOf = (entry: string) => entries.route(sha256(entry), session.id)

describe('a ticket', () => {
  test('lets its own user in, once, under the address of the session pages', async () => {
    const { ticket, url } = await entries.ticket(annsBrowser, session.id)
    expect(url).toBe('https://sessions.example/enter')
    const { entry = '' } = (await entries.redeem(ticket, session.id)) ?? {}
    expect(await routeOf(entry)).toMatchObject({ state: 'running', name: 'lab' })
    expect(await entries.redeem(ticket, session.id)).toBeUndefined()
    expect(await room.audited('session.entered')).toMatchObject([{ userName: 'ann', sessionId: session.id }])
  })

  test('is given to nobody else, and reads as for one that never was', async () => {
    const refusals = await Promise.allSettled([session.id, NONE, '../x'].map((id) => entries.ticket(evesBrowser, id)))
    const sentences = refusals.map((each) => (each.status === 'rejected' ? String(each.reason) : 'a ticket'))
    expect(new Set(sentences)).toEqual(new Set([sentences[1]]))
    expect(sentences[0]).toContain('You have no such session.')
  })

  test("of somebody else's browser opens nothing, however it came to be", async () => {
    const ticket = 't'.repeat(43)
    const expiresAt = new Date(room.store.now().getTime() + 30_000)
    const row = { sessionId: session.id, browserSessionHash: evesBrowser.idHash, expiresAt }
    await room.store.entries.addTicket({ ...row, ticketHash: sha256(ticket) })
    expect(await entries.redeem(ticket, session.id)).toBeUndefined()
    await room.store.entries.addTicket({ ...row, ticketHash: 'another' })
    await room.store.entries.redeem('another', { sessionId: session.id, entryHash: sha256('an entry') })
    expect(await routeOf('an entry')).toEqual({ state: 'none' })
  })
})
