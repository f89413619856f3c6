import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCertificates } from '../../testing/certificates.ts'
import { BENCHKEY, fakeOnSocket, fakeRpc, startProcess } from '../../testing/command-line.ts'

/**
 * `benchkey token` is called in loops and prompts, so what it loads is counted, not how long that takes. Each module of Node's
 * own below was once loaded by an `import` that reads all exports of another; together they were more than the whole of the rest.
 */
const ROOT = resolve(import.meta.dirname, '../../..')

interface Loaded {
  readonly files: readonly string[]
  /** Modules of Node's own. */
  readonly own: readonly string[]
}

const TOKEN = { access_token: 'abc', expiry: '2096-12-31T23:59:59Z' }
const OF_CLIENT = [
  'index',
  'client',
  'builtin',
  'errors',
  'exchange',
  'local-socket',
  'names',
  'replies',
  'rpc',
  'session',
  'terminal',
]
const OF_COMMAND_LINE = ['run', 'arguments', 'command', 'commands', 'stored-token-commands', 'token', 'user-commands']

let folder: string
let overTls: Loaded
let overSocket: Loaded

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-start-test-'))
  const certificates = await makeCertificates(folder)
  const server = await fakeRpc(certificates, () => ({ body: TOKEN }))
  const session = { RS_SERVER_ADDRESS: server.address, RS_SESSION_RPC_COOKIE: 'a|b|c', REQUESTS_CA_BUNDLE: certificates.caFile }
  const socket = join(folder, 'rpc.sock')
  const local = await fakeOnSocket(socket, () => ({ body: TOKEN }))
  overTls = await loadedBy(session)
  overSocket = await loadedBy({ ...session, BENCHKEY_SERVER_SOCKET: socket })
  await local.close()
  await server.close()
})

afterAll(() => rmSync(folder, { recursive: true }))

async function loadedBy(session: Readonly<Record<string, string>>): Promise<Loaded> {
  const record = join(folder, 'modules.json')
  const [node = '', bin = ''] = BENCHKEY
  const preload = resolve(import.meta.dirname, '../../testing/record-modules.ts')
  const words = [node, '--import', preload, bin, 'token', '0b0c0000-0000-5000-8000-000000000001']
  const finished = await startProcess(words, { ...session, RECORD_MODULES: record }).finished
  expect(finished).toEqual({ code: 0, stdout: 'abc\n', stderr: '' })
  const { files, own } = JSON.parse(readFileSync(record, 'utf8')) as Loaded
  return { files: files.map((url) => url.replace(`file://${ROOT}/`, '')), own }
}

const filesOf = (ofClient: readonly string[]): readonly string[] =>
  [
    'server/src/bin.ts',
    ...OF_COMMAND_LINE.map((name) => `server/src/cli/${name}.ts`),
    ...ofClient.map((name) => `sdk/typescript/src/${name}.ts`),
  ].toSorted()

const loads = ({ own }: Loaded, name: string): boolean => own.some((each) => each.endsWith(` ${name}`))

test('token loads the command line, its own command and the client, and nothing else of the checkout', () => {
  expect(overTls.files.toSorted()).toEqual(filesOf([...OF_CLIENT, 'transport']))
  expect(overSocket.files.toSorted()).toEqual(filesOf(OF_CLIENT))
})

test.each([
  'internal/deps/undici/undici',
  'internal/crypto/webcrypto',
  'child_process',
  'readline',
  'tty',
  'inspector',
  'worker_threads',
])('token does not load %s of Node', (name) => {
  expect([loads(overTls, name), loads(overSocket, name)]).toEqual([false, false])
})

test.each(['_http_client', '_http_common', 'https', 'internal/tls/wrap', 'crypto', 'internal/crypto/util', 'fs/promises', 'dns'])(
  'token over the session socket does not load %s of Node',
  (name) => expect(loads(overSocket, name)).toBe(false),
)

test('the record is one: it holds what every request over TLS needs, and over a socket', () => {
  expect(['_http_client', 'internal/tls/wrap', 'crypto'].map((name) => loads(overTls, name))).toEqual([true, true, true])
  expect(loads(overSocket, 'net')).toBe(true)
})
