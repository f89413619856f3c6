import { setImmediate } from 'node:timers/promises'
import { AuditLog } from '../src/broker/audit-log.ts'
import type { Tokens } from '../src/broker/broker.ts'
import { Catalogue } from '../src/broker/catalogue.ts'
import { ClientSecrets, withClientSecrets } from '../src/broker/client-secrets.ts'
import type { TokenUseCases } from '../src/broker/create.ts'
import { LiveChanges } from '../src/broker/live-changes.ts'
import { RevocationQueue } from '../src/broker/revocation-queue.ts'
import { rpcCookieHash } from '../src/broker/rpc-cookie.ts'
import { BrowserSignIns } from '../src/broker/sign-ins.ts'
import { createTokens } from '../src/broker/token-use-cases.ts'
import { UnreadReplies } from '../src/broker/unread-replies.ts'
import { UnsavedResults } from '../src/broker/unsaved-results.ts'
import { UseNotes } from '../src/broker/use-notes.ts'
import { BrokerError } from '../src/domain/errors.ts'
import type { Integration } from '../src/domain/integration.ts'
import type { User } from '../src/domain/people.ts'
import type { StoredToken } from '../src/domain/stored-token.ts'
import type { AuthorizationServers } from '../src/oauth/authorization-server.ts'
import { type AuthorizationServersOptions, createAuthorizationServers } from '../src/oauth/create.ts'
import { type MemoryStores, openMemoryStores } from '../src/store/open.ts'
import type { AuditEvent, LeaseHolder, Store } from '../src/store/store.ts'
import type { JournalFolder } from '../src/store/store-of-results.ts'
import { integrationOf } from './broker-room.ts'
import { MemoryJournals } from './memory-journals.ts'
import { type ScriptedProvider, type ScriptedProviderOptions, startScriptedProvider } from './scripted-provider.ts'
import { TestClock } from './test-clock.ts'

/** What a caller of `/oauth_token` got: a token, or the refusal in words and code. */
export interface Answer {
  readonly token?: string
  readonly expiry?: string
  readonly warning?: string
  readonly code?: string
  readonly reason?: string
  readonly message?: string
  readonly retryAfterSeconds?: number
}

/** One server process over the room's database: its token path, its refresh engine, its lease holder. */
export interface RefreshNode extends TokenUseCases {
  readonly catalogue: Catalogue
  readonly tokens: Tokens
  readonly signIns: BrowserSignIns
  /** Not started. */
  readonly revocations: RevocationQueue
  readonly unread: UnreadReplies
  /** Not started. */
  readonly results: UnsavedResults
  fetch(options?: { user?: string; minTtlSeconds?: number }): Promise<Answer>
  configure(changes: Partial<Integration>): Promise<void>
  readonly logged: readonly string[]
}

/** What a room starts with. */
export interface RefreshRoomOptions extends ScriptedProviderOptions {
  readonly integration?: Partial<Integration>
  readonly skipsShortSleeps?: boolean
  /** PEM of an authority to trust besides Node's, and how host names are looked up: by the system where not told. */
  readonly network?: Pick<AuthorizationServersOptions, 'extraCa' | 'resolve'>
}

/** How one node differs from a healthy one. */
export interface NodeOptions {
  /** The lease holders it knows to be gone. */
  readonly isDead?: (holder: LeaseHolder) => boolean
  /** What it sees of the database. */
  readonly store?: (store: Store) => Store
  /** What it sees of the network. */
  readonly servers?: (servers: AuthorizationServers) => AuthorizationServers
  /** Its data directory's journals; default: the room's, which all nodes share. */
  readonly journals?: JournalFolder
}

/** The refresh engine over a real database in memory, real sockets to a scripted provider, and a clock the test moves. */
export class RefreshRoom {
  readonly provider: ScriptedProvider
  readonly clock: TestClock
  readonly store: Store
  readonly journals: MemoryJournals
  readonly #stores: MemoryStores
  readonly #network: RefreshRoomOptions['network']
  readonly #nodes: { node: RefreshNode; audit: AuditLog }[] = []
  readonly #users = new Map<string, User>()
  #isProviderStopped = false
  integration: Integration

