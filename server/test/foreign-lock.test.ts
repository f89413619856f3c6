import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminHealth } from '../src/domain/admin-api.ts'
import { grantHeld, newGate } from '../testing/behaviours.ts'
import { editDatabase } from '../testing/edit-database.ts'
import { waitedForProcessorMs } from '../testing/processor-time.ts'
import { type ScriptedProvider, startScriptedProvider } from '../testing/scripted-provider.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  askAdmin,
  fetchToken,
  openSession,
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

const PASSWORD = 'correct horse battery staple'
const LOCK_MS = 30_000
/** How often somebody asks for a fresh token meanwhile. */
const ASK_EVERY_MS = 50

/** Fault F19 of refresh.md: another program holds the write lock of the database for 30 s. */
describe('a database that another program locks for 30 s', () => {
  let files: ServerFiles
  let provider: ScriptedProvider
  let server: ServerInProcess
  let browser: PlainBrowser
  let cookie: string
  const uids = new Map<string, string>()

  beforeAll(async () => {
    provider = await startScriptedProvider({ rotation: 'strict-family' })
    files = await prepareServer()
    writeOauthClients(files, ['fresh', 'stale', 'new'].map(section).join('\n'))
    server = await startInProcess(files)
    await runAdmin(files, ['user', 'add', 'demo', '--password-stdin'], `${PASSWORD}\n`)
    browser = new PlainBrowser(files)
    await browser.logIn('demo', PASSWORD)
    for (const name of ['fresh', 'stale']) {
      uids.set(name, await browser.uidOf(name))
      expect((await browser.visit(await callbackAddress(name))).status).toBe(303)
    }
    cookie = (await openSession(files, 'demo')).cookie
    const statement = `UPDATE oauth2_tokens SET issued_at = issued_at - 3500000, expires_at = issued_at + 100000, revision = revision + 1
       WHERE integration_id = (SELECT id FROM integrations WHERE section = 'stale')`
    await editDatabase(files, (database) => database.exec(statement))
  })

  afterAll(async () => {
    await server.close()
    await provider.close()
    removeFiles(files)
  })

  function section(name: string): string {
    return `[${name}]
client-id = lab
client-secret = a-long-secret
authorization-url = ${provider.authorizationUrl}
token-url = ${provider.tokenUrl}
`
  }

  /** Where the service sends the browser back to after a sign-in was started. */
  async function callbackAddress(name: string): Promise<string> {
    const asked = new URL(await browser.start(await browser.uidOf(name))).searchParams
    return `${asked.get('redirect_uri')}?${new URLSearchParams({ code: 'any', state: asked.get('state') ?? '' })}`
  }

  const generationOf = (name: string): unknown => {
    const database = new DatabaseSync(join(files.dataDir, 'benchkey.db'), { readOnly: true })
    const query = 'SELECT generation FROM oauth2_tokens JOIN integrations i ON i.id = integration_id WHERE section = ?'
    const row = database.prepare(query).get(name)
    database.close()
    return row?.generation
  }

  const fetch = async (name: string) => {
    const reply = await fetchToken(files, cookie, uids.get(name) ?? '')
    return { status: reply.status, ...(JSON.parse(reply.body) as { access_token?: string; warning?: string }) }
  }

  /**
   * A refresh is on its way when the lock comes, and a browser comes back from a service under it. Meanwhile somebody asks for a
   * fresh token again and again. The longest gap of the event loop is a small part of the lock: with SQLite's own waiting, one
   * write would stand still for all of it, and everybody with it.
   */
  it('keeps nobody from a fresh token, and what waited for it is stored when it is over', async () => {
    const gate = newGate()
    provider.next(grantHeld(gate))
    const before = provider.requests.length
    const renewal = fetch('stale')
    await provider.received(before + 1)
    const address = await callbackAddress('new')
    const lock = await Lock.take(join(files.dataDir, 'benchkey.db'))
    const delays = monitorEventLoopDelay({ resolution: 10 })
    delays.enable()
    const waited = waitedForProcessorMs()
    gate.open()
    const signIn = browser.visit(address)
    const health = runAdmin(files, ['health', '--json'])
    const ended = sleep(LOCK_MS, 'over')
    let asked = 0
    let isOver = false
    while (!isOver) {
      const { status, access_token: token, warning } = await fetch('fresh')
      expect({ status, token: typeof token, warning }).toEqual({ status: 200, token: 'string', warning: undefined })
      asked += 1
      isOver = (await Promise.race([ended, sleep(ASK_EVERY_MS)])) === 'over'
    }
    delays.disable()
    expect(generationOf('stale')).toBe(1)
    expect(generationOf('new')).toBeUndefined()
    await lock.release()
    expect(asked).toBeGreaterThan(50)
    // What a busy machine adds is none of ours.
    expect(delays.max / 1e6 - (waitedForProcessorMs() - waited)).toBeLessThan(LOCK_MS / 10)
    const report = JSON.parse((await health).stdout) as AdminHealth
    expect(report.findings[0]).toMatchObject({ level: 'problem', about: 'database' })
    expect((await signIn).status).toBe(303)
    await expect.poll(() => [generationOf('stale'), generationOf('new')]).toEqual([2, 1])
    // Its caller was answered after 15 s, with the token that still lived.
    expect((await renewal).status).toBe(200)
    expect((await fetch('stale')).warning).toBeUndefined()
    expect(provider.ledger.duplicates).toBe(0)
    expect(provider.requests).toHaveLength(before + 2)
    await expect.poll(async () => (await askAdmin<AdminHealth>(files, 'GET', '/health')).isWell).toBe(true)
  }, 180_000)
})

/** Another program that holds the write lock. */
class Lock {
  readonly #child: ChildProcessWithoutNullStreams

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child
  }

  static async take(path: string): Promise<Lock> {
    const script = `
      const db = new (require('node:sqlite').DatabaseSync)(${JSON.stringify(path)}, { timeout: 5000 })
      db.exec('BEGIN IMMEDIATE')
      console.log('locked')
      process.stdin.on('end', () => { db.exec('COMMIT'); db.close() }).resume()`
    const child = spawn(process.execPath, ['-e', script])
    await once(child.stdout, 'data')
    return new Lock(child)
  }

  async release(): Promise<void> {
    this.#child.stdin.end()
    await once(this.#child, 'close')
  }
}
