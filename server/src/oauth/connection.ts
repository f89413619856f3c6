import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls'
import { forbiddenAddress } from './address-guard.ts'
import { notSentBecause } from './network-words.ts'
import { NotSent } from './transport.ts'

/** An address a name stands for. */
export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

/** Looks a host name up; all its addresses. Rejects as dns.lookup does. */
export type Resolve = (hostName: string) => Promise<readonly ResolvedAddress[]>

/** What connections are allowed to be. */
export interface ConnectionPolicy {
  /** Loopback addresses, and plain http there (`insecure-loopback-providers=1`). */
  readonly allowLoopback: boolean
  /** Authorities to trust; undefined = those of Node. */
  readonly secureContext?: SecureContext
  readonly resolve?: Resolve
}

/** A second address is tried after this when the first does not answer. RFC 8305 allows 0.1 to 2 s. */
const NEXT_ADDRESS_AFTER_MS = 500

const resolveBySystem: Resolve = (hostName) => lookup(hostName, { all: true, verbatim: true })

/**
 * A fresh connection to the host of an URL, TLS established and the certificate verified. Only addresses that passed the
 * outbound guard are connected to. Rejects with NotSent; the signal's abort ends it with the signal's reason as the words.
 */
export async function openConnection(url: URL, policy: ConnectionPolicy, signal: AbortSignal): Promise<Socket> {
  checkUrl(url)
  const hostName = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const addresses = await addressesOf(hostName, policy, signal)
  checkAddresses(url, addresses, policy)
  let certificateEnd: Date | undefined
  try {
    const tcp = await establishTcp(url, hostName, addresses, signal)
    if (url.protocol === 'http:') return tcp
    return await establishTls(tcp, hostName, policy, signal, (end) => {
      certificateEnd = end
    })
  } catch (error) {
    throw notSentBecause(error, certificateEnd)
  }
}

function checkUrl(url: URL): void {
  if (url.username !== '' || url.password !== '') throw new NotSent('guard', 'its address holds a user name or password')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new NotSent('guard', 'its address is not https')
}

async function addressesOf(hostName: string, policy: ConnectionPolicy, signal: AbortSignal): Promise<readonly ResolvedAddress[]> {
  if (isIP(hostName) !== 0) return [{ address: hostName, family: isIP(hostName) }]
  try {
    const found = await untilAborted((policy.resolve ?? resolveBySystem)(hostName), signal)
    if (found.length === 0) throw new NotSent('network', 'host name not found')
    return found
  } catch (error) {
    throw notSentBecause(error, undefined)
  }
}

/** One forbidden address among several refuses them all: a name that points there is not to be trusted with the others. */
function checkAddresses(url: URL, addresses: readonly ResolvedAddress[], policy: ConnectionPolicy): void {
  let isLoopback = true
  for (const { address } of addresses) {
    const why = forbiddenAddress(address)
    if (why !== 'loopback') isLoopback = false
    if (why === undefined || (why === 'loopback' && policy.allowLoopback)) continue
    throw new NotSent('guard', `its address is ${why}, where Benchkey may not connect`)
  }
  if (url.protocol === 'http:' && !isLoopback) throw new NotSent('guard', 'its address is not https')
}

function establishTcp(url: URL, hostName: string, addresses: readonly ResolvedAddress[], signal: AbortSignal): Promise<Socket> {
  const defaultPort = url.protocol === 'https:' ? 443 : 80
  const socket = connectTcp({
    host: hostName,
    port: url.port === '' ? defaultPort : Number(url.port),
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

async function establishTls(
  tcp: Socket,
  hostName: string,
  policy: ConnectionPolicy,
  signal: AbortSignal,
  onCertificateEnd: (end: Date) => void,
): Promise<Socket> {
  const options: ConnectionOptions = {
    socket: tcp,
    host: hostName,
    // SNI carries names only (RFC 6066 §3); an address is verified through `host`.
    ...(isIP(hostName) === 0 ? { servername: hostName } : {}),
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    // Said although it is the default: the default can be turned off through the environment.
    rejectUnauthorized: true,
    ...(policy.secureContext ? { secureContext: policy.secureContext } : {}),
  }
  const socket = connectTls(options)
  // Before Node's own listener verifies and, on failure, closes: afterwards the certificate cannot be read any more.
  socket.prependListener('secure', () => readCertificateEnd(socket, onCertificateEnd))
  return await established(socket, 'secureConnect', signal)
}

function readCertificateEnd(socket: TLSSocket, onCertificateEnd: (end: Date) => void): void {
  const end = new Date(socket.getPeerCertificate().valid_to)
  if (!Number.isNaN(end.getTime())) onCertificateEnd(end)
}

function established<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => void socket.destroy(asError(signal.reason))
    // Stays for the socket's life, so that a late reset is never an uncaught exception.
    socket.on('error', reject)
    socket.once('close', () => reject(Object.assign(new Error('The connection was closed.'), { code: 'ECONNRESET' })))
    socket.once(event, () => {
      signal.removeEventListener('abort', onAbort)
      resolve(socket)
    })
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
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
