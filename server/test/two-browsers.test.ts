import { hash } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { agree, openProfile } from '../testing/browser.ts'
import { completeInteraction } from '../testing/complete-interaction.ts'
import { fetchToken, send } from '../testing/start-server.ts'
import { ask, type Person, startSignIn, startTwoUsers, type TwoUsers, viewOf } from '../testing/two-users.ts'

/** Ann is the victim, Eve the attacker; both are users of one server and have browsers and sessions of their own. */
let house: TwoUsers
let ann: Person
let eve: Person
let box: string
let signInRequests: number

beforeAll(async () => {
  house = await startTwoUsers()
  ;({ ann, eve } = house)
  box = house.uids.box
})
afterAll(() => house.close())

beforeEach(() => {
  house.rest()
  signInRequests = house.honest.countTokenRequests('authorization_code')
})
afterEach(async () => {
  for (const person of [ann, eve]) await ask(person, `/api/integrations/${box}/sign-out`, {})
})

const DEAD_LINK = 'This sign-in link no longer works'

async function goHome({ page }: Person): Promise<void> {
  await page.goto(`${house.files.publicUrl}/settings/managed-credentials`)
  await page.getByText('Custom OAuth').waitFor()
}

/** The whole sign-in with clicks. */
async function signIn(person: Person, account: string): Promise<void> {
  const { page } = person
  await goHome(person)
  await page.getByRole('button', { name: 'Sign in to Box API Access' }).click()
  await agree(page, account)
  await page.getByText(`as ${account}@demo.example`).waitFor()
}

/** A sign-in where the clicks do not matter. */
async function comeBackSignedIn(person: Person, account: string): Promise<void> {
  const reply = await person.page.goto(await callbackOf(person, account), { waitUntil: 'commit' })
  expect([reply?.status(), new URL(person.page.url()).pathname]).toEqual([200, '/settings/managed-credentials'])
}

/** Everything up to the address that the service sends the browser to, which is not opened. */
async function callbackOf(person: Pick<Person, 'desk'>, account: string): Promise<string> {
  return await completeInteraction((await startSignIn(person, box)).href, { userName: account })
}

/** A browser in which nobody is logged in. */
async function newBrowser(): Promise<Pick<Person, 'desk'>> {
  const desk = await (await openProfile(house.browser)).newPage()
  await desk.goto(`${house.files.publicUrl}/favicon.svg`)
  return { desk }
}

async function expectDeadLink(page: Page): Promise<void> {
  await page.getByRole('heading', { name: DEAD_LINK }).waitFor()
}

const isSignedIn = async (person: Person): Promise<boolean> => (await viewOf(person, box)).signedIn
const sentCodes = (): number => house.honest.countTokenRequests('authorization_code') - signInRequests
const tokenOf = async (person: Person): Promise<string | undefined> => {
  const reply = await fetchToken(house.files, person.rpcCookie, box)
  return (JSON.parse(reply.body) as { access_token?: string }).access_token
}

/** Who the honest service says a token belongs to. */
async function ownerOf(token: string | undefined): Promise<string> {
  const reply = await fetch(house.honest.resourceUrl, { headers: { authorization: `Bearer ${token}` } })
  return ((await reply.json()) as { user: string }).user
}

