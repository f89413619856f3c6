/** An outgoing HTTP proxy; its password is for it alone and stands in no text. */
export interface OutgoingProxy {
  /** `http`: the proxy is reached in the clear; `https`: by TLS. */
  readonly protocol: 'http' | 'https'
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
  readonly userName?: string
  readonly password?: string
}

/** A line of the file `env-vars`. */
export interface EnvVarsLine {
  readonly option: string
  readonly line: number
}

/** What the file `env-vars` says: the proxies of every integration that has none of its own. */
export interface CommonProxies {
  /** For http URLs. */
  readonly http?: OutgoingProxy & EnvVarsLine
  /** For https URLs. */
  readonly https?: OutgoingProxy & EnvVarsLine
  /** Hosts that are asked directly. */
  readonly noProxy: readonly (NoProxyRule & EnvVarsLine)[]
  /** PEM of authorities that are trusted for every integration besides Node's (`NODE_EXTRA_CA_CERTS`). */
  readonly extraCa?: string
}

/** One entry of `no_proxy`. Names are in lower case and ASCII; addresses are compared with hosts that are addresses themselves. */
export type NoProxyRule = {
  /** As written. */
  readonly text: string
  /** Absent: every port. */
  readonly port?: number
} & (
  | { readonly kind: 'domain'; readonly name: string }
  /** `*` stands for any characters. */
  | { readonly kind: 'pattern'; readonly pattern: string }
  | { readonly kind: 'subnet'; readonly network: string; readonly prefix: number }
  | { readonly kind: 'range'; readonly first: string; readonly last: string }
)

/** How texts call a proxy: `host:port`. */
export function proxyName({ host, port }: Pick<OutgoingProxy, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
