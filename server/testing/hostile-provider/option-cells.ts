import { type Behaviour, grant, grantChanged, oauthError, type ReceivedRequest } from '../behaviours.ts'
import type { Lines } from '../options-world.ts'

/** A service that wants things its own way. */
export interface Service {
  /** What it sends the browser back with; by default a code. */
  readonly authorize?: (asked: URLSearchParams) => Readonly<Record<string, string>>
  /** Every other request. */
  readonly play: Behaviour
}

/** One option or one row of the table of quirks against one service. */
export interface OptionCell {
  readonly option: string
  /** What the service does. */
  readonly meets: string
  /** The configuration's lines, `{origin}` standing for the service's. */
  readonly lines: Lines
  /** Made anew for each cell: it may remember. */
  readonly service: () => Service
  /** The title of the page where the sign-in does not end well. */
  readonly problem?: string
  /** What a session gets right after the sign-in, beside a token of the ledger. */
  readonly first?: Readonly<Record<string, unknown>>
  /** What it gets when that has ended: by default another token of the ledger. */
  readonly later?: Readonly<Record<string, unknown>>
  /** The first attempt never comes back; it lapses, and another can be started. */
  readonly abandonedFirst?: boolean
  /** After so many seconds a caller who asks for longer life gets what it had, and the service hears nothing. */
  readonly heldBackAt?: number
  /** After the sign-out the service has to receive a revocation that it takes. */
  readonly revokes?: boolean
  /** What the log has to say. */
  readonly logged?: string
}

/** The two grant types of a token request. */
export const isRefresh = ({ parameters }: ReceivedRequest): boolean => parameters.get('grant_type') === 'refresh_token'

/** The other of them. */
export const isCode = ({ parameters }: ReceivedRequest): boolean => parameters.get('grant_type') === 'authorization_code'

/** A service that refuses what the check names an error for. */
export function demanding(
  check: (request: ReceivedRequest) => string | false | undefined,
  then: Behaviour = grant(),
): () => Service {
  return () => ({
    play: (exchange) => {
      const error = check(exchange.request)
      return (error ? oauthError(error) : then)(exchange)
    },
  })
}

/** A service that answers from the ledger, with the members moved or changed. */
export function answering(change: (members: Record<string, unknown>, request: ReceivedRequest) => unknown): () => Service {
  return () => ({ play: (exchange) => grantChanged((members) => change(members, exchange.request))(exchange) })
}

const TITLES = { client: 'Benchkey could not finish your sign-in', service: 'could not finish the sign-in' } as const
const ENDED = { code: 'reauthentication_required', reason: 'ended' }
const OTHERS = { access_token: 'of-another', refresh_token: 'of-another', expires_in: 5, scope: 'of-another' }
const NESTED: Lines = {
  'access-token-path': '/user/access_token',
  'refresh-token-path': '/user/refresh_token',
  'expires-in-path': '/user/expires_in',
}

