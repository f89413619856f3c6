import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { agree, launchBrowser } from '../../testing/browser.ts'
import { offerVsCode, runInTerminal, writeUserSettings } from '../../testing/code-server.ts'
import { TOUR_VIEWPORT, takePicture } from '../../testing/pictures.ts'
import { type SessionWorld, startSessionWorld } from '../../testing/session-world.ts'
import { SessionsPage } from '../../testing/sessions-page.ts'
import { COMMANDS_WORK, printedToken, SHELL_COMMANDS, TOKEN_CODE } from '../../testing/token-code.ts'

let world: SessionWorld
let browser: Browser
let folder: string
let userData: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-code-'))
  world = await startSessionWorld()
  offerVsCode(world.files)
  // Its user's settings lie in a folder of its own, so that no test finds those of another, and no question stands in the way.
  userData = mkdtempSync(join(tmpdir(), 'benchkey-code-data-'))
  writeUserSettings(userData)
  const command = '{program} --socket {socket} --socket-mode 660 --auth none --disable-workspace-trust'
  const section = `[vscode]\ncommand=${command} --user-data-dir ${userData} ${folder}\nenvironment=VSCODE_CLI=1 EXTENSIONS_GALLERY='{"serviceUrl":""}'\n`
  writeFileSync(join(world.files.configDir, 'sessions.conf'), section, { mode: 0o644 })
  world.serve.child.kill('SIGTERM')
  await world.serve.finished
  await world.startAgain()
  browser = await launchBrowser()
}, 120_000)
afterAll(async () => {
  await browser.close()
  expect(await world.close()).toBe(0)
  for (const each of [folder, userData]) rmSync(each, { recursive: true })
})

it('VS Code started from the page: its view signs in, R and Python in its terminal get the same token, commands work, until it is ended', {
  timeout: 180_000,
}, async () => {
  const sessions = await SessionsPage.open(world, browser)
  const id = await sessions.start('VS Code', 'my code')
  const tab = await sessions.openTab(id, 'my code')
  await signInFromView(tab)
  writeFileSync(join(folder, 'fetch.R'), TOKEN_CODE.r(world.uid))
  writeFileSync(join(folder, 'fetch.py'), TOKEN_CODE.python(world.uid))
  await runInTerminal(tab, folder, [
    'Rscript fetch.R > from-r',
    '/usr/bin/python3 fetch.py > from-python',
    `(${SHELL_COMMANDS}) > from-shell`,
  ])
  const token = printedToken(readFileSync(join(folder, 'from-r'), 'utf8'))
  expect(token).toMatch(/^[\w-]{20,}$/)
  expect(printedToken(readFileSync(join(folder, 'from-python'), 'utf8'))).toBe(token)
  expect(readFileSync(join(folder, 'from-shell'), 'utf8')).toBe(COMMANDS_WORK)
  await sessions.end(id, 'my code', tab)
})

/** Through the session proxy, Benchkey's own page and the service, and back to a row that has turned. */
async function signInFromView(tab: Page): Promise<void> {
  await tab.getByRole('tab', { name: 'Available Credentials' }).click({ timeout: 60_000 })
  const row = tab.getByRole('treeitem', { name: /^Box API Access/ })
  await row.hover()
  const signIn = row.getByRole('button', { name: 'Sign In', exact: true })
  const [page] = await Promise.all([tab.context().waitForEvent('page'), signIn.click()])
  await page.getByRole('button', { name: /^Sign in/ }).click()
  await agree(page, 'ada')
  await page.getByText(/You can close this tab/).waitFor()
  await page.close()
  await tab.getByRole('treeitem', { name: /^Box API Access, Authenticated/ }).waitFor({ timeout: 30_000 })
  await tab.setViewportSize(TOUR_VIEWPORT)
  await takePicture(tab, 'docs/tour.md', 'tour-vscode')
}
