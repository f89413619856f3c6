import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@benchkey/sdk'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BENCHKEY, type Finished, startProcess } from '../testing/command-line.ts'
import { PASSWORD, type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import { askAdmin, fetchToken } from '../testing/start-server.ts'
import { newTerminal, type Terminal } from '../testing/terminal.ts'

const WIRE = fileURLToPath(new URL('../testing/wire', import.meta.url))
const [NODE = '', BIN = ''] = BENCHKEY

let world: SessionWorld
let other: SessionWorld
let terminal: Terminal
let browser: PlainBrowser

beforeAll(async () => {
  ;[world, other] = await Promise.all([startSessionWorld(), startSessionWorld()])
})
afterAll(async () => {
  expect(await Promise.all([world.close(), other.close()])).toEqual([0, 0])
})
beforeEach(async () => {
  terminal = newTerminal()
  browser = await loggedIn(world)
})
afterEach(() => terminal.remove())

/** Those of one describe look at the same log-in, for each takes as long as a terminal waits between two questions. */
function shareLogIn(): { said: () => Finished } {
  let shared: Terminal
  let said: Finished
  beforeAll(async () => {
    shared = newTerminal()
    said = await shared.logIn(world.files, await loggedIn(world))
  })
  beforeEach(() => {
    terminal.remove()
    terminal = { ...shared, remove: () => undefined }
  })
  afterAll(() => shared.remove())
  return { said: () => said }
}

async function loggedIn({ files }: SessionWorld): Promise<PlainBrowser> {
  const own = new PlainBrowser(files)
  await own.logIn('demo', PASSWORD)
  return own
}

const directoryOf = ({ files }: SessionWorld): string => join(terminal.state, `server-localhost%3A${files.port}`)
const cookieOf = (at: SessionWorld): string => readFileSync(join(directoryOf(at), 'rpc_cookie'), 'utf8').trim()
const modeOf = (path: string): string => (lstatSync(path).mode & 0o777).toString(8)
const ended = ({ files }: SessionWorld): string =>
  `benchkey: This session has ended or lost its access, so it gets no tokens.\n  Open a new one at ${files.publicUrl}, or run: benchkey login.\n`

async function tokenOf({ files, uid }: SessionWorld, cookie: string): Promise<string> {
  return (JSON.parse((await fetchToken(files, cookie, uid)).body) as { access_token: string }).access_token
}

describe('a terminal that was logged in', () => {
  const { said } = shareLogIn()

  it('says who it is, keeps what it got closed to others, and needs no variable any more', async () => {
    const { code, stdout, stderr } = said()
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(
      new RegExp(`benchkey: Logged in to ${world.files.publicUrl} as demo, until \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC\\.\n`),
    )
    const directory = directoryOf(world)
    expect([terminal.state, directory].map(modeOf)).toEqual(['700', '700'])
    const files = ['authority.pem', 'ca-bundle.pem', 'rpc_cookie', 'session.json']
    expect(readdirSync(directory).sort()).toEqual(files)
    expect(files.map((name) => modeOf(join(directory, name)))).toEqual(['600', '600', '600', '600'])
    expect(readFileSync(join(directory, 'session.json'), 'utf8')).not.toContain(cookieOf(world))
    expect(stderr).not.toContain(cookieOf(world))
    const token = await terminal.run(['token', 'demo'])
    expect(token).toEqual({ code: 0, stdout: `${await tokenOf(world, cookieOf(world))}\n`, stderr: '' })
    const status = await terminal.run(['status'])
    expect(status.stdout).toContain(`demo at ${world.files.publicUrl}, in session `)
    // The SDK in a program finds it by itself, too.
    const sdk = createClient({ environment: { HOME: terminal.home } })
    expect((await sdk.session()).session.kind).toBe('login')
  })

  it('gives R and Python their tokens with the recorded requests, after session env', async () => {
    const python = `/usr/bin/python3 ${join(WIRE, 'as-posit-sdk.py')} ${world.uid}`
    const r = `Rscript ${join(WIRE, 'as-rstudioapi.R')} ${world.uid}`
    // Those two programs read the cookie from the variable; the packages they stand for read the file.
    const script = `eval "$("${NODE}" "${BIN}" session env)"
      export RS_SESSION_RPC_COOKIE="$(cat "$PWB_SESSION_RUNTIME_DIR/rpc_cookie")"
      ${python} && echo && ${r} && echo && curl -sS --fail -o /dev/null ${world.files.publicUrl}/health/live && echo reached`
    const { code, stdout, stderr } = await startProcess(['sh', '-c', script], { HOME: terminal.home }).finished
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [fromPython = '', fromR = '', curl] = stdout.trim().split('\n')
    const token = await tokenOf(world, cookieOf(world))
    for (const text of [fromPython, fromR]) expect(JSON.parse(text)).toMatchObject({ tokens: [{ token }] })
    expect(curl).toBe('reached')
  })

  it('prints its variables and nothing secret among them', async () => {
    const { stdout } = await terminal.run(['session', 'env', '--json'])
    const directory = directoryOf(world)
    expect(JSON.parse(stdout)).toEqual({
      ...{ POSIT_PRODUCT: 'WORKBENCH', RSTUDIO_VERSION: '2026.01.0' },
      ...{ RS_SERVER_ADDRESS: world.files.publicUrl, BENCHKEY_SERVER_ADDRESS: world.files.publicUrl },
      ...{ RS_SERVER_URL: `${world.files.publicUrl}/`, BENCHKEY_SERVER_URL: `${world.files.publicUrl}/` },
      ...{ RS_SESSION_URL: expect.stringMatching(/^\/s\/.*\/$/), BENCHKEY_SESSION_URL: expect.any(String) },
      ...{ PWB_SESSION_RUNTIME_DIR: directory, BENCHKEY_SESSION_RUNTIME_DIR: directory },
      ...{ REQUESTS_CA_BUNDLE: join(directory, 'ca-bundle.pem'), CURL_CA_BUNDLE: join(directory, 'ca-bundle.pem') },
      ...{ no_proxy: 'localhost', NO_PROXY: 'localhost' },
    })
  })

  it('runs commands with tokens, waits for sign-ins, and finds nothing wrong', async () => {
    const run = await terminal.run(['run', 'T=demo', 'F=@demo', '--', 'sh', '-c', 'test "$T" = "$(cat "$F")" && echo same'])
    expect(run).toEqual({ code: 0, stdout: 'same\n', stderr: '' })
    const signedIn = await terminal.run(['sign-in', 'demo', '--no-browser'])
    expect(signedIn.stderr).toContain('You are signed in to Demo API as ada@demo.example already.')
    const { code, stdout } = await terminal.run(['doctor', '--json'])
    const { checks } = JSON.parse(stdout) as { checks: { check: string; outcome: string; explanation: string }[] }
    expect(checks.filter(({ outcome }) => outcome === 'failed')).toEqual([])
    expect(code).toBe(0)
    expect(checks.find(({ check }) => check === 'session')?.explanation).toBe(
      `This terminal is logged in to ${world.files.publicUrl}; R and Python find it after: eval "$(benchkey session env)"`,
    )
  })
})

describe('what is kept of a log-in', () => {
  shareLogIn()

  it('is not used when others could have written it', async () => {
    for (const path of [directoryOf(world), terminal.state]) {
      chmodSync(path, 0o777)
      const { code, stderr } = await terminal.run(['token', 'demo'])
      expect({ code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/is open to others|not a Benchkey session/),
      })
      chmodSync(path, 0o700)
    }
    expect(await terminal.run(['token', 'demo'])).toMatchObject({ code: 0 })
  })

  it('cannot be read by another account', async () => {
    chmodSync(terminal.home, 0o755)
    const path = join(directoryOf(world), 'rpc_cookie')
    const words = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--', 'cat', path]
    expect(await startProcess(words).finished).toMatchObject({ code: 1, stdout: '' })
  })

  it('opens nothing at a server that lost its database, which says that the session has ended', async () => {
    const directory = directoryOf(world)
    const cookie = cookieOf(world)
    writeFileSync(join(directory, 'rpc_cookie'), `${cookie.slice(0, -4)}AAAA\n`)
    expect(await terminal.run(['token', 'demo'])).toEqual({ code: 1, stdout: '', stderr: ended(world) })
  })
})

