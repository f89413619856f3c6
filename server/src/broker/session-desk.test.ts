import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { oauthError } from '../../testing/behaviours.ts'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import { PlayedBrowser, signInsOf } from '../../testing/played-browser.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../testing/scripted-provider.ts'
import type { Integration } from '../domain/integration.ts'
import type { Caller, User } from '../domain/people.ts'
import { CostlyCalls } from './costly-calls.ts'
import { viewsFor } from './integration-views.ts'
import { rpcCookieHash } from './rpc-cookie.ts'
import { SessionDesk } from './session-desk.ts'
import type { BrowserSignIns } from './sign-ins.ts'
import type { Report } from './token-reports.ts'

const COOKIE = 'user-id=ann|Mon%2C%2005%20Jan%202027%2009%3A00%3A00%20GMT|c2ln'
const FROM = { cookie: COOKIE, address: '192.0.2.7' }
const HOUR_MS = 60 * 60_000

let room: BrokerRoom
let provider: ScriptedProvider
let signIns: BrowserSignIns
let desk: SessionDesk
let box: Integration
let ann: User
let browser: PlayedBrowser
let sessionId: string

beforeEach(async () => {
  room = await openBrokerRoom()
  provider = await startScriptedProvider()
  const { authorizationUrl, tokenUrl, revocationUrl } = provider
  box = integrationOf({ section: 'box', displayName: 'Box', authorizationUrl, tokenUrl, revocationUrl })
  await room.configure(box)
  ann = await room.addUser('ann')
  signIns = signInsOf(room)
  browser = new PlayedBrowser(signIns, await room.browserOf(ann))
  const cookieExpiresAt = new Date(room.store.now().getTime() + HOUR_MS)
  const session = { userName: 'ann', name: 'Rscript', cookieHash: rpcCookieHash(COOKIE), cookieExpiresAt }
  sessionId = (await room.store.sessions.create(session)).id
  const caller = { userId: ann.id, userName: 'ann', sessionId, sessionName: 'Rscript' }
  const costly = new CostlyCalls({ ...room.effects, monotonicMs: () => 0 })
  const reports = {
    report: async (by: Caller, what: Report) => ({
      ...{ outcome: 'renewed' as const, explanation: by.userName, action: what.uid },
    }),
  }
  const fetch = async ({ uid }: { uid: string }): Promise<string> =>
    JSON.stringify({ access_token: `token of ${uid}`, expiry: '9999-12-31T23:59:59Z' })
  const tokens = { authenticate: async () => caller, list: () => viewsFor(room, ann.id), outside: () => [], fetch }
  const sessions = { end: async (id: string) => room.store.sessions.end(id) }
  desk = new SessionDesk({ ...room, signIns, sessions, tokens, reports, costly: (each) => costly.count(each) })
})

afterEach(async () => {
  await provider.close()
  await room.close()
})

async function comeBack(parameters: Record<string, string> = { code: 'a-code' }): Promise<void> {
  const state = (await browser.start(box.uid)).searchParams.get('state') ?? ''
  await browser.answer([['state', state], ...Object.entries(parameters)])
}

describe('a session', () => {
  test('learns who it is, and how long its cookie is good', async () => {
    const { session, cookieExpiresAt } = await desk.describe(FROM)
    expect(session).toMatchObject({ id: sessionId, userName: 'ann', name: 'Rscript' })
    expect(cookieExpiresAt.getTime() - session.startedAt.getTime()).toBeCloseTo(HOUR_MS, -3)
  })

  test('that ended in between is told so', async () => {
    await room.store.sessions.end(sessionId)
    await expect(desk.describe(FROM)).rejects.toMatchObject({ code: 'session_ended' })
  })

  test('is held back when it asks too often', async () => {
    const calls = Array.from({ length: 6100 }, () => desk.signOut({ ...FROM, uid: box.uid }))
    const refused = (await Promise.allSettled(calls)).filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({ reason: { code: 'bad_request', details: { retryAfterSeconds: expect.any(Number) } } })
  })
})

