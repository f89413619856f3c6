import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeCertificates } from '../../testing/certificates.ts'
import { BENCHKEY, fakeRpc, startProcess } from '../../testing/command-line.ts'

/**
 * `benchkey token` is called in loops and prompts, so what it loads is counted, not how long that takes. Each module of Node's
 * own below was once loaded by an `import` that reads all exports of another; together they were more than the whole of the rest.
 */
const ROOT = resolve(import.meta.dirname, '../../..')

let folder: string
let files: readonly string[]
let own: readonly string[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-start-test-'))
  const certificates = await makeCertificates(folder)
  const server = await fakeRpc(certificates, () => ({ body: { access_token: 'abc', expiry: '2026-12-31T23:59:59Z' } }))
  const record = join(folder, 'modules.json')
  const [node = '', bin = ''] = BENCHKEY
  const preload = resolve(import.meta.dirname, '../../testing/record-modules.ts')
  const words = [node, '--import', preload, bin, 'token', '0b0c0000-0000-5000-8000-000000000001']
  const session = { RS_SERVER_ADDRESS: server.address, RS_SESSION_RPC_COOKIE: 'a|b|c', REQUESTS_CA_BUNDLE: certificates.caFile }
  const finished = await startProcess(words, { ...session, RECORD_MODULES: record }).finished
  await server.close()
  expect(finished).toEqual({ code: 0, stdout: 'abc\n', stderr: '' })
  const recorded = JSON.parse(readFileSync(record, 'utf8')) as { files: readonly string[]; own: readonly string[] }
  files = recorded.files.map((url) => url.replace(`file://${ROOT}/`, ''))
  own = recorded.own
})

afterAll(() => rmSync(folder, { recursive: true }))

test('token loads the command line, its own command and the client, and nothing else of the checkout', () => {
  const ofClient = ['index', 'client', 'builtin', 'errors', 'names', 'replies', 'rpc', 'session', 'transport']
  const ofCommandLine = ['run', 'arguments', 'command', 'commands', 'token']
  const expected = [
    'server/src/bin.ts',
    ...ofCommandLine.map((name) => `server/src/cli/${name}.ts`),
    ...ofClient.map((name) => `sdk/typescript/src/${name}.ts`),
  ]
  expect(files.toSorted()).toEqual(expected.toSorted())
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
  expect(own.filter((each) => each.endsWith(` ${name}`))).toEqual([])
})

test('the record is one: it holds what every request over TLS needs', () => {
  expect(own.some((each) => each.endsWith(' _http_client'))).toBe(true)
})