describe('its session', () => {
  it('carries the name of its host, and when it was ended elsewhere the terminal is told', async () => {
    await terminal.logIn(world.files, browser)
    const client = createClient({ environment: { HOME: terminal.home } })
    const { session } = await client.session()
    expect(session).toMatchObject({ kind: 'login', name: hostname() })
    await askAdmin(world.files, 'POST', `/sessions/${session.id}/end`)
    expect(await terminal.run(['token', 'demo'])).toEqual({ code: 1, stdout: '', stderr: ended(world) })
    // Logging in again needs neither the address nor the authority once more.
    const running = terminal.start(['login', '--no-browser'])
    const code = await new Promise<string>((resolve) => {
      running.child.stderr?.on('data', (text: string) => {
        const [, shown] = /the code (\S+)\./.exec(text) ?? []
        if (shown) resolve(shown)
      })
    })
    await browser.ask('/api/device/approve', { code })
    expect(await running.finished).toMatchObject({ code: 0 })
    const before = cookieOf(world)
    expect(await world.statusWith(before)).toBe(200)
    // One terminal has one session.
    await terminal.logIn(world.files, browser)
    expect([await world.statusWith(before), await world.statusWith(cookieOf(world))]).toEqual([401, 200])
  })

  it('ends, and is forgotten, with benchkey logout', async () => {
    await terminal.logIn(world.files, browser)
    const cookie = cookieOf(world)
    expect(await world.statusWith(cookie)).toBe(200)
    expect(await terminal.run(['logout'])).toEqual({
      code: 0,
      stdout: '',
      stderr: `benchkey: Logged out of ${world.files.publicUrl}.\n`,
    })
    expect(await world.statusWith(cookie)).toBe(401)
    expect(readdirSync(terminal.state)).toEqual([])
    expect((await terminal.run(['token', 'demo'])).stderr).toContain('or log this terminal in: benchkey login.')
    expect(await terminal.run(['logout'])).toMatchObject({ code: 1, stderr: 'benchkey: This terminal is not logged in.\n' })
  })
})

