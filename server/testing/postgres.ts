import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { type Authority, type Leaf, makeAuthority, makeLeaf } from './certificates.ts'
import { ownPort } from './own-port.ts'
import { giveTo, type PostgresPrograms, postgresPrograms } from './postgres-programs.ts'

/** A real PostgreSQL of this test file, on loopback and a Unix socket, with TLS under a private CA. */
export interface RunningPostgres {
  readonly port: number
  /** The superuser's. */
  readonly password: string
  /** The directory of the Unix socket. */
  readonly socketDir: string
  /** Where everything lies that it has written: tables and write-ahead log. */
  readonly dataDir: string
  readonly authority: Authority
  /** PEM file of the private CA. */
  readonly caFile: string
  /** A new database, as UTF-8: empty, or as the template is, which nobody is connected to. */
  createDatabase(template?: Pick<PostgresDatabaseForTests, 'name'>): Promise<PostgresDatabaseForTests>
  /** Shows another certificate from now on. */
  showCertificate(leaf: Leaf): Promise<void>
  /** Ends the server at once, as a crash of its machine would (the files stay), and starts it again on the same port. */
  restart(): Promise<void>
  /** Ends the server and leaves it so until `start`. */
  halt(): Promise<void>
  start(): Promise<void>
  /**
   * What a copy that lags behind looks like after a failover: the server ends, what it wrote since `copy` is lost, and it starts
   * again. `copy` ends and starts it too.
   */
  copy(): Promise<{ readonly takeOver: () => Promise<void> }>
  /** Ends the server and removes its files. */
  close(): Promise<void>
}

