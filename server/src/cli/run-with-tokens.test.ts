import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../../testing/certificates.ts'
import {
  type FakeReply,
  type FakeServer,
  type Finished,
  fakeRpc,
  type Running,
  type SeenRequest,
  startBenchkey,
} from '../../testing/command-line.ts'

const BOX = { type: 'custom', uid: '0b0c0000-0000-5000-8000-000000000001', name: 'box', display_name: 'Box API Access' }
const LAB = { type: 'custom', uid: '0b0c0000-0000-5000-8000-000000000002', name: 'lab', display_name: 'Lab' }

let folder: string
let runtime: string
let certificates: Certificates
let server: FakeServer
/** The token of each integration now. */
let tokens: Record<string, FakeReply>

const served = (token: string, lifeSeconds = 3600): FakeReply => {
  const end = new Date(Date.now() + lifeSeconds * 1000).toISOString()
  return { body: { access_token: token, expiry: `${end.slice(0, 19)}Z` } }
}
const refused = (code: string): FakeReply => ({ body: { error: 'A fact. An act.', code } })

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-run-test-'))
  certificates = await makeCertificates(folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

beforeEach(async () => {
  runtime = mkdtempSync(join(folder, 'runtime-'))
  writeFileSync(join(runtime, 'rpc_cookie'), 'a|b|c\n')
  tokens = { [BOX.uid]: served('box-1'), [LAB.uid]: served('lab-1') }
  server = await fakeRpc(certificates, ({ path, body }) => {
    if (path === '/oauth_integrations') return { body: { providers: [{ type: 'custom', integrations: [BOX, LAB] }] } }
    return tokens[(body as { kwparams: { uuid: string } }).kwparams.uuid] ?? { status: 500, body: '' }
  })
})
afterEach(() => server.close())

function start(words: readonly string[], more: Record<string, string> = {}): Running {
  const session = { RS_SERVER_ADDRESS: server.address, PWB_SESSION_RUNTIME_DIR: runtime, REQUESTS_CA_BUNDLE: certificates.caFile }
  return startBenchkey(['run', ...words], { ...session, ...more })
}

const run = (...words: readonly string[]): Promise<Finished> => start(words).finished

const fetches = (): readonly SeenRequest[] => server.seen.filter(({ path }) => path === '/oauth_token')

/** A process of its own may take its time on a busy machine. */
const soon = <T>(look: () => T) => expect.poll(look, { interval: 50 })

const token = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

describe('benchkey run VAR=NAME', () => {
  test('runs the command with a token in each variable, beside the variables there are', async () => {
    const script = 'printf "%s %s %s %s" "$BOX" "$LAB_2" "$OWN" "$1"'
    const { finished } = start(['BOX=Box API access', 'LAB_2=lab', '--', 'sh', '-c', script, 'sh', '--yes'], { OWN: 'kept' })
    expect(await finished).toEqual({ code: 0, stdout: 'box-1 lab-1 kept --yes', stderr: '' })
    expect(fetches()).toHaveLength(2)
  })

  test('leaves no file, and the token in no argument list', async () => {
    const { stdout } = await run(
      'BOX=box',
      '--',
      'sh',
      '-c',
      'cat /proc/$PPID/cmdline /proc/self/cmdline; ls "$PWB_SESSION_RUNTIME_DIR"',
    )
    expect(stdout).not.toContain('box-1')
    expect(stdout).toMatch(/rpc_cookie\n$/)
  })

  test.each([
    ['exit 7', 7],
    ['kill -TERM $$', 143],
  ])('keeps the exit code of "%s": %i', async (script, code) => {
    expect(await run('BOX=box', '--', 'sh', '-c', script)).toMatchObject({ code, stderr: '' })
  })

  test('a command that is not there is 127', async () => {
    expect((await run('BOX=box', '--', 'no-such-command-anywhere')).code).toBe(127)
  })

  test('passes signals on and waits for what the command makes of them', async () => {
    const ready = join(runtime, 'ready')
    const script = `trap 'echo caught; exit 9' TERM; touch '${ready}'; while :; do sleep 0.1; done`
    const { child, finished } = start(['BOX=box', '--', 'sh', '-c', script])
    await soon(() => existsSync(ready)).toBe(true)
    child.kill('SIGTERM')
    expect(await finished).toMatchObject({ code: 9, stdout: 'caught\n' })
  })

  test('says what wants attention about a token that works', async () => {
    tokens[BOX.uid] = { body: { ...(served('box-1').body as object), warning: 'Renewal is delayed.' } }
    expect(await run('BOX=box', '--', 'true')).toMatchObject({ code: 0, stderr: 'benchkey: Renewal is delayed.\n' })
  })

  test.each([
    ['not_signed_in', 4],
    ['reauthentication_required', 4],
    ['provider_unavailable', 75],
    ['configuration_error', 1],
  ])('does not start the command when a token is refused with %s, and exits with %i', async (code, exitCode) => {
    tokens[LAB.uid] = refused(code)
    const started = join(runtime, 'started')
    const result = await run('BOX=@box', 'LAB=lab', '--', 'touch', started)
    expect(result).toEqual({ code: exitCode, stdout: '', stderr: 'benchkey: A fact.\n  An act.\n' })
    expect(readdirSync(runtime)).toEqual(['rpc_cookie'])
  })

  test('a name that is not there asks for no token', async () => {
    expect(await run('BOX=bux', '--', 'true')).toMatchObject({ code: 1, stderr: expect.stringContaining('Did you mean "box"?') })
    expect(fetches()).toEqual([])
  })

  test.each([
    ['no variable', ['--', 'true']],
    ['no name', ['BOX=', '--', 'true']],
    ['no file name', ['BOX=@', '--', 'true']],
    ['no equals sign', ['box', '--', 'true']],
    ['a variable of another form', ['1BOX=box', '--', 'true']],
    ['a variable twice', ['BOX=box', 'BOX=@lab', '--', 'true']],
    ['no command', ['BOX=box']],
    ['nothing behind the hyphens', ['BOX=box', '--']],
  ])('%s is not understood, and nobody is asked', async (_what, words) => {
    expect(await run(...words)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^benchkey: .*\n {2}.*\n$/) })
    expect(server.seen).toEqual([])
  })
})

