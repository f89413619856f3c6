import type { CommonProxies, OutgoingProxy } from './outgoing.ts'

/** The Integration ID people paste into code: hexadecimal 8-4-4-4-12, lower case. */
export type IntegrationUid = string

/**
 * How the client shows itself to the token endpoint. RFC 6749 §2.3.1; `client-secret-basic-raw` leaves out the form encoding that
 * it asks for, as many servers do; `none` is a public client, which PKCE protects instead (§2.1, RFC 9700 §2.1.1).
 */
export type ClientAuthenticationMethod = 'client-secret-post' | 'client-secret-basic' | 'client-secret-basic-raw' | 'none'

/** What a second use of a refresh token does at this authorization server (`refresh-reuse`). */
export type RefreshReuse =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'strict' }
  | { readonly kind: 'grace'; readonly seconds: number }

/** The registered client at one authorization server. RFC 6749 §2. */
export interface Client {
  readonly clientId: string
  /** Empty exactly for a public client (`none`). */
  readonly clientSecret: string
  readonly authenticationMethod: ClientAuthenticationMethod
  /** Whether the secret is the user name of HTTP Basic, without a password (presets only). */
  readonly isSecretUserName?: true
  /** Tried when the service refuses the first one (`client-secret-next`). */
  readonly nextClientSecret?: string
}

/** Lines of `oauth-clients.conf` that say what the client secrets are, for sentences alone. */
export interface SecretLines {
  /** `client-secret` or `client-secret-file`, else the section's. */
  readonly first: number
  /** `client-secret-next` or `client-secret-next-file`. */
  readonly next?: number
  /** `client-secret-expires`. */
  readonly expires?: number
}

/** Extra parameters of a request, in the order written; no name twice. */
export type Parameters = readonly (readonly [name: string, value: string])[]

/** A place in a JSON document: the names on the way to it, decoded. RFC 6901. */
export type JsonPointer = readonly string[]

/** Data beside the tokens that is kept: where a reply holds it, and what a session finds it under. */
export interface KeptField {
  readonly name: string
  readonly pointer: JsonPointer
}

/** Where a service's token replies say what; absent: in the usual member of RFC 6749 §5.1, beside the access token. */
export interface ReplyPaths {
  readonly accessToken?: JsonPointer
  readonly refreshToken?: JsonPointer
  /** A life, as `expires_in`. */
  readonly expiresIn?: JsonPointer
  /** An instant instead of a life. */
  readonly expiresAt?: JsonPointer
  readonly scope?: JsonPointer
}

/** A picture for the tile, as it is served. */
export interface Icon {
  readonly mediaType: 'image/png' | 'image/webp' | 'image/svg+xml'
  readonly base64: string
  /** Of its content. */
  readonly version: string
}

