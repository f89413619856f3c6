import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type RunningPostgres, somePostgres, startPostgres } from './postgres.ts'

describe('the PostgreSQL of the tests', () => {
  let postgres: RunningPostgres

  beforeAll(async () => {
    postgres = await startPostgres()
  })

  afterAll(() => postgres.close())
  afterEach(() => vi.unstubAllEnvs())

  it('is a real one, as durable as in earnest, and keeps what was committed through a crash', async () => {
    const database = await postgres.createDatabase()
    const settings = await database.run(
      "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit",
    )
    expect(settings).toEqual([{ fsync: 'on', commit: 'on' }])
    await database.run('CREATE TABLE kept (value text)')
    await database.run('INSERT INTO kept VALUES ($1)', ['a'])
    await postgres.restart()
    expect(await database.run('SELECT value FROM kept')).toEqual([{ value: 'a' }])
    await database.drop()
  })

  it('is another one where BENCHKEY_TEST_POSTGRES_URL says so: databases come and go there, and it runs on', async () => {
    const own = await postgres.createDatabase()
    vi.stubEnv('BENCHKEY_TEST_POSTGRES_URL', own.uri)
    const given = await somePostgres()
    const database = await given.createDatabase()
    expect(new URL(database.uri).port).toBe(String(postgres.port))
    expect(await database.run('SELECT current_database() AS name')).toEqual([{ name: database.name }])
    const isThere = () => own.run('SELECT 1 FROM pg_database WHERE datname = $1', [database.name])
    expect(await isThere()).toHaveLength(1)
    await database.drop()
    await given.close()
    expect(await isThere()).toHaveLength(0)
    await own.drop()
  })
})
