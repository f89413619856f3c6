import type { RefreshReuse } from '../domain/integration.ts'
import { ACCOUNT_OPTIONS } from './account-options.ts'
import { guid } from './guid.ts'
import { NETWORK_OPTIONS } from './network-options.ts'
import { type OptionTable, type Parsed, row } from './option-table.ts'
import { authorizationParameters } from './parameters.ts'
import { PRESET_OPTIONS, PRESETS_ONLY } from './preset-options.ts'
import { PROVIDER_OPTIONS } from './provider-options.ts'
import { endpointUrl, issuerUrl } from './urls.ts'
import { choice, path, plainText, wholeNumber, wordList } from './values.ts'

/** Ten years: longer lives are a slip in the unit. */
const MOST_LIFE_SECONDS = 315_360_000
/** A day: no access token of a service that needs refreshing lives longer for sure. */
const MOST_MIN_TTL_SECONDS = 86_400
/** Thirty days. */
const MOST_GRACE_SECONDS = 2_592_000

/** The options of a section of `oauth-clients.conf`. */
export const OAUTH_CLIENT_OPTIONS = {
  name: row({
    default: 'the section header',
    meaning: 'The name people see.',
    example: 'Box API Access',
    parse: plainText,
  }),
  'client-id': row({
    required: true,
    meaning: 'The client identifier that the service gave to Benchkey.',
    example: 'your-box-client-id',
    parse: plainText,
  }),
  'client-secret': row({
    required: 'one-of',
    meaning:
      'The client secret that the service gave to Benchkey. Exactly one of this and `client-secret-file` is written; neither with `token-endpoint-auth-method=none`.',
    example: 'your-box-client-secret',
    parse: plainText,
  }),
  'client-secret-file': row({
    required: 'one-of',
    meaning:
      'A file that holds the client secret and nothing else (a line end after it is dropped). It lies in `secrets-dir` or in systemd’s credentials directory; a relative path starts at the configuration directory.',
    example: 'secrets/box-client-secret',
    parse: path,
  }),
  'token-endpoint-auth-method': row({
    default: 'client-secret-post',
    meaning:
      'How the client credentials travel in a token request: `client-secret-post` in the body, `client-secret-basic` in the Authorization header (RFC 6749 §2.3.1), `client-secret-basic-raw` there without form encoding. `none`: a public client has no secret, PKCE protects it.',
    example: 'client-secret-basic',
    parse: choice('method', {
      'client-secret-post': 'client-secret-post',
      'client-secret-basic': 'client-secret-basic',
      'client-secret-basic-raw': 'client-secret-basic-raw',
      none: 'none',
    } as const),
  }),
  'authorization-url': row({
    required: true,
    meaning: 'The authorization endpoint (RFC 6749 §3.1). A query is kept.',
    example: 'https://account.box.com/api/oauth2/authorize',
    parse: endpointUrl,
  }),
  'token-url': row({
    required: true,
    meaning: 'The token endpoint (RFC 6749 §3.2).',
    example: 'https://api.box.com/oauth2/token',
    parse: endpointUrl,
  }),
  scopes: row({
    default: 'none are asked for',
    meaning: 'The scopes to ask for. Commas and white space both separate; duplicates are dropped.',
    example: 'read,write',
    parse: wordList('scope'),
  }),
  guid: row({
    default: 'derived from the section header, the same on every node and after a reinstall',
    meaning: 'The Integration ID, so that IDs already pasted in people’s code stay the same.',
    example: '5b1f2a34-6c7d-4e8f-9a0b-1c2d3e4f5a6b',
    parse: guid,
  }),
  description: row({
    default: 'none',
    meaning: 'A line about the integration, for the people who may sign in.',
    example: 'Files and folders of the whole company',
    parse: plainText,
  }),
  issuer: row({
    default: 'none',
    meaning:
      'The issuer identifier of the authorization server (RFC 9207). When written, `iss` must come back at the callback and be exactly this.',
    example: 'https://login.example.com',
    parse: issuerUrl,
  }),
  'redirect-uri': row({
    default: 'fixed',
    meaning:
      '`fixed`: `<public-url>/oauth_redirect_callback` for all. `per-integration`: `<public-url>/oauth_redirect_callback/<section>`, which tells servers without `iss` apart.',
    example: 'per-integration',
    parse: choice('redirect URI', { fixed: 'fixed', 'per-integration': 'per-integration' } as const),
  }),
  pkce: row({
    default: 'S256',
    meaning: '`S256` (RFC 7636), or `none` for a service that refuses PKCE.',
    example: 'none',
    parse: choice('PKCE method', { S256: 'S256', none: 'none' } as const),
  }),
  'scope-separator': row({
    default: 'space',
    meaning: 'What stands between scopes in the authorization request: `space`, `comma` or `plus`.',
    example: 'comma',
    parse: choice('separator', { space: ' ', comma: ',', plus: '+' } as const),
  }),
  'authorization-params': row({
    default: 'none',
    meaning: 'Extra parameters of the authorization request, written as a query string.',
    example: 'access_type=offline&prompt=consent',
    parse: authorizationParameters,
  }),
  'revocation-url': row({
    default: 'none; signing out then deletes the stored tokens only',
    meaning: 'The revocation endpoint (RFC 7009).',
    example: 'https://api.box.com/oauth2/revoke',
    parse: endpointUrl,
  }),
  'expires-in-default': row({
    default: 'the life is unknown',
    meaning: 'Seconds an access token lives when the token reply tells none.',
    example: '3600',
    parse: wholeNumber('whole number of seconds', 1, MOST_LIFE_SECONDS),
  }),
  'refresh-reuse': row({
    default: 'unknown',
    meaning:
      'What a second use of a refresh token does at this service: `unknown`; `strict`: it ends the whole grant; `grace:N`: it is answered for N seconds.',
    example: 'grace:60',
    parse: refreshReuse,
  }),
  'revocation-scope': row({
    default: 'grant',
    meaning: '`grant`: revoking one token may end all of the sign-in. `token`: it ends that token alone.',
    example: 'token',
    parse: choice('revocation scope', { grant: 'grant', token: 'token' } as const),
  }),
  'dead-refresh-errors': row({
    default: 'none',
    meaning: 'Error codes that mean a dead refresh token here, besides `invalid_grant`. Commas and white space separate.',
    example: 'unauthorized_client',
    parse: wordList('error code'),
  }),
  'min-ttl': row({
    default: '10 % of the token’s life, at least 60 and at most 300',
    meaning: 'Seconds a token that is handed out lives at least; never more than half of its life is asked for.',
    example: '600',
    parse: wholeNumber('whole number of seconds', 1, MOST_MIN_TTL_SECONDS),
  }),
  ...PROVIDER_OPTIONS,
  ...ACCOUNT_OPTIONS,
  ...NETWORK_OPTIONS,
  ...PRESET_OPTIONS,
} as const satisfies OptionTable

/** The options of a section together with those that only its preset may bring. */
export const SECTION_OPTIONS = { ...OAUTH_CLIENT_OPTIONS, ...PRESETS_ONLY } as const satisfies OptionTable

function refreshReuse(text: string): Parsed<RefreshReuse> {
  if (text === 'unknown' || text === 'strict') return { value: { kind: text } }
  const seconds = Number(/^grace:([0-9]{1,9})$/.exec(text)?.[1] ?? Number.NaN)
  if (seconds >= 1 && seconds <= MOST_GRACE_SECONDS) return { value: { kind: 'grace', seconds } }
  return { problem: `is not a known way; write unknown, strict or grace:N with N seconds from 1 to ${MOST_GRACE_SECONDS}.` }
}
