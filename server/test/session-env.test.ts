import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Finished, runBenchkey, startProcess } from '../testing/command-line.ts'
import { openShell } from '../testing/session-shell.ts'
import { type SessionWorld, startSessionWorld } from '../testing/session-world.ts'
import { runAdmin } from '../testing/start-server.ts'

/** The recorded requests of the clients that work in a session, told nothing but its variables. */
const PROGRAMS = {
  curl: `printf 'X-RS-Session-Server-RPC-Cookie: %s' "$(cat "$PWB_SESSION_RUNTIME_DIR/rpc_cookie")" |
    curl -sS -H @- -d '{"kwparams":{"uuid":"'"$UID_ASKED"'"},"method":"oauth_token"}' "$RS_SERVER_ADDRESS/oauth_token"`,
  Python: `/usr/bin/python3 -c "
import os, requests
cookie = open(os.environ['PWB_SESSION_RUNTIME_DIR'] + '/rpc_cookie').read().strip()
body = {'method': '/oauth_token', 'kwparams': {'uuid': os.environ['UID_ASKED']}}
headers = {'X-RS-Session-Server-RPC-Cookie': cookie}
print(requests.get(os.environ['RS_SERVER_ADDRESS'] + '/oauth_token', json=body, headers=headers).text)"`,
  R: `Rscript -e '
handle <- curl::new_handle(cainfo = Sys.getenv("CURL_CA_BUNDLE"), post = TRUE, postfields = paste0(
  "{\\"kwparams\\":{\\"uuid\\":\\"", Sys.getenv("UID_ASKED"), "\\"},\\"method\\":\\"oauth_token\\"}"))
cookie <- readLines(file.path(Sys.getenv("PWB_SESSION_RUNTIME_DIR"), "rpc_cookie"), n = 1)
curl::handle_setheaders(handle, "X-RS-Session-Server-RPC-Cookie" = cookie)
cat(rawToChar(curl::curl_fetch_memory(paste0(Sys.getenv("RS_SERVER_ADDRESS"), "/oauth_token"), handle)$content))'`,
}

let world: SessionWorld
const directories: string[] = []

beforeAll(async () => {
  world = await startSessionWorld()
})

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

afterAll(async () => {
  expect(await world.close()).toBe(0)
})

/** What `session env --user demo` prints, and what it says. */
async function open(words: readonly string[] = []): Promise<Finished & { variables: Record<string, string>; id: string }> {
  const printed = await runAdmin(world.files, ['session', 'env', '--user', 'demo', '--json', ...words])
  expect(printed.code, printed.stderr).toBe(0)
  const variables = JSON.parse(printed.stdout) as Record<string, string>
  directories.push(variables.PWB_SESSION_RUNTIME_DIR ?? '')
  return { ...printed, variables, id: variables.RS_SESSION_URL?.split('/')[2] ?? '' }
}

const cookieOf = ({ PWB_SESSION_RUNTIME_DIR: directory = '' }: Record<string, string>) =>
  readFileSync(join(directory, 'rpc_cookie'), 'utf8').trim()

