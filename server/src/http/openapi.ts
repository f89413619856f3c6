import { z } from 'zod'
import type { DeviceRoute } from './device-door.ts'
import type { RpcMethod } from './rpc-routes.ts'
import * as rpc from './rpc-schemas.ts'
import * as service from './service-schemas.ts'

/** Every shape by its name; requests as they come in, replies as they go out. */
const SHAPES = {
  ...{ PlainCall: rpc.plainCall, TokenCall: rpc.tokenCall, TokenExchange: rpc.exchangeForm, Report: rpc.wireReport },
  ...{ Integrations: rpc.wireIntegrations, Token: rpc.wireToken, Error: rpc.wireError, Session: rpc.wireSession },
  ...{ Integration: rpc.wireIntegrationDetails, SignedOut: rpc.wireSignedOut, Ended: rpc.wireEnded, Reported: rpc.wireReported },
  ...{ ExchangedToken: rpc.exchanged, OAuthError: rpc.oauthError, NewSession: service.newSession },
  ...{ SessionOpened: service.sessionOpened, SessionShown: service.sessionShown, SessionEnded: service.sessionEnded },
  ...{ DeviceAuthorization: rpc.deviceForm, DeviceStart: rpc.deviceStart, DevicePoll: rpc.devicePoll, LoggedIn: rpc.loggedIn },
  ...{ DeviceError: rpc.deviceError, ServiceError: service.serviceError, Document: z.looseObject({ openapi: z.string() }) },
} as const satisfies Readonly<Record<string, z.ZodType>>

type Shape = keyof typeof SHAPES
type HttpMethod = 'get' | 'post' | 'delete'

/** One call: how it is asked, and what comes back. */
interface Operation {
  readonly methods: readonly HttpMethod[]
  readonly summary: string
  readonly parameter?: { readonly name: string; readonly description: string }
  readonly body?: { readonly shape: Shape; readonly type?: string; readonly isOptional?: true }
  readonly replies: Readonly<Record<number, Shape | readonly Shape[]>>
  /** What the others are: plain text of the session RPC, or the shape of this door. */
  readonly refusals: 'text' | Shape
  readonly statuses: readonly number[]
  readonly security: 'rpcCookie' | 'serviceToken' | 'none'
}

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'
const READ: readonly HttpMethod[] = ['get', 'post']
const OF_SESSION = { refusals: 'text', statuses: [400, 401, 403, 405, 413, 429, 500], security: 'rpcCookie' } as const
const OF_DEVICE = { refusals: 'DeviceError', statuses: [400, 403, 405, 413, 429, 500, 503], security: 'none' } as const
const OF_SERVICE = { refusals: 'ServiceError', security: 'serviceToken' } as const
const UID = { name: 'uid', description: 'Integration ID' } as const
const PLAIN = { shape: 'PlainCall', isOptional: true } as const
const SERVICE_STATUSES = [400, 401, 403, 405, 413, 429, 500, 503] as const

