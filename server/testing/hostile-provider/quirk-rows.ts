import { grant, grantChanged, oauthError } from '../behaviours.ts'
import { answering, basicOf, demanding, isCode, isRefresh, type OptionCell } from './option-cells.ts'

/** One row of the table *What breaks a naive client* of the plan's chapter on providers, and where it is played. */
export interface QuirkRow {
  readonly quirk: string
  /** With the option that is for it. */
  readonly cells?: readonly Omit<OptionCell, 'meets'>[]
  /** Without any option: names of hostile behaviours. */
  readonly behaviours?: readonly string[]
  /** Why it is played nowhere. */
  readonly not?: string
}

/** Gives a refresh token only to whom the check likes. */
function refreshTokenIf(likes: (asked: URLSearchParams) => boolean): OptionCell['service'] {
  return () => {
    let gives = false
    return {
      authorize: (asked) => {
        gives = likes(asked)
        return {}
      },
      play: (exchange) =>
        grantChanged(({ refresh_token, ...members }) => (gives ? { refresh_token, ...members } : members))(exchange),
    }
  }
}

const mustAsk =
  (name: string, value: string): OptionCell['service'] =>
  () => ({
    authorize: (asked) => (asked.get(name) === value ? {} : { error: 'invalid_request' }),
    play: grant(),
  })

const joined = (separator: string): OptionCell['service'] => mustAsk('scope', ['read', 'write'].join(separator))