describe('session env --user', () => {
  it.each(Object.entries(PROGRAMS))('evaluated in sh, makes it a session in which %s gets a token', async (_name, program) => {
    const benchkey = `'${process.execPath}' '${join(import.meta.dirname, '../src/bin.ts')}'`
    const script = `set -eu
variables=$(${benchkey} session env --user demo 2>/dev/null)
eval "$variables"
unset variables
echo "$PWB_SESSION_RUNTIME_DIR" >&2
${program}`
    const environment = { BENCHKEY_DATA_DIR: world.files.dataDir, UID_ASKED: world.uid }
    const { code, stdout, stderr } = await startProcess(['/bin/sh', '-c', script], environment).finished
    directories.push(stderr.trim())
    expect(code, stderr).toBe(0)
    const { access_token: token } = JSON.parse(stdout) as { access_token: string }
    const reply = await fetch(world.provider.resourceUrl, { headers: { authorization: `Bearer ${token}` } })
    expect(await reply.json()).toMatchObject({ user: 'ada', client: 'demo' })
  })

  it('prints what makes a session and nothing secret, and says until when', async () => {
    const { variables, stderr, id } = await open()
    const { publicUrl } = world.files
    const directory = variables.PWB_SESSION_RUNTIME_DIR ?? ''
    const bundle = join(directory, 'ca-bundle.pem')
    expect(variables).toEqual({
      ...{
        POSIT_PRODUCT: 'WORKBENCH',
        RSTUDIO_VERSION: '2026.01.0',
        RS_SERVER_ADDRESS: publicUrl,
        RS_SERVER_URL: `${publicUrl}/`,
      },
      ...{ BENCHKEY_SERVER_ADDRESS: publicUrl, BENCHKEY_SERVER_URL: `${publicUrl}/`, BENCHKEY_SESSION_URL: `/s/${id}/` },
      BENCHKEY_SERVER_SOCKET: join(world.files.dataDir, 'rpc.sock'),
      ...{ RS_SESSION_URL: `/s/${id}/`, PWB_SESSION_RUNTIME_DIR: directory, BENCHKEY_SESSION_RUNTIME_DIR: directory },
      ...{ REQUESTS_CA_BUNDLE: bundle, CURL_CA_BUNDLE: bundle, no_proxy: 'localhost', NO_PROXY: 'localhost' },
    })
    expect(JSON.stringify(variables)).not.toContain(cookieOf(variables).split('|')[2])
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    expect(statSync(join(directory, 'rpc_cookie')).mode & 0o777).toBe(0o600)
    expect(stderr).toMatch(
      new RegExp(
        `^benchkey: Opened session ${id} for demo\\.\\n {2}It ends at .* UTC, or at once with: benchkey session end ${id}\\n$`,
      ),
    )
  })

  it('is listed, and gets no more tokens when it is ended', async () => {
    const { variables, id } = await open()
    expect((await runAdmin(world.files, ['session', 'list'])).stdout).toMatch(
      new RegExp(`${id} +demo +session env +.* UTC +.* UTC\\n`),
    )
    expect(await world.statusWith(cookieOf(variables))).toBe(200)
    expect((await runAdmin(world.files, ['session', 'end', id])).code).toBe(0)
    expect(await world.statusWith(cookieOf(variables))).toBe(401)
    expect((await runBenchkey(['token', 'demo'], variables)).code).toBe(1)
  })

  it('gets no more tokens on the next request when its user is locked', async () => {
    const { variables } = await open()
    expect((await runBenchkey(['token', 'demo'], variables)).code).toBe(0)
    await runAdmin(world.files, ['user', 'lock', 'demo'])
    expect(await world.statusWith(cookieOf(variables))).toBe(401)
    await runAdmin(world.files, ['user', 'unlock', 'demo'])
    expect(await world.statusWith(cookieOf(variables))).toBe(200)
  })

  it('lives on when the server is started again', async () => {
    const { variables } = await open()
    world.serve.child.kill('SIGTERM')
    await world.serve.finished
    await world.startAgain()
    expect((await runBenchkey(['token', 'demo'], variables)).code).toBe(0)
  })

  it('opens nothing for nobody, and nothing where its directory cannot be made', async () => {
    const before = (await runAdmin(world.files, ['session', 'list', '--json'])).stdout
    expect(await runAdmin(world.files, ['session', 'env', '--user', 'nobody'])).toMatchObject({ code: 1, stdout: '' })
    const broken = { BENCHKEY_DATA_DIR: world.files.dataDir, REQUESTS_CA_BUNDLE: '/proc/self/mem' }
    expect(await runBenchkey(['session', 'env', '--user', 'demo'], broken)).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining("The session's runtime directory cannot be kept"),
    })
    expect((await runAdmin(world.files, ['session', 'list', '--json'])).stdout).toBe(before)
  })
})

describe('session env in a session', () => {
  it('prints its variables, safe for a shell whatever they hold', async () => {
    const shell = openShell(world.files)
    const never = join(world.files.configDir, 'never')
    const odd = `it's "$(touch ${never})" \\ \`id\`\n!`
    const { stdout } = await shell.ask('benchkey session env')
    expect(stdout).toMatch(/^(export [A-Za-z_]+='[^']*'\n)+$/)
    const script = `eval "$(BENCHKEY_SERVER_URL="$ODD" benchkey session env)" && printf '%s' "$BENCHKEY_SERVER_URL"`
    const answer = await shell.ask(`ODD='${odd.replaceAll("'", "'\\''")}' && ${script}`)
    expect(answer).toMatchObject({ code: 0, stdout: odd })
    expect(existsSync(never)).toBe(false)
    const json = JSON.parse((await shell.ask('benchkey session env --json')).stdout) as Record<string, string>
    expect(json.RS_SERVER_ADDRESS).toBe(world.files.publicUrl)
    expect(Object.keys(json)).not.toContain('PATH')
    await shell.exit()
  })

  it('passes the cookie on where a session has it in a variable', async () => {
    const variables = { RS_SERVER_ADDRESS: 'https://bench.example', RS_SESSION_RPC_COOKIE: 'user-id=ada|date|random' }
    const { stdout } = await runBenchkey(['session', 'env'], variables)
    expect(stdout).toBe(
      "export RS_SERVER_ADDRESS='https://bench.example'\nexport RS_SESSION_RPC_COOKIE='user-id=ada|date|random'\n",
    )
  })

  it('outside of one says how to get one, and is 1', async () => {
    expect(await runBenchkey(['session', 'env'])).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'benchkey: This is not a Benchkey session: RS_SERVER_ADDRESS is not set.\n' +
        '  Log this terminal in with benchkey login; as an administrator, name the user to open a session for: --user U\n',
    })
  })
})
