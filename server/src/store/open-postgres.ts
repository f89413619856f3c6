import { join } from 'node:path'
import { sql, type Transaction } from 'kysely'
import type { Effects } from '../domain/effects.ts'
import { assemble } from './assemble.ts'
import { DatabaseClock } from './database-clock.ts'
import { prepareDirectory } from './database-file.ts'
import type { Cipher } from './encryption.ts'
import { KEY_RING_FILE, loadKeyRing } from './key-ring.ts'
import { checkSentinels } from './keys.ts'
import { SERVER_MS } from './lease-clock.ts'
import { PostgresDatabase } from './postgres.ts'
import { PostgresLookUp } from './postgres-look-up.ts'
import {
  MIGRATION_PATIENCE,
  type PostgresAddress,
  type PostgresConnection,
  PostgresPool,
  USUAL_PATIENCE,
} from './postgres-pool.ts'
import { asSetupError, checkServer, type ServerFacts } from './postgres-setup.ts'
import { cipherOf, prepareTables, refuseNewer } from './prepare.ts'
import type { Tables } from './schema.ts'
import type { Store } from './store.ts'

/** A PostgreSQL and the world the store runs in. */
export interface PostgresStoreOptions {
  readonly address: PostgresAddress
  /** Of the key ring. */
  readonly dataDir: string
  /** The server's user. */
  readonly uid: number
  readonly effects: Effects
  /** Told what somebody who watches the start or the log should know, as a sentence. */
  readonly say: (sentence: string) => void
  /** Default: the clock of the database's host, which all nodes share. */
  readonly clock?: Pick<Effects, 'now'>
}

/** "benchkey" in ASCII, as far as it is a positive int8: whoever prepares the tables holds this advisory lock. */
const PREPARATION_LOCK = 0x62656e63686b6579n
const PAUSE_MS = 100
/** Who waits longer than this says what for. */
const SILENT_MS = 2_000

/**
 * Opens the database, making its tables and the key ring when there are none; of several nodes that start at once one does, the
 * others wait. Throws SetupError, with nothing changed, when the database cannot be reached or is not for this program, or when
 * a key is missing or wrong.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { address, effects, say } = options
  prepareDirectory(options.dataDir, options.uid)
  const pool = new PostgresPool(address, USUAL_PATIENCE, () => say('A connection to the database was cut.'))
  try {
    const database = new PostgresDatabase(pool, effects)
    await checkFacts(pool, address, say)
    const readClock = () => database.read((connection) => clockReading(connection, effects))
    const measured = new DatabaseClock(effects, await readClock(), readClock)
    const context = { ...effects, now: () => (options.clock ?? measured).now() }
    const { cipher, deploymentId } = await prepare(options, context)
    const lookUp = new PostgresLookUp(database, context, (reading) => measured.observe(reading))
    const close = () => database.close()
    return assemble({ database, cipher, effects: context }, { deploymentId, dialect: 'PostgreSQL', lookUp: lookUp.lookUp, close })
  } catch (error) {
    await pool.end()
    throw asSetupError(error, address)
  }
}

async function checkFacts(pool: PostgresPool, address: PostgresAddress, say: (sentence: string) => void): Promise<void> {
  const connection = await pool.connect()
  try {
    const { rows } = await connection.query<ServerFacts & { fsync: string; open_schema: string | null }>(FACTS, [])
    for (const facts of rows) {
      checkServer(facts, address)
      if (facts.fsync !== 'on') say('PostgreSQL runs with fsync=off: a crash of its machine loses stored tokens.')
      // CVE-2018-1058: a better match among operators wins over pg_catalog's, and runs with our rights.
      if (facts.open_schema !== null) {
        const who = `Everybody who may log in to the database ${address.database} can make functions in its schema ${facts.open_schema}`
        say(`${who} and so act as Benchkey there: run REVOKE CREATE ON SCHEMA ${facts.open_schema} FROM PUBLIC.`)
      }
    }
  } finally {
    connection.release()
  }
}

const FACTS = `SELECT current_setting('server_version_num')::integer AS version, current_setting('server_encoding') AS encoding,
  current_setting('fsync') AS fsync,
  CASE WHEN has_schema_privilege('public', current_schema(), 'CREATE') THEN quote_ident(current_schema()) END AS open_schema`

async function clockReading(connection: PostgresConnection, effects: Effects) {
  const askedMonotonicMs = effects.monotonicMs()
  const { rows } = await connection.query<readonly [number]>(`SELECT ${SERVER_MS}`, [], { asArrays: true })
  return { databaseMs: rows[0]?.[0] ?? effects.now().getTime(), askedMonotonicMs }
}

interface Prepared {
  readonly cipher: Cipher
  readonly deploymentId: string
}

/** Over connections of its own, which may take their time. */
async function prepare(options: PostgresStoreOptions, effects: Effects): Promise<Prepared> {
  const pool = new PostgresPool({ ...options.address, poolSize: 1 }, MIGRATION_PATIENCE, () => {})
  const database = new PostgresDatabase(pool, effects)
  const sinceMs = effects.monotonicMs()
  let hasSaid = false
  try {
    for (;;) {
      const prepared = await database.write((transaction) => prepareIfFree(transaction, options, effects))
      if (prepared) return prepared
      if (!hasSaid && effects.monotonicMs() - sinceMs >= SILENT_MS) {
        hasSaid = true
        options.say('Another node is preparing the database; waiting until it is done.')
      }
      await effects.sleep(PAUSE_MS)
    }
  } finally {
    await pool.end()
  }
}

/** Undefined while another node is at it. The lock ends with the transaction, also when this process dies. */
async function prepareIfFree(
  transaction: Transaction<Tables>,
  { address, dataDir, uid }: PostgresStoreOptions,
  effects: Effects,
): Promise<Prepared | undefined> {
  const { rows } = await sql<{ free: boolean }>`SELECT pg_try_advisory_xact_lock(${PREPARATION_LOCK}) AS free`.execute(
    transaction,
  )
  if (rows[0]?.free !== true) return undefined
  const applied = await readAll<{ name: string }>(transaction, 'kysely_migration')
  refuseNewer(
    applied.map(({ name }) => name),
    `"${address.database}"`,
  )
  const sentinels = await readAll<{ kid: string; sentinel: string }>(transaction, 'keys')
  const keyFile = join(dataDir, KEY_RING_FILE)
  const mayCreate = sentinels.length === 0
  const cipher = cipherOf(loadKeyRing(keyFile, { uid, mayCreate, randomBytes: effects.randomBytes }), effects)
  checkSentinels(cipher, sentinels, keyFile)
  return { cipher, deploymentId: await prepareTables(transaction, cipher, effects, keyFile) }
}

async function readAll<Row>(transaction: Transaction<Tables>, table: string): Promise<Row[]> {
  const there = await sql<{ name: string | null }>`SELECT to_regclass(${table})::text AS name`.execute(transaction)
  if (there.rows[0]?.name === null) return []
  const { rows } = await sql<Row>`SELECT * FROM ${sql.table(table)}`.execute(transaction)
  return rows
}
