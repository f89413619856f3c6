import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CheckoutCopy, copyCheckout } from '../testing/checkout-copy.ts'
import { type Finished, startProcess } from '../testing/command-line.ts'
import {
  askApplication,
  endSession,
  sessionsOf,
  smallApplicationIn,
  startSession,
  untilSession,
  writeSmallKinds,
} from '../testing/launched-session.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  fetchToken,
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
} from '../testing/start-server.ts'

const PASSWORD = 'correct horse battery staple'
const ANN = `bk-ann-${process.pid}`
const EVE = `bk-eve-${process.pid}`
const BASE = '/run/benchkey/sessions'

/** Only root can make accounts and become them. */
describe.skipIf(process.getuid?.() !== 0)('a session of a server that is root', () => {
  let copy: CheckoutCopy
  let files: ServerFiles
  let server: ServerInProcess
  let ann: PlainBrowser

  const as = (name: string, ...words: string[]): Promise<Finished> =>
    startProcess(
      ['setpriv', `--reuid=${name}`, `--regid=${name}`, '--init-groups', '--inh-caps=-all', '--', ...words],
      {},
      { cwd: '/' },
    ).finished
  const directoryOf = (id: string) => join(BASE, id)
  const socketOf = (id: string) => join(BASE, id, 'app.sock')
  const environmentOf = async (id: string) =>
    JSON.parse(await askApplication(socketOf(id), '/env')) as Record<string, string | number>
  /** But those that are dead and that nobody has fetched yet. */
  const processesOf = async (name: string) =>
    (await startProcess(['ps', '-u', name, '-o', 'stat=,args=']).finished).stdout.split('\n').filter((line) => /^[^Z]/.test(line))

  beforeAll(async () => {
    for (const name of [ANN, EVE]) execFileSync('useradd', ['--create-home', '--shell', '/bin/bash', name])
    execFileSync('sh', [
      '-c',
      `printf 'export FROM_LOGIN=yes http_proxy=http://proxy.example:3128\\necho hello\\n' >> ~${ANN}/.profile`,
    ])
    copy = copyCheckout()
    files = await prepareServer({ singleUser: false })
    writeSmallKinds(files, smallApplicationIn(copy))
    server = await startInProcess(files, { executableDir: copy.folder })
    for (const name of [ANN, EVE, 'root', 'daemon', 'nobody-here']) {
      await runAdmin(files, ['user', 'add', name, '--password-stdin'], `${PASSWORD}\n`)
    }
    ann = await browserOf(ANN)
  })

  afterAll(async () => {
    for (const { id, canEnd } of (await sessionsOf(ann)).sessions) if (canEnd) await endSession(ann, id)
    await server.close()
    removeFiles(files)
    copy.remove()
    for (const name of [ANN, EVE]) execFileSync('userdel', ['--remove', name], { stdio: 'ignore' })
  })

  async function browserOf(name: string): Promise<PlainBrowser> {
    const browser = new PlainBrowser(files)
    await browser.logIn(name, PASSWORD)
    return browser
  }

  async function running(): Promise<string> {
    const { id } = await startSession(ann)
    await untilSession(ann, id, 'running')
    return id
  }

  it("runs as the user's own account, as after a login of theirs, with nothing of the server's", async () => {
    process.env.SECRET_OF_ROOT = 'of-root'
    const id = await running()
    delete process.env.SECRET_OF_ROOT
    const uid = Number(execFileSync('id', ['-u', ANN], { encoding: 'utf8' }))
    const environment = await environmentOf(id)
    expect(environment).toMatchObject({
      uid,
      cwd: `/home/${ANN}`,
      umask: 0o022,
      HOME: `/home/${ANN}`,
      USER: ANN,
      LOGNAME: ANN,
      SHELL: '/bin/bash',
      FROM_LOGIN: 'yes',
      RS_SESSION_URL: `/s/${id}/`,
      PWB_SESSION_RUNTIME_DIR: `${BASE}/${id}/run`,
      no_proxy: 'localhost',
      NO_PROXY: 'localhost',
    })
    expect(environment.PATH).toMatch(new RegExp(`^${copy.folder}:`))
    expect(JSON.stringify(environment)).not.toContain('of-root')
    expect(environment).not.toHaveProperty('BENCHKEY_CONFIG_DIR')
    const stat = await startProcess([
      'stat',
      '-c',
      '%U %a %F',
      `${BASE}/${id}`,
      `${BASE}/${id}/run`,
      `${BASE}/${id}/run/rpc_cookie`,
    ]).finished
    expect(stat.stdout).toBe(`${ANN} 2710 directory\n${ANN} 700 directory\n${ANN} 600 regular file\n`)
    expect((await startProcess(['stat', '-c', '%U %a', socketOf(id)]).finished).stdout).toBe(`${ANN} 660\n`)
    const cookie = readFileSync(`${BASE}/${id}/run/rpc_cookie`, 'utf8').trim()
    expect((await fetchToken(files, cookie, 'x')).status).toBe(200)
    await endSession(ann, id)
    expect((await fetchToken(files, cookie, 'x')).status).toBe(401)
    expect(existsSync(directoryOf(id))).toBe(false)
  })

  it('may have so many files open and so many processes, and no more', async () => {
    const id = await running()
    const limits = await askApplication(socketOf(id), '/limits')
    expect(limits).toMatch(/^Max processes +4096 +4096 /m)
    expect(limits).toMatch(/^Max open files +(\d+) +\1 /m)
    await endSession(ann, id)
  })

  it("shows another account of the host nothing: no cookie, socket, log, environment, and not the directory's names", async () => {
    const id = await running()
    const { pid } = await environmentOf(id)
    for (const path of [`${BASE}/${id}/run/rpc_cookie`, `${BASE}/${id}/run/log`, `/proc/${pid}/environ`]) {
      expect(await as(EVE, 'cat', path)).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringContaining('Permission denied'),
      })
    }
    expect((await as(EVE, 'ls', `${BASE}/${id}`)).stderr).toContain('Permission denied')
    expect((await as(EVE, 'ls', BASE)).stderr).toContain('Permission denied')
    const asked = await as(EVE, 'curl', '-sS', '--unix-socket', socketOf(id), 'http://localhost/env')
    expect(asked).toMatchObject({ stdout: '' })
    expect(asked.code).not.toBe(0)
    expect((await as(EVE, 'kill', String(pid))).stderr).toContain('Operation not permitted')
    expect((await as(EVE, 'mkdir', `${BASE}/mine`)).code).toBe(1)
    await endSession(ann, id)
  })

  it('writes nowhere else when its account plants links in its directory and in place of it', async () => {
    const id = await running()
    const victim = `/home/${EVE}/victim`
    await as(EVE, 'sh', '-c', `echo mine > ${victim} && chmod 600 ${victim}`)
    await as(
      ANN,
      'sh',
      '-c',
      `cd ${BASE}/${id} && rm -rf run && ln -s ${victim} run && rm app.sock && ln -s /run/benchkey app.sock`,
    )
    await endSession(ann, id)
    expect(readFileSync(victim, 'utf8')).toBe('mine\n')
    expect(existsSync(victim)).toBe(true)
    expect(existsSync(directoryOf(id))).toBe(false)
  })

  it('is not asked through a link that leads to the socket of another', async () => {
    const id = await running()
    const other = await running()
    await as(ANN, 'sh', '-c', `cd ${BASE}/${id} && ln -sf ${socketOf(other)} app.sock`)
    await untilSession(ann, id, 'unreachable')
    for (const each of [id, other]) await endSession(ann, each)
  })

  it.each([
    ['root', 'The Unix account "root" is root, as the server itself. Sessions never run as root.'],
    ['daemon', "one of the system's own. Sessions run as accounts from 1000 on."],
    ['nobody-here', 'There is no Unix account "nobody-here" on this host'],
  ])('is refused for %s, in one sentence', async (name, sentence) => {
    const browser = await browserOf(name)
    expect((await sessionsOf(browser)).cannotStart).toContain(sentence)
    await expect(startSession(browser)).rejects.toThrow(sentence.replaceAll('"', '\\"'))
  })

  it('of a user who is locked loses its cookie at once and is stopped; so does that of one who is removed', async () => {
    const eve = await browserOf(EVE)
    const { id } = await startSession(eve)
    await untilSession(eve, id, 'running')
    const cookie = readFileSync(`${BASE}/${id}/run/rpc_cookie`, 'utf8').trim()
    await runAdmin(files, ['user', 'lock', EVE])
    expect((await fetchToken(files, cookie, 'x')).status).toBe(401)
    await expect.poll(() => existsSync(directoryOf(id))).toBe(false)
    await runAdmin(files, ['user', 'unlock', EVE])
    const again = await browserOf(EVE)
    expect((await sessionsOf(again)).sessions[0]).toMatchObject({ id, state: 'ended', explanation: 'Its user was locked.' })
    const next = await startSession(again)
    await untilSession(again, next.id, 'running')
    expect((await runAdmin(files, ['user', 'remove', EVE, '--yes'])).code).toBe(0)
    expect(existsSync(directoryOf(next.id))).toBe(false)
    expect(await processesOf(EVE)).toEqual([])
  })

  it('that hangs, ignores SIGTERM and leaves processes behind is gone all the same when it is ended', async () => {
    const { id } = await startSession(ann, { application: 'deaf' })
    await untilSession(ann, id, 'running')
    await askApplication(socketOf(id), '/stray')
    await endSession(ann, id)
    expect(await processesOf(ANN)).toEqual([])
  })

  it('is listed for administrators and ended by them', async () => {
    const id = await running()
    expect((await runAdmin(files, ['session', 'list'])).stdout).toContain(id)
    expect((await runAdmin(files, ['session', 'end', id])).code).toBe(0)
    expect(await untilSession(ann, id, 'ended')).toMatchObject({ explanation: 'Ended by administrator.' })
  })
})
