import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, logIn, openProfile } from '../testing/browser.ts'
import { PASSWORD, type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { runAdmin } from '../testing/start-server.ts'

let world: SessionWorld
let browser: Browser

beforeAll(async () => {
  world = await startSessionWorld({ singleUser: false })
  await runAdmin(world.files, ['user', 'add', 'root', '--admin', '--password-stdin'], `${PASSWORD}\n`)
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  expect(await world.close()).toBe(0)
})

async function loggedIn(userName: string): Promise<Page> {
  const page = await (await openProfile(browser)).newPage()
  await logIn(page, world.files.publicUrl, userName, PASSWORD)
  return page
}

const open = (page: Page, path: string) => page.goto(`${world.files.publicUrl}${path}`)

/** Every login so far was six minutes earlier. */
function ageLogins(): void {
  const database = new DatabaseSync(join(world.files.dataDir, 'benchkey.db'), { timeout: 5000 })
  database.exec('UPDATE browser_sessions SET created_at = created_at - 360000')
  database.close()
}

describe('the pages of administrators', { timeout: 120_000 }, () => {
  it('show what there is, to administrators only', async () => {
    const root = await loggedIn('root')
    await open(root, '/admin')
    await root.getByRole('heading', { name: 'Everything is working.' }).waitFor()
    await root.getByText('2 users · 0 sessions · 3 integrations · 1 node · sign-ins lost by Benchkey: 0 (30 days)').waitFor()
    const demo = await loggedIn('demo')
    await open(demo, '/admin/users')
    await demo.getByText('Only administrators see this page, and demo is not one.').waitFor()
    for (const page of [root, demo]) await page.context().close()
  })

  it('appear and go on the open page of whoever is made an administrator, and a user again', async () => {
    const demo = await loggedIn('demo')
    const menu = demo.getByRole('button', { name: 'demo', exact: true })
    await menu.click()
    await demo.getByRole('menuitem', { name: 'Log out' }).waitFor()
    expect(await demo.getByRole('menuitem', { name: 'Administration' }).count()).toBe(0)
    expect((await runAdmin(world.files, ['user', 'role', 'demo', 'administrator'])).code).toBe(0)
    await demo.getByRole('menuitem', { name: 'Administration' }).click()
    await demo.getByRole('heading', { name: 'Everything is working.' }).waitFor()
    expect((await runAdmin(world.files, ['user', 'role', 'demo', 'user'])).code).toBe(0)
    await demo.getByText('Only administrators see this page, and demo is not one.').waitFor()
    await demo.context().close()
  })

  it('purge a sign-in after the password was typed, lock somebody out, and tell of both in the audit', async () => {
    const root = await loggedIn('root')
    const demo = await loggedIn('demo')
    await demo.getByRole('button', { name: 'Sign out of Demo API' }).waitFor()
    ageLogins()
    const old = (await root.context().cookies()).find(({ name }) => name.endsWith('benchkey-session'))?.value

    await open(root, '/admin/users/demo')
    await root.getByRole('button', { name: 'Purge the sign-in to Demo API' }).click()
    await root.getByRole('dialog').getByRole('button', { name: 'Purge' }).click()
    const question = root.getByRole('dialog', { name: 'Type your password again' })
    await question.getByLabel('Password').fill(PASSWORD)
    await question.getByRole('button', { name: 'Continue' }).click()
    await root.getByText('demo is not signed in to any service.').waitFor()
    expect((await root.context().cookies()).find(({ name }) => name.endsWith('benchkey-session'))?.value).not.toBe(old)
    // The user's own page follows.
    await demo.getByRole('button', { name: 'Sign in to Demo API' }).waitFor()

    // The login is recent now, and the page is still there although its cookie is another one.
    await root.getByRole('button', { name: 'Lock', exact: true }).click()
    await root.getByRole('dialog', { name: 'Lock demo?' }).getByRole('button', { name: 'Lock' }).click()
    await root.getByText('Locked since').waitFor()
    await demo.getByLabel('Password').waitFor()

    await open(root, '/admin/audit?user=root')
    const lines = root.getByRole('region', { name: 'Lines of the audit' }).getByRole('listitem')
    await lines.filter({ hasText: 'user.locked' }).getByText('by root').waitFor()
    await lines.filter({ hasText: 'stored_token.purged' }).getByText('by root').waitFor()
    const download = root.waitForEvent('download')
    await root.getByRole('link', { name: 'Export as lines of JSON' }).click()
    expect((await download).suggestedFilename()).toBe('benchkey-audit.jsonl')
  })

  it('do not let an administrator lock himself out', async () => {
    const root = await loggedIn('root')
    await open(root, '/admin/users')
    await root.getByRole('button', { name: 'Lock root' }).click()
    await root.getByRole('dialog').getByRole('button', { name: 'Lock' }).click()
    await root.getByRole('alert').getByText('You cannot lock yourself').waitFor()
  })
})
