import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTimeOf } from '../src/launcher/processes.ts'
import type { Running } from '../testing/command-line.ts'
import {
  askApplication,
  endSession,
  sessionsOf,
  startSession,
  untilSession,
  writeSmallKinds,
} from '../testing/launched-session.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import { fetchToken, prepareServer, removeFiles, runAdmin, type ServerFiles, startServeProcess } from '../testing/start-server.ts'

const PASSWORD = 'correct horse battery staple'

let files: ServerFiles
let serve: Running
let browser: PlainBrowser

const directories = (): readonly string[] => readdirSync(join(files.dataDir, 'sessions'))
const socketOf = (id: string) => join(files.dataDir, 'sessions', id, 'app.sock')
const cookieOf = (id: string) => readFileSync(join(files.dataDir, 'sessions', id, 'run/rpc_cookie'), 'utf8').trim()
const pidOf = async (id: string) => (JSON.parse(await askApplication(socketOf(id), '/env')) as { pid: number }).pid

async function killServer(): Promise<void> {
  serve.child.kill('SIGKILL')
  await serve.finished
}

beforeAll(async () => {
  files = await prepareServer({ serverLines: ['sessions-per-user=25'] })
  writeSmallKinds(files)
  serve = await startServeProcess(files)
  await runAdmin(files, ['user', 'add', 'demo', '--password-stdin'], `${PASSWORD}\n`)
  browser = new PlainBrowser(files)
  await browser.logIn('demo', PASSWORD)
})

afterAll(async () => {
  for (const { id, canEnd } of (await sessionsOf(browser)).sessions) if (canEnd) await endSession(browser, id)
  serve.child.kill('SIGTERM')
  await serve.finished
  removeFiles(files)
})

describe('a server that is killed and started again', () => {
  it('has the sessions that run as they were, ends those that died meanwhile, and leaves nothing of a start it had begun', async () => {
    const [kept, dead] = [await startSession(browser, { name: 'kept' }), await startSession(browser, { name: 'dead' })]
    for (const { id } of [kept, dead]) await untilSession(browser, id, 'running')
    const [pid, deadPid] = [await pidOf(kept.id), await pidOf(dead.id)]
    const cookie = cookieOf(kept.id)
    const begun = await startSession(browser, { name: 'begun' })
    await killServer()
    process.kill(deadPid, 'SIGKILL')
    expect(await pidOf(kept.id)).toBe(pid)
    serve = await startServeProcess(files)
    expect(await untilSession(browser, dead.id, 'ended')).toMatchObject({
      explanation: expect.stringContaining('The program ended by itself (signal 9)'),
    })
    const shown = (await sessionsOf(browser)).sessions
    expect(shown.find(({ id }) => id === kept.id)).toMatchObject({ state: 'running', name: 'kept' })
    expect((await fetchToken(files, cookie, 'x')).status).toBe(200)
    expect(await pidOf(kept.id)).toBe(pid)
    // Either it had got far enough to be taken over, or nothing of it is left.
    await expect
      .poll(async () => (await sessionsOf(browser)).sessions.find(({ id }) => id === begun.id)?.state)
      .toMatch(/^(running|did_not_start)$/)
    for (const { id } of [kept, begun]) await endIfLive(id)
    expect((await fetchToken(files, cookie, 'x')).status).toBe(401)
    expect(directories()).toEqual([])
    expect(startTimeOf(pid)).toBeUndefined()
  })

  it('ends what was to end when it was killed', async () => {
    const { id } = await startSession(browser, { application: 'deaf' })
    await untilSession(browser, id, 'running')
    const pid = await pidOf(id)
    await browser.ask(`/api/sessions/${id}/end`, {})
    await killServer()
    serve = await startServeProcess(files)
    await untilSession(browser, id, 'ended')
    expect(startTimeOf(pid)).toBeUndefined()
    expect(directories()).toEqual([])
  })

  async function endIfLive(id: string): Promise<void> {
    const session = (await sessionsOf(browser)).sessions.find((each) => each.id === id)
    if (session?.canEnd) await endSession(browser, id)
  }
})

describe('sessions in trouble', () => {
  it('twenty at once all start, and all end', async () => {
    const started = await Promise.all(Array.from({ length: 20 }, (_, n) => startSession(browser, { name: `session ${n}` })))
    for (const { id } of started) await untilSession(browser, id, 'running')
    expect(new Set(started.map(({ id }) => cookieOf(id))).size).toBe(20)
    await Promise.all(started.map(({ id }) => browser.ask(`/api/sessions/${id}/end`, {})))
    for (const { id } of started) await untilSession(browser, id, 'ended')
    expect(directories()).toEqual([])
  })

  it('one whose process is killed is ended within seconds, and its cookie is dead', async () => {
    const { id } = await startSession(browser)
    await untilSession(browser, id, 'running')
    const cookie = cookieOf(id)
    process.kill(await pidOf(id), 'SIGKILL')
    expect((await untilSession(browser, id, 'ended')).explanation).toContain('(signal 9)')
    expect((await fetchToken(files, cookie, 'x')).status).toBe(401)
    expect(existsSync(join(files.dataDir, 'sessions', id))).toBe(false)
  })
})
