import type { Effects } from '../domain/effects.ts'
import type { Integration } from '../domain/integration.ts'
import { type AuditEvent, type LateEnd, type ServerNode, type Store, StoreError } from '../store/store.ts'
import type { Journal, JournalEntry, JournalOwner, JournalRoom } from '../store/store-of-results.ts'
import type { RefreshResult, SignInResult, TokenResult } from '../store/token-results.ts'
import { queueDropped } from './dropped-results.ts'
import { kindOfFailure, type Log } from './log.ts'
import type { NodeIdentity } from './node-heart.ts'
import { Periodic } from './periodic.ts'

/** A commit takes some milliseconds; one that takes longer waits for something. */
const AT_ONCE_MS = 20
/** On PostgreSQL every result waits for the moment of its commit. */
const OVERDUE_MS = 1_000
/** What PostgreSQL has committed may be lost with its last commits in a failover: it stays in the journal for so long. */
const KEPT_MS = 15 * 60_000
/** Journals of dead processes, and a database that is back, are looked for this often. */
const ROUND_MS = 5_000
/** A process that never had a heartbeat, and has written nothing for so long, is gone. */
const SILENT_MS = 60_000

/** So long is known which rows have ended: a sign-in that waited longer, on a disk that was away, is not brought back. */
export const ENDED_KNOWN_MS = 30 * 24 * 60 * 60_000
/** Nodes measure differently by less. */
const MARGIN_MS = 60 * 60_000

/** What the keeping of results is made of. */
export interface ResultParts {
  readonly store: Store
  readonly journal: Journal
  readonly effects: Pick<Effects, 'sleep' | 'now' | 'monotonicMs'>
  readonly node: Pick<NodeIdentity, 'holder' | 'isDead'>
  /** As configured now, by internal id. */
  readonly integrationOf: (integrationId: string) => Integration | undefined
  readonly audit: (event: AuditEvent) => Promise<void>
  readonly changed: (userId: string) => void
  /** Told when an answer that was not understood has been saved: it may be read by now. */
  readonly unreadSaved: () => void
  /** Told when all that was kept has been brought to another epoch of the database. */
  readonly broughtForward: () => void
  readonly log: Log
}

/** Keeps what token requests brought in the journal until the database has it, and brings it there (refresh.md, *Who may send*). */
export class UnsavedResults {
  readonly #parts: ResultParts
  readonly #loop: Periodic
  readonly #applying = new Map<JournalEntry, Promise<void>>()
  readonly #writtenMs = new WeakMap<JournalEntry, number>()
  #adopting: Promise<void> | undefined
  #epoch: string | undefined

  constructor(parts: ResultParts) {
    this.#parts = parts
    this.#loop = new Periodic('saving of results that waited', ROUND_MS, parts, () => this.round())
  }

  start(): void {
    this.#loop.start()
  }

  /** What waits or is kept stays in its file, for the next process. */
  async close(): Promise<void> {
    await this.#loop.close()
    await this.#parts.journal.close()
  }

  /** How many results the database does not have yet. */
  get waiting(): number {
    return this.#waiting().length
  }

  /** How many of them wait for longer than a usual commit takes. */
  get overdue(): number {
    const before = this.#parts.effects.monotonicMs() - OVERDUE_MS
    return this.#waiting().filter((entry) => (this.#writtenMs.get(entry) ?? before) <= before).length
  }

  /** The database's epoch in which this process last brought forward what it kept; undefined before it has. */
  get epoch(): string | undefined {
    return this.#epoch
  }

  /** Room for what a token request will bring. Rejects with StoreError `full` or `io`: then none may be sent. */
  reserve(): Promise<JournalRoom> {
    return this.#parts.journal.reserve()
  }

