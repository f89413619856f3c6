import { sql } from 'kysely'
import { toEvent } from './audit-rows.ts'
import { auditSearch } from './audit-search.ts'
import type { SqlValue, StoreContext } from './database.ts'
import type { AuditEvent, AuditStore } from './store.ts'

const COLUMNS =
  'at, action, outcome, user_name, session_id, session_name, section, address, fingerprint, count, reference, detail, by_name'
const INSERT = {
  each: `INSERT INTO audit (${COLUMNS})
    VALUES (?, ?, ?, coalesce(?, (SELECT name FROM users WHERE id = ?)), ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  all: `INSERT INTO audit (${COLUMNS})
    SELECT at, action, outcome, coalesce(user_name, (SELECT name FROM users WHERE id = user_id)), session_id, session_name, section,
      address, fingerprint, count, reference, detail, by_name
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
      $10::text[], $11::integer[], $12::text[], $13::text[], $14::text[]) WITH ORDINALITY
      AS line(at, action, outcome, user_name, user_id, session_id, session_name, section, address, fingerprint, count, reference,
        detail, by_name, position)
    ORDER BY position`,
}

/** The audit: written in batches, read newest first. */
export function auditStore(context: StoreContext): AuditStore {
  const { database } = context
  return {
    ...auditSearch(context),
    async append(events) {
      if (events.length > 0) await database.batch(INSERT, events.map(toRow))
    },
    async list({ limit, userName, action }) {
      let query = database.reader.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit)
      if (userName !== undefined) query = query.where('user_name', '=', userName)
      if (action !== undefined) query = query.where('action', '=', action)
      return (await query.execute()).map(toEvent)
    },
    async listOfUser({ userName, actions, from, until, limit }) {
      if (actions.length === 0) return []
      const rows = await database.reader
        .selectFrom('audit')
        .selectAll()
        .where('user_name', '=', userName)
        // In the words of the index, so that it is used.
        .where(sql<boolean>`action <> 'token.served'`)
        .where('action', 'in', actions)
        .where('at', '>=', from.getTime())
        .where('at', '<', until.getTime())
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(toEvent)
    },
  }
}

function toRow(event: AuditEvent): readonly SqlValue[] {
  const {
    at,
    action,
    outcome,
    userName,
    userId,
    sessionId,
    sessionName,
    section,
    address,
    fingerprint,
    count,
    reference,
    detail,
    byName,
  } = event
  const optional = [userName, userId, sessionId, sessionName, section, address, fingerprint, count, reference, detail, byName]
  return [at.getTime(), action, outcome, ...optional.map((value) => value ?? null)]
}
