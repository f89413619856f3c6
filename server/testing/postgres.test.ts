import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningPostgres, startPostgres } from './postgres.ts'

describe('the PostgreSQL of the tests', () => {
  let postgres: RunningPostgres

  beforeAll(async () => {
    postgres = await startPostgres()
  })

  afterAll(() => postgres.close())

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
})
