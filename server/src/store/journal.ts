import type { Effects } from '../domain/effects.ts'
import type { Cipher } from './encryption.ts'
import { FileEntry, type JournalFile, openedResult, sealedText } from './journal-entry.ts'
import { entriesIn, framesOf, headerOf, holderIn, offsetOf, SLOT_BYTES } from './journal-slots.ts'
import { Mutex } from './mutex.ts'
import { type LeaseHolder, StoreError } from './store.ts'
import type {
  Journal,
  JournalEntry,
  JournalFindings,
  JournalFolder,
  JournalHandle,
  JournalOwner,
  JournalRoom,
} from './store-of-results.ts'
import type { TokenResult } from './token-results.ts'

/** Slots for one reply of a usual service: 16 KiB. */
const RESERVED = 4
/** Beyond all that is reserved so much stays free: the longest answer there is, 256 KiB, base64 within base64. */
const SPARE = 128
const GROWTH = 128
/** 256 MiB. Who comes here has tens of thousands of results that no database takes. */
const MOST_SLOTS = 65_536
const NAME = /^([A-Za-z0-9]+)(?:-[0-9a-f]+)?\.journal$/
const SET_ASIDE = '.unreadable'
const FOREIGN = '.foreign'
const SET_ASIDE_MS = 7 * 24 * 60 * 60_000
const ID_BYTES = 16

interface JournalParts {
  readonly folder: JournalFolder
  readonly cipher: Cipher
  readonly effects: Pick<Effects, 'randomBytes' | 'now'>
  readonly holder: LeaseHolder
  /** Whether a result is written before the database is asked to take it, and kept for a while after it has. */
  readonly writesAhead: boolean
  /** For tests. */
  readonly mostSlots?: number
}

/**
 * What token requests brought and the database does not have yet: one file per process, made of zeros before it is needed, so that
 * a full disk is met before a refresh token is spent (refresh.md, *Who may send*). Files of dead processes are taken over.
 */
export class FileJournal implements Journal {
  readonly writesAhead: boolean
  readonly path: string
  readonly #parts: JournalParts
  readonly #mutex = new Mutex()
  readonly #adopted = new Set<JournalFile>()
  /** Own ones that another process has claimed, with results that are still being saved here. */
  readonly #left = new Set<JournalFile>()
  /** Names of the files that are open here. */
  readonly #names = new Set<string>()
  readonly #told = new Set<string>()
  #own: (JournalFile & { slots: number }) | undefined
  #isClosed = false

  constructor(parts: JournalParts) {
    this.#parts = parts
    this.writesAhead = parts.writesAhead
    this.path = parts.folder.path
  }

  /** Room for what a token request will bring. Rejects with StoreError `full` or `io`: then no request may be sent. */
  async reserve(): Promise<JournalRoom> {
    const own = await this.#ready(RESERVED + SPARE)
    return new Room(this, own, own.free.splice(0, RESERVED))
  }

