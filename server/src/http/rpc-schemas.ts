import type {
  WireDeviceStart,
  WireEnded,
  WireError,
  WireIntegration,
  WireIntegrationDetails,
  WireIntegrations,
  WireLoggedIn,
  WireReport,
  WireReported,
  WireSession,
  WireSignedOut,
  WireToken,
} from '@benchkey/sdk/wire'
import { z } from 'zod'
import { DEVICE_ERROR_CODES } from './device-errors.ts'
import { instant } from './service-schemas.ts'
import { ACCESS_TOKEN_TYPE, GRANT_TYPE, OAUTH_ERROR_CODES } from './token-exchange-call.ts'

const names = {
  uid: z.string().describe('The Integration ID; R and Python call it guid.'),
  name: z.string().describe('The section header.'),
  display_name: z.string(),
  previous_names: z.array(z.string()).exactOptional(),
}

const integration = {
  type: z.literal('custom'),
  ...names,
  client_id: z.string(),
  auth_url: z.string(),
  token_url: z.string(),
  scopes: z.array(z.string()),
  issuer: z.string(),
  authenticated: z.boolean().describe('Whether there is a sign-in that needs no new one.'),
  state: z.string().describe('The code of how it is.'),
  reason: z.string().exactOptional(),
  label: z.string(),
  explanation: z.string(),
  action: z.string(),
  brief: z.string().exactOptional(),
  account: z.string().exactOptional(),
  git_hosts: z.array(z.string()).exactOptional(),
  last_problem: z
    .object({ code: z.string(), title: z.string(), explanation: z.string(), reference: z.string(), at: instant })
    .exactOptional(),
}

const wireIntegration: z.ZodType<WireIntegration> = z.object(integration)

/** Reply of `/oauth_integrations`. */
export const wireIntegrations: z.ZodType<WireIntegrations> = z.object({
  providers: z.array(z.object({ type: z.literal('custom'), integrations: z.array(wireIntegration) })),
  switched_off: z.array(z.object(names)).exactOptional(),
  not_allowed: z.array(z.object(names)).describe('What this session is not limited to, and gets no tokens of.').exactOptional(),
})

const extra = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).exactOptional()
const warning = z.string().describe('The token works, and a person should know this about the sign-in.').exactOptional()

/** Reply of `/oauth_token`. */
export const wireToken: z.ZodType<WireToken> = z.object({
  access_token: z.string(),
  expiry: instant.describe('9999-12-31T23:59:59Z when the service does not tell.'),
  ...{ warning, extra },
})

/** What a person can act on, with status 200. */
export const wireError: z.ZodType<WireError> = z.object({
  error: z.string().describe('The whole sentence, for a person.'),
  explanation: z.string().exactOptional(),
  action: z.string().exactOptional(),
  code: z.string(),
  reason: z.string().exactOptional(),
  retry_after: z.number().exactOptional(),
  link: z.string().exactOptional(),
})

/** Reply of `/api/v1/session`. */
export const wireSession: z.ZodType<WireSession> = z.object({
  user: z.string(),
  session: z.object({ id: z.string(), name: z.string(), kind: z.string(), started_at: instant }),
  cookie_expires_at: instant,
  server: z.object({ url: z.string(), version: z.string(), time: instant }),
})

/** Reply of `/api/v1/integrations/UID`. */
export const wireIntegrationDetails: z.ZodType<WireIntegrationDetails> = z.object({
  ...integration,
  link: z.string(),
  signed_in_at: instant.exactOptional(),
  waiting_since: instant.exactOptional(),
})

/** Reply of `/api/v1/session/end`. */
export const wireEnded: z.ZodType<WireEnded> = z.object({ ended: z.literal(true) })

/** Reply of `/api/v1/integrations/UID/sign-out`. */
export const wireSignedOut: z.ZodType<WireSignedOut> = z.object({
  signed_out: z.boolean(),
  revocation: z.enum(['queued', 'not_offered']).exactOptional(),
})

/** Body of `/api/v1/integrations/UID/report`. */
export const wireReport: z.ZodType<WireReport> = z.object({ fingerprint: z.string().regex(/^[0-9a-fA-F]{16}$/) })

/** Reply of `/api/v1/integrations/UID/report`. */
export const wireReported: z.ZodType<WireReported> = z.object({
  outcome: z.enum(['renewed', 'newer_token', 'too_soon', 'cannot_renew', 'works', 'too_early', 'not_renewed']),
  explanation: z.string(),
  action: z.string(),
  retry_after: z.number().exactOptional(),
})

/** A call without arguments, as R and Python write it; R's empty `kwparams` is a list. */
export const plainCall = z.looseObject({
  method: z.string().exactOptional(),
  kwparams: z.union([z.looseObject({}), z.array(z.never())]).exactOptional(),
})

/** Body of `/oauth_token`. */
export const tokenCall = z.looseObject({
  method: z.string().exactOptional(),
  kwparams: z.looseObject({
    uuid: z.string().describe('The Integration ID.'),
    min_ttl: z.int().min(0).describe('Least remaining life in seconds.').exactOptional(),
  }),
})

/** Form of `/oauth/token`. RFC 8693 §2.1. */
export const exchangeForm = z.looseObject({
  grant_type: z.literal(GRANT_TYPE),
  subject_token: z.string().describe('The RPC cookie, as it stands in the file.'),
  subject_token_type: z.literal(ACCESS_TOKEN_TYPE),
  audience: z.string().describe('Integration ID, section or display name.'),
  requested_token_type: z.literal(ACCESS_TOKEN_TYPE).exactOptional(),
})

/** Reply of `/oauth/token`. RFC 8693 §2.2.1. */
export const exchanged = z.object({
  access_token: z.string(),
  issued_token_type: z.literal(ACCESS_TOKEN_TYPE),
  token_type: z.literal('Bearer'),
  expires_in: z.number().exactOptional(),
  ...{ warning, extra },
})

/** Refusal of `/oauth/token`. RFC 6749 §5.2. */
export const oauthError = z.object({
  error: z.enum(OAUTH_ERROR_CODES),
  error_description: z.string(),
  code: z.string(),
  reason: z.string().exactOptional(),
  retry_after: z.number().exactOptional(),
  link: z.string().exactOptional(),
})

/** Form of `/api/v1/device/authorization`. RFC 8628 §3.1. */
export const deviceForm = z.looseObject({
  host: z.string().min(1).max(253).describe('Where the terminal runs; shown to its person.'),
})

/** Reply of `/api/v1/device/authorization`. RFC 8628 §3.2. */
export const deviceStart: z.ZodType<WireDeviceStart> = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.number(),
  interval: z.number(),
})

/** Form of `/api/v1/device/token`. RFC 8628 §3.4. */
export const devicePoll = z.looseObject({
  grant_type: z.literal('urn:ietf:params:oauth:grant-type:device_code'),
  device_code: z.string(),
})

/** Reply of `/api/v1/device/token`. RFC 6749 §5.1. */
export const loggedIn: z.ZodType<WireLoggedIn> = z.object({
  access_token: z.string().describe('The RPC cookie of the terminal’s session.'),
  token_type: z.literal('rpc_cookie'),
  expires_in: z.number(),
  ends_at: instant,
  user: z.string(),
  session: z.object({ id: z.string(), name: z.string() }),
  environment: z.record(z.string(), z.string()),
})

/** Refusal of `/api/v1/device/…`. RFC 8628 §3.5. */
export const deviceError = z.object({ error: z.enum(DEVICE_ERROR_CODES), error_description: z.string() })
