import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../../testing/certificates.ts'
import {
  type FakeServer,
  fakeAdminSocket,
  fakeRpc,
  openedSession,
  runBenchkey,
  startBenchkey,
  startProcess,
} from '../../testing/command-line.ts'
import type { AdminOpenSession, AdminSessionOpened } from '../domain/admin-api.ts'
import { type AdminClient, AdminRefusal } from './admin-client.ts'
import { CliError } from './command.ts'
import { keepRotating } from './session-run.ts'

const BIN = join(import.meta.dirname, '../bin.ts')

let folder: string
let socket: FakeServer
let opened: AdminSessionOpened

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-session-test-'))
  opened = openedSession()
  socket = await fakeAdminSocket(folder, ({ path }) => ({ body: path === '/sessions' ? opened : { ended: true } }))
})

afterEach(async () => {
  await socket.close()
  rmSync(folder, { recursive: true })
})

const surroundings = (more: Record<string, string> = {}) => ({ BENCHKEY_DATA_DIR: folder, XDG_RUNTIME_DIR: folder, ...more })

function inSession(script: string, environment: Record<string, string> = {}, ...args: string[]) {
  return runBenchkey(['session', 'run', '--', 'sh', '-c', script, ...args], surroundings(environment))
}

describe('benchkey session run', () => {
  test('registers itself as the supervisor, and ends the session after the command', async () => {
    const { child, finished } = startBenchkey(
      ['session', 'run', '--user', 'ada', '--', '/bin/sh', '-c', 'exit 0'],
      surroundings(),
    )
    expect((await finished).code).toBe(0)
    const [first, last] = [socket.seen[0], socket.seen.at(-1)]
    expect(first).toMatchObject({ method: 'POST', path: '/sessions', body: { userName: 'ada', name: 'sh' } })
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    expect(first?.body).toMatchObject({ supervisor: { pid: child.pid, startTime: expect.stringMatching(/^\d+$/), bootId } })
    expect(last).toMatchObject({ method: 'POST', path: '/sessions/s-1/end' })
  })

  test('gives the session environment, the cookie file, and nothing secret in variables', async () => {
    const { code, stdout } = await inSession(
      'env; echo; cat "$PWB_SESSION_RUNTIME_DIR/rpc_cookie"; ls -A "$PWB_SESSION_RUNTIME_DIR"',
      {
        RS_SESSION_RPC_COOKIE: 'of another session',
      },
    )
    expect(code).toBe(0)
    const [variables = '', files] = stdout.split('\n\n')
    expect(variables).toContain('POSIT_PRODUCT=WORKBENCH\n')
    expect(variables).toMatch(/^BENCHKEY_SESSION_RUNTIME_DIR=.*\/benchkey-\w+$/m)
    expect(variables).not.toMatch(/^(BENCHKEY_DATA_DIR|RS_SESSION_RPC_COOKIE|REQUESTS_CA_BUNDLE)=/m)
    expect(variables).not.toContain('|first')
    expect(files).toBe(`${opened.cookie}\nrpc_cookie\n`)
  })

  test('removes the runtime directory at the end', async () => {
    const { stdout } = await inSession('echo "$PWB_SESSION_RUNTIME_DIR"; touch "$PWB_SESSION_RUNTIME_DIR/left"')
    expect(stdout).toContain(folder)
    expect(existsSync(stdout.trim())).toBe(false)
  })

  test('removes the runtime directory even when it is killed', async () => {
    const script = 'echo "$PWB_SESSION_RUNTIME_DIR $$"; exec sleep 600'
    const { child } = startBenchkey(['session', 'run', '--', 'sh', '-c', script], surroundings())
    const [directory = '', command] = (await firstOutput(child)).trim().split(' ')
    expect(existsSync(directory)).toBe(true)
    child.kill('SIGKILL')
    await expect.poll(() => existsSync(directory)).toBe(false)
    process.kill(Number(command))
  })

  test.each([
    ['exit 0', 0],
    ['exit 37', 37],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
  ])('passes the end of %j on as %i', async (script, code) => {
    expect((await inSession(script)).code).toBe(code)
  })

  test('hands stdin, stdout, arguments and file mask through untouched', async () => {
    const words = ['session', 'run', '--', 'sh', '-c', 'umask; cat; printf "%s\\n" "$@"', 'sh', 'a b', '--json', '$(id)', '--']
    const shell = ['sh', '-c', 'umask 027; exec "$@"', 'sh', process.execPath, BIN, ...words]
    const done = await startProcess(shell, surroundings(), { input: 'given\n' }).finished
    expect(done).toEqual({ code: 0, stdout: '0027\ngiven\na b\n--json\n$(id)\n--\n', stderr: '' })
  })

  test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('forwards %s to the command and waits for its end', async (signal) => {
    const script = 'trap "echo got; exit 9" TERM HUP INT; echo ready; while :; do sleep 0.05; done'
    const { child, finished } = startBenchkey(['session', 'run', '--', 'sh', '-c', script], surroundings())
    await firstOutput(child)
    child.kill(signal)
    expect(await finished).toMatchObject({ code: 9, stdout: 'ready\ngot\n' })
    expect(socket.seen.at(-1)?.path).toBe('/sessions/s-1/end')
  })

  test("the server's SIGTERM at the end of a session does not change the exit code", async () => {
    await socket.close()
    let supervisor = 0
    socket = await fakeAdminSocket(folder, ({ path, body }) => {
      if (path === '/sessions') supervisor = (body as AdminOpenSession).supervisor.pid
      else process.kill(supervisor, 'SIGTERM')
      return { body: path === '/sessions' ? opened : { ended: true } }
    })
    expect(await inSession('exit 5')).toMatchObject({ code: 5 })
  })

  test('a signal before the command starts keeps it from starting', async () => {
    await socket.close()
    socket = await fakeAdminSocket(folder, ({ path, body }) => {
      if (path === '/sessions') process.kill((body as AdminOpenSession).supervisor.pid, 'SIGTERM')
      return { body: path === '/sessions' ? opened : { ended: true } }
    })
    expect(await inSession('echo ran')).toEqual({ code: 143, stdout: '', stderr: '' })
    expect(socket.seen.at(-1)?.path).toBe('/sessions/s-1/end')
  })

  test('a command that is not there answers 127, one that is no program 126, and the session ends', async () => {
    const missing = await runBenchkey(['session', 'run', '--', 'no-such-command'], surroundings())
    expect(missing).toMatchObject({
      code: 127,
      stderr: 'benchkey: There is no command "no-such-command".\n  Check its spelling, or give its whole path.\n',
    })
    writeFileSync(join(folder, 'notes'), '')
    const blocked = await runBenchkey(['session', 'run', '--', join(folder, 'notes')], surroundings())
    expect(blocked.code).toBe(126)
    expect(socket.seen.filter((each) => each.path === '/sessions/s-1/end')).toHaveLength(2)
  })

  test('Ctrl-C at a terminal reaches the command, and its exit code is passed on', async () => {
    const program = "process.on('SIGINT', () => process.exit(9)); console.log('ready'); setInterval(() => 0, 1000)"
    writeFileSync(join(folder, 'command.mjs'), program)
    const node = `'${process.execPath}'`
    const line = `exec ${node} '${BIN}' session run -- ${node} '${join(folder, 'command.mjs')}'`
    const pty = ['script', '--quiet', '--return', '--command', line, '/dev/null']
    const { child, finished } = startProcess(pty, surroundings(), { input: null })
    child.stdout?.on('data', (text: string) => {
      if (text.includes('ready')) child.stdin?.write('\u0003')
    })
    expect((await finished).code).toBe(9)
  })

  test('the command finds benchkey on its PATH', async () => {
    const { stdout } = await inSession('command -v benchkey && benchkey version')
    expect(stdout).toMatch(/\/benchkey\nbenchkey \d+\.\d+\.\d+\n$/)
  })

  test('a refusal of the server is said and nothing runs', async () => {
    await socket.close()
    const error = { code: 'bad_request', message: 'There is no user zoe.' }
    socket = await fakeAdminSocket(folder, () => ({ status: 400, body: { error } }))
    expect(await inSession('echo ran')).toEqual({ code: 1, stdout: '', stderr: 'benchkey: There is no user zoe.\n' })
  })
})

