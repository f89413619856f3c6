import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Running, startProcess } from '../server/testing/command-line.ts'
import { ownPort } from '../server/testing/own-port.ts'
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

/** Debian's JupyterHub with the example's configuration, real notebook servers and a real kernel; the hub knows its users by name. */

const EXAMPLE = resolve(import.meta.dirname, '../examples/jupyterhub/jupyterhub_config.py')
/** Derived from the section header. */
const DEMO = 'bc932902-83a0-5c78-adac-7de91b37fa35'
const USER = `bk-hub-${process.pid}`
const isRoot = process.getuid?.() === 0
const API_TOKEN = randomBytes(16).toString('hex')

let provider: ScriptedProvider
let files: ServerFiles
let server: ServerInProcess
let hub: Running
let hubUrl: string
let sessions: string
let said = ''

beforeAll(async () => {
  // As root each notebook server runs under its user's own account.
  if (isRoot) execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', USER])
  provider = await startScriptedProvider({ accessTokenSeconds: 3600 })
  const section = `[demo]
name=Demo API
client-id=hub
client-secret=${randomBytes(12).toString('hex')}
authorization-url=${provider.authorizationUrl}
token-url=${provider.tokenUrl}
`
  files = await prepareServer({ oauthClients: section, singleUser: false })
  server = await startInProcess(files)
  const password = randomBytes(12).toString('hex')
  for (const words of [[USER], ['admin', '--admin']]) {
    expect(await runAdmin(files, ['user', 'add', ...words, '--password-stdin'], `${password}\n`)).toMatchObject({ code: 0 })
  }
  await signIn(files, { name: USER, password }, DEMO)
  const limits = ['--all-users', '--from', '127.0.0.1', '--expires', '1d']
  const { stdout: token } = await runAdmin(files, ['service', 'add', 'jupyterhub', ...limits])
  await startHub(token)
}, 120_000)

afterAll(async () => {
  hub.child.kill('SIGTERM')
  await hub.finished
  await server.close()
  await provider.close()
  removeFiles(files)
  rmSync(sessions, { recursive: true, force: true })
  if (isRoot) execFileSync('userdel', ['--remove', USER], { stdio: 'ignore' })
})

/** The hub with its proxy on free ports of loopback; everything it writes lies in the test's own folder. */
async function startHub(token: string): Promise<void> {
  const directory = join(files.dir, 'hub')
  mkdirSync(directory, { mode: 0o700 })
  // Users have to reach their own directory, and see no other.
  sessions = isRoot ? `/run/bk-hub-${process.pid}` : join(directory, 'sessions')
  writeFileSync(join(directory, 'token'), token, { mode: 0o600 })
  const [port, api, internal] = [await ownPort(), await ownPort(), await ownPort()]
  hubUrl = `http://127.0.0.1:${port}`
  const lines = [
    `load_subconfig(${JSON.stringify(EXAMPLE)})`,
    `c.JupyterHub.bind_url = '${hubUrl}'`,
    `c.JupyterHub.hub_bind_url = 'http://127.0.0.1:${internal}'`,
    `c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:${api}'`,
    `c.JupyterHub.authenticator_class = 'dummy'`,
    `c.JupyterHub.spawner_class = '${isRoot ? 'localprocess' : 'simple'}'`,
    `c.Authenticator.allowed_users = {'${USER}', 'admin'}`,
    `c.JupyterHub.services = [{'name': 'test', 'api_token': '${API_TOKEN}'}]`,
    `c.JupyterHub.load_roles = [{'name': 'test', 'services': ['test'], 'scopes': ['admin:users', 'admin:servers', 'access:servers']}]`,
    `c.JupyterHub.cookie_secret_file = '${directory}/cookie'`,
    `c.JupyterHub.db_url = 'sqlite:///${directory}/hub.sqlite'`,
    `c.ConfigurableHTTPProxy.pid_file = '${directory}/proxy.pid'`,
    `c.ConfigurableHTTPProxy.auth_token = '${randomBytes(16).toString('hex')}'`,
  ]
  writeFileSync(join(directory, 'config.py'), `${lines.join('\n')}\n`)
  const variables = {
    ...{ BENCHKEY_ADDRESS: files.publicUrl, BENCHKEY_CA_FILE: files.caFile, BENCHKEY_SESSIONS_DIR: sessions },
    BENCHKEY_SERVICE_TOKEN_FILE: join(directory, 'token'),
    // Where Debian's packages of its proxy lie, for a Node that is not Debian's.
    NODE_PATH: '/usr/share/nodejs',
  }
  hub = startProcess(['/usr/bin/jupyterhub', '--config', join(directory, 'config.py')], variables, { cwd: directory })
  hub.child.stderr?.on('data', (text: string) => {
    said += text
  })
  const over = hub.finished.then(({ code }) => Promise.reject(new Error(`jupyterhub ended with ${code}: ${said}`)))
  const up = vi.waitFor(() => expect(said).toContain('JupyterHub is now running'), { timeout: 60_000, interval: 100 })
  await Promise.race([up, over])
}

