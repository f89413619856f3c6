import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminHealth } from '../src/domain/admin-api.ts'
import { grantHeld, newGate } from '../testing/behaviours.ts'
import { FaultBench, replyOf } from '../testing/fault-bench.ts'
import { type PostgresDatabaseForTests, type RunningPostgres, startPostgres } from '../testing/postgres.ts'
import { runAdmin } from '../testing/start-server.ts'

const STRICT = { rotation: 'strict-family' } as const

function section({ authorizationUrl, tokenUrl }: { authorizationUrl: string; tokenUrl: string }): string {
  return `[lab]
client-id = lab
client-secret = a-long-secret
authorization-url = ${authorizationUrl}
token-url = ${tokenUrl}
scopes = read
refresh-reuse = strict
`
}

/** Everything that lies in the journals of a data directory. */
function journalsOf({ files }: FaultBench): string {
  const folder = join(files.dataDir, 'journals')
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('')
}

const untilWritten = (bench: FaultBench) => expect.poll(() => journalsOf(bench), { timeout: 30_000 }).toContain('"tokenId"')
const untilEmpty = (bench: FaultBench) => expect.poll(() => journalsOf(bench), { timeout: 30_000 }).not.toContain('"tokenId"')

/** No token that the service ever gave. */
function expectNoToken(text: string, bench: FaultBench): void {
  for (const token of bench.provider.ledger.everyToken()) expect(text).not.toContain(token)
}

/** A refresh whose answer the service holds back until the database has been hurt. */
async function refreshUnder(bench: FaultBench, hurt: () => Promise<void> | void): Promise<Promise<unknown>> {
  const gate = newGate()
  bench.provider.next(grantHeld(gate))
  const cutOff = bench.fetch('lab').catch((error: Error) => error)
  await bench.provider.received(bench.provider.requests.length + 1)
  await hurt()
  gate.open()
  return cutOff
}

/** Faults F2, F3, F19 and F20 of refresh.md at a real `serve` process; the service rotates strictly: a lost answer is a lost sign-in. */
describe('an answer that came while another program locked the database', () => {
  let bench: FaultBench
  let lock: DatabaseSync | undefined

  beforeAll(async () => {
    bench = await FaultBench.prepare(section, STRICT)
    await bench.start()
    await bench.signIn('lab')
  })

  afterAll(() => bench.close())

  function takeLock(): void {
    lock = new DatabaseSync(join(bench.files.dataDir, 'benchkey.db'), { timeout: 5000 })
    lock.exec('BEGIN IMMEDIATE')
  }

  function releaseLock(): void {
    lock?.exec('ROLLBACK')
    lock?.close()
  }

  it('outlives kill -9: the next process has the token, and the service saw one refresh', async () => {
    bench.age('lab', -1000)
    const [before, generation] = [bench.refreshes, Number(bench.row('lab')?.generation)]
    const cutOff = await refreshUnder(bench, takeLock)
    await untilWritten(bench)
    const health = async () => JSON.parse((await runAdmin(bench.files, ['health', '--json'])).stdout) as AdminHealth
    const fact = '1 result of token requests waits in the journal for the database.'
    await expect.poll(health).toMatchObject({ findings: expect.arrayContaining([expect.objectContaining({ fact })]) })
    expectNoToken(journalsOf(bench), bench)
    await bench.kill()
    releaseLock()
    await cutOff
    expect(bench.row('lab')).toMatchObject({ generation, attempt_open: 1 })
    await bench.start()
    await expect.poll(() => bench.row('lab')).toMatchObject({ generation: generation + 1, attempt_open: 0 })
    const answer = replyOf(await bench.fetch('lab'))
    expect(bench.provider.ledger.isAccessTokenAlive(answer.access_token ?? '')).toBe(true)
    expect([bench.refreshes - before, bench.provider.ledger.duplicates]).toEqual([1, 0])
    await untilEmpty(bench)
  })

  it('outlives an end that was asked for, with exit 0', async () => {
    bench.age('lab', -1000)
    const [before, generation] = [bench.refreshes, Number(bench.row('lab')?.generation)]
    const cutOff = await refreshUnder(bench, takeLock)
    await untilWritten(bench)
    expect(await bench.end()).toBe(0)
    expect(journalsOf(bench)).toContain('"tokenId"')
    releaseLock()
    await cutOff
    await bench.start()
    await expect.poll(() => bench.row('lab')?.generation).toBe(generation + 1)
    expect(bench.refreshes - before).toBe(1)
  })

  it('to a sign-in outlives kill -9 too', async () => {
    const browser = await bench.browser()
    const asked = new URL(await browser.start(bench.uid('lab'))).searchParams
    const address = `${asked.get('redirect_uri')}?${new URLSearchParams({ code: 'any', state: asked.get('state') ?? '' })}`
    const id = bench.row('lab')?.id
    const gate = newGate()
    bench.provider.next(grantHeld(gate))
    const cutOff = browser.visit(address).catch((error: Error) => error)
    await bench.provider.received(bench.provider.requests.length + 1)
    takeLock()
    gate.open()
    await untilWritten(bench)
    await bench.kill()
    releaseLock()
    await cutOff
    expect(bench.row('lab')?.id).toBe(id)
    await bench.start()
    await expect.poll(() => bench.row('lab')?.id).not.toBe(id)
    const answer = replyOf(await bench.fetch('lab'))
    expect(bench.provider.ledger.isAccessTokenAlive(answer.access_token ?? '')).toBe(true)
    await untilEmpty(bench)
  })

  it('leaves nothing behind on a server that was ended in good order', async () => {
    expect(await bench.end()).toBe(0)
    expect(readdirSync(join(bench.files.dataDir, 'journals'))).toEqual([])
    await bench.start()
  })
})

