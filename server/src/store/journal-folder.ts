import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, readdir, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { prepareDirectory, syncDirectoryOf } from './database-file.ts'
import { StoreError } from './store.ts'
import type { JournalFolder, JournalHandle } from './store-of-results.ts'

/** The folder on the disk, made with mode 0700 when there is none. Throws SetupError when others may change what is in it. */
export function openJournalFolder(path: string, uid: number): JournalFolder {
  prepareDirectory(path, uid)
  const at = (name: string): string => join(path, name)
  return {
    path,
    async list() {
      const names = await translated(path, () => readdir(path))
      const facts = names.map(async (name) => ({ name, modifiedAt: (await statOf(at(name)))?.mtime }))
      return (await Promise.all(facts)).flatMap(({ name, modifiedAt }) => (modifiedAt ? [{ name, modifiedAt }] : []))
    },
    create: (name, content) => translated(at(name), () => create(at(name), content)),
    open: (name) => translated(at(name), () => openOwn(at(name), uid)),
    rename: (from, to) =>
      translated(at(from), async () => {
        if (!(await unlessGone(rename(at(from), at(to)).then(() => true)))) return false
        syncDirectoryOf(at(to))
        return true
      }),
    remove: (name) => translated(at(name), async () => void (await unlessGone(unlink(at(name))))),
  }
}

async function create(path: string, content: Uint8Array): Promise<JournalHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const file = await open(path, flags, 0o600)
  try {
    await writeAll(file, content, 0)
    await file.sync()
    syncDirectoryOf(path)
    return new DiskJournal(file, path, await file.stat())
  } catch (error) {
    await file.close()
    await unlessGone(unlink(path))
    throw error
  }
}

async function openOwn(path: string, uid: number): Promise<JournalHandle | undefined> {
  const file = await unlessGone(open(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK))
  if (!file) return undefined
  const stat = await file.stat()
  if (stat.isFile() && stat.uid === uid && (stat.mode & 0o077) === 0) return new DiskJournal(file, path, stat)
  await file.close()
  throw new StoreError('io', `The file ${path} is not the server's own, or open to others, and is left alone.`)
}

/** Writes are followed by one fdatasync for all that were made meanwhile. */
class DiskJournal implements JournalHandle {
  readonly #file: FileHandle
  readonly #path: string
  readonly #inode: Pick<Stats, 'dev' | 'ino'>
  #syncing: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(file: FileHandle, path: string, inode: Pick<Stats, 'dev' | 'ino'>) {
    this.#file = file
    this.#path = path
    this.#inode = inode
  }

  readAll(): Promise<Buffer> {
    return translated(this.#path, async () => readAt(this.#file, 0, (await this.#file.stat()).size))
  }

  read(offset: number, length: number): Promise<Buffer> {
    return translated(this.#path, () => readAt(this.#file, offset, length))
  }

  async write(pieces: readonly { readonly offset: number; readonly bytes: Uint8Array }[]): Promise<void> {
    await translated(this.#path, async () => {
      for (const { offset, bytes } of pieces) await writeAll(this.#file, bytes, offset)
      await this.#sync()
    })
  }

  async mark(offset: number, bytes: Uint8Array): Promise<void> {
    await translated(this.#path, () => writeAll(this.#file, bytes, offset))
  }

  async isInPlace(): Promise<boolean> {
    const found = await translated(this.#path, () => statOf(this.#path))
    return found !== undefined && found.ino === this.#inode.ino && found.dev === this.#inode.dev
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** One that runs already may have begun before our bytes were written: the next one is ours, and that of all who come until then. */
  #sync(): Promise<void> {
    if (!this.#syncing) {
      this.#syncing = this.#file.datasync().finally(() => {
        this.#syncing = undefined
      })
      return this.#syncing
    }
    this.#next ??= this.#syncing
      .catch(() => undefined) // Told to whom it belongs to.
      .then(() => {
        this.#next = undefined
        return this.#sync()
      })
    return this.#next
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done)
    done += bytesWritten
  }
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

async function statOf(path: string): Promise<Stats | undefined> {
  return await unlessGone(lstat(path))
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

async function translated<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined || error instanceof StoreError) throw error
    const isFull = NO_ROOM.has(code)
    throw new StoreError(isFull ? 'full' : 'io', `The journal ${path} ${isFull ? 'has no room' : 'fails'} (${code}).`, error)
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
