import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, logIn, openProfile } from '../testing/browser.ts'
import { PASSWORD, type SessionWorld, startSessionWorld } from '../testing/session-world.ts'

let world: SessionWorld
let browser: Browser
let page: Page

beforeAll(async () => {
  world = await startSessionWorld()
  browser = await launchBrowser()
  page = await loggedIn()
})
afterAll(async () => {
  await browser.close()
  expect(await world.close()).toBe(0)
})

async function loggedIn(): Promise<Page> {
  const own = await (await openProfile(browser)).newPage()
  await logIn(own, world.files.publicUrl, 'demo', PASSWORD)
  return own
}

const activityUrl = () => `${world.files.publicUrl}/settings/activity`

/** Starts a terminal from the page; its RPC cookie. */
async function startTerminal(name: string): Promise<string> {
  await page.goto(`${world.files.publicUrl}/?new=`)
  const dialog = page.getByRole('dialog', { name: 'New session' })
  await dialog.getByRole('radio', { name: 'Terminal', exact: true }).check()
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('button', { name: 'Start' }).click()
  const row = page.locator('[data-session]').filter({ hasText: name })
  await row.getByText('Running').waitFor({ timeout: 60_000 })
  const id = (await row.getAttribute('data-session')) ?? ''
  return readFileSync(join(world.files.dataDir, 'sessions', id, 'run/rpc_cookie'), 'utf8').trim()
}

/** Asks for the token as a process with that address of this machine does. */
function fetchFrom(localAddress: string, cookie: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { publicUrl, ca } = world.files
    const headers = { 'content-type': 'application/json', 'x-rs-session-server-rpc-cookie': cookie }
    const options = { method: 'POST', localAddress, family: 4, ca, headers, agent: false }
    const asked = request(`${publicUrl}/oauth_token`, options)
    asked.on('error', reject)
    asked.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    asked.end(JSON.stringify({ method: 'oauth_token', kwparams: { uuid: world.uid } }))
  })
}

describe('Settings, Activity', { timeout: 120_000 }, () => {
  it('tells of each use, marks the first from a new address, and ends the session for good', async () => {
    const cookie = await startTerminal('my terminal')
    expect(await fetchFrom('127.0.0.1', cookie)).toBe(200)
    await page.goto(activityUrl())
    // At midnight what has just happened is of yesterday.
    const today = page.getByRole('region', { name: /^(Today|Yesterday)$/ })
    await today.getByText('Terminal “my terminal” used Demo API').waitFor()
    await today.getByText('first use by this session, from 127.0.0.1').waitFor()
    // From now on an event says that there is something new.
    expect(await fetchFrom('127.0.0.2', cookie)).toBe(200)
    await today.getByText('first use from 127.0.0.2').waitFor()
    await today.getByText('Signed in to Demo API').waitFor()
    await page.getByText('Demo API\u00a0· 2 times').waitFor()

    await page.getByRole('button', { name: 'End my terminal' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'End', exact: true }).click()
    await page.getByText('No session that runs has had a token of yours.').waitFor()
    expect(await world.statusWith(cookie)).toBe(401)
    await today.getByText('Session “my terminal” ended, by you').waitFor()
  })

  it('signs out everywhere: sessions, the other browser, every integration, and not this browser', async () => {
    const cookie = await startTerminal('second terminal')
    expect(await world.statusWith(cookie)).toBe(200)
    const other = await loggedIn()
    await other.getByRole('button', { name: 'Sign out of Demo API' }).waitFor()
    await page.goto(activityUrl())
    await page.getByRole('button', { name: 'Sign out everywhere' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sign out everywhere?' })
    await dialog.getByText('1 session ends').waitFor()
    await dialog.getByRole('button', { name: 'Sign out everywhere' }).click()
    await page.getByText('Signed out everywhere: 1 session ended').waitFor()
    await other.getByRole('button', { name: 'Log in' }).waitFor()
    expect(await world.statusWith(cookie)).toBe(401)
    await page.getByRole('link', { name: 'Managed Credentials' }).click()
    await page.getByRole('button', { name: 'Sign in to Demo API' }).waitFor()
  })
})
