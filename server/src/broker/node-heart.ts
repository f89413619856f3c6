import type { Effects } from '../domain/effects.ts'
import type { LeaseHolder, Store } from '../store/store.ts'
import { kindOfFailure, type Log } from './log.ts'
import { Periodic } from './periodic.ts'

/** A heartbeat comes this often, in milliseconds; a node without one for 15 s counts as dead. */
const BEAT_MS = 5_000

/** Who this server process is, among all on its database. */
export interface NodeIdentity {
  /** As it takes leases. */
  readonly holder: LeaseHolder
  /** Whether another process is known to be gone. */
  readonly isDead: (other: LeaseHolder) => boolean
  readonly host: string
  /** Of Benchkey. */
  readonly version: string
}

/** Says in the database that this process lives, and which configuration it runs (refresh.md, *Who may send*). */
export class NodeHeart {
  readonly #parts: { readonly store: Store; readonly log: Log; readonly identity: NodeIdentity }
  readonly #loop: Periodic
  readonly #node: Omit<Parameters<Store['nodes']['beat']>[0], 'configurationHash' | 'epoch'>

  constructor(parts: {
    readonly store: Store
    readonly effects: Pick<Effects, 'sleep'>
    readonly log: Log
    readonly identity: NodeIdentity
    readonly configurationHash: () => string
    /** The database's epoch to which it has brought what its journal held. */
    readonly epoch: () => string | undefined
  }) {
    const { store, identity, configurationHash, epoch } = parts
    const { holder, host, version } = identity
    this.#parts = parts
    this.#node = { holder, host, version, startedAt: store.now() }
    let isFirst = true
    this.#loop = new Periodic('heartbeat of this server', BEAT_MS, parts, async () => {
      const at = epoch()
      await store.nodes.beat({
        ...this.#node,
        configurationHash: configurationHash(),
        ...(at === undefined ? {} : { epoch: at }),
      })
      if (isFirst) await this.#buryPredecessors()
      isFirst = false
    })
  }

  start(): void {
    this.#loop.start()
  }

  /** The next heartbeat comes now: the configuration has changed. */
  beat(): void {
    this.#loop.wake()
  }

  /** Takes the node out of the list. Where that fails, it counts as dead soon, and its row goes later. */
  async close(): Promise<void> {
    await this.#loop.close()
    const { store, log } = this.#parts
    try {
      await store.nodes.remove(this.#node.holder.incarnation)
    } catch (failure) {
      log.warn({ failure: kindOfFailure(failure) }, 'The row of this server could not be removed; it goes by itself.')
    }
  }

  /** What a killed process left on this host is not waited for. */
  async #buryPredecessors(): Promise<void> {
    const { store, identity } = this.#parts
    for (const { holder } of await store.nodes.list()) {
      if (holder.incarnation !== identity.holder.incarnation && identity.isDead(holder)) {
        await store.nodes.remove(holder.incarnation)
      }
    }
  }
}
