import { type ClientsFile, hashOf } from '../config/clients-file.ts'
import { fileMark } from '../config/masked-text.ts'
import type { ReplacedFile } from '../config/replaced-file.ts'
import { sectionsOf } from '../config/section-changes.ts'
import type { Effects } from '../domain/effects.ts'
import { type Store, StoreError } from '../store/store.ts'
import { summaryByHand } from './configuration-words.ts'
import { kindOfFailure, type Log } from './log.ts'

/** An editor that has a replaced file open writes what was typed within this time, in milliseconds; who saves later is not seen. */
const WATCHED_MS = 60_000

/** What the watching of replaced files is made of. */
export interface ReplacedFilesParts {
  readonly store: Store
  readonly effects: Pick<Effects, 'monotonicMs'>
  readonly log: Log
  readonly file: ClientsFile
}

interface Watched {
  /** The version that took its place. */
  readonly deployed: number
  readonly untilMs: number
  /** What it held when it was last kept. */
  before: Buffer
  /** Hash of what it held at the last look: what changes just now is being written. */
  seen: string
}

/**
 * Files that deploys replaced: what somebody writes into one at that moment or after it, because an editor had it open, becomes a
 * version of its own.
 */
export class ReplacedFiles {
  readonly #parts: ReplacedFilesParts
  readonly #watched = new Map<ReplacedFile, Watched>()
  #hasAdopted = false

  constructor(parts: ReplacedFilesParts) {
    this.#parts = parts
  }

  /** A deploy has replaced it. Answers the number of the version in force, when what was written meanwhile came before it. */
  async take(
    file: ReplacedFile,
    { number, before }: { readonly number: number; readonly before: Buffer },
  ): Promise<number | undefined> {
    const untilMs = this.#parts.effects.monotonicMs() + WATCHED_MS
    const watched = { deployed: number, untilMs, before, seen: hashOf(before) }
    this.#watched.set(file, watched)
    return await this.#keep(file, watched)
  }

  /** Whether something was kept. */
  async look(): Promise<boolean> {
    let isKept = this.#hasAdopted ? false : await this.#adoptLeft()
    for (const [file, watched] of [...this.#watched]) {
      const { seen } = watched
      watched.seen = hashOf(await file.bytes())
      const isOver = this.#parts.effects.monotonicMs() > watched.untilMs
      if ((isOver || watched.seen === seen) && (await this.#keep(file, watched)) !== undefined) isKept = true
      if (isOver) await this.#release(file, watched)
    }
    return isKept
  }

  /** What was written until now is kept; the link of what the database does not take stays for the next start. */
  async close(): Promise<void> {
    for (const [file, watched] of [...this.#watched]) {
      await this.#keep(file, watched)
      await this.#release(file, watched)
    }
  }

  async #release(file: ReplacedFile, { before }: Watched): Promise<void> {
    this.#watched.delete(file)
    const bytes = await file.bytes()
    await file.release({ keepsLink: bytes.length > 0 && !bytes.equals(before) })
  }

  async #keep(file: ReplacedFile, watched: Watched): Promise<number | undefined> {
    const bytes = await file.bytes()
    // An editor empties a file before it writes it.
    if (bytes.length === 0 || bytes.equals(watched.before)) return undefined
    const kept = await this.#keepVersion(bytes, watched.before, watched.deployed)
    if (kept !== undefined) watched.before = bytes
    return kept
  }

  async #keepVersion(content: Buffer, before: Buffer, deployed: number): Promise<number | undefined> {
    const { store, log } = this.#parts
    const summary = summaryByHand(deployed, sectionsOf(before), sectionsOf(content))
    try {
      const kept = await store.configuration.keepBeside({ contentHash: fileMark(content), content, summary })
      if (kept) log.warn({ found: kept.found, deployed }, 'The configuration was edited by hand while another one was deployed.')
      return kept?.inForce
    } catch (failure) {
      if (!(failure instanceof StoreError)) throw failure
      log.warn({ failure: kindOfFailure(failure) }, 'What was edited by hand during a deploy is not kept yet; it is tried again.')
      return undefined
    }
  }

  /** Of a process that died with such a file in its hands. */
  async #adoptLeft(): Promise<boolean> {
    const { store, file } = this.#parts
    let isKept = false
    const versions = await store.configuration.versions()
    const [newest] = versions
    if (!newest) return false
    for (const { bytes, forget } of await file.leftReplaced()) {
      const isKnown = bytes.length === 0 || versions.some(({ contentHash }) => contentHash === fileMark(bytes))
      const before = (await store.configuration.content(newest.number)) ?? Buffer.alloc(0)
      if (!isKnown && (await this.#keepVersion(bytes, before, newest.number)) === undefined) return isKept
      isKept ||= !isKnown
      await forget()
    }
    this.#hasAdopted = true
    return isKept
  }
}
