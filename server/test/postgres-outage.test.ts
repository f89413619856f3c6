import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { grantHeld, newGate } from '../testing/behaviours.ts'
import { FaultBench, replyOf } from '../testing/fault-bench.ts'
import { type PostgresDatabaseForTests, type RunningPostgres, startPostgres } from '../testing/postgres.ts'
import { prepareServer, removeFiles, runAdmin, send, startServeProcess, writeDatabaseConf } from '../testing/start-server.ts'

const LAB = `SELECT t.* FROM oauth2_tokens t JOIN integrations i ON i.id = t.integration_id WHERE i.section = 'lab'`

/** Fault F20 of refresh.md at a real `serve` process and a real PostgreSQL; the service rotates strictly. */
describe('a server whose PostgreSQL goes away', () => {
  let postgres: RunningPostgres
  let database: PostgresDatabaseForTests
  let bench: FaultBench

  beforeAll(async () => {
    postgres = await startPostgres()
    database = await postgres.createDatabase()
    bench = await FaultBench.prepare(
      ({ authorizationUrl, tokenUrl }) => `[lab]
client-id = lab
client-secret = a-long-secret
authorization-url = ${authorizationUrl}
token-url = ${tokenUrl}
scopes = read
`,
      { rotation: 'strict-family', databaseConf: ['provider=postgresql', `connection-uri=${database.uri}`] },
    )
    await bench.start()
    await bench.signIn('lab')
  })

  afterAll(async () => {
    expect(await bench.end()).toBe(0)
    await bench.close()
    await postgres.close()
  })

  /** Lets the stored token have so much life left, and forget earlier failures. */
  const age = (leftMs: number) =>
    database.run(
      `UPDATE oauth2_tokens SET issued_at = $1::bigint - 3600000, expires_at = $1, failure_at = NULL, failure_retry_at = NULL,
         failure_words = NULL, interrupted_at = NULL, revision = revision + 1`,
      [Date.now() + leftMs],
    )

  it('answers every caller through a restart of it', async () => {
    await age(3_600_000)
    let isOver = false
    const ask = async (): Promise<number> => {
      let count = 0
      for (; !isOver; count += 1) expect(replyOf(await bench.fetch('lab'))).toMatchObject({ status: 200 })
      return count
    }
    const callers = [ask(), ask(), ask()]
    await postgres.restart()
    expect(replyOf(await bench.fetch('lab'))).toMatchObject({ status: 200 })
    isOver = true
    for (const count of await Promise.all(callers)) expect(count).toBeGreaterThan(0)
  })

  it('keeps the pair that came while it was away, and saves it once it is back', async () => {
    await age(-1000)
    const [before] = await database.run(LAB)
    const gate = newGate()
    bench.provider.next(grantHeld(gate))
    const requests = bench.refreshes
    const waiting = bench.fetch('lab')
    await bench.provider.received(bench.provider.requests.length + 1)
    await postgres.halt()
    gate.open()
    await expect.poll(() => bench.log(), { timeout: 25_000 }).toContain('could not be saved yet')
    expect((await send(bench.files, '/health/live')).status).toBe(200)
    expect((await send(bench.files, '/health/ready')).status).toBe(503)
    await postgres.start()
    await waiting
    await expect
      .poll(async () => (await database.run(LAB))[0], { timeout: 25_000 })
      .toMatchObject({ generation: Number(before?.generation) + 1, attempt_open: 0 })
    expect(replyOf(await bench.fetch('lab'))).toMatchObject({ status: 200 })
    expect(bench.refreshes - requests).toBe(1)
    expect(bench.provider.ledger.duplicates).toBe(0)
    await expect.poll(async () => (await send(bench.files, '/health/ready')).status).toBe(200)
  })

  it('starts no refresh without it, and tells every caller so, in one sentence', async () => {
    await age(-1000)
    const requests = bench.provider.connections
    const browser = await bench.browser()
    await postgres.halt()
    const replies = await Promise.all([
      bench.fetch('lab'),
      ...['/oauth_integrations', '/api/v1/session', `/api/v1/integrations/${bench.uid('lab')}`].map((path) =>
        send(bench.files, path, { ...bench.request('lab'), body: '{}' }),
      ),
    ])
    const signOut = await browser.ask(`/api/integrations/${bench.uid('lab')}/sign-out`, {})
    const listed = await runAdmin(bench.files, ['stored-token', 'list'])
    await postgres.start()
    const sentence = "Benchkey's database cannot be used at the moment. Nothing is lost; try again in a minute."
    for (const reply of replies) {
      expect([reply.status, JSON.parse(reply.body)]).toEqual([
        200,
        { error: sentence, code: 'database_unavailable', retry_after: 60 },
      ])
    }
    expect([signOut.status, JSON.parse(signOut.body)]).toMatchObject([503, { error: { message: sentence } }])
    expect(listed).toMatchObject({ code: 75, stdout: '', stderr: expect.stringContaining('The database cannot be reached') })
    expect(bench.provider.connections).toBe(requests)
    expect(replyOf(await bench.fetch('lab'))).toMatchObject({ status: 200 })
  })
})

describe('a server that cannot come to its PostgreSQL', () => {
  it.each([
    ['is not there', 'postgresql://benchkey:s3cr3t@127.0.0.1:1/benchkey', 75, 'does not answer (ECONNREFUSED)'],
    ['is asked for with less than TLS', 'postgresql://benchkey:s3cr3t@db.example/b?sslmode=require', 78, 'sslmode=verify-full'],
  ])('because it %s, ends with a sentence and a code', async (_, uri, code, words) => {
    const files = await prepareServer()
    writeDatabaseConf(files, ['provider=postgresql', `connection-uri=${uri}`])
    const failure = await startServeProcess(files).catch((error: Error) => error)
    if (!(failure instanceof Error)) throw new Error('the server started')
    expect(failure.message).toContain(`benchkey serve ended with ${code}: `)
    expect(failure.message.split('\n').find((line) => line.includes('benchkey: '))).toContain(words)
    expect(failure.message).not.toContain('s3cr3t')
    removeFiles(files)
  })
})
