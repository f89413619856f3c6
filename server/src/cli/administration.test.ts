import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, linkSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FakeServer, fakeAdminSocket, runBenchkey, startProcess, untilTestEnds } from '../../testing/command-line.ts'
import { prepareServer, removeFiles, runAdmin } from '../../testing/start-server.ts'

const BIN = join(import.meta.dirname, '../bin.ts')
const ADA = { id: 'u-1', name: 'ada', isAdmin: true, createdAt: '2026-11-23T12:00:00.000Z' }

let dataDir: string

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'benchkey-admin-test-'))
})

afterEach(() => rmSync(dataDir, { recursive: true }))

const benchkey = (args: string[], input = '') => runBenchkey(args, { BENCHKEY_DATA_DIR: dataDir }, { input })

/** What was asked of the server, but for whether it is there. */
const asked = ({ seen }: FakeServer) => seen.filter(({ path }) => path !== '/status')

describe('benchkey user', () => {
  test('add sends the first line of stdin as password', async () => {
    const socket = await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: { user: ADA } })))
    const done = await benchkey(['user', 'add', 'ada', '--admin', '--password-stdin'], 'correct horse\r\nsecond line\n')
    expect(done).toEqual({ code: 0, stdout: '', stderr: 'benchkey: Added administrator ada.\n' })
    const body = { name: 'ada', password: 'correct horse', isAdmin: true }
    expect(asked(socket)).toEqual([{ method: 'POST', path: '/users', cookie: undefined, body }])
  })

  test('add tells of somebody who can start no sessions', async () => {
    const cannotStart = 'There is no Unix account "ada" on this host.'
    await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: { user: ADA, cannotStart } })))
    const { code, stderr } = await benchkey(['user', 'add', 'ada', '--password-stdin'], 'correct horse\n')
    expect(code).toBe(0)
    expect(stderr).toBe(`benchkey: Added administrator ada.\n  No sessions for ada yet: ${cannotStart}\n`)
  })

  test('add asks nobody without terminal and without --password-stdin', async () => {
    const socket = await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: {} })))
    const { code, stderr } = await benchkey(['user', 'add', 'ada'], 'secret\n')
    expect(code).toBe(2)
    expect(stderr).toBe('benchkey: There is no terminal to ask for the password.\n  Give it on stdin with: --password-stdin\n')
    expect(asked(socket)).toEqual([])
  })

  test('add with an empty stdin is not understood', async () => {
    expect((await benchkey(['user', 'add', 'ada', '--password-stdin'], '\n')).code).toBe(2)
  })

  test('add asks on a terminal twice and shows nothing of what is typed', async () => {
    const socket = await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: { user: ADA } })))
    const { code, shown } = await onTerminal(`user add ada`, ['Password: ', 'quïet-Pw\u007fw\r'], ['same again: ', 'quïet-Pw\r'])
    expect(code).toBe(0)
    expect(asked(socket)[0]?.body).toMatchObject({ password: 'quïet-Pw' })
    expect(shown).not.toContain('quïet')
  })

  test('add refuses two passwords that differ', async () => {
    const socket = await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: { user: ADA } })))
    const { code, shown } = await onTerminal('user add ada', ['Password: ', 'one\r'], ['same again: ', 'two\r'])
    expect(code).toBe(1)
    expect(shown).toContain('The two passwords differ.')
    expect(asked(socket)).toEqual([])
  })

  test('list prints a table, or JSON', async () => {
    await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: { users: [ADA] } })))
    expect((await benchkey(['users', 'list'])).stdout).toBe(
      'NAME  ROLE           STATE   SINCE\nada   administrator  active  2026-11-23\n',
    )
    expect(JSON.parse((await benchkey(['user', 'list', '--json'])).stdout)).toEqual([ADA])
  })

  test('lock, unlock and remove name the account in the path', async () => {
    const socket = await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: {} })))
    for (const args of [['lock'], ['unlock'], ['remove', '--yes']]) {
      expect((await benchkey(['user', ...args, 'a/b'])).code).toBe(0)
    }
    expect(asked(socket).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /users/a%2Fb/lock',
      'POST /users/a%2Fb/unlock',
      'DELETE /users/a%2Fb',
    ])
  })

  test('remove asks on a terminal, and no is the default', async () => {
    const socket = await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: {} })))
    expect(await onTerminal('user remove ada', ['[y/N] ', '\r'])).toMatchObject({ code: 1 })
    expect(asked(socket)).toEqual([])
    expect(await onTerminal('user remove ada', ['[y/N] ', 'y\r'])).toMatchObject({ code: 0 })
    expect(asked(socket)).toHaveLength(1)
  })

  const last = { code: 'last_administrator', message: 'ada is the last administrator who can log in.' }
  const unlessMeant = () =>
    fakeAdminSocket(dataDir, ({ method, body }) =>
      method === 'GET' || JSON.stringify(body)?.includes('evenIfLast') ? { body: {} } : { status: 409, body: { error: last } },
    )

  test('role names account and role', async () => {
    const socket = await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: {} })))
    const done = await benchkey(['user', 'role', 'ada', 'administrator'])
    expect(done).toEqual({ code: 0, stdout: '', stderr: 'benchkey: ada is an administrator now.\n' })
    expect(socket.seen).toMatchObject([{ method: 'POST', path: '/users/ada/role', body: { isAdmin: true } }])
    expect(await benchkey(['user', 'role', 'ada', 'administratr'])).toMatchObject({
      code: 2,
      stderr: 'benchkey: There is no role "administratr".\n  Did you mean: administrator\n',
    })
    expect(socket.seen).toHaveLength(1)
  })

  test.each(['role ada user', 'lock ada', 'remove ada --yes'])(
    '%s of the last administrator says what is lost',
    async (words) => {
      const socket = await untilTestEnds(unlessMeant())
      const args = ['user', ...words.split(' ')]
      const refused = await benchkey(args.filter((each) => each !== '--yes'))
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Give --yes to do it unasked.') })
      expect(socket.seen.filter(({ body }) => JSON.stringify(body)?.includes('evenIfLast'))).toEqual([])
      const { code, stderr } = await benchkey([...args, '--yes'])
      expect(code).toBe(0)
      expect(stderr).toContain(`benchkey: ${last.message}\n  Only this command line can make somebody one then: `)
      expect(socket.seen.at(-1)?.body).toMatchObject({ evenIfLast: true })
    },
  )

  test('no at the question about the last administrator changes nothing', async () => {
    const socket = await untilTestEnds(unlessMeant())
    const { code, shown } = await onTerminal('user role ada user', ['Make ada a user all the same? [y/N] ', '\r'])
    expect({ code, isSaid: shown.includes('Nothing was changed.') }).toEqual({ code: 1, isSaid: true })
    expect(socket.seen).toHaveLength(1)
  })

  test('remove without terminal wants --yes', async () => {
    const socket = await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: {} })))
    expect((await benchkey(['user', 'remove', 'ada'], 'y\n')).code).toBe(2)
    expect(asked(socket)).toEqual([])
  })

  test('a refusal is said in the words of the server', async () => {
    const error = { code: 'bad_request', message: 'There is already an account named ada.' }
    await untilTestEnds(fakeAdminSocket(dataDir, () => ({ status: 400, body: { error } })))
    const done = await benchkey(['user', 'add', 'ada', '--password-stdin'], 'x\n')
    expect(done).toEqual({ code: 1, stdout: '', stderr: 'benchkey: There is already an account named ada.\n' })
  })
})

