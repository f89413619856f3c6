import * as oauth from 'oauth4webapi'
import type { Effects } from '../domain/effects.ts'
import { type Integration, issuerOf, type Parameters } from '../domain/integration.ts'
import type { UnreadReply } from '../domain/unread-reply.ts'
import { clientAuthentication, confidentialOf } from './client-authentication.ts'
import { accountOf } from './id-token.ts'
import { type NormalisedReply, normalise, type ReplyShape, type TokenMembers } from './normalise.ts'
import type { TokenOutcome, TokenReply } from './outcome.ts'
import { outcomeOfFailure, outcomeOfReply } from './token-outcome.ts'
import { NotSent, PerhapsSent, type Transport, type TransportReply, type TransportRequest } from './transport.ts'

/** What token and revocation requests need of the world. */
export interface RequestContext {
  readonly effects: Effects
  readonly transport: Transport
}

/** Exchanges an authorization code. Sent once, never repeated. RFC 6749 §4.1.3. */
export function exchangeCode(
  context: RequestContext,
  integration: Integration,
  request: { code: string; redirectUri: string; codeVerifier?: string },
): Promise<TokenOutcome> {
  const parameters = extraParameters(integration, integration.tokenParams)
  parameters.set('code', request.code)
  parameters.set('redirect_uri', request.redirectUri)
  if (request.codeVerifier !== undefined) parameters.set('code_verifier', request.codeVerifier)
  const secrets = [request.code, request.codeVerifier ?? '']
  return tokenRequest(context, integration, { grantType: 'authorization_code', parameters, secrets, mayLeave: () => true })
}

/** Refreshes an access token. Sent at most once, and only while `mayLeave` says so. RFC 6749 §6. */
export function refresh(
  context: RequestContext,
  integration: Integration,
  request: { refreshToken: string; mayLeave: () => boolean },
): Promise<TokenOutcome> {
  const { mayLeave, refreshToken } = request
  const parameters = extraParameters(integration, integration.refreshParams)
  parameters.set('refresh_token', refreshToken)
  return tokenRequest(context, integration, { grantType: 'refresh_token', parameters, secrets: [refreshToken], mayLeave })
}

/** What the configuration adds to a token request; the request's own parameters are set over it. RFC 8707 §2.2. */
function extraParameters({ resources = [], audience }: Integration, written: Parameters = []): URLSearchParams {
  const parameters = new URLSearchParams(written.map(([name, value]): [string, string] => [name, value]))
  for (const resource of resources) parameters.append('resource', resource)
  if (audience !== undefined) parameters.set('audience', audience)
  return parameters
}

interface Grant {
  readonly grantType: 'authorization_code' | 'refresh_token'
  readonly parameters: URLSearchParams
  readonly secrets: readonly string[]
  readonly mayLeave: () => boolean
}

async function tokenRequest(context: RequestContext, integration: Integration, grant: Grant): Promise<TokenOutcome> {
  const server = authorizationServer(integration, grant.grantType)
  const client = { client_id: integration.client.clientId }
  const received: { reply?: TransportReply; normalised?: NormalisedReply } = {}
  const shape = shapeOf(integration, grant.grantType)
  const idTokenNames = grant.grantType === 'authorization_code' || !isNamedOtherwise(integration)
  const write = renaming(integration, integration.tokenBody === 'json' ? asJson : asForm)
  const options = requestOptions(context.transport, { integration, mayLeave: grant.mayLeave, write }, (reply) => {
    received.reply = reply
    received.normalised = normalise(reply, shape)
    return conformResponse(received.normalised)
  })
  try {
    const authentication = clientAuthentication(integration.client)
    const { grantType, parameters } = grant
    const response = await oauth.genericTokenEndpointRequest(server, client, authentication, grantType, parameters, options)
    if (received.normalised?.kind === 'tokens')
      return await success(response, received.normalised.members, { server, client, idTokenNames })
  } catch (error) {
    return outcomeOfFailure(error)
  }
  const { reply, normalised } = received
  if (!reply || !normalised) throw new Error('The token request ended without a reply.')
  return outcomeOfReply(reply, normalised, {
    deadErrors: grant.grantType === 'refresh_token' ? integration.deadRefreshErrors : [],
    secrets: [...confidentialOf(integration.client), ...grant.secrets],
    now: context.effects.now(),
  })
}

function shapeOf(integration: Integration, grantType: Grant['grantType']): ReplyShape {
  return {
    paths: integration.replyPaths ?? {},
    perSecond: integration.expiresInUnit === 'milliseconds' ? 1000 : 1,
    mayBeFlat: grantType === 'refresh_token',
    keep: integration.keptTokenFields ?? [],
    ...(integration.accountPath && integration.accountUrl === undefined ? { account: integration.accountPath } : {}),
  }
}

/**
 * A refresh's answer that was not understood when it came, read under today's configuration; undefined when it still holds no
 * tokens.
 */
export async function readAgain(integration: Integration, unread: UnreadReply): Promise<TokenReply | undefined> {
  const { status, contentType, body, brokenOff } = unread
  const headers = { 'content-type': contentType }
  const reply = { status, headers, body: Buffer.from(body, 'base64'), ...(brokenOff === undefined ? {} : { brokenOff }) }
  const normalised = normalise(reply, shapeOf(integration, 'refresh_token'))
  if (normalised.kind !== 'tokens') return undefined
  const server = authorizationServer(integration, 'refresh_token')
  const client = { client_id: integration.client.clientId }
  const to = { server, client, idTokenNames: !isNamedOtherwise(integration) }
  const outcome = await success(conformResponse(normalised), normalised.members, to)
  return outcome.kind === 'success' ? outcome.reply : undefined
}

