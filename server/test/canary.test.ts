import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { AdminSessionOpened } from '../src/domain/admin-api.ts'
import { type Behaviour, grantChanged, held, newGate, oauthError, type ReceivedRequest, reply } from '../testing/behaviours.ts'
import { Canaries } from '../testing/canaries.ts'
import { type Finished, type Running, startProcess } from '../testing/command-line.ts'
import { type ScriptedProvider, startScriptedProvider } from '../testing/scripted-provider.ts'
import { type ScriptedProxy, startScriptedProxy } from '../testing/scripted-proxy.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  askAdmin,
  fetchToken,
  openSession,
  prepareServer,
  type RawReply,
  removeFiles,
  runAdmin,
  type ServerFiles,
  send,
  startServeProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

/**
 * Secrets of every kind go through every path of a server that is a process of its own, errors included; then everything it
 * wrote anywhere is searched for them. The secrets are short and full of odd characters, so that they are met as they are.
 */
const canaries = new Canaries()
const BIN = resolve(import.meta.dirname, '../src/bin.ts')

const basicOf = (request: ReceivedRequest): string => String(request.headers.authorization ?? '').replace('Basic ', '')
const secretOf = (request: ReceivedRequest): string =>
  request.parameters.get('client_secret') ??
  new URLSearchParams(`v=${Buffer.from(basicOf(request), 'base64').toString().split(':')[1]}`).get('v') ??
  ''
const grantOf = (request: ReceivedRequest): string =>
  request.parameters.get('code') ?? request.parameters.get('refresh_token') ?? request.parameters.get('token') ?? ''
const lowerPercent = (text: string): string => encodeURIComponent(text).replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())

