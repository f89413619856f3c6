import type { Page, Response } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { attemptCookieName, SESSION_COOKIE } from '../src/http/cookies.ts'
import { openProfile } from '../testing/browser.ts'
import { completeInteraction } from '../testing/complete-interaction.ts'
import { type ForeignSite, startCrossSite, startSameSite } from '../testing/foreign-site.ts'
import { ask, type Person, startSignIn, startTwoUsers, type TwoUsers, viewOf } from '../testing/two-users.ts'

/**
 * Ann, logged in and signed in to Box, opens pages of the attacker: of another site, and of the same site on another port,
 * to which a browser gives Benchkey's cookies along.
 */
let house: TwoUsers
let ann: Person
let box: string
let tab: Page
let answers: Response[]
let failures: string[]
const sites: Partial<Record<string, ForeignSite>> = {}

const KINDS = ['another site', 'another port of the same host'] as const

beforeAll(async () => {
  house = await startTwoUsers()
  ;({ ann } = house)
  box = house.uids.box
  sites['another site'] = await startCrossSite()
  sites['another port of the same host'] = await startSameSite(house.files)
  await ann.page.goto(await completeInteraction((await startSignIn(ann, box)).href, { userName: 'ann-at-box' }))
  await ann.page.getByText('as ann-at-box@demo.example').waitFor()
})
afterAll(async () => {
  await Promise.all(Object.values(sites).map((site) => site?.close()))
  await house.close()
})

beforeEach(async () => {
  house.rest()
  tab = await ann.profile.newPage()
  answers = []
  failures = []
  tab.on('requestfailed', (request) => {
    if (request.url().startsWith(house.files.publicUrl)) failures.push(request.failure()?.errorText ?? '')
  })
  tab.on('response', (response) => {
    if (response.url().startsWith(house.files.publicUrl)) answers.push(response)
  })
})
afterEach(() => tab.close())

async function open(kind: (typeof KINDS)[number], page = ''): Promise<void> {
  const site = sites[kind]
  if (!site) throw new Error(`there is no site ${kind}`)
  site.page = page
  await tab.goto(`${site.origin}/`)
}

/** Nothing was done to Ann: still signed in, as before, without an open attempt, and logged in as herself. */
async function expectUnharmed(): Promise<void> {
  const view = await viewOf(ann, box)
  expect([view.signedIn, view.account, view.waitingSince]).toEqual([true, 'ann-at-box@demo.example', undefined])
  expect((await ask(ann, '/api/me')).body).toContain('"userName":"ann"')
}

const statuses = (): number[] => answers.map((answer) => answer.status())

