import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminCookieRotated } from '../src/domain/admin-api.ts'
import { realEffects } from '../src/effects.ts'
import { type Certificates, makeCertificates } from '../testing/certificates.ts'
import { type FakeServer, type Finished, fakeRpc, runBenchkey } from '../testing/command-line.ts'
import { openShell } from '../testing/session-shell.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { askAdmin, runAdmin, type ServerInProcess, startInProcess } from '../testing/start-server.ts'

/** Its 30 minutes between two rotations pass in a second. */
const HURRIED = [process.execPath, fileURLToPath(new URL('../testing/hurried-benchkey.ts', import.meta.url))]
const COOKIE_OF_SESSION = 'cat "$PWB_SESSION_RUNTIME_DIR/rpc_cookie"'

let world: SessionWorld
beforeAll(async () => {
  world = await startSessionWorld()
})
afterAll(async () => {
  expect(await world.close()).toBe(0)
})

function inSession(words: readonly string[], environment: Record<string, string> = {}): Promise<Finished> {
  return runBenchkey(['session', 'run', '--', ...words], { BENCHKEY_DATA_DIR: world.files.dataDir, ...environment })
}

const listed = async (): Promise<string> => (await runAdmin(world.files, ['session', 'list', '--json'])).stdout

describe('a program in a session', () => {
  let otherFolder: string
  let others: Certificates
  let other: FakeServer

  beforeAll(async () => {
    otherFolder = mkdtempSync(join(tmpdir(), 'benchkey-other-'))
    others = await makeCertificates(otherFolder)
    other = await fakeRpc(others, () => ({ body: { from: 'another authority' } }))
  })

  afterAll(async () => {
    await other.close()
    rmSync(otherFolder, { recursive: true })
  })

  const curl = `
    printf 'X-RS-Session-Server-RPC-Cookie: %s' "$(${COOKIE_OF_SESSION})" |
      curl -sS -H @- -d '{"kwparams":{"uuid":"'"$1"'"}}' "$RS_SERVER_ADDRESS/oauth_token" &&
    echo && curl -sS "$2"`

  const python = `
import os, sys, requests
cookie = open(os.environ['PWB_SESSION_RUNTIME_DIR'] + '/rpc_cookie').read().strip()
body = {'method': '/oauth_token', 'kwparams': {'uuid': sys.argv[1]}}
headers = {'X-RS-Session-Server-RPC-Cookie': cookie}
print(requests.get(os.environ['RS_SERVER_ADDRESS'] + '/oauth_token', json=body, headers=headers).text)
print(requests.get(sys.argv[2]).text)`

  // R's curl ignores CURL_CA_BUNDLE: cainfo is what rstudioapi sets.
  const r = `
arguments <- commandArgs(TRUE)
get <- function(url, headers = list(), ...) {
  handle <- curl::new_handle(cainfo = Sys.getenv("CURL_CA_BUNDLE"), ...)
  curl::handle_setheaders(handle, .list = headers)
  cat(rawToChar(curl::curl_fetch_memory(url, handle)$content), "\\n")
}
cookie <- readLines(file.path(Sys.getenv("PWB_SESSION_RUNTIME_DIR"), "rpc_cookie"), n = 1)
body <- list(kwparams = list(uuid = jsonlite::unbox(arguments[1])))
get(paste0(Sys.getenv("RS_SERVER_ADDRESS"), "/oauth_token"), list("X-RS-Session-Server-RPC-Cookie" = cookie),
    post = TRUE, postfields = jsonlite::toJSON(body))
get(arguments[2])`

  it.each([
    ['curl', ['sh', '-c', curl, 'sh']],
    ['Python', ['/usr/bin/python3', '-c', python]],
    ['R', ['Rscript', '-e', r]],
  ])('fetches a token and a page of a server of another authority: %s', async (_name, words) => {
    const otherwise = { REQUESTS_CA_BUNDLE: others.caFile, CURL_CA_BUNDLE: others.caFile }
    const { code, stdout, stderr } = await inSession([...words, world.uid, other.address], otherwise)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [token, page] = stdout.trim().split('\n')
    expect(JSON.parse(page ?? '')).toEqual({ from: 'another authority' })
    const { access_token } = JSON.parse(token ?? '') as { access_token: string }
    const reply = await fetch(world.provider.resourceUrl, { headers: { authorization: `Bearer ${access_token}` } })
    expect(await reply.json()).toMatchObject({ user: 'ada', client: 'demo' })
  })

  it('sees the variables of the session, and no secret among them', async () => {
    const { stdout } = await inSession(['sh', '-c', `${COOKIE_OF_SESSION}; stat -c %a "$PWB_SESSION_RUNTIME_DIR"/*; env`])
    const [cookie = '', ...lines] = stdout.split('\n')
    const variables = new Map(
      lines.filter((line) => line.includes('=')).map((line) => line.split(/=(.*)/, 2) as [string, string]),
    )
    const [id] = /[0-9a-f-]{32,36}/.exec(variables.get('RS_SESSION_URL') ?? '') ?? []
    expect(Object.fromEntries([...variables].filter(([name]) => /^(POSIT|RS|RSTUDIO|PWB|BENCHKEY)_/.test(name)))).toEqual({
      POSIT_PRODUCT: 'WORKBENCH',
      RSTUDIO_VERSION: '2026.01.0',
      RS_SERVER_ADDRESS: world.files.publicUrl,
      RS_SERVER_URL: `${world.files.publicUrl}/`,
      RS_SESSION_URL: `/s/${id}/`,
      PWB_SESSION_RUNTIME_DIR: expect.stringMatching(/\/benchkey-\w+$/),
      BENCHKEY_SERVER_ADDRESS: world.files.publicUrl,
      BENCHKEY_SERVER_URL: `${world.files.publicUrl}/`,
      BENCHKEY_SERVER_SOCKET: `${world.files.dataDir}/rpc.sock`,
      BENCHKEY_SESSION_URL: `/s/${id}/`,
      BENCHKEY_SESSION_RUNTIME_DIR: variables.get('PWB_SESSION_RUNTIME_DIR'),
    })
    expect(lines.slice(0, 2)).toEqual(['600', '600'])
    expect(cookie).toMatch(/^user-id=demo\|[\w%]+\|[\w-]{43}$/)
    expect(lines.join('\n')).not.toContain(cookie.split('|')[2])
  })
})

