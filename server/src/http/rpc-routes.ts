import { basePathOf } from './allowed-hosts.ts'

/** The methods that R and Python call, each a path of its own. */
const COMPATIBLE = ['oauth_integrations', 'oauth_token', 'id_token', 'delegated_azure_token'] as const

/** What our own clients ask of one integration: the last part of the path, if any. */
const OF_INTEGRATION = { '': 'integration', 'sign-out': 'sign_out', report: 'report' } as const

/** What no client of another make asks: who am I, that this terminal is logged out, and the doors of OAuth libraries and services. */
const OWN = {
  'api/v1/session': 'session',
  'api/v1/session/end': 'end_session',
  'oauth/token': 'token_exchange',
  'api/v1/sessions': 'service_sessions',
  'api/v1/openapi.json': 'openapi',
} as const

type Plain = (typeof COMPATIBLE)[number] | (typeof OWN)[keyof typeof OWN]
type OfIntegration = (typeof OF_INTEGRATION)[keyof typeof OF_INTEGRATION]

/** A call of the session RPC that this server answers. `uid`: as the path names it, in lower case. */
export type RpcRoute =
  | { readonly [M in Plain]: { readonly method: M } }[Plain]
  | { readonly method: OfIntegration; readonly uid: string }
  | { readonly method: 'service_session'; readonly id: string }

/** A method of the session RPC. */
export type RpcMethod = RpcRoute['method']

/** Longer ones name no integration and no session; nothing is looked up for them. */
const ID_LIMIT = 200

/** Finds the call behind a path. R joins address, `/` and method without clean-up, so each path stands there with two slashes too. */
export class RpcRoutes {
  readonly #fixed: ReadonlyMap<string, RpcRoute>
  readonly #integrations: readonly string[]
  readonly #sessions: readonly string[]

  constructor(callbackAddress: string) {
    const roots = ['/', '//'].map((slashes) => `${basePathOf(callbackAddress)}${slashes}`)
    const fixed: readonly (readonly [string, RpcRoute])[] = [
      ...COMPATIBLE.map((method) => [method, { method }] as const),
      ...Object.entries(OWN).map(([path, method]) => [path, { method }] as const),
    ]
    this.#fixed = new Map(roots.flatMap((root) => fixed.map(([path, route]) => [root + path, route] as const)))
    this.#integrations = roots.map((root) => `${root}api/v1/integrations/`)
    this.#sessions = roots.map((root) => `${root}api/v1/sessions/`)
  }

  /** `path` without its query; undefined when it belongs to no call of the RPC. */
  find(path: string): RpcRoute | undefined {
    return this.#fixed.get(path) ?? this.#ofIntegration(path) ?? this.#ofSession(path)
  }

  #ofIntegration(path: string): RpcRoute | undefined {
    const prefix = this.#integrations.find((each) => path.startsWith(each))
    if (prefix === undefined) return undefined
    const [uid = '', what = '', ...rest] = path.slice(prefix.length).split('/')
    if (uid === '' || uid.length > ID_LIMIT || rest.length > 0 || !isOfIntegration(what)) return undefined
    return { method: OF_INTEGRATION[what], uid: uid.toLowerCase() }
  }

  #ofSession(path: string): RpcRoute | undefined {
    const prefix = this.#sessions.find((each) => path.startsWith(each))
    const id = prefix === undefined ? '' : path.slice(prefix.length)
    return id === '' || id.length > ID_LIMIT || id.includes('/') ? undefined : { method: 'service_session', id }
  }
}

function isOfIntegration(what: string): what is keyof typeof OF_INTEGRATION {
  return Object.hasOwn(OF_INTEGRATION, what)
}