describe('an answer on PostgreSQL', () => {
  let postgres: RunningPostgres
  let database: PostgresDatabaseForTests
  let bench: FaultBench

  beforeAll(async () => {
    postgres = await startPostgres()
    database = await postgres.createDatabase()
    const databaseConf = ['provider=postgresql', `connection-uri=${database.uri}`]
    bench = await FaultBench.prepare(section, { ...STRICT, databaseConf })
    await bench.start()
    await bench.signIn('lab')
  })

  afterAll(async () => {
    await bench.close()
    await postgres.close()
  })

  const row = async (): Promise<Record<string, unknown> | undefined> => (await database.run('SELECT * FROM oauth2_tokens'))[0]
  const expire = () =>
    database.run(
      `UPDATE oauth2_tokens SET issued_at = $1::bigint - 3600000, expires_at = $1, failure_at = NULL, failure_retry_at = NULL,
         failure_words = NULL, revision = revision + 1`,
      [Date.now() - 1000],
    )

  async function expectOneRefresh(before: number): Promise<void> {
    const answer = replyOf(await bench.fetch('lab'))
    expect(bench.provider.ledger.isAccessTokenAlive(answer.access_token ?? '')).toBe(true)
    expect([bench.refreshes - before, bench.provider.ledger.duplicates]).toEqual([1, 0])
  }

  it('that came while it was away outlives kill -9', async () => {
    await expire()
    const [before, generation] = [bench.refreshes, Number((await row())?.generation)]
    const cutOff = await refreshUnder(bench, () => postgres.halt())
    await expect.poll(() => bench.log(), { timeout: 30_000 }).toContain('could not be saved yet')
    expect(journalsOf(bench)).toContain('"kind":"refresh"')
    expectNoToken(journalsOf(bench), bench)
    await bench.kill()
    await cutOff
    await postgres.start()
    expect(await row()).toMatchObject({ generation, attempt_open: 1 })
    await bench.start()
    await expect.poll(row, { timeout: 30_000 }).toMatchObject({ generation: generation + 1, attempt_open: 0 })
    await expectOneRefresh(before)
  }, 120_000)

  it('whose commit a failover loses, with its intent, is stored again by the server that has it', async () => {
    await expire()
    const [before, generation] = [bench.refreshes, Number((await row())?.generation)]
    const copy = await postgres.copy()
    expect(replyOf(await bench.fetch('lab')).status).toBe(200)
    expect(await row()).toMatchObject({ generation: generation + 1 })
    await copy.takeOver()
    expect(await row()).toMatchObject({ generation, attempt_open: 0 })
    await expectOneRefresh(before)
    expect(await row()).toMatchObject({ generation: generation + 1 })
  }, 120_000)

  it('whose commit a failover loses is stored again without anybody asking, and after kill -9 as well', async () => {
    await expire()
    const [before, generation] = [bench.refreshes, Number((await row())?.generation)]
    const copy = await postgres.copy()
    expect(replyOf(await bench.fetch('lab')).status).toBe(200)
    await bench.kill()
    await copy.takeOver()
    expect(await row()).toMatchObject({ generation, attempt_open: 0 })
    await bench.start()
    await expect.poll(row, { timeout: 30_000 }).toMatchObject({ generation: generation + 1 })
    await expectOneRefresh(before)
  }, 120_000)

  it('to a sign-in whose commit a failover loses is stored again, and is not once it has been signed out', async () => {
    const copy = await postgres.copy()
    const id = (await row())?.id
    await bench.signIn('lab')
    const fresh = (await row())?.id
    expect(fresh).not.toBe(id)
    await copy.takeOver()
    await expect.poll(async () => (await row())?.id, { timeout: 30_000 }).toBe(fresh)
    await database.run('DELETE FROM audit')
    const browser = await bench.browser()
    expect((await browser.ask(`/api/integrations/${bench.uid('lab')}/sign-out`, {})).status).toBe(200)
    await postgres.restart()
    await expect
      .poll(async () => (await database.run('SELECT epoch FROM nodes'))[0]?.epoch, { timeout: 30_000 })
      .toBe(await epoch())
    expect(await row()).toBeUndefined()
  }, 120_000)

  const epoch = async () => (await database.run('SELECT extract(epoch from pg_postmaster_start_time())::text AS epoch'))[0]?.epoch
})
