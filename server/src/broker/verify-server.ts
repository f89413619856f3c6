import { hash } from 'node:crypto'
import type { Effects } from '../domain/effects.ts'
import { printable } from '../domain/states.ts'
import type { VerificationCheck } from '../domain/verification.ts'
import { type OwnAddress, ownAddressSentences } from '../domain/verification-server.ts'
import type { AskOwnAddress, OwnAddressReport } from '../oauth/own-address.ts'
import type { NodeStore } from '../store/store-of-nodes.ts'
import type { SeenEcho } from './broker-of-verification.ts'
import { issuerOf, shownCertificate } from './verify-connections.ts'

/** What looking at the server's own addresses needs. */
export interface ServerVerificationParts {
  readonly askOwn: AskOwnAddress
  readonly effects: Effects
  readonly nodes: Pick<NodeStore, 'list'>
  /** Of this process. */
  readonly incarnation: string
  readonly publicUrl: string
  readonly callbackAddress: string
  readonly redirectUri: string
}

/** Below an address of Benchkey: answers how a request arrived. */
const ECHO_PATH = '/api/v1/verify-echo'
const NONCE_BYTES = 32

/** Public URL and callback address, looked at from outside: is it this Benchkey, and does everything arrive as it was sent? */
export class ServerVerification {
  readonly #parts: ServerVerificationParts
  /** How the requests of open verifications arrived at this process, by nonce; undefined: not yet. */
  readonly #seen = new Map<string, SeenEcho | undefined>()

  constructor(parts: ServerVerificationParts) {
    this.#parts = parts
  }

  /** What an echo answers; see Verifications. */
  echo(nonce: string, seen: SeenEcho): string {
    if (this.#seen.has(nonce)) this.#seen.set(nonce, seen)
    return proofOf(this.#parts.incarnation, nonce)
  }

  /** Looks at both addresses. */
  async verify(signal: AbortSignal, add: (...checks: readonly VerificationCheck[]) => void): Promise<void> {
    const { publicUrl, callbackAddress, redirectUri } = this.#parts
    const isOne = publicUrl === callbackAddress
    add(...(await this.#look({ option: 'public-url', url: publicUrl }, isOne, signal)))
    if (!isOne) add(...(await this.#look({ option: 'launcher-sessions-callback-address', url: callbackAddress }, true, signal)))
    add(ownAddressSentences.redirectUri(redirectUri))
  }

  async #look(own: OwnAddress, isOfSessions: boolean, signal: AbortSignal): Promise<readonly VerificationCheck[]> {
    const { askOwn, effects } = this.#parts
    const nonce = Buffer.from(effects.randomBytes(NONCE_BYTES)).toString('base64url')
    const body = `benchkey verify ${nonce}`
    this.#seen.set(nonce, undefined)
    let report: OwnAddressReport
    let seen: SeenEcho | undefined
    try {
      report = await askOwn(new URL(`${own.url}${ECHO_PATH}?nonce=${nonce}`), body, signal)
      seen = this.#seen.get(nonce)
    } finally {
      this.#seen.delete(nonce)
    }
    if (report.failure) return [ofFailure(own, report)]
    const echo = echoIn(report.body)
    if (echo?.nonce !== nonce) return [ofForeignAnswer(own, report, seen)]
    const nodes = await this.#parts.nodes.list()
    const isOurs = nodes.some(({ holder }) => proofOf(holder.incarnation, nonce) === echo.proof)
    if (!isOurs) return [ownAddressSentences.anotherBenchkey(own)]
    const certificate = report.certificates[0] && shownCertificate(report.certificates[0], effects.now())
    const isBodyWhole = !isOfSessions || echo.body === hash('sha256', body, 'hex')
    const ofWay = wayChecks(own, isBodyWhole, seen)
    const ofDoor = isOfSessions ? await this.#lookAtDoor(own, signal) : []
    const open = [...ofWay, ...ofDoor]
    return [
      ownAddressSentences.answers(own, certificate),
      ...open,
      ...(open.every(({ outcome }) => outcome !== 'failed') ? [ownAddressSentences.wayIsWhole(own, isOfSessions)] : []),
    ]
  }

  /** A call of a session without its cookie has to get Benchkey's own refusal. */
  async #lookAtDoor(own: OwnAddress, signal: AbortSignal): Promise<readonly VerificationCheck[]> {
    const report = await this.#parts.askOwn(new URL(`${own.url}/oauth_token`), '{}', signal)
    const isOurs = report.status === 401 && report.body?.startsWith('This session has ended') === true
    const words = report.failure?.words ?? `is answered with ${report.status ?? 'nothing'} and a text of somebody else`
    return isOurs ? [] : [ownAddressSentences.doorReplaced(own, words)]
  }
}

function ofFailure(own: OwnAddress, { failure, certificates }: OwnAddressReport): VerificationCheck {
  const words = failure?.words ?? ''
  if (failure?.cause === 'certificate') {
    const isUnknown = words === 'its certificate is from an unknown authority'
    return isUnknown
      ? ownAddressSentences.unknownAuthority(own, issuerOf(certificates.at(-1)))
      : ownAddressSentences.certificate(own, words)
  }
  return words === 'host name not found' ? ownAddressSentences.nameNotFound(own) : ownAddressSentences.notConnected(own, words)
}

/** Not the echo: either what stands in front changed the request so that Benchkey refused it, or it never came here. */
function ofForeignAnswer(own: OwnAddress, { status }: OwnAddressReport, seen: SeenEcho | undefined): VerificationCheck {
  if (!seen) return ownAddressSentences.notOurs(own, `answers ${status ?? 'nothing'}`)
  const { host, pathname } = new URL(`${own.url}${ECHO_PATH}`)
  if (seen.host !== host) return ownAddressSentences.hostChanged(own, printable(seen.host))
  if (seen.path !== pathname) return ownAddressSentences.pathChanged(own, printable(seen.path.slice(0, -ECHO_PATH.length) || '/'))
  if (!seen.isSecure) {
    return seen.isPeerTrusted ? ownAddressSentences.httpsOnly(own) : ownAddressSentences.forwardedUntrusted(own, seen.peer)
  }
  return ownAddressSentences.notOurs(own, `answers ${status ?? 'nothing'}`)
}

function wayChecks(own: OwnAddress, isBodyWhole: boolean, seen: SeenEcho | undefined): readonly VerificationCheck[] {
  const isForwardedInVain = seen?.isForwarded === true && !seen.isPeerTrusted
  return [
    ...(isBodyWhole ? [] : [ownAddressSentences.bodyLost(own)]),
    ...(isForwardedInVain ? [ownAddressSentences.addressesUntrusted(own, seen.peer)] : []),
  ]
}

interface Echo {
  readonly nonce: string
  readonly proof: string
  /** SHA-256 of the body as it arrived. */
  readonly body: string
}

function echoIn(text = ''): Echo | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined // Somebody else's page.
  }
  if (typeof value !== 'object' || value === null) return undefined
  const [nonce, proof, body] = ['nonce', 'proof', 'body'].map((name) => String(Reflect.get(value, name)))
  return { nonce: nonce ?? '', proof: proof ?? '', body: body ?? '' }
}

/** Known to whoever reads the database's list of processes, and to nobody else. */
function proofOf(incarnation: string, nonce: string): string {
  return hash('sha256', `benchkey verify ${incarnation} ${nonce}`, 'hex')
}
