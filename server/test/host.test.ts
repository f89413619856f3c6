import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Running, runBenchkey, startBenchkey } from '../testing/command-line.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  fetchToken,
  openSession,
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  send,
  startServeProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

const CLIENTS = `[box]
client-id = bench
client-secret = s3cr3t-of-box
authorization-url = https://box.example/authorize
token-url = https://box.example/token
`
const PASSWORD = 'correct horse battery staple'

/** The lines of the security bar under *Host*, on a server that is a process of its own and has done some work. */
let files: ServerFiles
let serve: Running

beforeAll(async () => {
  files = await prepareServer()
  writeOauthClients(files, CLIENTS)
  rmSync(files.dataDir, { recursive: true })
  // The most permissive mask a caller can have: whatever is closed, the server has closed itself.
  const before = process.umask(0)
  try {
    serve = await startServeProcess(files)
  } finally {
    process.umask(before)
  }
  await runAdmin(files, ['user', 'add', 'demo', '--password-stdin'], `${PASSWORD}\n`)
  const browser = new PlainBrowser(files)
  await browser.logIn('demo', PASSWORD)
  await browser.start(await browser.uidOf('box'))
  const { cookie } = await openSession(files, 'demo')
  await fetchToken(files, cookie, await browser.uidOf('box'))
})
afterAll(async () => {
  serve.child.kill('SIGTERM')
  await serve.finished
  removeFiles(files)
})

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8).padStart(4, '0')

function below(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).map((entry) => join(entry.parentPath, entry.name))
}

describe('what the server makes', () => {
  it('is for its own account alone: files 0600, directories 0700, the admin socket 0600', () => {
    const found = Object.fromEntries(below(files.dataDir).map((path) => [path.slice(files.dataDir.length + 1), modeOf(path)]))
    // One for each process that sends token requests, from the first on.
    const [journals, others] = [true, false].map((is) =>
      Object.entries(found).filter(([name]) => name.startsWith('journals/') === is),
    )
    expect(journals?.filter(([, mode]) => mode !== '0600')).toEqual([])
    expect(Object.fromEntries(others ?? [])).toEqual({
      'admin.sock': '0600',
      'benchkey.db': '0600',
      'benchkey.db-shm': '0600',
      'benchkey.db-wal': '0600',
      journals: '0700',
      'key-ring': '0600',
      'rpc.sock': '0600',
    })
    expect(modeOf(files.dataDir)).toBe('0700')
    for (const path of [files.dataDir, ...below(files.dataDir)]) expect(statSync(path).uid).toBe(process.getuid?.())
  })

  it('is made under the mask 077', () => {
    expect(readFileSync(`/proc/${serve.child.pid}/status`, 'utf8')).toMatch(/^Umask:\t0077$/m)
  })

  it('is nothing besides the data directory', () => {
    expect(
      below(files.configDir)
        .map((path) => path.slice(files.configDir.length + 1))
        .sort(),
    ).toEqual(['benchkey.conf', 'oauth-clients.conf'])
  })
})

describe('a server is refused', () => {
  /** Files of a server that ran once and has ended. */
  let copy: ServerFiles
  beforeAll(async () => {
    copy = await prepareServer()
    writeOauthClients(copy, CLIENTS)
    const first = await startServeProcess(copy)
    first.child.kill('SIGTERM')
    await first.finished
  })
  afterAll(() => removeFiles(copy))

  const start = () => runBenchkey(['serve', '--config-dir', copy.configDir, '--data-dir', copy.dataDir])

  const WIDER: readonly (readonly [string, number, (copy: ServerFiles) => string, string])[] = [
    ['a configuration with a secret', 0o640, ({ configDir }) => join(configDir, 'oauth-clients.conf'), 'oauth-clients.conf'],
    ['a key ring', 0o604, ({ dataDir }) => join(dataDir, 'key-ring'), 'key-ring'],
    ['a database', 0o660, ({ dataDir }) => join(dataDir, 'benchkey.db'), 'benchkey.db'],
    ['a TLS key', 0o644, ({ dir }) => join(dir, 'certificates/server-key.pem'), 'ssl-certificate-key'],
    ['a data directory', 0o770, ({ dataDir }) => dataDir, 'data'],
  ]

  it.each(WIDER)('with %s that others may reach: exit 78, and what to do', async (_what, mode, pathOf, named) => {
    const path = pathOf(copy)
    const before = statSync(path).mode
    chmodSync(path, mode)
    const { code, stderr } = await start()
    chmodSync(path, before)
    expect([code, stderr]).toEqual([78, expect.stringContaining(named)])
    expect(stderr).toMatch(/chmod (600|700|go-w)/)
  })

  it('with a client secret outside the secrets directory', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'benchkey-elsewhere-'))
    writeFileSync(join(elsewhere, 'secret'), 'outside', { mode: 0o600 })
    writeOauthClients(copy, CLIENTS.replace('client-secret = s3cr3t-of-box', `client-secret-file = ${elsewhere}/secret`))
    const { code, stderr } = await start()
    rmSync(elsewhere, { recursive: true })
    expect([code, stderr]).toEqual([78, expect.stringContaining('names a file outside the secrets directory')])
  })
})

