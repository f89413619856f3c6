import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AuditLog } from '../src/broker/audit-log.ts'
import { Catalogue } from '../src/broker/catalogue.ts'
import { ClientSecrets } from '../src/broker/client-secrets.ts'
import { LiveChanges } from '../src/broker/live-changes.ts'
import type { Log } from '../src/broker/log.ts'
import { UnsavedResults } from '../src/broker/unsaved-results.ts'
import type { Effects } from '../src/domain/effects.ts'
import type { Integration } from '../src/domain/integration.ts'
import type { BrowserSession, User } from '../src/domain/people.ts'
import { realEffects } from '../src/effects.ts'
import { openStore } from '../src/store/open.ts'
import type { AuditEvent, Store } from '../src/store/store.ts'
import { MemoryJournals } from './memory-journals.ts'

/** What the broker's use cases share, over a real database in a directory of its own, with a clock that can be put forward. */
export interface BrokerRoom {
  readonly store: Store
  readonly effects: Effects
  readonly catalogue: Catalogue
  readonly audit: AuditLog
  readonly changes: LiveChanges
  readonly clientSecrets: ClientSecrets
  readonly log: Log
  readonly journals: MemoryJournals
  readonly results: UnsavedResults
  readonly publicUrl: string
  /** Of database and key ring. */
  readonly directory: string
  /** Sentences and facts logged so far. */
  readonly logged: readonly string[]
  /** Puts wall and monotonic clock forward; sleeps that end by it end at once. */
  pass(ms: number): void
  configure(...integrations: readonly Integration[]): Promise<void>
  /** Writes what the audit holds back, and reads it: oldest first. */
  audited(action?: string): Promise<readonly AuditEvent[]>
  addUser(name: string): Promise<User>
  /** A web login of the user without its password. */
  browserOf(user: User, name?: string): Promise<BrowserSession>
  close(): Promise<void>
}

/** Opens a room; close it after the test. */
export async function openBrokerRoom(publicUrl = 'https://bench.example'): Promise<BrokerRoom> {
  const directory = await mkdtemp(join(tmpdir(), 'benchkey-broker-'))
  const clock = new Clock()
  const effects = clock.effects
  const store = await openStore({ directory, dataDir: directory, uid: process.getuid?.() ?? 0, effects })
  const logged: string[] = []
  const note = (facts: object, sentence: string): void => void logged.push(`${sentence} ${JSON.stringify(facts)}`)
  const log: Log = { warn: note, error: note }
  const audit = new AuditLog({ store, effects, log })
  const catalogue = new Catalogue(publicUrl, store.integrations)
  const journals = new MemoryJournals(effects)
  const changes = new LiveChanges()
  const clientSecrets = new ClientSecrets(() => undefined)
  const holder = { nodeId: 'room', incarnation: 'room', pid: 1, startTime: '0', bootId: effects.bootId }
  const results = new UnsavedResults({
    ...{ store, effects, log, node: { holder, isDead: () => false }, journal: store.openJournal(journals, holder) },
    integrationOf: (id) => catalogue.findByInternalId(id),
    audit: (event) => audit.record(event),
    changed: (userId) => changes.publish(userId, 'integrations'),
    unreadSaved: () => undefined,
    broughtForward: () => undefined,
  })
  return {
    ...{ store, effects, catalogue, audit, changes, clientSecrets, log, journals, results, publicUrl, directory, logged },
    pass: (ms) => clock.pass(ms),
    configure: (...integrations) => catalogue.replace(integrations, store.now()),
    audited: async (action) => {
      await audit.flush()
      const events = await store.audit.list({ limit: 1000, ...(action === undefined ? {} : { action }) })
      return events.toReversed()
    },
    addUser: (name) => store.users.create({ name, passwordHash: '', isAdmin: false }),
    browserOf: async (user, name = 'browser') => {
      const idHash = `${name} of ${user.name}`
      await store.browserSessions.create({ idHash, userId: user.id })
      return { idHash, user, createdAt: store.now(), lastSeenAt: store.now() }
    },
    close: async () => {
      await audit.close()
      await store.close()
      await rm(directory, { recursive: true })
    },
  }
}

/** An integration with everything at its default. */
export function integrationOf(changes: Partial<Integration> & Pick<Integration, 'section'>): Integration {
  const digits = Buffer.from(changes.section).toString('hex').padEnd(12, '0').slice(0, 12)
  return {
    uid: `00000000-0000-4000-8000-${digits}`,
    displayName: changes.section,
    client: {
      clientId: `client-of-${changes.section}`,
      clientSecret: 'a client secret',
      authenticationMethod: 'client-secret-post',
    },
    authorizationUrl: `https://${changes.section}.example/authorize`,
    tokenUrl: `https://${changes.section}.example/token`,
    scopes: [],
    scopeSeparator: ' ',
    redirectUri: 'fixed',
    pkce: 'S256',
    authorizationParams: [],
    refreshReuse: { kind: 'unknown' },
    revocationScope: 'grant',
    deadRefreshErrors: [],
    ...changes,
  }
}

/** The real clock and timers, put forward by the test. */
class Clock {
  readonly #real = realEffects()
  readonly #sleepers = new Set<{ readonly dueMs: number; readonly wake: () => void }>()
  #aheadMs = 0

  readonly effects: Effects = {
    ...this.#real,
    now: () => new Date(this.#real.now().getTime() + this.#aheadMs),
    monotonicMs: () => this.#real.monotonicMs() + this.#aheadMs,
    sleep: (ms, signal) => this.#sleep(ms, signal),
  }

  pass(ms: number): void {
    this.#aheadMs += ms
    const nowMs = this.effects.monotonicMs()
    for (const sleeper of [...this.#sleepers]) if (sleeper.dueMs <= nowMs) sleeper.wake()
  }

  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const early = new AbortController()
    const sleeper = { dueMs: this.effects.monotonicMs() + ms, wake: () => early.abort() }
    this.#sleepers.add(sleeper)
    try {
      await this.#real.sleep(ms, signal ? AbortSignal.any([signal, early.signal]) : early.signal)
    } catch (reason) {
      if (signal?.aborted || !early.signal.aborted) throw reason
    } finally {
      this.#sleepers.delete(sleeper)
    }
  }
}
