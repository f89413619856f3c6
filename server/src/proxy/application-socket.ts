import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import type { ClientRequest } from 'node:http'
import { dirname } from 'node:path'
import { O_PATH } from '../domain/application-place.ts'

/**
 * The socket of a session, held so that the very file that was looked at is the one connected to. Its directory was made by root and
 * belongs to the session's account, which can put anything there: a link that leads to another person's socket, for instance, which
 * the proxy's group opens. Undefined when there is no socket of that account.
 */
export function holdSocket(path: string): { readonly path: string; release(): void } | undefined {
  let fd: number
  try {
    fd = openSync(path, O_PATH | constants.O_NOFOLLOW)
  } catch {
    return undefined // Not there yet, or not any more.
  }
  try {
    const there = fstatSync(fd)
    if (!there.isSocket() || there.uid !== statSync(dirname(path)).uid) {
      closeSync(fd)
      return undefined
    }
  } catch {
    closeSync(fd)
    return undefined // The directory has just gone with its session.
  }
  let isHeld = true
  return {
    path: `/proc/self/fd/${fd}`,
    release: () => {
      if (isHeld) closeSync(fd)
      isHeld = false
    },
  }
}

/** Holds something until a request has its connection, or none. */
export function releaseWhenConnected(request: ClientRequest, release: () => void): void {
  request.once('socket', (socket) => {
    socket.once('connect', release)
    socket.once('close', release)
  })
  request.once('error', release)
  request.once('close', release)
}