const parametersCells: readonly OptionCell[] = [
  {
    option: 'token-params',
    meets: 'a service that wants expires_in with the code',
    lines: { 'token-params': 'expires_in=1800' },
    service: demanding((r) => isCode(r) && r.parameters.get('expires_in') !== '1800' && 'invalid_request'),
  },
  {
    option: 'token-params',
    meets: 'a service that wants nothing of it at a refresh',
    lines: { 'token-params': 'expires_in=1800' },
    service: demanding((r) => isRefresh(r) && r.parameters.has('expires_in') && 'invalid_request'),
  },
  {
    option: 'refresh-params',
    meets: 'a service that wants the scope again at a refresh',
    lines: { 'refresh-params': 'scope=read' },
    service: demanding((r) => isRefresh(r) && r.parameters.get('scope') !== 'read' && 'invalid_scope'),
  },
  {
    option: 'refresh-params',
    meets: 'a service that refuses a scope with the code',
    lines: { 'refresh-params': 'scope=read' },
    service: demanding((r) => isCode(r) && r.parameters.has('scope') && 'invalid_request'),
  },
  {
    option: 'token-body=json',
    meets: 'a service that reads JSON only',
    lines: { 'token-body': 'json' },
    service: demanding((r) => r.headers['content-type'] !== 'application/json' && 'invalid_request'),
  },
  {
    option: 'token-body=json',
    meets: 'a revocation endpoint that reads forms only, as RFC 7009 says',
    lines: { 'token-body': 'json', 'revocation-url': '{origin}/revoke' },
    service: demanding((r) => r.path === '/revoke' && r.headers['content-type'] === 'application/json' && 'invalid_request'),
    revokes: true,
  },
  {
    option: 'refresh-url',
    meets: 'a service whose token URL takes no refresh',
    lines: { 'refresh-url': '{origin}/refresh' },
    service: demanding((r) => isRefresh(r) !== (r.path === '/refresh') && 'unsupported_grant_type'),
  },
  {
    option: 'refresh-url',
    meets: 'an address there that leads elsewhere',
    lines: { 'refresh-url': '{origin}/refresh' },
    service: () => ({
      play: (exchange) => {
        if (exchange.request.path !== '/refresh') return grant()(exchange)
        exchange.response.writeHead(307, { location: '/token' }).end()
      },
    }),
    later: { code: 'provider_unavailable', error: /answered 307, a redirect, which is not followed/ },
  },
  {
    option: 'resource',
    meets: 'a service that wants both resources in every request',
    lines: { resource: 'urn:one urn:two' },
    service: () => ({
      authorize: (asked) => (asked.getAll('resource').length === 2 ? {} : { error: 'invalid_target' }),
      play: demanding((r) => r.parameters.getAll('resource').join() !== 'urn:one,urn:two' && 'invalid_target')().play,
    }),
  },
  {
    option: 'resource',
    meets: 'a service that knows none of them',
    lines: { resource: 'urn:unknown' },
    service: demanding(() => 'invalid_target'),
    problem: TITLES.service,
  },
  {
    option: 'audience',
    meets: 'a service that has no token without it',
    lines: { audience: 'api' },
    service: () => ({
      authorize: (asked) => (asked.get('audience') === 'api' ? {} : { error: 'access_denied' }),
      play: demanding((r) => r.parameters.get('audience') !== 'api' && 'access_denied')().play,
    }),
  },
  {
    option: 'audience',
    meets: 'a service that refuses resources',
    lines: { audience: 'api' },
    service: demanding((r) => r.parameters.has('resource') && 'invalid_target'),
  },
]

const clientCells: readonly OptionCell[] = [
  {
    option: 'token-endpoint-auth-method=client-secret-basic-raw',
    meets: 'a service that compares the header as it stands',
    lines: { 'token-endpoint-auth-method': 'client-secret-basic-raw', 'client-id': 'an id' },
    service: demanding((r) => basicOf(r) !== 'an id:a+secret/' && 'invalid_client'),
  },
  {
    option: 'token-endpoint-auth-method=client-secret-basic-raw',
    meets: 'a service that decodes it, as RFC 6749 says',
    lines: { 'token-endpoint-auth-method': 'client-secret-basic-raw', 'client-id': 'an id' },
    service: demanding((r) => basicOf(r).replaceAll('+', ' ') !== 'an id:a+secret/' && 'invalid_client'),
    problem: TITLES.client,
  },
  {
    option: 'token-endpoint-auth-method=none',
    meets: 'a service that refuses a secret of a public client',
    lines: { 'token-endpoint-auth-method': 'none', 'client-secret': '' },
    service: demanding(
      (r) =>
        (r.headers.authorization !== undefined || r.parameters.has('client_secret') || !r.parameters.has('client_id')) &&
        'invalid_client',
    ),
  },
  {
    option: 'token-endpoint-auth-method=none',
    meets: 'a service that wants a secret after all',
    lines: { 'token-endpoint-auth-method': 'none', 'client-secret': '' },
    service: demanding((r) => !r.parameters.has('client_secret') && 'unauthorized_client'),
    problem: TITLES.client,
  },
]