describe('in a session of a server with a private certificate', () => {
  let certificates: Certificates
  let others: Certificates
  let rpc: FakeServer
  let other: FakeServer
  let certificateFolder: string

  beforeAll(async () => {
    certificateFolder = mkdtempSync(join(tmpdir(), 'benchkey-session-ca-'))
    certificates = await makeCertificates(join(certificateFolder, 'own'))
    others = await makeCertificates(join(certificateFolder, 'other'))
    rpc = await fakeRpc(certificates, () => ({ body: { access_token: 'abc', expiry: '2096-12-31T23:59:59Z' } }))
    other = await fakeRpc(others, () => ({ body: { from: 'another authority' } }))
  })

  afterAll(async () => {
    await rpc.close()
    await other.close()
    rmSync(certificateFolder, { recursive: true })
  })

  beforeEach(() => {
    opened = openedSession({ caCertificate: certificates.ca, environment: { RS_SERVER_ADDRESS: rpc.address } })
  })

  test('benchkey token works', async () => {
    const { stdout, stderr } = await inSession('benchkey token 0b0c0000-0000-5000-8000-000000000001')
    expect({ stdout, stderr }).toEqual({ stdout: 'abc\n', stderr: '' })
  })

  test("curl trusts Benchkey and the servers of the session's own authorities, through no proxy", async () => {
    const script = 'curl -sS "$RS_SERVER_ADDRESS/oauth_token" && no_proxy="*" curl -sS "$1"'
    const { stdout, stderr } = await inSession(
      script,
      { REQUESTS_CA_BUNDLE: others.caFile, https_proxy: 'http://127.0.0.1:9' },
      'sh',
      other.address,
    )
    expect({ stdout, stderr }).toEqual({
      stdout: '{"access_token":"abc","expiry":"2096-12-31T23:59:59Z"}{"from":"another authority"}',
      stderr: '',
    })
  })
})

