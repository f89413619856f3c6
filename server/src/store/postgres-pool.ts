import { checkServerIdentity } from 'node:tls'
import pg from 'pg'
import type { SqlValue } from './database.ts'
import { CarefulClient } from './postgres-client.ts'
import { asConnectError, asPostgresError, PostgresError, unproven } from './postgres-errors.ts'

/** Where a PostgreSQL is, and who Benchkey is there. */
export interface PostgresAddress {
  /** A host name, an address, or the directory of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password?: string
  /** Undefined: without TLS. `ca`: PEM of the only authorities believed; without it those that Node brings. */
  readonly tls?: { readonly ca?: string }
  /** How many connections this process holds at most. */
  readonly poolSize: number
  /** For a new connection, and for one that others use. */
  readonly connectTimeoutMs: number
}

/** How long one statement may take, in the server and until its answer is here. */
export interface Patience {
  readonly statementMs: number
  /** For a row that another transaction has locked. */
  readonly lockMs: number
}

/** The token path waits 15 s for a refresh at the most; nothing of the store needs longer. */
export const USUAL_PATIENCE: Patience = { statementMs: 10_000, lockMs: 8_000 }
/** A migration may rewrite tables of millions of rows, and waits for whoever else migrates. */
export const MIGRATION_PATIENCE: Patience = { statementMs: 6 * 60 * 60_000, lockMs: 60 * 60_000 }

/** A network that swallows packets must not keep a caller for ever: so much later than the server itself gives up. */
const ANSWER_MARGIN_MS = 2_000
/** A transaction whose process is frozen must not hold its rows for ever. */
const IDLE_IN_TRANSACTION_MS = 20_000
const IDLE_MS = 60_000
/** Connections made before a failover or a new certificate do not live on for ever. */
const LIFE_SECONDS = 3600
const KEEP_ALIVE_MS = 10_000
/** More statements than the store has; only ad hoc ones of varying length could reach it. */
const STATEMENTS_NAMED = 256

/** SQLSTATE in_failed_sql_transaction. */
const TRANSACTION_FAILED = '25P02'

/** int8, as instants and counts have it: all of ours fit a number. */
const INT8 = 20
const types: pg.CustomTypesConfig = {
  getTypeParser: ((id: number, format?: 'text' | 'binary') =>
    id === INT8 ? Number : pg.types.getTypeParser(id, format)) as typeof pg.types.getTypeParser,
}

/** Strict where the administrator chose less: a commit lasts through a crash. What waits for standbys as well is left as it is. */
const ON_CONNECT = `
  SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
  SELECT pg_is_in_recovery() AS is_standby`

/** Connections to one PostgreSQL. Whatever becomes of one of them, the process lives on. */
export class PostgresPool {
  readonly #pool: pg.Pool
  readonly #names = new Map<string, string>()
  readonly #answerMs: number

  /** `broken`: told when a connection nobody used was cut. */
  constructor(address: PostgresAddress, patience: Patience, broken: (error: unknown) => void) {
    this.#answerMs = patience.statementMs + ANSWER_MARGIN_MS
    this.#pool = new pg.Pool(configOf(address, patience))
    this.#pool.on('error', (error) => broken(asPostgresError(error)))
  }

  /** A connection for the caller alone, until `release`. Rejects with a PostgresError. */
  async connect(): Promise<PostgresConnection> {
    try {
      return new PostgresConnection(await this.#pool.connect(), (text) => this.#nameOf(text), this.#answerMs)
    } catch (error) {
      throw asConnectError(error)
    }
  }

  async end(): Promise<void> {
    await this.#pool.end()
  }

  /** Named statements are parsed and planned once a connection. */
  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text)
    if (known !== undefined || this.#names.size >= STATEMENTS_NAMED) return known
    const name = `benchkey-${this.#names.size}`
    this.#names.set(text, name)
    return name
  }
}

/** What a statement answered. */
export interface Answer<Row> {
  readonly rows: Row[]
  readonly command: string
  /** Rows written, or read. */
  readonly count: number
}

