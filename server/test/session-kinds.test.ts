import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { basename, join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser } from '../testing/browser.ts'
import { TOUR_VIEWPORT, takePicture } from '../testing/pictures.ts'
import { runInKernel, TerminalTab } from '../testing/session-tab.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { SessionsPage } from '../testing/sessions-page.ts'
import { COMMANDS_WORK, printedToken, SHELL_COMMANDS, TOKEN_CODE } from '../testing/token-code.ts'

let world: SessionWorld
let browser: Browser
let sessions: SessionsPage

beforeAll(async () => {
  world = await startSessionWorld()
  browser = await launchBrowser()
  sessions = await SessionsPage.open(world, browser)
})
afterAll(async () => {
  await browser.close()
  expect(await world.close()).toBe(0)
})

describe('a session started from the page', { timeout: 180_000 }, () => {
  it('terminal: its shell, R and Python get the same token, and its commands work, until it is ended', async () => {
    const id = await sessions.start('Terminal', 'my terminal')
    const tab = await sessions.openTab(id, 'my terminal')
    await tab.setViewportSize(TOUR_VIEWPORT)
    const terminal = new TerminalTab(tab)
    await terminal.shows(/[$#] /)
    expect(await tab.title()).toBe('my terminal')
    await terminal.say("PS1='$ '; clear\nbenchkey status", (screen) => /not signed in[^$]*[$] /.exec(screen)?.[0])
    await takePicture(tab, 'docs/tour.md', 'tour-terminal')
    const token = await terminal.say('clear; echo "<$(benchkey token demo)>"', printedToken)
    await terminal.say(`clear; ${SHELL_COMMANDS}`, (screen) => (screen.includes(COMMANDS_WORK) ? true : undefined))
    await terminal.start('R', /> +$/)
    expect(await terminal.say(TOKEN_CODE.r(world.uid), printedToken)).toBe(token)
    await terminal.start('Python', />>> +$/)
    expect(await terminal.say(TOKEN_CODE.python(world.uid), printedToken)).toBe(token)
    await tab.reload()
    await terminal.shows(new RegExp(token))
    await sessions.end(id, 'my terminal', tab)
    expect(sessions.violations).toEqual([])
  })

  it('Jupyter: kernels of R and Python get the same token, and its commands work, until it is ended', async () => {
    const id = await sessions.start('Jupyter', 'my notebook')
    const tab = await sessions.openTab(id, 'my notebook')
    await tab.getByRole('button', { name: 'Upload' }).waitFor()
    const token = printedToken(await runInKernel(tab, 'python3', TOKEN_CODE.python(world.uid)))
    expect(token).toMatch(/^[\w-]{20,}$/)
    const shell = `import subprocess\nprint(subprocess.run(['sh', '-c', ${JSON.stringify(SHELL_COMMANDS)}], capture_output=True, text=True).stdout)`
    expect(await runInKernel(tab, 'python3', shell)).toContain(COMMANDS_WORK)
    expect(printedToken(await runInKernel(tab, 'ir', TOKEN_CODE.r(world.uid)))).toBe(token)
    await showNotebook(tab)
    await sessions.end(id, 'my notebook', tab)
  })
})

/** Runs a notebook's one cell in its page, for the picture; in a folder of its own at home, where the session may write. */
async function showNotebook(tab: Page): Promise<void> {
  const folder = mkdtempSync(join(userInfo().homedir, 'benchkey-tour-'))
  const cell = { cell_type: 'code', execution_count: null, metadata: {}, outputs: [], source: '!benchkey status' }
  const metadata = { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } }
  writeFileSync(join(folder, 'analysis.ipynb'), JSON.stringify({ cells: [cell], metadata, nbformat: 4, nbformat_minor: 4 }))
  try {
    await tab.setViewportSize(TOUR_VIEWPORT)
    await tab.goto(new URL(`notebooks/${basename(folder)}/analysis.ipynb`, tab.url()).href)
    await tab.locator('.kernel_idle_icon').waitFor({ timeout: 60_000 })
    await tab.getByRole('button', { name: 'Run' }).click()
    await tab.getByText('renews itself').waitFor({ timeout: 60_000 })
    await tab.locator('.input_prompt').filter({ hasText: '[1]' }).waitFor()
    await takePicture(tab, 'docs/tour.md', 'tour-jupyter')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
