import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchBrowser } from '../../testing/browser.ts'
import { offerVsCode } from '../../testing/code-server.ts'
import { type SessionWorld, startSessionWorld } from '../../testing/session-world.ts'
import { SessionsPage } from '../../testing/sessions-page.ts'
import { printedToken, TOKEN_CODE } from '../../testing/token-code.ts'

let world: SessionWorld
let browser: Browser
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-code-'))
  world = await startSessionWorld()
  offerVsCode(world.files)
  // Its user's settings lie in the session here, so that no test finds those of another, and no question stands in the way.
  const command = '{program} --socket {socket} --socket-mode 660 --auth none --disable-workspace-trust'
  const section = `[vscode]\ncommand=${command} --user-data-dir {runtime-dir}/code ${folder}\nenvironment=EXTENSIONS_GALLERY='{"serviceUrl":""}'\n`
  writeFileSync(join(world.files.configDir, 'sessions.conf'), section, { mode: 0o644 })
  world.serve.child.kill('SIGTERM')
  await world.serve.finished
  await world.startAgain()
  browser = await launchBrowser()
}, 120_000)
afterAll(async () => {
  await browser.close()
  expect(await world.close()).toBe(0)
  rmSync(folder, { recursive: true })
})

it('VS Code started from the page: R and Python in its terminal get the same token, until it is ended', {
  timeout: 180_000,
}, async () => {
  const sessions = await SessionsPage.open(world, browser)
  const id = await sessions.start('VS Code', 'my code')
  const tab = await sessions.openTab(id, 'my code')
  await tab.getByRole('tab', { name: 'Available Credentials' }).waitFor({ timeout: 60_000 })
  writeFileSync(join(folder, 'fetch.R'), TOKEN_CODE.r(world.uid))
  writeFileSync(join(folder, 'fetch.py'), TOKEN_CODE.python(world.uid))
  await tab.keyboard.press('Control+Backquote')
  const terminal = tab.getByRole('textbox', { name: /^Terminal/ })
  await terminal.waitFor({ timeout: 30_000 })
  await terminal.pressSequentially('Rscript fetch.R > from-r; /usr/bin/python3 fetch.py > from-python; touch done\n')
  await expect.poll(() => existsSync(join(folder, 'done')), { timeout: 60_000 }).toBe(true)
  const token = printedToken(readFileSync(join(folder, 'from-r'), 'utf8'))
  expect(token).toMatch(/^[\w-]{20,}$/)
  expect(printedToken(readFileSync(join(folder, 'from-python'), 'utf8'))).toBe(token)
  await sessions.end(id, 'my code', tab)
})
