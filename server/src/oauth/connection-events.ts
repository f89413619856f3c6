import type { PeerCertificate, TLSSocket } from 'node:tls'

/** An address a name stands for. */
export interface ResolvedAddress {
  readonly address: string
  readonly family: number
}

/** A certificate as a server showed it, whether it is good or not. */
export interface SeenCertificate {
  /** Its common name, else its first alternative name. */
  readonly subject: string
  readonly issuer: string
  /** As Node prints subjectAltName: `DNS:box.com, IP Address:192.0.2.1`. */
  readonly names: string
  readonly validFrom: Date
  readonly validTo: Date
}

/** Steps in the order they are taken; `tunnel`: the proxy is asked by CONNECT for a connection to the service. */
export type ConnectionStep = 'look-up' | 'guard' | 'tcp' | 'tunnel' | 'tls'

/**
 * A step of opening a connection. `begins` and `done` frame it, so that one without `done` is where it failed; `seen` comes in
 * between, with what the other side showed.
 */
export interface ConnectionEvent {
  readonly step: ConnectionStep
  /** Whose host the step is about. */
  readonly of: 'service' | 'proxy'
  readonly state: 'begins' | 'seen' | 'done'
  /** What a name stands for. */
  readonly addresses?: readonly ResolvedAddress[]
  /** The address that was connected to. */
  readonly address?: string
  /** What the proxy answered to CONNECT. */
  readonly status?: number
  /** The server's own first. */
  readonly certificates?: readonly SeenCertificate[]
  /** `TLSv1.3`. */
  readonly protocol?: string
}

/** Follows the steps of a connection. */
export type Observe = (event: ConnectionEvent) => void

/** A chain has a handful; more are not looked at. */
const MOST_CERTIFICATES = 10

/** What a server showed during the handshake; empty when it showed nothing. */
export function seenCertificates(socket: TLSSocket): readonly SeenCertificate[] {
  const seen: SeenCertificate[] = []
  let next: PeerCertificate | undefined = socket.getPeerCertificate(true)
  while (next?.valid_to !== undefined && seen.length < MOST_CERTIFICATES) {
    seen.push(seenCertificate(next))
    const issuer: PeerCertificate | undefined =
      'issuerCertificate' in next ? (next.issuerCertificate as PeerCertificate) : undefined
    // A self-signed one is its own issuer.
    next = issuer === next ? undefined : issuer
  }
  return seen
}

function seenCertificate({
  subject,
  issuer,
  subjectaltname = '',
  valid_from: from,
  valid_to: to,
}: PeerCertificate): SeenCertificate {
  const firstName = subjectaltname.split(', ')[0]?.replace(/^[^:]*:/, '') ?? ''
  return {
    subject: nameIn(subject) || firstName,
    issuer: nameIn(issuer),
    names: subjectaltname,
    validFrom: new Date(from),
    validTo: new Date(to),
  }
}

/** Common name, else organisation; a name that stands twice comes as a list. */
function nameIn(name: { readonly CN?: unknown; readonly O?: unknown } | undefined): string {
  const found = name?.CN ?? name?.O ?? ''
  return Array.isArray(found) ? found.join(', ') : String(found)
}
