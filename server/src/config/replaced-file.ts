import { constants, lstatSync, type Stats } from 'node:fs'
import { type FileHandle, link, open, rm } from 'node:fs/promises'

/** Ends the names of links to files that were replaced a moment ago; a crash leaves one behind. */
export const REPLACED = '.replaced'

/** What link(2) answers on a disk without hard links, for a file that is mounted by itself, and for one with as many as it may have. */
const WITHOUT_LINKS: ReadonlySet<string> = new Set(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EXDEV', 'EMLINK'])

/**
 * A file that another one takes the place of, held open: an editor that had it open writes into it still. The link beside it keeps it
 * when this process dies meanwhile; where the disk has no links, it is held by this process alone.
 */
export class ReplacedFile {
  readonly #handle: FileHandle
  readonly #stats: Stats
  readonly #linkPath: string | undefined

  private constructor(handle: FileHandle, stats: Stats, linkPath: string | undefined) {
    this.#handle = handle
    this.#stats = stats
    this.#linkPath = linkPath
  }

  /** Undefined when it cannot be opened, as one that is not there. Rejects when the link cannot be written, as on a full disk. */
  static async hold(path: string, linkPath: string): Promise<ReplacedFile | undefined> {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch(() => undefined)
    if (!handle) return undefined
    try {
      const stats = await handle.stat()
      return new ReplacedFile(handle, stats, (await isLinked(path, linkPath)) ? linkPath : undefined)
    } catch (failure) {
      await handle.close()
      throw failure
    }
  }

  /** Whether this very file lies there; asked right before the rename, without letting go of the thread in between. */
  isAt(path: string): boolean {
    return [path, this.#linkPath].every((each) => each === undefined || isSame(this.#stats, each))
  }

  /** As it is now. */
  async bytes(): Promise<Buffer> {
    const { size } = await this.#handle.stat()
    const bytes = Buffer.alloc(size)
    const { bytesRead } = await this.#handle.read(bytes, 0, size, 0)
    return bytes.subarray(0, bytesRead)
  }

  /** `keepsLink`: what it holds is not safe anywhere else yet, and is looked at when the server starts. */
  async release({ keepsLink = false } = {}): Promise<void> {
    await this.#handle.close()
    if (this.#linkPath !== undefined && !keepsLink) await cleared(this.#linkPath)
  }
}

/** Removes a file beside the configuration. What a failing disk keeps is removed at another time, and hides no other failure. */
export async function cleared(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined)
}

async function isLinked(path: string, linkPath: string): Promise<boolean> {
  try {
    await link(path, linkPath)
    return true
  } catch (failure) {
    if (failure instanceof Error && 'code' in failure && WITHOUT_LINKS.has(String(failure.code))) return false
    throw failure
  }
}

function isSame({ dev, ino }: Stats, path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  return stats?.dev === dev && stats.ino === ino
}
