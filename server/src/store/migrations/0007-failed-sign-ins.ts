import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { type Db, index } from './tables.ts'

/** Sessions ask how their user's last sign-ins failed; of an audit of years nobody should read more than those lines. */
export const failedSignIns: Migration = {
  async up(kysely: Kysely<never>) {
    await index(kysely as unknown as Db, 'audit', ['user_name', 'action', 'id'])
  },
}
