/** The values of `Host` under which a door answers: host and port of its URL, the scheme's own port optional. */
export function allowedHosts(url: string): ReadonlySet<string> {
  const { host, hostname, port, protocol } = new URL(url)
  if (port !== '') return new Set([host])
  return new Set([hostname, `${hostname}:${protocol === 'http:' ? 80 : 443}`])
}

/** The base path of a URL without a trailing slash; empty at the root. */
export function basePathOf(url: string): string {
  return new URL(url).pathname.replace(/\/+$/, '')
}
