import { chmod, lstat, unlink } from 'node:fs/promises'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { ADMIN_SOCKET_PATH_LIMIT_BYTES } from '../domain/admin-api.ts'
import { SetupError } from '../domain/errors.ts'

/**
 * Makes the path free for a new socket: a socket that nobody listens on is left over from a server that was killed, and
 * goes. Rejects with SetupError when a server answers there, when the path is too long, or when it holds something else.
 */
export async function claimSocketPath(path: string): Promise<void> {
  const size = Buffer.byteLength(path)
  if (size > ADMIN_SOCKET_PATH_LIMIT_BYTES) {
    throw new SetupError(
      `The path of the admin socket, ${path}, has ${size} bytes and may have ${ADMIN_SOCKET_PATH_LIMIT_BYTES}. Use a data directory with a shorter path.`,
    )
  }
  const there = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new SetupError(
      `The admin socket ${path} cannot be looked at (${error.code ?? 'unknown error'}). Check the data directory.`,
    )
  })
  if (!there) return
  if (!there.isSocket()) throw new SetupError(`${path} is in the way of the admin socket and is no socket. Move it away.`)
  if (await isAnswered(path)) {
    throw new SetupError(`Another Benchkey server runs on this data directory: it answers on ${path}. Stop it first.`)
  }
  await unlink(path)
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

/** Listens on the path, mode 0600. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      reject(
        new SetupError(`The admin socket ${path} cannot be opened (${error.code ?? 'unknown error'}). Check the data directory.`),
      )
    server.once('error', fail)
    server.listen(path, () => {
      server.removeListener('error', fail)
      resolve()
    })
  })
  await chmod(path, 0o600)
}

/** Stops listening, which removes the socket's file; requests that run are answered first. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
