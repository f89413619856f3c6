import { Catalogue } from '../../src/broker/catalogue.ts'
import { RESUME_MS } from '../../src/broker/refresh-policy.ts'
import { Refresher } from '../../src/broker/refresher.ts'
import { rpcCookieHash } from '../../src/broker/rpc-cookie.ts'
import { TokenFetcher } from '../../src/broker/tokens.ts'
import { BrokerError } from '../../src/domain/errors.ts'
import { createAuthorizationServers } from '../../src/oauth/create.ts'
import { type MemoryStores, openMemoryStores } from '../../src/store/open.ts'
import type { LeaseHolder, Store } from '../../src/store/store.ts'
import { NodeJournals } from './journals.ts'
import { complaintsAbout } from './judge.ts'
import { SimulatedNetwork } from './network.ts'
import { Outages } from './outages.ts'
import { idle, integrationWith, isAway, pointedStore, UNTOLD } from './parts.ts'
import { SimulatedProvider } from './provider.ts'
import { SignOuts } from './sign-outs.ts'
import { KINDS, type Verdict } from './verdict.ts'
import { type SimulatedNode, World } from './world.ts'

const LIFE_SECONDS = 3600
const FAULTS_MS = 3 * LIFE_SECONDS * 1000
const CALM_MS = 3 * LIFE_SECONDS * 1000
const COOKIE = 'user-id=ada|Mon%2C%2005%20Jan%202027%2009%3A00%3A00%20GMT|simulated'

interface RunningNode extends SimulatedNode {
  fetcher: TokenFetcher
}

/** One history: two nodes on one database, callers, kills and a bad network for three token lives, then calm. */
export async function runHistory(seed: number): Promise<Verdict> {
  return await new History(seed).run()
}

class History {
  readonly #seed: number
  readonly #world: World
  readonly #kind: (typeof KINDS)[number]
  readonly #provider: SimulatedProvider
  readonly #network: SimulatedNetwork
  readonly #complaints: string[] = []
  readonly #trace: string[] = []
  readonly #faulty: boolean
  /** When a node was killed or a reply was lost. */
  readonly #interruptions: number[] = []
  #kills = 0
  #signOuts: SignOuts | undefined
  readonly #outages: Outages
  readonly #journals: NodeJournals
  #userId = ''
  #integrationId = ''
  #tokenId = ''

