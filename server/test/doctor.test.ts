import { chmodSync, chownSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runBenchkey } from '../testing/command-line.ts'
import { copySession, type DoctorRoom, findings } from '../testing/doctor-room.ts'
import { openShell, type SessionShell } from '../testing/session-shell.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'

let world: SessionWorld
let shell: SessionShell
let room: DoctorRoom
let cookie: string
let ended: string

beforeAll(async () => {
  world = await startSessionWorld()
  shell = openShell(world.files)
  room = copySession((await shell.ask('env')).stdout)
  cookie = readFileSync(room.cookieFile, 'utf8')
  const other = openShell(world.files)
  ended = (await other.ask('cat "$PWB_SESSION_RUNTIME_DIR/rpc_cookie"')).stdout.trim()
  await other.exit()
})

afterAll(async () => {
  await shell.exit()
  rmSync(room.folder, { recursive: true })
  expect(await world.close()).toBe(0)
})

beforeEach(() => {
  writeFileSync(room.cookieFile, cookie)
  chmodSync(room.cookieFile, 0o600)
  chmodSync(room.runtimeDirectory, 0o700)
})

describe('benchkey doctor, when all is well', () => {
  test('says so in a real session, with the real programs, and tells no secret', async () => {
    const { code, stdout, stderr } = await shell.ask('benchkey doctor')
    const checks = stdout.split('\n').filter((line) => /^[✓!✗-] /.test(line))
    expect(checks.slice(0, 11)).toEqual([
      `✓ This is a session: RS_SERVER_ADDRESS is ${world.files.publicUrl}.`,
      '✓ The variables of the session agree with each other.',
      '✓ POSIT_PRODUCT is WORKBENCH.',
      '✓ RSTUDIO_VERSION is 2026.01.0, which rstudioapi and posit-sdk accept.',
      expect.stringMatching(/^✓ The runtime directory \S+ is yours alone\.$/),
      expect.stringMatching(/^✓ The cookie file \S+ is there, \d+ min old, closed to others\.$/),
      expect.stringMatching(/^✓ The cookie's date is \d{4}-\d\d-\d\d \d\d:\d\d UTC, still to come\.$/),
      expect.stringMatching(/^✓ REQUESTS_CA_BUNDLE names \S+: \d+ authorities, public ones among them\.$/),
      '✓ No proxy is set for the address of Benchkey.',
      `✓ The session socket ${world.files.dataDir}/rpc.sock answers; benchkey and the SDK ask there.`,
      expect.stringMatching(/^✓ The name localhost leads to .*\.$/),
    ])
    expect(stdout).toMatch(/^✓ The certificate of localhost is trusted by \S+, until \d{4}-\d\d-\d\d\.$/m)
    expect(stdout).toMatch(
      /^✓ Benchkey at localhost:\d+ knows this session\.\n✓ 1 of 3 integrations signed in\.\n✓ The clock here and/m,
    )
    expect(stdout).toMatch(/^[✓!-] R /m)
    expect(stdout).toMatch(/^[✓!-] Python \(python3\) /m)
    expect(stdout).toMatch(/^[✓!-] Node /m)
    // Which packages R and Python have here is not the test's to say.
    expect(stderr).toMatch(/^benchkey: This session reaches Benchkey(; \d remarks? above)?\.\n$/)
    expect(code).toBe(0)
    expect(stdout).not.toContain(cookie.trim().split('|')[2])
  })

  test('--json says the same to scripts', async () => {
    const { code, stdout, stderr } = await room.examine({}, '--json')
    const { checks } = JSON.parse(stdout) as { checks: { check: string; outcome: string }[] }
    expect(checks.map(({ check, outcome }) => `${outcome} ${check}`)).toEqual([
      'ok session',
      'ok variables',
      'ok product',
      'ok version',
      'ok runtime-directory',
      'ok cookie-file',
      'ok cookie-date',
      'ok ca-bundle',
      'ok proxy',
      'ok socket',
      'ok name',
      'ok connection',
      'ok certificate',
      'ok rpc',
      'ok sign-ins',
      'ok clock',
      'skipped r',
      'skipped python3',
      'skipped python',
      'skipped node',
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'benchkey: This session reaches Benchkey.\n' })
  })
})

describe('benchkey doctor outside a session', () => {
  test('says so and how to get one', async () => {
    expect(await runBenchkey(['doctor'], { PATH: room.variables.PATH ?? '' })).toEqual({
      code: 1,
      stdout:
        '✗ This is not a Benchkey session: RS_SERVER_ADDRESS is not set.\n' +
        '  Run this inside a session, or log this terminal in: benchkey login.\n' +
        '- R is not there, or did not start.\n' +
        '- Python (python3) is not there, or did not start.\n' +
        '- Python (python) is not there, or did not start.\n' +
        '- Node is not there, or did not start.\n',
      stderr: 'benchkey: 1 check failed; the marks ✗ above say what to do.\n',
    })
  })
})

describe('benchkey doctor finds in the variables', () => {
  test.each([
    [
      { RS_SERVER_ADDRESS: undefined },
      1,
      /^✗ RS_SERVER_ADDRESS is not set, so R and Python get no tokens; BENCHKEY_SERVER_ADDRESS is there\. \| .*\.Renviron/,
    ],
    [
      { BENCHKEY_SERVER_SOCKET: '/nowhere/rpc.sock' },
      0,
      /^! The session socket \/nowhere\/rpc\.sock does not exist, so benchkey and the SDK ask over the network\. \| It costs nothing/,
    ],
    [{ BENCHKEY_SERVER_SOCKET: '/proc/version' }, 0, /^! The session socket \/proc\/version is no socket, so/],
    [
      { BENCHKEY_SERVER_ADDRESS: 'https://b.example' },
      0,
      /^! RS_SERVER_ADDRESS and BENCHKEY_SERVER_ADDRESS differ; R, Python and benchkey use the first\./,
    ],
    [{ BENCHKEY_SESSION_RUNTIME_DIR: '/tmp' }, 0, /^! PWB_SESSION_RUNTIME_DIR and BENCHKEY_SESSION_RUNTIME_DIR differ;/],
    [{ POSIT_PRODUCT: 'CONNECT' }, 0, /^! POSIT_PRODUCT is CONNECT, not WORKBENCH;/],
    [{ POSIT_PRODUCT: undefined }, 0, /^! POSIT_PRODUCT is not set;/],
    [
      { RSTUDIO_VERSION: '2025.09.0+387.pro6' },
      1,
      /^✗ RSTUDIO_VERSION is 2025\.09\.0\+387\.pro6; rstudioapi and posit-sdk refuse anything below 2026\.01\.0\./,
    ],
    [{ RSTUDIO_VERSION: 'new' }, 0, /^! RSTUDIO_VERSION is new, which is no version\./],
    [{ RSTUDIO_VERSION: undefined }, 0, /^! RSTUDIO_VERSION is not set;/],
    [
      { PWB_SESSION_RUNTIME_DIR: undefined },
      1,
      /^✗ PWB_SESSION_RUNTIME_DIR is not set, so R and Python find no cookie\. \| Open a new session/,
    ],
    [
      { PWB_SESSION_RUNTIME_DIR: '/nowhere', BENCHKEY_SESSION_RUNTIME_DIR: '/nowhere' },
      1,
      /^✗ The runtime directory \/nowhere is gone: this session has ended\./,
    ],
    [
      { PWB_SESSION_RUNTIME_DIR: '/dev/null', BENCHKEY_SESSION_RUNTIME_DIR: undefined },
      1,
      /^✗ The runtime directory \/dev\/null is no directory\./,
    ],
  ])('%j', async (changes, code, finding) => {
    const finished = await room.examine(changes)
    expect(findings(finished)[0]).toMatch(finding)
    expect(finished.code).toBe(code)
  })

  test('a version that is newer, nothing', async () => {
    expect(findings(await room.examine({ RSTUDIO_VERSION: '2026.01.0+392.pro5' }))).toEqual([])
    expect(findings(await room.examine({ RSTUDIO_VERSION: '2027.0.0' }))).toEqual([])
  })
})

describe('benchkey doctor finds about the cookie', () => {
  const parts = (): string[] => cookie.trim().split('|')

  test.each([
    ['no file', () => rmSync(room.cookieFile), '✗ This session has no cookie, so it gets no tokens.', 1],
    ['an empty file', () => writeFileSync(room.cookieFile, '\n'), '✗ The cookie file FILE is empty.', 1],
    ['bytes that are none', () => writeFileSync(room.cookieFile, 'a|ü|c'), '✗ The cookie file FILE is damaged.', 1],
    [
      'two lines',
      () => writeFileSync(room.cookieFile, `${cookie.trim()}\nmore\n`),
      '✗ The cookie file FILE has several lines, which posit-sdk refuses.',
      1,
    ],
    ['an open file', () => chmodSync(room.cookieFile, 0o644), '! The cookie file FILE is open to others (mode 644).', 0],
    [
      'a file its group can read',
      () => chmodSync(room.cookieFile, 0o640),
      '! The cookie file FILE is open to others (mode 640).',
      0,
    ],
    [
      'an open directory',
      () => chmodSync(room.runtimeDirectory, 0o755),
      '! The runtime directory DIR is open to others (mode 755).',
      0,
    ],
    [
      'no date',
      () => writeFileSync(room.cookieFile, 'opaque-token'),
      '✗ The cookie has no date that posit-sdk can read, so Python gets no tokens.',
      1,
    ],
    [
      'a date in small escapes',
      () => writeFileSync(room.cookieFile, [parts()[0], parts()[1]?.toLowerCase(), parts()[2]].join('|')),
      '✗ The cookie has no date that posit-sdk can read, so Python gets no tokens.',
      1,
    ],
  ])('%s', async (_what, spoil, sentence, code) => {
    spoil()
    const finished = await room.examine()
    const found = findings(finished).map((line) =>
      line.split(' | ')[0]?.replace(room.cookieFile, 'FILE').replace(room.runtimeDirectory, 'DIR'),
    )
    expect(found[0]).toBe(sentence)
    expect(finished.code).toBe(code)
  })

  describe('that is old', () => {
    const spoil = (date: string | undefined): void => {
      writeFileSync(room.cookieFile, [parts()[0], date, parts()[2]].join('|'))
      utimesSync(room.cookieFile, new Date(), new Date(Date.now() - 90 * 60_000))
    }

    test('nothing while its date is to come, as in a session of session env', async () => {
      spoil(parts()[1])
      const finished = await room.examine()
      expect(findings(finished)).toEqual([])
      expect(finished.stdout).toContain('is there, 90 min old, closed to others.')
    })

    test('that it was not replaced, when its date has passed', async () => {
      spoil('Mon%2C%2023%20Nov%202020%2010%3A00%3A00%20GMT')
      expect(findings(await room.examine()).map((line) => line.split(' | ')[0])).toEqual([
        `! The cookie file ${room.cookieFile} is 90 min old, and it should be replaced every 30 minutes.`,
        "! The cookie's date, 2020-11-23 10:00 UTC, has passed.",
        expect.stringMatching(/^✗ Benchkey at localhost:\d+ refuses this session's cookie: /),
      ])
    })
  })

  test.skipIf(process.getuid?.() !== 0)('a directory of somebody else', async () => {
    chownSync(room.runtimeDirectory, 1234, 1234)
    try {
      expect(findings(await room.examine())).toEqual([
        `! The runtime directory ${room.runtimeDirectory} belongs to user id 1234, and this runs as user id 0. | Run your programs as the user the session belongs to.`,
      ])
    } finally {
      chownSync(room.runtimeDirectory, 0, 0)
    }
  })

  test('that it is in the variable alone, nothing', async () => {
    rmSync(room.cookieFile)
    const finished = await room.examine({ RS_SESSION_RPC_COOKIE: cookie.trim() })
    expect(findings(finished)).toEqual([])
    expect(finished.code).toBe(0)
  })

  test('that R uses a dead one from the variable, and prints neither', async () => {
    const finished = await room.examine({ RS_SESSION_RPC_COOKIE: ended })
    expect(findings(finished)).toEqual([
      '! RS_SESSION_RPC_COOKIE differs from the cookie file; R uses the variable, Python and benchkey the file. | Unset RS_SESSION_RPC_COOKIE: it is not replaced, the file is.',
      '✗ Benchkey refuses the cookie in RS_SESSION_RPC_COOKIE, which R uses, so R gets no tokens. | Unset RS_SESSION_RPC_COOKIE: it is not replaced, the file is.',
    ])
    expect(finished.code).toBe(1)
    for (const secret of [ended.split('|')[2] ?? '', parts()[2] ?? '']) {
      expect(secret.length).toBeGreaterThan(20)
      expect(finished.stdout + finished.stderr).not.toContain(secret)
    }
  })

  test('that the session has ended', async () => {
    writeFileSync(room.cookieFile, ended)
    const finished = await room.examine()
    expect(findings(finished)[0]).toMatch(
      /^✗ Benchkey at localhost:\d+ refuses this session's cookie: This session has ended or lost its access.* \| Open a new session/,
    )
    expect(finished.code).toBe(1)
  })
})
