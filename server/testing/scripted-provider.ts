import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { SecureVersion } from 'node:tls'
import { type Behaviour, grant, type ReceivedRequest } from './behaviours.ts'
import { RefreshLedger, type Rotation } from './refresh-ledger.ts'

/** Its certificate, and what may be wrong with its TLS. */
export interface TlsOptions {
  readonly certificate: string
  readonly key: string
  /** The newest version it speaks. */
  readonly maxVersion?: SecureVersion
  /** Whether it lets in only clients with a certificate of this authority (PEM). */
  readonly clientAuthority?: string
}

/** How the scripted provider starts. */
export interface ScriptedProviderOptions {
  /** Default: `strict-family`, as oidc-provider. */
  readonly rotation?: Rotation
  readonly accessTokenSeconds?: number
  /** PEM; without it plain http. */
  readonly tls?: TlsOptions
  /** Default: 127.0.0.1. */
  readonly host?: string
  /** Default: a free one. */
  readonly port?: number
  /** The clock of `grace:N`. */
  readonly nowMs?: () => number
  /** The clock of slow answers; without it a behaviour that sleeps is an error. */
  readonly sleep?: (ms: number) => Promise<void>
}

/** A running fake token endpoint whose behaviour a test scripts request by request. */
export interface ScriptedProvider {
  readonly origin: string
  readonly authorizationUrl: string
  readonly tokenUrl: string
  readonly revocationUrl: string
  readonly port: number
  readonly ledger: RefreshLedger
  /** Requests received whole, in order, on any path. */
  readonly requests: readonly ReceivedRequest[]
  /** TCP connections accepted. */
  readonly connections: number
  /** Bytes received on all connections; over TLS the decrypted ones. */
  readonly bytesReceived: number
  /** Behaviours for the coming requests, one each, in order; afterwards the usual one again. */
  next(...behaviours: Behaviour[]): void
  /** The usual behaviour, at the start `grant()`. */
  always(behaviour: Behaviour): void
  /** Looks at every accepted TCP connection before a byte is read, and may destroy it. */
  onConnection(listener: ((socket: Socket) => void) | undefined): void
  /** Resolves when so many requests have been received since the start. */
  received(count: number): Promise<void>
  close(): Promise<void>
}

/** Starts a fake token and revocation endpoint on loopback. */
export async function startScriptedProvider(options: ScriptedProviderOptions = {}): Promise<ScriptedProvider> {
  const host = options.host ?? '127.0.0.1'
  const server = options.tls ? createHttpsServer(tlsServerOptions(options.tls)) : createHttpServer()
  // Whoever sends on a connection in the moment in which it is closed for being idle is answered nothing.
  server.keepAliveTimeout = 0
  const script = new Script(options)
  script.watch(server, options.tls ? 'secureConnection' : 'connection')
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port ?? 0, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const origin = `${options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  return {
    origin,
    port,
    authorizationUrl: `${origin}/authorize`,
    tokenUrl: `${origin}/token`,
    revocationUrl: `${origin}/revoke`,
    ledger: script.ledger,
    requests: script.requests,
    get connections() {
      return script.connections
    },
    get bytesReceived() {
      return script.bytesReceived()
    },
    next: (...behaviours) => void script.queue.push(...behaviours),
    always: (behaviour) => {
      script.usual = behaviour
    },
    onConnection: (listener) => {
      script.connectionListener = listener
    },
    received: (count) => script.received(count),
    close: () => closeServer(server),
  }
}

/** Versions before 1.2 need OpenSSL's lowest security level. */
function tlsServerOptions({ certificate, key, maxVersion, clientAuthority }: TlsOptions): ServerOptions {
  return {
    ...{ cert: certificate, key },
    ...(maxVersion === undefined ? {} : { maxVersion, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ...(clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true, rejectUnauthorized: true }),
  }
}

class Script {
  readonly ledger: RefreshLedger
  readonly requests: ReceivedRequest[] = []
  readonly queue: Behaviour[] = []
  usual: Behaviour = grant()
  connectionListener: ((socket: Socket) => void) | undefined
  connections = 0
  readonly #sockets = new Set<Socket>()
  #bytesOfClosed = 0
  readonly #sleep: (ms: number) => Promise<void>
  #waiting: { count: number; resolve: () => void }[] = []

  constructor(options: ScriptedProviderOptions) {
    this.#sleep = options.sleep ?? (() => Promise.reject(new Error('This provider was given no clock.')))
    this.ledger = new RefreshLedger({ rotation: 'strict-family', ...options })
  }

  watch(server: Server, readable: 'connection' | 'secureConnection'): void {
    server.on('connection', (socket: Socket) => {
      this.connections += 1
      this.connectionListener?.(socket)
    })
    server.on(readable, (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => {
        this.#sockets.delete(socket)
        this.#bytesOfClosed += socket.bytesRead
      })
    })
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
    })
  }

  bytesReceived(): number {
    let sum = this.#bytesOfClosed
    for (const socket of this.#sockets) sum += socket.bytesRead
    return sum
  }

  received(count: number): Promise<void> {
    if (this.requests.length >= count) return Promise.resolve()
    return new Promise((resolve) => void this.#waiting.push({ count, resolve }))
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of incoming.setEncoding('utf8')) body += chunk
    const request: ReceivedRequest = {
      at: new Date(),
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      rawHeaders: incoming.rawHeaders,
      body,
      parameters: parametersOf(incoming.headers['content-type'], body),
    }
    this.requests.push(request)
    const behaviour = this.queue.shift() ?? this.usual
    for (const waiter of this.#waiting.filter((w) => w.count <= this.requests.length)) waiter.resolve()
    this.#waiting = this.#waiting.filter((w) => w.count > this.requests.length)
    await behaviour({ request, response, socket: incoming.socket, ledger: this.ledger, sleep: this.#sleep })
  }
}

/** The parameters of a form, or of a JSON object of texts and lists of texts. */
function parametersOf(contentType: string | undefined, body: string): URLSearchParams {
  if (contentType !== 'application/json') return new URLSearchParams(body)
  const members = Object.entries(JSON.parse(body) as Readonly<Record<string, string | readonly string[]>>)
  return new URLSearchParams(members.flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])))
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeAllConnections()
  })
}
