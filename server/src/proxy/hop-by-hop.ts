/** Headers of one connection only (RFC 9110 §7.6.1); what frames a body is written anew. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Name, in lower case, and value, in the order they came. */
export type HeaderPair = readonly [name: string, value: string]

/** All headers of a message but those of its connection and those its `Connection` names; `Content-Length` stays. */
export function withoutHopByHop(rawHeaders: readonly string[]): readonly HeaderPair[] {
  const pairs: HeaderPair[] = []
  const named = new Set<string>()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name, value] = [(rawHeaders[i] ?? '').toLowerCase(), rawHeaders[i + 1] ?? '']
    if (name === 'connection') for (const option of value.split(',')) named.add(option.trim().toLowerCase())
    pairs.push([name, value])
  }
  named.delete('content-length')
  return pairs.filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name))
}
