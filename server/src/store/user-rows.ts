import type { Selectable } from 'kysely'
import type { User } from '../domain/people.ts'
import { ifSet, toDate } from './database.ts'
import type { UsersTable } from './schema.ts'

/** A person from their row. */
export function toUser(row: Selectable<UsersTable>): User {
  return {
    id: row.id,
    name: row.name,
    isAdmin: row.is_admin === 1,
    ...ifSet('lockedAt', row.locked_at, toDate),
    createdAt: toDate(row.created_at),
  }
}
