import { randomBytes } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Finished, startProcess } from '../server/testing/command-line.ts'
import { type ScriptedProvider, startScriptedProvider } from '../server/testing/scripted-provider.ts'
import {
  fetchToken,
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
} from '../server/testing/start-server.ts'
import { signIn } from './sign-in.ts'

/** The examples for hosts and clusters, against a real server: what they print and write is what a session needs. */

const examples = resolve(import.meta.dirname, '../examples')
/** Derived from the section header. */
const DEMO = 'bc932902-83a0-5c78-adac-7de91b37fa35'
const isRoot = process.getuid?.() === 0
/** An account of this host that is not root. */
const USER = isRoot ? 'daemon' : userInfo().username

let provider: ScriptedProvider
let files: ServerFiles
let server: ServerInProcess

beforeAll(async () => {
  provider = await startScriptedProvider({ accessTokenSeconds: 3600 })
  const section = `[demo]
client-id=starters
client-secret=${randomBytes(12).toString('hex')}
authorization-url=${provider.authorizationUrl}
token-url=${provider.tokenUrl}
`
  files = await prepareServer({ oauthClients: section, singleUser: false })
  server = await startInProcess(files)
  const password = randomBytes(12).toString('hex')
  expect(await runAdmin(files, ['user', 'add', USER, '--password-stdin'], `${password}\n`)).toMatchObject({ code: 0 })
  await signIn(files, { name: USER, password }, DEMO)
  const { stdout } = await runAdmin(files, ['service', 'add', 'starters', '--act-for', `user:${USER}`, '--expires', '1d'])
  writeFileSync(join(files.dir, 'token'), stdout, { mode: 0o600 })
})

afterAll(async () => {
  await server.close()
  await provider.close()
  removeFiles(files)
})

function run(path: string, ...words: readonly string[]): Promise<Finished> {
  const variables = { BENCHKEY_ADDRESS: files.publicUrl, BENCHKEY_CA_FILE: files.caFile }
  const token = { BENCHKEY_SERVICE_TOKEN_FILE: join(files.dir, 'token') }
  return startProcess(['/usr/bin/python3', join(examples, path), ...words], { ...variables, ...token }).finished
}

const statusWith = async (cookie: string): Promise<number> => (await fetchToken(files, cookie.trim(), DEMO)).status

describe('host/session_directory.py', () => {
  const directory = (): string => join(files.dir, 'jobs', '17')
  const program = 'host/session_directory.py'

  it('makes a directory of the user alone, whose variables lead to the token, and ends the session', async () => {
    expect(await run(program, 'open', USER, 'job 17', directory())).toMatchObject({ code: 0, stdout: '', stderr: '' })
    const cookie = readFileSync(join(directory(), 'rpc_cookie'), 'utf8')
    for (const [path, mode] of [
      ['.', 0o700],
      ['rpc_cookie', 0o600],
      ['environment', 0o600],
      ['ca-bundle.pem', 0o600],
    ] as const) {
      const { uid, mode: found } = lstatSync(join(directory(), path))
      expect([path, uid === 0 && isRoot, found & 0o777]).toEqual([path, false, mode])
    }
    const curl = `curl -sS -H "X-RS-Session-Server-RPC-Cookie: $(cat "$PWB_SESSION_RUNTIME_DIR/rpc_cookie")" "$RS_SERVER_ADDRESS/api/v1/session"`
    const shell = ['sh', '-euc', `set -a; . '${directory()}/environment'; set +a; ${curl}`]
    const { stdout, stderr } = await startProcess(shell).finished
    expect(JSON.parse(stdout), stderr).toMatchObject({ user: USER, session: { name: 'job 17', kind: 'service' } })
    expect(await statusWith(cookie)).toBe(200)
    expect(await run(program, 'end', directory())).toMatchObject({ code: 0, stderr: '' })
    expect(await statusWith(cookie)).toBe(401)
    expect(existsSync(directory())).toBe(false)
  })

  it('follows no link that a user put in its place, nor one inside', async () => {
    const [place, mine] = [join(files.dir, 'jobs', '18'), join(files.dir, 'of-root')]
    mkdirSync(mine)
    writeFileSync(join(mine, 'kept'), '')
    symlinkSync(mine, place)
    expect((await run(program, 'open', USER, 'job 18', place)).code).not.toBe(0)
    expect(existsSync(join(mine, 'rpc_cookie'))).toBe(false)
    expect(JSON.parse((await runAdmin(files, ['session', 'list', '--json'])).stdout)).toEqual([])
    expect(await run(program, 'open', USER, 'job 17', directory())).toMatchObject({ code: 0 })
    symlinkSync(mine, join(directory(), 'link'))
    expect(await run(program, 'end', directory())).toMatchObject({ code: 0 })
    expect(existsSync(join(mine, 'kept'))).toBe(true)
  })

  it('says in one sentence why Benchkey refuses', async () => {
    const { code, stderr } = await run(program, 'open', 'nobody', 'x', join(files.dir, 'jobs', '19'))
    expect(code).toBe(1)
    expect(stderr).toContain('Benchkey answered 403: {"error":"This service may not start sessions for \\"nobody\\".')
  })
})

describe('kubernetes', () => {
  it('session_manifests.py prints a Secret with a cookie that works, and all else as variables', async () => {
    const { stdout, stderr } = await run('kubernetes/session_manifests.py', USER, 'analysis')
    const { kind, items } = JSON.parse(stdout) as {
      kind: string
      items: { kind: string; stringData: Record<string, string>; data: Record<string, string> }[]
    }
    expect([kind, items.map((item) => item.kind), stderr]).toEqual(['List', ['Secret', 'ConfigMap'], ''])
    const [secret, variables] = items
    expect(await statusWith(secret?.stringData.rpc_cookie ?? '')).toBe(200)
    expect(secret?.stringData['ca-bundle.pem']).toContain(files.ca.trim())
    expect(variables?.data).toMatchObject({ RS_SERVER_ADDRESS: files.publicUrl, PWB_SESSION_RUNTIME_DIR: '/run/benchkey' })
    expect(JSON.stringify(variables)).not.toContain(secret?.stringData.rpc_cookie?.trim())
  })

  it('pod.yaml mounts that Secret where the variables say, and takes them', async () => {
    const program = 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)'
    const { stdout, stderr } = await startProcess(['/usr/bin/python3', '-c', program, join(examples, 'kubernetes/pod.yaml')])
      .finished
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ apiVersion: 'v1', kind: 'Pod' },
      spec: {
        containers: [
          {
            envFrom: [{ configMapRef: { name: 'benchkey-session' } }],
            volumeMounts: [{ name: 'benchkey', mountPath: '/run/benchkey', readOnly: true }],
          },
        ],
        volumes: [{ name: 'benchkey', secret: { secretName: 'benchkey-session', defaultMode: 0o440 } }],
      },
    })
  })
})