describe('nothing of one user reaches the other', () => {
  it('in pages and their data', async () => {
    await signIn(ann, 'ann-at-box')
    await goHome(eve)
    await eve.page.getByRole('button', { name: 'Sign in to Box API Access' }).waitFor()
    const seen = [await eve.page.content()]
    for (const path of ['/api/me', '/api/integrations', `/api/integrations/${box}`]) seen.push((await ask(eve, path)).body)
    expect(seen.join('\n')).not.toMatch(/ann/i)
    expect(seen.join('\n')).toContain('eve')
    expect((await ask(eve, '/api/integrations?user=ann&userName=ann')).body).not.toContain('ann-at-box')
    expect(await isSignedIn(ann)).toBe(true)
  })

  it('in events', async () => {
    const eventsOf = (person: Person) => person.desk.evaluate(COUNT_EVENTS)
    await eve.desk.evaluate(LISTEN)
    await ann.desk.evaluate(LISTEN)
    await startSignIn(ann, box)
    await expect.poll(() => eventsOf(ann)).toBe(1)
    expect(await eventsOf(eve)).toBe(0)
    // Her own event shows that hers would have been heard.
    await startSignIn(eve, box)
    await expect.poll(() => eventsOf(eve)).toBe(1)
    expect(await eventsOf(ann)).toBe(1)
  })

  it('in the session RPC: each cookie gets its own token, whatever else the request says', async () => {
    await comeBackSignedIn(ann, 'ann-at-box')
    expect(await ownerOf(await tokenOf(ann))).toBe('ann-at-box')
    expect(await tokenOf(eve)).toBeUndefined()
    await comeBackSignedIn(eve, 'eve-at-box')
    expect(await ownerOf(await tokenOf(eve))).toBe('eve-at-box')
    const kwparams = { uuid: box, user: 'ann', userId: 'ann', 'user-id': 'ann' }
    const asAnn = await send(house.files, '/oauth_token?user=ann&user-id=ann', {
      method: 'POST',
      headers: { 'x-rs-session-server-rpc-cookie': eve.rpcCookie, 'x-user': 'ann' },
      body: JSON.stringify({ kwparams, method: 'oauth_token', params: ['ann'] }),
    })
    expect(await ownerOf((JSON.parse(asAnn.body) as { access_token: string }).access_token)).toBe('eve-at-box')
  })

  it('in the session RPC: who asks, signs out and reports does it for themselves, whatever else the request says', async () => {
    await comeBackSignedIn(ann, 'ann-at-box')
    await comeBackSignedIn(eve, 'eve-at-box')
    const askAsEve = async (path: string, body: object = {}) => {
      const headers = { 'x-rs-session-server-rpc-cookie': eve.rpcCookie, 'x-user': 'ann' }
      const own = JSON.stringify({ user: 'ann', ...body })
      const reply = await send(house.files, `/api/v1/${path}?user=ann`, { method: 'POST', headers, body: own })
      return JSON.parse(reply.body) as Record<string, unknown>
    }
    expect(await askAsEve('session')).toMatchObject({ user: 'eve' })
    expect(await askAsEve(`integrations/${box}`)).toMatchObject({ account: 'eve-at-box@demo.example' })
    const anns = (await tokenOf(ann)) ?? ''
    const fingerprint = hash('sha256', anns, 'hex').slice(0, 16)
    expect(await askAsEve(`integrations/${box}/report`, { fingerprint })).toMatchObject({ outcome: 'newer_token' })
    expect(await askAsEve(`integrations/${box}/sign-out`)).toMatchObject({ signed_out: true })
    expect([await isSignedIn(ann), await isSignedIn(eve), await tokenOf(ann)]).toEqual([true, false, anns])
  })

  it("in the session RPC: Eve's secret under Ann's name opens nothing", async () => {
    const [, date, secret] = eve.rpcCookie.split('|')
    const reply = await fetchToken(house.files, `user-id=ann|${date}|${secret}`, box)
    expect(reply.status).toBe(401)
  })

  it('when the other signs out or in again', async () => {
    await comeBackSignedIn(ann, 'ann-at-box')
    await comeBackSignedIn(eve, 'eve-at-box')
    await ask(eve, `/api/integrations/${box}/sign-out`, {})
    expect([await isSignedIn(ann), await isSignedIn(eve)]).toEqual([true, false])
    expect(await ownerOf(await tokenOf(ann))).toBe('ann-at-box')
    expect(await tokenOf(eve)).toBeUndefined()
  })
})

