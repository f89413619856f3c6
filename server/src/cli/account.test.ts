import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fakeAdminSocket, openedSession, startProcess, untilTestEnds } from '../../testing/command-line.ts'
import { accountFor, findAccount } from './account.ts'

const BIN = join(import.meta.dirname, '../bin.ts')
const NAME = `bk-test-${process.pid}`
const isRoot = process.getuid?.() === 0

describe('findAccount', () => {
  test('knows accounts by name and by number', async () => {
    expect(await findAccount('root')).toEqual(await findAccount('0'))
    expect(await findAccount('root')).toMatchObject({ name: 'root', uid: 0, gid: 0, home: '/root' })
  })

  test('answers undefined for an account that is not there', async () => {
    expect(await findAccount('no-such-account')).toBeUndefined()
    expect(await findAccount('--help')).toBeUndefined()
  })
})

/** Only root can make an account and become it. */
describe.skipIf(!isRoot)('a session under root', () => {
  let folder: string
  let closed: string

  beforeAll(() => {
    execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', '--groups', 'games', NAME])
    folder = mkdtempSync(join(tmpdir(), 'benchkey-account-test-'))
    closed = join(folder, 'closed')
    mkdirSync(closed, { mode: 0o700 })
  })

  afterAll(() => {
    execFileSync('userdel', ['--remove', NAME], { stdio: 'ignore' })
    rmSync(folder, { recursive: true })
  })

  async function runAs(account: string | undefined, script: string, cwd = '/', environment: Record<string, string> = {}) {
    const opened = openedSession(account === undefined ? {} : { account })
    const socket = await untilTestEnds(
      fakeAdminSocket(folder, ({ path }) => ({ body: path === '/sessions' ? opened : { ended: true } })),
    )
    const words = [process.execPath, BIN, 'session', 'run', '--', 'sh', '-c', script]
    const done = await startProcess(words, { BENCHKEY_DATA_DIR: folder, ...environment }, { cwd }).finished
    return { ...done, seen: socket.seen }
  }

  test('runs as the account, with its groups, its home and none of the capabilities of root', async () => {
    const script = 'id -un; id -Gn; echo "$HOME $USER $SHELL"; grep -E "^Cap(Inh|Prm|Eff|Amb)" /proc/self/status; umask'
    const { code, stdout, stderr } = await runAs(NAME, script)
    const none = ['Inh', 'Prm', 'Eff', 'Amb'].map((set) => `Cap${set}:\t0000000000000000`).join('\n')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(`${NAME}\n${NAME} games\n/home/${NAME} ${NAME} /bin/sh\n${none}\n0022\n`)
  })

  test('gives the account a runtime directory and cookie of its own', async () => {
    const script =
      'stat -c "%U %a" "$PWB_SESSION_RUNTIME_DIR" "$PWB_SESSION_RUNTIME_DIR/rpc_cookie"; echo "$PWB_SESSION_RUNTIME_DIR"'
    const { stdout } = await runAs(NAME, script, '/', { XDG_RUNTIME_DIR: '/run/user/0' })
    expect(stdout).toMatch(new RegExp(`^${NAME} 700\n${NAME} 600\n(/run/user/[1-9]\\d*|/tmp)/benchkey-`))
  })

  test("cannot read the server's files or reach its socket", async () => {
    writeFileSync(join(closed, 'key-ring'), 'secret')
    const script = `cat '${closed}/key-ring'; curl -sS --unix-socket '${folder}/admin.sock' http://localhost/users`
    const { stdout, stderr } = await runAs(NAME, script)
    expect(stdout).toBe('')
    expect(stderr).toContain('Permission denied')
  })

  test('starts at home when the current folder is closed to the account', async () => {
    const { stdout, stderr } = await runAs(NAME, 'pwd', closed)
    expect(stdout).toBe(`/home/${NAME}\n`)
    expect(stderr).toBe(`benchkey: The current folder is closed to ${NAME}; the command starts in /home/${NAME}.\n`)
  })

  test("runs as the server's own account when the server serves one person", async () => {
    const account = await findAccount(NAME)
    const opened = openedSession()
    const socket = await untilTestEnds(
      fakeAdminSocket(folder, ({ path }) => ({ body: path === '/sessions' ? opened : { ended: true } })),
    )
    chownSync(socket.address, account?.uid ?? -1, account?.gid ?? -1)
    const words = [process.execPath, BIN, 'session', 'run', '--', 'id', '-un']
    const { stdout } = await startProcess(words, { BENCHKEY_DATA_DIR: folder }, { cwd: '/' }).finished
    expect(stdout).toBe(`${NAME}\n`)
  })

  test.each([
    ['root', 'benchkey: A session may not run as root: that account can read Benchkey'],
    ['no-such-account', 'benchkey: There is no account no-such-account on this machine.'],
  ])('as %s is refused, and ended at the server', async (account, words) => {
    const { code, stdout, stderr, seen } = await runAs(account, 'echo ran')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(words)
    expect(seen.at(-1)?.path).toBe('/sessions/s-1/end')
  })

  test("as the server's own account is refused when the server serves many", async () => {
    const file = join(folder, 'socket-of-the-account')
    writeFileSync(file, '')
    chmodSync(file, 0o600)
    const account = await findAccount(NAME)
    chownSync(file, account?.uid ?? -1, account?.gid ?? -1)
    await expect(accountFor(NAME, file)).rejects.toThrow(`A session may not run as ${NAME}`)
  })
})

test('accountFor lets nobody but root switch', async () => {
  await expect(accountFor('ada', '/', 1001)).rejects.toThrow('Only root can start a session as ada.')
})
