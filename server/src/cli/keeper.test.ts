import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Keeper, type KeeperRequest, startKeeper } from './keeper.ts'

let folder: string
let keeper: Keeper | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-keeper-test-'))
})

afterEach(async () => {
  await keeper?.close()
  keeper = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function start(request: Partial<KeeperRequest> = {}): Promise<Keeper> {
  const environment = { PATH: '/usr/bin:/bin', XDG_RUNTIME_DIR: folder, ...request.environment }
  const defaults = { prefix: [], commandWord: 'sh', caCertificate: undefined, cookie: 'first' }
  keeper = await startKeeper({ ...defaults, ...request, environment })
  return keeper
}

test('the directory is closed to others and lies in the runtime folder of the user', async () => {
  const { directory } = await start()
  expect(directory.startsWith(`${folder}/benchkey-`)).toBe(true)
  expect(statSync(directory).mode & 0o777).toBe(0o700)
})

test('without a runtime folder of the user, the directory lies in /run/user or /tmp', async () => {
  const { directory } = await start({ environment: { XDG_RUNTIME_DIR: '/nowhere' } })
  expect(directory).toMatch(/^(\/run\/user\/\d+|\/tmp)\/benchkey-/)
})

test.each(['/tmp/x\u001b]0;owned\u0007', 'x', '/tmp/\u202etxt'])(
  'a keeper that the account has taken over gives no word to a terminal: %j',
  async (directory) => {
    const script = join(folder, 'taken-over')
    const answers = ['command found', 'folder open', `directory ${directory}`, 'bundle', 'kept']
    writeFileSync(script, `#!/bin/sh\ncat <<'END'\n${answers.join('\n')}\nEND\nprintf '\\033[2Jdone\\n' >&2\n`, { mode: 0o755 })
    chmodSync(script, 0o755)
    const message = await start({ prefix: [script] }).then(
      () => 'started',
      (error: unknown) => String(error),
    )
    expect(message).toMatch(/runtime directory cannot be kept(: \?\[2Jdone)?\.$/)
  },
)

test('the cookie file holds one line, is closed to others, and is replaced as a whole', async () => {
  const { directory, replaceCookie } = await start()
  const file = join(directory, 'rpc_cookie')
  expect(readFileSync(file, 'utf8')).toBe('first\n')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const before = statSync(file).ino
  await replaceCookie('user-id=a b|Tue%2C%2024|\\n%s$(id)`id`')
  expect(readFileSync(file, 'utf8')).toBe('user-id=a b|Tue%2C%2024|\\n%s$(id)`id`\n')
  expect(statSync(file).ino).not.toBe(before)
  expect(readdirSync(directory)).toEqual(['rpc_cookie'])
})

test('closing removes the directory with all that the session left in it', async () => {
  const { directory, close } = await start()
  mkdirSync(join(directory, 'deep/er'), { recursive: true })
  await close()
  expect(existsSync(directory)).toBe(false)
})

test("the bundle holds the session's own authorities and then Benchkey's", async () => {
  const own = join(folder, 'own.pem')
  writeFileSync(own, 'OWN WITHOUT LAST NEWLINE')
  const { bundle } = await start({ caCertificate: 'PRIVATE\nCA\n', environment: { CURL_CA_BUNDLE: own } })
  expect(readFileSync(bundle ?? '', 'utf8')).toBe('OWN WITHOUT LAST NEWLINE\nPRIVATE\nCA\n')
})

test('REQUESTS_CA_BUNDLE goes before CURL_CA_BUNDLE, and may be a folder', async () => {
  const authorities = join(folder, 'authorities')
  mkdirSync(authorities)
  writeFileSync(join(authorities, 'a.pem'), 'A')
  writeFileSync(join(authorities, 'b.crt'), 'B')
  writeFileSync(join(authorities, 'notes.txt'), 'NO')
  const environment = { REQUESTS_CA_BUNDLE: authorities, CURL_CA_BUNDLE: '/nowhere' }
  const { bundle } = await start({ caCertificate: 'CA', environment })
  expect(
    readFileSync(bundle ?? '', 'utf8')
      .split('\n')
      .filter(Boolean),
  ).toEqual(['A', 'B', 'CA'])
})

test("without variables the bundle begins with the system's authorities", async () => {
  const system = '/etc/ssl/certs/ca-certificates.crt'
  const { bundle } = await start({ caCertificate: 'CA' })
  const text = readFileSync(bundle ?? '', 'utf8')
  expect(text.endsWith('\nCA\n')).toBe(true)
  if (existsSync(system)) expect(text.startsWith(readFileSync(system, 'utf8'))).toBe(true)
})

test("what SSL_CERT_FILE names stands beside the system's authorities, and gives way to the session's own", async () => {
  const openssl = join(folder, 'openssl.pem')
  const own = join(folder, 'own.pem')
  writeFileSync(openssl, 'OPENSSL')
  writeFileSync(own, 'OWN')
  const { bundle, close } = await start({ caCertificate: 'CA', environment: { SSL_CERT_FILE: openssl } })
  expect(readFileSync(bundle ?? '', 'utf8').endsWith('\nOPENSSL\nCA\n')).toBe(true)
  await close()
  const second = await start({ caCertificate: 'CA', environment: { SSL_CERT_FILE: openssl, CURL_CA_BUNDLE: own } })
  expect(readFileSync(second.bundle ?? '', 'utf8')).toBe('OWN\nCA\n')
})

test('without a private authority there is no bundle', async () => {
  const { bundle, directory } = await start()
  expect(bundle).toBeUndefined()
  expect(readdirSync(directory)).toEqual(['rpc_cookie'])
})

test.each([
  ['sh', 'found'],
  ['/bin/sh', 'found'],
  ['no-such-command', 'missing'],
  ['/no/such/command', 'missing'],
  ['plain-file', 'blocked'],
  ['/etc', 'blocked'],
])('the command %j is %s', async (commandWord, expected) => {
  writeFileSync(join(folder, 'plain-file'), '')
  chmodSync(join(folder, 'plain-file'), 0o644)
  const { command } = await start({ commandWord, environment: { PATH: `/usr/bin:/bin:${folder}` } })
  expect(command).toBe(expected)
})

test('a keeper that cannot make its directory says why', async () => {
  await expect(start({ environment: { PATH: '' }, prefix: ['/bin/false'] })).rejects.toThrow(
    "The session's runtime directory cannot be kept",
  )
  await expect(start({ prefix: ['/no/such/switch'] })).rejects.toThrow('/no/such/switch cannot be started')
})

test('a cookie that cannot be written is reported, and the next one is tried', async () => {
  const { directory, replaceCookie } = await start()
  rmSync(directory, { recursive: true })
  await expect(replaceCookie('second')).rejects.toThrow("The session's runtime directory cannot be kept")
  mkdirSync(directory)
  await replaceCookie('third')
  expect(readFileSync(join(directory, 'rpc_cookie'), 'utf8')).toBe('third\n')
})

/** What `session env` leaves behind lies in /tmp, whatever runtime folder the account has. */
describe('a directory that is left behind', () => {
  const left: string[] = []
  const inAnHour = () => new Date(Date.now() + 60 * 60_000)

  afterEach(() => {
    for (const directory of left.splice(0)) rmSync(directory, { recursive: true, force: true })
  })

  async function leave(leaveUntil: Date): Promise<string> {
    const { directory, leave: end } = await start({ leaveUntil })
    left.push(directory)
    await end()
    return directory
  }

  test('stays, closed to others, with its cookie and its end', async () => {
    const until = inAnHour()
    const directory = await leave(until)
    expect(directory).toMatch(/^\/tmp\/benchkey-env-/)
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(statSync(join(directory, 'rpc_cookie')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(directory, 'rpc_cookie'), 'utf8')).toBe('first\n')
    expect(Number(readFileSync(join(directory, 'ends'), 'utf8')) * 1000).toBeGreaterThanOrEqual(until.getTime())
  })

  test('goes when it is over and the account leaves another one, and no earlier', async () => {
    const over = await leave(new Date(Date.now() - 10_000))
    const running = await leave(inAnHour())
    expect([over, running].map((each) => existsSync(each))).toEqual([false, true])
    const next = await leave(inAnHour())
    expect([running, next].map((each) => existsSync(each))).toEqual([true, true])
  })

  test('is taken neither from a link nor from what has no end in it', async () => {
    const target = mkdtempSync(join(folder, 'target-'))
    writeFileSync(join(target, 'ends'), '1\n')
    const link = `/tmp/benchkey-env-link-${process.pid}`
    symlinkSync(target, link)
    const odd = mkdtempSync('/tmp/benchkey-env-odd-')
    writeFileSync(join(odd, 'ends'), 'soon\n')
    left.push(link, odd)
    await leave(inAnHour())
    expect([target, link, odd].map((each) => existsSync(each))).toEqual([true, true, true])
  })

  test('is not left when its cookie could not be kept', async () => {
    const { directory, leave: end } = await start({ leaveUntil: inAnHour() })
    rmSync(join(directory, 'rpc_cookie'))
    await expect(end()).rejects.toThrow("The session's runtime directory cannot be kept")
    expect(existsSync(directory)).toBe(false)
  })
})
