import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launchBrowser, logIn, openProfile } from '../testing/browser.ts'
import { type EnteredSession, enterSession } from '../testing/enter-session.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
} from '../testing/start-server.ts'

const PASSWORD = 'correct horse battery staple'
const APPLICATION = resolve(import.meta.dirname, '../testing/hostile-application.mjs')

let files: ServerFiles
let server: ServerInProcess
let ada: PlainBrowser
let sessionId: string

beforeAll(async () => {
  files = await prepareServer()
  const section = `[hostile]\nname=Hostile\nprogram=${process.execPath}\ncommand={program} ${APPLICATION} {socket}\n`
  writeFileSync(join(files.configDir, 'sessions.conf'), section, { mode: 0o600 })
  server = await startInProcess(files)
  await runAdmin(files, ['user', 'add', 'ada', '--password-stdin'], `${PASSWORD}\n`)
})
afterAll(async () => {
  await server.close()
  removeFiles(files)
})

beforeEach(async () => {
  ada = new PlainBrowser(files)
  await ada.logIn('ada', PASSWORD)
  const started = await ada.ask('/api/sessions', { application: 'hostile', name: 'analysis' })
  expect(started.status).toBe(200)
  sessionId = (JSON.parse(started.body) as { id: string }).id
})

const enter = (): Promise<EnteredSession> => enterSession(files, ada, sessionId)

describe('the pages of a session', () => {
  test('are entered by a ticket from the home page, wait until the session answers, and end with it', async () => {
    const { reply, ask } = await enter()
    expect(reply).toMatchObject({ status: 303, headers: { location: `/s/${sessionId}/` } })
    await expect.poll(async () => (await ask()).body).toContain('hostile notebook')
    await ada.ask(`/api/sessions/${sessionId}/end`, {})
    await expect.poll(() => ask()).toMatchObject({ status: 410, body: expect.stringContaining('analysis has ended') })
    expect(await ada.ask(`/api/sessions/${sessionId}/open`, {})).toMatchObject({ status: 404 })
  })

  test('close with the log-out of their browser, on the next request', async () => {
    const { ask } = await enter()
    await expect.poll(async () => (await ask()).status).toBe(200)
    await ada.ask('/api/logout', {})
    expect(await ask()).toMatchObject({ status: 401 })
  })

  test('close with the lock of their user, on the next request', async () => {
    const { ask } = await enter()
    await expect.poll(async () => (await ask()).status).toBe(200)
    await runAdmin(files, ['user', 'lock', 'ada'])
    expect(await ask()).toMatchObject({ status: 401 })
    await runAdmin(files, ['user', 'unlock', 'ada'])
  })

  test('are nobody else’s: a ticket for a session that is not there is refused', async () => {
    expect(await ada.ask('/api/sessions/11111111-1111-4111-8111-111111111111/open', {})).toMatchObject({ status: 404 })
    expect(await ada.ask('/api/sessions/..%2fx/open', {})).toMatchObject({ status: 404 })
    const logged = await new PlainBrowser(files).ask(`/api/sessions/${sessionId}/open`, {})
    expect(logged.status).toBe(401)
  })
})

describe('in a real browser', () => {
  let browser: Browser
  let home: Page

  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  test('a hostile notebook reaches neither Benchkey’s cookies, nor its API, nor its pages', async () => {
    const profile = await openProfile(browser)
    home = await profile.newPage()
    await logIn(home, files.publicUrl, 'ada', PASSWORD)
    await home.goto(`${files.publicUrl}/`)
    const [tab] = await Promise.all([
      profile.waitForEvent('page'),
      home
        .getByRole('button', { name: /^Open/ })
        .or(home.getByRole('link', { name: /^Open/ }))
        .first()
        .click(),
    ])
    await tab.getByRole('heading', { name: 'hostile notebook' }).waitFor()
    expect(new URL(tab.url()).origin).not.toBe(files.publicUrl)
    const results = await tab.evaluate(
      (there) => (globalThis as never as { attack: (url: string) => object }).attack(there),
      files.publicUrl,
    )
    expect(results).toMatchObject({
      worker: expect.stringMatching(/^failed: SecurityError/),
      api: expect.stringMatching(/^failed: TypeError/),
      frame: expect.stringMatching(/^failed: /),
      cookies: 'mine=1',
    })
    const seen = await tab.evaluate(() => fetch('./seen').then((reply) => reply.json()))
    expect(JSON.stringify(seen)).not.toMatch(/benchkey-(session|attempt)/i)
    // The blind POST did not log anybody out.
    await home.reload()
    await home.getByRole('button', { name: 'ada', exact: true }).waitFor()
    await profile.close()
  })
})
