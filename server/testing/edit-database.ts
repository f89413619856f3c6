import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { isBusy } from '../src/store/sqlite-connection.ts'
import type { ServerFiles } from './start-server.ts'

const BETWEEN_TRIES_MS = 20

/**
 * Changes a server's SQLite database beside it. `work` is one statement: the server writes now and then, too, and while it does,
 * `work` is tried again. Nothing waits inside SQLite, for the server may share the only thread of this process.
 */
export async function editDatabase<T>(
  { dataDir }: Pick<ServerFiles, 'dataDir'>,
  work: (database: DatabaseSync) => T,
): Promise<T> {
  const database = new DatabaseSync(join(dataDir, 'benchkey.db'), { timeout: 0 })
  try {
    for (;;) {
      try {
        return work(database)
      } catch (error) {
        if (!isBusy(error)) throw error
        await setTimeout(BETWEEN_TRIES_MS)
      }
    }
  } finally {
    database.close()
  }
}
