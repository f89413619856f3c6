import { editDistance } from '../domain/edit-distance.ts'
import type { Integration, IntegrationUid } from '../domain/integration.ts'
import type { IntegrationStore } from '../store/store.ts'
import { clientFingerprint, configurationHash, hashOfAll } from './integration-hashes.ts'

interface Entry {
  readonly integration: Integration
  readonly internalId: string
  readonly fingerprint: string
  readonly configurationHash: string
  readonly changedAt: Date
}

interface Snapshot {
  readonly inOrder: readonly Integration[]
  readonly byUid: ReadonlyMap<IntegrationUid, Entry>
  readonly byInternalId: ReadonlyMap<string, Entry>
  readonly hash: string
}

const EMPTY: Snapshot = { inOrder: [], byUid: new Map(), byInternalId: new Map(), hash: '' }

/** Where the browser comes back from a provider, below the public URL. */
const CALLBACK_PATH = '/oauth_redirect_callback'

/** The integrations as configured now, with what the database knows them by. Replaced as a whole at a reload. */
export class Catalogue {
  /** Without a trailing slash. */
  readonly publicUrl: string
  readonly #store: IntegrationStore
  #current = EMPTY

  constructor(publicUrl: string, store: IntegrationStore) {
    this.publicUrl = publicUrl
    this.#store = store
  }

  /** Takes over a checked configuration: readers see all of the old one or all of the new one. `at`: when it was applied. */
  async replace(integrations: readonly Integration[], at: Date): Promise<void> {
    const ids = await this.#store.ensure(integrations.map(({ uid, section }) => ({ uid, section })))
    const entries = integrations.map((integration) => this.#entryOf(integration, internalIdIn(ids, integration), at))
    this.#current = {
      inOrder: [...integrations],
      byUid: new Map(entries.map((entry) => [entry.integration.uid, entry])),
      byInternalId: new Map(entries.map((entry) => [entry.internalId, entry])),
      hash: hashOfAll(this.publicUrl, integrations),
    }
  }

  /** Equal in two processes exactly when they run the same integrations under the same public URL. */
  get hash(): string {
    return this.#current.hash
  }

  /** By Integration ID, any case. */
  find(uid: IntegrationUid): Integration | undefined {
    return this.#entry(uid)?.integration
  }

  /** By section header, exact. */
  findBySection(section: string): Integration | undefined {
    return this.#current.inOrder.find((integration) => integration.section === section)
  }

  /**
   * What somebody may mean: by Integration ID, section, or a section it had before there is one; by display name or section in any
   * case there may be several.
   */
  named(asked: string): readonly Integration[] {
    const all = this.#current.inOrder
    const exact = this.find(asked) ?? this.findBySection(asked) ?? all.find(({ previousNames }) => previousNames?.includes(asked))
    if (exact) return [exact]
    const wanted = folded(asked)
    return all.filter(({ displayName, section }) => folded(displayName) === wanted || folded(section) === wanted)
  }

  /** By the id that rows of the database carry. */
  findByInternalId(internalId: string): Integration | undefined {
    return this.#current.byInternalId.get(internalId)?.integration
  }

  /** In file order. */
  all(): readonly Integration[] {
    return this.#current.inOrder
  }

  /** The id that rows of the database carry; undefined when the integration is not configured (any more). */
  internalId(uid: IntegrationUid): string | undefined {
    return this.#entry(uid)?.internalId
  }

  /** Hash of client id and endpoint origins: what a stored sign-in is bound to (fault F33). */
  fingerprintOf(integration: Integration): string {
    const entry = this.#entry(integration.uid)
    return entry?.integration === integration ? entry.fingerprint : clientFingerprint(integration)
  }

  /** Hash of all that a token request can be refused for: what a stored trouble is bound to. */
  configurationHashOf(integration: Integration): string {
    const entry = this.#entry(integration.uid)
    return entry?.integration === integration ? entry.configurationHash : configurationHash(integration)
  }

  /** Since when this process knows the integration with its present client and origins. */
  changedAt(integration: Integration): Date {
    return this.#entry(integration.uid)?.changedAt ?? new Date(0)
  }

  /** The redirect URI registered for the integration at its provider. Only the configured public URL decides it. */
  redirectUriOf(integration: Pick<Integration, 'redirectUri' | 'section'>): string {
    const fixed = `${this.publicUrl}${CALLBACK_PATH}`
    return integration.redirectUri === 'fixed' ? fixed : `${fixed}/${encodeURIComponent(integration.section)}`
  }

  /** The section somebody probably meant, when what they asked for is close to a section, display name or Integration ID of one `among` these. */
  near(asked: string, among: (integration: Integration) => boolean = () => true): string | undefined {
    const wanted = asked.trim().toLowerCase().slice(0, LONGEST_COMPARED)
    if (wanted === '') return undefined
    const candidates = this.#current.inOrder
      .filter((integration) => !integration.isDisabled && among(integration))
      .map(({ section, displayName, uid }) => ({
        section,
        distance: Math.min(...[section, displayName, uid].map((name) => editDistance(wanted, name.toLowerCase()))),
      }))
    const best = candidates.sort((a, b) => a.distance - b.distance)[0]
    return best && best.distance <= Math.max(1, Math.floor(wanted.length / 3)) ? best.section : undefined
  }

  #entry(uid: IntegrationUid): Entry | undefined {
    return this.#current.byUid.get(uid) ?? this.#current.byUid.get(uid.toLowerCase())
  }

  #entryOf(integration: Integration, internalId: string, at: Date): Entry {
    const fingerprint = clientFingerprint(integration)
    const before = this.#current.byUid.get(integration.uid)
    const changedAt = before?.fingerprint === fingerprint ? before.changedAt : at
    return { integration, internalId, fingerprint, configurationHash: configurationHash(integration), changedAt }
  }
}

function folded(text: string): string {
  return text.normalize('NFC').toLowerCase()
}

function internalIdIn(ids: ReadonlyMap<IntegrationUid, string>, integration: Integration): string {
  const id = ids.get(integration.uid)
  if (id === undefined) throw new Error(`the store gave no id for [${integration.section}]`)
  return id
}

/** An Integration ID has 36 characters; a name much longer than that is no typo of one. */
const LONGEST_COMPARED = 64
