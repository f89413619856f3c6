import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls'
import type { ResolvedAddress } from './connection-events.ts'

/** A second address is tried after this when the first does not answer. RFC 8305 allows 0.1 to 2 s. */
const NEXT_ADDRESS_AFTER_MS = 500

/** A TCP connection to one of the addresses, without a look-up of its own. */
export function establishTcp(
  { host, port }: { readonly host: string; readonly port: number },
  addresses: readonly ResolvedAddress[],
  signal: AbortSignal,
): Promise<Socket> {
  const socket = connectTcp({
    host,
    port,
    autoSelectFamily: addresses.length > 1,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    noDelay: true,
    lookup: (_name, options, callback) => {
      const first = addresses[0]
      if (options.all || first === undefined) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    },
  })
  return established(socket, 'connect', signal)
}

/** What the handshake is made of. */
export interface TlsPeer {
  readonly host: string
  /** Authorities to trust; undefined = those of Node. */
  readonly secureContext: SecureContext | undefined
  /** Called before the certificate is judged, since it cannot be read after it was refused. */
  readonly onSecure: (socket: TLSSocket) => void
}

/** TLS over an established connection, the certificate verified. */
export async function establishTls(under: Socket, peer: TlsPeer, signal: AbortSignal): Promise<TLSSocket> {
  const { host, secureContext, onSecure } = peer
  const options: ConnectionOptions = {
    socket: under,
    host,
    // SNI carries names only (RFC 6066 §3); an address is verified through `host`.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // Said although it is the default: the default can be turned off through the environment.
    rejectUnauthorized: true,
    ...(secureContext ? { secureContext } : {}),
  }
  const socket = connectTls(options)
  // Before Node's own listener verifies and, on failure, closes.
  socket.prependListener('secure', () => onSecure(socket))
  return await established(socket, 'secureConnect', signal)
}

function established<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => void socket.destroy(asError(signal.reason))
    // Stays for the socket's life, so that a late reset is never an uncaught exception.
    socket.on('error', reject)
    socket.once('close', () => reject(closed()))
    socket.once(event, () => {
      signal.removeEventListener('abort', onAbort)
      resolve(socket)
    })
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

/** The other side closed the connection, as an error of the network. */
export function closed(): Error {
  return Object.assign(new Error('The connection was closed.'), { code: 'ECONNRESET' })
}

/** The work's end, or the signal's reason, whichever comes first. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(asError(signal.reason))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
