import { hash, randomUUID } from 'node:crypto'
import { constants, linkSync, lstatSync, renameSync } from 'node:fs'
import { access, type FileHandle, lstat, open, readdir, realpath, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { LoadResult } from './configuration.ts'
import { readOwnFile } from './files.ts'
import { checkOauthClients, type LoadedClients, type LoadRequest, loadConfiguration } from './load.ts'
import { cleared, REPLACED, ReplacedFile } from './replaced-file.ts'

/** `oauth-clients.conf` as it lies there now. */
export interface ClientsNow {
  readonly bytes: Buffer
  readonly hash: string
  /** Why it cannot be written by this server, in sentences with what to do; absent: it can. */
  readonly readOnly?: string
}

/** Why a file was not written: `changed`: it is another one than the caller saw; `refused`: the sentence says why. */
export class WriteRefused extends Error {
  override readonly name = 'WriteRefused'
  readonly kind: 'changed' | 'refused'

  constructor(kind: 'changed' | 'refused', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}

/** `isDurable`: a power cut cannot bring the old one back. `replaced`: what lay there, absent when nothing did. */
export interface Written {
  readonly isDurable: boolean
  readonly replaced?: ReplacedFile
}

/** Ends the names of files that are being written; a crash leaves one behind. */
const NEW = '.deploy'

/** `oauth-clients.conf` of this server: read, judged as it would be, and written whole or not at all. */
export class ClientsFile {
  readonly path: string
  readonly configDir: string
  /** What the server was started with. */
  readonly startedOn: Buffer
  readonly #request: LoadRequest

  constructor(request: LoadRequest, startedOn: Buffer) {
    this.startedOn = startedOn
    this.#request = request
    this.configDir = resolve(request.configDir)
    this.path = join(this.configDir, 'oauth-clients.conf')
  }

  /** A file that is not there reads as empty. */
  async read(): Promise<ClientsNow> {
    const read = await readOwnFile(this.path, 'private', this.#request.uid)
    const bytes = read.bytes ?? Buffer.alloc(0)
    const [problem] = read.isMissing ? [] : read.problems
    const readOnly = problem === undefined ? await this.#whyReadOnly() : `${this.path} ${problem}`
    return { bytes, hash: hashOf(bytes), ...(readOnly === undefined ? {} : { readOnly }) }
  }

  /** Where the file lies, the same text for all who see this very file by this path. */
  async place(): Promise<string> {
    return await realpath(this.configDir).catch(() => this.configDir)
  }

  /** As `config check` judges all files, with these bytes in the place of the file's own. */
  async load(bytes: Buffer): Promise<LoadResult> {
    return await loadConfiguration({ ...this.#request, oauthClients: bytes })
  }

  /** What `config check` says of these bytes alone; fast enough while somebody types. */
  async check(bytes: Buffer): Promise<LoadedClients> {
    return await checkOauthClients(this.#request, { file: this.path, bytes })
  }

  /**
   * Writes it as a whole. Rejects with WriteRefused, and then the file is as it was. The caller looks into what was replaced, and
   * releases it.
   */
  async write(bytes: Buffer, expectedHash: string): Promise<Written> {
    await this.removeLeft()
    const beside = `${this.path}.${randomUUID()}`
    const temporary = `${beside}${NEW}`
    let replaced: ReplacedFile | undefined
    try {
      await writeDurably(temporary, bytes, this.#request.uid)
      replaced = await ReplacedFile.hold(this.path, `${beside}${REPLACED}`)
      const now = await this.read()
      if (now.readOnly !== undefined) throw new WriteRefused('refused', now.readOnly)
      if (now.hash !== expectedHash || !putInPlace(temporary, this.path, replaced)) {
        throw new WriteRefused('changed', `${this.path} was changed meanwhile.`)
      }
    } catch (cause) {
      await replaced?.release()
      await cleared(temporary)
      throw cause instanceof WriteRefused ? cause : new WriteRefused('refused', writeProblem(this.path, cause), cause)
    }
    await cleared(temporary)
    const isDurable = await syncDirectory(this.configDir).then(
      () => true,
      () => false,
    )
    return { isDurable, ...(replaced ? { replaced } : {}) }
  }

  /** Removes what a crash left of a file that was being written. */
  async removeLeft(): Promise<void> {
    await Promise.all((await this.#namesWith(NEW)).map((name) => rm(join(this.configDir, name), { force: true })))
  }

  /** Replaced files that a crash left a link to, and what to call when they are safe; not those that are the file of now. */
  async leftReplaced(): Promise<readonly { readonly bytes: Buffer; readonly forget: () => Promise<void> }[]> {
    const now = await lstat(this.path).catch(() => undefined)
    const left = []
    for (const name of await this.#namesWith(REPLACED)) {
      const path = join(this.configDir, name)
      const stats = await lstat(path).catch(() => undefined)
      const { bytes, problems } = await readOwnFile(path, 'private', this.#request.uid, constants.O_NOFOLLOW)
      const forget = (): Promise<void> => rm(path, { force: true })
      if (stats?.ino === now?.ino && stats?.dev === now?.dev) await forget()
      else if (bytes && problems.length === 0) left.push({ bytes, forget })
    }
    return left
  }

  async #namesWith(end: string): Promise<readonly string[]> {
    const names = await readdir(this.configDir).catch(() => [])
    return names.filter((name) => name.startsWith('oauth-clients.conf.') && name.endsWith(end))
  }

  async #whyReadOnly(): Promise<string | undefined> {
    const stats = await lstat(this.path).catch(() => undefined)
    if (stats?.isSymbolicLink()) {
      return `${this.path} is a symbolic link, as a ConfigMap or a tool that manages files makes it. Change the file that it leads to, then: benchkey reload.`
    }
    try {
      await access(this.configDir, constants.W_OK | constants.X_OK)
      return undefined
    } catch {
      return `This server may not write in ${this.configDir}. Allow it (with systemd: ReadWritePaths=${this.configDir}), or edit the file there and run: benchkey reload.`
    }
  }
}

/** Names the bytes of a file, within this process alone. */
export function hashOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex')
}

/**
 * False when another file lies there than the one that is held. Between that look and the rename no other work of this process runs, and
 * nobody can write into the file unseen; a file that somebody renames there within these microseconds is lost, as rename(2) has it.
 */
function putInPlace(temporary: string, path: string, replaced: ReplacedFile | undefined): boolean {
  if (replaced) {
    if (!replaced.isAt(path)) return false
    renameSync(temporary, path)
    return true
  }
  try {
    linkSync(temporary, path)
    return true
  } catch (failure) {
    if (failure instanceof Error && 'code' in failure && failure.code === 'EEXIST') return false
    // A disk without links.
    if (lstatSync(path, { throwIfNoEntry: false })) return false
    renameSync(temporary, path)
    return true
  }
}

async function writeDurably(path: string, bytes: Uint8Array, uid: number): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await ownedBy(handle, uid)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function ownedBy(handle: FileHandle, uid: number): Promise<void> {
  if (uid !== process.getuid?.()) await handle.chown(uid, -1)
}

/** The rename is durable when its directory is. fsync(2) */
async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function writeProblem(path: string, cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return `There is no room on the disk for ${path}; the file is as it was. Make room and deploy again.`
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return `This server may not write in ${dirname(path)} (${code}); the file is as it was. Allow it (with systemd: ReadWritePaths=${dirname(path)}), or edit the file there and run: benchkey reload.`
  }
  if (code === 'EBUSY') {
    return `${path} is mounted by itself, so no other file can take its place; it is as it was. Mount its directory instead, or edit the file where it comes from and run: benchkey reload.`
  }
  return `${path} could not be written (${code}); the file is as it was.`
}
