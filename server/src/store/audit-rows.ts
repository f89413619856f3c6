import type { Selectable } from 'kysely'
import { ifSet, toDate } from './database.ts'
import type { AuditTable } from './schema.ts'
import type { AuditEvent } from './store.ts'

/** A line of the audit from its row. */
export function toEvent(row: Selectable<AuditTable>): AuditEvent {
  return {
    at: toDate(row.at),
    action: row.action,
    outcome: row.outcome,
    ...ifSet('userName', row.user_name),
    ...ifSet('sessionId', row.session_id),
    ...ifSet('sessionName', row.session_name),
    ...ifSet('section', row.section),
    ...ifSet('address', row.address),
    ...ifSet('fingerprint', row.fingerprint),
    ...ifSet('count', row.count),
    ...ifSet('reference', row.reference),
    ...ifSet('detail', row.detail),
    ...ifSet('byName', row.by_name),
  }
}
