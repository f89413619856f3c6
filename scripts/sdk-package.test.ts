import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, makeCertificates } from '../server/testing/certificates.ts'
import { type FakeServer, fakeOnSocket, fakeRpc, untilTestEnds } from '../server/testing/command-line.ts'
import { findBlocks } from './docs.ts'
import { buildSdk } from './sdk-package.ts'

const root = resolve(import.meta.dirname, '..')
const run = promisify(execFile)
const UID = '0b0c0000-0000-5000-8000-000000000001'

/** Another major than the one that runs the tests, where the machine has it. */
const OLD_NODE = '/usr/bin/node'
const hasOldNode = /^v20\./.test(versionOf(OLD_NODE))

/** Uses every call, and the types of what comes back. */
const PROGRAM = `import { type AccessToken, BenchkeyError, type Client, createClient, type ErrorCode, fingerprintOf } from '@benchkey/sdk'

const client: Client = createClient()
const token: AccessToken = await client.token('Box API Access', { minTtlSeconds: 60, signal: new AbortController().signal })
const end: Date | undefined = token.expiresAt
const [first] = await client.integrations()
const { session, cookieExpiresAt } = await client.session({ timeoutMs: 5000 })
const { outcome } = await client.report('${UID}', token.accessToken)
const { signedOut } = await client.signOut('box')
const facts = [token.accessToken, end?.toISOString(), first?.display_name, session.name, cookieExpiresAt.getUTCFullYear(), outcome, signedOut]
console.log(JSON.stringify(facts), fingerprintOf('t').length)
try {
  await client.token('bux')
} catch (error) {
  if (!(error instanceof BenchkeyError)) throw error
  const code: ErrorCode | (string & {}) = error.code
  console.log(code, error.action)
}
`

const WRONG = `import { createClient } from '@benchkey/sdk'

const token: string = await createClient().token('box')
await createClient().token('box', { minTtl: 60 })
console.log(token)
`

let folder: string
let project: string
let server: FakeServer
let environment: Record<string, string>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-sdk-package-'))
  project = mkdtempSync(join(tmpdir(), 'benchkey-scratch-project-'))
  await buildSdk(root, join(folder, 'package'))
  const packed = await npm(folder, 'pack', './package', '--json')
  const [{ filename } = { filename: '' }] = JSON.parse(packed.stdout) as { filename: string }[]
  writeFileSync(join(project, 'package.json'), '{"name":"scratch","private":true,"type":"module"}\n')
  await npm(project, 'install', '--offline', '--ignore-scripts', join(folder, filename))
  const certificates: Certificates = await makeCertificates(folder)
  server = await fakeRpc(certificates, ({ path }) => ({ body: REPLIES[path] ?? {} }))
  const session = { RS_SERVER_ADDRESS: server.address, RS_SESSION_RPC_COOKIE: 'a|b|c', REQUESTS_CA_BUNDLE: certificates.caFile }
  environment = { PATH: process.env.PATH ?? '', ...session }
  writeFileSync(join(project, 'program.ts'), PROGRAM)
  writeFileSync(join(project, 'wrong.ts'), WRONG)
}, 120_000)

afterAll(async () => {
  await server.close()
  for (const each of [folder, project]) rmSync(each, { recursive: true })
})

const REPLIES: Readonly<Record<string, unknown>> = {
  '/oauth_integrations': {
    providers: [{ type: 'custom', integrations: [{ type: 'custom', uid: UID, name: 'box', display_name: 'Box API Access' }] }],
  },
  '/oauth_token': { access_token: 'abc.DEF', expiry: '2096-12-31T23:59:59Z' },
  '/api/v1/session': {
    user: 'ada',
    session: { id: 's1', name: 'bash', kind: 'command', started_at: '2026-11-23T11:00:00Z' },
    cookie_expires_at: '2026-11-24T11:00:00Z',
    server: { url: 'https://b.example', version: '0.1.0', time: '2026-11-23T12:00:00Z' },
  },
  [`/api/v1/integrations/${UID}/report`]: { outcome: 'renewed', explanation: 'A.', action: 'B.' },
  [`/api/v1/integrations/${UID}/sign-out`]: { signed_out: true, revocation: 'queued' },
}

const PRINTED = `["abc.DEF","2096-12-31T23:59:59.000Z","Box API Access","bash",2026,"renewed",true] 16
unknown_integration Did you mean "box"? See yours with: benchkey integrations.
`

