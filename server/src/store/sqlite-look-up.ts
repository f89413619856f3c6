import type { StatementSync } from 'node:sqlite'
import type { Effects } from '../domain/effects.ts'
import { ifSet } from './database.ts'
import { isSame, LookUpCache, type NarrowRow, toLimits } from './look-up-cache.ts'
import type { SqliteDatabase } from './sqlite.ts'
import type { LookUp, SessionStore } from './store.ts'
import { type TokenRow, toStoredToken } from './token-rows.ts'

const NARROW = `
  SELECT c.expires_at, s.id, t.id, t.revision
  FROM rpc_cookies c
  JOIN sessions s ON s.id = c.session_id
  JOIN users u ON u.id = s.user_id
  LEFT JOIN oauth2_tokens t ON t.user_id = s.user_id AND t.integration_id = ?
  WHERE c.cookie_hash = ? AND s.ended_at IS NULL AND u.locked_at IS NULL`

const CALLER = 'SELECT s.user_id, u.name, s.name, s.limited_to FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?'

type CallerRow = readonly [userId: string, userName: string, sessionName: string, limits: string | null]

const TOKEN = `SELECT t.*, i.uid AS integration_uid FROM oauth2_tokens t JOIN integrations i ON i.id = t.integration_id WHERE t.id = ?`

interface Entry {
  /** The database's version this was last seen to hold at. */
  version: number
  narrow: NarrowRow
  answer: LookUp
}

/**
 * The token path's read. An answer is kept, and given again only when nothing was committed since, or what was committed is
 * seen not to concern it.
 */
export class SqliteLookUp {
  readonly #database: SqliteDatabase
  readonly #now: Effects['now']
  readonly #narrow: StatementSync
  readonly #caller: StatementSync
  readonly #cache = new LookUpCache<Entry>()

  constructor(database: SqliteDatabase, now: Effects['now']) {
    this.#database = database
    this.#now = now
    this.#narrow = database.readConnection.prepareArrays(NARROW)
    this.#caller = database.readConnection.prepareArrays(CALLER)
  }

  /** See `SessionStore.lookUp`. Synchronous inside, unless another process's lock or a transaction in memory is in its way. */
  lookUp: SessionStore['lookUp'] = async (cookieHash, integrationId) => {
    return this.#database.readNow(() => this.#read(cookieHash, integrationId ?? ''))
  }

  #read(cookieHash: string, integrationId: string): LookUp | undefined {
    const key = cookieHash + integrationId
    // Before the rows: what is committed in between is then seen at the next call.
    const version = this.#database.version()
    let entry = this.#cache.find(key)
    if (entry?.version !== version) entry = this.#validate(key, entry, version, cookieHash, integrationId)
    return entry && entry.narrow[0] > this.#now().getTime() ? entry.answer : undefined
  }

  #validate(
    key: string,
    entry: Entry | undefined,
    version: number,
    cookieHash: string,
    integrationId: string,
  ): Entry | undefined {
    const narrow = this.#narrow.get(integrationId, cookieHash) as unknown as NarrowRow | undefined
    if (!narrow) {
      this.#cache.drop(key)
      return undefined
    }
    if (entry && isSame(entry.narrow, narrow)) {
      entry.version = version
      return entry
    }
    const fresh = { version, narrow, answer: this.#readAnswer(narrow) }
    this.#cache.keep(key, fresh)
    return fresh
  }

  #readAnswer([, sessionId, tokenId]: NarrowRow): LookUp {
    const [userId, userName, sessionName, limits] = this.#caller.get(sessionId) as unknown as CallerRow
    const [row] = tokenId === null ? [] : (this.#database.readConnection.execute(TOKEN, [tokenId]).rows as TokenRow[])
    return {
      ...{ userId, userName, sessionId, sessionName },
      ...ifSet('limitedTo', limits, toLimits),
      ...ifSet('token', row, toStoredToken),
    }
  }
}
