import { once } from 'node:events'
import { createServer as createHttpServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { type RegisteredClient, type RunningAuthorizationServer, startAuthorizationServer } from './authorization-server.ts'
import { makeAuthority, makeLeaf } from './certificates.ts'

/** Box under its own names and paths, a real authorization server behind them, and the one way there: an outgoing proxy. */
export interface BoxService {
  readonly authorizationServer: RunningAuthorizationServer
  /** `http://127.0.0.1:PORT`: the proxy, which leads to Box's hosts and nowhere else. */
  readonly proxyUrl: string
  /** PEM of the authority that its certificate is from. */
  readonly ca: string
  /** Hosts that were asked for through the proxy, in order. */
  readonly connections: readonly string[]
  close(): Promise<void>
}

const HOSTS = ['account.box.com', 'api.box.com']

/** Says whose token it was given, in Box's words. */
const ACCOUNT_PATH = '/2.0/users/me'

/** Where Box's paths lie at the authorization server. https://developer.box.com/reference/ */
const PATHS: Readonly<Record<string, string>> = {
  '/api/oauth2/authorize': '/auth',
  '/oauth2/token': '/token',
  '/oauth2/revoke': '/token/revocation',
  [ACCOUNT_PATH]: '/me',
}

/** Starts it on free loopback ports. Box has no PKCE and no `iss`, and a refresh token works once. */
export async function startBoxService(client: RegisteredClient, accessTokenSeconds: number): Promise<BoxService> {
  const authorizationServer = await startAuthorizationServer({
    clients: [client],
    rotate: true,
    accessTokenSeconds,
    pkceRequired: false,
    issuesIss: false,
  })
  const authority = await makeAuthority('Corp Proxy CA')
  const leaf = await makeLeaf(authority, HOSTS)
  const front = createHttpsServer({ cert: leaf.certificate, key: leaf.key }, (request, response) =>
    passOn(request, response, new URL(authorizationServer.issuer)),
  )
  // Whoever sends on a connection in the moment in which it is closed for being idle is answered nothing.
  front.keepAliveTimeout = 0
  const frontPort = await listen(front)
  const connections: string[] = []
  const tunnels = new Set<Socket>()
  const proxy = createHttpServer((_request, response) => response.writeHead(405).end())
  proxy.on('connect', (request: IncomingMessage, client: Socket) => {
    tunnels.add(client.on('close', () => tunnels.delete(client)))
    lead(request, client, frontPort, connections)
  })
  const proxyPort = await listen(proxy)
  return {
    authorizationServer,
    proxyUrl: `http://127.0.0.1:${proxyPort}`,
    ca: authority.pem,
    connections,
    async close() {
      for (const tunnel of tunnels) tunnel.destroy()
      await Promise.all([close(proxy), close(front)])
      await authorizationServer.close()
    },
  }
}

/** One request as the authorization server knows it; its redirects to itself lead back to Box's host. */
function passOn(request: IncomingMessage, response: ServerResponse, target: URL): void {
  const url = new URL(request.url ?? '/', target)
  const path = (PATHS[url.pathname] ?? url.pathname) + url.search
  const headers = { ...request.headers, host: target.host }
  const onward = httpRequest({ host: target.hostname, port: target.port, method: request.method, path, headers, agent: false })
  onward.on('response', (reply) => {
    const location = reply.headers.location
    const isOwn = location?.startsWith(target.origin)
    const changed = isOwn ? { location: `https://account.box.com${location?.slice(target.origin.length)}` } : {}
    if (url.pathname === ACCOUNT_PATH && reply.statusCode === 200) return void tellAccount(reply, response)
    response.writeHead(reply.statusCode ?? 502, { ...reply.headers, ...changed })
    reply.pipe(response)
  })
  onward.on('error', () => response.destroy())
  request.pipe(onward)
}

async function tellAccount(reply: IncomingMessage, response: ServerResponse): Promise<void> {
  const { user } = JSON.parse(Buffer.concat(await reply.toArray()).toString()) as { user: string }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ type: 'user', name: user, login: `${user}@corp.example` }))
}

/** A tunnel for one of Box's hosts. */
function lead(request: IncomingMessage, client: Socket, port: number, connections: string[]): void {
  const [host = ''] = (request.url ?? '').split(':')
  if (!HOSTS.includes(host)) {
    client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
    return
  }
  connections.push(host)
  const onward = connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    client.pipe(onward).pipe(client)
  })
  for (const socket of [client, onward]) {
    socket.on('error', () => {
      client.destroy()
      onward.destroy()
    })
  }
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function close(server: Server & { closeAllConnections(): void }): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
