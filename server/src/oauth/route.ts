import type { WayOut } from '../domain/integration.ts'
import type { OutgoingProxy } from '../domain/outgoing.ts'
import { noProxyRuleFor } from './no-proxy.ts'

/** What decided about a way out, for whoever wants to change it. */
export interface RoutePlace {
  readonly file: 'oauth-clients.conf' | 'env-vars'
  /** In `oauth-clients.conf` that of the integration's section. */
  readonly option: string
  /** In `env-vars`. */
  readonly line?: number
}

/** How a request reaches its host, and why so, in words: `no_proxy names *.corp.example`. */
export type Route =
  | { readonly kind: 'direct'; readonly why: string; readonly place?: RoutePlace }
  | { readonly kind: 'proxy'; readonly proxy: OutgoingProxy; readonly why: string; readonly place: RoutePlace }

/** The way out for an URL: the integration's own proxy, else what `env-vars` says of the host. */
export function routeOf(url: URL, { proxy, commonProxies }: WayOut): Route {
  const own = { file: 'oauth-clients.conf', option: 'proxy' } as const
  if (proxy === 'none') return { kind: 'direct', why: 'proxy=none', place: own }
  if (proxy !== undefined) return { kind: 'proxy', proxy, why: 'the option proxy of the integration', place: own }
  const common = url.protocol === 'http:' ? commonProxies?.http : commonProxies?.https
  if (!commonProxies || !common) return { kind: 'direct', why: 'no proxy is configured' }
  const rule = noProxyRuleFor(url.hostname, portOf(url), commonProxies.noProxy)
  if (rule) return { kind: 'direct', why: `${rule.option} names ${rule.text}`, place: inEnvVars(rule) }
  const { option, line, ...found } = common
  return { kind: 'proxy', proxy: found, why: `${option} of env-vars`, place: inEnvVars({ option, line }) }
}

/** The port an URL leads to. */
export function portOf(url: URL): number {
  const usual = url.protocol === 'https:' ? 443 : 80
  return url.port === '' ? usual : Number(url.port)
}

function inEnvVars({ option, line }: { readonly option: string; readonly line: number }): RoutePlace {
  return { file: 'env-vars', option, line }
}
