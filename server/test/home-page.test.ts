import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, logIn, openProfile } from '../testing/browser.ts'
import { PASSWORD, type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { runAdmin } from '../testing/start-server.ts'

/** One kind that never comes up, and says why where its log is. */
const SESSIONS_CONF = `
[broken]
name = Broken Notebook
command = /bin/sh -c "echo starting the notebook; echo 'No module named jupyter_server' >&2; exit 3" {socket}
icon = notebook

[terminal]
`

let world: SessionWorld
let browser: Browser
let page: Page

beforeAll(async () => {
  world = await startSessionWorld()
  writeFileSync(join(world.files.configDir, 'sessions.conf'), SESSIONS_CONF, { mode: 0o600 })
  expect((await runAdmin(world.files, ['reload'])).code).toBe(0)
  browser = await launchBrowser()
  page = await (await openProfile(browser)).newPage()
  await logIn(page, world.files.publicUrl, 'demo', PASSWORD)
})
afterAll(async () => {
  await browser.close()
  expect(await world.close()).toBe(0)
})

const row = (name: string) => page.locator('[data-session]').filter({ hasText: name })

async function start(kind: string, name: string): Promise<void> {
  await page.goto(`${world.files.publicUrl}/`)
  await page.getByRole('button', { name: 'New session' }).click()
  const dialog = page.getByRole('dialog', { name: 'New session' })
  await dialog.getByRole('radio', { name: kind, exact: true }).check()
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('button', { name: 'Start' }).click()
  await row(name).waitFor()
}

describe('the home page of a real server', { timeout: 120_000 }, () => {
  it('starts a terminal, opens it in a tab of another origin, and follows its end without being loaded again', async () => {
    await start('Terminal', 'my terminal')
    await row('my terminal').getByText('Running').waitFor({ timeout: 60_000 })
    const opened = page.context().waitForEvent('page')
    await row('my terminal').getByRole('button', { name: 'Open my terminal' }).click()
    const tab = await opened
    await tab.waitForURL(/\/s\/[^/]+\/$/)
    expect(new URL(tab.url()).origin).not.toBe(new URL(world.files.publicUrl).origin)
    await tab.locator('.xterm').waitFor()
    expect(await tab.evaluate(() => Reflect.get(globalThis, 'opener') === null)).toBe(true)

    const id = (await row('my terminal').getAttribute('data-session')) ?? ''
    await runAdmin(world.files, ['session', 'end', id])
    await page.getByText('1 ended in the last 24 hours').click()
    await row('my terminal').getByText('Ended', { exact: true }).waitFor()
  })

  it('says that a session did not start, and its log says why', async () => {
    await start('Broken Notebook', 'my notebook')
    await row('my notebook').getByText('Did not start').waitFor({ timeout: 60_000 })
    await row('my notebook').getByRole('button', { name: 'Log of my notebook' }).click()
    await page.getByRole('dialog').getByText('No module named jupyter_server').waitFor()
  })
})
