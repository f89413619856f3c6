import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '../src/broker/broker.ts'
import type { Effects } from '../src/domain/effects.ts'
import type { Integration } from '../src/domain/integration.ts'
import type { BrowserSession, User } from '../src/domain/people.ts'
import { createServers, type Servers, type ServersOptions } from '../src/http/servers.ts'

/** The parts of a broker that a test expects to be called. */
export type ExpectedCalls = { readonly [Part in keyof Broker]?: Partial<Broker[Part]> }

/** A reply as it came over the wire. */
export interface Reply {
  readonly status: number
  readonly reason: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What a test sends; headers beside Host and X-Forwarded-Proto, which say `https://bench.example`. */
export interface Request {
  readonly method?: string
  readonly path: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string | Buffer
}

const PARTS = {
  logins: ['logIn', 'authenticate', 'confirm', 'logOut', 'now'],
  signIns: ['list', 'details', 'start', 'finish', 'signOut', 'icon', 'tryAgain'],
  tokens: ['fetch', 'authenticate', 'list', 'outside'],
  sessionCalls: ['describe', 'integrations', 'integration', 'signOut', 'end', 'report', 'exchange'],
  deviceLogins: ['begin', 'poll', 'find', 'decide'],
  sessions: ['open', 'rotate', 'list', 'end'],
  entries: ['ticket', 'redeem', 'route', 'touch', 'onChange'],
  services: ['add', 'list', 'rotate', 'remove'],
  serviceCalls: ['open', 'show', 'end'],
  launches: ['offer', 'start', 'list', 'end', 'log'],
  activity: ['list', 'signOutEverywhere'],
  administration: [
    'addUser',
    'listUsers',
    'showUser',
    'listSignIns',
    'setLocked',
    'setRole',
    'removeUser',
    'reload',
    'ready',
    'health',
  ],
  presets: ['list'],
  verification: ['targets', 'integration', 'draft', 'server', 'echo'],
  overview: ['show'],
  people: ['list', 'show', 'setLocked', 'signOutEverywhere', 'removeSignIn', 'removeSignIns', 'sessions', 'endSession'],
  audit: ['list', 'export'],
  configuration: [
    ...([
      'overview',
      'options',
      'section',
      'check',
      'keep',
      'remove',
      'setEnabled',
      'undo',
      'review',
      'resolve',
      'deploy',
    ] as const),
    ...(['versions', 'version', 'reviewVersion', 'rollBackReview', 'rollBack', 'draftIntegration', 'reloadEverywhere'] as const),
  ],
  changes: ['subscribe'],
} as const satisfies { readonly [Part in keyof Broker]: readonly (keyof Broker[Part])[] }

/** A broker that does what the test says and remembers every other call: `doors.close()` fails on those. */
function brokerOf(expected: ExpectedCalls, unexpected: string[]): Broker {
  const parts = Object.entries(PARTS).map(([part, methods]) => {
    const given: object = Reflect.get(expected, part) ?? {}
    const refusals = methods.map((method) => {
      const refuse = (): never => {
        unexpected.push(`${part}.${method}`)
        throw new Error(`the test did not expect ${part}.${method}`)
      }
      return [method, refuse]
    })
    return [part, { ...Object.fromEntries(refusals), ...given }]
  })
  return Object.fromEntries(parts) as Broker
}

/** The doors on a port of loopback, reached as a trusted proxy would unless `options` say otherwise. */
export interface Doors {
  readonly port: number
  readonly servers: Servers
  readonly adminSocketPath: string
  readonly directory: string
  /** Everything logged, as JSON lines. */
  readonly logged: string[]
  send(request: Request): Promise<Reply>
  /** As one of Benchkey's own pages sends it, with the session cookie `session-cookie`. */
  sendFromPage(request: Request): Promise<Reply>
  /** Bytes on a socket; resolves with everything answered once the server closes, or `until` has arrived. */
  exchange(bytes: string | Buffer, until?: string): Promise<string>
  /** Over the session socket that `options` name. */
  sendLocally(request: Request): Promise<Reply>
  /** Over the admin socket. */
  administer(method: string, path: string, body?: unknown): Promise<Reply>
  beginClose(graceMs: number): Promise<void>
  close(): Promise<void>
}

const INDEX_HTML =
  '<!doctype html><html><head><meta charset="utf-8"><!--benchkey-base--><!--benchkey-page--><script type="module" src="./assets/index-1a2b.js"></script></head><body></body></html>'

/** Effects of the real world but for the random bytes, which count up so that references can be foretold. */
export function countingEffects(): Effects {
  let count = 0
  return {
    now: () => new Date('2026-11-23T12:00:00Z'),
    monotonicMs: () => performance.now(),
    bootId: 'boot',
    sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
    randomBytes: (size) => new Uint8Array(size).fill(++count),
  }
}

/** Opens the doors around the broker calls a test expects. */
export async function openDoors(
  expected: ExpectedCalls = {},
  options: Partial<ServersOptions> = {},
  effects: Effects = countingEffects(),
): Promise<Doors> {
  const directory = await mkdtemp(join(tmpdir(), 'benchkey-doors-'))
  const webRoot = join(directory, 'web')
  await mkdir(join(webRoot, 'assets'), { recursive: true })
  await writeFile(join(webRoot, 'index.html'), INDEX_HTML)
  await writeFile(join(webRoot, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
  await writeFile(join(webRoot, 'assets', 'index-1a2b.js'), 'export {}\n')
  const unexpected: string[] = []
  const logged: string[] = []
  const write = (fields: object, message: string): void => void logged.push(JSON.stringify({ ...fields, message }))
  const adminSocketPath = options.adminSocketPath ?? join(directory, 'admin.sock')
  const cleanUp = async (failure: unknown): Promise<never> => {
    await rm(directory, { recursive: true })
    throw failure
  }
  const servers = await createServers({
    broker: brokerOf(expected, unexpected),
    options: {
      publicUrl: 'https://bench.example',
      callbackAddress: 'https://bench.example',
      trustedProxies: ['127.0.0.1'],
      webRoot,
      adminSocketPath,
      serverName: 'Bench <1>',
      redirectUri: 'https://bench.example/oauth_redirect_callback',
      version: '0.1.0',
      ...options,
    },
    log: { info: write, warn: write, error: write },
    effects,
  }).catch(cleanUp)
  const port = await servers.listen('127.0.0.1', 0).catch(cleanUp)
  const send = (request: Request): Promise<Reply> => sendTo({ host: '127.0.0.1', port }, request, BEHIND_PROXY)
  let closing: Promise<void> | undefined
  const beginClose = (graceMs: number): Promise<void> => {
    closing ??= servers.close(graceMs)
    return closing
  }
  return {
    ...{ port, servers, adminSocketPath, directory, logged, send, beginClose },
    sendFromPage: (request) => send({ ...request, headers: { ...PAGE_HEADERS, ...request.headers } }),
    exchange: (bytes, until) => exchangeWith(port, bytes, until),
    sendLocally: (request) => sendTo({ socketPath: options.sessionSocket?.path ?? '' }, request, { host: 'bench.example' }),
    administer: (method, path, body) =>
      sendTo(
        { socketPath: adminSocketPath },
        { method, path, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
        {},
      ),
    async close() {
      await beginClose(0)
      await rm(directory, { recursive: true })
      if (unexpected.length > 0) throw new Error(`calls that the test did not expect: ${unexpected.join(', ')}`)
    },
  }
}

const BEHIND_PROXY = { host: 'bench.example', 'x-forwarded-proto': 'https' }

/** What a browser and our script put on a request of a page. */
const PAGE_HEADERS = {
  'sec-fetch-site': 'same-origin',
  'sec-fetch-dest': 'empty',
  'x-benchkey-request': '1',
  'content-type': 'application/json',
  cookie: '__Host-Http-benchkey-session=session-cookie',
}

function sendTo(
  where: { host: string; port: number } | { socketPath: string },
  { method = 'GET', path, headers = {}, body }: Request,
  defaults: OutgoingHttpHeaders,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const all = Object.entries({ ...defaults, ...length, ...headers }).filter(([, value]) => value !== undefined)
    const request = httpRequest({ ...where, method, path, headers: Object.fromEntries(all), agent: false })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0, statusMessage = '', headers: received } = response
        resolve({ status: statusCode, reason: statusMessage, headers: received, body: Buffer.concat(chunks).toString() })
      })
    })
    request.end(body)
  })
}

