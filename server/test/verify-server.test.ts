import { readFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http'
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VerificationCheck } from '../src/domain/verification.ts'
import type { AdminVerification } from '../src/domain/verification-api.ts'
import { type Authority, makeAuthority, makeLeaf } from '../testing/certificates.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  askAdmin,
  prepareServer,
  removeFiles,
  type ServerFiles,
  startInProcess,
  startServeProcess,
} from '../testing/start-server.ts'

/** What `verify` says of the way to Benchkey's own addresses, when a reverse proxy in front of it changes what passes. */

const DAY_MS = 24 * 60 * 60_000

/** What a reverse proxy passes on. */
interface Passed {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** How it changes that; an answer instead is given without asking anybody. */
type Change = (passed: Passed) => Partial<Passed> & { readonly status?: number; readonly answer?: string }

let authority: Authority
const cleanUp: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  authority = await makeAuthority()
})

afterAll(async () => {
  for (const each of cleanUp.reverse()) await each()
})

interface Front {
  readonly port: number
  change: Change
  /** Where it passes requests on to. */
  target: { readonly port: number; readonly isTls: boolean }
}

/** A reverse proxy on loopback with a certificate of `authority`. */
async function startFront(leaf: { certificate: string; key: string }): Promise<Front> {
  const front: Front = { port: 0, change: () => ({}), target: { port: 0, isTls: false } }
  const server = createHttpsServer({ cert: leaf.certificate, key: leaf.key }, (request, response) => {
    void request
      .setEncoding('utf8')
      .toArray()
      .then((chunks) => {
        const { 'content-length': _length, ...headers } = request.headers
        const passed = { path: request.url ?? '', headers: { ...headers, 'x-forwarded-proto': 'https' }, body: chunks.join('') }
        const changed = front.change(passed)
        if (changed.status !== undefined) return void response.writeHead(changed.status).end(changed.answer)
        const { path, headers: sent, body } = { ...passed, ...changed }
        const { port, isTls } = front.target
        const length = body === '' ? {} : { 'content-length': Buffer.byteLength(body) }
        const options = { host: '127.0.0.1', port, method: request.method, path, headers: { ...sent, ...length } }
        const upstream = (isTls ? httpsRequest : httpRequest)({ ...options, rejectUnauthorized: false }, (reply) => {
          response.writeHead(reply.statusCode ?? 0, reply.headers)
          reply.pipe(response)
        })
        upstream.on('error', () => response.destroy()).end(body)
      })
  })
  await listening(server)
  return Object.assign(front, { port: (server.address() as AddressInfo).port })
}

async function listening(server: Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => new Promise((resolve) => void server.close(resolve).closeAllConnections()))
}

/** A server without TLS of its own whose public URL leads to the front. */
async function startBehind(front: Front, lines: readonly string[], basePath = ''): Promise<ServerFiles> {
  const files = await prepareBehind(front, lines, basePath)
  const server = await startInProcess(files)
  cleanUp.push(async () => {
    await server.close()
    removeFiles(files)
  })
  return files
}

async function prepareBehind(front: Front, lines: readonly string[], basePath: string): Promise<ServerFiles> {
  const files = await prepareServer()
  const conf = join(files.configDir, 'benchkey.conf')
  const kept = readFileSync(conf, 'utf8')
    .split('\n')
    .filter((line) => !/^(public-url|ssl-certificate|ssl-certificate-key|ssl-ca)/.test(line))
  const ca = join(files.dir, 'front-ca.pem')
  writeFileSync(ca, authority.pem)
  const own = [`public-url=https://localhost:${front.port}${basePath}`, `ssl-ca-certificate=${ca}`, ...lines]
  writeFileSync(conf, [...kept, ...own].filter((line) => line !== '').join('\n'), { mode: 0o600 })
  return files
}

const TRUSTED = ['trusted-proxies=127.0.0.1']

async function verifyServer(files: ServerFiles): Promise<readonly (VerificationCheck & { readonly title: string })[]> {
  const { groups } = await askAdmin<AdminVerification>(files, 'POST', '/verify', {})
  return groups.flatMap(({ title, checks }) => checks.map((check) => ({ ...check, title })))
}