async function ask(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `token ${API_TOKEN}`, 'content-type': 'application/json' }
  const reply = await fetch(hubUrl + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  const text = await reply.text()
  return { status: reply.status, body: text === '' ? undefined : JSON.parse(text) }
}

async function startNotebook(user: string): Promise<void> {
  await ask('POST', `/hub/api/users/${user}`)
  expect((await ask('POST', `/hub/api/users/${user}/server`, {})).status, said).toBeLessThan(300)
  const isReady = async () => isServerReady((await ask('GET', `/hub/api/users/${user}`)).body)
  await expect.poll(isReady, { timeout: 60_000, interval: 200 }).toBe(true)
}

function isServerReady(body: unknown): boolean {
  const { servers } = body as { servers?: Readonly<Record<string, { ready: boolean }>> }
  return servers?.['']?.ready === true
}

async function stopNotebook(user: string): Promise<void> {
  await ask('DELETE', `/hub/api/users/${user}/server`)
  const isGone = async () => !('' in ((await ask('GET', `/hub/api/users/${user}`)).body as { servers: object }).servers)
  await expect.poll(isGone, { timeout: 60_000, interval: 200 }).toBe(true)
}

/** Runs code in a new kernel of the user's notebook server, as its page would; resolves to what it prints. */
async function runInNotebook(user: string, code: string): Promise<string> {
  const { body } = await ask('POST', `/user/${user}/api/kernels`, { name: 'python3' })
  const { id } = body as { id: string }
  const socket = new WebSocket(`${hubUrl.replace('http', 'ws')}/user/${user}/api/kernels/${id}/channels?token=${API_TOKEN}`)
  const header = { msg_id: 'run', msg_type: 'execute_request', username: user, session: 'test', version: '5.3' }
  const content = { code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false }
  let printed = ''
  await new Promise<void>((done, fail) => {
    socket.onerror = () => fail(new Error('the kernel cannot be reached'))
    socket.onopen = () => socket.send(JSON.stringify({ header, parent_header: {}, metadata: {}, content, channel: 'shell' }))
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as {
        header: { msg_type: string }
        parent_header: { msg_id?: string }
        content: { text?: string; evalue?: string; execution_state?: string }
      }
      if (message.parent_header.msg_id !== 'run') return
      if (message.header.msg_type === 'error') fail(new Error(message.content.evalue))
      if (message.header.msg_type === 'stream') printed += message.content.text ?? ''
      if (message.content.execution_state === 'idle') done()
    }
  }).finally(() => socket.close())
  return printed
}

/** What posit-sdk does: the cookie of the file, a GET with a body. */
const FETCH = `
import os, pathlib, requests
cookie = pathlib.Path(os.environ['PWB_SESSION_RUNTIME_DIR'], 'rpc_cookie').read_text().strip()
reply = requests.get(os.environ['RS_SERVER_ADDRESS'] + '/oauth_token',
    json={'method': '/oauth_token', 'kwparams': {'uuid': '${DEMO}'}},
    headers={'X-RS-Session-Server-RPC-Cookie': cookie})
print(os.environ['PWB_SESSION_RUNTIME_DIR'], reply.json()['access_token'])
`

describe('a notebook of JupyterHub', () => {
  it('gets the token of its user, from a directory of that account alone, and no more when it is stopped', async () => {
    await startNotebook(USER)
    const [directory = '', token = ''] = (await runInNotebook(USER, FETCH)).trim().split(' ')
    expect(directory).toMatch(new RegExp(`^${sessions}/[0-9a-f-]{36}$`))
    const cookie = readFileSync(join(directory, 'rpc_cookie'), 'utf8').trim()
    expect(JSON.parse((await fetchToken(files, cookie, DEMO)).body)).toMatchObject({ access_token: token })
    const account = isRoot ? Number(execFileSync('id', ['-u', USER], { encoding: 'utf8' })) : process.getuid?.()
    for (const path of ['.', 'rpc_cookie', 'ca-bundle.pem']) {
      const { uid, mode } = statSync(join(directory, path))
      expect([path, uid, mode & 0o777]).toEqual([path, account, path === '.' ? 0o700 : 0o600])
    }
    const { stdout } = await runAdmin(files, ['session', 'list', '--json'])
    expect(JSON.parse(stdout)).toMatchObject([{ userName: USER, name: 'JupyterHub', kind: 'service' }])
    await stopNotebook(USER)
    expect((await fetchToken(files, cookie, DEMO)).status).toBe(401)
    expect(existsSync(directory)).toBe(false)
    expect(readdirSync(sessions)).toEqual([])
  }, 120_000)

  it('of somebody whom Benchkey gives no session starts all the same, and the hub’s log says why', async () => {
    expect(await runAdmin(files, ['user', 'lock', USER])).toMatchObject({ code: 0 })
    await startNotebook(USER)
    expect(await runInNotebook(USER, `import os; print('RS_SERVER_ADDRESS' in os.environ)`)).toBe('False\n')
    expect(said).toContain(`${USER} starts without a session of Benchkey: Benchkey answered 403: `)
    await stopNotebook(USER)
  }, 120_000)
})