describe('attacks by name, in real browsers', () => {
  it("login CSRF: Ann opens a link with Eve's finished sign-in, and is not signed in as Eve", async () => {
    await ann.page.goto(await callbackOf(eve, 'eve-at-box'))
    await expectDeadLink(ann.page)
    expect([await isSignedIn(ann), sentCodes()]).toEqual([false, 0])
  })

  it("code injection: Ann's stolen code under Eve's own attempt gives Eve nothing", async () => {
    const annsCode = new URL(await callbackOf(ann, 'ann-at-box')).searchParams.get('code') ?? ''
    const evesCallback = new URL(await callbackOf(eve, 'eve-at-box'))
    evesCallback.searchParams.set('code', annsCode)
    await eve.page.goto(evesCallback.href)
    await eve.page.getByRole('heading', { name: 'could not finish the sign-in' }).waitFor()
    // The service itself refuses it: the code belongs to another PKCE challenge.
    expect(house.honest.tokenRequests.at(-1)).toMatchObject({ error: 'invalid_grant' })
    expect(await isSignedIn(eve)).toBe(false)
  })

  it("code injection: Ann's stolen callback in Eve's browser gives Eve nothing, and Ann can still finish", async () => {
    const stolen = await callbackOf(ann, 'ann-at-box')
    await eve.page.goto(stolen)
    await expectDeadLink(eve.page)
    expect(sentCodes()).toBe(0)
    await ann.page.goto(stolen)
    await ann.page.getByText('as ann-at-box@demo.example').waitFor()
    expect(await isSignedIn(eve)).toBe(false)
  })

  it('replay: the address of a finished sign-in sends its code once, and says that it was used', async () => {
    const callback = await callbackOf(ann, 'ann-at-box')
    await ann.page.goto(callback)
    await ann.page.getByText('as ann-at-box@demo.example').waitFor()
    expect(ann.page.url()).toBe(`${house.files.publicUrl}/settings/managed-credentials`)
    await ann.page.goto(callback)
    await expectDeadLink(ann.page)
    await ann.page.getByRole('link', { name: 'Go to Managed Credentials' }).click()
    await ann.page.getByText('as ann-at-box@demo.example').waitFor()
    expect(sentCodes()).toBe(1)
  })

  /** RFC 9700 §4.4: the attacker's server sends Ann on to the honest one, to have the honest code brought to its own token URL. */
  it('mix-up: a code of the honest service is not brought to the attacker, who began the sign-in', async () => {
    house.evil.next(({ request, response }) => {
      const honest = new URL(house.honest.authorizationUrl)
      honest.search = new URL(request.path, house.evil.origin).search
      honest.searchParams.set('client_id', 'bench')
      honest.searchParams.set('scope', 'openid read')
      response.writeHead(302, { location: honest.href }).end()
    })
    const before = house.evil.requests.length
    await goHome(ann)
    await ann.page.getByRole('button', { name: 'Sign in to Evil API' }).click()
    await agree(ann.page, 'ann-at-box')
    await expectDeadLink(ann.page)
    expect(house.evil.requests.slice(before).map(({ method }) => method)).toEqual(['GET'])
    expect(sentCodes()).toBe(0)
  })

  it("mix-up: the attacker's service cannot answer in the name of the honest one", async () => {
    const state = (await startSignIn(ann, box)).searchParams.get('state') ?? ''
    const forged = new URL(house.files.redirectUri)
    forged.search = new URLSearchParams({ state, code: 'a code of evil', iss: house.evil.origin }).toString()
    await ann.page.goto(forged.href)
    await expectDeadLink(ann.page)
    expect(sentCodes()).toBe(0)
  })

  it("cross-user fixation: Ann agrees at the service on Eve's link, and neither gets the tokens", async () => {
    const evesLink = await startSignIn(eve, box)
    await ann.page.goto(evesLink.href)
    await agree(ann.page, 'ann-at-box')
    await expectDeadLink(ann.page)
    expect([await isSignedIn(ann), await isSignedIn(eve), sentCodes()]).toEqual([false, false, 0])
  })

  it("cross-user fixation: with Eve's attempt cookie planted in Ann's browser, too", async () => {
    const callback = await callbackOf(eve, 'eve-at-box')
    const attempts = (await eve.profile.cookies()).filter(({ name }) => name.includes('-attempt-'))
    expect(attempts.length).toBeGreaterThan(0)
    await ann.profile.addCookies(attempts)
    await ann.page.goto(callback)
    await expectDeadLink(ann.page)
    expect([await isSignedIn(ann), sentCodes()]).toEqual([false, 0])
  })

  it("cross-user fixation: Ann's reply does not go to Eve who logged in on the same browser meanwhile", async () => {
    const shared = await newBrowser()
    const page = shared.desk
    await ask(shared, '/api/login', { userName: 'ann', password: ann.password })
    const callback = await completeInteraction((await startSignIn(shared, box)).href, { userName: 'ann-at-box' })
    await ask(shared, '/api/login', { userName: 'eve', password: eve.password })
    await page.goto(callback)
    await expectDeadLink(page)
    await page.context().close()
    expect([await isSignedIn(ann), await isSignedIn(eve), sentCodes()]).toEqual([false, false, 0])
  })
})

const LISTEN = `new Promise((opened) => {
  window.heard = 0
  const stream = new EventSource('/api/events')
  stream.addEventListener('integrations', () => { window.heard += 1 })
  stream.addEventListener('open', () => opened())
})`
const COUNT_EVENTS = 'window.heard'