describe('a process of the server', () => {
  it('opens no inspector at SIGUSR1, and serves on', async () => {
    const { pid } = serve.child
    serve.child.kill('SIGUSR1')
    // By the time it has answered, it has seen the signal.
    expect((await send(files, '/health/live')).status).toBe(200)
    expect((await send(files, '/health/ready')).status).toBe(200)
    expect(listeningPorts(pid)).toEqual([files.port])
  })

  it('selects no memory for a core dump', () => {
    expect(readFileSync(`/proc/${serve.child.pid}/coredump_filter`, 'utf8').trim()).toBe('00000000')
  })

  it('writes no report, even where its variables ask for one', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'benchkey-reports-'))
    const options = '--report-on-signal --report-uncaught-exception --report-on-fatalerror'
    const copy = await prepareServer()
    const started = startBenchkey(
      ['serve', '--config-dir', copy.configDir, '--data-dir', copy.dataDir],
      { NODE_OPTIONS: `${options} --report-directory=${directory}` },
      { cwd: directory },
    )
    await new Promise<void>((resolve) => started.child.stdout?.on('data', (text: string) => text.includes('ready') && resolve()))
    started.child.kill('SIGUSR2')
    await started.finished
    expect(readdirSync(directory)).toEqual([])
    rmSync(directory, { recursive: true })
    removeFiles(copy)
  })

  it('has no secret of the server in its command line or variables', () => {
    const key = readFileSync(join(files.dataDir, 'key-ring'), 'utf8').trim().split(' ')[1] ?? 'no key'
    const tlsKey = readFileSync(join(files.dir, 'certificates/server-key.pem'), 'utf8').split('\n')[1] ?? 'no key'
    const shown = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${serve.child.pid}/${name}`, 'latin1')).join('\n')
    expect(shown).toContain('serve')
    for (const secret of [key, tlsKey, 's3cr3t-of-box', PASSWORD]) expect(shown).not.toContain(secret)
  })

  it('encodes line ends and escapes in its log, so that nobody writes lines of their own', async () => {
    const forged = '\n{"level":50,"msg":"forged"}\u001b[2J'
    const browser = new PlainBrowser(files)
    await browser.ask('/api/login', { userName: forged, password: 'x' })
    await browser.ask(`/api/integrations/${encodeURIComponent(forged)}`)
    await browser.visit(`${files.redirectUri}?state=${encodeURIComponent(forged)}&error=${encodeURIComponent(forged)}`)
    serve.child.kill('SIGTERM')
    const { stdout, stderr } = await serve.finished
    const lines = stderr.split('\n').filter((line) => line !== '')
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(JSON.parse(line)).not.toMatchObject({ msg: 'forged' })
    expect(stdout + stderr).not.toMatch(/\p{Cc}(?<!\n)/u)
  })
})

/** TCP ports on which exactly this process listens. proc_pid_net(5): state 0A is LISTEN. */
function listeningPorts(pid: number | undefined): readonly number[] {
  const links = readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)]
    } catch {
      return [] // Closed since the directory was read.
    }
  })
  const inodes = new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1]))
  const rows = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n').slice(1))
  return rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode] = row.trim().split(/\s+/)
    return state === '0A' && inodes.has(inode) ? [Number.parseInt(local.split(':')[1] ?? '', 16)] : []
  })
}
