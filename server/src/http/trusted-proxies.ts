import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'
import { SetupError } from '../domain/errors.ts'

/** The proxies whose forwarded headers count; everybody else's are ignored (`trusted-proxies`: addresses and CIDR). */
export class TrustedProxies {
  readonly #list = new BlockList()
  readonly #isEmpty: boolean

  constructor(entries: readonly string[]) {
    this.#isEmpty = entries.length === 0
    for (const entry of entries) this.#add(entry)
  }

  #add(entry: string): void {
    const [address = '', prefix] = entry.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const longest = family === 'ipv6' ? 128 : 32
    const length = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
    if (isIP(address) === 0 || !(length <= longest)) {
      throw new SetupError(`trusted-proxies: "${entry}" is neither an address nor a CIDR range such as 10.0.0.0/8.`)
    }
    this.#list.addSubnet(address, length, family)
  }

  #trusts(address: string): boolean {
    return this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }

  /** The address of who asks: the connection's, or behind trusted proxies the last untrusted one of `X-Forwarded-For`. */
  clientAddress(request: IncomingMessage): string {
    const direct = this.peer(request)
    if (!this.trustsPeer(request)) return direct
    const forwarded = request.headers['x-forwarded-for']
    if (forwarded === undefined) return direct
    let nearest = direct
    for (const hop of String(forwarded).split(',').reverse()) {
      const address = plainAddress(withoutPort(hop.trim()))
      if (isIP(address) === 0) return nearest
      nearest = address
      if (!this.#trusts(address)) return nearest
    }
    return nearest
  }

  /** The address of whoever connected, which may be a proxy's. */
  peer(request: IncomingMessage): string {
    return plainAddress(request.socket.remoteAddress ?? '')
  }

  /** Whether what that one says of others counts. */
  trustsPeer(request: IncomingMessage): boolean {
    const peer = this.peer(request)
    return !this.#isEmpty && isIP(peer) !== 0 && this.#trusts(peer)
  }

  /** Whether a trusted proxy says that the browser came over https. The last value counts: the nearest proxy wrote it. */
  saysHttps(request: IncomingMessage): boolean {
    if (!this.trustsPeer(request)) return false
    const last =
      String(request.headers['x-forwarded-proto'] ?? '')
        .split(',')
        .at(-1) ?? ''
    return last.trim().toLowerCase() === 'https'
  }
}

/** IPv4 seen through an IPv6 socket, as IPv4. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

function withoutPort(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)
  if (bracketed) return bracketed[1] ?? ''
  return /^[\d.]+:\d+$/.test(hop) ? hop.slice(0, hop.indexOf(':')) : hop
}