/** Failures of a provider that tells back what it was told, each in its own way. */
const ECHOES: Readonly<Record<string, (request: ReceivedRequest) => Behaviour>> = {
  secret: (request) => oauthError('invalid_grant', { description: `no client has the secret "${secretOf(request)}"` }),
  grant: (request) =>
    oauthError('invalid_grant', { description: `unknown: ${grantOf(request)} and ${lowerPercent(grantOf(request))}` }),
  verifier: (request) =>
    oauthError('invalid_request', { description: `${request.parameters.get('code_verifier') ?? grantOf(request)} does not fit` }),
  authorization: (request) =>
    oauthError('invalid_client', { status: 401, description: `bad ${basicOf(request)} or ${secretOf(request)}` }),
  code: (request) => oauthError(`${secretOf(request)} ${grantOf(request)}`, { status: 403 }),
  percent: (request) =>
    oauthError('invalid_request', { description: `${lowerPercent(secretOf(request))} in ${request.body.slice(0, 60)}` }),
  page: (request) =>
    reply(`<html><h1>Error</h1>${request.body} ${secretOf(request)}</html>`, {
      status: 500,
      headers: { 'content-type': 'text/html', 'retry-after': secretOf(request) },
    }),
  rubbish: (request) => reply(`{"refresh": ${request.body} ${secretOf(request)}`),
  redirect: (request) =>
    reply('', {
      status: 307,
      headers: { location: `http://127.0.0.1:9/?${request.body}&${encodeURIComponent(secretOf(request))}` },
    }),
  parser:
    (request) =>
    ({ socket }) =>
      void socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${secretOf(request)}\r\n${grantOf(request)}\r\n\r\n`),
}
const SECTIONS = Object.keys(ECHOES)

let files: ServerFiles
let provider: ScriptedProvider
let proxy: ScriptedProxy
let serve: Running
let browser: PlainBrowser
let session: AdminSessionOpened
const uids = new Map<string, string>()
const heard: { readonly path: string; readonly reply: RawReply }[] = []
const printed: { readonly what: string; readonly finished: Finished }[] = []
const servers: Finished[] = []
const processes: string[] = []
/** Paths that met a database without some table, and paths that met rows nobody can read. */
let away: readonly string[] = []
let broken: readonly string[] = []
/** Which failures told back which kind of request. */
const echoed = new Set<string>()
let password: string

function hear(path: string, answer: RawReply): RawReply {
  heard.push({ path, reply: answer })
  return answer
}
const ask = async (path: string, options: Parameters<typeof send>[2] = {}) =>
  hear(path, await send(files, files.publicUrl + path, options))
async function run(args: readonly string[], input?: string): Promise<Finished> {
  const finished = await runAdmin(files, args, input)
  printed.push({ what: args.join(' '), finished })
  return finished
}

/** Command line and variables of a process, as anybody who may look sees them. */
function lookAt(pid: number | undefined): void {
  processes.push(readFileSync(`/proc/${pid}/cmdline`, 'latin1'), readFileSync(`/proc/${pid}/environ`, 'latin1'))
}

/** What is kept of it beside the tokens is for sessions only. */
const keepingSection = (): string => `[keeping]
client-id = client of keeping
client-secret = ${canaries.make('client secret')}
client-secret-next = ${canaries.make('next client secret', 's3c:r/%+ ')}
authorization-url = ${provider.authorizationUrl}
token-url = ${provider.tokenUrl}
validate-url = ${provider.origin}/me
issuer = ${provider.origin}
keep-token-fields = site
keep-callback-fields = realm
`

/** Behind a proxy that tells back the password it was told. */
const proxiedSection = (): string => `[proxied]
client-id = client of proxied
client-secret = ${canaries.make('client secret')}
authorization-url = ${provider.authorizationUrl}
token-url = https://localhost:9/token
issuer = ${provider.origin}
proxy = http://bench:${encodeURIComponent(canaries.make('password of a proxy', 'pr/x:@+ '))}@127.0.0.1:${proxy.port}
`

function oauthClients(): string {
  const sections = SECTIONS.map((section, index) => {
    const secret = canaries.make('client secret', 's3c:r/%+ ')
    const isInFile = index % 3 === 2
    const file = join(files.configDir, 'secrets', section)
    if (isInFile) writeFileSync(file, `${canaries.make('client secret in a file', 'f1l:e/%+ ')}\n`, { mode: 0o600 })
    return `[${section}]
client-id = client of ${section}
${isInFile ? `client-secret-file = ${file}` : `client-secret = ${secret}`}
token-endpoint-auth-method = ${index % 2 === 0 ? 'client-secret-post' : 'client-secret-basic'}
authorization-url = ${provider.authorizationUrl}?audience=x
token-url = ${provider.tokenUrl}
revocation-url = ${provider.revocationUrl}
issuer = ${provider.origin}
`
  })
  return [...sections, keepingSection(), proxiedSection()].join('\n')
}

/** A good token reply of secrets that are new each time, stale half a second later. */
const goodReply: Behaviour = async (exchange) => {
  const verifier = exchange.request.parameters.get('code_verifier')
  if (verifier !== null) canaries.add('PKCE verifier', verifier)
  const claims = Buffer.from(JSON.stringify({ email: 'ada@box.example', nonce: canaries.make('claim of an id token') })).toString(
    'base64url',
  )
  const body = {
    access_token: canaries.make('access token', 'at+/'),
    refresh_token: canaries.make('refresh token', 'rt %/"'),
    id_token: canaries.add(
      'id token',
      `${Buffer.from('{}').toString('base64url')}.${claims}.${canaries.make('signature of an id token')}`,
    ),
    unknown_member: canaries.make('unknown member of a token reply'),
    expires_in: 1,
  }
  await reply({ token_type: 'Bearer', ...body })(exchange)
}

const failing =
  (section: string): Behaviour =>
  (exchange) => {
    const verifier = exchange.request.parameters.get('code_verifier')
    if (verifier !== null) canaries.add('PKCE verifier', verifier)
    echoed.add(`${section} ${exchange.request.parameters.get('grant_type') ?? 'revocation'}`)
    return ECHOES[section]?.(exchange.request)(exchange)
  }

/** Starts a sign-in and answers the callback's parameters, with a new code. */
async function startSignIn(section: string): Promise<{ state: string; code: string; iss: string }> {
  // More at once than one person may: whoever is told to wait, waits.
  const start = (): Promise<string> => browser.start(uids.get(section) ?? '')
  const url = new URL(await vi.waitFor(start, { timeout: 60_000, interval: 1000 }))
  for (const pair of browser.cookies.split('; ')) {
    const [name = '', value = ''] = pair.split('=')
    if (name.includes('-attempt-')) canaries.add('attempt cookie', value)
  }
  const state = canaries.add('state', url.searchParams.get('state') ?? '')
  return { state, code: canaries.make('code', 'c0/de+'), iss: provider.origin }
}

const callbackOf = (parameters: Record<string, string>): string => `${files.redirectUri}?${new URLSearchParams(parameters)}`

beforeAll(async () => {
  files = await prepareServer({ serverLines: ['secrets-dir=secrets'] })
  provider = await startScriptedProvider()
  proxy = await startScriptedProxy()
  proxy.behave((socket, head) => {
    const credentials = /Proxy-Authorization: Basic (\S+)/.exec(head)?.[1] ?? ''
    const told = `${credentials} ${Buffer.from(credentials, 'base64')}`
    socket.end(`HTTP/1.1 407 ${told}\r\nProxy-Authenticate: Basic realm="${told}"\r\n\r\n${told}`)
  })
  mkdirSync(join(files.configDir, 'secrets'), { mode: 0o700 })
  writeEnvVars(`https_proxy=http://bench:${canaries.make('password of a proxy')}@127.0.0.1:${proxy.port}`)
  writeOauthClients(files, oauthClients())
  serve = await startServeProcess(files)
  canaries.add('key of the key ring', readFileSync(join(files.dataDir, 'key-ring'), 'utf8').trim().split(' ')[1] ?? '')
  canaries.add('TLS key', readFileSync(join(files.dir, 'certificates/server-key.pem'), 'utf8').split('\n')[1] ?? '')
  lookAt(serve.child.pid)
})
afterAll(async () => {
  serve.child.kill('SIGKILL')
  await provider.close()
  await proxy.close()
  removeFiles(files)
})

