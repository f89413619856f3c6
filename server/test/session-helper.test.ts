import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CheckoutCopy, copyCheckout } from '../testing/checkout-copy.ts'
import { type Running, startProcess } from '../testing/command-line.ts'
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
import { fetchToken, prepareServer, removeFiles, runAdmin, type ServerFiles, startServeProcess } from '../testing/start-server.ts'

const PASSWORD = 'correct horse battery staple'
const SERVER = `bk-server-${process.pid}`
const ANN = `bk-helped-${process.pid}`
const SOCKET = `/run/benchkey/helper-${process.pid}.sock`
const BASE = '/run/benchkey/sessions'

/** Only root can be the helper. */
describe.skipIf(process.getuid?.() !== 0)('a server that is not root, with the session helper', () => {
  let copy: CheckoutCopy
  let files: ServerFiles
  let helper: Running
  let serve: Running
  let ann: PlainBrowser

  const switching = (name: string) => ['setpriv', `--reuid=${name}`, `--regid=${name}`, '--init-groups', '--inh-caps=-all', '--']

  async function startHelper(): Promise<Running> {
    const running = startProcess([...copy.executable, 'session-helper', '--server', SERVER, '--socket', SOCKET], {}, { cwd: '/' })
    await new Promise<void>((ready, failed) => {
      running.child.stdout?.once('data', () => ready())
      void running.finished.then(({ stderr }) => failed(new Error(stderr)))
    })
    return running
  }

  beforeAll(async () => {
    execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', SERVER])
    execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', ANN])
    copy = copyCheckout()
    files = await prepareServer({ singleUser: false, serverLines: [`session-helper=${SOCKET}`] })
    writeSmallKinds(files, smallApplicationIn(copy))
    execFileSync('chown', ['-R', `${SERVER}:`, files.dir])
    helper = await startHelper()
    serve = await startServeProcess(files, [...switching(SERVER), ...copy.executable])
    for (const name of [ANN, SERVER]) await runAdmin(files, ['user', 'add', name, '--password-stdin'], `${PASSWORD}\n`)
    ann = new PlainBrowser(files)
    await ann.logIn(ANN, PASSWORD)
  })

  afterAll(async () => {
    for (const { id, canEnd } of (await sessionsOf(ann)).sessions) if (canEnd) await endSession(ann, id)
    serve.child.kill('SIGTERM')
    await serve.finished
    helper.child.kill('SIGTERM')
    expect((await helper.finished).code).toBe(0)
    removeFiles(files)
    copy.remove()
    for (const name of [ANN, SERVER]) execFileSync('userdel', ['--remove', name], { stdio: 'ignore' })
  })

  it("starts sessions as their users' own accounts, with a socket that the server's group reaches, and ends them", async () => {
    const { id } = await startSession(ann, { name: 'helped' })
    await untilSession(ann, id, 'running')
    const environment = JSON.parse(await askApplication(`${BASE}/${id}/app.sock`, '/env')) as Record<string, unknown>
    const uid = Number(execFileSync('id', ['-u', ANN], { encoding: 'utf8' }))
    expect(environment).toMatchObject({ uid, GREETING: 'hello helped', HOME: `/home/${ANN}`, cwd: `/home/${ANN}` })
    const stat = await startProcess(['stat', '-c', '%U %G %a', `${BASE}/${id}`, `${BASE}/${id}/app.sock`]).finished
    expect(stat.stdout).toBe(`${ANN} ${SERVER} 2710\n${ANN} ${SERVER} 660\n`)
    const cookie = readFileSync(`${BASE}/${id}/run/rpc_cookie`, 'utf8').trim()
    expect((await fetchToken(files, cookie, 'x')).status).toBe(200)
    await endSession(ann, id)
    expect((await fetchToken(files, cookie, 'x')).status).toBe(401)
    expect(existsSync(`${BASE}/${id}`)).toBe(false)
  })

  it('is refused sessions as its own account, and its helper runs nothing as that or as one of the system', async () => {
    const browser = new PlainBrowser(files)
    await browser.logIn(SERVER, PASSWORD)
    expect((await sessionsOf(browser)).cannotStart).toContain("is the server's own")
    for (const account of ['root', 'daemon', SERVER]) {
      expect(await ask({ do: 'run', account, words: ['/usr/bin/id'] })).toMatchObject({
        refused: expect.stringContaining('runs nothing as'),
      })
    }
    expect(await ask({ do: 'make', account: ANN, sessionId: '../../etc' })).toEqual({
      refused: 'What should be the ID of a session is none.',
    })
    expect(await ask({ do: 'remove', sessionId: '..' })).toEqual({ refused: 'What should be the ID of a session is none.' })
    expect(await ask({ do: 'sudo' })).toEqual({ refused: 'The session helper did not understand this request.' })
  })

  it('gets no variable to a program of root: they come under the account', async () => {
    const words = ['/bin/sh', '-c', 'id -un; echo "$LD_PRELOAD"']
    const answer = await ask({
      do: 'run',
      account: ANN,
      words,
      environment: { LD_PRELOAD: '/nowhere/evil.so', PATH: '/usr/bin:/bin' },
    })
    expect(answer).toMatchObject({ left: { code: 0, stdout: `${ANN}\n/nowhere/evil.so\n` } })
    // The linker told it of the two programs that ran as the account, the shell and `id`, and of none before.
    expect((answer as { left: { stderr: string } }).left.stderr.match(/cannot be preloaded/g)).toHaveLength(2)
  })

  it('lets nobody else ask its helper', async () => {
    const asked = await startProcess([...switching(ANN), 'curl', '-sS', '--unix-socket', SOCKET, 'http://localhost/']).finished
    expect(asked.code).not.toBe(0)
    expect((await startProcess(['stat', '-c', '%U %a', SOCKET]).finished).stdout).toBe(`${SERVER} 600\n`)
  })

  it('says in words that the helper is away, and goes on with the sessions there are when it is back', async () => {
    const { id } = await startSession(ann)
    await untilSession(ann, id, 'running')
    helper.child.kill('SIGTERM')
    await helper.finished
    let said = ''
    serve.child.stderr?.on('data', (text: string) => {
      said += text
    })
    const failed = await startSession(ann)
    // The server has to meet the helper's absence before the next one is there.
    await expect.poll(() => said).toContain(failed.id)
    helper = await startHelper()
    expect(await untilSession(ann, failed.id, 'did_not_start')).toMatchObject({
      explanation: expect.stringContaining('The session helper does not answer at'),
    })
    expect((await sessionsOf(ann)).sessions.find((session) => session.id === id)).toMatchObject({ state: 'running' })
    await endSession(ann, id)
  })

  function ask(request: object): Promise<unknown> {
    return new Promise((done, failed) => {
      const socket = connect({ path: SOCKET, allowHalfOpen: true })
      let text = ''
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      socket.on('error', failed).on('end', () => {
        socket.destroy()
        done(JSON.parse(text))
      })
      socket.end(`${JSON.stringify(request)}\n`)
    })
  }
})
