import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type PostgresDatabaseForTests, type SomePostgres, somePostgres } from '../../testing/postgres.ts'
import { openPostgres } from '../../testing/postgres-store.ts'
import { storeSuite } from '../../testing/store-suite.ts'

let postgres: SomePostgres
let directory: string
let prepared: PostgresDatabaseForTests

beforeAll(async () => {
  postgres = await somePostgres()
  directory = await mkdtemp(join(tmpdir(), 'benchkey-postgres-'))
  // Tables are made once: each test has a copy of this database, under the same key ring.
  prepared = await postgres.createDatabase()
  await (await openPostgres(prepared, { directory })).close()
})

afterAll(async () => {
  await prepared.drop()
  await postgres.close()
  await rm(directory, { recursive: true })
})

storeSuite('PostgreSQL', async () => {
  const database = await postgres.createDatabase(prepared)
  return {
    handle: (effects) => openPostgres(database, { directory, effects, clock: effects }),
    passLeaseClock: async (ms) => {
      await database.run('UPDATE oauth2_tokens SET lease_until = lease_until - $1', [ms])
      await database.run('UPDATE nodes SET heartbeat_ms = heartbeat_ms - $1, steady_ms = steady_ms - $1', [ms])
    },
    close: () => database.drop(),
  }
})
