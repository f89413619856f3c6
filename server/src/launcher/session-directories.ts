import { chmod, chown, lstat, mkdir, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { SOCKET_PATH_LIMIT_BYTES } from '../domain/admin-api.ts'
import type { UnixAccount } from '../domain/unix-account.ts'
import { LauncherError } from './launcher.ts'

/** Name of an application's socket in its session's directory. */
export const APPLICATION_SOCKET = 'app.sock'

/** RFC 9562: 36 characters, and nothing that leads out of a directory. */
const SESSION_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Makes and removes the directories that sessions own; in helper mode the root helper does it. */
export interface SessionDirectories {
  /** The session's directory, whether it is there or not. */
  pathOf(sessionId: string): string
  /** Makes it, empty, for the account (undefined: the server's own). Rejects when there is one already. */
  make(sessionId: string, account: string | undefined): Promise<void>
  /** Removes it when it is empty or not there; rejects when something is left in it. */
  remove(sessionId: string): Promise<void>
}

/**
 * Directories below a base that no session can write in: owner the session's account, group the proxy's, 02710, so that the
 * socket in it gets the proxy's group, and nobody else passes through. Links are followed nowhere.
 */
export class OwnedDirectories implements SessionDirectories {
  readonly #base: string
  readonly #parts: {
    readonly accountOf: ((name: string) => Promise<UnixAccount>) | undefined
    readonly groupId: () => Promise<number | undefined>
  }

  /** `accountOf`: absent under `single-user=1`. `groupId`: the proxy's; undefined: this process's own. */
  constructor(
    base: string,
    parts: {
      readonly accountOf: ((name: string) => Promise<UnixAccount>) | undefined
      readonly groupId: () => Promise<number | undefined>
    },
  ) {
    this.#base = base
    this.#parts = parts
  }

  pathOf(sessionId: string): string {
    return pathOfSession(this.#base, sessionId)
  }

  async make(sessionId: string, account: string | undefined): Promise<void> {
    const path = this.pathOf(sessionId)
    const { accountOf, groupId } = this.#parts
    await this.#makeBase()
    await mkdir(path, { mode: 0o700 })
    if (accountOf && account !== undefined)
      await chown(path, (await accountOf(account)).uid, (await groupId()) ?? process.getgid?.() ?? 0)
    await chmod(path, 0o2710)
  }

  async remove(sessionId: string): Promise<void> {
    try {
      await rmdir(this.pathOf(sessionId))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }

  async #makeBase(): Promise<void> {
    const { accountOf } = this.#parts
    const mode = accountOf ? 0o711 : 0o700
    if (accountOf) await makeOwn(dirname(this.#base), 0o755)
    await makeOwn(this.#base, mode)
  }
}

/** A session's directory in the base. Throws for what is no id of a session: that could lead elsewhere. */
export function pathOfSession(base: string, sessionId: string): string {
  if (!SESSION_ID.test(sessionId)) throw new LauncherError('What should be the ID of a session is none.')
  return join(base, sessionId)
}

/** A directory of this process's own account that nobody else writes in; of the given mode if it was not there. */
export async function makeOwn(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path)
    await chmod(path, mode)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const there = await lstat(path)
  if (there.isDirectory() && there.uid === process.getuid?.() && (there.mode & 0o022) === 0) return
  throw new LauncherError(
    `The directory ${path} of the sessions belongs to another account, could be written by others, or is none.`,
  )
}

/** Where the directories of sessions lie: in `/run` where they are of many accounts, else beside the server's data. */
export function sessionsBase({ dataDir, singleUser, uid }: { dataDir: string; singleUser: boolean; uid: number }): string {
  if (!singleUser) return '/run/benchkey/sessions'
  const own = join(dataDir, 'sessions')
  const longest = join(own, '01234567-0123-0123-0123-0123456789ab', APPLICATION_SOCKET)
  return Buffer.byteLength(longest) <= SOCKET_PATH_LIMIT_BYTES ? own : `/tmp/benchkey-sessions-${uid}`
}
