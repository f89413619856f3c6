import { BenchkeyError } from './errors.ts'
import { isIntegrationId, resolveIntegration } from './names.ts'
import { createRpc } from './rpc.ts'
import type { Environment } from './session.ts'
import type { WireIntegration, WireToken } from './wire.ts'

/** An access token that is valid now. */
export interface AccessToken {
  readonly accessToken: string
  /** Undefined when its life is unknown. */
  readonly expiresAt: Date | undefined
  /** A sentence for people: the token works, and something about the sign-in wants attention. */
  readonly warning: string | undefined
  /** The reply as it came. */
  readonly wire: WireToken
}

/** The session's view of Benchkey. Every method rejects with BenchkeyError. */
export interface Client {
  /** All integrations, in the order of the server's file. */
  integrations(): Promise<readonly WireIntegration[]>
  /** A token by Integration ID, section, or display name (any case). `minTtlSeconds`: least remaining life asked for. */
  token(nameOrId: string, options?: { readonly minTtlSeconds?: number }): Promise<AccessToken>
}

/** What the server answers when the life of a token is unknown (wire.md, *Replies*). */
const LIFE_UNKNOWN = '9999-12-31T23:59:59Z'

/** A client for the session whose variables `environment` holds; default: this process's own. */
export function createClient(options: { readonly environment?: Environment } = {}): Client {
  const rpc = createRpc(options.environment ?? process.env)
  const integrations = async (): Promise<readonly WireIntegration[]> => parseIntegrations(await rpc('oauth_integrations', {}))
  return {
    integrations,
    async token(nameOrId, { minTtlSeconds } = {}) {
      const asked = nameOrId.trim()
      const uuid = isIntegrationId(asked) ? asked.toLowerCase() : resolveIntegration(await integrations(), asked).uid
      const reply = await rpc('oauth_token', { uuid, ...(minTtlSeconds === undefined ? {} : { min_ttl: minTtlSeconds }) })
      return parseToken(reply)
    },
  }
}

function parseIntegrations(reply: Readonly<Record<string, unknown>>): readonly WireIntegration[] {
  const providers = reply.providers
  if (!Array.isArray(providers)) throw unexpected('the list of integrations is missing')
  const integrations = providers.flatMap((provider: { integrations?: unknown } | null) =>
    Array.isArray(provider?.integrations) ? (provider.integrations as unknown[]) : [],
  )
  return integrations.map((each) => {
    if (!isIntegration(each)) throw unexpected('an integration without ID or name')
    return each
  })
}

function isIntegration(value: unknown): value is WireIntegration {
  const { uid, name, display_name } = (value ?? {}) as Record<string, unknown>
  return typeof uid === 'string' && typeof name === 'string' && typeof display_name === 'string'
}

function parseToken(reply: Readonly<Record<string, unknown>>): AccessToken {
  const { access_token, expiry, warning } = reply
  if (typeof access_token !== 'string' || !TOKEN_CHARACTERS.test(access_token))
    throw unexpected('the token is missing or damaged')
  const expiresAt = new Date(typeof expiry === 'string' ? expiry : Number.NaN)
  if (Number.isNaN(expiresAt.getTime())) throw unexpected('the expiry is missing')
  return {
    accessToken: access_token,
    expiresAt: expiry === LIFE_UNKNOWN ? undefined : expiresAt,
    warning: typeof warning === 'string' ? warning : undefined,
    wire: reply as unknown as WireToken,
  }
}

/** VSCHAR of RFC 6749, Appendix A.12: nothing that could break out of a header line. */
const TOKEN_CHARACTERS = /^[\x20-\x7e]+$/

function unexpected(what: string): BenchkeyError {
  return new BenchkeyError('unexpected_reply', `This is not an answer of Benchkey: ${what}.`, {
    action: 'Check RS_SERVER_ADDRESS with your administrator.',
  })
}