function writeEnvVars(text: string): void {
  writeFileSync(join(files.configDir, 'env-vars'), `${text}\n`, { mode: 0o600 })
}

async function accounts(): Promise<void> {
  password = canaries.make('password', 'pass: word"%/ ')
  await run(['user', 'add', 'demo', '--password-stdin'], `${canaries.make('password that is too short').slice(0, 7)}\n`)
  const adding = startProcess(
    [process.execPath, BIN, 'user', 'add', 'demo', '--password-stdin', '--data-dir', files.dataDir],
    {},
    { input: null },
  )
  adding.child.stdin?.write(password)
  lookAt(adding.child.pid)
  adding.child.stdin?.end('\n')
  printed.push({ what: 'user add', finished: await adding.finished })
  await run(['user', 'add', 'demo', '--password-stdin'], `${canaries.make('password of a name that is taken')}\n`)
  const wrong = { name: 'second', password: canaries.make('password in a bad admin request'), isAdmin: 'yes' }
  for (const body of [wrong, { ...wrong, name: 7 }, [wrong], { password: { text: wrong.password } }]) {
    const refusal = await askAdmin(files, 'POST', '/users', body).catch(String)
    printed.push({ what: 'admin socket', finished: { code: null, stdout: String(refusal), stderr: '' } })
  }
}

async function logins(): Promise<void> {
  browser = new PlainBrowser(files, hear)
  await browser.ask('/api/login', { userName: 'demo', password: canaries.make('wrong password') })
  await browser.ask('/api/login', { userName: canaries.make('password typed as user name'), password: 'x' })
  await browser.ask('/api/login', { userName: 'demo', password: { text: canaries.make('password in a bad request') } })
  await browser.ask('/api/login', {
    userName: 'demo',
    password: `${canaries.make('password that is too long')}${'x'.repeat(2000)}`,
  })
  const headers = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', 'x-benchkey-request': '1' }
  await ask('/api/login', {
    method: 'POST',
    headers,
    body: `{"userName":"demo","password":"${canaries.make('password in a bad request')}`,
  })
  await browser.logIn('demo', password)
  canaries.add('browser session cookie', browser.cookies.split('=')[1] ?? '')
  session = await openSession(files, 'demo')
  canaries.add('RPC cookie', session.cookie.split('|')[2] ?? '')
  const { integrations } = JSON.parse((await browser.ask('/api/integrations')).body) as {
    integrations: { section: string; uid: string }[]
  }
  for (const { section, uid } of integrations) uids.set(section, uid)
}

