import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import { openProfile } from './browser.ts'
import { PASSWORD, type SessionWorld } from './session-world.ts'

/** The page of a person's sessions, in a browser of their own: they are started, opened and ended there as a person does. */
export class SessionsPage {
  /** What the browser said of pages that broke their own policy. */
  readonly violations: string[] = []
  readonly #world: SessionWorld
  readonly #page: Page

  private constructor(world: SessionWorld, page: Page) {
    this.#world = world
    this.#page = page
    page.context().on('console', (message) => {
      if (message.text().includes('Content Security Policy')) this.violations.push(message.text())
    })
  }

  /** Logs the user `demo` in, and ends at their sessions. */
  static async open(world: SessionWorld, browser: Browser): Promise<SessionsPage> {
    const page = await (await openProfile(browser)).newPage()
    await page.goto(`${world.files.publicUrl}/`)
    await page.getByLabel('User name').fill('demo')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('heading', { name: 'Sessions' }).waitFor()
    return new SessionsPage(world, page)
  }

  /** Starts a kind under a name and waits until the page says that it runs; its ID. */
  async start(kind: string, name: string): Promise<string> {
    await this.#page.getByRole('button', { name: 'New session' }).click()
    const dialog = this.#page.getByRole('dialog', { name: 'New session' })
    await dialog.getByRole('radio', { name: kind, exact: true }).check()
    await dialog.getByLabel('Name').fill(name)
    await dialog.getByRole('button', { name: 'Start' }).click()
    await this.#rowOf(name).getByText('Running').waitFor({ timeout: 90_000 })
    return (await this.#rowOf(name).getAttribute('data-session')) ?? ''
  }

  /** Opens a session in a tab, which is on an origin of its own. */
  async openTab(id: string, name: string): Promise<Page> {
    const opened = this.#page.context().waitForEvent('page')
    await this.#page.getByRole('button', { name: `Open ${name}` }).click()
    const tab = await opened
    await expect.poll(() => new URL(tab.url()).pathname).toMatch(new RegExp(`^/s/${id}/`))
    expect(new URL(tab.url()).origin).not.toBe(new URL(this.#world.files.publicUrl).origin)
    return tab
  }

  /** Ends a session on the page: its cookie is worth nothing then, its files are gone, and its tab says so. */
  async end(id: string, name: string, tab: Page): Promise<void> {
    const directory = join(this.#world.files.dataDir, 'sessions', id)
    const cookie = readFileSync(join(directory, 'run/rpc_cookie'), 'utf8').trim()
    expect(await this.#world.statusWith(cookie)).toBe(200)
    await this.#rowOf(name)
      .getByRole('button', { name: `More about ${name}` })
      .click()
    await this.#page.getByRole('menuitem', { name: 'End' }).click()
    await this.#page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
    await expect.poll(() => this.#world.statusWith(cookie)).toBe(401)
    await expect.poll(() => existsSync(directory), { timeout: 30_000 }).toBe(false)
    // A page may ask whether to leave it.
    tab.on('dialog', (dialog) => void dialog.accept())
    await tab.goto(`${new URL(tab.url()).origin}/s/${id}/`)
    await tab.getByText(`${name} has ended`).first().waitFor()
    await tab.close()
  }

  #rowOf(name: string): Locator {
    return this.#page.locator('[data-session]').filter({ hasText: name })
  }
}
