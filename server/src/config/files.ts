import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import { hasControlCharacter } from './ini.ts'
import type { Parsed } from './option-table.ts'

/**
 * Who may reach a file besides the server's account. `private`: nobody. `unwritable`: others may read, root may own.
 * `credential`: as systemd hands it over, where the group bits are the mask of an access list.
 */
export type FileRule = 'private' | 'unwritable' | 'credential'

/** What opening a file found. `problems` are whole predicates: "belongs to …". No bytes when it could not be read. */
export interface ReadFile {
  readonly isMissing: boolean
  readonly problems: readonly string[]
  readonly bytes?: Buffer
}

/** A configuration larger than this is some other file. */
const MOST_BYTES = 16 * 1024 * 1024
/** A client secret is a line, not a book. */
const MOST_SECRET_BYTES = 64 * 1024

/** Reads a file once; mode and owner are those of the opened file, so it cannot be exchanged in between. */
export async function readOwnFile(path: string, rule: FileRule, uid: number, flags = 0): Promise<ReadFile> {
  let handle: FileHandle
  try {
    // Without O_NONBLOCK a FIFO in the file's place would stop the server.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags)
  } catch (cause) {
    return { isMissing: codeOf(cause) === 'ENOENT', problems: [openProblem(codeOf(cause))] }
  }
  try {
    const stats = await handle.stat()
    if (!stats.isFile()) return { isMissing: false, problems: ['is not a regular file.'] }
    if (stats.size > MOST_BYTES) return { isMissing: false, problems: ['is larger than 16 MiB; this is some other file.'] }
    return { isMissing: false, problems: accessProblems(stats, rule, uid), bytes: await handle.readFile() }
  } catch (cause) {
    return { isMissing: false, problems: [`cannot be read (${codeOf(cause)}).`] }
  } finally {
    await handle.close()
  }
}

/** Where client secrets may lie. */
export interface SecretPlaces {
  readonly secretsDir: string
  /** systemd's `$CREDENTIALS_DIRECTORY`. */
  readonly credentialsDirectory?: string
  readonly uid: number
}

/** The client secret in a file inside one of the places; a symbolic link that leads out of them is refused. */
export async function readSecretFile(path: string, places: SecretPlaces): Promise<Parsed<string>> {
  let real: string
  try {
    real = await realpath(path)
  } catch (cause) {
    return { problem: `names a file that ${openProblem(codeOf(cause))}` }
  }
  const isCredential = places.credentialsDirectory !== undefined && (await isInside(real, places.credentialsDirectory))
  if (!isCredential && !(await isInside(real, places.secretsDir))) {
    return { problem: 'names a file outside the secrets directory; move it there (option secrets-dir of benchkey.conf).' }
  }
  const file = await readOwnFile(real, isCredential ? 'credential' : 'private', places.uid, constants.O_NOFOLLOW)
  const [problem] = file.problems
  if (problem !== undefined) return { problem: `names a file that ${problem}` }
  // A directory on the way exchanged for a link since the check shows here.
  if ((await realPathOrNothing(real)) !== real) return { problem: 'names a file that was moved while it was read; try again.' }
  return secretText(file.bytes ?? Buffer.alloc(0))
}

function secretText(bytes: Buffer): Parsed<string> {
  if (bytes.length > MOST_SECRET_BYTES) return { problem: 'names a file that is larger than 64 KiB; it holds the secret alone.' }
  const text = bytes.toString('utf8').replace(/\r?\n$/, '')
  if (text === '') return { problem: 'names an empty file; write the secret in it.' }
  if (!Buffer.from(bytes.toString('utf8')).equals(bytes)) return { problem: 'names a file that is not UTF-8 text.' }
  if (hasControlCharacter(text))
    return { problem: 'names a file with several lines or a control character; it holds the secret alone.' }
  if (text.trim() !== text) return { problem: 'names a file with blanks around the secret; remove them.' }
  return { value: text }
}

/** Whether a real path lies below a directory, whatever links lead to that. */
export async function isInside(realFile: string, directory: string): Promise<boolean> {
  const real = await realPathOrNothing(directory)
  if (real === undefined) return false
  const way = relative(real, realFile)
  return way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(way)
}

async function realPathOrNothing(path: string): Promise<string | undefined> {
  try {
    return await realpath(path)
  } catch {
    return undefined
  }
}

function accessProblems(stats: Stats, rule: FileRule, uid: number): readonly string[] {
  const problems: string[] = []
  const mode = (stats.mode & 0o777).toString(8).padStart(3, '0')
  if (stats.uid !== uid && !(rule !== 'private' && stats.uid === 0)) {
    problems.push(`belongs to user id ${stats.uid}; it must belong to the account of the server, user id ${uid}.`)
  }
  if (rule === 'private' && stats.mode & 0o077) {
    problems.push(`is open to other accounts (mode ${mode}); its mode must be 600 (chmod 600).`)
  }
  if (rule === 'unwritable' && stats.mode & 0o022) {
    problems.push(`can be changed by other accounts (mode ${mode}); its mode must be 644 or less (chmod go-w).`)
  }
  if (rule === 'credential' && stats.mode & 0o027) {
    problems.push(`is open to other accounts (mode ${mode}); its mode must be 440 or less.`)
  }
  return problems
}

function openProblem(code: string): string {
  if (code === 'ENOENT') return 'does not exist.'
  if (code === 'EACCES' || code === 'EPERM') return 'the account of the server may not read; check owner and mode.'
  if (code === 'ELOOP') return 'is a symbolic link that leads in a circle.'
  return `cannot be opened (${code}).`
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'unknown reason'
}
