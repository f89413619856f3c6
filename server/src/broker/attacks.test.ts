import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type RunningAuthorizationServer, startAuthorizationServer } from '../../testing/authorization-server.ts'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import { completeInteraction } from '../../testing/complete-interaction.ts'
import { PlayedBrowser, signInsOf } from '../../testing/played-browser.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../testing/scripted-provider.ts'
import type { Integration } from '../domain/integration.ts'
import type { User } from '../domain/people.ts'
import type { BrowserSignIns } from './sign-ins.ts'

const PUBLIC_URL = 'https://bench.example'
const CALLBACK = `${PUBLIC_URL}/oauth_redirect_callback`

/** The attacks of security.md by name, against a real authorization server. Ann is the victim, Eve the attacker. */
let room: BrokerRoom
let server: RunningAuthorizationServer
let signIns: BrowserSignIns
let box: Integration
let ann: User
let eve: User
let annsBrowser: PlayedBrowser
let evesBrowser: PlayedBrowser

beforeEach(async () => {
  room = await openBrokerRoom(PUBLIC_URL)
  const client = { id: 'bench', secret: 'the-client-secret', method: 'client-secret-post', redirectUris: [CALLBACK] } as const
  server = await startAuthorizationServer({ clients: [client], rotate: true, accessTokenSeconds: 600 })
  box = integrationOf({
    section: 'box',
    client: { clientId: client.id, clientSecret: client.secret, authenticationMethod: client.method },
    authorizationUrl: server.authorizationUrl,
    tokenUrl: server.tokenUrl,
    issuer: server.issuer,
    scopes: ['openid', 'read'],
  })
  signIns = signInsOf(room)
  await room.configure(box)
  ;[ann, eve] = [await room.addUser('ann'), await room.addUser('eve')]
  annsBrowser = new PlayedBrowser(signIns, await room.browserOf(ann))
  evesBrowser = new PlayedBrowser(signIns, await room.browserOf(eve))
})

afterEach(async () => {
  await server.close()
  await room.close()
})

async function isSignedIn(user: User): Promise<boolean> {
  return (await signIns.details(user, box.uid)).token !== undefined
}

/** Signs in to Benchkey's integration as somebody at the service, up to the URL that comes back with the code. */
async function upToCallback(browser: PlayedBrowser, userName: string): Promise<string> {
  const url = await browser.start(box.uid)
  return completeInteraction(url.href, { userName })
}

const parameterOf = (url: string, name: string): string => new URL(url).searchParams.get(name) ?? ''

describe('a sign-in at a real authorization server', () => {
  test('ends signed in, as the account the service names', async () => {
    expect(await annsBrowser.open(await upToCallback(annsBrowser, 'ann'))).toMatchObject({ kind: 'signed_in' })
    const details = await signIns.details(ann, box.uid)
    expect(details.state).toMatchObject({ code: 'signed_in', reason: 'renews' })
    expect(details.token).toMatchObject({ account: 'ann@demo.example', hasRefreshToken: true, userId: ann.id })
    expect(await isSignedIn(eve)).toBe(false)
  })

  test('is over when the person denies it', async () => {
    const url = await annsBrowser.start(box.uid)
    const back = await completeInteraction(url.href, { deny: true })
    expect(await annsBrowser.open(back)).toMatchObject({ kind: 'problem', problem: 'denied', integration: box })
    expect(await isSignedIn(ann)).toBe(false)
  })

  test('with a client secret that is wrong is a problem of the client, not of the person', async () => {
    const url = await annsBrowser.start(box.uid)
    await room.configure({ ...box, client: { ...box.client, clientSecret: 'wrong-secret' } })
    const answer = await annsBrowser.open(await completeInteraction(url.href))
    expect(answer).toMatchObject({ kind: 'problem', problem: 'client_refused' })
    expect(JSON.stringify(await room.audited())).not.toMatch(/wrong-secret|the-client-secret/)
  })
})

