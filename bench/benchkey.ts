import { randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Children } from '../scripts/children.ts'
import { signIn } from '../scripts/sign-in.ts'
import { Trouble } from '../scripts/trouble.ts'
import { grantChanged } from '../server/testing/behaviours.ts'
import { startScriptedProvider } from '../server/testing/scripted-provider.ts'
import { prepareServer, removeFiles, runAdmin, type ServerFiles, writeDatabaseConf } from '../server/testing/start-server.ts'
import type { Load } from './wrk.ts'

const bin = resolve(import.meta.dirname, '../server/src/bin.ts')
const GUID = '4c1cfecb-1927-4f19-bc2f-d8ac261364e0'
/** As many services' JWTs (performance.md). */
const TOKEN_BYTES = 1024
/** The session lives until its command ends: the pipe on cat's stdin closes with this process. */
const SHOW_COOKIE = 'printf "cookie %s\\n" "$(cat "$PWB_SESSION_RUNTIME_DIR/rpc_cookie")"; exec cat'

/** The real server with a real database, one user who is signed in, and one session. */
export interface BenchkeyUnderTest {
  readonly pid: number
  /** Answers token fetches over both https and plain http on loopback. */
  readonly port: number
  readonly identity: { readonly certificate: string; readonly key: string }
  readonly load: Load
}

/**
 * Starts Benchkey and walks the main trip over HTTP: log in, sign in, open a session. `whenEnded` takes what to do after its
 * end. `databaseConf`: the lines of its database.conf; without them SQLite.
 */
export async function startBenchkey(
  children: Children,
  whenEnded: (() => void | Promise<void>)[],
  databaseConf: readonly string[] = [],
): Promise<BenchkeyUnderTest> {
  const provider = await startScriptedProvider({ accessTokenSeconds: 86_400 })
  const token = randomBytes(TOKEN_BYTES).toString('base64url').slice(0, TOKEN_BYTES)
  provider.always(grantChanged((body) => ({ ...body, access_token: token })))
  const files = await prepareServer({
    oauthClients: `[bench]
guid=${GUID}
client-id=bench
client-secret=${randomBytes(16).toString('hex')}
authorization-url=${provider.authorizationUrl}
token-url=${provider.tokenUrl}
`,
  })
  whenEnded.push(() => removeFiles(files))
  writeDatabaseConf(files, databaseConf)
  // One server for both comparisons: plain http is allowed to sessions on this machine.
  appendFileSync(join(files.configDir, 'benchkey.conf'), `launcher-sessions-callback-address=http://127.0.0.1:${files.port}\n`)
  const options = ['--config-dir', files.configDir, '--data-dir', files.dataDir]
  const server = await children.start({
    name: 'Benchkey',
    command: [process.execPath, bin, 'serve', ...options],
    logFile: join(files.dir, 'benchkey.log'),
    ready: /^ready (https:\S+)/,
  })
  await signInBench(files)
  await provider.close()
  const session = await children.start({
    name: 'The session',
    command: [process.execPath, bin, 'session', 'run', '--user', 'bench', ...options, '--', 'sh', '-c', SHOW_COOKIE],
    logFile: join(files.dir, 'session.log'),
    ready: /^cookie (.+)$/,
  })
  return {
    pid: server.pid,
    port: files.port,
    identity: {
      certificate: readFileSync(join(files.dir, 'certificates/server.pem'), 'utf8'),
      key: readFileSync(join(files.dir, 'certificates/server-key.pem'), 'utf8'),
    },
    load: loadOf(files.port, session.ready),
  }
}

async function signInBench(files: ServerFiles): Promise<void> {
  const password = randomBytes(16).toString('base64url')
  const added = await runAdmin(files, ['user', 'add', 'bench', '--password-stdin'], `${password}\n`)
  if (added.code !== 0) throw new Trouble(`The user of the benchmark could not be added: ${added.stderr.trim()}`)
  await signIn(files, { name: 'bench', password }, GUID)
}

function loadOf(port: number, rpcCookie: string): Load {
  return {
    path: '/oauth_token',
    headers: {
      Host: `127.0.0.1:${port}`,
      'Content-Type': 'application/json',
      'X-RS-Session-Server-RPC-Cookie': rpcCookie,
    },
    body: JSON.stringify({ kwparams: { uuid: GUID }, method: 'oauth_token' }),
  }
}