const open = (checks: readonly VerificationCheck[]) =>
  checks.filter(({ outcome }) => outcome !== 'ok').map(({ outcome, id }) => `${outcome} ${id}`)

describe('behind a reverse proxy', () => {
  let front: Front
  let files: ServerFiles

  beforeAll(async () => {
    front = await startFront(await makeLeaf(authority, ['localhost']))
    files = await startBehind(front, TRUSTED, '/bench')
    front.target = { port: files.port, isTls: false }
  })

  it('that passes everything on: well, and nothing is changed on the way', async () => {
    front.change = () => ({})
    const checks = await verifyServer(files)
    expect(open(checks)).toEqual([])
    expect(checks.map(({ fine }) => fine)).toContain('nothing is changed on the way to the public URL')
  })

  it.each<[name: string, change: Change, expected: readonly string[], says: RegExp]>([
    ['that drops bodies of GET', () => ({ body: '' }), ['failed get-body'], /body of GET requests is lost/],
    [
      'that rewrites the host name',
      ({ headers }) => ({ headers: { ...headers, host: 'backend:8787' } }),
      ['failed own-host'],
      /arrive under the host name "backend:8787"/,
    ],
    [
      'that takes the base path away',
      ({ path }) => ({ path: path.replace('/bench', '') }),
      ['failed own-path'],
      /arrive with the path "\/"/,
    ],
    [
      'that does not say that it was https',
      ({ headers: { 'x-forwarded-proto': _proto, ...headers } }) => ({ headers }),
      ['failed public-url'],
      /arrive in the clear/,
    ],
    [
      'that shows a page of its own for refusals',
      ({ path }) => (path.endsWith('/oauth_token') ? { status: 401, answer: '<h1>Sign on</h1>' } : {}),
      ['failed own-refusals'],
      /refusals are replaced: a call without a cookie is answered with 401/,
    ],
    [
      'that leads elsewhere',
      () => ({ status: 404, answer: 'nothing' }),
      ['failed public-url'],
      /Something else than Benchkey answers/,
    ],
  ])('%s', async (_name, change, expected, says) => {
    front.change = change
    const checks = await verifyServer(files)
    expect(open(checks)).toEqual(expected)
    expect(checks.find(({ outcome }) => outcome === 'failed')?.fact).toMatch(says)
    front.change = () => ({})
  })

  it('that leads to a Benchkey of another database', async () => {
    // As a process of its own: two servers in one process are one to each other.
    const other = await prepareBehind(front, TRUSTED, '/bench')
    const running = await startServeProcess(other)
    cleanUp.push(async () => {
      running.child.kill('SIGTERM')
      await running.finished
      removeFiles(other)
    })
    front.target = { port: other.port, isTls: false }
    expect(open(await verifyServer(files))).toEqual(['failed public-url'])
    expect((await verifyServer(files)).find(({ id }) => id === 'public-url')?.fact).toMatch(/^Another Benchkey answers/)
    front.target = { port: files.port, isTls: false }
  })
})

describe('a callback address of its own', () => {
  it('is looked at as sessions reach it; what only they need may be lost on the way to the public URL', async () => {
    const front = await startFront(await makeLeaf(authority, ['localhost']))
    const files = await prepareBehind(front, TRUSTED, '')
    const conf = join(files.configDir, 'benchkey.conf')
    const line = `\nlauncher-sessions-callback-address=http://127.0.0.1:${files.port}\n`
    writeFileSync(conf, readFileSync(conf, 'utf8') + line)
    const server = await startInProcess(files)
    cleanUp.push(async () => {
      await server.close()
      removeFiles(files)
    })
    front.target = { port: files.port, isTls: false }
    front.change = () => ({ body: '' })
    const checks = await verifyServer(files)
    expect(open(checks)).toEqual([])
    expect(checks.map(({ fine }) => fine)).toContain('the callback address is this server')
  })
})

