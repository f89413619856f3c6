import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import type { SessionEntries } from '../src/broker/broker.ts'
import { entryCookieName, type ProxySettings, type SessionRoute } from '../src/domain/session-proxy.ts'
import { realEffects } from '../src/effects.ts'
import { SessionProxyProcess } from '../src/http/session-proxy.ts'
import { hashOfEntry } from '../src/proxy/server-link.ts'
import { makeCertificates } from './certificates.ts'

/** The session behind the room's application. */
export const SESSION = '11111111-1111-4111-8111-111111111111'
/** A session to which nobody here has an entry. */
export const OTHER_SESSION = '22222222-2222-4222-8222-222222222222'
/** Another session that the entry to `SESSION` opens, for tests with two. */
export const SECOND_SESSION = '44444444-4444-4444-8444-444444444444'
/** The entry to `SESSION`. */
export const ENTRY = 'e'.repeat(43)
/** The one ticket to `SESSION`. */
export const TICKET = 't'.repeat(43)
/** Where the home page is. */
export const PUBLIC_URL = 'https://bench.example'

/** What the proxy answered. */
export interface ProxyReply {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: string
}

/** How a test asks; the entry's cookie and the right `Host` are there unless it says otherwise. */
export interface Ask {
  readonly method?: string
  readonly headers?: Record<string, string | readonly string[]>
  readonly body?: string
}

/** A real proxy process over TLS, a server that answers it from a table, and an application that does what the test says. */
export interface SessionProxyRoom {
  readonly proxy: SessionProxyProcess
  readonly port: number
  readonly ca: string
  /** `https://localhost:PORT` */
  readonly origin: string
  readonly host: string
  /** The application of `SESSION`. */
  readonly app: Server
  readonly appSocket: string
  /** What its last request was. */
  readonly seen: {
    readonly url: string
    readonly method: string
    readonly rawHeaders: readonly string[]
    readonly body: string
  }[]
  /** What the entry opens; a test may change it. */
  route: SessionRoute
  /** Sessions that were told to be used. */
  readonly touched: string[]
  readonly logged: string[]
  /** Tells the proxy that something changed. */
  change(): void
  ask(path: string, ask?: Ask): Promise<ProxyReply>
  /** A TLS connection to the proxy. */
  connect(): Promise<TLSSocket>
  close(): Promise<void>
}

/** What a room is opened with. */
export interface RoomPlan {
  /** Default: says what it was asked. */
  readonly handler?: RequestListener
  readonly onUpgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  readonly basePath?: 'strip' | 'keep'
  readonly secretHeader?: { readonly name: string; readonly value: string }
  readonly settings?: Partial<ProxySettings>
  readonly account?: { readonly uid: number; readonly gid: number }
  readonly program?: string
}

