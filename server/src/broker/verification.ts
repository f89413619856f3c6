import type { OptionLines } from '../config/option-lines.ts'
import { listPresets } from '../config/presets.ts'
import type { Effects } from '../domain/effects.ts'
import { BrokerError } from '../domain/errors.ts'
import type { Integration } from '../domain/integration.ts'
import { printable } from '../domain/states.ts'
import { isWellOf, type Verification, type VerificationCheck } from '../domain/verification.ts'
import { timeSentences } from '../domain/verification-service.ts'
import type { AskOwnAddress } from '../oauth/own-address.ts'
import type { Probes } from '../oauth/probes.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import { badRequest } from './bad-request.ts'
import type { DraftIntegration } from './broker-of-configuration.ts'
import type { SeenEcho, VerificationCall, Verifications, VerificationTarget } from './broker-of-verification.ts'
import type { Catalogue } from './catalogue.ts'
import { talliesOf } from './health-of-integrations.ts'
import type { NodeIdentity } from './node-heart.ts'
import { RateLimiter } from './rate-limit.ts'
import { type KnownBefore, verifyIntegration } from './verify-integration.ts'
import { ServerVerification, type ServerVerificationParts } from './verify-server.ts'

/** What verifications are made of. */
interface VerificationParts {
  readonly probes: Probes
  readonly effects: Effects
  readonly catalogue: Catalogue
  readonly audit: AuditLog
  readonly store: Pick<Store, 'tokens' | 'integrations' | 'now'>
  readonly server: ServerVerification
  readonly readOptionLines: () => Promise<OptionLines>
  /** With what an administrator has not deployed. */
  readonly draftIntegration: (userName: string, section: string) => Promise<DraftIntegration>
}

/** Nobody waits longer for an answer. */
const LIMIT_MS = 60_000
/** A service counts what it refuses; a person who mends something tries it some times. */
const TESTS = { burst: 6, everyMs: 10_000 }
/** It counts them by client, whatever header stands above it and however many drafts hold it. */
const TESTS_OF_CLIENT = { burst: 20, everyMs: 10_000 }
/** Nobody looks at more results; each asks services for up to a minute. */
const MOST_AT_ONCE = 8
/** The server's own addresses under the keys of what is under way; no section header is empty. */
const OWN = ''

/** The verifier of a server and its integrations, over what the broker is made of. */
export function createVerifications(
  parts: Omit<VerificationParts, 'server'> &
    Pick<ServerVerificationParts, 'publicUrl' | 'callbackAddress'> & {
      readonly store: Pick<Store, 'nodes'>
      readonly node: NodeIdentity
      readonly askOwnAddress: AskOwnAddress
    },
): Verifications {
  const { askOwnAddress, store, node, catalogue } = parts
  const server = new ServerVerification({
    ...parts,
    askOwn: askOwnAddress,
    nodes: store.nodes,
    incarnation: node.holder.incarnation,
    redirectUri: catalogue.redirectUriOf({ redirectUri: 'fixed', section: '' }),
  })
  return new Verifier({ ...parts, server })
}

/** What a verification found, and how the audit calls it. */
interface Ended {
  readonly section?: string
  readonly name: string
  readonly checks: readonly VerificationCheck[]
  readonly action: 'integration.tested' | 'server.tested'
}

type Add = (...checks: readonly VerificationCheck[]) => void

/** Verifies integrations and the server: one verification of each at a time, in bounded time, with a line in the audit. */
class Verifier implements Verifications {
  readonly #parts: VerificationParts
  readonly #limit: RateLimiter
  readonly #limitOfClients: RateLimiter
  readonly #underWay = new Set<string>()

  constructor(parts: VerificationParts) {
    this.#parts = parts
    this.#limit = new RateLimiter(TESTS, parts.effects)
    this.#limitOfClients = new RateLimiter(TESTS_OF_CLIENT, parts.effects)
  }

  targets(names: readonly string[]): readonly VerificationTarget[] {
    const { catalogue } = this.#parts
    if (names.length > 0) return [...new Set(names.flatMap((name) => this.#named(name)))].map(targetOf)
    return [
      { name: 'This server' },
      ...catalogue
        .all()
        .filter(({ isDisabled }) => !isDisabled)
        .map(targetOf),
    ]
  }

  async integration(section: string, call: VerificationCall): Promise<Verification> {
    const integration = this.#parts.catalogue.findBySection(section)
    if (!integration) throw noSuchIntegration(section)
    return await this.#verify(integration, call)
  }

  async draft(section: string, call: VerificationCall & { readonly userName: string }): Promise<Verification> {
    const draft = await this.#parts.draftIntegration(call.userName, section)
    if ('refusal' in draft) throw badRequest(draft.refusal)
    return await this.#verify(draft.integration, call)
  }

  async server(call: VerificationCall): Promise<Verification> {
    const checks = await this.#bounded({ key: OWN, name: 'This server' }, call, (signal, add) =>
      this.#parts.server.verify(signal, add),
    )
    return await this.#ended({ name: 'This server', checks, action: 'server.tested' }, call)
  }

  echo(nonce: string, seen: SeenEcho): string {
    return this.#parts.server.echo(nonce, seen)
  }

  async #verify(integration: Integration, call: VerificationCall): Promise<Verification> {
    const { probes, catalogue } = this.#parts
    const { section, displayName: name } = integration
    const redirectUri = catalogue.redirectUriOf(integration)
    const known = await this.#knownOf(integration)
    const client = `${new URL(integration.tokenUrl).origin} ${integration.client.clientId}`
    const checks = await this.#bounded({ key: section, client, name }, call, (signal, add) =>
      verifyIntegration(probes, { integration, redirectUri, signal }, known, add),
    )
    return await this.#ended({ section, name, checks, action: 'integration.tested' }, call)
  }

