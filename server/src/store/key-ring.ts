import { createSecretKey, type KeyObject } from 'node:crypto'
import { closeSync, constants, fstatSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { SetupError } from '../domain/errors.ts'

/** The key ring's file name inside the data directory. */
export const KEY_RING_FILE = 'key-ring'

/** The keys that open the database's ciphertexts; new ones are sealed under the primary. */
export interface KeyRing {
  readonly primaryKid: string
  readonly keys: ReadonlyMap<string, KeyObject>
}

/** What `loadKeyRing` needs to know: who runs the server, and whether a ring may be made when there is none. */
export interface KeyRingOptions {
  readonly uid: number
  /** True only when the database holds no keys: never a new key over existing rows. */
  readonly mayCreate: boolean
  readonly randomBytes: (size: number) => Uint8Array
}

const KEY_BYTES = 32
const KID = /^[A-Za-z0-9_-]{1,64}$/
const NOT_FOUND = 'ENOENT'

/** Reads the key ring, making it first when that is allowed. Throws SetupError, in one sentence that names the file. */
export function loadKeyRing(path: string, options: KeyRingOptions): KeyRing {
  const text = readOwnFile(path, options.uid) ?? create(path, options)
  return parseKeyRing(text, path)
}

/** Reads lines `kid base64(32 bytes)`, the first being the primary key. Throws SetupError. */
function parseKeyRing(text: string, path: string): KeyRing {
  const keys = new Map<string, KeyObject>()
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const [index, line] of lines.entries()) {
    const [kid = '', encoded = '', ...rest] = line.split(' ')
    const bytes = Buffer.from(encoded, 'base64')
    const isWhole = bytes.length === KEY_BYTES && bytes.toString('base64') === encoded && rest.length === 0
    if (!KID.test(kid) || !isWhole) {
      throw new SetupError(
        `Line ${index + 1} of the key file ${path} is not a key name and 32 bytes in base64: put the whole file back from your backup.`,
      )
    }
    if (keys.has(kid)) {
      throw new SetupError(`The key file ${path} names the key ${kid} twice: remove the line that does not belong there.`)
    }
    keys.set(kid, createSecretKey(bytes))
    bytes.fill(0)
  }
  const [primaryKid] = keys.keys()
  if (primaryKid === undefined) {
    throw new SetupError(`The key file ${path} is empty: put it back from your backup.`)
  }
  return { primaryKid, keys }
}

/** A ring of one new key that lives in memory only, for simulations and tests. */
export function memoryKeyRing(randomBytes: (size: number) => Uint8Array): KeyRing {
  return parseKeyRing(newKeyLine(randomBytes), '(in memory)')
}

/** Undefined when there is no such file. The checks are made on the open file, so that it cannot be swapped between. */
function readOwnFile(path: string, uid: number): string | undefined {
  let file: number
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === NOT_FOUND) return undefined
    throw new SetupError(`The key file ${path} cannot be opened (${code}): it must be a plain file of the server's own user.`)
  }
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) throw new SetupError(`The key file ${path} is not a plain file: put the real file in its place.`)
    if (stat.uid !== uid) {
      throw new SetupError(`The key file ${path} belongs to user ${stat.uid}, the server runs as ${uid}: run chown ${uid} on it.`)
    }
    if ((stat.mode & 0o077) !== 0) {
      throw new SetupError(`The key file ${path} can be read or changed by other users: run chmod 600 on it.`)
    }
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** Makes the ring under another name and links it into place: no other process ever sees half a key. */
function create(path: string, { uid, mayCreate, randomBytes }: KeyRingOptions): string {
  if (!mayCreate) {
    throw new SetupError(
      `The key file ${path} is missing, and the database holds what only its keys can open: put it back from your backup, or copy it from another server of this database.`,
    )
  }
  const draft = `${path}.${Buffer.from(randomBytes(6)).toString('hex')}.new`
  try {
    writeDurably(draft, newKeyLine(randomBytes))
    try {
      linkSync(draft, path)
    } finally {
      unlinkSync(draft)
    }
    syncDirectory(dirname(path))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    // Another process of this server was first; its key is the key.
    if (code !== 'EEXIST')
      throw new SetupError(`The key file ${path} cannot be made (${code}): give the server a directory it may write.`)
  }
  const text = readOwnFile(path, uid)
  if (text === undefined) throw new SetupError(`The key file ${path} vanished while the server started: start it again.`)
  return text
}

function newKeyLine(randomBytes: (size: number) => Uint8Array): string {
  const kid = `k${Buffer.from(randomBytes(4)).toString('hex')}`
  return `${kid} ${Buffer.from(randomBytes(KEY_BYTES)).toString('base64')}\n`
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function syncDirectory(path: string): void {
  const directory = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