/** Opens a room; close it after the test. */
export async function openSessionProxyRoom(plan: RoomPlan = {}): Promise<SessionProxyRoom> {
  const directory = mkdtempSync(join(tmpdir(), 'bk-proxy-'))
  chmodSync(directory, 0o711)
  const certificates = join(directory, 'certificates')
  mkdirSync(certificates, { mode: 0o700 })
  const { ca, certificate, key } = await makeTls(certificates)
  const sessionDirectory = join(directory, SESSION)
  mkdirSync(sessionDirectory)
  const appSocket = join(sessionDirectory, 'app.sock')
  const seen: { url: string; method: string; rawHeaders: readonly string[]; body: string }[] = []
  const app = await startApplication(appSocket, plan, seen)
  const played = playServer(appSocket, plan)
  const logged: string[] = []
  const write = (fields: object, message: string): void => void logged.push(JSON.stringify({ ...fields, message }))
  const proxy = new SessionProxyProcess({
    entries: played.entries,
    settings: (port) => ({
      sessionsUrl: `https://localhost:${port}`,
      publicUrl: PUBLIC_URL,
      trustedProxies: [],
      tls: { cert: certificate, key },
      isBehindServer: false,
      ...plan.settings,
    }),
    listen: { address: '127.0.0.1', port: 0 },
    account: plan.account,
    log: { info: write, warn: write, error: write },
    effects: realEffects(),
    ...(plan.program === undefined ? {} : { program: plan.program }),
  })
  await proxy.start()
  if (proxy.problem !== undefined) throw new Error(proxy.problem)
  const { port } = proxy
  const host = `localhost:${port}`
  return {
    ...{ proxy, port, ca, host, app, appSocket, seen, logged, touched: played.touched, origin: `https://${host}` },
    get route() {
      return played.route
    },
    set route(route) {
      played.route = route
    },
    change: played.change,
    ask: (path, ask = {}) => askProxy({ port, ca }, path, { ...ask, headers: { host, ...ENTRY_COOKIE, ...ask.headers } }),
    connect: () =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }, () => resolve(socket))
        socket.once('error', reject)
      }),
    close: async () => {
      await proxy.close()
      app.closeAllConnections()
      app.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The server's part, from a table. */
interface PlayedServer {
  route: SessionRoute
  readonly entries: SessionEntries
  readonly touched: string[]
  readonly change: () => void
}

function playServer(appSocket: string, { basePath = 'strip', secretHeader }: RoomPlan): PlayedServer {
  const listeners = new Set<() => void>()
  const tickets = new Set([TICKET])
  const touched: string[] = []
  const secret = secretHeader ? { secretHeader } : {}
  const played: PlayedServer = {
    route: { state: 'running', name: 'analysis', target: { socketPath: appSocket }, basePath, ...secret },
    touched,
    change: () => {
      for (const listener of listeners) listener()
    },
    entries: {
      ticket: () => Promise.reject(new Error('the test did not expect a new ticket')),
      redeem: async (ticket, sessionId) => (sessionId === SESSION && tickets.delete(ticket) ? { entry: ENTRY } : undefined),
      route: async (entryHash, sessionId) =>
        entryHash === hashOfEntry(ENTRY) && [SESSION, SECOND_SESSION].includes(sessionId) ? played.route : { state: 'none' },
      touch: async (ids) => void touched.push(...ids),
      onChange: (listener) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
  }
  return played
}

/** The cookie that lets into `SESSION`. */
export const ENTRY_COOKIE = { cookie: `${entryCookieName(SESSION)}=${ENTRY}` }

/** One request over TLS, with exactly these headers. */
function askProxy(
  where: { readonly port: number; readonly ca: string },
  path: string,
  { method = 'GET', headers = {}, body }: Ask,
): Promise<ProxyReply> {
  const options: RequestOptions = {
    host: '127.0.0.1',
    servername: 'localhost',
    ...where,
    path,
    method,
    agent: false,
    setHost: false,
  }
  return new Promise((resolve, reject) => {
    const request = httpsRequest(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers: received, rawHeaders } = response
        resolve({ status, headers: received, rawHeaders, body: Buffer.concat(chunks).toString() })
      })
    })
    request.once('error', reject)
    for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
    request.end(body)
  })
}

async function startApplication(path: string, plan: RoomPlan, seen: SessionProxyRoom['seen']): Promise<Server> {
  const app = createServer((request, response) => {
    let body = ''
    if (plan.handler) {
      const { url = '', method = '', rawHeaders } = request
      seen.push({ url, method, rawHeaders, body })
      return plan.handler(request, response)
    }
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      const { url = '', method = '', rawHeaders } = request
      seen.push({ url, method, rawHeaders, body })
      response.end(`asked for ${url}`)
    })
  })
  if (plan.onUpgrade) app.on('upgrade', plan.onUpgrade)
  await new Promise<void>((resolve) => app.listen(path, resolve))
  chmodSync(path, 0o666)
  return app
}

async function makeTls(directory: string): Promise<{ ca: string; certificate: string; key: string }> {
  const { ca, certificateFile, keyFile } = await makeCertificates(directory)
  return { ca, certificate: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8') }
}