describe.each(KINDS)('a page of %s', (kind) => {
  it('can read no data with the cookies of Ann', async () => {
    await open(kind)
    const paths = [
      '/api/me',
      '/api/integrations',
      `/api/integrations/${box}`,
      '/settings/managed-credentials',
      '/oauth_integrations',
      '/api/v1/session',
    ]
    for (const path of paths) {
      const read = (
        mode: string,
      ) => `fetch(${JSON.stringify(house.files.publicUrl + path)}, { credentials: 'include', mode: '${mode}' })
        .then((reply) => reply.text(), (failure) => failure.name)`
      expect([path, await tab.evaluate(read('cors'))]).toEqual([path, 'TypeError'])
      expect([path, await tab.evaluate(read('no-cors'))]).toEqual([path, 'TypeError'])
    }
    // Each request arrived: the browser withholds the answers, by the missing CORS header or by Cross-Origin-Resource-Policy.
    await expect.poll(() => failures).toHaveLength(2 * paths.length)
    expect(failures.filter((text) => text === 'net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin')).toHaveLength(paths.length)
  })

  it('can change nothing by a fetch, a beacon or a preflight', async () => {
    await open(kind)
    for (const action of ['sign-in', 'sign-out', 'try-again']) {
      const url = JSON.stringify(`${house.files.publicUrl}/api/integrations/${box}/${action}`)
      const post = (
        rest: string,
      ) => `fetch(${url}, { method: 'POST', credentials: 'include', body: '{"returnTo":"settings"}', ${rest} })
        .catch((failure) => failure.name)`
      expect(await tab.evaluate(post(`mode: 'no-cors'`))).toBe('TypeError')
      expect(await tab.evaluate(post(`headers: { 'content-type': 'application/json', 'x-benchkey-request': '1' }`))).toBe(
        'TypeError',
      )
      expect(await tab.evaluate(`navigator.sendBeacon(${url}, '{}')`)).toBe(true)
    }
    await expect
      .poll(() => failures.filter((text) => text.startsWith('net::ERR_BLOCKED_BY_RESPONSE')).length)
      .toBeGreaterThanOrEqual(3)
    await expectUnharmed()
  })

  it("can neither log Ann out nor log her in as Eve with a form (login CSRF at Benchkey's own door)", async () => {
    for (const path of ['/api/logout', '/api/login']) {
      const fields = { userName: 'eve', password: house.eve.password }
      const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`)
      for (const enctype of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data']) {
        const form = `<form method="post" enctype="${enctype}" action="${house.files.publicUrl}${path}">${inputs.join('')}<button>Cats</button></form>`
        await open(kind, form)
        answers = []
        await tab.getByRole('button', { name: 'Cats' }).click()
        await expect.poll(statuses).toEqual([403])
      }
    }
    await expectUnharmed()
  })

  it('can start no sign-in by a link, a frame, an image or a script', async () => {
    const url = `${house.files.publicUrl}/api/integrations/${box}/sign-in`
    const page = `<a href="${url}">Cats</a><iframe src="${url}"></iframe><img src="${url}"><script src="${url}"></script>
      <object data="${url}"></object><link rel="prefetch" href="${url}">`
    await open(kind, page)
    await tab.getByRole('link', { name: 'Cats' }).click()
    await expect.poll(() => tab.url()).toBe(url)
    expect(statuses().filter((status) => status < 400)).toEqual([])
    await expectUnharmed()
  })

  it('can use up no open attempt by an image, a frame or a fetch of its callback', async () => {
    const callback = await completeInteraction((await startSignIn(ann, box)).href, { userName: 'ann-at-box' })
    const page = `<img src="${callback}"><iframe src="${callback}"></iframe><script src="${callback}"></script>`
    await open(kind, page.replaceAll('&', '&amp;'))
    await tab.evaluate(`fetch(${JSON.stringify(callback)}, { credentials: 'include', mode: 'no-cors' }).catch(() => undefined)`)
    expect(answers.length).toBeGreaterThan(0)
    expect(statuses().filter((status) => status !== 403)).toEqual([])
    expect((await viewOf(ann, box)).waitingSince).toBeDefined()
    await tab.goto(callback)
    await tab.getByText('as ann-at-box@demo.example').waitFor()
    await expectUnharmed()
  })

  it('can show no page of Benchkey in a frame', async () => {
    const paths = ['/login', '/settings/managed-credentials', '/sign-in/box', '/nothing-here']
    await open(kind, paths.map((path) => `<iframe src="${house.files.publicUrl}${path}"></iframe>`).join(''))
    await expect.poll(() => tab.frames().filter((frame) => frame.url().startsWith('chrome-error://')).length).toBe(paths.length)
    await expect.poll(() => answers.length).toBe(paths.length)
  })

  it('keeps no hold of a window of Benchkey that it opens', async () => {
    await open(kind)
    const opening = tab.waitForEvent('popup')
    await tab.evaluate(`window.held = window.open(${JSON.stringify(`${house.files.publicUrl}/settings/managed-credentials`)}); 0`)
    const popup = await opening
    await popup.getByText('Custom OAuth').waitFor()
    expect(await popup.evaluate('window.opener')).toBeNull()
    expect(await tab.evaluate('window.held.closed')).toBe(true)
    await popup.close()
  })

  it('can set no cookie of Benchkey by script', async () => {
    const profile = await openProfile(house.browser)
    const page = await profile.newPage()
    await page.goto(`${sites[kind]?.origin}/`)
    for (const name of [SESSION_COOKIE, attemptCookieName('0123456789abcdef')]) {
      for (const more of ['; HttpOnly', '', '; SameSite=None', '; Domain=localhost']) {
        await page.evaluate(`document.cookie = '${name}=${'A'.repeat(43)}; Path=/; Secure${more}'`)
        await page.evaluate(`cookieStore.set({ name: '${name}', value: '${'A'.repeat(43)}', path: '/' }).catch(() => undefined)`)
      }
    }
    expect((await profile.cookies()).filter(({ name }) => name.includes('benchkey'))).toEqual([])
    await profile.close()
  })
})
