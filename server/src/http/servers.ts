import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Broker } from '../broker/broker.ts'
import type { Effects } from '../domain/effects.ts'
import { SetupError } from '../domain/errors.ts'
import { createAdminDoor } from './admin-door.ts'
import { createBrowserDoor } from './browser-door.ts'
import { DeviceDoor } from './device-door.ts'
import { createFront, createLocalFront, createUpgradeFront, type FrontParts } from './front.ts'
import { answerParserError, createListener, createLocalListener, replaceIdentity, type TlsIdentity } from './listener.ts'
import type { HttpLog } from './log.ts'
import { PlainReplies } from './plain-replies.ts'
import { RpcDoor } from './rpc-door.ts'
import { pageHeaders, programHeaders } from './security-headers.ts'
import { SessionSocket, type SessionSocketPlace } from './session-socket.ts'
import { SharedOrigin } from './shared-origin.ts'
import { TrustedProxies } from './trusted-proxies.ts'

/** Addresses, files and names of one server. URLs without a trailing slash. */
export interface ServersOptions {
  readonly publicUrl: string
  readonly callbackAddress: string
  /** Absent only behind a proxy of `trustedProxies`. */
  readonly tls?: TlsIdentity
  /** Origin of session pages, `{id}` in it where each session has its own; absent: there are none. */
  readonly sessionsUrl?: string
  /** Under `shared-origin=1`: where requests for sessions are passed on to. */
  readonly sharedPagesSocket?: string
  readonly trustedProxies: readonly string[]
  /** The folder of the built pages. */
  readonly webRoot: string
  readonly adminSocketPath: string
  /** Where sessions of this host find their RPC besides; absent: over the port only. */
  readonly sessionSocket?: SessionSocketPlace
  readonly serverName: string
  /** To register at every service. */
  readonly redirectUri: string
  /** Of Benchkey, for `GET /status` of the admin socket. */
  readonly version: string
}

/** All doors of one process. */
export interface Servers {
  /** Opens the admin socket and the port; resolves with the port. Rejects with SetupError when either is taken. */
  listen(host: string, port: number): Promise<number>
  /** Path of the session socket while it listens. */
  sessionSocketPath(): string | undefined
  /** Takes a renewed certificate for connections from now on. Throws SetupError, keeping the old one, when it is unusable. */
  replaceTls(tls: TlsIdentity): void
  /** Stops accepting, lets requests finish for at most `graceMs`, then cuts the rest. */
  close(graceMs: number): Promise<void>
}

/** How often a closing server looks for connections that became idle. */
const DRAIN_LOOK_MS = 50

/** Builds the doors. Nothing listens before `listen`. */
export async function createServers(parts: {
  broker: Broker
  options: ServersOptions
  log: HttpLog
  effects: Effects
}): Promise<Servers> {
  const { broker, options, log, effects } = parts
  const { publicUrl, callbackAddress, tls, webRoot, serverName, redirectUri } = options
  const headers = pageHeaders(publicUrl, options.sessionsUrl)
  const replies = new PlainReplies(programHeaders(publicUrl))
  const rpc = new RpcDoor({ broker, replies, log, effects, publicUrl, callbackAddress, version: options.version })
  const devices = new DeviceDoor({ broker, replies, log, effects, publicUrl, callbackAddress })
  const proxies = new TrustedProxies(options.trustedProxies)
  const drain = { isDraining: false }
  const onParserError: Parameters<typeof createLocalListener>[2] = (error, socket) =>
    answerParserError(error, socket, programHeaders(publicUrl))
  let server: Server | undefined
  const browserDoor = await createBrowserDoor({
    ...{ broker, log, effects, proxies, publicUrl, webRoot, serverName, redirectUri },
    serverFactory: (web) => {
      const isDraining = (): boolean => drain.isDraining
      const own = { broker, rpc, devices, replies, proxies, headers, log, effects }
      server = createServer(tls, { ...own, web, publicUrl, callbackAddress, isDraining }, options.sharedPagesSocket)
      return server
    },
    onParserError,
  })
  if (server === undefined) throw new Error('the framework made no server')
  const adminDoor = createAdminDoor({ broker, options, log, effects })
  const listener = server
  const local = createLocalListener(replies, createLocalFront({ rpc, replies, callbackAddress }), onParserError)
  const sessionSocket = new SessionSocket(local, { place: options.sessionSocket, log, callbackAddress })
  return {
    async listen(host, port) {
      await adminDoor.listen()
      try {
        const taken = await listenOn(listener, host, port)
        await sessionSocket.listen()
        return taken
      } catch (failure) {
        await adminDoor.close()
        throw failure
      }
    },
    sessionSocketPath: () => sessionSocket.path,
    replaceTls(tls) {
      replaceIdentity(listener, tls)
    },
    async close(graceMs) {
      drain.isDraining = true
      replies.drain()
      const closed = Promise.all([listener, local].map(closeListener))
      await browserDoor.close()
      await adminDoor.close()
      await drainConnections([listener, local], closed, graceMs, effects)
    },
  }
}

/** Uploads to sessions take as long as they need; the other doors have bounds of their own for bodies. */
const SHARED_REQUEST_MS = 3_600_000

/** The one server, which under `shared-origin=1` also passes on what is for sessions. */
function createServer(tls: TlsIdentity | undefined, front: FrontParts, sharedPagesSocket: string | undefined): Server {
  if (sharedPagesSocket === undefined) return createListener(tls, front.replies, createFront(front))
  const all = { ...front, shared: new SharedOrigin(sharedPagesSocket, front.replies) }
  const server = createListener(tls, front.replies, createFront(all))
  server.requestTimeout = SHARED_REQUEST_MS
  return server.on('upgrade', createUpgradeFront(all))
}

function listenOn(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => reject(listenFailure(error, host, port))
    server.once('error', fail)
    server.listen({ host, port }, () => {
      server.removeListener('error', fail)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function listenFailure(error: NodeJS.ErrnoException, host: string, port: number): SetupError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program uses it. Stop that one, or set another www-port.',
    EACCES: 'this account may not. Use a port from 1024 on, or give the service the capability CAP_NET_BIND_SERVICE.',
    EADDRNOTAVAIL: 'this machine does not have that address. Correct www-address.',
    ENOTFOUND: 'that name is unknown. Correct www-address.',
  }
  const reason = reasons[error.code ?? ''] ?? `the system answered ${error.code ?? 'an unknown error'}.`
  return new SetupError(`Benchkey cannot listen on ${host} port ${port}: ${reason}`)
}

/** Resolves when the last connection is gone; at once when it never listened. */
function closeListener(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

async function drainConnections(
  servers: readonly Server[],
  closed: Promise<unknown>,
  graceMs: number,
  effects: Effects,
): Promise<void> {
  const stop = new AbortController()
  const done = closed.then(() => stop.abort())
  const until = effects.monotonicMs() + graceMs
  while (!stop.signal.aborted && effects.monotonicMs() < until) {
    for (const server of servers) server.closeIdleConnections()
    await effects.sleep(DRAIN_LOOK_MS, stop.signal).catch(() => undefined)
  }
  for (const server of servers) server.closeAllConnections()
  await done
}