/** One connection while it is somebody's. */
export class PostgresConnection {
  readonly #client: pg.PoolClient
  readonly #nameOf: (text: string) => string | undefined
  readonly #answerMs: number
  #lost = false
  #firstFailure: PostgresError | undefined
  // Without a listener an error between two statements would end the process; the next statement meets it anyway.
  readonly #onError = (): void => {
    this.#lost = true
  }

  constructor(client: pg.PoolClient, nameOf: (text: string) => string | undefined, answerMs: number) {
    this.#client = client
    this.#nameOf = nameOf
    this.#answerMs = answerMs
    client.on('error', this.#onError)
  }

  /** Runs one statement, prepared. Rejects with a PostgresError. `answerMs`: less patience than usual. */
  async query<Row>(
    text: string,
    values: readonly unknown[],
    { asArrays = false, answerMs = this.#answerMs }: { asArrays?: boolean; answerMs?: number } = {},
  ): Promise<Answer<Row>> {
    const name = this.#nameOf(text)
    const query = {
      text,
      values: values.map(storable),
      query_timeout: answerMs,
      ...(name === undefined ? {} : { name }),
      ...(asArrays ? { rowMode: 'array' as const } : {}),
    }
    return await this.#run<Row>(query)
  }

  /** Runs a statement without values, not prepared: BEGIN and its like. */
  async command(text: string): Promise<Answer<never>> {
    return await this.#run<never>({ text, query_timeout: this.#answerMs })
  }

  /** Back into the pool; a connection that broke or lies in an unfinished transaction is ended. */
  release(): void {
    this.#client.off('error', this.#onError)
    this.#client.release(this.#lost)
  }

  /** It must not be used again. */
  discard(): void {
    this.#lost = true
  }

  async #run<Row>(query: pg.QueryConfig & { query_timeout: number }): Promise<Answer<Row>> {
    try {
      const { rows, command, rowCount } = await this.#client.query(query)
      return { rows, command, count: rowCount ?? 0 }
    } catch (error) {
      const failure = asPostgresError(error)
      if (!(failure instanceof PostgresError) || failure.lost) this.#lost = true
      if (!(failure instanceof PostgresError)) throw failure
      this.#firstFailure ??= failure
      // All that comes after the first failure of a transaction is refused for being after it.
      throw failure.reason === TRANSACTION_FAILED ? this.#firstFailure : failure
    }
  }
}

function configOf({ tls, ...address }: PostgresAddress, patience: Patience): pg.PoolConfig {
  const { host, port, database, user, password = '', poolSize, connectTimeoutMs } = address
  return {
    ...{ Client: CarefulClient, host, port, database, user, types },
    // A function, and every other setting given: what variables of the environment say does not count.
    password: () => password,
    ssl: tls
      ? { ...tls, rejectUnauthorized: true, checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate) }
      : false,
    sslnegotiation: 'postgres',
    application_name: 'benchkey',
    client_encoding: 'UTF8',
    options: '-c client_min_messages=warning',
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: IDLE_MS,
    maxLifetimeSeconds: LIFE_SECONDS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    statement_timeout: patience.statementMs,
    lock_timeout: patience.lockMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    onConnect: receive,
  }
}

/** Looks at what answered before anything is asked of it. */
async function receive(client: pg.ClientBase): Promise<void> {
  if (client instanceof CarefulClient && !client.isBelieved()) throw unproven()
  await refuseStandby(client)
}

/** The token path reads where the writes are: a standby lags behind. */
async function refuseStandby(client: pg.ClientBase): Promise<void> {
  const answers = (await client.query(ON_CONNECT)) as unknown as pg.QueryResult<{ is_standby: boolean }>[]
  if (answers.at(-1)?.rows[0]?.is_standby !== true) return
  throw new PostgresError('25006', {
    code: 'busy',
    words: 'The database is a standby, which cannot be written.',
    again: true,
    lost: true,
  })
}

/** PostgreSQL's text has no NUL; one that slips in must not cost the whole statement. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value
  return Array.isArray(value) ? value.map(storable) : value
}

/** What the rows of a batch are in columns, one array for each of the statement's values. */
export function columnsOf(rows: readonly (readonly SqlValue[])[]): SqlValue[][] {
  const [first = []] = rows
  return first.map((_, column) => rows.map((row) => row[column] ?? null))
}