async function strangeRequests(): Promise<void> {
  const secret = (): string => encodeURIComponent(canaries.make('secret in the query of a URL', 'q/+%'))
  for (const path of [
    '/',
    '/login',
    '/settings',
    '/nothing',
    '//',
    '//x:y/',
    '/%zz',
    '/api/me',
    '/api/nothing',
    '/oauth_token',
    '/oauth/token',
    '/oauth_redirect_callback',
    '/health/ready',
    '/assets/x.js',
  ]) {
    await ask(`${path}?token=${secret()}`)
    await ask(`${path}?token=${secret()}`, { method: 'POST', body: canaries.make('secret in a body') })
    await ask(path, { headers: { authorization: `Bearer ${canaries.make('Authorization header')}` } })
    await ask(path, {
      headers: {
        cookie: `other=${canaries.make('cookie of another program')}; __Host-Http-benchkey-session=${canaries.make('forged cookie')}`,
      },
    })
    await ask(path, { headers: { 'x-rs-session-server-rpc-cookie': `user-id=demo|x|${canaries.make('forged RPC cookie')}` } })
  }
  const rpc = { 'x-rs-session-server-rpc-cookie': session.cookie }
  const uid = uids.get('secret') ?? ''
  const own = ['session', `integrations/${uid}`, `integrations/${uid}/report`].map((path) => `/api/v1/${path}`)
  for (const path of ['/oauth_token', '/oauth_integrations', '/id_token', '/delegated_azure_token', ...own]) {
    for (const body of [
      `{"kwparams":{"uuid":"${canaries.make('secret in a body')}`,
      `["${canaries.make('secret in a body')}"]`,
      'x'.repeat(66_000),
    ]) {
      await ask(path, { method: 'POST', headers: rpc, body: `${body}${canaries.make('secret in a body')}` })
    }
  }
  await ask('/nothing', { headers: rpc })
  await oddExchanges()
}

/** Token exchanges with a secret in one place after the other. */
async function oddExchanges(): Promise<void> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: session.cookie,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    audience: uids.get('secret') ?? '',
  }
  for (const name of [...Object.keys(form), 'client_secret', 'actor_token', 'scope', 'resource', 'requested_token_type']) {
    if (name === 'audience') continue // An integration's name, which is told to whoever mistypes it.
    const body = new URLSearchParams({ ...form, [name]: canaries.make('secret in a body') }).toString()
    await ask('/oauth/token', { method: 'POST', headers, body })
    await ask('/oauth/token', { method: 'POST', headers, body: `${body}&${body}` })
  }
}

/** As after a crash: nothing is tidied up. It also gives the one user as many new sign-ins as a person makes. */
async function restart(): Promise<void> {
  serve.child.kill('SIGKILL')
  servers.push(await serve.finished)
  serve = await startServeProcess(files)
}

async function signIns(): Promise<void> {
  for (const section of SECTIONS) {
    provider.next(failing(section))
    await browser.visit(callbackOf(await startSignIn(section)))
    provider.next(goodReply)
    const parameters = await startSignIn(section)
    const done = await browser.visit(callbackOf(parameters))
    if (done.status !== 303) throw new Error(`The sign-in to ${section} answered ${done.status}.`)
    await browser.visit(callbackOf(parameters))
  }
  await restart()
  const [, section = ''] = SECTIONS
  for (const spoil of ['error', 'doubled', 'iss'] as const) {
    const { state, code, iss } = await startSignIn(section)
    const words = { error: `server_error ${code}`, error_description: `${state} ${code} <b>` }
    if (spoil === 'error') await browser.visit(callbackOf({ state, iss, code, ...words }))
    if (spoil === 'doubled') await browser.visit(`${callbackOf({ state, code, iss })}&code=${encodeURIComponent(code)}`)
    if (spoil === 'iss') await browser.visit(callbackOf({ state, code, iss: `https://evil.example/${code}` }))
  }
}

/** The token lives for a second, and is refreshed in its second half. */
async function refreshed(section: string): Promise<void> {
  const before = provider.requests.length
  const fetchOnce = async (): Promise<number> => {
    hear('/oauth_token', await fetchToken(files, session.cookie, uids.get(section) ?? ''))
    return provider.requests.length
  }
  await expect.poll(fetchOnce).toBeGreaterThan(before)
}