describe('benchkey session list and end', () => {
  const session = {
    id: 's-1',
    userId: 'u-1',
    userName: 'ada',
    name: 'R',
    kind: 'command',
    state: 'running',
    startedAt: '2026-11-23T12:00:30.000Z',
  }

  test('list prints a table, or JSON', async () => {
    await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: { sessions: [session] } })))
    expect((await benchkey(['session', 'list'])).stdout).toBe(
      'ID   USER  NAME  KIND     STATE    SINCE\ns-1  ada   R     command  running  2026-11-23 12:00 UTC\n',
    )
    expect(JSON.parse((await benchkey(['session', 'list', '--json'])).stdout)).toEqual([session])
  })

  test('list tells what was launched, by whom the others were started, and when what ends by the clock ends', async () => {
    const { kind: _, ...rest } = session
    const launched = { ...rest, kind: 'launched', application: 'jupyter', state: 'starting', name: 'analysis' }
    const started = { ...rest, id: 's-2', kind: 'service', service: 'hub', host: 'node7', endsAt: '2026-11-24T00:00:30.000Z' }
    await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: { sessions: [launched, started] } })))
    expect((await benchkey(['session', 'list'])).stdout).toBe(
      [
        'ID   USER  NAME      KIND                     STATE     SINCE                 ENDS',
        's-1  ada   analysis  jupyter                  starting  2026-11-23 12:00 UTC  with its process',
        's-2  ada   R         service by hub on node7  running   2026-11-23 12:00 UTC  2026-11-24 00:00 UTC',
        '',
      ].join('\n'),
    )
  })

  test('end says when there is no such session', async () => {
    const socket = await untilTestEnds(
      fakeAdminSocket(dataDir, ({ path }) => ({ body: { ended: path === '/sessions/s-1/end' } })),
    )
    expect((await benchkey(['session', 'end', 's-1'])).code).toBe(0)
    expect(await benchkey(['session', 'end', 's-2'])).toMatchObject({
      code: 1,
      stderr: 'benchkey: There is no running session "s-2".\n  See them with: benchkey session list\n',
    })
    expect(socket.seen).toHaveLength(2)
  })
})