describe('attacks', () => {
  test("login CSRF: Eve's finished callback, opened in Ann's browser, does not sign Ann in as Eve", async () => {
    const evesCallback = await upToCallback(evesBrowser, 'eve')
    await annsBrowser.start(box.uid)
    expect(await annsBrowser.open(evesCallback)).toMatchObject({ kind: 'problem', problem: 'dead_link' })
    expect(await isSignedIn(ann)).toBe(false)
    expect(server.countTokenRequests()).toBe(0)
  })

  test("code injection: Ann's stolen code under Eve's own state gives Eve nothing", async () => {
    const annsCode = parameterOf(await upToCallback(annsBrowser, 'ann'), 'code')
    const evesState = (await evesBrowser.start(box.uid)).searchParams.get('state') ?? ''
    const injected = `${CALLBACK}?code=${annsCode}&state=${evesState}&iss=${encodeURIComponent(server.issuer)}`
    expect(await evesBrowser.open(injected)).toMatchObject({ kind: 'problem', problem: 'provider_failed' })
    expect(server.tokenRequests).toMatchObject([{ error: 'invalid_grant' }])
    expect(await isSignedIn(eve)).toBe(false)
  })

  test("code injection: Ann's stolen callback in Eve's browser gives Eve nothing, and Ann can still finish", async () => {
    const stolen = await upToCallback(annsBrowser, 'ann')
    expect(await evesBrowser.open(stolen)).toMatchObject({ problem: 'dead_link' })
    expect(await isSignedIn(eve)).toBe(false)
    expect(await annsBrowser.open(stolen)).toMatchObject({ kind: 'signed_in' })
  })

  test('replay: a callback opened twice sends its code once', async () => {
    const callback = await upToCallback(annsBrowser, 'ann')
    expect(await annsBrowser.open(callback)).toMatchObject({ kind: 'signed_in' })
    expect(await annsBrowser.open(callback)).toMatchObject({ kind: 'problem', problem: 'dead_link' })
    expect(server.countTokenRequests('authorization_code')).toBe(1)
    expect(await isSignedIn(ann)).toBe(true)
  })

  test("cross-user fixation: Eve's state and cookies planted in Ann's browser do not sign Ann in as Eve", async () => {
    const evesCallback = await upToCallback(evesBrowser, 'eve')
    for (const [name, value] of evesBrowser.cookies) annsBrowser.cookies.set(name, value)
    expect(await annsBrowser.open(evesCallback)).toMatchObject({ kind: 'problem', problem: 'dead_link' })
    expect(await isSignedIn(ann)).toBe(false)
    expect(server.countTokenRequests()).toBe(0)
  })

  test("cross-user fixation: Ann's reply after Eve logged in on the same browser does not go to Eve", async () => {
    const callback = await upToCallback(annsBrowser, 'ann')
    annsBrowser.session = evesBrowser.session
    expect(await annsBrowser.open(callback)).toMatchObject({ kind: 'problem', problem: 'dead_link' })
    expect([await isSignedIn(ann), await isSignedIn(eve)]).toEqual([false, false])
  })
})

/**
 * Mix-up (RFC 9700 §4.4): Ann starts at the attacker's server, which sends her on to the honest one with the state of her
 * attempt at the attacker's. The honest server's code must not travel to the attacker's token endpoint.
 */
describe('mix-up', () => {
  let evil: ScriptedProvider
  beforeEach(async () => {
    evil = await startScriptedProvider()
  })
  afterEach(() => evil.close())

  async function mixedUp(changes: Partial<Integration>, honest: Partial<Integration> = {}) {
    const attackers = integrationOf({
      section: 'evil',
      authorizationUrl: evil.authorizationUrl,
      tokenUrl: evil.tokenUrl,
      ...changes,
    })
    const honestly = { ...box, ...honest }
    await room.configure(honestly, attackers)
    const atEvil = await annsBrowser.start(attackers.uid)
    const atHonest = new URL(atEvil)
    const { origin, pathname } = new URL(box.authorizationUrl)
    const forwarded = new URL(`${origin}${pathname}${atHonest.search}`)
    forwarded.searchParams.set('client_id', box.client.clientId)
    forwarded.searchParams.set('scope', 'openid read')
    forwarded.searchParams.set('redirect_uri', CALLBACK)
    return { attackers, back: await completeInteraction(forwarded.href, { userName: 'ann' }) }
  }

  test('is seen by the iss of the honest integration', async () => {
    const { back } = await mixedUp({})
    expect(parameterOf(back, 'iss')).toBe(server.issuer)
    expect(await annsBrowser.open(back)).toMatchObject({ kind: 'problem', problem: 'dead_link' })
    expect(evil.requests).toHaveLength(0)
  })

  test('is seen by the origin of the honest integration when that has no issuer option', async () => {
    const { issuer: _, ...withoutIssuer } = box
    const attackers = integrationOf({ section: 'evil', authorizationUrl: evil.authorizationUrl, tokenUrl: evil.tokenUrl })
    await room.configure(withoutIssuer, attackers)
    const state = (await annsBrowser.start(attackers.uid)).searchParams.get('state') ?? ''
    const reply = [
      ['state', state],
      ['code', 'an honest code'],
      ['iss', server.issuer],
    ] as const
    expect(await annsBrowser.answer(reply)).toMatchObject({ problem: 'dead_link' })
    expect(evil.requests).toHaveLength(0)
  })

  test("is seen by the attacker's own issuer option", async () => {
    const { back } = await mixedUp({ issuer: evil.origin })
    expect(await annsBrowser.open(back)).toMatchObject({ problem: 'dead_link' })
    expect(evil.requests).toHaveLength(0)
  })

  test('is seen by the path when the redirect URI is per integration', async () => {
    const { back } = await mixedUp({ redirectUri: 'per-integration' })
    const withoutIss = new URL(back)
    withoutIss.searchParams.delete('iss')
    expect(await annsBrowser.open(withoutIss.href)).toMatchObject({ problem: 'dead_link' })
    expect(evil.requests).toHaveLength(0)
  })
})