/** One database of a running PostgreSQL. */
export interface PostgresDatabaseForTests {
  readonly name: string
  /** `postgresql://…` with the password, over TCP without TLS. */
  readonly uri: string
  /** Runs one statement as the superuser. */
  run(statement: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
  drop(): Promise<void>
}

/** What suites need that neither restart a server nor look at its certificate or files. */
export type SomePostgres = Pick<RunningPostgres, 'createDatabase' | 'close'>

/** `postgresql://SUPERUSER:PASSWORD@HOST:PORT/DATABASE` of a server to run those suites on, of any version from 13 on. */
const GIVEN = 'BENCHKEY_TEST_POSTGRES_URL'

const SUPERUSER = 'postgres'
/** Small. */
const SETTINGS = {
  shared_buffers: '32MB',
  max_connections: '200',
  timezone: 'UTC',
  log_checkpoints: 'off',
  lc_messages: 'C',
} as const
/** Shared memory, which every Linux has, though containers often little of it. */
const MEMORY = '/dev/shm'
/** A server here takes about a tenth, and grows by its log. */
const MEMORY_NEEDED_BYTES = 2 * 1024 ** 3
/** Ends the server when whoever started it is gone: the pipe on its input closes then. SIGQUIT: at once. */
const GUARDED =
  'exec 3<&0; "$@" 3<&- & server=$!; echo "pid $server"; { cat <&3; kill -QUIT $server; } >/dev/null 2>&1 & wait $server'

/**
 * The PostgreSQL that `BENCHKEY_TEST_POSTGRES_URL` names, which is left running, or else one for this test file. Nothing of it has to
 * outlast the machine, so it waits for no disk.
 */
export async function somePostgres(): Promise<SomePostgres> {
  const given = process.env[GIVEN] ?? ''
  if (given === '') return await startPostgres({ fsync: 'off' })
  const server = new URL(given)
  const uriOf = (database: string) => Object.assign(new URL(server), { pathname: `/${database}` }).href
  const asSuperuser: AsSuperuser = (database, statement, values) =>
    runOnce({ connectionString: database === undefined ? server.href : uriOf(database) }, statement, values)
  return { createDatabase: (template) => createDatabase(asSuperuser, uriOf, template), close: async () => undefined }
}

/** Starts a PostgreSQL for one test file, as durable as in earnest if not said otherwise; close it after the tests. */
export async function startPostgres({ fsync = 'on' }: { readonly fsync?: 'on' | 'off' } = {}): Promise<RunningPostgres> {
  const programs = postgresPrograms()
  const folder = mkdtempSync(join(fsync === 'off' ? scratch() : tmpdir(), 'benchkey-pg-'))
  giveTo(programs, folder)
  const password = randomBytes(12).toString('hex')
  const data = join(folder, 'data')
  initialise(programs, folder, data, password)
  const authority = await makeAuthority()
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, authority.pem, { mode: 0o644 })
  const [socketDir, port] = [folder, await ownPort()]
  const own = { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: socketDir, ssl: 'on', fsync }
  const server = new Server(programs, data, { ...SETTINGS, ...own })
  server.writeCertificate(await makeLeaf(authority, ['localhost', '127.0.0.1']))
  await server.start()
  const connection = { host: socketDir, port, user: SUPERUSER, password }
  const asSuperuser: AsSuperuser = (database = 'postgres', statement, values) =>
    runOnce({ ...connection, database }, statement, values)
  const uriOf = (database: string) => `postgresql://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`
  return {
    ...{ port, password, socketDir, dataDir: data, authority, caFile },
    createDatabase: (template) => createDatabase(asSuperuser, uriOf, template),
    async showCertificate(leaf) {
      server.writeCertificate(leaf)
      await server.reload()
    },
    restart: async () => {
      await server.end('SIGQUIT')
      await server.start()
    },
    halt: () => server.end('SIGINT'),
    start: () => server.start(),
    async copy() {
      const kept = join(folder, 'copy')
      await server.end('SIGINT')
      execFileSync('cp', ['-a', data, kept])
      await server.start()
      return {
        takeOver: async () => {
          await server.end('SIGINT')
          rmSync(data, { recursive: true })
          renameSync(kept, data)
          await server.start()
        },
      }
    },
    close: async () => {
      await server.end('SIGQUIT')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Memory, where there is enough: a disk spends more on the 300 files of each database than PostgreSQL does. */
function scratch(): string {
  if (!existsSync(MEMORY)) return tmpdir()
  const { bavail, bsize } = statfsSync(MEMORY)
  return bavail * bsize < MEMORY_NEEDED_BYTES ? tmpdir() : MEMORY
}

/** Runs one statement in that database; undefined: in one that is there anyway. */
type AsSuperuser = (
  database: string | undefined,
  statement: string,
  values?: readonly unknown[],
) => Promise<Record<string, unknown>[]>

async function createDatabase(
  asSuperuser: AsSuperuser,
  uriOf: (database: string) => string,
  template: Pick<PostgresDatabaseForTests, 'name'> = { name: 'template0' },
): Promise<PostgresDatabaseForTests> {
  const name = `test_${randomBytes(6).toString('hex')}`
  await asSuperuser(undefined, `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE ${template.name}`)
  return {
    name,
    uri: uriOf(name),
    run: (statement, values) => asSuperuser(name, statement, values),
    drop: async () => void (await asSuperuser(undefined, `DROP DATABASE ${name} WITH (FORCE)`)),
  }
}

function initialise(programs: PostgresPrograms, folder: string, data: string, password: string): void {
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  giveTo(programs, passwordFile)
  mkdirSync(data, { mode: 0o700 })
  giveTo(programs, data)
  const authentication = ['--auth=scram-sha-256', `--username=${SUPERUSER}`, `--pwfile=${passwordFile}`]
  const options = ['--encoding=UTF8', '--locale=C', '--no-instructions', '--no-sync']
  execFileSync(programs.initdb, ['-D', data, ...authentication, ...options], { ...programs.account, stdio: 'pipe' })
  rmSync(passwordFile)
}

/** The server's process, over its starts and ends. */
class Server {
  readonly #programs: PostgresPrograms
  readonly #data: string
  readonly #settings: readonly string[]
  #guard: ChildProcess | undefined
  #pid = 0

  constructor(programs: PostgresPrograms, data: string, settings: Readonly<Record<string, string>>) {
    this.#programs = programs
    this.#data = data
    this.#settings = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  }

  writeCertificate({ certificate, key }: Leaf): void {
    for (const [name, text] of [
      ['server.crt', certificate],
      ['server.key', key],
    ] as const) {
      const file = join(this.#data, name)
      writeFileSync(`${file}.new`, text, { mode: 0o600 })
      giveTo(this.#programs, `${file}.new`)
      renameSync(`${file}.new`, file)
    }
  }

  /** Resolves once it accepts connections. */
  async start(): Promise<void> {
    const { account, postgres } = this.#programs
    const options = { ...account, stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] }
    const guard = spawn('sh', ['-c', GUARDED, 'sh', postgres, '-D', this.#data, ...this.#settings], options)
    this.#guard = guard
    createInterface(guard.stdout).on('line', (line) => {
      if (line.startsWith('pid ')) this.#pid = Number(line.slice(4))
    })
    const said: string[] = []
    const lines = createInterface(guard.stderr)
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        said.push(line)
        if (line.includes('ready to accept connections')) resolve()
      })
      guard.once('close', () => reject(new Error(`PostgreSQL ended:\n${said.join('\n')}`)))
    })
  }

  /** Resolves once it has read its files again. */
  async reload(): Promise<void> {
    const guard = this.#guard
    if (!guard?.stderr) throw new Error('PostgreSQL does not run')
    const { promise, resolve } = Promise.withResolvers<void>()
    const lines = createInterface(guard.stderr).on('line', (line) => {
      if (line.includes('reloading configuration files')) resolve()
    })
    process.kill(this.#pid, 'SIGHUP')
    await promise
    lines.close()
  }

  /** SIGINT: connections are cut, then a clean end. SIGQUIT: no goodbye, the next start recovers from the log. */
  async end(signal: 'SIGINT' | 'SIGQUIT'): Promise<void> {
    const guard = this.#guard
    if (!guard || this.#pid === 0) return
    this.#guard = undefined
    const ended = once(guard, 'exit')
    process.kill(this.#pid, signal)
    await ended
    guard.stdin?.end()
  }
}

async function runOnce(
  connection: pg.ClientConfig,
  statement: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(statement, [...values])
    return rows
  } finally {
    await client.end()
  }
}
