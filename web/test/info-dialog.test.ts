import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openPage, type WatchedPage } from './browser.ts'
import { FixtureServer } from './fixture-server.ts'
import { detailsOf, HEALTHY, SAMPLE_NOW } from './sample-states.ts'

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

const uid = HEALTHY[0]?.uid ?? ''

describe('the Info dialog', () => {
  it('is part of the address, shows the facts, and remembers the language of the snippets', async () => {
    server = await FixtureServer.start({ integrations: HEALTHY })
    watched = await openPage(browser)
    const { page } = watched
    await page.goto(server.url('/settings/managed-credentials?info=box-integration'))
    const dialog = page.getByRole('dialog', { name: 'Box API Access' })
    await dialog.getByText('214 times, last 10:02').waitFor()
    for (const text of [uid, 'your-box-client-id', 'https://account.box.com/api/oauth2/authorize', '3 min ago', '2 Oct 09:15']) {
      await expect.poll(() => dialog.getByText(text, { exact: true }).count(), { message: text }).toBe(1)
    }
    await dialog.getByRole('tab', { name: 'Shell' }).click()
    await dialog.getByRole('button', { name: 'Copy Shell code' }).click()
    const copied = () => page.evaluate(() => navigator.clipboard.readText())
    await expect.poll(copied).toContain('benchkey token box-integration --header')
    await dialog.getByRole('tab', { name: 'TypeScript' }).click()
    const snippet = () => dialog.getByRole('tabpanel', { name: 'TypeScript' }).textContent()
    await expect.poll(snippet).toContain(`await createClient().token('${uid}')`)
    await dialog.getByRole('tab', { name: 'Shell' }).click()
    await page.reload()
    await dialog.getByRole('tab', { name: 'Shell', selected: true }).waitFor()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => new URL(page.url()).search).toBe('')
  })

  it('leads to the documentation in another tab, without telling it where from', async () => {
    server = await FixtureServer.start({ integrations: HEALTHY })
    watched = await openPage(browser)
    const { page } = watched
    await page.goto(server.url('/settings/managed-credentials?info=box-integration'))
    const link = page.getByRole('link', { name: /^https:\/\/wiki\.example\.com/ })
    await link.waitFor()
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer')
    expect(await link.getAttribute('target')).toBe('_blank')
    await page.getByText('The service accepted it').waitFor()
  })

  it('tries a kept refresh token again, and says why when that does not work', async () => {
    const words = 'account.box.com refused the refresh token once more.'
    server = await FixtureServer.start({
      integrations: HEALTHY,
      details: (integration) => {
        const details = detailsOf(integration)
        return details.signIn ? { ...details, signIn: { ...details.signIn, canTryAgain: true } } : details
      },
      posts: { [`/api/integrations/${uid}/try-again`]: { status: 409, body: { error: { code: 'refused', message: words } } } },
    })
    watched = await openPage(browser)
    const { page } = watched
    await page.goto(server.url('/settings/managed-credentials?info=box-integration'))
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('alert').getByText(words).waitFor()
  })

  it('signs in with another account, back to the settings page', async () => {
    server = await FixtureServer.start({ integrations: HEALTHY })
    server.script.posts[`/api/integrations/${uid}/sign-in`] = { status: 200, body: { url: server.url('/sign-in/github') } }
    watched = await openPage(browser)
    const { page } = watched
    await page.goto(server.url('/settings/managed-credentials?info=box-integration'))
    await page.getByText('You stay signed in as ada@example.com until you finish.').waitFor()
    await page.getByRole('button', { name: 'Use another account' }).click()
    await page.waitForURL('**/sign-in/github')
    expect(server.posted[0]?.body).toEqual({ returnTo: 'settings', anotherAccount: true })
  })

  it('says where to log out first when the service does not ask for an account, and in the row whose sign-in holds meanwhile', async () => {
    const waitingSince = new Date(SAMPLE_NOW.getTime() - 40_000).toISOString()
    server = await FixtureServer.start({
      integrations: HEALTHY.map((each) => (each.uid === uid ? { ...each, waitingSince } : each)),
      details: (integration) => ({ ...detailsOf(integration), asksWhichAccount: false }),
    })
    watched = await openPage(browser)
    const { page } = watched
    await page.clock.setFixedTime(SAMPLE_NOW)
    await page.goto(server.url('/settings/managed-credentials?info=box-integration'))
    await page.getByText('account.box.com does not ask which account you mean: log out there first.').waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByText(/^Waiting for account\.box\.com \(40 s\)\. Signed in as ada@example\.com until you finish\.$/).waitFor()
    server.script.posts[`/api/integrations/${uid}/sign-in`] = { status: 200, body: { url: server.url('/sign-in/github') } }
    await page.getByRole('button', { name: 'Start again' }).click()
    await page.waitForURL('**/sign-in/github')
    expect(server.posted[0]?.body).toEqual({ returnTo: 'settings', anotherAccount: true })
  })
})