async function tokens(): Promise<void> {
  for (const section of SECTIONS) {
    const uid = uids.get(section) ?? ''
    provider.always(failing(section))
    await refreshed(section)
    await browser.ask(`/api/integrations/${uid}`)
    await browser.ask(`/api/integrations/${uid}/try-again`, {})
  }
  await ask('/oauth_integrations', {
    method: 'POST',
    headers: { 'x-rs-session-server-rpc-cookie': session.cookie },
    body: '{"kwparams":[],"method":"oauth_integrations"}',
  })
  for (const section of SECTIONS) {
    const uid = uids.get(section) ?? ''
    const headers = { 'x-rs-session-server-rpc-cookie': session.cookie }
    await ask(`/api/v1/integrations/${uid}`, { headers })
    const report = { fingerprint: '0123456789abcdef', token: canaries.make('secret in a body') }
    await ask(`/api/v1/integrations/${uid}/report`, { method: 'POST', headers, body: JSON.stringify(report) })
  }
  // A refresh that succeeds, after a new sign-in.
  const [section = ''] = SECTIONS
  provider.always(goodReply)
  await browser.visit(callbackOf(await startSignIn(section)))
  await refreshed(section)
}

async function signOuts(): Promise<void> {
  for (const section of SECTIONS) {
    const uid = uids.get(section) ?? ''
    const before = provider.requests.length
    provider.always(failing(section))
    await browser.ask(`/api/integrations/${uid}/sign-out`, {})
    // Where the refresh token was refused and parked, the access token has ended too, and nothing is left to revoke.
    await browser.ask(`/api/integrations/${uid}`)
    if (section === 'secret') await expect.poll(() => provider.requests.length).toBeGreaterThan(before)
  }
  provider.always(goodReply)
}

/** The command prints what it and everyone above it was started with, and keeps its cookie elsewhere. */
async function sessions(): Promise<void> {
  const cookieFile = join(files.dir, 'cookie')
  const script = `cat "$BENCHKEY_SESSION_RUNTIME_DIR/rpc_cookie" > ${cookieFile}; cat /proc/$PPID/cmdline /proc/$PPID/environ /proc/self/environ; benchkey token secret; benchkey token nobody; benchkey integrations --json`
  provider.always(goodReply)
  await browser.visit(callbackOf(await startSignIn('secret')))
  await run(['session', 'run', '--', 'sh', '-c', script])
  canaries.add('RPC cookie of a command', readFileSync(cookieFile, 'utf8').trim().split('|')[2] ?? '')
  await run(['session', 'list', '--json'])
  await run(['session', 'end', session.session.id])
  await run(['user', 'list', '--json'])
  hear('/oauth_token', await fetchToken(files, session.cookie, uids.get('secret') ?? ''))
}

/** A service with a token that counts, with one that is none, and with its token wherever it does not belong. */
async function services(): Promise<void> {
  const { stdout } = await runAdmin(files, ['service', 'add', 'hub', '--all-users', '--expires', '1d'])
  const token = canaries.add('service token', stdout.trim())
  const body = JSON.stringify({ user: 'demo', name: 'notebook' })
  const headers = { authorization: `Bearer ${token}` }
  const opened = await ask('/api/v1/sessions', { method: 'POST', headers, body })
  const { cookie, session: own } = JSON.parse(opened.body) as AdminSessionOpened
  canaries.add('RPC cookie of a service', cookie.split('|')[2] ?? '')
  for (const wrong of [`{"user":"${token}`, '[]', '']) {
    await ask('/api/v1/sessions', { method: 'POST', headers, body: wrong })
  }
  await ask(`/api/v1/sessions/${own.id}`, { headers })
  await ask(`/api/v1/sessions?token=${token}`, { method: 'POST', body })
  for (const path of ['/api/v1/session', '/oauth_token', '/api/me', '/', '/api/v1/openapi.json']) await ask(path, { headers })
  await ask('/api/v1/sessions', {
    method: 'POST',
    headers: { authorization: `Bearer ${canaries.make('forged service token', 'bks_')}` },
    body,
  })
  const second = canaries.add('service token', (await runAdmin(files, ['service', 'rotate', 'hub'])).stdout.trim())
  await run(['service', 'list', '--json'])
  await ask(`/api/v1/sessions/${own.id}`, { method: 'DELETE', headers: { authorization: `Bearer ${second}` } })
  await run(['service', 'remove', 'hub', '--yes'])
}

