import type { Effects } from '../domain/effects.ts'
import { ifSet } from './database.ts'
import type { ClockReading } from './database-clock.ts'
import { SERVER_MS } from './lease-clock.ts'
import { isSame, LookUpCache, type NarrowRow, toLimits } from './look-up-cache.ts'
import type { PostgresDatabase } from './postgres.ts'
import type { PostgresConnection } from './postgres-pool.ts'
import type { LookUp, SessionStore } from './store.ts'
import { type TokenRow, toStoredToken } from './token-rows.ts'

const FROM = `
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS asked(cookie_hash, integration_id, position)
  JOIN rpc_cookies c ON c.cookie_hash = asked.cookie_hash
  JOIN sessions s ON s.id = c.session_id AND s.ended_at IS NULL
  JOIN users u ON u.id = s.user_id AND u.locked_at IS NULL
  LEFT JOIN oauth2_tokens t ON t.user_id = s.user_id AND t.integration_id = asked.integration_id`

const NARROW = `SELECT asked.position, ${SERVER_MS}, c.expires_at, s.id, t.id, t.revision ${FROM}`

const WIDE = `
  SELECT t.*, i.uid AS integration_uid, asked.position AS asked_position, ${SERVER_MS} AS asked_at,
    c.expires_at AS cookie_expires_at, s.id AS session_id, s.name AS session_name, s.limited_to AS session_limits, u.id AS caller_id, u.name AS caller_name
  ${FROM} LEFT JOIN integrations i ON i.id = t.integration_id`

type NarrowAnswer = readonly [
  position: number,
  databaseMs: number,
  expiresAtMs: number,
  sessionId: string,
  tokenId: string | null,
  revision: number | null,
]

type WideAnswer = { readonly [Column in keyof TokenRow]: TokenRow[Column] | null } & {
  readonly asked_position: number
  readonly asked_at: number
  readonly cookie_expires_at: number
  readonly session_id: string
  readonly session_name: string
  readonly session_limits: string | null
  readonly caller_id: string
  readonly caller_name: string
}

interface Entry {
  readonly narrow: NarrowRow
  readonly answer: LookUp
}

/** What callers of one turn of the event loop ask for; those who ask for the same share a question. */
interface Question {
  readonly key: string
  readonly cookieHash: string
  readonly integrationId: string
  readonly answer: PromiseWithResolvers<Entry | undefined>
}

/** One on its way and one behind it: more would only take connections from those who write. */
const MOST_UNDER_WAY = 2

/**
 * The token path's read. All questions of one turn of the event loop are one statement; a cached answer is given again only
 * when that statement, sent after the question came, has seen that nothing of it changed. So a sign-out or a lock that any
 * node has committed counts from the next request on.
 */
export class PostgresLookUp {
  readonly #database: PostgresDatabase
  readonly #effects: Pick<Effects, 'now' | 'monotonicMs'>
  readonly #observe: (reading: ClockReading) => void
  readonly #cache = new LookUpCache<Entry>()
  #waiting = new Map<string, Question>()
  #isScheduled = false
  #underWay = 0

  /** `effects.now`: the database's clock, which every answer also tells `observe`. */
  constructor(
    database: PostgresDatabase,
    effects: Pick<Effects, 'now' | 'monotonicMs'>,
    observe: (reading: ClockReading) => void,
  ) {
    this.#database = database
    this.#effects = effects
    this.#observe = observe
  }

  /** See `SessionStore.lookUp`. */
  lookUp: SessionStore['lookUp'] = async (cookieHash, integrationId = '') => {
    const key = cookieHash + integrationId
    let question = this.#waiting.get(key)
    if (!question) {
      question = { key, cookieHash, integrationId, answer: Promise.withResolvers() }
      this.#waiting.set(key, question)
      this.#schedule()
    }
    const entry = await question.answer.promise
    return entry && entry.narrow[0] > this.#effects.now().getTime() ? entry.answer : undefined
  }

  #schedule(): void {
    if (this.#isScheduled || this.#underWay >= MOST_UNDER_WAY) return
    this.#isScheduled = true
    setImmediate(() => void this.#askAll())
  }

  async #askAll(): Promise<void> {
    this.#isScheduled = false
    const questions = [...this.#waiting.values()]
    this.#waiting = new Map()
    this.#underWay += 1
    try {
      const entries = await this.#database.read((connection) => this.#answers(connection, questions))
      for (const question of questions) question.answer.resolve(entries.get(question))
    } catch (error) {
      for (const question of questions) question.answer.reject(error)
    } finally {
      this.#underWay -= 1
      if (this.#waiting.size > 0) this.#schedule()
    }
  }

  async #answers(connection: PostgresConnection, questions: readonly Question[]): Promise<ReadonlyMap<Question, Entry>> {
    const known = questions.filter(({ key }) => this.#cache.find(key))
    const entries = await this.#unchanged(connection, known)
    const others = questions.filter((question) => !entries.has(question))
    if (others.length === 0) return entries
    const askedMonotonicMs = this.#effects.monotonicMs()
    const { rows } = await connection.query<WideAnswer>(WIDE, valuesOf(others))
    for (const row of rows) {
      const question = others[row.asked_position - 1]
      if (question) entries.set(question, toEntry(row))
    }
    if (rows[0]) this.#observe({ databaseMs: rows[0].asked_at, askedMonotonicMs })
    for (const question of others) this.#remember(question.key, entries.get(question))
    return entries
  }

  /** Those of which nothing has changed, with what was answered before. */
  async #unchanged(connection: PostgresConnection, questions: readonly Question[]): Promise<Map<Question, Entry>> {
    const entries = new Map<Question, Entry>()
    if (questions.length === 0) return entries
    const askedMonotonicMs = this.#effects.monotonicMs()
    const { rows } = await connection.query<NarrowAnswer>(NARROW, valuesOf(questions), { asArrays: true })
    for (const [position, , expiresAtMs, sessionId, tokenId, revision] of rows) {
      const question = questions[position - 1]
      const entry = question && this.#cache.find(question.key)
      if (entry && isSame(entry.narrow, [expiresAtMs, sessionId, tokenId, revision])) entries.set(question, entry)
    }
    if (rows[0]) this.#observe({ databaseMs: rows[0][1], askedMonotonicMs })
    return entries
  }

  #remember(key: string, entry: Entry | undefined): void {
    if (entry) this.#cache.keep(key, entry)
    else this.#cache.drop(key)
  }
}

function valuesOf(questions: readonly Question[]): readonly [readonly string[], readonly string[]] {
  return [questions.map(({ cookieHash }) => cookieHash), questions.map(({ integrationId }) => integrationId)]
}

function toEntry(row: WideAnswer): Entry {
  const { caller_id: userId, caller_name: userName, session_id: sessionId, session_name: sessionName } = row
  const token = isToken(row) ? row : undefined
  return {
    narrow: [row.cookie_expires_at, sessionId, row.id, row.revision],
    answer: {
      ...{ userId, userName, sessionId, sessionName },
      ...ifSet('limitedTo', row.session_limits, toLimits),
      ...ifSet('token', token, toStoredToken),
    },
  }
}

/** All columns of the token are null when there is none. */
function isToken(row: WideAnswer): row is WideAnswer & TokenRow {
  return row.id !== null
}
