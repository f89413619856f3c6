import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, type WatchedPage } from './browser.ts'
import { FixtureServer, type Script } from './fixture-server.ts'
import { EVERY_STATE, HEALTHY, ONE_PROBLEM, PROBLEM, SAMPLE_NOW, SWITCHED_OFF } from './sample-states.ts'

const SETTINGS = '/settings/managed-credentials'

let browser: Browser
let server: FixtureServer
let watched: WatchedPage

beforeAll(async () => {
  browser = await launchBrowser()
})
afterEach(async () => {
  expect(watched.complaints).toEqual([])
  await watched.context.close()
  await server.stop()
})
afterAll(() => browser.close())

/** Opens a path of a server that follows the script. */
async function visit(path: string, script: Partial<Script>, basePath = ''): Promise<Page> {
  server = await FixtureServer.start(script, basePath)
  watched = await openPage(browser)
  await watched.page.goto(server.url(path))
  return watched.page
}

const row = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) })
const pathOf = (page: Page) => new URL(page.url()).pathname

describe('logging in', () => {
  it('says what it is for, shows the refusal, then leads to the deep link', async () => {
    const refusal = { status: 401, body: { error: { code: 'refused', message: 'User name or password is not right.' } } }
    const page = await visit('/sign-in/google', { loggedIn: false, integrations: HEALTHY, posts: { '/api/login': refusal } })
    await page.getByText('Log in to continue to: sign in to google.').waitFor()
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('User name or password is not right.').waitFor()

    delete server.script.posts['/api/login']
    await page.getByLabel('Password').fill('right')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('heading', { name: 'Sign in to Google Drive' }).waitFor()
    expect(server.posted.at(-1)?.body).toEqual({ userName: 'ada', password: 'right' })
  })

  it('follows no link that is not one of its own', async () => {
    const page = await visit('/login?next=//evil.example/', { loggedIn: false, integrations: HEALTHY })
    await page.getByLabel('User name').fill('ada')
    await page.getByLabel('Password').fill('right')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
    expect(new URL(page.url()).origin).toBe(new URL(server.url('/')).origin)
    expect(pathOf(page)).toBe(SETTINGS)
  })

  it('has one button and one label of those words', async () => {
    const page = await visit('/login', { loggedIn: false })
    await page.getByRole('button', { name: 'Log in' }).waitFor()
    expect(await page.getByRole('button', { name: 'Log in' }).count()).toBe(1)
    expect(await page.getByLabel('Password').count()).toBe(1)
  })
})