describe('benchkey run VAR=@NAME', () => {
  const waiting = (stop: string) =>
    `printf "%s" "$BOX" > '${stop}.path'; while [ ! -e '${stop}' ]; do sleep 0.05; done; cat "$BOX"`

  /** Starts a command that waits for a file; answers the path of the token it was given. */
  async function started(words: readonly string[] = [], more: Record<string, string> = {}) {
    const stop = join(runtime, 'stop')
    const running = start(['BOX=@box', ...words, '--', 'sh', '-c', waiting(stop)], more)
    await soon(() => existsSync(`${stop}.path`) && readFileSync(`${stop}.path`, 'utf8')).toMatch(/BOX$/)
    return { ...running, path: readFileSync(`${stop}.path`, 'utf8'), end: () => writeFileSync(stop, '') }
  }

  test('gives a closed file in the runtime directory, and removes it afterwards', async () => {
    const script = 'stat -c "%a %n" "$BOX" "$(dirname "$BOX")"; cat "$BOX"; umask'
    const { code, stdout } = await run('BOX=@box', '--', 'sh', '-c', script)
    const [file, directory, content] = stdout.split('\n')
    expect(code).toBe(0)
    expect(file).toMatch(new RegExp(`^600 ${runtime}/benchkey-tokens-\\w+/BOX$`))
    expect(directory).toMatch(new RegExp(`^700 ${runtime}/benchkey-tokens-\\w+$`))
    expect(content).toMatch(/^box-1\d{4}$/) // No line end of its own, and the caller's mask for the command.
    expect(readdirSync(runtime)).toEqual(['rpc_cookie'])
  })

  test('lies in the temporary directory when there is no runtime directory to write', async () => {
    const other = join(runtime, 'tmp')
    mkdirSync(other)
    const cookie = { PWB_SESSION_RUNTIME_DIR: '', RS_SESSION_RPC_COOKIE: 'a|b|c', TMPDIR: other }
    const { stdout } = await start(['BOX=@box', '--', 'sh', '-c', 'printf "%s" "$BOX"'], cookie).finished
    expect(stdout).toMatch(new RegExp(`^${other}/benchkey-tokens-\\w+/BOX$`))
    expect(readdirSync(other)).toEqual([])
  })

  test('keeps it fresh while the command runs, never half written', async () => {
    tokens[BOX.uid] = served('box-1', 2)
    const { path, end, finished } = await started(['LAB=lab'])
    expect(token(path)).toBe('box-1')
    tokens[BOX.uid] = served('box-2-which-is-longer', 2)
    const seen = new Set<string>()
    await soon(() => {
      const now = token(path)
      seen.add(now)
      return now
    }).toBe('box-2-which-is-longer')
    tokens[BOX.uid] = served('3')
    await soon(() => token(path)).toBe('3')
    end()
    expect(await finished).toEqual({ code: 0, stdout: '3', stderr: '' })
    expect([...seen].every((each) => ['box-1', 'box-2-which-is-longer'].includes(each))).toBe(true)
    // What stands in a variable stays as it was: it is not asked for again.
    expect(fetches().filter(({ body }) => JSON.stringify(body).includes(LAB.uid))).toHaveLength(1)
  })

  test('says once why it could not be renewed, keeps the old one, and goes on when it can', async () => {
    tokens[BOX.uid] = served('box-1', 2)
    const { path, end, finished } = await started()
    tokens[BOX.uid] = refused('provider_unavailable')
    const before = fetches().length
    await soon(() => fetches().length).toBeGreaterThan(before + 2)
    expect(token(path)).toBe('box-1')
    tokens[BOX.uid] = served('box-2')
    await soon(() => token(path)).toBe('box-2')
    end()
    expect(await finished).toEqual({
      ...{ code: 0, stdout: 'box-2' },
      stderr: 'benchkey: The file with the token of Box API Access could not be renewed: A fact.\n  An act.\n',
    })
  })

  test('asks no more when the session has ended, while the command goes on', async () => {
    tokens[BOX.uid] = served('box-1', 2)
    const { end, finished } = await started()
    tokens[BOX.uid] = { status: 401, body: 'This session has ended. Open a new one.' }
    const ended = () => fetches().length
    const before = ended()
    await soon(ended).toBeGreaterThan(before)
    end()
    expect(await finished).toMatchObject({
      code: 0,
      stdout: 'box-1',
      stderr: expect.stringContaining('This session has ended.\n'),
    })
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('is removed when %s ends the command', async (signal) => {
    const { child, path, finished } = await started()
    child.kill(signal)
    expect((await finished).code).toBeGreaterThan(128)
    expect(existsSync(join(path, '..'))).toBe(false)
  })
})