describe('the end of a session', () => {
  it.each([
    ['exit 0', 0],
    ['exit 37', 37],
    ['kill -9 $$', 137],
  ])('after %j passes on %i, and its cookie is dead', async (end, code) => {
    const done = await inSession(['sh', '-c', `${COOKIE_OF_SESSION}; ${end}`])
    expect(done).toMatchObject({ code, stderr: '' })
    expect(await world.statusWith(done.stdout.trim())).toBe(401)
  })

  it('comes with SIGTERM, which the command gets', async () => {
    const shell = openShell(world.files)
    const { stdout: cookie } = await shell.ask(COOKIE_OF_SESSION)
    await shell.ask('trap "echo leaving; exit 9" TERM')
    // A shell that waits for its next line does not look at its traps.
    shell.child.stdin?.write('while :; do sleep 0.05; done\n')
    shell.child.kill('SIGTERM')
    expect(await shell.finished).toMatchObject({ code: 9, stdout: expect.stringMatching(/leaving\n$/) })
    expect(await world.statusWith(cookie.trim())).toBe(401)
  })

  it('comes within seconds when the command line itself is killed', async () => {
    const shell = openShell(world.files)
    const { stdout: cookie } = await shell.ask(COOKIE_OF_SESSION)
    const { stdout: facts } = await shell.ask('echo "$RS_SESSION_URL $PWB_SESSION_RUNTIME_DIR"')
    const [url = '', directory = ''] = facts.trim().split(' ')
    const id = url.split('/')[2] ?? ''
    expect(await world.statusWith(cookie.trim())).toBe(200)
    expect(await listed()).toContain(id)
    shell.child.kill('SIGKILL')
    await expect.poll(() => world.statusWith(cookie.trim())).toBe(401)
    expect(await listed()).not.toContain(id)
    await expect.poll(() => existsSync(directory)).toBe(false)
    shell.child.stdin?.end()
    await shell.finished
  })

  it('can be brought about by an administrator: session list, session end', async () => {
    const shell = openShell(world.files)
    const { stdout: cookie } = await shell.ask(COOKIE_OF_SESSION)
    const id = (await shell.ask('echo "$RS_SESSION_URL"')).stdout.split('/')[2] ?? ''
    const { stdout: table } = await runAdmin(world.files, ['session', 'list'])
    expect(table).toMatch(/^ID +USER +NAME +KIND +STATE +SINCE\n/)
    expect(table).toMatch(new RegExp(`^${id} +demo +sh +command +running +20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC$`, 'm'))
    expect(await runAdmin(world.files, ['session', 'end', id])).toEqual({
      code: 0,
      stdout: '',
      stderr: `benchkey: Session ${id} is ended: it gets no more tokens.\n`,
    })
    expect(await world.statusWith(cookie.trim())).toBe(401)
    expect(await shell.finished).toMatchObject({ code: 143 })
    expect((await runAdmin(world.files, ['session', 'end', id])).code).toBe(1)
    expect(await listed()).not.toContain(id)
  })
})

