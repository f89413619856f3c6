import { join } from 'node:path'
import type { Effects } from '../domain/effects.ts'
import { SetupError } from '../domain/errors.ts'
import { assemble } from './assemble.ts'
import type { StoreContext } from './database.ts'
import {
  checkDatabaseFiles,
  createDatabaseFile,
  databasePath,
  type Inspection,
  inspectDatabase,
  prepareDirectory,
  syncDirectoryOf,
} from './database-file.ts'
import type { Cipher } from './encryption.ts'
import { KEY_RING_FILE, loadKeyRing, memoryKeyRing } from './key-ring.ts'
import { checkSentinels } from './keys.ts'
import { cipherOf, prepareTables, refuseNewer } from './prepare.ts'
import { SqliteDatabase } from './sqlite.ts'
import { SqliteLookUp } from './sqlite-look-up.ts'
import { type Store, StoreError } from './store.ts'

/** Where a store's files lie, whose they must be, and the world it runs in. */
export interface StoreOptions {
  /** Of the database. */
  readonly directory: string
  /** Of the key ring. */
  readonly dataDir: string
  /** The server's user. */
  readonly uid: number
  readonly effects: Effects
}

/**
 * Opens the database, making it and its key ring when there are none. Throws SetupError, with no byte of the database changed,
 * when a file is not the server's own, a key is missing or wrong, or the database is newer than this program.
 */
export async function openStore({ directory, dataDir, uid, effects }: StoreOptions): Promise<Store> {
  prepareDirectory(directory, uid)
  prepareDirectory(dataDir, uid)
  const path = databasePath(directory)
  const keyFile = join(dataDir, KEY_RING_FILE)
  checkDatabaseFiles(path, uid)
  const inspection = await inspect(path, effects)
  refuseNewer(inspection.migrations, path)
  const mayCreate = inspection.sentinels.length === 0
  const cipher = cipherOf(loadKeyRing(keyFile, { uid, mayCreate, randomBytes: effects.randomBytes }), effects)
  checkSentinels(cipher, inspection.sentinels, keyFile)
  createDatabaseFile(path)
  try {
    const database = await SqliteDatabase.openFile(path, effects)
    return await prepared(database, cipher, effects, keyFile, () => {
      syncDirectoryOf(path)
      checkDatabaseFiles(path, uid)
    })
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    // Locked by another program or full: nothing of Benchkey's is wrong, and the same start may work later.
    const exitCode = error.code === 'busy' || error.code === 'full' ? 75 : 78
    throw new SetupError(`The database ${path} cannot be opened: ${error.message}`, { exitCode, cause: error })
  }
}

async function prepared(
  database: SqliteDatabase,
  cipher: Cipher,
  effects: Effects,
  keyFile: string,
  check: () => void,
): Promise<Store> {
  try {
    const deploymentId = await database.write((transaction) => prepareTables(transaction, cipher, effects, keyFile))
    check()
    return sqliteStore(database, { database, cipher, effects }, deploymentId, () => database.close())
  } catch (error) {
    await database.close()
    throw error
  }
}

/** One database in memory, and the stores of several simulated nodes on it. */
export interface MemoryStores {
  /** A store of its own for one node: its clock and randomness, its caches, the shared rows. Closing it closes nothing. */
  handle(effects: Effects): Store
  close(): Promise<void>
}

/** A database without files, for simulations and tests. */
export async function openMemoryStores(effects: Effects): Promise<MemoryStores> {
  const ring = memoryKeyRing(effects.randomBytes)
  const database = SqliteDatabase.openInMemory(effects)
  const deploymentId = await database.write((transaction) =>
    prepareTables(transaction, cipherOf(ring, effects), effects, '(in memory)'),
  )
  return {
    handle: (node) =>
      sqliteStore(database, { database, cipher: cipherOf(ring, node), effects: node }, deploymentId, async () => {}),
    close: () => database.close(),
  }
}

function sqliteStore(database: SqliteDatabase, context: StoreContext, deploymentId: string, close: () => Promise<void>): Store {
  const lookUp = new SqliteLookUp(database, () => context.effects.now())
  return assemble(context, { deploymentId, dialect: 'SQLite', lookUp: lookUp.lookUp, close })
}

async function inspect(path: string, effects: Effects): Promise<Inspection> {
  const startedMs = effects.monotonicMs()
  for (;;) {
    const inspection = inspectDatabase(path)
    if (inspection) return inspection
    if (effects.monotonicMs() - startedMs > INSPECTION_MS) {
      throw new SetupError(`The database ${path} is locked by another process: end it and start again.`)
    }
    await effects.sleep(PAUSE_MS)
  }
}

/** Another process that just starts or ends holds the whole file for moments only. */
const INSPECTION_MS = 10_000
const PAUSE_MS = 20
