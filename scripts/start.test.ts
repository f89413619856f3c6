import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ownPort } from '../server/testing/own-port.ts'
import { checkPort } from './ports.ts'

const checkout = resolve(import.meta.dirname, '..')
const running: Start[] = []
let root: string

/** `npm start` as a process. */
interface Start {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<number | null>
  out: string
  words: string
}

// A checkout of its own, so that nothing touches the .benchkey/ of whoever runs the tests.
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'benchkey-start-'))
  cpSync(import.meta.dirname, join(root, 'scripts'), { recursive: true })
  for (const name of ['server', 'sdk', 'web', 'node_modules', 'package-lock.json'])
    symlinkSync(join(checkout, name), join(root, name))
})

afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGTERM')
    await ended
  }
  rmSync(root, { recursive: true })
})

function start(...args: string[]): Start {
  const child = spawn(process.execPath, [join(root, 'scripts/start.ts'), ...args])
  const started: Start = { child, ended: once(child, 'close').then(([code]) => code), out: '', words: '' }
  child.stdout.on('data', (chunk) => {
    started.out += chunk
  })
  child.stderr.on('data', (chunk) => {
    started.words += chunk
  })
  running.push(started)
  return started
}

/** Resolves when the closing line of the greeting is there; rejects when it ends before. */
async function up(started: Start): Promise<Start> {
  const ready = new Promise<void>((answer) => {
    started.child.stdout.on('data', () => {
      if (started.out.includes('Stop: Ctrl-C')) answer()
    })
  })
  const ended = started.ended.then((code) => Promise.reject(new Error(`ended with ${code}: ${started.words}`)))
  await Promise.race([ready, ended])
  return started
}

const kept = (name: string) => readFileSync(join(root, '.benchkey', name), 'utf8')

async function logIn(port: number, password: string): Promise<number> {
  return (await post(port, '/api/login', { userName: 'demo', password })).status
}

/** How the pages below *Administration* answer the demo user. */
async function openAdministration(port: number, password: string): Promise<number> {
  const { cookies } = await post(port, '/api/login', { userName: 'demo', password })
  return (await call(port, 'GET', '/api/admin/overview', undefined, cookies.join('; '))).status
}

interface Reply {
  readonly status: number
  /** Those it sets. */
  readonly cookies: string[]
}

const post = (port: number, path: string, body: object, cookie = ''): Promise<Reply> => call(port, 'POST', path, body, cookie)

/** A call of the page API. */
function call(port: number, method: string, path: string, body: object | undefined, cookie: string): Promise<Reply> {
  const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', 'x-benchkey-request': '1', cookie }
  return new Promise((answer, reject) => {
    const options = { method, headers, ca: kept('certificates/ca.pem'), agent: false }
    const outgoing = request(`https://localhost:${port}${path}`, options, (response) => {
      const cookies = (response.headers['set-cookie'] ?? []).map((each) => each.replace(/;.*/, ''))
      response.resume().on('end', () => answer({ status: response.statusCode ?? 0, cookies }))
    })
    outgoing.on('error', reject)
    outgoing.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Processes whose command line names something below this checkout's data directory. */
function ofSessions(): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(root, '.benchkey/data/sessions/'))
    } catch {
      return false // It has ended meanwhile.
    }
  })
}

/** Everything under .benchkey/ that others could read. */
function open(dir = join(root, '.benchkey')): string[] {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => (statSync(path).mode & 0o077) !== 0)
}

/** Processes that a process has started. */
function childrenOf(pid: number | undefined): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