  /**
   * Has a result saved by `persist`, which gives a database that takes nothing some time, and keeps it in the journal until then.
   * When `persist` rejects, the result stays there and is saved later, by this process or the next.
   */
  async save<T>(room: JournalRoom, result: TokenResult, persist: () => Promise<T>): Promise<T> {
    const epoch = this.#epoch
    let entry = this.#parts.journal.writesAhead ? await this.#written(room, result) : undefined
    const saving = persist()
    try {
      if (!entry && !(await this.#isDoneAtOnce(saving))) entry = await this.#written(room, result)
      const saved = await saving
      if (entry) await this.#settled(entry, true, epoch)
      return saved
    } finally {
      if (entry) entry.isBusy = false
      room.release()
    }
  }

  /** Before a request for a row: what waited for it is saved first, also from journals of dead processes. Rejects when it cannot be. */
  async bringForward(tokenId: string): Promise<void> {
    await this.#adopt()
    const entries = this.#parts.journal.entries(tokenId)
    if (entries.length > 0) await this.#applyAll(entries, await this.#parts.store.epoch())
  }

  /** Takes over what dead processes left, and saves what waits; what was kept for long enough goes. */
  async round(): Promise<void> {
    await this.#adopt()
    const epoch = await this.#parts.store.epoch()
    await this.#applyAll(this.#parts.journal.entries(), epoch)
    // What is being saved just now may have been committed in the epoch before.
    if (this.#epoch === epoch || this.#parts.journal.entries().some(({ isBusy }) => isBusy)) return
    this.#epoch = epoch
    this.#parts.broughtForward()
  }

  #waiting(): readonly JournalEntry[] {
    return this.#parts.journal.entries().filter(({ state }) => state === 'waiting')
  }

  async #applyAll(entries: readonly JournalEntry[], epoch: string): Promise<void> {
    for (const entry of entries) {
      if (entry.isBusy) continue
      if (entry.state === 'waiting' || entry.epoch !== epoch) await this.#apply(entry, epoch)
      else if (!this.#isYoung(entry)) await entry.free()
    }
  }

  /** Two flights and a round may meet at one entry. */
  async #apply(entry: JournalEntry, epoch: string): Promise<void> {
    const applying = this.#applying.get(entry) ?? this.#applyNow(entry, epoch).finally(() => this.#applying.delete(entry))
    this.#applying.set(entry, applying)
    await applying
  }

  async #applyNow(entry: JournalEntry, epoch: string): Promise<void> {
    const { store, integrationOf, audit, changed, log } = this.#parts
    const { userId, integrationId } = entry.facts
    const integration = integrationOf(integrationId)
    const section = integration?.section ?? 'not configured'
    const result = await this.#read(entry, section)
    if (!result) return
    const end = await this.#late(result)
    if (end === 'late' && entry.state === 'waiting') await this.#drop(result, integration)
    if (end === 'saved') {
      log.warn({ section }, 'A result that waited in the journal was saved.')
      const action = result.kind === 'sign_in' ? 'sign_in.finished' : 'token.refreshed'
      if (result.kind === 'unread') this.#parts.unreadSaved()
      else {
        await audit({ at: store.now(), action, outcome: 'ok', detail: 'waited in the journal', section, userId })
      }
      changed(userId)
    }
    await this.#settled(entry, end !== 'late', epoch)
  }