  /** Results of this process and of those it took over, of one row or all, in the order in which their requests were sent. */
  entries(tokenId?: string): readonly JournalEntry[] {
    const files = [...this.#adopted, ...(this.#own ? [this.#own] : [])]
    const found = files.flatMap(({ open }) => [...open].filter(({ facts }) => !tokenId || facts.tokenId === tokenId))
    return found.sort((a, b) => a.facts.sentAtMs - b.facts.sentAtMs || a.facts.generation - b.facts.generation)
  }

  /** Takes over the files of processes that are gone: a rename, which one of several takers wins. */
  async adopt(isGone: (owner: JournalOwner) => Promise<boolean>): Promise<JournalFindings> {
    const { folder, holder, effects } = this.#parts
    const findings: string[] = []
    for (const { name, modifiedAt } of await folder.list()) {
      if (name.endsWith(SET_ASIDE) && effects.now().getTime() - modifiedAt.getTime() > SET_ASIDE_MS) await folder.remove(name)
      const [, incarnation] = NAME.exec(name) ?? []
      if (incarnation === undefined || this.#names.has(name)) continue
      try {
        const owner = await this.#ownerOf(incarnation)
        const isMine = incarnation === holder.incarnation // Of a server that was in this very process before.
        if (isMine || (await isGone({ incarnation, modifiedAt, ...(owner ? { holder: owner } : {}) }))) {
          findings.push(...(await this.#claim(name)))
        }
      } catch (failure) {
        if (!(failure instanceof StoreError) || failure.code !== 'io') throw failure
        if (!this.#told.has(name)) findings.push(failure.message)
        this.#told.add(name)
      }
    }
    return findings
  }

  /** Leaves what waits or is kept to whoever comes next. */
  async close(): Promise<void> {
    await this.#mutex.acquire()
    try {
      this.#isClosed = true
      const own = this.#own
      if (own && own.open.size === 0) await this.#parts.folder.remove(this.#ownName)
      for (const { handle } of [...this.#adopted, ...this.#left, ...(own ? [own] : [])]) await handle.close()
      this.#own = undefined
      this.#adopted.clear()
      this.#left.clear()
    } finally {
      this.#mutex.release()
    }
  }

  /** Writes a result, durably, into a file that is still this process's own. `room`: slots of `file`, which may be too few. */
  async write(file: JournalFile, room: readonly number[], result: TokenResult): Promise<JournalEntry> {
    const { cipher, effects } = this.#parts
    const text = sealedText(cipher, result)
    const frames = framesOf(effects.randomBytes(ID_BYTES), text)
    for (;;) {
      const slots = await this.#slotsOf(file, room, frames.length)
      const pieces = frames.map((bytes, index) => ({ offset: offsetOf(slots[index] ?? 0), bytes }))
      await file.handle.write(pieces)
      if (await file.handle.isInPlace()) return new FileEntry(file, { slots, state: 'waiting', text }, cipher)
      // Somebody took this process for dead and claimed the file, perhaps before the entry was in it.
      if (this.#own === file) await this.#leave(this.#own)
      file = await this.#ready(frames.length)
      room = []
    }
  }

  get #ownName(): string {
    return `${this.#parts.holder.incarnation}.journal`
  }

  #newName(): string {
    const { holder, effects } = this.#parts
    return `${holder.incarnation}-${Buffer.from(effects.randomBytes(6)).toString('hex')}.journal`
  }

  /** The own file with at least so many free slots. */
  async #ready(wanted: number): Promise<JournalFile> {
    await this.#mutex.acquire()
    try {
      if (this.#isClosed) throw new StoreError('io', 'The journal is closed.')
      this.#own ??= await this.#create()
      const own = this.#own
      while (own.free.length < wanted) await this.#grow(own)
      return own
    } finally {
      this.#mutex.release()
    }
  }

  async #create(): Promise<JournalFile & { slots: number }> {
    const { folder, holder } = this.#parts
    const slots = SPARE + GROWTH
    const zeros = Buffer.alloc(slots * SLOT_BYTES)
    await folder.rename(this.#ownName, this.#newName())
    const handle = await folder.create(this.#ownName, Buffer.concat([headerOf(holder), zeros]))
    this.#names.add(this.#ownName)
    const own: JournalFile & { slots: number } = {
      ...{ handle, slots, free: numbers(0, slots), open: new Set<FileEntry>() },
      emptied: async () => {
        if (this.#left.delete(own)) await handle.close()
      },
    }
    return own
  }

  async #grow(own: JournalFile & { slots: number }): Promise<void> {
    if (own.slots + GROWTH <= (this.#parts.mostSlots ?? MOST_SLOTS)) {
      await own.handle.write([{ offset: offsetOf(own.slots), bytes: Buffer.alloc(GROWTH * SLOT_BYTES) }])
      own.free.push(...numbers(own.slots, GROWTH))
      own.slots += GROWTH
      return
    }
    const oldest = this.entries().find(({ state }) => state === 'kept')
    if (!oldest) throw new StoreError('full', `The journals in ${this.path} hold as much as they may.`)
    await oldest.free()
  }

  async #slotsOf(file: JournalFile, room: readonly number[], wanted: number): Promise<readonly number[]> {
    const missing = wanted - room.length
    if (missing <= 0) {
      file.free.push(...room.slice(wanted))
      return room.slice(0, wanted)
    }
    try {
      while (file.free.length < missing && file === this.#own) await this.#ready(missing)
    } catch (failure) {
      file.free.push(...room)
      throw failure
    }
    return [...room, ...file.free.splice(0, missing)]
  }

  /** Its entries are the claimant's now, but for those that are being saved here. */
  async #leave(own: JournalFile): Promise<void> {
    this.#own = undefined
    this.#names.delete(this.#ownName)
    if (own.open.size === 0) await own.handle.close()
    else this.#left.add(own)
  }

  /** From the file that the process made under its own name; what a name with a dash holds is of somebody before it. */
  async #ownerOf(incarnation: string): Promise<LeaseHolder | undefined> {
    const handle = await this.#parts.folder.open(`${incarnation}.journal`)
    if (!handle) return undefined
    try {
      const holder = holderIn(await handle.read(0, SLOT_BYTES))
      return holder?.incarnation === incarnation ? holder : undefined
    } finally {
      await handle.close()
    }
  }

  async #claim(name: string): Promise<JournalFindings> {
    const { folder } = this.#parts
    const own = this.#newName()
    if (!(await folder.rename(name, own))) return []
    this.#names.add(own)
    try {
      const handle = await folder.open(own)
      return handle ? await this.#takeOver(own, handle) : []
    } catch (failure) {
      // It is looked at again.
      this.#names.delete(own)
      throw failure
    }
  }

  async #takeOver(name: string, handle: JournalHandle): Promise<JournalFindings> {
    const { folder, cipher } = this.#parts
    const where = `${folder.path}/${name}`
    const bytes = await handle.readAll()
    const { entries, damaged } = entriesIn(bytes)
    if (entries.length === 0 && damaged > 0 && !holderIn(bytes.subarray(0, SLOT_BYTES))) {
      await handle.close()
      await folder.rename(name, `${name}${FOREIGN}`)
      return [`The file ${where}${FOREIGN} is no journal of Benchkey, and is left alone.`]
    }
    let unreadable = 0
    const file: JournalFile = {
      ...{ handle, free: [], open: new Set() },
      emptied: async () => {
        this.#adopted.delete(file)
        this.#names.delete(name)
        await handle.close()
        if (unreadable > 0) await folder.rename(name, `${name}${SET_ASIDE}`)
        else await folder.remove(name)
      },
    }
    this.#adopted.add(file)
    for (const entry of entries) {
      if (opens(cipher, entry.text)) new FileEntry(file, entry, cipher)
      else unreadable += 1
    }
    if (file.open.size === 0) await file.emptied()
    return [
      ...(damaged > 0 ? [`${counted(damaged)} of the journal ${where} cut off or damaged, and lost.`] : []),
      ...(unreadable > 0
        ? [`${counted(unreadable)} of the journal ${where} no key of this server opens; the file is set aside.`]
        : []),
    ]
  }
}

/** Slots that are free for one token request, until it is over. */
class Room implements JournalRoom {
  readonly #journal: FileJournal
  readonly #file: JournalFile
  #slots: readonly number[]

  constructor(journal: FileJournal, file: JournalFile, slots: readonly number[]) {
    this.#journal = journal
    this.#file = file
    this.#slots = slots
  }

  /** Durable when the promise resolves. Rejects with StoreError `full` or `io`. */
  async write(result: TokenResult): Promise<JournalEntry> {
    const slots = this.#slots
    this.#slots = []
    return await this.#journal.write(this.#file, slots, result)
  }

  /** What was not used is free for others. */
  release(): void {
    this.#file.free.push(...this.#slots)
    this.#slots = []
  }
}

function opens(cipher: Cipher, text: string): boolean {
  try {
    openedResult(cipher, text)
    return true
  } catch (error) {
    // A key that is not in the ring is another kind of error: the file may be of a time with another key ring.
    if (error instanceof Error) return false
    throw error
  }
}

function numbers(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index)
}

function counted(count: number): string {
  return count === 1 ? '1 entry' : `${count} entries`
}