  private constructor(provider: ScriptedProvider, clock: TestClock, stores: MemoryStores, options: RefreshRoomOptions) {
    this.provider = provider
    this.clock = clock
    this.journals = new MemoryJournals(clock.effects)
    this.#stores = stores
    this.#network = options.network
    this.store = stores.handle(clock.effects)
    this.integration = integrationOf({
      section: 'lab',
      authorizationUrl: provider.authorizationUrl,
      tokenUrl: provider.tokenUrl,
      ...options.integration,
    })
  }

  static async open(options: RefreshRoomOptions = {}): Promise<RefreshRoom> {
    const clock = new TestClock(options.skipsShortSleeps === undefined ? {} : { skipsShortSleeps: options.skipsShortSleeps })
    const provider = await startScriptedProvider({
      nowMs: () => clock.effects.now().getTime(),
      sleep: clock.effects.sleep,
      ...options,
    })
    return new RefreshRoom(provider, clock, await openMemoryStores(clock.effects), options)
  }

  get now(): Date {
    return this.clock.effects.now()
  }

  /** Starts one more server process. */
  async node(name = 'a', options: NodeOptions = {}): Promise<RefreshNode> {
    const { effects } = this.clock
    const store = options.store?.(this.#stores.handle(effects)) ?? this.#stores.handle(effects)
    const catalogue = new Catalogue('https://bench.example', store.integrations)
    await catalogue.replace([this.integration], this.now)
    const logged: string[] = []
    const note = (facts: object, sentence: string): void => void logged.push(`${sentence} ${JSON.stringify(facts)}`)
    const log = { warn: note, error: note }
    const audit = new AuditLog({ store, effects, log })
    const uses = new UseNotes({ ...store, effects, log })
    const real = createAuthorizationServers({ effects, allowLoopback: true, ...this.#network })
    const clientSecrets = new ClientSecrets(() => undefined)
    const servers = withClientSecrets(options.servers?.(real) ?? real, clientSecrets)
    const identity = { holder: this.holder(name), isDead: options.isDead ?? (() => false) }
    const changes = new LiveChanges()
    const results = new UnsavedResults({
      ...{ store, effects, log, node: identity, journal: store.openJournal(options.journals ?? this.journals, identity.holder) },
      integrationOf: (id) => catalogue.findByInternalId(id),
      audit: (event) => audit.record(event),
      changed: (userId) => changes.publish(userId, 'integrations'),
      unreadSaved: () => undefined,
      broughtForward: () => undefined,
    })
    const shared = { store, results, effects, catalogue, audit, uses, log, servers, clientSecrets, changes }
    const useCases = createTokens(shared, identity)
    const revocations = new RevocationQueue(shared)
    const node = {
      ...useCases,
      ...{ catalogue, logged, results, revocations, unread: new UnreadReplies(shared) },
      signIns: new BrowserSignIns({ ...shared, ...useCases, revocations }, useCases.tryAgain),
      fetch: (asked = {}) => this.#fetch(useCases.tokens, asked),
      configure: async (changes: Partial<Integration>) => {
        this.integration = { ...this.integration, ...changes }
        await catalogue.replace([this.integration], this.now)
      },
    }
    this.#nodes.push({ node, audit })
    return node
  }

  /** How the node of that name takes leases. */
  holder(name: string): LeaseHolder {
    return { nodeId: name, incarnation: name, pid: 1, startTime: '0', bootId: this.clock.effects.bootId }
  }

  /** The service goes away: nobody listens at its port. */
  async stopProvider(): Promise<void> {
    if (this.#isProviderStopped) return
    this.#isProviderStopped = true
    await this.provider.close()
  }

  /** A sign-in as it stands in the database right after the callback; the provider's ledger knows it. */
  async signIn({
    user = 'ada',
    lifeSeconds = 3600,
    withRefreshToken = true,
    scopesAsked = [] as readonly string[],
  } = {}): Promise<StoredToken> {
    const { accessToken, refreshToken } = this.provider.ledger.signIn()
    const catalogue = new Catalogue('https://bench.example', this.store.integrations)
    await catalogue.replace([this.integration], this.now)
    return await this.store.tokens.create({
      userId: (await this.user(user)).id,
      integrationId: catalogue.internalId(this.integration.uid) ?? '',
      scopesAsked,
      clientFingerprint: catalogue.fingerprintOf(this.integration),
      reply: {
        secrets: { accessToken, ...(withRefreshToken ? { refreshToken } : {}) },
        tokenType: 'Bearer',
        issuedAt: this.now,
        ...(lifeSeconds === Number.POSITIVE_INFINITY ? {} : { expiresAt: new Date(this.now.getTime() + lifeSeconds * 1000) }),
      },
    })
  }

  /** A user with one running session. */
  async user(name: string): Promise<User> {
    const known = this.#users.get(name)
    if (known) return known
    const user = await this.store.users.create({ name, passwordHash: '', isAdmin: false })
    this.#users.set(name, user)
    const cookieExpiresAt = new Date(this.now.getTime() + 365 * 24 * 60 * 60_000)
    await this.store.sessions.create({ userName: name, name: 'sh', cookieHash: rpcCookieHash(cookieOf(name)), cookieExpiresAt })
    return user
  }

  /** The row as it stands now. */
  async row(token: Pick<StoredToken, 'id'>): Promise<StoredToken> {
    const row = await this.store.tokens.get(token.id)
    if (!row) throw new Error('The row is gone.')
    return row
  }

  /** Takes the user's sign-in away, as the page does; what it queued is due at once. */
  async signOut(token: StoredToken): Promise<void> {
    const giveUpAt = new Date(this.now.getTime() + 24 * 60 * 60_000)
    await this.store.tokens.remove(token.userId, token.integrationId, { queue: true, giveUpAt })
  }

  /** Values that wait to be revoked, in the order they are sent. */
  async queuedRevocations(): Promise<readonly string[]> {
    const values: string[] = []
    for (;;) {
      const { job } = await this.store.revocations.claimDue(this.now, 60_000, 600_000)
      if (!job) return values
      values.push(job.token)
    }
  }

  /** What the audit holds, oldest first. */
  async audited(action?: string): Promise<readonly AuditEvent[]> {
    for (const { audit } of this.#nodes) await audit.flush()
    return (await this.store.audit.list({ limit: 1000, ...(action === undefined ? {} : { action }) })).toReversed()
  }

  /** The bodies of the refresh requests the provider received. */
  get refreshes(): readonly URLSearchParams[] {
    return this.provider.requests
      .map(({ parameters }) => parameters)
      .filter((parameters) => parameters.get('grant_type') === 'refresh_token')
  }

  /** Lets time pass until the work is done. */
  async until<T>(work: Promise<T>): Promise<T> {
    let open = true
    const done = (): void => {
      open = false
    }
    work.then(done, done)
    while (open) {
      await this.clock.pass(500)
      for (let turns = 0; turns < 20; turns += 1) await setImmediate()
    }
    return await work
  }

  async close(): Promise<void> {
    const drained = Promise.all(this.#nodes.flatMap(({ node }) => [node.drain(), node.revocations.close()]))
    await this.stopProvider()
    await this.until(drained)
    await this.#stores.close()
  }

  async #fetch(tokens: Tokens, { user = 'ada', minTtlSeconds }: { user?: string; minTtlSeconds?: number }): Promise<Answer> {
    const minTtlMs = minTtlSeconds === undefined ? undefined : minTtlSeconds * 1000
    try {
      const body = await tokens.fetch({ cookie: cookieOf(user), uid: this.integration.uid, minTtlMs, address: '127.0.0.1' })
      const reply = JSON.parse(body.toString()) as { access_token: string; expiry: string; warning?: string }
      const { access_token: token, expiry, warning } = reply
      return { token, expiry, ...(warning === undefined ? {} : { warning }) }
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      const { reason, retryAfterSeconds } = error.details
      return {
        code: error.code,
        message: error.message,
        ...(reason === undefined ? {} : { reason }),
        ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      }
    }
  }
}

function cookieOf(user: string): string {
  return `user-id=${user}|Mon%2C%2005%20Jan%202027%2009%3A00%3A00%20GMT|${user}`
}