describe('a callback', () => {
  it('with anything doubled is not used, and says so', async () => {
    for (const name of ['state', 'code', 'iss']) {
      const callback = new URL(await callbackOf(ann, 'ann-at-box'))
      callback.searchParams.append(name, callback.searchParams.get(name) ?? '')
      await ann.page.goto(callback.href)
      await ann.page.getByRole('heading', { name: 'Benchkey did not use this answer' }).waitFor()
    }
    expect([await isSignedIn(ann), sentCodes()]).toEqual([false, 0])
  })

  it('with anything missing is not used', async () => {
    for (const name of ['state', 'code', 'iss']) {
      const callback = new URL(await callbackOf(ann, 'ann-at-box'))
      callback.searchParams.delete(name)
      const reply = await ann.page.goto(callback.href)
      expect(reply?.status()).toBeGreaterThanOrEqual(400)
    }
    expect([await isSignedIn(ann), sentCodes()]).toEqual([false, 0])
  })

  it('with an error shows the words of the service as plain text, and error_uri as no link', async () => {
    const state = (await startSignIn(ann, box)).searchParams.get('state') ?? ''
    const callback = new URL(house.files.redirectUri)
    const words = '<a href="https://evil.example">Click here</a><script>document.title = "Cats"</script>'
    const error = { error: 'server_error', error_description: words, error_uri: 'https://evil.example/help' }
    callback.search = new URLSearchParams({ state, iss: house.honest.issuer, ...error }).toString()
    await ann.page.goto(callback.href)
    await ann.page.getByText('<a href= https://evil.example >Click here</a>').waitFor()
    expect(await ann.page.locator('a[href*="evil.example"]').count()).toBe(0)
    expect(await ann.page.content()).not.toContain('evil.example/help')
    expect([await ann.page.title(), sentCodes()]).toEqual([expect.not.stringContaining('Cats'), 0])
  })

  it('from another browser of the same user is not used', async () => {
    const callback = await callbackOf(ann, 'ann-at-box')
    const { desk, desk: page } = await newBrowser()
    expect((await ask({ desk }, '/api/login', { userName: 'ann', password: ann.password })).status).toBe(200)
    await page.goto(callback)
    await expectDeadLink(page)
    await page.context().close()
    expect([await isSignedIn(ann), sentCodes()]).toEqual([false, 0])
  })

  it('after a log-out asks to log in and sends no code', async () => {
    const { desk, desk: page } = await newBrowser()
    await ask({ desk }, '/api/login', { userName: 'ann', password: ann.password })
    const callback = await completeInteraction((await startSignIn({ desk }, box)).href, { userName: 'ann-at-box' })
    await ask({ desk }, '/api/logout', {})
    await page.goto(callback)
    await page.getByRole('heading', { name: 'You were logged out meanwhile' }).waitFor()
    await page.context().close()
    expect(sentCodes()).toBe(0)
  })

  it('and the back button: what was signed in stays so, and no second code is sent (F35)', async () => {
    await signIn(ann, 'ann-at-box')
    await ann.page.goBack()
    await ann.page.goForward()
    await ann.page.getByText('as ann-at-box@demo.example').waitFor()
    expect(sentCodes()).toBe(1)
    expect(await ownerOf(await tokenOf(ann))).toBe('ann-at-box')
  })

  it('in each of two tabs is a sign-in of its own, and the last one wins (F35)', async () => {
    const second = await ann.profile.newPage()
    await goHome(ann)
    await ann.page.getByRole('button', { name: 'Sign in to Box API Access' }).click()
    await ann.page.getByLabel('User name').waitFor()
    await second.goto((await startSignIn(ann, box)).href)
    await agree(second, 'second-at-box')
    await second.getByText('as second-at-box@demo.example').waitFor()
    await agree(ann.page, 'first-at-box')
    await ann.page.getByText('as first-at-box@demo.example').waitFor()
    await second.close()
    expect(sentCodes()).toBe(2)
    expect(await ownerOf(await tokenOf(ann))).toBe('first-at-box')
  })

  it('after a restart of the server works: attempts live in the database (F36)', async () => {
    await goHome(ann)
    await ann.page.getByRole('button', { name: 'Sign in to Box API Access' }).click()
    await ann.page.getByLabel('User name').waitFor()
    await house.restart()
    await agree(ann.page, 'ann-at-box')
    await ann.page.getByText('as ann-at-box@demo.example').waitFor()
    expect(sentCodes()).toBe(1)
  })
})
