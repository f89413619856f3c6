import { lookup } from 'node:dns/promises'
import { isIP, type Socket } from 'node:net'
import type { SecureContext, TLSSocket } from 'node:tls'
import { type OutgoingProxy, proxyName } from '../domain/outgoing.ts'
import { forbiddenAddress, isPrivateAddress, isThisMachine } from './address-guard.ts'
import { type ConnectionEvent, type Observe, type ResolvedAddress, seenCertificates } from './connection-events.ts'
import { notSentBecause, ofProxy } from './network-words.ts'
import { openTunnel } from './proxy-tunnel.ts'
import { portOf, type Route } from './route.ts'
import { establishTcp, establishTls, untilAborted } from './sockets.ts'
import { NotSent } from './transport.ts'

/** Looks a host name up; all its addresses. Rejects as dns.lookup does. */
export type Resolve = (hostName: string) => Promise<readonly ResolvedAddress[]>

/** What connections are allowed to be. */
export interface ConnectionPolicy {
  /** Loopback addresses, and plain http there (`insecure-loopback-providers=1`). */
  readonly allowLoopback: boolean
  /** No service may be in a private network (`deny-private-endpoints=1`); a proxy may. */
  readonly denyPrivate?: boolean
  /** Authorities to trust; undefined = those of Node. */
  readonly secureContext?: SecureContext
  readonly resolve?: Resolve
}

/** A connection to be opened. */
export interface Destination {
  readonly url: URL
  readonly route: Route
  readonly policy: ConnectionPolicy
  /** Its abort ends the opening with the signal's reason as the words. */
  readonly signal: AbortSignal
  /** Default: nobody follows. */
  readonly observe?: Observe
}

interface Steps extends Omit<Destination, 'route'> {
  readonly of: ConnectionEvent['of']
  readonly observe: Observe
}

const resolveBySystem: Resolve = (hostName) => lookup(hostName, { all: true, verbatim: true })

/**
 * A fresh connection to the host of an URL, TLS established and the certificate verified. Only addresses that passed the
 * outbound guard are connected to. Under a proxy it is a tunnel through it, and for http a connection to the proxy itself, which
 * gets the whole URL (RFC 9112 §3.2.2). Rejects with NotSent: nothing of a request has left before the fence.
 */
export async function openConnection({ route, ...destination }: Destination): Promise<Socket> {
  const observe = destination.observe ?? (() => undefined)
  const steps: Steps = { ...destination, observe, of: 'service' }
  checkUrl(destination.url)
  if (route.kind === 'direct') return await overTls(await directTo(steps), destination.url.protocol, steps)
  const { proxy } = route
  framed(steps, 'guard', () => checkProxied(destination.url, destination.policy))
  const toProxy = await connectionToProxy(proxy, steps)
  if (destination.url.protocol === 'http:') return toProxy
  await tunnelled(toProxy, proxy, steps)
  try {
    return await overTls(toProxy, 'https:', steps)
  } catch (error) {
    const isCut = error instanceof NotSent && error.words === 'closed the connection'
    throw isCut ? new NotSent('network', `closed the connection through the proxy ${proxyName(proxy)}`, error) : error
  }
}

function checkUrl(url: URL): void {
  if (url.username !== '' || url.password !== '') throw new NotSent('guard', 'its address holds a user name or password')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new NotSent('guard', 'its address is not https')
}

/** The proxy looks names up, so what it must not be sent to can only be told by the name; addresses are not given to it. */
function checkProxied(url: URL, { allowLoopback }: ConnectionPolicy): void {
  const host = hostOf(url)
  if (isThisMachine(host)) {
    if (allowLoopback) return
    throw new NotSent('guard', 'its address is loopback, where Benchkey may not connect')
  }
  if (isIP(host) !== 0) throw new NotSent('guard', 'its address is not a name, and a proxy is asked for names only')
  if (url.protocol === 'http:') throw new NotSent('guard', 'its address is not https')
}

