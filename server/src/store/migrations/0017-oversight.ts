import { type SqlBool, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Db } from './tables.ts'

/** Who of the administrators did it, and an audit that is read by page without reading all of it. */
export const oversight: Migration = {
  async up(db: Db) {
    await db.schema.alterTable('audit').addColumn('by_name', 'text').execute()
    // Hand-outs and renewals are nearly all lines of it, and cost nothing here.
    const notable = sql<SqlBool>`action <> 'token.served' AND action <> 'token.refreshed'`
    for (const columns of [['id'], ['section', 'id']]) {
      const name = `audit_notable_by_${columns.join('_')}`
      await db.schema.createIndex(name).on('audit').columns(columns).where(notable).execute()
    }
    const acts = sql<SqlBool>`by_name IS NOT NULL`
    await db.schema.createIndex('audit_acts_by_by_name_id').on('audit').columns(['by_name', 'id']).where(acts).execute()
  },
}
