import { hash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { access, type FileHandle, lstat, open, readdir, realpath, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { LoadResult } from './configuration.ts'
import { readOwnFile } from './files.ts'
import { checkOauthClients, type LoadedClients, type LoadRequest, loadConfiguration } from './load.ts'

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
   * Writes it as a whole. Rejects with WriteRefused, and then the file is as it was. `isDurable`: a power cut cannot bring the old one
   * back.
   */
  async write(bytes: Buffer, expectedHash: string): Promise<{ readonly isDurable: boolean }> {
    await this.removeLeft()
    const temporary = `${this.path}.${randomUUID()}${NEW}`
    try {
      await writeDurably(temporary, bytes, this.#request.uid)
      const now = await this.read()
      if (now.readOnly !== undefined) throw new WriteRefused('refused', now.readOnly)
      if (now.hash !== expectedHash) throw new WriteRefused('changed', `${this.path} was changed meanwhile.`)
      await rename(temporary, this.path)
    } catch (cause) {
      await rm(temporary, { force: true })
      throw cause instanceof WriteRefused ? cause : new WriteRefused('refused', writeProblem(this.path, cause), cause)
    }
    return await syncDirectory(this.configDir).then(
      () => ({ isDurable: true }),
      () => ({ isDurable: false }),
    )
  }

  /** Removes what a crash left of a file that was being written. */
  async removeLeft(): Promise<void> {
    const names = await readdir(this.configDir).catch(() => [])
    const left = names.filter((name) => name.startsWith('oauth-clients.conf.') && name.endsWith(NEW))
    await Promise.all(left.map((name) => rm(join(this.configDir, name), { force: true })))
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

function hashOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex')
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
  return `${path} could not be written (${code}); the file is as it was.`
}