/** Kept at the sign-in and handed out, past a validation URL that tells everything back, then through a failing refresh. */
async function keptData(): Promise<void> {
  const site = canaries.make('kept field of a token reply', 'https://s1te/+')
  const leak: Behaviour = ({ request, response }) =>
    void response.writeHead(403, { 'content-type': 'text/plain' }).end(`${request.headers.authorization} ${site}`)
  provider.next(
    grantChanged((body) => ({ ...body, expires_in: 1, site })),
    leak,
  )
  const before = provider.requests.length
  const realm = canaries.make('kept parameter of a callback', 're/alm+')
  await browser.visit(callbackOf({ ...(await startSignIn('keeping')), realm }))
  await provider.received(before + 2)
  const uid = uids.get('keeping') ?? ''
  const { cookie } = await openSession(files, 'demo')
  canaries.add('RPC cookie', cookie.split('|')[2] ?? '')
  const reply = hear('/oauth_token', await fetchToken(files, cookie, uid))
  expect(JSON.parse(reply.body)).toMatchObject({ extra: { site, realm } })
  provider.always(failing('grant'))
  const sent = provider.requests.length
  await expect
    .poll(async () => hear('/oauth_token', await fetchToken(files, cookie, uid)) && provider.requests.length)
    .toBeGreaterThan(sent)
  await browser.ask(`/api/integrations/${uid}`)
  provider.always(goodReply)
}

/** With the proxy of the section, then with that of `env-vars`. */
async function proxies(): Promise<void> {
  const good = readFileSync(join(files.configDir, 'oauth-clients.conf'), 'utf8')
  for (const clients of [good, good.replace(/^proxy = .*$/m, '')]) {
    writeOauthClients(files, clients)
    await run(['reload'])
    const before = proxy.heads.length
    const page = await browser.visit(callbackOf(await startSignIn('proxied')))
    expect([page.status, proxy.heads.length - before]).toEqual([502, 1])
    await browser.ask(`/api/integrations/${uids.get('proxied') ?? ''}`)
  }
  writeOauthClients(files, good)
}

async function badConfigurations(): Promise<void> {
  const secret = (): string => canaries.make('secret in a wrong place of a configuration', 'w/r:o+ ')
  const good = readFileSync(join(files.configDir, 'oauth-clients.conf'), 'utf8')
  const plain = (): string => canaries.make('secret in a wrong place of a configuration')
  const wrongs = [
    `client-secrett = ${secret()}`,
    `${plain()} = client-secret`,
    plain(),
    `pkce = ${secret()}`,
    `authorization-url = https://${plain()}:${plain()}@box.example/`,
    `token-url = https://box.example/token#${plain()}`,
    `guid = ${secret()}`,
    `scopes = ${plain()}\u0007`,
    `client-secret = ${secret()}\nclient-secret = ${secret()}`,
    `client-secret-file = /nowhere/${plain()}`,
    `expires-in-default = ${secret()}`,
    `[${'wrong'}\n${plain()}`,
  ]
  for (const wrong of [
    `https_proxy=http://u:${plain()}@box`,
    `${plain()}=x`,
    plain(),
    `no_proxy=${plain()}/8`,
    `x="${plain()}`,
  ]) {
    writeEnvVars(wrong)
    await run(['config', 'check'])
  }
  writeEnvVars('')
  for (const wrong of [...wrongs, `proxy = http://u:${plain()}@box.example`]) {
    writeOauthClients(files, `${good}\n[wrong]\nclient-id = x\n${wrong}\n`)
    await run(['config', 'check', '--json'])
  }
  writeOauthClients(files, `${good}\n[wrong]\n${wrongs.join('\n')}\n`)
  await run(['config', 'check'])
  await run(['reload'])
  serve.child.kill('SIGHUP')
  writeFileSync(join(files.configDir, 'database.conf'), `provider=${secret()}\n`, { mode: 0o600 })
  await run(['serve'])
  writeFileSync(join(files.configDir, 'database.conf'), '', { mode: 0o600 })
  writeOauthClients(files, good)
  await run(['reload'])
}