/** One section of `oauth-clients.conf`: a client at an authorization server, and how to talk to it. */
export interface Integration {
  readonly uid: IntegrationUid
  /** The section header. */
  readonly section: string
  /** The `name` option, else the section header. */
  readonly displayName: string
  readonly description?: string
  /** https; where people read on. */
  readonly documentationUrl?: string
  readonly icon?: Icon
  /** Hosts (`host` or `host:port`, lower case) that Git gets the token for; no host belongs to two integrations. */
  readonly gitHosts?: readonly string[]
  /** Section headers it had before; the first one gave it its Integration ID. */
  readonly previousNames?: readonly string[]
  /** Switched off (`enabled=0`): unlisted, no request to its service, stored sign-ins kept. */
  readonly isDisabled?: true
  readonly client: Client
  /** Absolute URL; may carry a query, never a fragment. RFC 6749 §3.1. */
  readonly authorizationUrl: string
  /** RFC 6749 §3.2. */
  readonly tokenUrl: string
  /** RFC 7009. */
  readonly revocationUrl?: string
  /** In the order written, without duplicates. */
  readonly scopes: readonly string[]
  readonly scopeSeparator: ' ' | ',' | '+'
  /** As configured; when present, `iss` is required and exact at the callback. RFC 9207. */
  readonly issuer?: string
  readonly redirectUri: 'fixed' | 'per-integration'
  readonly pkce: 'S256' | 'none'
  readonly authorizationParams: Parameters
  /** Extra parameters of the code exchange alone. */
  readonly tokenParams?: Parameters
  /** Extra parameters of a refresh alone. */
  readonly refreshParams?: Parameters
  /** What the token is for, in every request that leads to one. RFC 8707 §2. */
  readonly resources?: readonly string[]
  /** The older habit for the same. */
  readonly audience?: string
  /** How token requests are written when not as a form. */
  readonly tokenBody?: 'json'
  /** Where refreshes go instead of the token URL. */
  readonly refreshUrl?: string
  /** Answers a GET with an access token that works by a 2xx, with one that does not by 401 or 403. */
  readonly validateUrl?: string
  readonly replyPaths?: ReplyPaths
  /** What the lives in token replies are counted in, when not in seconds. */
  readonly expiresInUnit?: 'milliseconds'
  /** What of a token reply is given to sessions beside the token (`keep-token-fields`). */
  readonly keptTokenFields?: readonly KeptField[]
  /** Parameters of the authorization response that are given to sessions (`keep-callback-fields`). */
  readonly keptCallbackFields?: readonly string[]
  /** Seconds; the life of an access token when the reply tells none. */
  readonly expiresInDefaultSeconds?: number
  readonly refreshReuse: RefreshReuse
  readonly revocationScope: 'grant' | 'token'
  readonly deadRefreshErrors: readonly string[]
  /** Seconds; least remaining life of what is handed out (`min-ttl`). */
  readonly minTtlSeconds?: number
  /** Seconds; no refresh leaves earlier than this before the token's end, whatever a caller asks. */
  readonly refreshBeforeSeconds?: number
  /** ID of the preset that filled in what the section leaves out. */
  readonly preset?: string
  /** What the service calls `client_id` and `code` when not so (presets only). */
  readonly renamedParameters?: { readonly clientId?: string; readonly code?: string }
  /** Answers a GET with an access token by who its account is. */
  readonly accountUrl?: string
  /** Where that answer, or the token reply without an `accountUrl`, names the account. */
  readonly accountPath?: JsonPointer
  /** What makes the service ask which account is meant (`choose-account-params`); empty: it knows nothing of the kind. */
  readonly chooseAccountParams?: Parameters
  /** The day on which the client secret ends, at its begin in UTC (`client-secret-expires`). */
  readonly clientSecretExpires?: Date
  /** Where its file says so. */
  readonly secretLines?: SecretLines
  /** This integration's own way out: a proxy, or `none` although the server has one. */
  readonly proxy?: OutgoingProxy | 'none'
  /** PEM of authorities that are trusted for this integration besides the usual ones. */
  readonly extraCa?: string
  /** The way out of the whole server (`env-vars`), which holds where the integration has none of its own. */
  readonly commonProxies?: CommonProxies
}

/** What of an integration decides how its requests leave. */
export type WayOut = Pick<Integration, 'proxy' | 'extraCa' | 'commonProxies'>

/**
 * What makes the service ask which account is meant. Where nothing is configured: `prompt=login` at OpenID providers, which have to know
 * it (OpenID Connect Core §3.1.2.1), beside what the authorization request prompts for anyway; elsewhere nothing.
 */
export function chooseAccountParamsOf({ chooseAccountParams, scopes, authorizationParams }: Integration): Parameters {
  if (chooseAccountParams) return chooseAccountParams
  if (!scopes.includes('openid')) return []
  const usual = authorizationParams.find(([name]) => name === 'prompt')?.[1].split(' ') ?? []
  return [['prompt', [...new Set(['login', ...usual])].join(' ')]]
}

/** What of a client must come back in no text. */
export function clientSecretsOf({ client }: Pick<Integration, 'client'>): readonly string[] {
  const { clientSecret, nextClientSecret } = client
  return nextClientSecret === undefined ? [clientSecret] : [clientSecret, nextClientSecret]
}

/** What clients are told as `issuer`: the option, else the origin of the authorization URL (wire.md, *Replies*). */
export function issuerOf(integration: Pick<Integration, 'issuer' | 'authorizationUrl'>): string {
  return integration.issuer ?? new URL(integration.authorizationUrl).origin
}

/** The host a person knows the service by, for sentences ("box.com has not answered"). */
export function hostOf(url: string): string {
  return new URL(url).host
}