describe('npm start', { timeout: 120_000 }, () => {
  test('greets with address, demo user and what to do next, keeps all of it, and ends what it started', async () => {
    const port = await ownPort()
    const first = await up(start('--port', `${port}`))
    // The pages are those of the checkout, which other tests open at this moment.
    expect(first.out + first.words).not.toContain('Building the pages')
    const password = kept('demo-user').trim()
    expect(first.out).toBe(`Benchkey is up:  https://localhost:${port}
Log in:          demo / ${password}   (kept in .benchkey/demo-user)
Your browser will warn about the certificate: it was made on this machine a moment ago. Continue.
Then:            1. open Settings > Managed Credentials and sign in to "Demo API"
                 2. ./benchkey session run --user demo -- benchkey token demo
Stop: Ctrl-C. Everything is under .benchkey/ and kept.
`)
    expect(first.words).not.toContain('https://')
    expect(await logIn(port, password)).toBeLessThan(300)
    expect(await logIn(port, 'wrong')).toBe(401)
    expect(await openAdministration(port, password)).toBe(200)
    expect(open()).toEqual([])
    expect(existsSync(join(root, '.benchkey/demo-user.pending'))).toBe(false)

    first.child.kill('SIGINT')
    expect(await first.ended).toBe(0)
    await checkPort(port, '')
    await checkPort(Number(kept('demo-provider/port')), '')

    // As a .benchkey/ from before there were roles.
    const database = new DatabaseSync(join(root, '.benchkey/data/benchkey.db'))
    database.exec('UPDATE users SET is_admin = 0')
    database.close()
    const before = [
      kept('config/benchkey.conf'),
      kept('config/oauth-clients.conf'),
      kept('data/key-ring'),
      kept('certificates/ca.pem'),
    ]
    const second = await up(start())
    expect(second.out).toBe(first.out)
    expect(second.words).toMatch(/^The demo user is an administrator now, because nobody was: .*$/m)
    expect(await openAdministration(port, password)).toBe(200)
    const after = [
      kept('config/benchkey.conf'),
      kept('config/oauth-clients.conf'),
      kept('data/key-ring'),
      kept('certificates/ca.pem'),
    ]
    expect(after).toEqual(before)
  })

  test('ends the sessions that were started on its pages, which outlive a server otherwise', async () => {
    const port = await ownPort()
    const started = await up(start('--port', `${port}`))
    const { cookies } = await post(port, '/api/login', { userName: 'demo', password: kept('demo-user').trim() })
    const { status } = await post(port, '/api/sessions', { application: 'terminal', name: '' }, cookies.join('; '))
    expect(status).toBeLessThan(300)
    await expect.poll(ofSessions, { timeout: 30_000 }).not.toEqual([])
    started.child.kill('SIGINT')
    expect(await started.ended).toBe(0)
    expect(started.words).toContain('Ending a session …')
    expect(ofSessions()).toEqual([])
  })

  test('ends everything and fails when one of its processes is killed', async () => {
    const started = await up(start('--port', `${await ownPort()}`))
    const [one = 0, other = 0] = childrenOf(started.child.pid)
    process.kill(one, 'SIGKILL')
    expect(await started.ended).toBe(1)
    expect(started.words).toMatch(/ended unexpectedly, so everything was stopped; its words are in \.benchkey\/logs\/\.\n$/)
    expect(() => process.kill(other, 0)).toThrow('ESRCH')
  })

  test('says in one sentence that its port is taken, before it does anything long', async () => {
    const holder = createServer()
    const port = await new Promise<number>((answer) => {
      holder.listen(0, '127.0.0.1', () => {
        const address = holder.address()
        answer(address !== null && typeof address === 'object' ? address.port : 0)
      })
    })
    const started = start('--port', `${port}`)
    expect(await started.ended).toBe(1)
    holder.close()
    expect(started.words).toBe(
      `Writing a first configuration …\nPort ${port} is taken: stop the program that uses it, or start Benchkey on another one: npm start -- --port ${port + 1}\n`,
    )
  })

  test('answers how it is used when the port is none', async () => {
    const started = start('--port', 'eight')
    expect(await started.ended).toBe(2)
    expect(started.words).toBe('usage: npm start -- [--port PORT]   (PORT from 1 to 65535)\n')
  })
})