/** Then a refresh's id token does not take the place of what was found out once. */
function isNamedOtherwise({ accountUrl, accountPath }: Integration): boolean {
  return accountUrl !== undefined || accountPath !== undefined
}

async function success(
  response: Response,
  members: TokenMembers,
  { server, client, idTokenNames }: { server: oauth.AuthorizationServer; client: oauth.Client; idTokenNames: boolean },
): Promise<TokenOutcome> {
  try {
    await oauth.processGenericTokenEndpointResponse(server, client, response)
  } catch (error) {
    if (!(error instanceof oauth.OperationProcessingError)) throw error
    const { refresh_token: refreshToken } = members
    const words = 'answered something that is not a token'
    return { kind: 'uncertain', words, ...(refreshToken === undefined ? {} : { refreshToken }) }
  }
  return { kind: 'success', reply: tokenReplyOf(members, idTokenNames) }
}

/** The integration as oauth4webapi knows an authorization server, for one kind of request. RFC 8414's words. */
export function authorizationServer(
  integration: Integration,
  request: Grant['grantType'] | 'revocation',
): oauth.AuthorizationServer {
  const { tokenUrl, refreshUrl } = integration
  return {
    issuer: issuerOf(integration),
    token_endpoint: request === 'refresh_token' ? (refreshUrl ?? tokenUrl) : tokenUrl,
    ...(integration.revocationUrl === undefined ? {} : { revocation_endpoint: integration.revocationUrl }),
  }
}

/** How the parameters of a request become a body. */
type Write = (parameters: URLSearchParams) => { readonly body: string; readonly contentType?: string }

/** `application/x-www-form-urlencoded`, as oauth4webapi announces it. RFC 6749 §4.1.3. */
export const asForm: Write = (parameters) => ({ body: parameters.toString() })

/** What the service calls `client_id` and `code` otherwise: TikTok knows a `client_key`. */
export function renaming({ renamedParameters }: Integration, write: Write): Write {
  if (!renamedParameters) return write
  const names: Readonly<Record<string, string | undefined>> = {
    client_id: renamedParameters.clientId,
    code: renamedParameters.code,
  }
  return (parameters) =>
    write(new URLSearchParams([...parameters].map(([name, value]): [string, string] => [names[name] ?? name, value])))
}

/** One JSON object (`token-body=json`); a name that stands several times, which only `resource` may, becomes a list. */
const asJson: Write = (parameters) => {
  const members = [...new Set(parameters.keys())].map((name) => {
    const values = parameters.getAll(name)
    return [name, values.length === 1 ? values[0] : values]
  })
  return { body: JSON.stringify(Object.fromEntries(members)), contentType: 'application/json' }
}

/** Options that lead a request of oauth4webapi through our transport; whether http is allowed is the outbound guard's to say. */
export function requestOptions(
  transport: Transport,
  { integration, mayLeave, write }: Pick<TransportRequest, 'integration' | 'mayLeave'> & { readonly write: Write },
  read: (reply: TransportReply) => Response,
): oauth.TokenEndpointRequestOptions {
  return {
    [oauth.allowInsecureRequests]: true,
    [oauth.customFetch]: async (url, init) => {
      if (!(init.body instanceof URLSearchParams)) throw new Error('A token request is made of parameters.')
      const { body, contentType } = write(init.body)
      const type = contentType === undefined ? {} : { 'content-type': contentType }
      const headers = { accept: 'application/json', ...init.headers, ...type }
      return read(await delivered(transport({ url, integration, headers, body, mayLeave })))
    },
  }
}

/** Whatever a transport rejects with, except NotSent, leaves it open whether bytes have left. */
async function delivered(reply: Promise<TransportReply>): Promise<TransportReply> {
  try {
    return await reply
  } catch (error) {
    throw error instanceof NotSent || error instanceof PerhapsSent ? error : new PerhapsSent('the connection failed', error)
  }
}

/**
 * The reply in the one shape oauth4webapi accepts, so that it has the last word on a success. The token type is kept beside
 * (providers use words of their own) and so is the id token: it is for display, its issuer is often another than ours.
 */
function conformResponse(normalised: NormalisedReply): Response {
  if (normalised.kind !== 'tokens') return new Response(null, { status: 400 })
  const { scopes, id_token: _idToken, expires_at: _expiresAt, kept: _kept, account: _account, ...members } = normalised.members
  const body = { ...members, token_type: 'bearer', ...(scopes === undefined ? {} : { scope: scopes.join(' ') }) }
  return Response.json(body)
}

function tokenReplyOf(members: TokenMembers, idTokenNames: boolean): TokenReply {
  const account = members.account ?? (idTokenNames ? accountInIdToken(members) : undefined)
  return {
    accessToken: members.access_token,
    tokenType: members.token_type,
    ...(members.refresh_token === undefined ? {} : { refreshToken: members.refresh_token }),
    ...(members.id_token === undefined ? {} : { idToken: members.id_token }),
    ...(members.expires_in === undefined ? {} : { expiresInSeconds: members.expires_in }),
    ...(members.expires_at === undefined ? {} : { expiresAt: members.expires_at }),
    ...(members.refresh_token_expires_in === undefined ? {} : { refreshTokenExpiresInSeconds: members.refresh_token_expires_in }),
    ...(members.scopes === undefined ? {} : { scopes: members.scopes }),
    ...(account === undefined ? {} : { account }),
    ...(members.kept ? { kept: members.kept } : {}),
  }
}

function accountInIdToken({ id_token: idToken, access_token: accessToken, refresh_token: refreshToken = '' }: TokenMembers) {
  return idToken === undefined ? undefined : accountOf(idToken, [accessToken, refreshToken])
}