describe('the settings page', () => {
  it('is where / leads, counts, and keeps the order it was given', async () => {
    const page = await visit('/', { integrations: EVERY_STATE })
    await page.getByText('9 integrations, 2 need you').waitFor()
    expect(pathOf(page)).toBe(SETTINGS)
    expect(await page.getByRole('heading', { level: 3 }).allTextContents()).toEqual(EVERY_STATE.map(({ name }) => name))
  })

  it('gives every row its one button and Info, by their exact names', async () => {
    const page = await visit(SETTINGS, { integrations: EVERY_STATE })
    for (const { name, signedIn } of EVERY_STATE) {
      const button = signedIn ? `Sign out of ${name}` : `Sign in to ${name}`
      await row(page, name).getByRole('button', { name: button, exact: true }).waitFor()
      await row(page, name)
        .getByRole('button', { name: `Info about ${name}`, exact: true })
        .waitFor()
    }
  })

  it('explains under the row only what is wrong, with the act beside it', async () => {
    const page = await visit(SETTINGS, { integrations: EVERY_STATE })
    await row(page, 'Box API Access').getByText('stopped accepting your sign-in on 21 Nov 10:02.').waitFor()
    await row(page, 'Salesforce').getByRole('button', { name: 'Sign in to Salesforce', exact: true }).waitFor()
    await row(page, 'GitHub').getByText('as ada-l · does not expire').waitFor()
    expect(await row(page, 'Google Drive').getByText('You are not signed in').count()).toBe(0)

    await row(page, 'Dropbox').getByRole('button', { name: 'Copy message for your administrator' }).click()
    await page.getByText('Copied', { exact: true }).waitFor()
    const copied = await page.evaluate(() => navigator.clipboard.readText())
    expect(copied).toBe('Benchkey, [dropbox]: api.dropboxapi.com refuses the client ID or secret since 10:02.')
  })

  it('tells how to copy by hand when the browser refuses to', async () => {
    const page = await visit(SETTINGS, { integrations: EVERY_STATE })
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'))
    })
    await row(page, 'Dropbox').getByRole('button', { name: 'Copy message for your administrator' }).click()
    await row(page, 'Dropbox').getByRole('alert').getByText('Benchkey, [dropbox]:').waitFor()
  })

  it('shows nothing for 300 ms, then grey lines of the rows height', async () => {
    const page = await visit(SETTINGS, { integrations: HEALTHY, lateMs: 4000 })
    const skeleton = page.getByRole('status', { name: 'Loading' })
    await skeleton.waitFor({ state: 'attached' })
    expect(await skeleton.evaluate((element) => getComputedStyle(element).animationDelay)).toBe('0.3s')
    expect(
      await skeleton
        .locator('.skeleton-row')
        .first()
        .evaluate((element) => element.getBoundingClientRect().height),
    ).toBeGreaterThanOrEqual(56)
    await row(page, 'GitHub').waitFor()
    expect(await skeleton.count()).toBe(0)
  })

  it('keeps the list and says so when Benchkey stops answering', async () => {
    const page = await visit(SETTINGS, { integrations: HEALTHY })
    await row(page, 'GitHub').waitFor()
    await page.route('**/api/integrations/*/sign-in', (route) => route.abort())
    watched.expected.push('ERR_FAILED')
    await page.getByRole('button', { name: 'Sign in to Google Drive' }).click()
    await row(page, 'Google Drive').getByRole('alert').getByText('Benchkey does not answer.').waitFor()
    expect(await row(page, 'GitHub').count()).toBe(1)
  })

  it('loads at most 120 KB of compressed script before it stands', async () => {
    server = await FixtureServer.start({ integrations: HEALTHY })
    watched = await openPage(browser)
    const scripts: Promise<Buffer>[] = []
    watched.page.on('response', (response) => {
      if (response.url().endsWith('.js')) scripts.push(response.body())
    })
    await watched.page.goto(server.url(SETTINGS))
    await row(watched.page, 'GitHub').waitFor()
    const sizes = (await Promise.all(scripts)).map((script) => gzipSync(script).length)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    expect(total).toBeGreaterThan(10_000)
    expect(total).toBeLessThanOrEqual(120 * 1024)
  })
})