describe('signing out in a session', () => {
  test('does what the page does, and the audit names the session', async () => {
    await comeBack()
    const heard: string[] = []
    room.changes.subscribe(ann.id, (change) => heard.push(change))
    expect(await desk.signOut({ ...FROM, uid: box.uid })).toEqual({ wasSignedIn: true, revocation: 'queued' })
    expect((await desk.integration({ ...FROM, uid: box.uid })).state.code).toBe('not_signed_in')
    expect(heard).toEqual(['integrations'])
    expect(await room.store.revocations.counts()).toMatchObject({ waiting: 2, failed: 0 })
    expect(await room.audited('sign_out')).toMatchObject([
      { userName: 'ann', sessionId, sessionName: 'Rscript', section: 'box', address: '192.0.2.7', detail: 'revocation queued' },
    ])
  })

  test('of what was not signed in does nothing and says so', async () => {
    expect(await desk.signOut({ ...FROM, uid: box.uid })).toEqual({ wasSignedIn: false })
    expect(await room.audited('sign_out')).toEqual([])
  })

  test('of an integration that is not there names the nearest', async () => {
    await expect(desk.signOut({ ...FROM, uid: 'bxo' })).rejects.toMatchObject({ code: 'unknown_integration' })
  })
})

test('a report is made in the name of the caller', async () => {
  const reported = await desk.report({ ...FROM, uid: box.uid, fingerprint: '0123456789abcdef' })
  expect(reported).toMatchObject({ explanation: 'ann', action: box.uid })
})

describe('an integration somebody waits for', () => {
  const asked = () => desk.integration({ ...FROM, uid: box.uid })

  test('tells the sign-in that is under way', async () => {
    expect(await asked()).not.toHaveProperty('waitingSince')
    await browser.start(box.uid)
    expect(await asked()).toMatchObject({ state: { code: 'not_signed_in' }, waitingSince: expect.any(Date) })
  })

  test.each([
    ['the user refused', { error: 'access_denied' }, 'denied'],
    ['the service is in trouble', { error: 'server_error' }, 'provider_failed'],
  ])('tells how it ended when %s', async (_what, parameters, problem) => {
    await comeBack(parameters)
    expect((await asked()).lastProblem).toEqual({
      ...{ problem, at: expect.any(Date), reference: expect.stringMatching(/^[\w-]{6,}$/) },
    })
  })

  test('tells that the service refuses our client', async () => {
    provider.next(oauthError('invalid_client', { status: 401 }))
    await comeBack()
    expect((await asked()).lastProblem?.problem).toBe('client_refused')
    const { views } = await desk.integrations(FROM)
    const problems = views.map(({ integration, lastProblem }) => [integration.section, lastProblem?.problem])
    expect(Object.fromEntries(problems)).toMatchObject({ [box.section]: 'client_refused' })
    expect(problems.filter(([, problem]) => problem !== undefined)).toHaveLength(1)
  })

  test('forgets a problem after a quarter of an hour, and after a sign-in', async () => {
    await comeBack({ error: 'access_denied' })
    room.pass(HOUR_MS / 4 + 1000)
    expect(await asked()).not.toHaveProperty('lastProblem')
    await comeBack({ error: 'access_denied' })
    expect(await asked()).toHaveProperty('lastProblem')
    room.pass(1000)
    await comeBack()
    expect(await asked()).toMatchObject({ state: { code: 'signed_in' } })
    expect(await asked()).not.toHaveProperty('lastProblem')
  })

  test('that is not there names the nearest', async () => {
    await expect(desk.integration({ ...FROM, uid: 'bxo' })).rejects.toMatchObject({ code: 'unknown_integration' })
  })
})

describe('an exchange', () => {
  const exchange = (audience: string) => desk.exchange({ ...FROM, audience })
  const tokenOf = ({ uid }: Integration) => ({ accessToken: `token of ${uid}`, expiresInSeconds: undefined })

  test('finds an integration by ID, section, former section, and display name, in this order', async () => {
    const git = integrationOf({ section: 'git', displayName: 'BOX files', previousNames: ['old-box'] })
    const old = integrationOf({ section: 'Old-Box', displayName: 'git' })
    await room.configure(box, git, old)
    for (const audience of [box.uid, box.uid.toUpperCase(), 'box', 'Box']) expect(await exchange(audience)).toEqual(tokenOf(box))
    for (const audience of ['git', 'old-box', 'box FILES']) expect(await exchange(audience)).toEqual(tokenOf(git))
    expect(await exchange('Old-Box')).toEqual(tokenOf(old))
  })

  test('gives nothing for a name of two, and names both', async () => {
    const [one, two] = ['one', 'two'].map((section) => integrationOf({ section, displayName: 'Files "of" all' }))
    if (!one || !two) throw new Error('there are two')
    await room.configure(one, two)
    await expect(exchange('files "of" ALL')).rejects.toMatchObject({
      code: 'unknown_integration',
      message: `"files "of" ALL" is the name of several integrations. Use the section or the ID: one (${one.uid}) or two (${two.uid}).`,
    })
  })
})
