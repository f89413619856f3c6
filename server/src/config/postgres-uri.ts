import { isIP } from 'node:net'
import type { Parsed } from './option-table.ts'
import { isLoopbackHost } from './urls.ts'

/** A `postgresql://` URI, taken apart. https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
export interface PostgresUri {
  /** A host name, an address without brackets, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password?: string
  /** `sslmode=verify-full` is written, which is what happens anyway, but to this machine itself. */
  readonly verifies: boolean
}

const DEFAULT_PORT = 5432
/** sun_path holds 108 bytes with its end; the name in it is `.s.PGSQL.65535`. unix(7) */
const LONGEST_DIRECTORY = 107 - '/.s.PGSQL.65535'.length
const SHAPE = /^postgres(?:ql)?:\/\/(?:([^/?]*)@)?([^/?@]*)(?:\/([^/?]*))?(?:\?(.*))?$/
const PARAMETERS = new Set(['host', 'port', 'sslmode'])

/** Reads a connection URI of one host. */
export function postgresUri(text: string): Parsed<PostgresUri> {
  if (!/^postgres(ql)?:\/\//.test(text)) return { problem: 'is no PostgreSQL URI; write postgresql://user@host/database.' }
  if (/[\s#"<>\\^`{|}]/.test(text))
    return { problem: 'holds a blank, #, quote, backslash or another character no URI has; percent-encode it (# is %23).' }
  const [, userInfo = '', place = '', database = '', query = ''] = SHAPE.exec(text) ?? []
  if (!SHAPE.test(text) || userInfo.includes('@'))
    return { problem: 'cannot be taken apart; percent-encode @, / and ? in user and password (%40, %2F, %3F).' }
  const [user = '', ...passwords] = userInfo.split(':')
  const decoded = decodeAll({ user, password: passwords.join(':'), database })
  if (!decoded) return { problem: 'holds a % that is followed by no two hexadecimal digits; write %25 for the character itself.' }
  // A NUL would end the name in the start-up message of the protocol, and what follows would be taken for settings.
  if ([...Object.values(decoded), ...new URLSearchParams(query).values()].some((part) => /\p{Cc}/u.test(part)))
    return { problem: 'holds an encoded control character (%00 to %1F, %7F); remove it.' }
  if (decoded.user === '') return { problem: 'names no user; write postgresql://user@host/database.' }
  if (decoded.database === '') return { problem: 'names no database; write postgresql://user@host/database.' }
  const parameters = readParameters(query)
  if ('problem' in parameters) return parameters
  const server = placeOf(place, parameters.value)
  if ('problem' in server) return server
  const { password, ...names } = decoded
  const verifies = parameters.value.has('sslmode')
  return { value: { ...server.value, ...names, ...(password === '' ? {} : { password }), verifies } }
}

/** Whether the way there leads through no network. Of names only `localhost` is sure: others that end so may be looked up. */
export function isThisMachine({ host }: Pick<PostgresUri, 'host'>): boolean {
  if (isSocket({ host }) || host.toLowerCase() === 'localhost') return true
  return isIP(host) !== 0 && isLoopbackHost(isIP(host) === 6 ? new URL(`http://[${host}]`).hostname : host)
}

/** Whether the host is the directory of a Unix socket. */
export function isSocket({ host }: Pick<PostgresUri, 'host'>): boolean {
  return host.startsWith('/')
}

function readParameters(query: string): Parsed<ReadonlyMap<string, string>> {
  const parameters = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(query)) {
    if (name.startsWith('ssl') && name !== 'sslmode')
      return { problem: 'has a parameter about certificates; remove it, and write ssl-ca-certificate in a line of its own.' }
    if (!PARAMETERS.has(name)) return { problem: 'has another parameter than host, port and sslmode; remove it.' }
    if (parameters.has(name)) return { problem: `names ${name} twice; keep one of the two.` }
    parameters.set(name, value)
  }
  const mode = parameters.get('sslmode')
  if (mode !== undefined && mode !== 'verify-full')
    return { problem: 'asks for less than sslmode=verify-full; remove sslmode, Benchkey always verifies the certificate.' }
  return { value: parameters }
}

function placeOf(place: string, parameters: ReadonlyMap<string, string>): Parsed<Pick<PostgresUri, 'host' | 'port'>> {
  const named = parameters.get('host')
  if (place.includes(',') || named?.includes(',')) return { problem: 'names several hosts; write one.' }
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]*)(?::([0-9]*))?$/.exec(place)
  if (!match) return { problem: 'has a host or port that cannot be read; an IPv6 address stands in brackets.' }
  const [, written = '', portWritten = ''] = match
  const portText = portWritten || (parameters.get('port') ?? String(DEFAULT_PORT))
  const port = /^[0-9]{1,5}$/.test(portText) ? Number(portText) : 0
  if (port < 1 || port > 65_535) return { problem: 'has a port that is no number from 1 to 65535.' }
  if (portWritten !== '' && parameters.has('port')) return { problem: 'names the port twice; keep one of the two.' }
  if (written !== '' && named !== undefined) return { problem: 'names the host twice; keep one of the two.' }
  const host = written === '' ? (named ?? '') : written.replace(/^\[|\]$/g, '')
  if (host === '')
    return { problem: 'names no host; write postgresql://user@host/database, or ?host=/run/postgresql for a Unix socket.' }
  const problem = hostProblem(host)
  return problem === undefined ? { value: { host, port } } : { problem }
}

function hostProblem(host: string): string | undefined {
  if (host.startsWith('/')) {
    return Buffer.byteLength(host) > LONGEST_DIRECTORY
      ? `names a directory with more than ${LONGEST_DIRECTORY} bytes.`
      : undefined
  }
  if (isIP(host) !== 0 || /^(?!-)[A-Za-z0-9._-]{1,253}$/.test(host)) return undefined
  return 'has a host that is neither a name nor an address; a directory begins with /.'
}

function decodeAll<T extends Record<string, string>>(parts: T): T | undefined {
  try {
    return Object.fromEntries(Object.entries(parts).map(([name, text]) => [name, decodeURIComponent(text)])) as T
  } catch {
    return undefined
  }
}