describe('two servers', () => {
  it('are used side by side: the one of the last log-in, or the one that is named', async () => {
    await terminal.logIn(world.files, browser)
    await terminal.logIn(other.files, await loggedIn(other))
    const named = { BENCHKEY_SERVER_URL: world.files.publicUrl }
    const tokens = [await terminal.run(['token', 'demo']), await terminal.run(['token', 'demo'], named)]
    expect(tokens.map(({ stdout }) => stdout.trim())).toEqual([
      await tokenOf(other, cookieOf(other)),
      await tokenOf(world, cookieOf(world)),
    ])
    // In a session its own variables go first.
    const session = { RS_SERVER_ADDRESS: world.files.publicUrl, RS_SESSION_RPC_COOKIE: cookieOf(world) }
    const inSession = await terminal.run(['status'], { ...session, REQUESTS_CA_BUNDLE: world.files.caFile })
    expect(inSession.stdout).toContain(`demo at ${world.files.publicUrl}, `)
    // After a log-out of one the other is meant.
    expect(await terminal.run(['logout', other.files.publicUrl])).toMatchObject({ code: 0 })
    expect((await terminal.run(['token', 'demo'])).stdout.trim()).toBe(await tokenOf(world, cookieOf(world)))
  })
})

describe('a terminal is not logged in', () => {
  it('when it was denied', async () => {
    const { code, finished } = await terminal.beginLogin(world.files)
    expect((await browser.ask('/api/device/deny', { code })).status).toBe(200)
    expect(await finished).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('benchkey: This terminal was not approved. Nothing was changed.\n'),
    })
    expect(readdirSync(directoryOf(world))).toEqual([])
  })

  it('when somebody stops waiting', async () => {
    const { child, finished } = await terminal.beginLogin(world.files)
    child.kill('SIGINT')
    expect(await finished).toMatchObject({ code: 130, stderr: expect.stringContaining('this terminal is not logged in') })
  })

  it('to a server whose certificate it does not trust, whatever variables say', async () => {
    const { code, stderr } = await terminal.run(['login', world.files.publicUrl], { NODE_TLS_REJECT_UNAUTHORIZED: '0' })
    expect(code).toBe(1)
    expect(stderr).toContain('The certificate of localhost')
    expect(stderr).toContain('give it with: --ca FILE')
    const wrong = await terminal.run(['login', world.files.publicUrl, '--ca', other.files.caFile])
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('is not trusted here') })
  })

  it.each([
    ['a link', (path: string, elsewhere: string) => symlinkSync(elsewhere, path), 'it is a link'],
    ['open to others', (path: string) => mkdirSync(path, { mode: 0o755 }), 'it is open to others'],
    ['a file', (path: string) => writeFileSync(path, ''), 'it is no directory'],
  ] as const)('where its place is %s', async (_what, plant, words) => {
    const elsewhere = join(terminal.home, 'elsewhere')
    mkdirSync(elsewhere, { mode: 0o700 })
    mkdirSync(join(terminal.home, '.local/state'), { recursive: true })
    for (const path of [terminal.state, directoryOf(world)]) {
      if (path === directoryOf(world)) {
        terminal.remove()
        mkdirSync(elsewhere, { recursive: true, mode: 0o700 })
        mkdirSync(terminal.state, { recursive: true, mode: 0o700 })
      }
      plant(path, elsewhere)
      const { code, stderr } = await terminal.run(['login', world.files.publicUrl, '--ca', world.files.caFile])
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining(`The log-in is not kept in ${path}: ${words}.`),
      })
      expect(readdirSync(elsewhere)).toEqual([])
    }
  })
})

it.each([
  ['box-integration', 'Did you mean: benchkey sign-in box-integration'],
  ['http://bench.example', 'as https://HOST'],
  ['https://user@bench.example', 'as https://HOST'],
])('login %s is a matter of spelling', async (written, action) => {
  const { code, stderr } = await terminal.run(['login', written])
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(action) })
})

it('login without an address asks for one the first time', async () => {
  expect(await terminal.run(['login'])).toMatchObject({ code: 2, stderr: expect.stringContaining('benchkey login https://HOST') })
})
