import type { Catalogue } from '../../src/broker/catalogue.ts'
import type { NodeIdentity } from '../../src/broker/node-heart.ts'
import { UnsavedResults } from '../../src/broker/unsaved-results.ts'
import type { Store } from '../../src/store/store.ts'
import { MemoryJournals } from '../memory-journals.ts'
import type { SimulatedNode, World } from './world.ts'

/** A server does so every 5 s; in the simulator each round costs steps of the world. */
const ROUND_MS = 60_000

interface Told {
  readonly note: (what: string) => void
  readonly complain: (what: string) => void
  /** The node has put something on its disk. */
  readonly durable: (node: SimulatedNode) => void
}

/** The journals of simulated nodes, each node's on a disk of its own, which outlives its kills. */
export class NodeJournals {
  /** Results that reached the database out of a journal. */
  late = 0
  readonly #world: World
  readonly #told: Told
  readonly #disks = new Map<string, MemoryJournals>()

  constructor(world: World, told: Told) {
    this.#world = world
    this.#told = told
  }

  /** What a node's process keeps results with, as long as it lives. */
  resultsOf(
    node: SimulatedNode,
    store: Store,
    identity: Pick<NodeIdentity, 'holder' | 'isDead'>,
    catalogue: Catalogue,
  ): UnsavedResults {
    const { note, complain, durable } = this.#told
    const disk = this.#disks.get(node.name) ?? new MemoryJournals({ now: () => new Date(this.#world.nowMs) })
    this.#disks.set(node.name, disk)
    const pass = <T>(effect: () => T): Promise<T> => this.#world.point(node, this.#world.random.next(), effect)
    const folder = disk.seenThrough(pass, () => durable(node))
    const results = new UnsavedResults({
      ...{ store, node: identity, journal: store.openJournal(folder, identity.holder), effects: this.#world.effectsOf(node) },
      integrationOf: () => catalogue.all()[0],
      audit: async (event) => {
        note(`${node.name} late ${event.action} ${event.detail ?? ''}`)
        if (event.action === 'token.refreshed') this.late += 1
      },
      changed: () => undefined,
      unreadSaved: () => undefined,
      broughtForward: () => undefined,
      log: { warn: () => undefined, error: (_facts, sentence) => complain(sentence) },
    })
    void this.#goOn(node, results)
    return results
  }

  /** As `createBroker` does in a server, if less often. */
  async #goOn(node: SimulatedNode, results: UnsavedResults): Promise<void> {
    const { sleep } = this.#world.effectsOf(node)
    for (;;) {
      await results.round().catch(() => undefined) // The database is away: the next round comes.
      await sleep(ROUND_MS)
    }
  }
}
