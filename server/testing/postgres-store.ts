import { realEffects } from '../src/effects.ts'
import { openPostgresStore, type PostgresStoreOptions } from '../src/store/open-postgres.ts'
import type { PostgresAddress } from '../src/store/postgres-pool.ts'
import type { Store } from '../src/store/store.ts'
import type { PostgresDatabaseForTests } from './postgres.ts'

/** The database's address as `database.conf` would give it. */
export function addressOf(
  database: Pick<PostgresDatabaseForTests, 'uri' | 'name'>,
  more: Partial<PostgresAddress> = {},
): PostgresAddress {
  const { hostname, port, username, password } = new URL(database.uri)
  return {
    ...{ host: hostname, port: Number(port || 5432), database: database.name },
    ...{ user: decodeURIComponent(username), password: decodeURIComponent(password) },
    ...{ poolSize: 5, connectTimeoutMs: 5_000 },
    ...more,
  }
}

/** A store on the database, with its key ring in `directory`. */
export function openPostgres(
  database: PostgresDatabaseForTests,
  options: { directory: string } & Partial<PostgresStoreOptions>,
): Promise<Store> {
  const { directory, ...more } = options
  return openPostgresStore({
    address: addressOf(database),
    dataDir: directory,
    uid: process.getuid?.() ?? 0,
    effects: realEffects(),
    say: () => undefined,
    ...more,
  })
}
