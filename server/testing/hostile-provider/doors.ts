import { makeLeaf } from '../certificates.ts'
import type { ScriptedProvider, TlsOptions } from '../scripted-provider.ts'
import { type Door, type DoorKit, LOOPBACK } from './door.ts'
import type { NamedBehaviour } from './named-behaviour.ts'
import { notSafe, notSent, uncertain } from './named-behaviour.ts'

const DAY_MS = 24 * 60 * 60_000
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS)

const resolved =
  (address: string): NonNullable<Door['resolve']> =>
  async () => [{ address, family: address.includes(':') ? 6 : 4 }]

const lookUpFails =
  (code: string): NonNullable<Door['resolve']> =>
  () =>
    Promise.reject(Object.assign(new Error(`getaddrinfo ${code}`), { code }))

const named =
  (name: string, scheme = 'https') =>
  ({ port }: ScriptedProvider) =>
    `${scheme}://${name}:${port}`

const unused = (): never => {
  throw new Error('A request came through a door that is closed.')
}

function door(name: string, how: Door, expected: NamedBehaviour['expected'], takesTime = false): NamedBehaviour {
  return { name, door: how, play: unused, expected, takesTime }
}

const tlsOf = (more: Omit<TlsOptions, 'certificate' | 'key'>) => ({
  tls: ({ leaf, known }: DoorKit): TlsOptions => ({
    ...leaf,
    ...more,
    ...('clientAuthority' in more ? { clientAuthority: known.pem } : {}),
  }),
})

const NO_SAFE_CONNECTION = 'could not agree on a safe connection'

/** TLS, addresses and names. */
export const DOORS: readonly NamedBehaviour[] = [
  door(
    'an expired certificate',
    {
      tls: ({ known }) =>
        makeLeaf(known, LOOPBACK, { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter: new Date('2025-11-05T10:00:00Z') }),
    },
    notSafe('its certificate expired on 5 Nov 2025'),
  ),
  door(
    'a certificate of tomorrow',
    { tls: ({ known }) => makeLeaf(known, LOOPBACK, { notBefore: inDays(1), notAfter: inDays(30) }) },
    notSafe('its certificate is not valid yet'),
  ),
  door(
    'a certificate for another host',
    { tls: ({ known }) => makeLeaf(known, ['other.example']) },
    notSafe('its certificate is for another host'),
  ),
  door(
    'a certificate of an unknown authority',
    { tls: ({ unknown }) => makeLeaf(unknown, LOOPBACK) },
    notSafe('its certificate is from an unknown authority'),
  ),
  door('TLS 1.1', tlsOf({ maxVersion: 'TLSv1.1' }), notSent(NO_SAFE_CONNECTION)),
  door('no TLS where TLS is expected', { origin: ({ port }) => `https://127.0.0.1:${port}` }, notSent(NO_SAFE_CONNECTION)),
  door('a certificate asked of the client', tlsOf({ clientAuthority: '' }), uncertain('closed the connection')),
  door(
    'a TLS handshake that is cut off',
    { tcp: (socket) => void socket.once('data', () => socket.resetAndDestroy()) },
    notSent('closed the connection'),
  ),
  door('a TLS handshake without end', { tcp: (socket) => void socket.resume() }, notSent('timed out after 5 s'), true),
  door('nobody at its port', { isClosed: true }, notSent('refused the connection')),
  door(
    'a name nobody knows',
    { origin: named('nowhere.example'), resolve: lookUpFails('ENOTFOUND') },
    notSent('host name not found'),
  ),
  door(
    'a name that cannot be looked up',
    { origin: named('later.example'), resolve: lookUpFails('EAI_AGAIN') },
    notSent('host name could not be looked up'),
  ),
  door(
    'a name that leads to the metadata service',
    { origin: named('rebound.example'), resolve: resolved('169.254.169.254') },
    notSafe('its address is a metadata service, where Benchkey may not connect'),
  ),
  door(
    'a name that leads to a link-local address',
    { origin: named('near.example'), resolve: resolved('fe80::1') },
    notSafe('its address is link-local, where Benchkey may not connect'),
  ),
  door(
    'plain http to another host',
    { origin: named('plain.example', 'http'), resolve: resolved('93.184.216.34') },
    notSafe('its address is not https'),
  ),
]