  /** Undefined after a report: the entry is damaged, and of no use. */
  async #read(entry: JournalEntry, section: string): Promise<TokenResult | undefined> {
    try {
      return await entry.read()
    } catch (failure) {
      if (!(failure instanceof StoreError) || failure.code !== 'unreadable') throw failure
      this.#parts.log.error({ section }, 'An entry of the journal is damaged and lost.')
      await entry.free()
      return undefined
    }
  }

  async #late(result: TokenResult): Promise<LateEnd> {
    const { tokens, unreadReplies } = this.#parts.store
    if (result.kind === 'refresh') return await tokens.saveLate(result.key, result.reply, result.sentAt)
    if (result.kind === 'unread') return (await unreadReplies.keep(result.key, result.unread, result.sentAt)) ? 'saved' : 'late'
    if (this.#parts.store.now().getTime() - result.sentAt.getTime() > ENDED_KNOWN_MS - MARGIN_MS) return 'late'
    try {
      return await tokens.createLate(result.token, result.sentAt)
    } catch (failure) {
      // The user was removed meanwhile.
      if (failure instanceof StoreError && failure.code === 'missing') return 'late'
      throw failure
    }
  }

  async #drop(result: TokenResult, integration: Integration | undefined): Promise<void> {
    const { store, audit, log } = this.#parts
    const { userId, integrationId } = result
    if (result.kind === 'unread') return
    const { tokenId, secrets, clientFingerprint } = partsOf(result)
    // What was signed out after it was stored was revoked then.
    const isOver = result.kind === 'sign_in' && !(await store.tokens.find(userId, integrationId))
    const detail = isOver
      ? 'signed out meanwhile'
      : await queueDropped(store, integration, { tokenId, userId, integrationId, clientFingerprint }, secrets)
    const section = integration?.section ?? 'not configured'
    log.warn({ section }, `A result that waited in the journal is of no use any more: ${detail}.`)
    await audit({ at: store.now(), action: 'token.refresh_dropped', outcome: 'ok', detail, section, userId })
  }

  /** The database has it since the epoch, or nobody needs it. The journal's own failures cost nothing any more. */
  async #settled(entry: JournalEntry, isStored: boolean, epoch: string | undefined): Promise<void> {
    const stays = isStored && this.#parts.journal.writesAhead && entry.facts.kind !== 'unread' && this.#isYoung(entry)
    entry.epoch = epoch
    try {
      await (stays ? entry.keep() : entry.free())
    } catch (failure) {
      this.#parts.log.warn(
        { failure: kindOfFailure(failure) },
        'The journal could not be written; what it says was saved already.',
      )
    }
  }

  #isYoung({ facts }: JournalEntry): boolean {
    return this.#parts.store.now().getTime() - facts.sentAtMs < KEPT_MS
  }

  async #isDoneAtOnce(saving: Promise<unknown>): Promise<boolean> {
    const isDone = new AbortController()
    const late = this.#parts.effects.sleep(AT_ONCE_MS, isDone.signal).then(
      () => false,
      () => true, // Aborted below.
    )
    try {
      return await Promise.race([saving.then(() => true), late])
    } finally {
      isDone.abort()
    }
  }

  /** Undefined when even the journal takes nothing: the result is in memory only, as long as the process lives. */
  async #written(room: JournalRoom, result: TokenResult): Promise<JournalEntry | undefined> {
    try {
      const entry = await room.write(result)
      entry.isBusy = true
      this.#writtenMs.set(entry, this.#parts.effects.monotonicMs())
      return entry
    } catch (failure) {
      this.#parts.log.error(
        { failure: kindOfFailure(failure) },
        'The result of a token request could not be written to the journal.',
      )
      return undefined
    }
  }

  async #adopt(): Promise<void> {
    this.#adopting ??= this.#adoptNow().finally(() => {
      this.#adopting = undefined
    })
    await this.#adopting
  }

  async #adoptNow(): Promise<void> {
    const { store, journal, log } = this.#parts
    let nodes: readonly ServerNode[] | undefined
    const findings = await journal.adopt((owner) =>
      this.#isGone(owner, async () => {
        nodes ??= await store.nodes.list()
        return nodes
      }),
    )
    for (const finding of findings) log.error({}, finding)
  }

  /**
   * As leases judge it. To be wrong costs nothing: whoever writes looks whether the file is still its own, and to apply an entry
   * twice is the same as once.
   */
  async #isGone(
    { incarnation, holder, modifiedAt }: JournalOwner,
    listNodes: () => Promise<readonly ServerNode[]>,
  ): Promise<boolean> {
    const { node, effects } = this.#parts
    if (holder && node.isDead(holder)) return true
    if (holder && holder.nodeId === node.holder.nodeId && holder.bootId !== node.holder.bootId) return true
    const row = (await listNodes()).find((other) => other.holder.incarnation === incarnation)
    return row ? !row.isLive : effects.now().getTime() - modifiedAt.getTime() > SILENT_MS
  }
}

function partsOf(result: RefreshResult | SignInResult) {
  if (result.kind === 'refresh') {
    const { key, reply, clientFingerprint } = result
    return { tokenId: key.tokenId, secrets: reply.secrets, clientFingerprint }
  }
  const { id: tokenId, reply, clientFingerprint } = result.token
  return { tokenId, secrets: reply.secrets, clientFingerprint }
}
