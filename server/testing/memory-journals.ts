import type { Effects } from '../src/domain/effects.ts'
import { StoreError } from '../src/store/store.ts'
import type { JournalFolder, JournalHandle } from '../src/store/store-of-results.ts'

interface File {
  bytes: Buffer
  modifiedAt: Date
}

/** One effect on the folder: it happens now, later, or never. */
type Pass = <T>(effect: () => T) => Promise<T>

/** A folder of journals in memory, which outlives the processes that write it as a disk does. */
export class MemoryJournals implements JournalFolder {
  readonly path = '(in memory)'
  readonly files = new Map<string, File>()
  /** What writing fails with, if it fails. */
  failure: StoreError['code'] | undefined
  /** How many times something was made durable. */
  writes = 0
  readonly #clock: Pick<Effects, 'now'>

  constructor(clock: Pick<Effects, 'now'>) {
    this.#clock = clock
  }

  list = () => this.#list(now)
  create = (name: string, content: Uint8Array) => this.#create(now, name, content)
  open = (name: string) => this.#open(now, name)
  rename = (from: string, to: string) => this.#rename(now, from, to)
  remove = (name: string) => this.#remove(now, name)

  /** The folder as a process sees it, each of whose effects goes through `pass`. `written`: told when something is durable. */
  seenThrough(pass: Pass, written: () => void): JournalFolder {
    return {
      path: this.path,
      list: () => this.#list(pass),
      create: (name, content) => this.#create(pass, name, content, written),
      open: (name) => this.#open(pass, name, written),
      rename: (from, to) => this.#rename(pass, from, to),
      remove: (name) => this.#remove(pass, name),
    }
  }

  #list(pass: Pass) {
    return pass(() => [...this.files].map(([name, { modifiedAt }]) => ({ name, modifiedAt })))
  }

  #create(pass: Pass, name: string, content: Uint8Array, written?: () => void): Promise<JournalHandle> {
    return pass(() => {
      this.#mayFail()
      if (this.files.has(name)) throw new StoreError('io', `The journal ${name} is there already.`)
      const file = { bytes: Buffer.from(content), modifiedAt: this.#clock.now() }
      this.files.set(name, file)
      return this.#handle(pass, name, file, written)
    })
  }

  #open(pass: Pass, name: string, written?: () => void): Promise<JournalHandle | undefined> {
    return pass(() => {
      const file = this.files.get(name)
      return file && this.#handle(pass, name, file, written)
    })
  }

  #rename(pass: Pass, from: string, to: string): Promise<boolean> {
    return pass(() => {
      const file = this.files.get(from)
      if (!file) return false
      this.files.delete(from)
      this.files.set(to, file)
      return true
    })
  }

  #remove(pass: Pass, name: string): Promise<void> {
    return pass(() => void this.files.delete(name))
  }

  #handle(pass: Pass, name: string, file: File, written: () => void = () => undefined): JournalHandle {
    const put = (offset: number, bytes: Uint8Array): void => {
      const size = Math.max(file.bytes.length, offset + bytes.length)
      if (size > file.bytes.length) file.bytes = Buffer.concat([file.bytes], size)
      file.bytes.set(bytes, offset)
      file.modifiedAt = this.#clock.now()
    }
    return {
      readAll: () => pass(() => Buffer.from(file.bytes)),
      read: (offset, length) => pass(() => Buffer.from(file.bytes.subarray(offset, offset + length))),
      write: (pieces) =>
        pass(() => {
          this.#mayFail()
          this.writes += 1
          for (const { offset, bytes } of pieces) put(offset, bytes)
          written()
        }),
      mark: (offset, bytes) => pass(() => put(offset, bytes)),
      isInPlace: () => pass(() => this.files.get(name) === file),
      close: async () => undefined,
    }
  }

  #mayFail(): void {
    if (this.failure !== undefined) throw new StoreError(this.failure, 'The journal cannot be written.')
  }
}

const now: Pass = async (effect) => effect()
