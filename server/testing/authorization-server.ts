import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { Provider, type RequestContext } from 'oidc-provider'
import { errorPage, handleInteraction } from './authorization-server-pages.ts'
import { type AuthorizationServerState, openAuthorizationServerState } from './authorization-server-state.ts'

/** One registered client of the authorization server. */
export interface RegisteredClient {
  readonly id: string
  readonly secret: string
  readonly method: 'client-secret-post' | 'client-secret-basic'
  readonly redirectUris: readonly string[]
}

/** How the authorization server behaves. */
export interface AuthorizationServerOptions {
  readonly clients: readonly RegisteredClient[]
  /** Whether every refresh gives a new refresh token; the replay of an old one then ends the whole grant. */
  readonly rotate: boolean
  readonly accessTokenSeconds: number
  /** Default: a free port. */
  readonly port?: number
  /** Default: 127.0.0.1; it is also the host of the issuer. */
  readonly host?: string
  /** PEM; without it plain http. */
  readonly tls?: { readonly certificate: string; readonly key: string }
  /** Default: true. */
  readonly pkceRequired?: boolean
  /** Whether authorization responses carry `iss` (RFC 9207). Default: true. */
  readonly issuesIss?: boolean
  /** `always` (default), `never`, or only for the scope `offline_access`. */
  readonly issueRefreshToken?: 'always' | 'never' | 'offline_access'
  /** Known scopes besides `openid` and `offline_access`. */
  readonly scopes?: readonly string[]
  /** Keeps grants and tokens across processes. Default: memory. */
  readonly stateFile?: string
}

/** One token request, as the server answered it. */
export interface TokenRequestRecord {
  readonly at: Date
  readonly grantType: string
  readonly clientId: string
  readonly status: number
  readonly error?: string
}

/** A running authorization server. */
export interface RunningAuthorizationServer {
  readonly issuer: string
  readonly authorizationUrl: string
  readonly tokenUrl: string
  readonly revocationUrl: string
  /** A protected resource: 200 with who the bearer token is for, else 401. */
  readonly resourceUrl: string
  readonly port: number
  /** In the order answered. */
  readonly tokenRequests: readonly TokenRequestRecord[]
  /** Token requests answered, of one grant type or of all. */
  countTokenRequests(grantType?: 'authorization_code' | 'refresh_token'): number
  /** Status of each revocation request answered. */
  readonly revocations: readonly number[]
  /** Ends every grant and token, as an administrator at the service would. */
  revokeEverything(): void
  close(): Promise<void>
}

const USUAL_SCOPES = ['profile', 'email', 'read', 'write', 'files.read', 'files.write']
/** What a request without `scope` gets. RFC 6749 §3.3. */
const DEFAULT_SCOPE = 'read'
const REFRESH_TOKEN_SECONDS = 14 * 24 * 60 * 60
const INTERACTION_SECONDS = 10 * 60