describe('signing in', () => {
  it('posts with the two headers and navigates the same tab', async () => {
    const page = await visit(SETTINGS, { integrations: HEALTHY })
    const google = HEALTHY[3]
    const path = `/api/integrations/${google?.uid}/sign-in`
    const target = server.url('/sign-in/github')
    server.script.posts[path] = { status: 200, body: { url: target } }
    await page.getByRole('button', { name: 'Sign in to Google Drive' }).click()
    await page.waitForURL(target)
    const posted = server.posted[0]
    expect(posted?.path).toBe(path)
    expect(posted?.body).toEqual({ returnTo: 'settings' })
    expect(posted?.headers['content-type']).toBe('application/json')
    expect(posted?.headers['x-benchkey-request']).toBe('1')
  })

  it('navigates to nothing but https or this machine', async () => {
    const page = await visit(SETTINGS, { integrations: HEALTHY })
    for (const url of ['javascript:document.title="owned"', 'http://account.box.com/', 'data:text/html,x']) {
      server.script.posts[`/api/integrations/${HEALTHY[3]?.uid}/sign-in`] = { status: 200, body: { url } }
      await page.getByRole('button', { name: 'Sign in to Google Drive' }).click()
      await row(page, 'Google Drive').getByText('The address to sign in at is not an https one').waitFor()
      expect(pathOf(page)).toBe(SETTINGS)
    }
  })

  it('waits for another tab, counts, and after a minute says what is most often wrong', async () => {
    const waitingSince = new Date(SAMPLE_NOW.getTime() - 40_000).toISOString()
    const waiting = HEALTHY.map((each) => (each.section === 'google' ? { ...each, waitingSince } : each))
    const page = await visit(SETTINGS, { integrations: waiting })
    const google = row(page, 'Google Drive')
    await google.getByText(/Waiting for accounts\.google\.com \(4\d s\)/).waitFor()
    expect(await google.getByText('Most often the redirect URI').count()).toBe(0)
    await page.clock.fastForward(30_000)
    await google.getByText('Does accounts.google.com show an error instead of coming back?').waitFor()
    await google.getByText('https://bench.example.com/oauth_redirect_callback').waitFor()
    server.script.posts[`/api/integrations/${HEALTHY[3]?.uid}/sign-in`] = {
      status: 200,
      body: { url: server.url('/sign-in/github') },
    }
    await google.getByRole('button', { name: 'Start again' }).click()
    await page.waitForURL('**/sign-in/github')
  })

  it('starts nothing when its page is opened, and posts for its own end when asked to', async () => {
    const page = await visit('/sign-in/google', { integrations: HEALTHY })
    await page.getByRole('button', { name: 'Sign in to Google Drive' }).waitFor()
    expect(server.posted).toEqual([])
    server.script.posts[`/api/integrations/${HEALTHY[3]?.uid}/sign-in`] = { status: 200, body: { url: server.url('/settings') } }
    await page.getByRole('button', { name: 'Sign in to Google Drive' }).click()
    await page.waitForURL('**/settings/**')
    expect(server.posted[0]?.body).toEqual({ returnTo: 'sign-in-page' })
  })

  it('is found under a name its section had before, and says so when it is switched off', async () => {
    const page = await visit('/sign-in/box', { integrations: HEALTHY, switchedOff: [SWITCHED_OFF] })
    await page.getByRole('heading', { name: 'Sign in to Box API Access' }).waitFor()
    await page.goto(server.url('/sign-in/old-lab'))
    await page.getByRole('heading', { name: 'The Lab is switched off' }).waitFor()
    await page.getByText(`${SWITCHED_OFF.explanation} ${SWITCHED_OFF.action}`).waitFor()
    await page.goto(server.url('/sign-in/nobody'))
    await page.getByRole('heading', { name: 'Unknown integration' }).waitFor()
  })

  it('ends on its own page, which without a sign-in asks for one', async () => {
    const page = await visit('/sign-in/box-integration/done', { integrations: HEALTHY })
    await page
      .getByText('Signed in to Box API Access as ada@example.com. You can close this tab; your session has the token already.')
      .waitFor()
    await page.goto(server.url('/sign-in/google/done'))
    await page.getByRole('heading', { name: 'Sign in to Google Drive' }).waitFor()
  })
})

describe('a callback problem', () => {
  it('takes code and state out of the address, shows the service words as text, and leads on', async () => {
    const page = await visit('/oauth_redirect_callback?code=secret&state=s', { problem: PROBLEM, integrations: ONE_PROBLEM })
    await page.getByRole('heading', { name: PROBLEM.title }).waitFor()
    expect(page.url()).toBe(server.url('/oauth_redirect_callback'))
    expect(await page.getByText('access_denied: The user denied access to your application <b>').count()).toBe(1)
    await page.getByText('Reference k7f2-91qd · 21 Nov 10:02').waitFor()
    server.script.problem = undefined
    await page.getByRole('link', { name: 'Back to Managed Credentials' }).click()
    await row(page, 'GitHub').waitFor()
    await page.goBack()
    expect(page.url()).not.toContain('secret')
  })

  it('that uses nothing up keeps its address, and its button opens it again', async () => {
    const problem = { ...PROBLEM, isRepeatable: true as const, button: { label: 'Try again', path: '/sign-in/github' } }
    const page = await visit('/oauth_redirect_callback?code=secret&state=s', { problem, integrations: HEALTHY })
    await page.getByRole('heading', { name: PROBLEM.title }).waitFor()
    expect(page.url()).toBe(server.url('/oauth_redirect_callback?code=secret&state=s'))
    server.script.problem = { ...PROBLEM, title: 'Asked again' }
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Asked again' }).waitFor()
    expect(page.url()).toBe(server.url('/oauth_redirect_callback'))
  })
})

describe('under a base path', () => {
  it('finds its files, its API and its pages', async () => {
    const page = await visit('/', { integrations: HEALTHY }, '/tools/bench')
    await row(page, 'GitHub').waitFor()
    expect(pathOf(page)).toBe(`/tools/bench${SETTINGS}`)
    await page.getByRole('button', { name: 'Info about GitHub' }).click()
    await page.getByRole('heading', { name: 'Configuration' }).waitFor()
    server.script.loggedIn = false
    await page.goto(server.url('/sign-in/google'))
    await page.getByText('sign in to google').waitFor()
    expect(pathOf(page)).toBe('/tools/bench/login')
  })
})
