import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VSCODE_PROGRAM } from '../../src/domain/install-folder.ts'
import { launchBrowser, openProfile } from '../../testing/browser.ts'
import { runInTerminal } from '../../testing/code-server.ts'
import { testIdeFolder } from '../../testing/ide-folder.ts'
import { endSession, startSession, untilSession } from '../../testing/launched-session.ts'
import { PASSWORD, type SessionWorld, startSessionWorld } from '../../testing/session-world.ts'
import { PlainBrowser } from '../../testing/signed-in.ts'
import { frontOfSocket, type SocketFront } from '../../testing/socket-front.ts'
import { printedToken, TOKEN_CODE } from '../../testing/token-code.ts'

const OWNER = `bk-code-${process.pid}`
const HOME = join('/home', OWNER)

/** Only root can make accounts and become them. */
describe.skipIf(process.getuid?.() !== 0)('under root, VS Code of another account', { timeout: 180_000 }, () => {
  let world: SessionWorld
  let pages: PlainBrowser
  let browser: Browser
  let page: Page
  let session: { readonly id: string; readonly directory: string; readonly front: SocketFront }

  beforeAll(async () => {
    execFileSync('useradd', ['--create-home', '--shell', '/bin/bash', OWNER])
    world = await startSessionWorld({ singleUser: false })
    const program = join(testIdeFolder(), VSCODE_PROGRAM)
    writeFileSync(join(world.files.configDir, 'sessions.conf'), `[vscode]\nprogram=${program}\n`, { mode: 0o644 })
    await world.addUser(OWNER)
    await world.signIn('demo', OWNER)
    world.serve.child.kill('SIGTERM')
    await world.serve.finished
    await world.startAgain()
    pages = new PlainBrowser(world.files)
    await pages.logIn(OWNER, PASSWORD)
    const { id } = await startSession(pages, { application: 'vscode', name: 'analysis' })
    await untilSession(pages, id, 'running')
    const directory = `/run/benchkey/sessions/${id}`
    session = { id, directory, front: await frontOfSocket(`${directory}/app.sock`, 'strip', `/s/${id}/`) }
    browser = await launchBrowser()
    page = await (await openProfile(browser)).newPage()
    await page.goto(session.front.url)
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await session?.front.close()
    expect(await world?.close()).toBe(0)
    execFileSync('userdel', ['--remove', OWNER], { stdio: 'ignore' })
  })

  it('has the view, without anybody having installed it, from files that the account cannot write', async () => {
    await page.getByRole('tab', { name: 'Available Credentials' }).click({ timeout: 60_000 })
    await page.getByRole('treeitem', { name: /^Demo API, Authenticated/ }).waitFor()
    const find = ['--reuid', OWNER, '--regid', OWNER, '--init-groups', 'find', testIdeFolder(), '-writable', '!', '-type', 'l']
    expect(spawnSync('setpriv', find, { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' })
  })

  it('gives R and Python in its terminal the same token', async () => {
    const { uid, gid } = statSync(HOME)
    const programs = { 'ask.R': TOKEN_CODE.r(world.uid), 'ask.py': TOKEN_CODE.python(world.uid) }
    for (const [name, code] of Object.entries(programs)) {
      writeFileSync(join(HOME, name), `${code}\n`)
      chownSync(join(HOME, name), uid, gid)
    }
    await runInTerminal(page, HOME, ['Rscript ask.R >r.out 2>&1', '/usr/bin/python3 ask.py >p.out 2>&1', 'id -un >who'])
    expect(read('who')).toBe(`${OWNER}\n`)
    const token = printedToken(read('r.out'))
    expect(token ?? read('r.out')).toMatch(/^[\w-]{20,}$/)
    expect(printedToken(read('p.out'))).toBe(token)
  })

  it('ends with all that it started, and its cookie opens nothing', async () => {
    const cookie = readFileSync(join(session.directory, 'run/rpc_cookie'), 'utf8').trim()
    expect(await world.statusWith(cookie)).toBe(200)
    await endSession(pages, session.id)
    expect(await world.statusWith(cookie)).toBe(401)
    await expect.poll(() => processesOf(statSync(HOME).uid)).toEqual([])
    await expect.poll(() => existsSync(session.directory)).toBe(false)
  })

  const read = (name: string): string => readFileSync(join(HOME, name), 'utf8')
})

function processesOf(uid: number): string[] {
  return readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && statSync(join('/proc', name), { throwIfNoEntry: false })?.uid === uid,
  )
}