/** As a user calls it, with nothing of the checkout's own npm in the way. */
function npm(cwd: string, ...words: readonly string[]) {
  const { PATH = '', HOME = '/' } = process.env
  return run('npm', [...words, '--no-audit', '--no-fund', '--loglevel=error'], { cwd, env: { PATH, HOME } })
}

/** The checkout's compiler on files of the project, with nothing but its package and Node's types in reach. */
async function tsc(...words: readonly string[]): Promise<string> {
  const types = join(root, 'node_modules/@types')
  const strict = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--typeRoots', types, '--types', 'node']
  const compiler = [join(root, 'node_modules/typescript/bin/tsc'), ...strict, '--exactOptionalPropertyTypes', ...words]
  return await run(process.execPath, compiler, { cwd: project }).then(
    ({ stdout }) => stdout,
    (failure: { stdout: string }) => failure.stdout,
  )
}

function versionOf(node: string): string {
  try {
    return execFileSync(node, ['--version'], { encoding: 'utf8' })
  } catch {
    return '' // Not there: the tests on it are skipped, by name.
  }
}

describe('the packed client in a project of its own', () => {
  test('holds JavaScript, types, README and licence, depends on nothing and names no file outside', () => {
    const installed = join(project, 'node_modules/@benchkey/sdk')
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>
    expect(manifest).not.toHaveProperty('dependencies')
    expect(manifest).not.toHaveProperty('scripts')
    for (const file of ['index.js', 'index.d.ts', 'README.md', 'LICENSE']) {
      expect(readFileSync(join(installed, file), 'utf8'), file).not.toMatch(/\.\.\/|from '\.\/[\w-]+\.ts'/)
    }
  })

  test('has types that a strict program passes and a wrong one does not', async () => {
    expect(await tsc('--noEmit', 'program.ts')).toBe('')
    const findings = await tsc('--noEmit', 'wrong.ts')
    expect(findings).toMatch(/wrong\.ts\(3,7\): error TS2322: Type 'AccessToken' is not assignable to type 'string'/)
    expect(findings).toMatch(/wrong\.ts\(4,\d+\): error TS2353: .*'minTtl' does not exist/)
  })

  test('has types that every block of the documentation passes', async () => {
    const pages = ['docs/sdk.md', 'sdk/typescript/README.md']
    const blocks = pages.flatMap((page) => findBlocks(page, readFileSync(join(root, page), 'utf8')))
    const files = blocks
      .filter(({ language }) => language === 'ts')
      .map(({ code }, index) => {
        writeFileSync(join(project, `block-${index}.ts`), code)
        return `block-${index}.ts`
      })
    expect(files.length).toBeGreaterThan(4)
    expect(await tsc('--noEmit', ...files)).toBe('')
  })

  test('runs as TypeScript on this Node', async () => {
    expect(await run(process.execPath, ['program.ts'], { cwd: project, env: environment })).toMatchObject({
      ...{ stdout: PRINTED, stderr: '' },
    })
  })

  test.skipIf(!hasOldNode)(
    'runs, compiled, on Node 20 and on this Node, over the network and over the session socket',
    async () => {
      expect(await tsc('--outDir', 'out', 'program.ts')).toBe('')
      const socket = await untilTestEnds(fakeOnSocket(join(folder, 'rpc.sock'), ({ path }) => ({ body: REPLIES[path] ?? {} })))
      for (const node of [OLD_NODE, process.execPath]) {
        for (const more of [{}, { BENCHKEY_SERVER_SOCKET: socket.address }]) {
          const { stdout, stderr } = await run(node, ['out/program.js'], { cwd: project, env: { ...environment, ...more } })
          expect({ node, more, stdout, stderr }).toEqual({ node, more, stdout: PRINTED, stderr: '' })
        }
      }
      const overNetwork = server.seen.filter(({ path }) => path === '/oauth_token').length
      expect(overNetwork).toBe(socket.seen.filter(({ path }) => path === '/oauth_token').length + 1)
    },
  )
})

test('the folder of the source is not packed by mistake', async () => {
  await expect(npm(join(root, 'sdk/typescript'), 'pack', '--dry-run')).rejects.toMatchObject({
    stderr: expect.stringContaining('Pack the built package: npm run build, then npm pack ./dist'),
  })
})