/** An answer that comes while another program has the database for itself lies in the journal. */
async function lockedDatabase(): Promise<void> {
  const parameters = await startSignIn('secret')
  const gate = newGate()
  provider.next(held(gate, goodReply))
  const visit = browser.visit(callbackOf(parameters))
  await provider.received(provider.requests.length + 1)
  const database = new DatabaseSync(join(files.dataDir, 'benchkey.db'), { timeout: 5_000 })
  database.exec('BEGIN IMMEDIATE')
  gate.open()
  const folder = join(files.dataDir, 'journals')
  const journal = (): Buffer => Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))))
  await expect.poll(() => journal().includes('"tokenId"')).toBe(true)
  inJournal = canaries.foundIn(journal())
  database.exec('ROLLBACK')
  database.close()
  await visit
}

/** Tables that are missing for a while, on every path: the database cannot be used. */
async function brokenDatabase(): Promise<void> {
  const from = heard.length
  const database = new DatabaseSync(join(files.dataDir, 'benchkey.db'), { timeout: 5_000 })
  const tables = ['browser_sessions', 'sign_in_attempts', 'oauth2_tokens', 'rpc_cookies', 'users']
  for (const table of tables) {
    database.exec('PRAGMA legacy_alter_table = ON; PRAGMA foreign_keys = OFF')
    const parameters = table === 'sign_in_attempts' || table === 'oauth2_tokens' ? await startSignIn('secret') : { state: 'x' }
    database.exec(`ALTER TABLE ${table} RENAME TO gone`)
    await browser.ask('/api/login', { userName: 'demo', password })
    await browser.ask('/api/integrations')
    await browser.visit(callbackOf(parameters))
    hear('/oauth_token', await fetchToken(files, session.cookie, uids.get('secret') ?? ''))
    await run(['user', 'add', 'third', '--password-stdin'], `${canaries.make('password while the database is broken')}\n`)
    database.exec(`ALTER TABLE gone RENAME TO ${table}`)
  }
  database.close()
  away = pathsOf(heard.slice(from), ({ status, body }) => status === 503 || body.includes('database_unavailable'))
}

/** Rows that say what no Benchkey has written are failures that nobody foresaw. */
async function brokenRows(): Promise<void> {
  const from = heard.length
  const database = new DatabaseSync(join(files.dataDir, 'benchkey.db'), { timeout: 5_000 })
  const parameters = await startSignIn('secret')
  const { cookie } = await openSession(files, 'demo')
  for (const table of ['sign_in_attempts', 'oauth2_tokens']) database.exec(`UPDATE ${table} SET scopes_asked = '{'`)
  database.exec('UPDATE oauth2_tokens SET revision = revision + 1')
  await browser.ask('/api/integrations')
  await browser.visit(callbackOf(parameters))
  for (const uid of uids.values()) hear('/oauth_token', await fetchToken(files, cookie, uid))
  database.close()
  broken = pathsOf(heard.slice(from), ({ status }) => status === 500)
}

function pathsOf(replies: typeof heard, isMeant: (reply: RawReply) => boolean): readonly string[] {
  return replies.filter(({ reply }) => isMeant(reply)).map(({ path }) => path.replace(/\?.*/s, ''))
}

async function endOfServer(): Promise<void> {
  lookAt(serve.child.pid)
  inDatabase = databaseFiles().flatMap((name) =>
    canaries.foundIn(readFileSync(join(files.dataDir, name))).map((kind) => `${name}: ${kind}`),
  )
  serve.child.kill('SIGTERM')
  servers.push(await serve.finished)
}

let inDatabase: readonly string[] = []
let inJournal: readonly string[] | undefined
const databaseFiles = (): string[] => readdirSync(files.dataDir).filter((name) => name.startsWith('benchkey.db'))