describe('benchkey reload', () => {
  const finding = '/etc/benchkey/oauth-clients.conf:3: [box] scope: This option is unknown; did you mean scopes?'

  test('prints findings and answers 78 when nothing was applied', async () => {
    const findings = [{ severity: 'error', text: finding }]
    await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: { applied: false, findings, nodes: [] } })))
    const { code, stdout, stderr } = await benchkey(['reload'])
    expect({ code, stdout }).toEqual({ code: 78, stdout: `${finding}\n` })
    expect(stderr).toContain('Nothing was applied')
  })

  test('prints warnings and answers 0 when all was applied', async () => {
    const findings = [{ severity: 'warning', text: finding }]
    await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: { applied: true, findings, nodes: [] } })))
    expect(await benchkey(['reload'])).toMatchObject({ code: 0, stdout: `${finding} (warning)\n` })
  })

  test('prints what each server answered, and is 1 when one runs something else', async () => {
    const answer = { node: 'bk-1', text: 'runs 42', tone: 'ok', isPending: false }
    const others = [
      { ...answer, node: 'bk-2', text: 'refused 42: x:1: y', tone: 'danger' },
      {
        ...answer,
        node: 'bk-3',
        text: 'does not answer since {time:2026-11-21T14:02:00.000Z}; it reads the file when it starts',
        tone: 'warn',
      },
    ]
    await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: { applied: true, findings: [], nodes: [answer, ...others] } })))
    const { code, stdout, stderr } = await benchkey(['reload'])
    expect(code).toBe(1)
    expect(stdout.split('\n')).toEqual([
      'bk-1: runs 42',
      'bk-2: refused 42: x:1: y',
      expect.stringMatching(/^bk-3: does not answer since 21 Nov/),
      '',
    ])
    expect(stderr).toContain('not on every server')
  })
})

describe('without a server', () => {
  test('says that none runs on the data directory', async () => {
    const { code, stderr } = await benchkey(['user', 'list'])
    expect(code).toBe(75)
    expect(stderr).toContain(`No Benchkey server runs on the data directory ${dataDir}.`)
  })

  test('says that only the socket of one is left', async () => {
    const path = join(dataDir, 'admin.sock')
    const holder = createServer()
    await new Promise<void>((done) => holder.listen(path, done))
    // A server that was killed leaves its socket: a hard link survives the orderly end of this one.
    linkSync(path, `${path}.left`)
    await new Promise((done) => holder.close(done))
    linkSync(`${path}.left`, path)
    expect((await benchkey(['user', 'list'])).stderr).toContain('has stopped; only its socket is left.')
  })

  test.skipIf(process.getuid?.() !== 0)('says that the socket is closed to another account', async () => {
    await untilTestEnds(fakeAdminSocket(dataDir, () => ({ body: {} })))
    chownSync(join(dataDir, 'admin.sock'), 65534, 65534)
    chmodSync(join(dataDir, 'admin.sock'), 0o600)
    // Root without its right to pass over file modes is as good as another account, and can still read this checkout.
    const capabilities = ['--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all']
    const limited = ['setpriv', ...capabilities, process.execPath, BIN, 'user', 'list']
    const { code, stderr } = await startProcess(limited, { BENCHKEY_DATA_DIR: dataDir }).finished
    expect(code).toBe(1)
    expect(stderr).toContain(`The admin socket in ${dataDir} is closed to you.\n  Run this as root`)
  })

  test('says that the path of the socket is too long', async () => {
    const long = `/tmp/${'x'.repeat(100)}`
    const { code, stderr } = await runBenchkey(['user', 'list', '--data-dir', long])
    expect(code).toBe(78)
    expect(stderr).toContain('The path of the admin socket is too long')
  })
})