  /** Runs one at a time, for a minute at the most; whoever asked may go before. */
  async #bounded(
    { key, client, name }: { readonly key: string; readonly client?: string; readonly name: string },
    { left }: VerificationCall,
    work: (signal: AbortSignal, add: Add) => Promise<void>,
  ): Promise<readonly VerificationCheck[]> {
    if (this.#underWay.has(key)) throw badRequest(`${printable(name)} is being tested already. Wait for that to end.`, 5)
    if (this.#underWay.size >= MOST_AT_ONCE) throw badRequest('Several are being tested already. Wait for one to end.', 5)
    const waitSeconds = client === undefined ? 0 : this.#limit.take(key) || this.#limitOfClients.take(client)
    if (waitSeconds > 0)
      throw badRequest(`${printable(name)} was tested often just now. Try again in ${waitSeconds} s.`, waitSeconds)
    this.#underWay.add(key)
    const over = new AbortController()
    const timeIsUp = new AbortController()
    this.#parts.effects.sleep(LIMIT_MS, over.signal).then(
      () => timeIsUp.abort(),
      () => undefined, // Done before that.
    )
    const signal = AbortSignal.any([left, timeIsUp.signal])
    const checks: VerificationCheck[] = []
    try {
      left.throwIfAborted()
      // What is found after an abort is the abort's doing.
      await work(signal, (...found) => void (signal.aborted || checks.push(...found)))
      left.throwIfAborted()
      if (timeIsUp.signal.aborted) checks.push(timeSentences.timeUp(name, LIMIT_MS / 1000))
      return checks
    } finally {
      over.abort()
      this.#underWay.delete(key)
    }
  }

  async #ended({ section, name, checks: found, action }: Ended, { userName, address }: VerificationCall): Promise<Verification> {
    const lines = await this.#parts.readOptionLines()
    const checks = found.map((check) => withPlace(check, section, lines))
    const failed = [...new Set(checks.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id))]
    await this.#parts.audit.record({
      action,
      outcome: failed.length === 0 ? 'ok' : 'failed',
      detail: failed.length === 0 ? 'nothing failed' : `failed: ${failed.join(', ')}`,
      ...(section === undefined ? {} : { section }),
      ...(userName === undefined ? {} : { userName }),
      ...(address === undefined ? {} : { address }),
    })
    const target = section === undefined ? { name } : { section, name }
    return { ...target, isWell: isWellOf(checks), at: this.#parts.effects.now(), checks }
  }

  async #knownOf(integration: Integration): Promise<KnownBefore> {
    const { store, catalogue, effects } = this.#parts
    const internalId = catalogue.internalId(integration.uid) ?? ''
    const [tallies, troubles] = await Promise.all([talliesOf(this.#parts), store.integrations.troubles()])
    const tally = tallies.get(internalId)
    const trouble = troubles.get(internalId)
    const isOfNow = trouble?.configurationHash === catalogue.configurationHashOf(integration)
    return {
      now: effects.now(),
      signIns: tally?.total ?? 0,
      withoutRefreshToken: tally?.cannotRenew ?? 0,
      isDoubted: isOfNow && trouble?.kind === 'client',
      ...refreshScopesOf(integration),
    }
  }

  #named(name: string): readonly Integration[] {
    const found = this.#parts.catalogue.named(name)
    if (found.length > 0) return found
    const near = this.#parts.catalogue.near(name)
    throw badRequest(
      `There is no integration "${printable(name)}"${near === undefined ? '. Without a name all are looked at: benchkey verify' : `; the nearest one is "${printable(near)}".`}`,
    )
  }
}

/** What its preset knows of refresh tokens. */
function refreshScopesOf({ preset }: Integration): Pick<KnownBefore, 'refreshScopes'> {
  const known = preset === undefined ? undefined : listPresets().find(({ id }) => id === preset)
  return known === undefined ? {} : { refreshScopes: known.refreshScopes }
}

function targetOf({ section, displayName: name }: Integration): VerificationTarget {
  return { section, name }
}

function noSuchIntegration(section: string): BrokerError {
  return new BrokerError(
    'unknown_integration',
    `There is no integration [${printable(section)}]; it may have been removed meanwhile.`,
  )
}

/** The line of the option, else of the section's header, below which the option is to be written. */
function withPlace(check: VerificationCheck, section: string | undefined, lines: OptionLines): VerificationCheck {
  const { option, place, outcome } = check
  if (option === undefined || place !== undefined || outcome === 'ok') return check
  if (section === undefined) {
    const line = lines.server.get(option)
    return { ...check, place: line === undefined ? 'benchkey.conf' : `benchkey.conf:${line}` }
  }
  const found = lines.sections.get(section)
  const line = found?.options.get(option) ?? found?.line
  return line === undefined ? check : { ...check, place: `oauth-clients.conf:${line}` }
}
