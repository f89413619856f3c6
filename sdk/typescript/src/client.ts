import { builtin } from './builtin.ts'
import { BenchkeyError } from './errors.ts'
import { isIntegrationId, resolveIntegration } from './names.ts'
import {
  type AccessToken,
  parseIntegration,
  parseIntegrations,
  parseReported,
  parseSession,
  parseSignedOut,
  parseToken,
  parseUnlisted,
  type Reported,
  type Session,
  type SignedOut,
} from './replies.ts'
import { type CallOptions, createRpc } from './rpc.ts'
import type { Environment } from './session.ts'
import type { WireIntegration, WireIntegrationDetails } from './wire.ts'

/** How a token is asked for. */
export interface TokenOptions extends CallOptions {
  /** Least remaining life, in whole seconds. The server renews the token first when less is left. */
  readonly minTtlSeconds?: number
}

/**
 * The session's view of Benchkey. `nameOrId` is the Integration ID, the section of the server's file, or the display name in any
 * case. Every method rejects with BenchkeyError, or with the reason of the signal it was given.
 */
export interface Client {
  /** An access token that is valid now. Ask each time you need it; Benchkey keeps it fresh. */
  token(nameOrId: string, options?: TokenOptions): Promise<AccessToken>
  /** All integrations, in the order of the server's file. */
  integrations(options?: CallOptions): Promise<readonly WireIntegration[]>
  /** One of them, with the page to sign in at and a sign-in that is under way. */
  integration(nameOrId: string, options?: CallOptions): Promise<WireIntegrationDetails>
  /** Deletes the stored tokens of an integration and has the service revoke them. */
  signOut(nameOrId: string, options?: CallOptions): Promise<SignedOut>
  /**
   * Tells Benchkey that the service refuses an access token that has not ended. It is renewed, once in ten minutes; the token
   * itself is not sent, only its fingerprint.
   */
  report(nameOrId: string, accessToken: string, options?: CallOptions): Promise<Reported>
  /** Who this session belongs to, and how long its cookie is good. */
  session(options?: CallOptions): Promise<Session>
  /** Ends this session, which has to be that of a terminal that was logged in with `benchkey login`. */
  logOut(options?: CallOptions): Promise<void>
}

/**
 * A client for the session whose variables `environment` holds; default: this process's own. Outside of a session: for that of the
 * server that this terminal was logged in to.
 */
export function createClient(options: { readonly environment?: Environment } = {}): Client {
  const rpc = createRpc(options.environment ?? process.env)
  const ask = (call?: CallOptions) => rpc('oauth_integrations', { method: 'oauth_integrations', kwparams: {} }, call)
  const list: Client['integrations'] = async (call) => parseIntegrations(await ask(call))
  const uidOf = async (nameOrId: string, call: CallOptions): Promise<string> => {
    const asked = nameOrId.trim()
    if (isIntegrationId(asked)) return asked.toLowerCase()
    const reply = await ask(call)
    return resolveIntegration([...parseIntegrations(reply), ...parseUnlisted(reply)], asked).uid
  }
  const pathOf = async (nameOrId: string, call: CallOptions): Promise<string> =>
    `api/v1/integrations/${encodeURIComponent(await uidOf(nameOrId, call))}`
  return {
    integrations: list,
    async token(nameOrId, { minTtlSeconds, ...call } = {}) {
      const minTtl = minTtlSeconds === undefined ? {} : { min_ttl: wholeSeconds(minTtlSeconds) }
      const uuid = await uidOf(nameOrId, call)
      return parseToken(await rpc('oauth_token', { method: 'oauth_token', kwparams: { uuid, ...minTtl } }, call))
    },
    integration: async (nameOrId, call = {}) => parseIntegration(await rpc(await pathOf(nameOrId, call), {}, call)),
    signOut: async (nameOrId, call = {}) => parseSignedOut(await rpc(`${await pathOf(nameOrId, call)}/sign-out`, {}, call)),
    async report(nameOrId, accessToken, call = {}) {
      const path = `${await pathOf(nameOrId, call)}/report`
      return parseReported(await rpc(path, { fingerprint: fingerprintOf(accessToken) }, call))
    },
    session: async (call) => parseSession(await rpc('api/v1/session', {}, call)),
    logOut: async (call) => void (await rpc('api/v1/session/end', {}, call)),
  }
}

/** The first 16 hex digits of a token's SHA-256: names it in reports and in the server's audit without giving it away. */
export function fingerprintOf(accessToken: string): string {
  return builtin('node:crypto').createHash('sha256').update(accessToken).digest('hex').slice(0, 16)
}

function wholeSeconds(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 0) return seconds
  throw new BenchkeyError('bad_request', 'minTtlSeconds is not a whole number of seconds.', { action: 'Give 0 or more.' })
}
