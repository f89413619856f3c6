import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { realEffects } from '../src/effects.ts'
import {
  askApplication,
  endSession,
  logOf,
  sessionsOf,
  startSession,
  untilSession,
  writeSmallKinds,
} from '../testing/launched-session.ts'
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

let files: ServerFiles
let server: ServerInProcess
let browser: PlainBrowser
/** How far the server's clock is ahead. */
let aheadMs = 0

beforeAll(async () => {
  files = await prepareServer({ serverLines: ['sessions-per-user=4'] })
  writeSmallKinds(files)
  server = await startInProcess(files, { effects: { ...realEffects(), now: () => new Date(Date.now() + aheadMs) } })
  await runAdmin(files, ['user', 'add', 'demo', '--password-stdin'], `${PASSWORD}\n`)
  browser = new PlainBrowser(files)
  await browser.logIn('demo', PASSWORD)
})

afterAll(async () => {
  for (const { id, canEnd } of (await sessionsOf(browser)).sessions) if (canEnd) await endSession(browser, id)
  await server.close()
  removeFiles(files)
})

const directoryOf = (id: string) => join(files.dataDir, 'sessions', id)
const socketOf = (id: string) => join(directoryOf(id), 'app.sock')

describe('a session under single-user=1', () => {
  it('starts, answers, tells where it is, and is gone with its files when it is ended', async () => {
    const { applications, cannotStart } = await sessionsOf(browser)
    expect(cannotStart).toBeUndefined()
    expect(applications.find(({ section }) => section === 'small')).toEqual({ section: 'small', name: 'Small', icon: 'terminal' })
    const started = await startSession(browser, { name: 'analysis' })
    expect(started).toMatchObject({ name: 'analysis', kind: 'Small', state: 'starting', label: 'Starting', canEnd: true })
    const running = await untilSession(browser, started.id, 'running')
    expect(running).toMatchObject({ label: 'Running', tone: 'ok', canOpen: true, hasLog: true })
    const environment = JSON.parse(await askApplication(socketOf(started.id), '/env')) as Record<string, string>
    expect(environment).toMatchObject({
      GREETING: 'hello analysis',
      POSIT_PRODUCT: 'WORKBENCH',
      RS_SERVER_ADDRESS: files.publicUrl,
      RS_SERVER_URL: `${files.publicUrl}/`,
      RS_SESSION_URL: `/s/${started.id}/`,
      PWB_SESSION_RUNTIME_DIR: join(directoryOf(started.id), 'run'),
      REQUESTS_CA_BUNDLE: join(directoryOf(started.id), 'run/ca-bundle.pem'),
      no_proxy: expect.stringContaining('localhost'),
    })
    expect(await askApplication(socketOf(started.id), '/cookie')).toMatch(/^user-id=demo\|/)
    expect(await logOf(browser, started.id)).toEqual([`up at ${socketOf(started.id)}`])
    const ended = await endSession(browser, started.id)
    expect(ended).toMatchObject({ explanation: 'Ended by you.', canEnd: false, canOpen: false })
    expect(existsSync(directoryOf(started.id))).toBe(false)
    expect(await logOf(browser, started.id)).toContain(`up at ${socketOf(started.id)}`)
  })

  it.each([
    ['fails', 'The program ended by itself (exit 3).', ['cannot open the frobnicator']],
    ['shell', 'The program ended by itself (exit 127).', [expect.stringContaining('nowhere-to-be-found')]],
  ])('of kind %s did not start, says why, and leaves its log and nothing else', async (application, explanation, lines) => {
    const { id } = await startSession(browser, { application })
    const shown = await untilSession(browser, id, 'did_not_start')
    expect(shown).toMatchObject({ label: 'Did not start', tone: 'danger', explanation, hasLog: true, canEnd: false })
    expect(await logOf(browser, id)).toEqual(lines)
    expect(existsSync(directoryOf(id))).toBe(false)
  })

  it('whose program is up and does not answer did not start, says why, and leaves its log and nothing else', async () => {
    const { id } = await startSession(browser, { application: 'hangs' })
    const lines = [`up at ${socketOf(id)}`]
    await expect.poll(() => logOf(browser, id)).toEqual(lines)
    aheadMs += 21_000
    const explanation = 'Its program was started and did not answer within 20 s.'
    expect(await untilSession(browser, id, 'did_not_start')).toMatchObject({ explanation, hasLog: true, canEnd: false })
    expect(await logOf(browser, id)).toEqual(lines)
    expect(existsSync(directoryOf(id))).toBe(false)
  })

  it('whose program ends is ended, in words', async () => {
    const { id } = await startSession(browser)
    await untilSession(browser, id, 'running')
    await askApplication(socketOf(id), '/exit').catch(() => undefined)
    const { explanation } = await untilSession(browser, id, 'ended')
    expect(explanation).toMatch(/^The program ended by itself \(exit 7\) at \{time:.*Z\}\.$/)
    expect(readdirSync(join(files.dataDir, 'sessions'))).not.toContain(id)
  })

  it('on a port answers only whoever knows its secret', async () => {
    const { id } = await startSession(browser, { application: 'port' })
    await untilSession(browser, id, 'running')
    await endSession(browser, id)
  })

  it('is refused in words when there are as many as one person may have', async () => {
    const ids = []
    for (let n = 0; n < 4; n += 1) ids.push((await startSession(browser)).id)
    await expect(startSession(browser)).rejects.toThrow('You have 4 sessions, as many as one person may have on this server.')
    for (const id of ids) await untilSession(browser, id, 'running')
    for (const id of ids) await endSession(browser, id)
    expect(readdirSync(join(files.dataDir, 'sessions'))).toEqual([])
  })
})