describe('benchkey config check', () => {
  test('recommends a host of their own for session pages, where there are several people', async () => {
    const several = await prepareServer({ singleUser: false })
    const own = await prepareServer({ singleUser: false, serverLines: ['sessions-url=https://sessions.example'] })
    const alone = await prepareServer()
    const said = await Promise.all([several, own, alone].map((each) => runAdmin(each, ['config', 'check'])))
    expect(said.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(said.map(({ stderr }) => stderr.includes('A host of their own is better'))).toEqual([true, false, false])
    for (const each of [several, own, alone]) removeFiles(each)
  })

  test.skipIf(process.getuid?.() !== 0)('says how to add the account that session pages lack', async () => {
    const lines = ['sessions-account=benchkey-nobody-has-this']
    const several = await prepareServer({ singleUser: false, serverLines: lines })
    const off = await prepareServer({ singleUser: false, serverLines: [...lines, 'sessions-url=none'] })
    const alone = await prepareServer({ serverLines: lines })
    const said = await Promise.all([several, off, alone].map((each) => runAdmin(each, ['config', 'check'])))
    const words = 'Add it with: useradd --system --user-group --shell /usr/sbin/nologin benchkey-nobody-has-this\n'
    expect(said.map(({ code, stderr }) => [code, stderr.includes(words)])).toEqual([
      [0, true],
      [0, false],
      [0, false],
    ])
    for (const each of [several, off, alone]) removeFiles(each)
  })

  test.skipIf(process.getuid?.() !== 0)('says what a server that is not root lacks to start sessions', async () => {
    const without = await prepareServer({ singleUser: false })
    const withHelper = await prepareServer({ singleUser: false, serverLines: ['session-helper=/run/benchkey/helper.sock'] })
    const said = []
    for (const each of [without, withHelper]) {
      spawnSync('chown', ['-R', '65534:65534', each.dir])
      said.push((await runAdmin(each, ['config', 'check'])).stderr)
      removeFiles(each)
    }
    expect(said.map((stderr) => stderr.includes('No sessions can be started'))).toEqual([true, false])
  })

  test('prints every finding with file and line, and answers 78', async () => {
    writeFileSync(join(dataDir, 'benchkey.conf'), 'public-url=http://b.example\nwww-prot=1\n', { mode: 0o600 })
    const { code, stdout, stderr } = await benchkey(['config', 'check', '--config-dir', dataDir])
    expect(code).toBe(78)
    expect(stdout).toContain(`${dataDir}/benchkey.conf:1: public-url: `)
    expect(stdout).toContain(`${dataDir}/benchkey.conf:2: www-prot: `)
    expect(stderr).toMatch(/^benchkey: \d+ errors: the server would not start\.\n/)
    const json = JSON.parse((await benchkey(['config', 'check', '--json', '--config-dir', dataDir])).stdout)
    expect(json.errors).toBe(json.findings.filter((each: { severity: string }) => each.severity === 'error').length)
    const finding = { severity: 'error', file: join(dataDir, 'benchkey.conf'), line: 1, option: 'public-url' }
    expect(json.findings).toContainEqual(expect.objectContaining(finding))
  })
})

/** Runs a command on a real pseudo-terminal and answers its prompts; `shown` is everything that appeared on it. */
async function onTerminal(
  command: string,
  ...answers: [prompt: string, typed: string][]
): Promise<{ code: number; shown: string }> {
  const line = `exec '${process.execPath}' '${BIN}' ${command}`
  const { child, finished } = startPty(line)
  let shown = ''
  child.stdout?.on('data', (text: string) => {
    shown += text
    const [next] = answers
    if (next && shown.includes(next[0])) {
      answers.shift()
      child.stdin?.write(next[1])
    }
  })
  const { code } = await finished
  return { code: code ?? -1, shown }
}

/** script(1) gives a command a terminal of its own and passes its exit code on. */
function startPty(line: string): ReturnType<typeof startProcess> {
  return startProcess(
    ['script', '--quiet', '--return', '--command', line, '/dev/null'],
    { BENCHKEY_DATA_DIR: dataDir },
    { input: null },
  )
}
