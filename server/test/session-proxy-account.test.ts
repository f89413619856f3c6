import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CheckoutCopy, copyCheckout } from '../testing/checkout-copy.ts'
import type { Running } from '../testing/command-line.ts'
import { enterSession } from '../testing/enter-session.ts'
import {
  endSession,
  sessionsOf,
  smallApplicationIn,
  startSession,
  untilSession,
  writeSmallKinds,
} from '../testing/launched-session.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import { prepareServer, removeFiles, runAdmin, type ServerFiles, startServeProcess } from '../testing/start-server.ts'

const PROXY = `bk-proxy-${process.pid}`
const ANN = `bk-ann-${process.pid}`
const PASSWORD = 'correct horse battery staple'

let ann: PlainBrowser
let copy: CheckoutCopy
let files: ServerFiles
let serve: Running

describe.skipIf(process.getuid?.() !== 0)('the process of the session pages of a server that is root', () => {
  beforeAll(async () => {
    copy = copyCheckout()
    files = await prepareServer({ singleUser: false, serverLines: ['sessions-port=0', `sessions-account=${PROXY}`] })
    execFileSync('useradd', ['--system', '--user-group', '--shell', '/usr/sbin/nologin', PROXY])
    execFileSync('useradd', ['--create-home', '--shell', '/bin/bash', ANN])
    writeSmallKinds(files, smallApplicationIn(copy))
    serve = await startServeProcess(files, copy.executable)
    await runAdmin(files, ['user', 'add', ANN, '--password-stdin'], `${PASSWORD}\n`)
    ann = new PlainBrowser(files)
    await ann.logIn(ANN, PASSWORD)
  })
  afterAll(async () => {
    for (const { id, canEnd } of (await sessionsOf(ann)).sessions) if (canEnd) await endSession(ann, id)
    serve.child.kill('SIGTERM')
    await serve.finished
    removeFiles(files)
    copy.remove()
    execFileSync('userdel', ['--remove', ANN], { stdio: 'ignore' })
    execFileSync('userdel', [PROXY], { stdio: 'ignore' })
  })

  const proxyPid = (): number => {
    const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && commandOf(name).includes('proxy/main.ts'))
    const own = children.find((pid) => ancestorsOf(Number(pid)).includes(serve.child.pid ?? 0))
    return Number(own)
  }

  test('runs as the account of sessions-account, in no group of the server, with none of its rights', async () => {
    const status = readFileSync(`/proc/${proxyPid()}/status`, 'utf8')
    const uid = execFileSync('id', ['-u', PROXY], { encoding: 'utf8' }).trim()
    const gid = execFileSync('id', ['-g', PROXY], { encoding: 'utf8' }).trim()
    expect(status).toMatch(new RegExp(`^Uid:\\t${uid}\\t${uid}\\t${uid}\\t${uid}$`, 'm'))
    expect(status).toMatch(new RegExp(`^Gid:\\t${gid}\\t${gid}\\t${gid}\\t${gid}$`, 'm'))
    expect(status).toMatch(/^Groups:\t ?$/m)
    for (const kind of ['CapPrm', 'CapEff', 'CapInh', 'CapAmb']) expect(status).toMatch(new RegExp(`^${kind}:\\t0+$`, 'm'))
    const { stdout } = await runAdmin(files, ['health'])
    expect(stdout).not.toContain('session pages')
  })

  test('cannot open key ring, database, configuration or admin socket', () => {
    const secrets = ['key-ring', 'benchkey.db', 'admin.sock'].map((name) => join(files.dataDir, name))
    const all = [...secrets, join(files.configDir, 'benchkey.conf')]
    for (const path of all) {
      expect(statSync(path)).toBeDefined()
      expect(() => openAs(PROXY, path)).toThrow(/Permission denied/)
    }
  })

  test.each(['small', 'port'])(
    'reaches a session of a user’s own account, by its socket or its port: %s',
    async (application) => {
      const { id } = await startSession(ann, { application })
      await untilSession(ann, id, 'running')
      const { ask } = await enterSession(files, ann, id)
      const reply = await ask('env')
      expect(reply).toMatchObject({ status: 200 })
      expect(reply.body).toContain(ANN)
    },
  )

  test.each([
    [
      'no-such-account',
      'There is no Unix account no-such-account for',
      'useradd --system --user-group --shell /usr/sbin/nologin',
    ],
    ['root', 'The Unix account root is root', 'sessions-account'],
    ['nobody', 'Others are in the group of the Unix account nobody', 'groupadd --system nobody'],
  ])('as %s they are off, the server says so, and tokens are served', async (account, why, remedy) => {
    const others = await prepareServer({ singleUser: false, serverLines: [`sessions-account=${account}`] })
    const running = await startServeProcess(others, copy.executable)
    const { stdout, code } = await runAdmin(others, ['health'])
    running.child.kill('SIGTERM')
    const { stderr } = await running.finished
    removeFiles(others)
    expect(stdout).toContain(why)
    expect(code).toBe(0)
    expect(stderr).toContain(remedy)
  })
})

/** Opens a file as another account does; rejects with what it is told. */
function openAs(account: string, path: string): void {
  const words = ['--reuid', account, '--regid', account, '--clear-groups', 'head', '-c', '1', path]
  execFileSync('setpriv', words, { encoding: 'utf8', stdio: 'pipe', env: { LC_ALL: 'C', PATH: process.env.PATH ?? '' } })
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return '' // It has just ended.
  }
}

function ancestorsOf(pid: number): readonly number[] {
  const parents: number[] = []
  for (let at = pid; at > 1; ) {
    at = Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${at}/status`, 'utf8'))?.[1] ?? 0)
    parents.push(at)
  }
  return parents
}