/** What a reply says, less what it is there to say: a token to a session, an address to a page, a cookie to its browser. */
function saidBy({ path, reply: { reason, headers, body } }: (typeof heard)[number]): string {
  const { 'set-cookie': cookies = [], ...others } = headers
  const isToken = path === '/oauth_token'
  const isStart = path.endsWith('/sign-in')
  const said = isToken
    ? body.replace(/"access_token":"[^"]*"/, '').replace(/"extra":\{[^}]*\}/, '')
    : isStart
      ? body.replace(/([?&]state=)[^&"]*/, '$1')
      : path === '/api/v1/sessions'
        ? body.replace(/"cookie":"[^"]*"/, '')
        : body
  const values = [cookies].flat().map((cookie) => cookie.replace(/^(__Host-Http-benchkey-[\w-]+)=[\w-]{43}; /, '$1; '))
  return [reason, JSON.stringify(others), ...values, said].join('\n')
}

describe('secrets go', { timeout: 120_000 }, () => {
  it.each([
    ['through accounts and bad requests of the administrator', accounts],
    ['through logins, right and wrong', logins],
    ['through requests that nobody understands', strangeRequests],
    ['through sign-ins, and failures of a service that tells back what it was told', signIns],
    ['through fetches and refreshes, and the same failures', tokens],
    ['through sign-outs and revocations', signOuts],
    ['through a session and its command', sessions],
    ['through services that start sessions', services],
    ['through data beside the tokens', keptData],
    ['through proxies that refuse', proxies],
    ['through configurations with secrets in wrong places', badConfigurations],
    ['through the journal', lockedDatabase],
    ['through a database that cannot be used', brokenDatabase],
    ['through failures that nobody foresaw', brokenRows],
    ['through the end of the server', endOfServer],
  ])('%s', (_what, step) => step())
})

describe('no secret that went through the server', () => {
  it('was missing from the test: at least 14 kinds went, through failures of every kind', () => {
    const essential = [
      'client secret',
      'client secret in a file',
      'next client secret',
      'password',
      'wrong password',
      'access token',
      'refresh token',
      'id token',
      'code',
      'state',
      'PKCE verifier',
      'RPC cookie',
      'RPC cookie of a command',
      'service token',
      'RPC cookie of a service',
      'browser session cookie',
      'attempt cookie',
      'key of the key ring',
      'TLS key',
      'secret in the query of a URL',
      'Authorization header',
      'unknown member of a token reply',
      'kept field of a token reply',
      'kept parameter of a callback',
      'secret in a wrong place of a configuration',
      'password of a proxy',
    ]
    expect([...canaries.kinds]).toEqual(expect.arrayContaining(essential))
    expect(new Set(away)).toEqual(new Set(['/api/login', '/api/integrations', files.redirectUri, '/oauth_token']))
    expect(new Set(broken)).toEqual(new Set(['/api/integrations', files.redirectUri, '/oauth_token']))
    const grants = SECTIONS.flatMap((section) => [`${section} authorization_code`, `${section} refresh_token`])
    expect([...echoed]).toEqual(expect.arrayContaining([...grants, 'secret revocation']))
    expect(servers.map(({ code }) => code)).toEqual([null, 0])
  })

  it('is in the log or on the standard output of the server', () => {
    const log = servers.map(({ stdout, stderr }) => stdout + stderr).join('')
    for (const line of ['a request met an unknown failure', 'no such table', 'Refresh: ']) expect(log).toContain(line)
    expect(canaries.foundIn(log)).toEqual([])
  })

  it('is in an answer that is not there to give it', () => {
    const leaks = heard.flatMap((one) =>
      canaries.foundIn(saidBy(one)).map((kind) => `${one.path.split('?')[0]} ${one.reply.status}: ${kind}`),
    )
    expect(leaks).toEqual([])
  })

  it('is in the database, its log or its shared memory, while the server runs', () => {
    expect(databaseFiles()).toContain('benchkey.db')
    expect(inDatabase).toEqual([])
  })

  it('is in the journal while an answer waits there', () => {
    expect(inJournal).toEqual([])
  })

  it('is in the database after the server has ended', () => {
    for (const name of databaseFiles())
      expect([name, canaries.foundIn(readFileSync(join(files.dataDir, name)))]).toEqual([name, []])
  })

  it('is printed by a command, but for the token that was asked for', () => {
    const leaks = printed.flatMap(({ what, finished: { stdout, stderr } }) =>
      canaries.foundIn(stdout + stderr).map((kind) => `${what.slice(0, 40)}: ${kind}`),
    )
    expect(leaks).toEqual(['session run -- sh -c cat "$BENCHKEY_SESS: access token'])
  })

  it('is in the command line or the variables of a process of ours', () => {
    expect(processes.join('')).toContain('serve')
    expect(canaries.foundIn(processes.join('\n'))).toEqual([])
  })
})