  constructor(seed: number) {
    this.#seed = seed
    this.#world = new World(seed)
    this.#kind = KINDS[seed % KINDS.length] ?? { rotation: 'none', reuse: { kind: 'unknown' } }
    this.#provider = new SimulatedProvider(this.#world, this.#kind.rotation, LIFE_SECONDS)
    this.#network = new SimulatedNetwork(this.#world, this.#provider)
    this.#network.calm = seed % 7 === 0
    this.#outages = new Outages(this.#world, (what) => this.#note(what))
    this.#journals = new NodeJournals(this.#world, {
      note: (what) => this.#note(what),
      complain: (what) => this.#complain(what),
      durable: (node) => this.#network.saved(node),
    })
    // Every seventh history has no faults, of every kind.
    this.#faulty = seed % 7 !== 0
  }

  async run(): Promise<Verdict> {
    const effects = this.#world.effectsOf({ name: 'database', life: 0 })
    const stores = await openMemoryStores(effects)
    const store = stores.handle(effects)
    await this.#enter(store)
    const nodes = [await this.#start(stores, 'a'), await this.#start(stores, 'b')]
    const begin = this.#world.nowMs
    this.#scheduleCallers(nodes, FAULTS_MS)
    if (this.#faulty) this.#scheduleFaults(stores, nodes)
    if (this.#seed % 3 === 1) this.#scheduleSignOut(store)
    await this.#world.run(begin + FAULTS_MS)
    this.#network.calm = true
    this.#scheduleCallers(nodes, CALM_MS)
    await this.#world.run(begin + FAULTS_MS + CALM_MS)
    const labelledLosses = await this.#judgeTheEnd(store, nodes)
    for (const complaint of complaintsAbout(this.#provider.seen, this.#kind.reuse, this.#faulty)) this.#complain(complaint)
    await stores.close()
    return {
      seed: this.#seed,
      kind: `${this.#kind.rotation} / ${this.#kind.reuse.kind}`,
      complaints: this.#complaints,
      requests: this.#provider.seen.length,
      kills: this.#kills,
      labelledLosses,
      late: this.#journals.late,
      trace: this.#trace.join('\n'),
    }
  }

  /** A user with a session, signed in. */
  async #enter(store: Store): Promise<void> {
    const user = await store.users.create({ name: 'ada', passwordHash: 'none', isAdmin: false })
    this.#userId = user.id
    this.#integrationId = (await this.#catalogue(store)).internalId(integrationWith(this.#kind.reuse).uid) ?? ''
    await this.#signIn(store)
    const cookieExpiresAt = new Date(this.#world.nowMs + 10 * (FAULTS_MS + CALM_MS))
    await store.sessions.create({ userName: 'ada', name: 'sh', cookieHash: rpcCookieHash(COOKIE), cookieExpiresAt })
  }

  async #signIn(store: Store): Promise<void> {
    const now = new Date(this.#world.nowMs)
    const token = await store.tokens.create({
      userId: this.#userId,
      integrationId: this.#integrationId,
      scopesAsked: [],
      clientFingerprint: (await this.#catalogue(store)).fingerprintOf(integrationWith(this.#kind.reuse)),
      reply: {
        secrets: this.#provider.grant(),
        tokenType: 'Bearer',
        issuedAt: now,
        expiresAt: new Date(now.getTime() + LIFE_SECONDS * 1000),
      },
    })
    this.#tokenId = token.id
  }

  #scheduleSignOut(store: Store): void {
    const before = this.#network.onRequest
    const within = (times: readonly number[], from: number, to: number): boolean => times.some((at) => at >= from && at <= to)
    const signOuts = new SignOuts({
      world: this.#world,
      provider: this.#provider,
      store,
      userId: this.#userId,
      integrationId: this.#integrationId,
      signIn: () => this.#signIn(store),
      wasInterrupted: (from, to) => within(this.#interruptions, from, to) || within(this.#network.losses, from, to),
      complain: (what) => this.#complain(what),
      note: (what) => this.#note(what),
    })
    this.#network.onRequest = (sender) => {
      before(sender)
      signOuts.onRequest()
    }
    signOuts.schedule(FAULTS_MS)
    this.#signOuts = signOuts
  }

  async #catalogue(store: Store): Promise<Catalogue> {
    const catalogue = new Catalogue('https://bench.example', store.integrations)
    await catalogue.replace([integrationWith(this.#kind.reuse)], new Date(this.#world.nowMs))
    return catalogue
  }

  async #start(stores: MemoryStores, name: string): Promise<RunningNode> {
    const node: SimulatedNode = { name, life: 0 }
    const fetcher = await this.#boot(stores, node)
    return Object.assign(node, { fetcher })
  }

  /** The real classes, every effect of theirs through the world. */
  async #boot(stores: MemoryStores, node: SimulatedNode): Promise<TokenFetcher> {
    const effects = this.#world.effectsOf(node)
    const store = stores.handle(effects)
    const own = pointedStore(this.#world, node, store, {
      saved: () => this.#network.saved(node),
      isAway: () => this.#outages.isAway,
    })
    const catalogue = await this.#catalogue(store)
    const holder: LeaseHolder = {
      nodeId: node.name,
      incarnation: `${node.name}${node.life}`,
      pid: node.life,
      startTime: '0',
      bootId: effects.bootId,
    }
    const isDead = (other: LeaseHolder): boolean => other.nodeId === node.name && other.incarnation !== holder.incarnation
    const results = this.#journals.resultsOf(node, own, { holder, isDead }, catalogue)
    const refresher = new Refresher({
      store: own,
      results,
      authorizationServers: createAuthorizationServers({
        effects,
        allowLoopback: false,
        transport: this.#network.transportOf(node),
      }),
      effects,
      holder,
      isDead,
      fingerprintOf: (integration) => catalogue.fingerprintOf(integration),
      configurationHashOf: (integration) => catalogue.configurationHashOf(integration),
      redirectUriOf: (integration) => catalogue.redirectUriOf(integration),
      audit: async (event) => this.#note(`${node.name} ${event.action} ${event.detail ?? ''}`),
      ...UNTOLD,
      report: (problem) => {
        if (problem.what.includes('unexpectedly') && !isAway(problem.error))
          this.#complain(`${problem.what}: ${String(problem.error)}`)
      },
    })
    if (this.#kind.reuse.kind === 'grace') void this.#resumeNowAndThen(node, refresher, catalogue)
    return new TokenFetcher({ store: own, catalogue, refresher, served: idle, costly: idle, lost: idle })
  }

  /** As `createTokens` does in a server; other kinds never resume by themselves. */
  async #resumeNowAndThen(node: SimulatedNode, refresher: Refresher, catalogue: Catalogue): Promise<void> {
    const { sleep } = this.#world.effectsOf(node)
    for (;;) {
      await refresher
        .resume(() => catalogue.all()[0])
        .catch((error: unknown) => {
          if (!isAway(error)) throw error
        })
      await sleep(RESUME_MS)
    }
  }

  /** Single callers at any time, and crowds around the moments at which a token goes stale. */
  #scheduleCallers(nodes: readonly RunningNode[], lengthMs: number): void {
    const { random } = this.#world
    for (let n = 0; n < 12; n += 1) this.#callAt(random.next() * lengthMs, nodes)
    for (let n = 0; n < 3; n += 1) {
      const crowd = random.between(2, 6)
      const at = random.next() * lengthMs
      for (let caller = 0; caller < crowd; caller += 1) this.#callAt(at + random.between(0, 40), nodes)
    }
    // The last life is used to the end, so that each history has refreshes.
    this.#callAt(lengthMs - 60_000, nodes)
  }

  #callAt(delayMs: number, nodes: readonly RunningNode[]): void {
    const node = nodes[this.#world.random.between(0, nodes.length - 1)]
    if (!node) return
    this.#world.at(delayMs, () => {
      const askedAt = this.#world.nowMs
      this.#fetch(node).then(
        (body) => this.#judgeServed(askedAt, body),
        (error: unknown) => this.#judgeRefused(askedAt, error),
      )
    })
  }

  #fetch({ fetcher }: RunningNode): Promise<string> {
    const { uid } = integrationWith(this.#kind.reuse)
    return fetcher.fetch({ cookie: COOKIE, uid, minTtlMs: undefined, address: '127.0.0.1' })
  }

  #scheduleFaults(stores: MemoryStores, nodes: readonly RunningNode[]): void {
    const { random } = this.#world
    if (this.#seed % 2 === 0) this.#outages.schedule(FAULTS_MS)
    const kill = (node: RunningNode): void => {
      this.#network.killed(node)
      node.life += 1
      this.#kills += 1
      this.#interruptions.push(this.#world.nowMs)
      this.#note(`kill ${node.name}`)
      // A restart takes its time; callers meanwhile meet a dead process, as in life.
      this.#world.at(random.between(50, 30_000), () => {
        void this.#boot(stores, node).then((fetcher) => {
          node.fetcher = fetcher
        })
      })
    }
    for (let n = random.between(0, 3); n > 0; n -= 1) {
      const node = nodes[random.between(0, nodes.length - 1)]
      if (node) this.#world.at(random.next() * FAULTS_MS, () => kill(node))
    }
    // Kills that hit a token request: at one moment between its start and some time after its answer.
    this.#network.onRequest = (sender) => {
      this.#outages.onRequest()
      if (this.#network.calm || !random.chance(0.3)) return
      const node = nodes.find((candidate) => candidate === sender)
      const life = sender.life
      if (node) this.#world.at(random.between(0, 400), () => node.life === life && kill(node))
    }
  }

  #judgeServed(askedAt: number, body: string): void {
    const reply = JSON.parse(body) as { access_token: string; expiry: string }
    this.#note(`served ${reply.access_token}`)
    this.#signOuts?.served(reply.access_token)
    if (this.#provider.ledger.isAccessTokenAlive(reply.access_token) === false && this.#kind.reuse.kind === 'strict') {
      this.#complain(`served ${reply.access_token}, whose chain had been ended by our own replay`)
    }
    if (Date.parse(reply.expiry) + 1000 <= askedAt) this.#complain(`served ${reply.access_token} after its end ${reply.expiry}`)
  }

  #judgeRefused(askedAt: number, error: unknown): void {
    if (!(error instanceof BrokerError)) {
      if (isAway(error) && this.#outages.touched(askedAt)) return
      this.#complain(`a caller met ${String(error)}`)
      return
    }
    this.#note(`refused ${error.code} ${error.details.reason ?? ''}`)
    if (error.code === 'not_signed_in' && this.#signOuts) {
      this.#signOuts.refused(askedAt)
      return
    }
    const calm = this.#network.calm
    if (calm && error.code !== 'reauthentication_required' && error.code !== 'provider_unavailable') {
      this.#complain(`in calm weather a caller met ${error.code}`)
    }
  }

  /** In the end, each node gives a token the provider accepts; or the one labelled loss that nobody can prevent. */
  async #judgeTheEnd(store: Store, nodes: readonly RunningNode[]): Promise<number> {
    const row = await store.tokens.get(this.#tokenId)
    if (row?.reauthentication) {
      if (this.#isPreventable(row.reauthentication.at.getTime()))
        this.#complain(`sign-in lost (${row.reauthentication.reason}) though it could have been kept`)
      if (row.reauthentication.reason !== 'interrupted') this.#complain(`loss labelled ${row.reauthentication.reason}`)
      return 1
    }
    for (const node of nodes) {
      const body = this.#fetch(node).then(
        (reply) => (JSON.parse(reply) as { access_token: string }).access_token,
        (error: unknown) => `refused: ${String(error)}`,
      )
      let token: string | undefined
      void body.then((value) => {
        token = value
      })
      await this.#world.run(this.#world.nowMs + 60_000)
      if (token === undefined || !this.#provider.accepts(token)) this.#complain(`in the end node ${node.name} gives ${token}`)
    }
    const left = await store.tokens.get(this.#tokenId)
    if (left?.intent) this.#complain('an intent is left open')
    return 0
  }

  /**
   * Strict rotation loses the pair that a reply or its reader was lost with. A provider with grace loses nothing, unless each
   * of the three requests that fit into its window (at once, and after the cool-down) was cut off too.
   */
  #isPreventable(since: number): boolean {
    if (this.#kind.rotation.startsWith('strict')) return !this.#network.interrupted
    const { losses, vanished } = this.#network
    const cutOff = [...this.#interruptions, ...losses, ...vanished].filter((at) => at >= since && at <= since + 60_000)
    // Nor where the first was cut off, and then nobody could take a lease.
    if (cutOff.length > 0 && this.#outages.awayMs(since, since + 60_000) > 20_000) return false
    return this.#kind.rotation === 'none' || cutOff.length < 3
  }

  #note(what: string): void {
    this.#trace.push(`${this.#world.nowMs} ${what}`)
  }

  #complain(what: string): void {
    this.#complaints.push(what)
    this.#note(`COMPLAINT ${what}`)
  }
}
