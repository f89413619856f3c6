import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { PageIntegration, PageIntegrations } from '@benchkey/sdk/pages'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Behaviour, grant, grantChanged, held, newGate, reply } from '../testing/behaviours.ts'
import { type Lines, OptionsWorld } from '../testing/options-world.ts'

/** `account-url` and `account-path`: whose account a sign-in is. */
let world: OptionsWorld

beforeAll(async () => {
  world = await OptionsWorld.start()
})
afterAll(() => world.close())

async function row(section: string): Promise<PageIntegration | undefined> {
  const { body } = await world.browser.ask('/api/integrations')
  return (JSON.parse(body) as PageIntegrations).integrations.find((each) => each.section === section)
}

const accountOf = async (section: string) => (await row(section))?.account

/** Signs in at a service whose account URL answers so; answers the Integration ID. */
async function signedIn(section: string, answer: Behaviour | undefined, lines: Lines = {}): Promise<string> {
  const url = answer ? { 'account-url': `${world.provider.origin}/me` } : {}
  expect(await world.configure(section, { ...url, ...lines })).toBe(true)
  if (answer) world.provider.next(grant(), answer)
  await world.signIn(section)
  return await world.browser.uidOf(section)
}

function audited(section: string): readonly string[] {
  const database = new DatabaseSync(join(world.files.dataDir, 'benchkey.db'), { readOnly: true })
  const rows = database.prepare('SELECT action, detail FROM audit WHERE section = ?').all(section)
  database.close()
  return rows.map(({ action, detail }) => `${action} ${detail ?? ''}`.trim())
}

/** Lets the access token end, and fetches: a renewal. */
async function renew(uid: string): Promise<void> {
  await world.pass(600)
  expect(await world.fetch(uid)).toMatchObject({ access_token: expect.any(String) })
}

const idTokenOf = (claims: object): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`

describe('the account of a sign-in', () => {
  test('is asked once, by a GET with the token, stands in the row and in the audit, and stays over renewals', async () => {
    const uid = await signedIn('asked', reply({ login: 'ada' }), { 'account-path': '/login' })
    await expect.poll(() => accountOf('asked')).toBe('ada')
    const { method, path, headers } = world.lastRequest
    expect([method, path]).toEqual(['GET', '/me'])
    expect(headers.authorization).toBe(`Bearer ${(await world.fetch(uid)).access_token}`)
    await expect.poll(() => audited('asked')).toContain('sign_in.account as ada')
    await renew(uid)
    expect(await accountOf('asked')).toBe('ada')
    expect(world.lastRequest.method).toBe('POST')
  })

  test('is never waited for', async () => {
    const gate = newGate()
    const uid = await signedIn('slow', held(gate, reply({ name: 'ada' })))
    expect(await world.fetch(uid)).toMatchObject({ access_token: expect.any(String) })
    expect(await accountOf('slow')).toBeUndefined()
    gate.open()
    await expect.poll(() => accountOf('slow')).toBe('ada')
  })

  test('that is not told is asked for again after the next renewal; the user hears nothing of it', async () => {
    const uid = await signedIn('later', reply('<html>', { headers: { 'content-type': 'text/html' } }))
    await expect.poll(() => world.server.log()).toContain('"section":"later","words":"answered with a page instead of JSON"')
    expect(await row('later')).toMatchObject({ state: 'signed_in', tone: 'ok' })
    world.provider.next(grant(), reply({ email: 'ada@later.example' }))
    await renew(uid)
    await expect.poll(() => accountOf('later')).toBe('ada@later.example')
  })

  test('without an account URL comes from the token reply, and the sign-in’s line in the audit names it', async () => {
    world.provider.next(grantChanged((body) => ({ ...body, owner: { user: { email: 'ada@notion.example' } } })))
    const uid = await signedIn('in-reply', undefined, { 'account-path': '/owner/user/email' })
    expect(await accountOf('in-reply')).toBe('ada@notion.example')
    await expect.poll(() => audited('in-reply')).toContain('sign_in.finished as ada@notion.example')
    await renew(uid)
    expect(await accountOf('in-reply')).toBe('ada@notion.example')
  })

  test('found out by its URL is not replaced by an id token that names another', async () => {
    const both = (): Behaviour => grantChanged((body) => ({ ...body, id_token: idTokenOf({ email: 'alias@id.example' }) }))
    expect(await world.configure('both', { 'account-url': `${world.provider.origin}/me` })).toBe(true)
    world.provider.next(both(), reply({ email: 'ada@both.example' }))
    await world.signIn('both')
    await expect.poll(() => accountOf('both')).toBe('ada@both.example')
    world.provider.next(both())
    await renew(await world.browser.uidOf('both'))
    expect(await accountOf('both')).toBe('ada@both.example')
  })
})

describe('a hostile account URL', () => {
  test.each<[string, Behaviour]>([
    ['a redirect', reply('', { status: 302, headers: { location: 'http://127.0.0.1:9/' } })],
    ['its token', ({ request, response }) => void response.end(JSON.stringify({ name: request.headers.authorization }))],
    ['a control character', reply({ name: 'ada\u001b]0;x\u0007' })],
    ['a megabyte', reply({ name: 'a'.repeat(1024 * 1024) })],
    ['a closed connection', ({ socket }) => void socket.destroy()],
  ])('that answers with %s costs nobody anything and names nobody', async (what, behaviour) => {
    const section = what.replaceAll(' ', '-')
    const before = world.provider.requests.length
    const uid = await signedIn(section, behaviour)
    await world.provider.received(before + 2)
    await expect.poll(() => world.server.log()).toContain(`"section":"${section}","words":`)
    expect(await world.fetch(uid)).toMatchObject({ access_token: expect.any(String) })
    expect(await accountOf(section)).toBeUndefined()
    expect(world.provider.requests).toHaveLength(before + 2)
  })

  test('that was not there when the user signed in gets no token, unless its origin gets tokens anyway', async () => {
    const uid = await signedIn('moved', undefined)
    const elsewhere = `${world.provider.origin.replace('127.0.0.1', 'localhost')}/me`
    const before = world.provider.requests.length
    await world.configure('moved', { 'account-url': elsewhere })
    await renew(uid)
    await world.configure('moved', { 'account-url': `${world.provider.origin}/me` })
    world.provider.next(grant(), reply({ name: 'ada' }))
    await renew(uid)
    await expect.poll(() => accountOf('moved')).toBe('ada')
    expect(world.provider.requests.slice(before).map(({ method }) => method)).toEqual(['POST', 'POST', 'GET'])
  })
})