/** Path and calls of every method of the RPC's host, and those of terminals that want to be logged in. */
export const OPERATIONS: {
  readonly [M in RpcMethod | `device_${DeviceRoute}`]: { readonly path: string; readonly calls: readonly Operation[] }
} = {
  oauth_integrations: one('/oauth_integrations', 'What there is', {
    ...{ methods: READ, body: { shape: 'PlainCall' }, replies: { 200: ['Integrations', 'Error'] } },
    ...OF_SESSION,
  }),
  oauth_token: one('/oauth_token', 'An access token that is valid now', {
    ...{ methods: READ, body: { shape: 'TokenCall' }, replies: { 200: ['Token', 'Error'] } },
    ...OF_SESSION,
  }),
  id_token: one('/id_token', 'Answers that there are none', {
    ...{ methods: READ, body: { shape: 'PlainCall' }, replies: { 200: 'Error' } },
    ...OF_SESSION,
  }),
  delegated_azure_token: one('/delegated_azure_token', 'Answers that there are none', {
    ...{ methods: READ, body: { shape: 'PlainCall' }, replies: { 200: 'Error' } },
    ...OF_SESSION,
  }),
  token_exchange: one('/oauth/token', 'A token exchange (RFC 8693), for OAuth libraries', {
    ...{ methods: ['post'], body: { shape: 'TokenExchange', type: FORM_TYPE }, replies: { 200: 'ExchangedToken' } },
    ...{ refusals: 'OAuthError', statuses: [400, 403, 405, 413, 429, 500, 503], security: 'none' },
  }),
  session: one('/api/v1/session', 'Who the cookie belongs to', {
    ...{ methods: READ, body: PLAIN, replies: { 200: ['Session', 'Error'] } },
    ...OF_SESSION,
  }),
  integration: one('/api/v1/integrations/{uid}', 'One integration', {
    ...{ methods: READ, parameter: UID, body: PLAIN, replies: { 200: ['Integration', 'Error'] } },
    ...OF_SESSION,
  }),
  end_session: one('/api/v1/session/end', 'Logs this terminal out', {
    ...{ methods: ['post'], body: PLAIN, replies: { 200: ['Ended', 'Error'] } },
    ...OF_SESSION,
  }),
  sign_out: one('/api/v1/integrations/{uid}/sign-out', 'Deletes the stored tokens and has them revoked', {
    ...{ methods: ['post'], parameter: UID, body: PLAIN, replies: { 200: ['SignedOut', 'Error'] } },
    ...OF_SESSION,
  }),
  report: one('/api/v1/integrations/{uid}/report', 'The token of this fingerprint does not work', {
    ...{ methods: ['post'], parameter: UID, body: { shape: 'Report' }, replies: { 200: ['Reported', 'Error'] } },
    ...OF_SESSION,
  }),
  service_sessions: one('/api/v1/sessions', 'Starts a session for a user', {
    ...{ methods: ['post'], body: { shape: 'NewSession' }, replies: { 201: 'SessionOpened' } },
    ...{ ...OF_SERVICE, statuses: SERVICE_STATUSES },
  }),
  service_session: {
    path: '/api/v1/sessions/{id}',
    calls: (['get', 'delete'] as const).map((method) => ({
      methods: [method],
      summary: method === 'get' ? 'A session that this service started' : 'Ends a session that this service started',
      parameter: { name: 'id', description: 'ID of the session' },
      replies: { 200: method === 'get' ? 'SessionShown' : 'SessionEnded' },
      ...{ ...OF_SERVICE, statuses: [...SERVICE_STATUSES, 404].sort() },
    })),
  },
  device_authorization: one('/api/v1/device/authorization', 'A terminal wants to be logged in (RFC 8628)', {
    ...{ methods: ['post'], body: { shape: 'DeviceAuthorization', type: FORM_TYPE }, replies: { 200: 'DeviceStart' } },
    ...OF_DEVICE,
  }),
  device_token: one('/api/v1/device/token', 'Whether its person has approved it', {
    ...{ methods: ['post'], body: { shape: 'DevicePoll', type: FORM_TYPE }, replies: { 200: 'LoggedIn' } },
    ...OF_DEVICE,
  }),
  openapi: one('/api/v1/openapi.json', 'This description', {
    ...{ methods: ['get'], replies: { 200: 'Document' }, refusals: 'text', statuses: [405], security: 'none' },
  }),
}

function one(path: string, summary: string, call: Omit<Operation, 'summary'>): { path: string; calls: readonly Operation[] } {
  return { path, calls: [{ summary, ...call }] }
}

/** The calls of the RPC's host as an OpenAPI 3.1 document, made from the schemas that read requests. */
export function openApiDocument(version: string, callbackAddress: string): object {
  const paths = Object.entries(OPERATIONS).map(([method, { path, calls }]) => [
    path,
    Object.fromEntries(calls.flatMap((call) => call.methods.map((verb) => [verb, operationOf(method, verb, call)]))),
  ])
  return {
    openapi: '3.1.1',
    info: {
      title: 'Benchkey',
      version,
      summary: 'Access tokens for development sessions, and sessions that other programs start',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: callbackAddress }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: Object.fromEntries(Object.entries(SHAPES).map(([name, shape]) => [name, jsonSchemaOf(shape)])),
      securitySchemes: {
        rpcCookie: { type: 'apiKey', in: 'header', name: 'X-RS-Session-Server-RPC-Cookie' },
        serviceToken: { type: 'http', scheme: 'bearer' },
      },
    },
  }
}

function operationOf(method: string, verb: HttpMethod, call: Operation): object {
  const { summary, parameter, body, replies, refusals, statuses, security } = call
  const refused = refusals === 'text' ? { 'text/plain': { schema: { type: 'string' } } } : contentOf(refusals)
  const answers = [
    ...Object.entries(replies).map(([status, shape]) => [status, { description: 'Done, or why not', content: contentOf(shape) }]),
    ...statuses.map((status) => [String(status), { description: 'Refused, in one sentence', content: refused }]),
  ]
  return {
    ...{ operationId: call.methods.length > 1 ? `${method}_${verb}` : `${verb}_${method}`, summary },
    ...(parameter ? { parameters: [{ ...parameter, in: 'path', required: true, schema: { type: 'string' } }] } : {}),
    ...(body ? { requestBody: { required: body.isOptional !== true, content: contentOf(body.shape, body.type) } } : {}),
    responses: Object.fromEntries(answers),
    security: security === 'none' ? [] : [{ [security]: [] }],
  }
}

function contentOf(shapes: Shape | readonly Shape[], type = JSON_TYPE): object {
  const refs = [shapes].flat().map((shape) => ({ $ref: `#/components/schemas/${shape}` }))
  return { [type]: { schema: refs.length === 1 ? refs[0] : { anyOf: refs } } }
}

/** Members may be added to replies later, so their shapes are open; that of a request says itself whether it is. */
function jsonSchemaOf(shape: z.ZodType): object {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io: 'input' })
  return schema
}
