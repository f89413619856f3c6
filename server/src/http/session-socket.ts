import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { chmod, lstat, mkdir, realpath } from 'node:fs/promises'
import type { Server } from 'node:http'
import { basename, dirname, join, resolve } from 'node:path'
import { SetupError } from '../domain/errors.ts'
import type { HttpLog } from './log.ts'
import { claimSocketPath, listenOnSocket, type SocketPlace } from './unix-socket.ts'

/** Where sessions of this host find their RPC without TLS. */
export interface SessionSocketPlace {
  readonly path: string
  /** 0600 where sessions run as the server's account; else 0666: the cookie is the credential, as on the port. */
  readonly mode: 0o600 | 0o666
}

/** Inside the data directory; never longer than the name of the admin socket. */
const OWN_NAME = 'rpc.sock'
/** For servers whose sessions run under other accounts, which do not get into the data directory. */
const SHARED_DIRECTORY = '/run/benchkey'

/**
 * Where the socket lies: as `session-socket` says, else by what sessions of this server may reach. Undefined without one: a server
 * that is neither root nor `single-user=1` starts no sessions.
 */
export function sessionSocketPlace(
  { sessionSocket, singleUser }: { sessionSocket?: { readonly path: string } | 'none'; singleUser: boolean },
  dataDir: string,
  uid: number,
): SessionSocketPlace | undefined {
  if (sessionSocket === 'none') return undefined
  const mode = singleUser ? 0o600 : 0o666
  if (sessionSocket) return { path: sessionSocket.path, mode }
  if (singleUser) return { path: join(dataDir, OWN_NAME), mode }
  return uid === 0 ? { path: join(SHARED_DIRECTORY, `${nameFor(dataDir)}.sock`), mode } : undefined
}

/** Another one for every data directory, so that servers of one host do not meet. */
function nameFor(dataDir: string): string {
  return createHash('sha256')
    .update(resolve(realpathSync(dataDir)))
    .digest('hex')
    .slice(0, 16)
}

/** The socket of one server. Without it sessions ask over the port, so nothing that is wrong with it ends a start. */
export class SessionSocket {
  readonly #server: Server
  readonly #parts: { readonly place: SessionSocketPlace | undefined; readonly log: HttpLog; readonly callbackAddress: string }

  constructor(
    server: Server,
    parts: { readonly place: SessionSocketPlace | undefined; readonly log: HttpLog; readonly callbackAddress: string },
  ) {
    this.#server = server
    this.#parts = parts
  }

  /** While it listens. */
  get path(): string | undefined {
    return this.#server.listening ? this.#parts.place?.path : undefined
  }

  /** Listens, or says in the log why not. */
  async listen(): Promise<void> {
    const { place, log, callbackAddress } = this.#parts
    if (!place) return
    const whole: SocketPlace = {
      ...place,
      name: 'session socket',
      remedy: 'Correct session-socket in benchkey.conf.',
      taken: `Another server answers on the session socket ${place.path}. Correct session-socket in benchkey.conf.`,
    }
    try {
      await prepareDirectory(dirname(place.path))
      await claimSocketPath(whole)
      await listenOnSocket(this.#server, whole)
    } catch (error) {
      if (!(error instanceof SetupError)) throw error
      log.warn({}, `${error.message} Sessions ask ${callbackAddress} meanwhile.`)
    }
  }
}

/** Makes the directory if need be. Rejects when somebody else could put a socket of theirs into it. */
async function prepareDirectory(directory: string): Promise<void> {
  const remedy = 'Correct it, or session-socket in benchkey.conf.'
  try {
    // Before anything is made: where others may exchange names, what is made and what is changed need not be the same.
    if ((await isFixed(directory)) && (await isFixed(join(await realpath(dirname(directory)), basename(directory))))) {
      await makeDirectory(directory)
      const there = await lstat(directory)
      if (there.isDirectory() && isTrusted(there.uid) && (there.mode & 0o022) === 0) return
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    throw new SetupError(`The directory ${directory} of the session socket cannot be used (${code}). ${remedy}`, { cause: error })
  }
  throw new SetupError(`The directory ${directory} of the session socket could be written by others, or is none. ${remedy}`)
}

/** Whether nobody else can put another directory, or a link to one, in the place of this one or of one above it. */
async function isFixed(path: string): Promise<boolean> {
  const above = dirname(path)
  if (above === path) return true
  const stats = await lstat(above)
  const { uid, gid, mode } = stats
  // A sticky directory keeps its entries for their owners; a group of its own is what many systems give to each account.
  const isOpen = (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== process.getgid?.())
  const isSafe = stats.isSymbolicLink() || !isOpen || (mode & 0o1000) !== 0
  return isTrusted(uid) && isSafe && (await isFixed(above))
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.getuid?.()
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    throw error
  }
  // The server's file mask takes away what sessions need to pass through.
  await chmod(directory, 0o755)
}
