import { join } from 'node:path'
import type { Effects } from '../domain/effects.ts'
import { SetupError } from '../domain/errors.ts'
import { attemptStore } from './attempts.ts'
import { auditStore } from './audit.ts'
import { browserSessionStore } from './browser-sessions.ts'
import { newId, type StoreContext } from './database.ts'
import {
  checkDatabaseFiles,
  createDatabaseFile,
  databasePath,
  type Inspection,
  inspectDatabase,
  prepareDirectory,
  syncDirectoryOf,
} from './database-file.ts'
import { Cipher } from './encryption.ts'
import { integrationStore } from './integrations.ts'
import { KEY_RING_FILE, type KeyRing, loadKeyRing, memoryKeyRing } from './key-ring.ts'
import { checkSentinels, registerKeys } from './keys.ts'
import { MIGRATION_NAMES, migrate } from './migrations.ts'
import { nodeStore } from './nodes.ts'
import { revocationStore } from './revocations.ts'
import { sessionStore } from './sessions.ts'
import { SqliteDatabase } from './sqlite.ts'
import { SqliteLookUp } from './sqlite-look-up.ts'
import { type Store, StoreError } from './store.ts'
import { tokenStore } from './tokens.ts'
import { userStore } from './users.ts'

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
  refuseNewer(inspection, path)
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
    throw error instanceof StoreError ? new SetupError(`The database ${path} cannot be opened: ${error.message}`) : error
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
    const deploymentId = await prepareTables(database, cipher, effects, keyFile)
    check()
    return assemble(database, { database, cipher, effects }, deploymentId, () => database.close())
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
  const deploymentId = await prepareTables(database, cipherOf(ring, effects), effects, '(in memory)')
  return {
    handle: (node) => assemble(database, { database, cipher: cipherOf(ring, node), effects: node }, deploymentId, async () => {}),
    close: () => database.close(),
  }
}

function cipherOf(ring: KeyRing, effects: Effects): Cipher {
  return new Cipher(ring, (size) => effects.randomBytes(size))
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

function refuseNewer(inspection: Inspection, path: string): void {
  const unknown = inspection.migrations.filter((name) => !MIGRATION_NAMES.includes(name))
  if (unknown.length === 0) return
  throw new SetupError(
    `The database ${path} was written by a newer Benchkey (${unknown.join(', ')}): start that version, or put back a backup of this one.`,
  )
}

/** All in one transaction: a start that is cut off leaves an empty database or a whole one. */
async function prepareTables(database: SqliteDatabase, cipher: Cipher, effects: Effects, keyFile: string): Promise<string> {
  return database.write(async (transaction) => {
    await migrate(transaction)
    await registerKeys(transaction, cipher, effects.now(), keyFile)
    await transaction
      .insertInto('meta')
      .values({ key: 'deployment_id', value: newId(effects) })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute()
    const { value } = await transaction
      .selectFrom('meta')
      .select('value')
      .where('key', '=', 'deployment_id')
      .executeTakeFirstOrThrow()
    return value
  })
}

function assemble(database: SqliteDatabase, context: StoreContext, deploymentId: string, close: () => Promise<void>): Store {
  const lookUp = new SqliteLookUp(database, () => context.effects.now())
  return {
    deploymentId,
    users: userStore(context),
    browserSessions: browserSessionStore(context),
    integrations: integrationStore(context),
    attempts: attemptStore(context),
    tokens: tokenStore(context),
    sessions: sessionStore(context, lookUp.lookUp),
    revocations: revocationStore(context),
    audit: auditStore(context),
    nodes: nodeStore(context),
    sentinels: () => database.reader.selectFrom('keys').select(['kid', 'sentinel']).execute(),
    now: () => context.effects.now(),
    ping: () => database.ping(),
    close,
  }
}
