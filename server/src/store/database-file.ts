import { closeSync, constants, fsyncSync, lstatSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { SetupError } from '../domain/errors.ts'
import { isBusy, SqliteConnection } from './sqlite-connection.ts'

/** The database's file name inside its directory. */
const DATABASE_FILE = 'benchkey.db'

/** What a database says of itself before anything is written to it. */
export interface Inspection {
  /** Names of the migrations that were applied. */
  readonly migrations: readonly string[]
  /** One ciphertext per key ever used. */
  readonly sentinels: readonly { readonly kid: string; readonly sentinel: string }[]
}

/** Makes the directory when there is none. Throws SetupError when others may change what is in it. */
export function prepareDirectory(path: string, uid: number): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new SetupError(`The directory ${path} cannot be made (${codeOf(error)}): make it and give it to the server's user.`)
  }
  const stat = statSync(path)
  if (stat.uid !== uid) {
    throw new SetupError(`The directory ${path} belongs to user ${stat.uid}, the server runs as ${uid}: run chown ${uid} on it.`)
  }
  if ((stat.mode & 0o022) !== 0) {
    throw new SetupError(`The directory ${path} can be changed by other users: run chmod 700 on it.`)
  }
}

/** Path of the database file, made empty with mode 0600 when there is none. SQLite gives its log the same mode. */
export function createDatabaseFile(path: string): void {
  try {
    const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
    fsyncSync(file)
    closeSync(file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST')
      throw new SetupError(
        `The database ${path} cannot be made (${codeOf(error)}): make room or give the server's user the right to write there.`,
      )
  }
}

/** Throws SetupError when the database or a file beside it is not the server's own, or open to others. */
export function checkDatabaseFiles(path: string, uid: number): void {
  for (const name of [path, `${path}-wal`, `${path}-shm`, `${path}-journal`]) {
    const stat = statOf(name)
    if (!stat) continue
    if (!stat.isFile()) throw new SetupError(`The database file ${name} is not a plain file: put the real file in its place.`)
    if (stat.uid !== uid) {
      throw new SetupError(
        `The database file ${name} belongs to user ${stat.uid}, the server runs as ${uid}: run chown ${uid} on it.`,
      )
    }
    if ((stat.mode & 0o077) !== 0) {
      throw new SetupError(`The database file ${name} can be read or changed by other users: run chmod 600 on it.`)
    }
  }
}

/**
 * Reads what a start must know before it may write. Changes no byte of the database: without a log beside it, it is read as
 * immutable, so that not even a log is made. Undefined while another process is in the way. Throws SetupError.
 */
export function inspectDatabase(path: string): Inspection | undefined {
  if (!statOf(path)) return { migrations: [], sentinels: [] }
  const location = statOf(`${path}-wal`) ? path : `${pathToFileURL(path).href}?immutable=1`
  let connection: SqliteConnection | undefined
  try {
    connection = new SqliteConnection(new DatabaseSync(location, { readOnly: true, timeout: 0 }))
    const migrations = readAll(connection, 'kysely_migration', 'SELECT name FROM kysely_migration') as { name: string }[]
    const sentinels = readAll(connection, 'keys', 'SELECT kid, sentinel FROM keys') as { kid: string; sentinel: string }[]
    return { migrations: migrations.map((row) => row.name), sentinels }
  } catch (error) {
    if (isBusy(error)) return undefined
    throw new SetupError(`The database ${path} cannot be read (${(error as Error).message}): put it back from your backup.`)
  } finally {
    connection?.close()
  }
}

/** Where the database of a directory lies. */
export function databasePath(directory: string): string {
  return join(directory, DATABASE_FILE)
}

/** Makes a new file in it last through a power cut. */
export function syncDirectoryOf(path: string): void {
  const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}

function readAll(connection: SqliteConnection, table: string, query: string): unknown[] {
  const { rows } = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?", [table])
  return rows.length === 0 ? [] : connection.execute(query, []).rows
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false })
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