describe('keepRotating', () => {
  const said: string[] = []
  const errors = { write: (text: string) => said.push(text) }

  /** Answers the waits asked for; every wait is over at once until `turns` are used up. */
  async function rotate(turns: number, answers: (string | Error)[]): Promise<{ waits: number[]; cookies: string[] }> {
    said.length = 0
    const over = new AbortController()
    const waits: number[] = []
    const cookies: string[] = []
    const client: AdminClient = {
      socketPath: '',
      call: async <T>() => {
        const answer = answers.shift()
        if (typeof answer !== 'string') throw answer
        return { cookie: answer } as T
      },
    }
    const sleep = async (ms: number): Promise<void> => {
      waits.push(ms)
      if (waits.length > turns) over.abort()
    }
    const replaceCookie = async (cookie: string): Promise<void> => void cookies.push(cookie)
    await keepRotating(client, 's-1', { replaceCookie }, { sleep, errors: errors as never }, over.signal)
    return { waits, cookies }
  }

  const minutes = (n: number): number => n * 60 * 1000

  test('asks for a new cookie every 30 minutes', async () => {
    expect(await rotate(2, ['second', 'third'])).toEqual({
      waits: [minutes(30), minutes(30), minutes(30)],
      cookies: ['second', 'third'],
    })
  })

  test('keeps the old cookie and asks again soon when the server is down', async () => {
    const { waits, cookies } = await rotate(3, [new CliError('away'), new CliError('away'), 'second'])
    expect(waits).toEqual([minutes(30), minutes(1), minutes(1), minutes(30)])
    expect(cookies).toEqual(['second'])
    expect(said).toEqual([])
  })

  test('stops, in words, when the session was ended', async () => {
    const { waits } = await rotate(5, [new AdminRefusal('session_ended', 'over')])
    expect(waits).toHaveLength(1)
    expect(said.join('')).toBe('benchkey: This session was ended, so its command gets no more tokens.\n')
  })
})

function firstOutput(child: ReturnType<typeof startBenchkey>['child']): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.once('data', (text: string) => resolve(text))
    child.once('close', () => reject(new Error('It ended without a word.')))
  })
}