function exchangeWith(port: number, bytes: string | Buffer, until: string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    let received = ''
    socket.on('error', (error) => (received === '' ? reject(error) : resolve(received)))
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (until !== undefined && received.includes(until)) {
        socket.destroy()
        resolve(received)
      }
    })
    socket.on('close', () => resolve(received))
    socket.write(bytes)
  })
}

/** A user, an open browser session of theirs, and the integration of the reference's example. */
export const ada: User = { id: 'u1', name: 'ada', isAdmin: false, createdAt: new Date('2026-01-02T03:04:05Z') }

/** The browser session behind the cookie `session-cookie`. */
export const adasBrowser: BrowserSession = {
  idHash: 'hash-of-session-cookie',
  user: ada,
  createdAt: new Date('2026-11-23T09:00:00Z'),
  lastSeenAt: new Date('2026-11-23T11:59:00Z'),
}

/** `logins.authenticate` that knows one cookie. */
export const adaIsLoggedIn: Pick<Broker['logins'], 'authenticate'> = {
  authenticate: async (cookie) => (cookie === 'session-cookie' ? adasBrowser : undefined),
}

/** One integration as the configuration gives it. */
export const box: Integration = {
  uid: '4c1cfecb-1927-4f19-bc2f-d8ac261364e0',
  section: 'box-integration',
  displayName: 'Box API Access',
  client: { clientId: 'box-client', clientSecret: 'box-secret', authenticationMethod: 'client-secret-post' },
  authorizationUrl: 'https://account.box.com/api/oauth2/authorize',
  tokenUrl: 'https://api.box.com/oauth2/token',
  scopes: ['read', 'write'],
  scopeSeparator: ' ',
  redirectUri: 'fixed',
  pkce: 'S256',
  authorizationParams: [],
  refreshReuse: { kind: 'unknown' },
  revocationScope: 'grant',
  deadRefreshErrors: [],
}
