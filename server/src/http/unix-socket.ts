import { chmod, lstat, unlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { SOCKET_PATH_LIMIT_BYTES } from '../domain/admin-api.ts'
import { SetupError } from '../domain/errors.ts'

/** A socket in the file system, and the words for what is wrong with it. */
export interface SocketPlace {
  readonly path: string
  /** Who may connect. */
  readonly mode: number
  /** `admin socket`. */
  readonly name: string
  /** What to do about a path that cannot be used: `Check the data directory.` */
  readonly remedy: string
  /** What another server that answers there means, with what to do. */
  readonly taken: string
}

/**
 * Makes the path free for a new socket: a socket that nobody listens on is left over from a server that was killed, and
 * goes. Rejects with SetupError when a server answers there, when the path is too long, or when it holds something else.
 */
export async function claimSocketPath({ path, name, remedy, taken }: SocketPlace): Promise<void> {
  const size = Buffer.byteLength(path)
  if (size > SOCKET_PATH_LIMIT_BYTES) {
    throw new SetupError(
      `The path of the ${name}, ${path}, has ${size} bytes and may have ${SOCKET_PATH_LIMIT_BYTES}. Use a data directory with a shorter path.`,
    )
  }
  const there = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new SetupError(`The ${name} ${path} cannot be looked at (${error.code ?? 'unknown error'}). ${remedy}`)
  })
  if (!there) return
  if (!there.isSocket()) throw new SetupError(`${path} is in the way of the ${name} and is no socket. Move it away.`)
  if (await isAnswered(path)) throw new SetupError(taken)
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    throw new SetupError(`The old ${name} ${path} cannot be removed (${error.code ?? 'unknown error'}). ${remedy}`)
  })
}

/** Whether somebody listens on a socket. Only a plain refusal means nobody: anything else may be a busy server. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path)
    probe.on('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.on('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'))
  })
}

/** Listens on the path, with its mode. */
export async function listenOnSocket(server: Server, { path, mode, name, remedy }: SocketPlace): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(new SetupError(`The ${name} ${path} cannot be opened (${error.code ?? 'unknown error'}). ${remedy}`))
    server.once('error', fail)
    server.listen(path, () => {
      server.removeListener('error', fail)
      resolve()
    })
  })
  await chmod(path, mode)
}

/** Stops listening, which removes the socket's file; requests that run are answered first. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
