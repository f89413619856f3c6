import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { Script } from './fixture-server.ts'
import { FORTY, HEALTHY, ONE_PROBLEM, sample } from './sample-states.ts'
import { Visits } from './visits.ts'

const SETTINGS = '/settings/managed-credentials'

const visits = new Visits()

const visit = (path: string, script: Partial<Script>): Promise<Page> => visits.open(path, script)

const row = (page: Page, name: string) =>
  page.getByRole('listitem').filter({ has: page.getByRole('heading', { name, exact: true }) })
const focusedName = (page: Page) =>
  page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '')

/** Presses Tab until the element of that name has the focus; says what had it instead when it never comes. */
async function tabTo(page: Page, name: string): Promise<void> {
  const seen: string[] = []
  for (let press = 0; press < 40; press += 1) {
    await page.keyboard.press('Tab')
    const focused = await focusedName(page)
    if (focused === name) return
    seen.push(focused)
  }
  throw new Error(`Tab never reached "${name}" but: ${seen.join(' | ')}`)
}

describe('with the keyboard alone', () => {
  it('one opens Info, copies the ID, comes back, and signs out', async () => {
    const page = await visit(SETTINGS, { integrations: HEALTHY })
    await row(page, 'GitHub').waitFor()
    await tabTo(page, 'Info about Box API Access')
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outline)
    expect(outline).toContain('2px')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Box API Access' }).waitFor()
    await tabTo(page, 'Copy Integration ID')
    await page.keyboard.press('Enter')
    await page.getByText('Copied', { exact: true }).waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(HEALTHY[0]?.uid)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect.poll(() => focusedName(page)).toBe('Info about Box API Access')

    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Sign out of Box API Access?' })
    await dialog.getByText('Running code in 2 sessions stops getting tokens.').waitFor()
    await expect.poll(() => focusedName(page)).toBe('Cancel')
    await page.keyboard.press('Tab')
    const first = HEALTHY[0] ?? sample(1)
    visits.server.script.integrations = [
      { ...first, state: 'not_signed_in', tone: 'neutral', label: 'Not signed in', signedIn: false },
      ...HEALTHY.slice(1),
    ]
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Sign in to Box API Access' }).waitFor()
    expect(visits.server.posted.map(({ path }) => path)).toEqual([`/api/integrations/${first.uid}/sign-out`])
  })

  it('one opens the user menu, moves in it, leaves it, and logs out', async () => {
    const page = await visit(SETTINGS, { integrations: HEALTHY })
    await page.getByRole('button', { name: 'ada' }).focus()
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => focusedName(page)).toBe('Settings')
    await page.keyboard.press('ArrowUp')
    expect(await focusedName(page)).toBe('Log out')
    await page.keyboard.press('Escape')
    await page.getByRole('menu').waitFor({ state: 'hidden' })
    await expect.poll(() => focusedName(page)).toBe('ada')
    await page.keyboard.press('Enter')
    await expect.poll(() => focusedName(page)).toBe('Settings')
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Log in' }).waitFor()
    expect(visits.server.posted.map(({ path }) => path)).toEqual(['/api/logout'])
  })

  it('/ filters and Esc empties the filter, from ten rows on', async () => {
    const page = await visit(SETTINGS, { integrations: FORTY })
    await row(page, 'Box 3').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('box 3')
    await expect.poll(() => page.getByRole('listitem').count()).toBe(5)
    expect(new URL(page.url()).searchParams.get('filter')).toBe('box 3')
    await page.keyboard.type(' nothing')
    await page.getByText('No integration matches “box 3 nothing”.').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('listitem').count()).toBe(40)

    visits.server.script.integrations = FORTY.slice(0, 9)
    await page.reload()
    await row(page, 'Box 3').waitFor()
    expect(await page.getByRole('searchbox').count()).toBe(0)
  })

  it('? lists the keys, which can be turned off', async () => {
    const page = await visit(SETTINGS, { integrations: HEALTHY })
    await row(page, 'GitHub').waitFor()
    await page.keyboard.press('?')
    const dialog = page.getByRole('dialog', { name: 'Keys' })
    await dialog.getByRole('checkbox').uncheck()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByRole('button', { name: 'Keys' }).click()
    await dialog.waitFor()
    expect(await dialog.getByRole('checkbox').isChecked()).toBe(false)
    expect(await page.getByRole('dialog').count()).toBe(1)
  })
})

describe('the live page', () => {
  it('shows what changed after it had asked and before it listened', async () => {
    const stream = Promise.withResolvers<void>()
    const page = await visit(SETTINGS, { integrations: HEALTHY, streamOpens: stream.promise })
    await row(page, 'Box API Access').getByText('renews itself').waitFor()
    visits.server.script.integrations = ONE_PROBLEM
    stream.resolve()
    await row(page, 'Box API Access').getByText('Sign in again').waitFor()
  })

  it('shows what changed elsewhere, in its place, tinted once and read out', async () => {
    const page = await visit(SETTINGS, { integrations: HEALTHY })
    await row(page, 'GitHub').waitFor()
    await expect.poll(() => visits.server.listeners).toBe(1)
    expect(await page.locator('[data-changed]').count()).toBe(0)
    await page.evaluate(() => {
      const tinted: string[] = []
      Object.assign(globalThis, { tinted })
      document.addEventListener('animationend', (event) => tinted.push(event.animationName))
    })
    visits.server.script.integrations = ONE_PROBLEM
    visits.server.emit('integrations')
    await row(page, 'Box API Access').getByText('Sign in again').waitFor()
    await page.getByRole('status').getByText('Box API Access: Sign in again').waitFor({ state: 'attached' })
    await expect.poll(() => page.evaluate(() => (globalThis as unknown as { tinted: string[] }).tinted)).toEqual(['tint'])
    await expect.poll(() => page.locator('[data-changed]').count()).toBe(0)
    expect(await page.getByRole('heading', { level: 3 }).allTextContents()).toEqual(ONE_PROBLEM.map(({ name }) => name))
  })

  it('leads to the login page at once when logged out elsewhere', async () => {
    const page = await visit(SETTINGS, { integrations: HEALTHY })
    await expect.poll(() => visits.server.listeners).toBe(1)
    visits.server.script.loggedIn = false
    visits.server.emit('logged_out')
    await page.getByRole('button', { name: 'Log in' }).waitFor()
    await expect.poll(() => visits.server.listeners).toBe(0)
  })

  it('listens only while its tab is visible, and looks again when it is', async () => {
    const page = await visit(SETTINGS, { integrations: HEALTHY })
    await expect.poll(() => visits.server.listeners).toBe(1)
    const become = (state: 'hidden' | 'visible') =>
      page.evaluate((visibilityState) => {
        Object.defineProperty(document, 'visibilityState', { configurable: true, value: visibilityState })
        document.dispatchEvent(new Event('visibilitychange'))
      }, state)
    await become('hidden')
    await expect.poll(() => visits.server.listeners).toBe(0)
    visits.server.script.integrations = ONE_PROBLEM
    await become('visible')
    await row(page, 'Box API Access').getByText('Sign in again').waitFor()
    expect(visits.server.listeners).toBe(1)
  })
})

describe('a finger', () => {
  it('gets controls of 44 px', async () => {
    const context = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }
    const page = await visits.open(SETTINGS, { integrations: HEALTHY }, { context })
    await row(page, 'GitHub').waitFor()
    const heights = await page
      .getByRole('button')
      .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().height))
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(44)
  })
})
