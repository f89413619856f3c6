import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, openProfile } from '../testing/browser.ts'
import { JupyterClient } from '../testing/jupyter-client.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { frontOfSocket, type SocketFront } from '../testing/socket-front.ts'
import { TerminalClient } from '../testing/terminal-client.ts'
import { printedToken, TOKEN_CODE } from '../testing/token-code.ts'

const PASSWORD = 'correct horse battery staple'

let world: SessionWorld
let browser: Browser
let page: Page

beforeAll(async () => {
  world = await startSessionWorld()
  browser = await launchBrowser()
  page = await (await openProfile(browser)).newPage()
  await page.goto(`${world.files.publicUrl}/`)
  await page.getByLabel('User name').fill('demo')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('heading', { name: 'Sessions' }).waitFor()
})
afterAll(async () => {
  await browser.close()
  expect(await world.close()).toBe(0)
})

/** A running session of the page, and the way to its application. */
interface StartedSession {
  readonly id: string
  readonly front: SocketFront
  /** What its code authenticates with. */
  cookie(): string
}

/** Starts a kind under a name, as a person does, and waits until the page says that it runs. */
async function start(kind: string, name: string, basePath: 'strip' | 'keep'): Promise<StartedSession> {
  await page.getByRole('button', { name: 'New session' }).click()
  const dialog = page.getByRole('dialog', { name: 'New session' })
  await dialog.getByRole('radio', { name: kind, exact: true }).check()
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('button', { name: 'Start' }).click()
  const row = rowOf(name)
  await row.getByText('Running').waitFor({ timeout: 90_000 })
  const id = (await row.getAttribute('data-session')) ?? ''
  const directory = join(world.files.dataDir, 'sessions', id)
  const front = await frontOfSocket(join(directory, 'app.sock'), basePath, `/s/${id}/`)
  return { id, front, cookie: () => readFileSync(join(directory, 'run/rpc_cookie'), 'utf8').trim() }
}

const rowOf = (name: string) => page.locator('[data-session]').filter({ hasText: name })

/** Ends a session on the page; its cookie is worth nothing then, and its files are gone. */
async function end(session: StartedSession, name: string): Promise<void> {
  const cookie = session.cookie()
  expect(await world.statusWith(cookie)).toBe(200)
  await session.front.close()
  await rowOf(name)
    .getByRole('button', { name: `More about ${name}` })
    .click()
  await page.getByRole('menuitem', { name: 'End' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End' }).click()
  await expect.poll(() => world.statusWith(cookie), { timeout: 10_000 }).toBe(401)
  await expect.poll(() => existsSync(join(world.files.dataDir, 'sessions', session.id)), { timeout: 30_000 }).toBe(false)
}

describe('a session started from the page', { timeout: 180_000 }, () => {
  it('terminal: its shell, R and Python get the same token, until it is ended', async () => {
    const session = await start('Terminal', 'my terminal', 'strip')
    const terminal = new TerminalClient(session.front.url)
    await terminal.ready()
    const token = await terminal.say('echo "<$(benchkey token demo)>"', printedToken)
    expect(await terminal.say(TOKEN_CODE.r(world.uid).replace(/^/, "Rscript - <<'E'\n").concat('\nE'), printedToken)).toBe(token)
    await terminal.start('r', /> $/)
    expect(await terminal.say(TOKEN_CODE.r(world.uid), printedToken)).toBe(token)
    await terminal.start('python', />>> /)
    expect(await terminal.say(TOKEN_CODE.python(world.uid), printedToken)).toBe(token)
    terminal.close()
    await end(session, 'my terminal')
  })

  it('Jupyter: kernels of R and Python get the same token, until it is ended', async () => {
    const session = await start('Jupyter', 'my notebook', 'keep')
    const jupyter = new JupyterClient(session.front.url)
    expect(await jupyter.open()).toBe(200)
    const [python, r] = [await jupyter.startKernel('python3'), await jupyter.startKernel('ir')]
    const token = printedToken(await jupyter.run(String(python), TOKEN_CODE.python(world.uid)))
    expect(token).toMatch(/^[\w-]{20,}$/)
    expect(printedToken(await jupyter.run(String(r), TOKEN_CODE.r(world.uid)))).toBe(token)
    await end(session, 'my notebook')
  })
})
