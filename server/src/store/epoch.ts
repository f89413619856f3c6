import { sql } from 'kysely'
import type { Database } from './database.ts'

/** The epoch the database is in: as a process that has lived through it all knows it, no commit of one epoch is lost. */
export async function epochOf({ reader, epoch }: Pick<Database, 'reader' | 'epoch'>): Promise<string> {
  const { rows } = await sql<{ epoch: string }>`SELECT ${epoch} AS epoch`.execute(reader)
  return rows[0]?.epoch ?? ''
}