/** Starts a real authorization server (oidc-provider) on loopback, with pages for people and tests. */
export async function startAuthorizationServer(options: AuthorizationServerOptions): Promise<RunningAuthorizationServer> {
  const host = options.host ?? '127.0.0.1'
  const server = options.tls ? createHttpsServer({ cert: options.tls.certificate, key: options.tls.key }) : createHttpServer()
  // Whoever sends on a connection in the moment in which it is closed for being idle is answered nothing.
  server.keepAliveTimeout = 0
  const port = await listen(server, options.port ?? 0, host)
  const issuer = `${options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  const state = openAuthorizationServerState(options.stateFile)
  const provider = new Provider(issuer, configurationOf(options, state))
  const tokenRequests: TokenRequestRecord[] = []
  const revocations: number[] = []
  provider.on('grant.success', (context: RequestContext) => void tokenRequests.push(recordOf(context)))
  provider.on('grant.error', (context: RequestContext, error: Error) => void tokenRequests.push(recordOf(context, error.message)))
  server.on('request', doorOf(provider, options, revocations))
  return {
    issuer,
    authorizationUrl: `${issuer}/auth`,
    tokenUrl: `${issuer}/token`,
    revocationUrl: `${issuer}/token/revocation`,
    resourceUrl: `${issuer}/me`,
    port,
    tokenRequests,
    countTokenRequests: (grantType) => tokenRequests.filter((r) => !grantType || r.grantType === grantType).length,
    revocations,
    revokeEverything: () => state.revokeEverything(),
    close: async () => {
      await closeServer(server)
      state.close()
    },
  }
}

function configurationOf(options: AuthorizationServerOptions, state: AuthorizationServerState): Record<string, unknown> {
  const issue = options.issueRefreshToken ?? 'always'
  return {
    adapter: (model: string) => state.adapter(model),
    jwks: state.jwks(),
    cookies: { keys: state.cookieKeys() },
    clients: options.clients.map((client) => ({
      client_id: client.id,
      client_secret: client.secret,
      redirect_uris: client.redirectUris,
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: client.method === 'client-secret-post' ? 'client_secret_post' : 'client_secret_basic',
      id_token_signed_response_alg: 'ES256',
    })),
    scopes: ['openid', 'offline_access', ...(options.scopes ?? USUAL_SCOPES)],
    claims: { openid: ['sub', 'preferred_username', 'email'] },
    conformIdTokenClaims: false,
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: id, email: `${id}@demo.example` }),
    }),
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      revocation: { enabled: true, allowedPolicy: sameClient },
    },
    interactions: { url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}` },
    pkce: { required: () => options.pkceRequired ?? true },
    rotateRefreshToken: options.rotate,
    expiresWithSession: () => false,
    issueRefreshToken: (_context: unknown, _client: unknown, source: { scopes: Set<string> }) =>
      issue === 'always' || (issue === 'offline_access' && source.scopes.has('offline_access')),
    ttl: {
      AccessToken: options.accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: REFRESH_TOKEN_SECONDS,
      IdToken: 600,
      Interaction: INTERACTION_SECONDS,
      RefreshToken: REFRESH_TOKEN_SECONDS,
      Session: INTERACTION_SECONDS,
    },
    renderError: (context: { type: string; body: string }, out: { error: string; error_description?: string }) => {
      context.type = 'html'
      context.body = errorPage(out)
    },
  }
}

function sameClient(_context: unknown, client: { clientId: string }, token: { clientId: string }): boolean {
  return client.clientId === token.clientId
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

function doorOf(provider: Provider, options: AuthorizationServerOptions, revocations: number[]): Handler {
  const standard = provider.callback()
  return (request, response) => {
    const url = new URL(request.url ?? '/', provider.issuer)
    if (url.pathname.startsWith('/interaction/')) {
      handleInteraction(provider, request, response).catch((error: unknown) => fail(response, error))
      return
    }
    if (url.pathname === '/me') {
      handleResource(provider, request, response).catch((error: unknown) => fail(response, error))
      return
    }
    if (url.pathname === '/auth') startAfresh(request, url)
    if (url.pathname === '/token/revocation') response.on('finish', () => void revocations.push(response.statusCode))
    if (options.issuesIss === false) withoutIss(response)
    standard(request, response).catch((error: unknown) => fail(response, error))
  }
}

/** Every authorization request asks who is there, so that one browser can be two people, and `scope` may be left out. */
function startAfresh(request: IncomingMessage, url: URL): void {
  delete request.headers.cookie
  if (!url.searchParams.has('scope')) url.searchParams.set('scope', DEFAULT_SCOPE)
  request.url = url.pathname + url.search
}

function withoutIss(response: ServerResponse): void {
  const setHeader = response.setHeader.bind(response)
  response.setHeader = (name, value) => {
    if (name.toLowerCase() !== 'location' || typeof value !== 'string') return setHeader(name, value)
    const location = new URL(value, 'http://relative.example')
    if (!location.searchParams.has('iss')) return setHeader(name, value)
    location.searchParams.delete('iss')
    return setHeader(name, location.href)
  }
}

async function handleResource(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const bearer = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const token = bearer === undefined ? undefined : await provider.AccessToken.find(bearer)
  if (!token?.isValid) {
    response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': 'Bearer error="invalid_token"' })
    response.end('{"error":"invalid_token"}\n')
    return
  }
  const secondsLeft = token.exp - Math.floor(Date.now() / 1000)
  const who = { user: token.accountId, client: token.clientId, scope: token.scope ?? '', expires_in: secondsLeft }
  response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(who)}\n`)
}

function fail(response: ServerResponse, error: unknown): void {
  if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/html; charset=utf-8' })
  response.end(errorPage({ error: 'server_error', error_description: error instanceof Error ? error.message : String(error) }))
}

function recordOf(context: RequestContext, error?: string): TokenRequestRecord {
  return {
    at: new Date(),
    grantType: context.oidc.params?.grant_type ?? 'unknown',
    clientId: context.oidc.client?.clientId ?? 'unknown',
    status: context.status,
    ...(error === undefined ? {} : { error }),
  }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeAllConnections()
  })
}