const replyCells: readonly OptionCell[] = [
  {
    option: 'access-token-path, refresh-token-path, expires-in-path',
    meets: 'a service that nests its tokens',
    lines: NESTED,
    service: answering((members) => ({ user: members })),
  },
  {
    option: 'access-token-path, refresh-token-path, expires-in-path',
    meets: "another account's tokens in the usual places",
    lines: NESTED,
    service: answering((members) => ({ ...OTHERS, user: members })),
  },
  {
    option: 'access-token-path',
    meets: 'a service that nests nothing where the token should be',
    lines: { 'access-token-path': '/user/access_token' },
    service: answering((members) => ({ ...members, user: null })),
    problem: TITLES.service,
  },
  {
    option: 'refresh-token-path',
    meets: "no refresh token there, but another account's in the usual place",
    lines: NESTED,
    service: answering(({ refresh_token: _, ...user }) => ({ ...OTHERS, user })),
    later: ENDED,
  },
  {
    option: 'expires-in-path',
    meets: 'a place with nothing in it',
    lines: { 'expires-in-path': '/life' },
    service: answering((members) => members),
    first: { expiry: '9999-12-31T23:59:59Z' },
    later: { expiry: '9999-12-31T23:59:59Z' },
  },
  {
    option: 'expires-at-path',
    meets: 'a service that tells an instant',
    lines: { 'expires-at-path': '/until' },
    service: answering(({ expires_in: _, ...members }) => ({ ...members, until: '2026-11-23T23:00:00Z' })),
    first: { expiry: '2026-11-23T23:00:00Z' },
    later: { expiry: '2026-11-23T23:00:00Z' },
  },
  {
    option: 'expires-at-path',
    meets: 'an instant that was over before the request',
    lines: { 'expires-at-path': '/until' },
    service: answering((members) => ({ ...members, until: '2001-01-01T00:00:00Z' })),
  },
  {
    option: 'scope-path',
    meets: 'a service that tells its scopes elsewhere',
    lines: { scopes: 'read', 'scope-path': '/granted' },
    service: answering((members) => ({ ...members, scope: 'of-another', granted: ['read'] })),
  },
  {
    option: 'expires-in-unit=milliseconds',
    meets: 'a service that counts so',
    lines: { 'expires-in-unit': 'milliseconds' },
    service: answering((members) => ({ ...members, expires_in: 600_000 })),
  },
  {
    option: 'expires-in-unit=milliseconds',
    meets: 'a service that counts in seconds: half a second, and still a token each time',
    lines: { 'expires-in-unit': 'milliseconds' },
    service: answering((members) => ({ ...members, expires_in: 600 })),
  },
  {
    option: 'refresh-before',
    meets: 'a service that refuses early refreshes',
    lines: { 'refresh-before': '30' },
    service: () => ({ play: grant() }),
    heldBackAt: 560,
  },
  {
    option: 'refresh-before',
    meets: 'tokens that live shorter than that',
    lines: { 'refresh-before': '30' },
    service: answering((members) => ({ ...members, expires_in: 20 })),
  },
  {
    option: 'validate-url',
    meets: 'a service that says yes',
    lines: { 'validate-url': '{origin}/me' },
    service: () => ({ play: grantOr('/me', ({ response }) => void response.writeHead(204).end()) }),
  },
  {
    option: 'validate-url',
    meets: 'a service that says no to a token it has just given',
    lines: { 'validate-url': '{origin}/me' },
    service: () => ({ play: grantOr('/me', ({ response }) => void response.writeHead(401).end()) }),
    logged: 'answered 401',
  },
  {
    option: 'validate-url',
    meets: 'a service that hangs up there',
    lines: { 'validate-url': '{origin}/me' },
    service: () => ({ play: grantOr('/me', ({ socket }) => void socket.destroy()) }),
  },
  {
    option: 'keep-token-fields',
    meets: 'a service that tells its host with the tokens',
    lines: { 'keep-token-fields': 'instance_url' },
    service: answering((members) => ({ ...members, instance_url: 'https://eu1.example' })),
    first: { extra: { instance_url: 'https://eu1.example' } },
    later: { extra: { instance_url: 'https://eu1.example' } },
  },
  {
    option: 'keep-token-fields',
    meets: 'a service that puts the refresh token there, and a whole book',
    lines: { 'keep-token-fields': 'instance_url site' },
    service: answering((members) => ({ ...members, instance_url: members.refresh_token, site: 'x'.repeat(100_000) })),
    logged: 'instance_url, site',
  },
  {
    option: 'keep-callback-fields',
    meets: 'a service that names the company in the callback',
    lines: { 'keep-callback-fields': 'realmId' },
    service: () => ({ authorize: () => ({ realmId: '4620816365' }), play: grant() }),
    first: { extra: { realmId: '4620816365' } },
    later: { extra: { realmId: '4620816365' } },
  },
  {
    option: 'keep-callback-fields',
    meets: 'a service that puts the code there',
    lines: { 'keep-callback-fields': 'realmId' },
    service: () => ({ authorize: () => ({ realmId: 'a-code' }), play: grant() }),
    logged: 'realmId',
  },
]

/** Each provider option against what it exists for, and against what could lead it astray. */
export const OPTION_CELLS: readonly OptionCell[] = [...parametersCells, ...clientCells, ...replyCells]

/** What an HTTP Basic header holds. */
export function basicOf({ headers }: ReceivedRequest): string {
  return Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString()
}

function grantOr(path: string, other: Behaviour): Behaviour {
  return (exchange) => (exchange.request.path === path ? other : grant())(exchange)
}
