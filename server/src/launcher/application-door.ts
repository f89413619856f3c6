import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { request } from 'node:http'
import { O_PATH } from '../domain/application-place.ts'
import type { UnixAccount } from '../domain/unix-account.ts'
import { listenerOf } from './listening-ports.ts'
import { APPLICATION_SOCKET } from './session-directories.ts'

/** Where an application answers HTTP, and what it is sent so that it does. */
export interface ApplicationDoor {
  /** The session's directory. */
  readonly directory: string
  /** Of 127.0.0.1; absent: the socket in the directory. */
  readonly port?: number
  readonly secretHeader?: { readonly name: string; readonly value: string }
  /** Path and query, with its base path. */
  readonly path: string
}

/**
 * How a door is: `closed`: nobody listens there yet. `silent`: no answer in time, or one that says it cannot (status 500 and more).
 * `foreign`: somebody else listens there, a link leads elsewhere. `unopened`: the proxy's group is not let in yet.
 */
export type DoorState = 'open' | 'closed' | 'silent' | 'foreign' | 'unopened'

const GROUP_WRITABLE = 0o020

/** Longer than a page that works ever takes to begin, in milliseconds. */
const ANSWER_MS = 5000

/** Looks at an application's door as the proxy would, at whatever the session's account has put there. */
export async function lookAtDoor(door: ApplicationDoor, account: UnixAccount): Promise<DoorState> {
  if (door.port !== undefined) {
    const uid = await listenerOf(door.port)
    if (uid === undefined) return 'closed'
    return uid === account.uid ? await ask({ host: '127.0.0.1', port: door.port }, door) : 'foreign'
  }
  return await lookAtSocket(`${door.directory}/${APPLICATION_SOCKET}`, door, account)
}

/** The very file that was looked at is the one connected to: a link put there in between leads nowhere. */
async function lookAtSocket(path: string, door: ApplicationDoor, account: UnixAccount): Promise<DoorState> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, O_PATH | constants.O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'closed'
    throw error
  }
  try {
    const there = await file.stat()
    if (!there.isSocket() || there.uid !== account.uid) return 'foreign'
    if ((there.mode & GROUP_WRITABLE) === 0) return 'unopened'
    return await ask({ socketPath: `/proc/self/fd/${file.fd}` }, door)
  } finally {
    await file.close()
  }
}

function ask(
  where: { readonly socketPath: string } | { readonly host: string; readonly port: number },
  door: ApplicationDoor,
): Promise<DoorState> {
  const { path, secretHeader } = door
  return new Promise((resolve) => {
    const headers = { host: 'localhost', ...(secretHeader ? { [secretHeader.name]: secretHeader.value } : {}) }
    const asked = request({ ...where, path, headers, agent: false, timeout: ANSWER_MS, signal: AbortSignal.timeout(ANSWER_MS) })
    const answer = (state: DoorState): void => {
      resolve(state)
      asked.destroy()
    }
    asked.on('response', ({ statusCode = 500 }) => answer(statusCode < 500 ? 'open' : 'silent'))
    asked.on('error', (error: NodeJS.ErrnoException) => answer(error.code === 'ECONNREFUSED' ? 'closed' : 'silent'))
    asked.end()
  })
}
