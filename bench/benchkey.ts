import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { join, resolve } from 'node:path'
import type { Children } from '../scripts/children.ts'
import { freePort } from '../scripts/ports.ts'
import { Trouble } from '../scripts/trouble.ts'
import { grantChanged } from '../server/testing/behaviours.ts'
import { type Certificates, makeCertificates } from '../server/testing/certificates.ts'
import { startScriptedProvider } from '../server/testing/scripted-provider.ts'
import type { Load } from './wrk.ts'

const bin = resolve(import.meta.dirname, '../server/src/bin.ts')
const GUID = '4c1cfecb-1927-4f19-bc2f-d8ac261364e0'
/** As many services' JWTs (performance.md). */
const TOKEN_BYTES = 1024

/** The real server with a real database, one user who is signed in, and one session. */
export interface BenchkeyUnderTest {
  readonly pid: number
  /** Answers token fetches over both https and plain http on loopback. */
  readonly port: number
  readonly certificates: Certificates
  readonly load: Load
}

/** Starts Benchkey and walks the main trip over HTTP: log in, sign in, open a session. */
export async function startBenchkey(children: Children, dir: string): Promise<BenchkeyUnderTest> {
  const port = await freePort()
  const certificates = await makeCertificates(join(dir, 'certificates'))
  const provider = await startScriptedProvider({ accessTokenSeconds: 86_400 })
  const token = randomBytes(TOKEN_BYTES).toString('base64url').slice(0, TOKEN_BYTES)
  provider.always(grantChanged((body) => ({ ...body, access_token: token })))
  const options = writeConfiguration(dir, port, certificates, provider)
  const server = await children.start({
    name: 'Benchkey',
    command: [process.execPath, bin, 'serve', ...options],
    logFile: join(dir, 'benchkey.log'),
    ready: /^ready (https:\S+)/,
  })
  const password = randomBytes(16).toString('base64url')
  await run([bin, 'user', 'add', 'bench', '--password-stdin', ...options], `${password}\n`)
  await signIn(new Browser(port, certificates.ca), password)
  await provider.close()
  // The session lives until its command ends: the pipe on cat's stdin closes with this process.
  const session = await children.start({
    name: 'The session',
    command: [process.execPath, bin, 'session', 'run', '--user', 'bench', ...options, '--', 'sh', '-c', SHOW_COOKIE],
    logFile: join(dir, 'session.log'),
    ready: /^cookie (.+)$/,
  })
  const load = {
    path: '/oauth_token',
    headers: {
      Host: `127.0.0.1:${port}`,
      'Content-Type': 'application/json',
      'X-RS-Session-Server-RPC-Cookie': session.ready,
    },
    body: JSON.stringify({ kwparams: { uuid: GUID }, method: 'oauth_token' }),
  }
  return { pid: server.pid, port, certificates, load }
}

const SHOW_COOKIE = 'printf "cookie %s\\n" "$(cat "$PWB_SESSION_RUNTIME_DIR/rpc_cookie")"; exec cat'

function writeConfiguration(
  dir: string,
  port: number,
  certificates: Certificates,
  provider: { authorizationUrl: string; tokenUrl: string },
): string[] {
  const configDir = join(dir, 'config')
  const dataDir = join(dir, 'data')
  for (const each of [configDir, dataDir]) mkdirSync(each, { mode: 0o700 })
  const server = `www-address=127.0.0.1
www-port=${port}
public-url=https://localhost:${port}
launcher-sessions-callback-address=http://127.0.0.1:${port}
ssl-certificate=${certificates.certificateFile}
ssl-certificate-key=${certificates.keyFile}
ssl-ca-certificate=${certificates.caFile}
single-user=1
insecure-loopback-providers=1
`
  const clients = `[bench]
guid=${GUID}
client-id=bench
client-secret=${randomBytes(16).toString('hex')}
authorization-url=${provider.authorizationUrl}
token-url=${provider.tokenUrl}
`
  writeFileSync(join(configDir, 'benchkey.conf'), server, { mode: 0o600 })
  writeFileSync(join(configDir, 'oauth-clients.conf'), clients, { mode: 0o600 })
  return ['--config-dir', configDir, '--data-dir', dataDir]
}

async function signIn(browser: Browser, password: string): Promise<void> {
  await browser.send('POST', '/api/login', { userName: 'bench', password })
  const started = await browser.send('POST', `/api/integrations/${GUID}/sign-in`, { returnTo: 'settings' })
  const { url } = JSON.parse(started.body)
  const state = new URL(url).searchParams.get('state') ?? ''
  const reply = await browser.send('GET', `/oauth_redirect_callback?${new URLSearchParams({ code: 'bench', state })}`)
  if (reply.status !== 303) throw new Trouble(`The sign-in of the benchmark ended with status ${reply.status}.`)
}

/** As much of a browser as the trip needs: cookies, and the headers of Benchkey's own pages. */
class Browser {
  readonly #cookies = new Map<string, string>()
  readonly #agent: Agent
  readonly #origin: string

  constructor(port: number, ca: string) {
    this.#agent = new Agent({ ca })
    this.#origin = `https://localhost:${port}`
  }

  send(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; body: string }> {
    const headers = {
      cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
      ...(body ? { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', 'x-benchkey-request': '1' } : {}),
    }
    return new Promise((answer, reject) => {
      const outgoing = request(`${this.#origin}${path}`, { method, headers, agent: this.#agent }, (response) => {
        this.#keep(response.headers)
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const status = response.statusCode ?? 0
          const text = Buffer.concat(chunks).toString('utf8')
          if (status < 400) answer({ status, body: text })
          else reject(new Trouble(`${method} ${path.split('?')[0]} answered ${status}: ${text.slice(0, 200)}`))
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body && JSON.stringify(body))
    })
  }

  #keep(headers: IncomingHttpHeaders): void {
    for (const cookie of headers['set-cookie'] ?? []) {
      const [pair = ''] = cookie.split(';')
      const at = pair.indexOf('=')
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
  }
}

function run(args: readonly string[], input: string): Promise<void> {
  return new Promise((answer, reject) => {
    const child = execFile(process.execPath, args, (error, _stdout, stderr) => {
      if (error) reject(new Trouble(`"benchkey ${args[1]} ${args[2]}" failed: ${stderr.trim()}`))
      else answer()
    })
    child.stdin?.end(input)
  })
}