describe('a session whose server is away', () => {
  it.each([
    ['killed', 'SIGKILL', null],
    ['stopped', 'SIGTERM', 0],
  ] as const)('goes on with its cookie when the server was %s and started again', async (_how, signal, code) => {
    const shell = openShell(world.files)
    const cookie = (await shell.ask(COOKIE_OF_SESSION)).stdout.trim()
    const before = await shell.ask('benchkey token demo')
    expect(before.code).toBe(0)
    world.serve.child.kill(signal)
    expect(await world.serve.finished).toMatchObject({ code })
    expect(await shell.ask('benchkey token demo')).toMatchObject({
      code: 75,
      stdout: '',
      stderr: expect.stringMatching(/^benchkey: Benchkey at localhost:\d+ refused the connection\.\n {2}Try again in a moment/),
    })
    await world.startAgain()
    expect(await shell.ask('benchkey token demo')).toEqual(before)
    expect((await shell.ask(COOKIE_OF_SESSION)).stdout.trim()).toBe(cookie)
    expect(await shell.exit(5)).toMatchObject({ code: 5 })
    expect(await world.statusWith(cookie)).toBe(401)
  })

  it('that ended meanwhile has a dead cookie when the server is back', async () => {
    const shell = openShell(world.files)
    const cookie = (await shell.ask(COOKIE_OF_SESSION)).stdout.trim()
    world.serve.child.kill('SIGKILL')
    await world.serve.finished
    expect(await shell.exit(3)).toMatchObject({ code: 3 })
    await world.startAgain()
    await expect.poll(() => world.statusWith(cookie)).toBe(401)
  })
})

/** The server's wall clock can be moved on here, and the pause between two rotations is a second. */
describe('as time passes', () => {
  let server: ServerInProcess
  let aheadMs = 0

  beforeAll(async () => {
    world.serve.child.kill('SIGTERM')
    expect((await world.serve.finished).code).toBe(0)
    server = await startInProcess(world.files, { effects: { ...realEffects(), now: () => new Date(Date.now() + aheadMs) } })
  })
  afterAll(() => server.close())

  it('the cookie is replaced in place, and the one before works for 120 s more', async () => {
    const shell = openShell(world.files, { executable: HURRIED })
    const look = async () =>
      (await shell.ask(`${COOKIE_OF_SESSION}; stat -c '%a %U' "$PWB_SESSION_RUNTIME_DIR/rpc_cookie"`)).stdout
    const first = await look()
    await expect.poll(look).not.toBe(first)
    const next = await look()
    const [[firstCookie = ''], [nextCookie = '', nextMode]] = [first, next].map((text) => text.split('\n')) as [
      string[],
      string[],
    ]
    expect(next).toMatch(/^user-id=demo\|[^|]+\|[\w-]{43}\n600 \w+\n$/)
    expect(nextMode).toBe(first.split('\n')[1])
    expect([await world.statusWith(firstCookie), await world.statusWith(nextCookie)]).toEqual([200, 200])
    aheadMs += 121_000
    expect(await world.statusWith(firstCookie)).toBe(401)
    const last = (await look()).split('\n')[0] ?? ''
    expect(await world.statusWith(last)).toBe(200)
    expect(await shell.exit(6)).toMatchObject({ code: 6, stderr: '' })
    expect(await world.statusWith(last)).toBe(401)
  })

  it('token --min-ttl renews what would end too soon, and nothing else', async () => {
    // A token whose 600 s begin now, however long the tests before took.
    await world.signIn('demo')
    const before = world.provider.countTokenRequests('refresh_token')
    const shell = openShell(world.files)
    const token = (await shell.ask('benchkey token demo')).stdout
    aheadMs += 350_000
    expect((await shell.ask('benchkey token demo --min-ttl 100')).stdout).toBe(token)
    expect(world.provider.countTokenRequests('refresh_token')).toBe(before)
    const renewed = (await shell.ask('benchkey token demo --min-ttl 290')).stdout
    expect(renewed).not.toBe(token)
    expect((await shell.ask('benchkey token demo --min-ttl 290')).stdout).toBe(renewed)
    expect(world.provider.countTokenRequests('refresh_token')).toBe(before + 1)
    await shell.exit()
  })

  it('a cookie that was not replaced for 24 h is dead, and the session gets a new one', async () => {
    const shell = openShell(world.files)
    const cookie = (await shell.ask(COOKIE_OF_SESSION)).stdout.trim()
    const id = (await shell.ask('echo "$RS_SESSION_URL"')).stdout.split('/')[2] ?? ''
    aheadMs += 24 * 60 * 60 * 1000 - 60_000
    expect(await world.statusWith(cookie)).toBe(200)
    aheadMs += 61_000
    expect(await world.statusWith(cookie)).toBe(401)
    const { cookie: next } = await askAdmin<AdminCookieRotated>(world.files, 'POST', `/sessions/${id}/rotate`)
    expect(await world.statusWith(next)).toBe(200)
    await shell.exit()
  })
})