describe('the trust in a reverse proxy', () => {
  it('that is missing: its address is told, to copy', async () => {
    const front = await startFront(await makeLeaf(authority, ['localhost']))
    const files = await startBehind(front, ['trusted-proxies=192.0.2.1'])
    front.target = { port: files.port, isTls: false }
    const [failure] = (await verifyServer(files)).filter(({ outcome }) => outcome === 'failed')
    expect(failure).toMatchObject({ id: 'trusted-proxies', title: 'You, here', copy: 'trusted-proxies=127.0.0.1' })
    expect(failure?.place).toMatch(/^benchkey\.conf:\d+$/)
  })
})

describe('the certificate at the public URL', () => {
  it.each<[name: string, names: readonly string[], days: number, says: RegExp]>([
    ['expired', ['localhost'], -1, /browsers are warned: its certificate expired on /],
    ['for another host', ['other.example'], 90, /browsers are warned: its certificate is for another host/],
  ])('%s', async (_name, names, days, says) => {
    const dates = { notBefore: new Date(Date.now() - 30 * DAY_MS), notAfter: new Date(Date.now() + days * DAY_MS) }
    const front = await startFront(await makeLeaf(authority, names, dates))
    const files = await startBehind(front, TRUSTED)
    front.target = { port: files.port, isTls: false }
    const [failure] = (await verifyServer(files)).filter(({ outcome }) => outcome === 'failed')
    expect(failure?.fact).toMatch(says)
  })
})

describe('Test on the page', () => {
  const PASSWORD = 'correct horse battery staple'
  let files: ServerFiles

  beforeAll(async () => {
    files = await prepareServer({
      oauthClients:
        '[box]\nclient-id=box\nclient-secret=a-secret-of-box\nauthorization-url=http://127.0.0.1:9/a\ntoken-url=http://127.0.0.1:9/t\n',
      singleUser: false,
    })
    const server = await startInProcess(files)
    cleanUp.push(async () => {
      await server.close()
      removeFiles(files)
    })
    for (const [name, isAdmin] of [
      ['root', true],
      ['ada', false],
    ] as const) {
      await askAdmin(files, 'POST', '/users', { name, password: PASSWORD, isAdmin })
    }
  })

  async function browserOf(name: string): Promise<PlainBrowser> {
    const browser = new PlainBrowser(files)
    await browser.logIn(name, PASSWORD)
    return browser
  }

  it('is for administrators only', async () => {
    const browser = await browserOf('ada')
    for (const path of ['/api/admin/configuration/sections/box/test', '/api/admin/verify-server']) {
      expect((await browser.ask(path, {})).status).toBe(403)
    }
  })

  it('answers groups of checks without the secret, and the audit has who asked and what failed', async () => {
    const browser = await browserOf('root')
    const reply = await browser.ask('/api/admin/configuration/sections/box/test', {})
    expect(reply.status).toBe(200)
    expect(JSON.parse(reply.body)).toMatchObject({
      ...{ section: 'box', name: 'box', isWell: false },
      groups: [
        { title: 'At the service' },
        { title: 'Your network team', checks: [{ id: 'tcp', place: 'oauth-clients.conf:5' }] },
      ],
    })
    expect(reply.body).not.toContain('a-secret-of-box')
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(join(files.dataDir, 'benchkey.db'), { readOnly: true })
    const line = database
      .prepare("SELECT user_name, section, outcome, detail FROM audit WHERE action = 'integration.tested'")
      .get()
    database.close()
    expect({ ...line }).toEqual({ user_name: 'root', section: 'box', outcome: 'failed', detail: 'failed: tcp' })
  })

  it('of the server itself', async () => {
    const reply = await (await browserOf('root')).ask('/api/admin/verify-server', {})
    expect(JSON.parse(reply.body)).toMatchObject({ name: 'This server', isWell: true, groups: [{ title: 'Fine' }] })
  })

  it('of a section that is not there is refused in a sentence', async () => {
    const reply = await (await browserOf('root')).ask('/api/admin/configuration/sections/nothing/test', {})
    expect([reply.status, reply.body]).toEqual([400, expect.stringContaining('There is no section [nothing].')])
  })

  it('too often in a row is refused for a while', async () => {
    const browser = await browserOf('root')
    const statuses: number[] = []
    for (let n = 0; n < 8; n += 1) statuses.push((await browser.ask('/api/admin/configuration/sections/box/test', {})).status)
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0)
  })
})
