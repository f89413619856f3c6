import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CheckoutCopy, copyCheckout } from '../testing/checkout-copy.ts'
import { JupyterClient } from '../testing/jupyter-client.ts'
import { endSession, startSession, untilSession } from '../testing/launched-session.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import { frontOfSocket } from '../testing/socket-front.ts'
import { TerminalClient } from '../testing/terminal-client.ts'
import { printedToken, TOKEN_CODE } from '../testing/token-code.ts'

const PASSWORD = 'correct horse battery staple'
const [OWNER, OTHER] = [`bk-kind-${process.pid}`, `bk-peek-${process.pid}`]
const isRoot = process.getuid?.() === 0

/** What a shell of the other account answers. */
function peek(line: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const words = ['--reuid', OTHER, '--regid', OTHER, '--init-groups', '--', '/bin/sh', '-c', line]
  return spawnSync('setpriv', words, { encoding: 'utf8', env: { PATH: '/usr/bin:/bin' }, timeout: 20_000 })
}

/** Only root can make accounts and become them. */
describe.skipIf(!isRoot)('under root, a session of a kind', { timeout: 180_000 }, () => {
  let copy: CheckoutCopy
  let world: SessionWorld
  let browser: PlainBrowser

  beforeAll(async () => {
    for (const name of [OWNER, OTHER]) execFileSync('useradd', ['--create-home', '--shell', '/bin/bash', name])
    copy = copyCheckout()
    world = await startSessionWorld({ singleUser: false })
    writeKinds()
    await world.addUser(OWNER)
    await world.signIn('demo', OWNER)
    world.serve.child.kill('SIGTERM')
    await world.serve.finished
    await world.startAgain()
    browser = new PlainBrowser(world.files)
    await browser.logIn(OWNER, PASSWORD)
  }, 120_000)

  afterAll(async () => {
    expect(await world.close()).toBe(0)
    copy.remove()
    for (const name of [OWNER, OTHER]) execFileSync('userdel', ['--remove', name], { stdio: 'ignore' })
  })

  /** The shipped kinds, from a folder that every account may read. */
  function writeKinds(): void {
    const folder = join(copy.executable[0] ?? '', '..')
    const node = join(folder, 'node_modules/.bin/node')
    const jupyter = [
      `/bin/sh ${folder}/server/src/applications/jupyter.sh {program} --no-browser --NotebookApp.sock={socket}`,
      '--NotebookApp.base_url={base-path} --NotebookApp.allow_remote_access=True --NotebookApp.token= --NotebookApp.password=',
    ]
    const sections = [
      `[terminal]\ncommand=${node} ${folder}/server/src/terminal/main.ts {socket}\n`,
      `[jupyter]\nprogram=jupyter-notebook\ncommand=${jupyter.join(' ')}\n`,
    ]
    writeFileSync(join(world.files.configDir, 'sessions.conf'), sections.join('\n'), { mode: 0o644 })
  }

  async function open(application: string, basePath: 'strip' | 'keep') {
    const { id } = await startSession(browser, { application, name: 'mine' })
    await untilSession(browser, id, 'running')
    const directory = `/run/benchkey/sessions/${id}`
    return { id, directory, front: await frontOfSocket(`${directory}/app.sock`, basePath, `/s/${id}/`) }
  }

  it("terminal: the shell is the user's own, and another account reaches neither it nor its files", async () => {
    const { id, directory, front } = await open('terminal', 'strip')
    const terminal = new TerminalClient(front.url)
    await terminal.ready()
    const found = await terminal.say('echo "<$(id -un)|$PWD|$(tty)|$$|$PPID|>"', (text) =>
      /<(\S+)\|>/.exec(text)?.[1]?.split('|'),
    )
    const [name, folder, tty, shell, server] = found
    expect([name, folder]).toEqual([OWNER, `/home/${OWNER}`])
    expect(await terminal.say('echo "<$(benchkey token demo)>"', printedToken)).toMatch(/^[\w-]{20,}$/)
    const denied = /Permission denied|Couldn't connect|Failed to connect/
    for (const line of [
      `cat ${directory}/run/rpc_cookie`,
      `ls ${directory}`,
      `ls ${directory}/run`,
      `cat ${directory}/run/log`,
      `cat /proc/${shell}/environ`,
      `cat /proc/${server}/environ`,
      `exec 3<${tty}`,
      `curl -sS --unix-socket ${directory}/app.sock http://localhost/`,
    ]) {
      const { status, stdout, stderr } = peek(line)
      expect([line, status === 0, stdout]).toEqual([line, false, ''])
      expect([line, stderr]).toEqual([line, expect.stringMatching(denied)])
    }
    terminal.close()
    await front.close()
    await endSession(browser, id)
    expect([existsSync(`/proc/${shell}`), existsSync(directory)]).toEqual([false, false])
  })

  it('Jupyter: the kernels of R and Python are the user’s own, and another account cannot reach them', async () => {
    const { id, directory, front } = await open('jupyter', 'keep')
    const jupyter = new JupyterClient(front.url)
    await jupyter.open()
    const [python, r] = [String(await jupyter.startKernel('python3')), String(await jupyter.startKernel('ir'))]
    const who = await jupyter.run(python, 'import getpass, os; print(getpass.getuser(), os.environ["JUPYTER_RUNTIME_DIR"])')
    const [name, kernels] = who.trim().split(' ')
    expect(name).toBe(OWNER)
    const token = printedToken(await jupyter.run(python, TOKEN_CODE.python(world.uid)))
    expect(printedToken(await jupyter.run(r, TOKEN_CODE.r(world.uid)))).toBe(token)
    expect(token).toMatch(/^[\w-]{20,}$/)
    for (const line of [`ls ${kernels}`, `curl -sS --unix-socket ${directory}/app.sock http://localhost/s/${id}/api`]) {
      expect([line, peek(line).status === 0]).toEqual([line, false])
    }
    await front.close()
    await endSession(browser, id)
    expect(existsSync(kernels ?? '')).toBe(false)
  })
})