async function connectionToProxy(proxy: OutgoingProxy, { policy, ...service }: Steps): Promise<Socket> {
  const url = new URL(`${proxy.protocol}://${proxyName(proxy)}`)
  const steps: Steps = { ...service, policy: { ...policy, allowLoopback: true }, url, of: 'proxy' }
  try {
    return await overTls(await directTo(steps), url.protocol, steps)
  } catch (error) {
    throw error instanceof NotSent ? ofProxy(error, proxyName(proxy)) : error
  }
}

async function tunnelled(socket: Socket, proxy: OutgoingProxy, { url, signal, observe }: Steps): Promise<void> {
  const step = { step: 'tunnel', of: 'proxy' } as const
  observe({ ...step, state: 'begins' })
  const onReply = (status: number): void => observe({ ...step, state: 'seen', status })
  await openTunnel(socket, { proxy, target: `${url.hostname}:${portOf(url)}`, signal, onReply })
  observe({ ...step, state: 'done' })
}

/** A TCP connection to the host of the URL itself. */
async function directTo(steps: Steps): Promise<Socket> {
  const { url, signal, observe, of } = steps
  const host = hostOf(url)
  const addresses = await addressesOf(host, steps)
  framed(steps, 'guard', () => checkAddresses(steps, addresses))
  observe({ step: 'tcp', of, state: 'begins' })
  try {
    const socket = await establishTcp({ host, port: portOf(url) }, addresses, signal)
    const address = socket.remoteAddress
    observe({ step: 'tcp', of, state: 'done', ...(address === undefined ? {} : { address }) })
    return socket
  } catch (error) {
    throw notSentBecause(error, undefined)
  }
}

async function addressesOf(host: string, { policy, signal, observe, of }: Steps): Promise<readonly ResolvedAddress[]> {
  if (isIP(host) !== 0) return [{ address: host, family: isIP(host) }]
  observe({ step: 'look-up', of, state: 'begins' })
  try {
    const addresses = await untilAborted((policy.resolve ?? resolveBySystem)(host), signal)
    if (addresses.length === 0) throw new NotSent('network', 'host name not found')
    observe({ step: 'look-up', of, state: 'done', addresses })
    return addresses
  } catch (error) {
    throw notSentBecause(error, undefined)
  }
}

/** One forbidden address among several refuses them all: a name that points there is not to be trusted with the others. */
function checkAddresses({ url, policy, of }: Steps, addresses: readonly ResolvedAddress[]): void {
  let isLoopback = true
  for (const { address } of addresses) {
    const why = forbiddenAddress(address)
    if (why !== 'loopback') isLoopback = false
    if (why === undefined || (why === 'loopback' && policy.allowLoopback)) continue
    throw new NotSent('guard', `its address is ${why}, where Benchkey may not connect`)
  }
  if (of === 'service' && policy.denyPrivate && addresses.some(({ address }) => isPrivateAddress(address))) {
    throw new NotSent('guard', 'its address is private, which deny-private-endpoints forbids')
  }
  // A proxy is the administrator's own and may be reached in the clear; what passes it for a service is TLS in itself.
  if (of === 'service' && url.protocol === 'http:' && !isLoopback) throw new NotSent('guard', 'its address is not https')
}

async function overTls(under: Socket, protocol: string, { url, policy, signal, observe, of }: Steps): Promise<Socket> {
  if (protocol === 'http:') return under
  let certificateEnd: Date | undefined
  const onSecure = (socket: TLSSocket): void => {
    const certificates = seenCertificates(socket)
    certificateEnd = certificates[0]?.validTo
    observe({ step: 'tls', of, state: 'seen', certificates, ...protocolOf(socket) })
  }
  observe({ step: 'tls', of, state: 'begins' })
  try {
    const socket = await establishTls(under, { host: hostOf(url), secureContext: policy.secureContext, onSecure }, signal)
    observe({ step: 'tls', of, state: 'done' })
    return socket
  } catch (error) {
    under.destroy()
    throw notSentBecause(error, certificateEnd)
  }
}

function protocolOf(socket: TLSSocket): { readonly protocol?: string } {
  const protocol = socket.getProtocol()
  return protocol === null ? {} : { protocol }
}

function framed({ observe, of }: Steps, step: 'guard', check: () => void): void {
  observe({ step, of, state: 'begins' })
  check()
  observe({ step, of, state: 'done' })
}

/** Without the brackets of an IPv6 address. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}