/** The rows in the order of the table, each under the words it has there. */
export const QUIRK_ROWS: readonly QuirkRow[] = [
  {
    quirk: 'needs extra authorization parameters',
    cells: [
      { option: 'authorization-params', lines: { 'authorization-params': 'owner=user' }, service: mustAsk('owner', 'user') },
    ],
  },
  {
    quirk: 'rejects PKCE',
    cells: [
      {
        option: 'pkce=none',
        lines: { pkce: 'none' },
        service: () => ({
          authorize: (asked) => (asked.has('code_challenge') ? { error: 'invalid_request' } : {}),
          play: demanding((r) => r.parameters.has('code_verifier') && 'invalid_request')().play,
        }),
      },
    ],
  },
  {
    quirk: 'no refresh token unless asked in its own way',
    cells: [
      {
        option: 'authorization-params',
        lines: { 'authorization-params': 'access_type=offline' },
        service: refreshTokenIf((asked) => asked.get('access_type') === 'offline'),
      },
      {
        option: 'scopes',
        lines: { scopes: 'read, offline_access' },
        service: refreshTokenIf((asked) => (asked.get('scope') ?? '').includes('offline_access')),
      },
      {
        option: 'none of them',
        lines: {},
        service: refreshTokenIf(() => false),
        later: { code: 'reauthentication_required', reason: 'ended' },
      },
    ],
  },
  {
    quirk: 'URL depends on tenant, region or host',
    cells: [
      {
        option: 'token-url',
        lines: {
          'token-url': '{origin}/tenants/42/token?region=eu',
          'authorization-url': '{origin}/tenants/42/authorize?region=eu',
        },
        service: demanding((r) => r.path !== '/tenants/42/token?region=eu' && 'invalid_client'),
      },
    ],
  },
  {
    quirk: 'HTTP Basic required',
    cells: [
      {
        option: 'token-endpoint-auth-method=client-secret-basic',
        lines: { 'token-endpoint-auth-method': 'client-secret-basic' },
        service: demanding(
          (r) => (basicOf(r) !== 'the+client:a%2Bsecret%2F' || r.parameters.has('client_secret')) && 'invalid_client',
        ),
      },
    ],
  },
  {
    quirk: 'refresh token only with a fresh consent',
    cells: [
      {
        option: 'authorization-params',
        lines: { 'authorization-params': 'access_type=offline&prompt=consent' },
        service: refreshTokenIf((asked) => asked.get('prompt') === 'consent'),
      },
    ],
  },
  {
    quirk: 'data that comes only in the token reply must be kept',
    cells: [
      {
        option: 'keep-token-fields',
        lines: { 'keep-token-fields': 'api_domain' },
        service: answering((members, request) => (isCode(request) ? { ...members, api_domain: 'acme.example' } : members)),
        first: { extra: { api_domain: 'acme.example' } },
        later: { extra: { api_domain: 'acme.example' } },
      },
    ],
  },
  {
    quirk: 'data that comes only in the callback query must be kept',
    cells: [
      {
        option: 'keep-callback-fields',
        lines: { 'keep-callback-fields': 'realmId' },
        service: () => ({ authorize: () => ({ realmId: '42' }), play: grant() }),
        first: { extra: { realmId: '42' } },
        later: { extra: { realmId: '42' } },
      },
    ],
  },
  {
    quirk: 'scopes not joined by a space',
    cells: [
      { option: 'scope-separator=comma', lines: { scopes: 'read, write', 'scope-separator': 'comma' }, service: joined(',') },
      // A form decodes a plus as a space; the bytes are tested where the request is made.
      { option: 'scope-separator=plus', lines: { scopes: 'read, write', 'scope-separator': 'plus' }, service: joined(' ') },
    ],
  },
  {
    quirk: 'JSON token request',
    cells: [
      {
        option: 'token-body=json',
        lines: { 'token-body': 'json' },
        service: demanding((r) => !r.body.startsWith('{') && 'invalid_request'),
      },
    ],
  },
  {
    quirk: 'refresh at another URL',
    cells: [
      {
        option: 'refresh-url',
        lines: { 'refresh-url': '{origin}/token/refresh' },
        service: demanding((r) => isRefresh(r) && r.path !== '/token/refresh' && 'invalid_request'),
      },
    ],
  },
  { quirk: 'own code in every broker', not: 'no quirk of its own: what is in these rows, and grants that come later' },
  {
    quirk: 'expires but sends no `expires_in`',
    cells: [
      {
        option: 'expires-in-default',
        lines: { 'expires-in-default': '600' },
        service: answering(({ expires_in: _, ...members }) => members),
      },
    ],
    behaviours: ['no expires_in'],
  },
  {
    quirk: 'extra token or refresh parameters',
    cells: [
      {
        option: 'token-params, refresh-params',
        lines: { 'token-params': 'expires_in=1800', 'refresh-params': 'expires_in=1800' },
        service: demanding((r) => r.parameters.get('expires_in') !== '1800' && 'invalid_request'),
      },
    ],
  },
  {
    quirk: 'renamed `client_id`',
    cells: [
      {
        option: 'preset=tiktok',
        lines: { preset: 'tiktok', 'revocation-url': '{origin}/revoke' },
        service: () => ({
          authorize: (asked) =>
            asked.get('client_key') === 'the client' && !asked.has('client_id') ? {} : { error: 'param_error' },
          play: demanding(
            (r) => (r.parameters.get('client_key') !== 'the client' || r.parameters.has('client_id')) && 'invalid_client',
          )().play,
        }),
        revokes: true,
      },
    ],
  },
  {
    quirk: 'nested or renamed reply fields',
    cells: [
      {
        option: 'access-token-path and its kin',
        lines: { 'access-token-path': '/data/token', 'refresh-token-path': '/data/renewal', 'expires-in-path': '/data/life' },
        service: answering((m) => ({ data: { token: m.access_token, renewal: m.refresh_token, life: m.expires_in } })),
      },
    ],
    behaviours: ['tokens within data', 'members in camel case', '201 with tokens'],
  },
  {
    quirk: '`expires_in` as string, float, milliseconds; scope as list or with commas',
    cells: [
      {
        option: 'expires-in-unit=milliseconds',
        lines: { 'expires-in-unit': 'milliseconds' },
        service: answering((members) => ({ ...members, expires_in: '600000' })),
      },
    ],
    behaviours: [
      'expires_in as text',
      'expires_in with a fraction',
      'expires_in in milliseconds',
      'scope as a list',
      'scope with commas',
    ],
  },
  {
    quirk: '200 with an error body',
    behaviours: [
      'bad_refresh_token under 200, as GitHub',
      'incorrect_client_credentials under 200, as GitHub',
      'ok false, as Slack',
    ],
  },
  { quirk: 'form-encoded reply; JSON as text/plain', behaviours: ['a form', 'a form as JSON', 'JSON as text/plain'] },
  {
    quirk: 'dead refresh token said otherwise than `invalid_grant`',
    cells: [
      {
        option: 'dead-refresh-errors',
        lines: { 'dead-refresh-errors': 'unauthorized_client' },
        service: demanding((r) => isRefresh(r) && 'unauthorized_client'),
        later: { code: 'reauthentication_required', reason: 'refused' },
      },
      {
        option: 'none of them',
        lines: {},
        service: demanding((r) => isRefresh(r) && 'unauthorized_client'),
        later: { code: 'configuration_error', reason: 'client' },
      },
    ],
    behaviours: [
      'bad_refresh_token under 200, as GitHub',
      'unauthorized_client, which at Gitea is a dead token',
      'invalid_request',
      'an empty 400',
      'an empty 403',
    ],
  },
  {
    quirk: 'rotates with or without a grace window; does not resend the refresh token',
    cells: [
      {
        option: 'refresh-reuse=strict',
        lines: { 'refresh-reuse': 'strict' },
        service: () => ({ play: grant() }),
      },
    ],
    behaviours: ['a reset after it rotated'],
  },
  {
    quirk: '`token_type` missing, lower case, or a word of their own',
    behaviours: ['no token_type', 'a token_type of its own', 'a key twice'],
  },
  { quirk: 'tokens of 2,500 characters and more', behaviours: ['a token of 2,500 characters', 'a token of 100 KiB'] },
  {
    quirk: 'never sends the user back after a refusal or an unknown scope',
    cells: [{ option: 'none of them', lines: {}, service: () => ({ play: grant() }), abandonedFirst: true }],
  },
  {
    quirk: 'a denial under another name than `access_denied`',
    cells: ['user_cancelled_login', 'consent_declined', 'user_denied'].map((error) => ({
      option: `none of them, at ${error}`,
      lines: {},
      service: () => ({ authorize: () => ({ error }), play: oauthError('invalid_request') }),
      problem: 'You did not sign in to',
    })),
  },
]
