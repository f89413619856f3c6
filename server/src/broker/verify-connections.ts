import { proxyName } from '../domain/outgoing.ts'
import { printable } from '../domain/states.ts'
import type { VerificationCheck } from '../domain/verification.ts'
import { connectionSentences, type ProbedAddress, type ShownCertificate } from '../domain/verification-connection.ts'
import type { SeenCertificate } from '../oauth/connection-events.ts'
import type { ConnectionFailure, ConnectionReport } from '../oauth/connection-probe.ts'
import type { Probed, Probes } from '../oauth/probes.ts'
import type { Route } from '../oauth/route.ts'

const DAY_MS = 24 * 60 * 60_000
const MOST_NAMES = 5
/** OpenSSL says so of a certificate that came alone. */
const ALONE = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
const UNKNOWN_AUTHORITY = 'its certificate is from an unknown authority'
const OF_ANOTHER = 'its certificate is for another host'

/** Options that hold addresses, the one that matters most first. */
const ADDRESSES = [
  ['token-url', 'tokenUrl'],
  ['authorization-url', 'authorizationUrl'],
  ['refresh-url', 'refreshUrl'],
  ['revocation-url', 'revocationUrl'],
  ['validate-url', 'validateUrl'],
  ['account-url', 'accountUrl'],
] as const

/** The way to one host. */
export interface ProbedWay {
  readonly isReached: boolean
  readonly checks: readonly VerificationCheck[]
}

/** Ways by origin: each host of the integration once, for the first option that names it. */
export async function verifyConnections(probes: Probes, probed: Probed, now: Date): Promise<ReadonlyMap<string, ProbedWay>> {
  const first = new Map<string, { readonly option: string; readonly url: string }>()
  for (const [option, member] of ADDRESSES) {
    const url = probed.integration[member]
    const origin = url === undefined ? undefined : new URL(url).origin
    if (url !== undefined && origin !== undefined && !first.has(origin)) first.set(origin, { option, url })
  }
  const ways = [...first].map(async ([origin, { option, url }]) => {
    const report = await probes.connection(url, probed)
    return [origin, wayOf({ option, host: new URL(url).host, way: wayInWords(report.route) }, report, now)] as const
  })
  return new Map(await Promise.all(ways))
}

function wayOf(to: ProbedAddress, { route, certificates, failure }: ConnectionReport, now: Date): ProbedWay {
  const [own] = certificates
  if (!failure) return { isReached: true, checks: [connectionSentences.reached(to, own && shownCertificate(own, now))] }
  const isOfProxy = failure.of === 'proxy' || failure.cause === 'proxy' || failure.words.includes('through the proxy')
  if (!isOfProxy) return { isReached: false, checks: [checkOf(to, failure, certificates)] }
  return { isReached: false, checks: [{ ...checkOfProxy(to, failure), ...placeOf(route) }] }
}

/** A proxy that is not reached, one that wants another password, one that refuses, and one that does not get further itself. */
function checkOfProxy(to: ProbedAddress, { of, step, cause, words }: ConnectionFailure): VerificationCheck {
  if (of === 'proxy' && step !== 'tunnel') return connectionSentences.proxyAway(to, words)
  if (/password|log-in/.test(words)) return connectionSentences.proxyAsks(to, words)
  return cause === 'proxy' ? connectionSentences.proxyRefuses(to, words) : connectionSentences.proxyStuck(to, words)
}

function checkOf(
  to: ProbedAddress,
  { step, cause, words, code }: ConnectionFailure,
  certificates: readonly SeenCertificate[],
): VerificationCheck {
  if (cause === 'guard') return connectionSentences.guarded(to, words)
  if (step === 'look-up') {
    return words === 'host name not found' ? connectionSentences.nameNotFound(to) : connectionSentences.nameNotLookedUp(to, words)
  }
  if (step !== 'tls') return connectionSentences.notConnected(to, words)
  if (cause !== 'certificate') return connectionSentences.notTls(to, words)
  if (words.includes('expired')) return connectionSentences.certificateExpired(to, words)
  if (words === OF_ANOTHER) return connectionSentences.certificateOfAnother(to, namesOf(certificates[0]))
  if (words !== UNKNOWN_AUTHORITY) return connectionSentences.certificateRefused(to, words)
  const issuer = issuerOf(certificates.at(-1))
  return code === ALONE ? connectionSentences.incompleteChain(to, issuer) : connectionSentences.unknownAuthority(to, issuer)
}

/** A certificate in words; what stands in it is somebody else's text. */
export function shownCertificate(certificate: SeenCertificate, now: Date): ShownCertificate {
  const daysLeft = Math.floor((certificate.validTo.getTime() - now.getTime()) / DAY_MS)
  return { until: certificate.validTo, daysLeft, issuer: issuerOf(certificate) }
}

/** Who issued a certificate, quoted. */
export function issuerOf(certificate: SeenCertificate | undefined): string {
  return certificate === undefined || certificate.issuer === ''
    ? 'an authority without a name'
    : `"${printable(certificate.issuer)}"`
}

/** The hosts a certificate is for. */
function namesOf(certificate: SeenCertificate | undefined): readonly string[] {
  const names = (certificate?.names ?? '').split(', ').map((name) => printable(name.replace(/^[^:]*:/, '')))
  return names.filter((name) => name !== '').slice(0, MOST_NAMES)
}

function wayInWords(route: Route): string {
  if (route.kind === 'proxy') return `through the proxy ${proxyName(route.proxy)} (${route.why})`
  return route.place === undefined ? 'directly' : `directly (${route.why})`
}

/** Where the proxy is written. */
function placeOf({ place }: Route): Pick<VerificationCheck, 'option' | 'place'> {
  if (place === undefined) return {}
  if (place.file === 'oauth-clients.conf') return { option: place.option }
  return { option: place.option, place: place.line === undefined ? place.file : `${place.file}:${place.line}` }
}
