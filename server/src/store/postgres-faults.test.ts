import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Cut, type CuttingProxy, startCuttingProxy } from '../../testing/cutting-proxy.ts'
import { type PostgresDatabaseForTests, type RunningPostgres, startPostgres } from '../../testing/postgres.ts'
import { addressOf, openPostgres } from '../../testing/postgres-store.ts'
import { holderOf } from '../../testing/store-suite.ts'
import type { StoredToken } from '../domain/stored-token.ts'
import { realEffects } from '../effects.ts'
import { PostgresDatabase } from './postgres.ts'
import { PostgresPool, USUAL_PATIENCE } from './postgres-pool.ts'
import type { AttemptKey, Store } from './store.ts'

const UID = '11111111-1111-4111-8111-111111111111'

describe('a store whose PostgreSQL fails', () => {
  let postgres: RunningPostgres
  let database: PostgresDatabaseForTests
  let proxy: CuttingProxy
  let directory: string
  let store: Store
  let userId: string
  let integrationId: string

  beforeAll(async () => {
    postgres = await startPostgres()
    proxy = await startCuttingProxy(postgres.port)
    directory = await mkdtemp(join(tmpdir(), 'benchkey-faults-'))
  })

  afterAll(async () => {
    await proxy.close()
    await postgres.close()
    await rm(directory, { recursive: true })
  })

  beforeEach(async () => {
    database = await postgres.createDatabase()
    store = await openPostgres(database, { directory, address: addressOf(database, { port: proxy.port }) })
    userId = (await store.users.create({ name: 'ann', passwordHash: 'x', isAdmin: false })).id
    integrationId = (await store.integrations.ensure([{ uid: UID, section: 'box' }])).get(UID) ?? ''
  })

  afterEach(async () => {
    await store.close()
    await database.drop()
    await rm(join(directory, 'key-ring'))
  })

  const replyOf = (n: number) => ({
    secrets: { accessToken: `access-${n}`, refreshToken: `refresh-${n}` },
    tokenType: 'bearer',
    issuedAt: store.now(),
  })

  const signIn = (): Promise<StoredToken> =>
    store.tokens.create({ userId, integrationId, scopesAsked: [], clientFingerprint: 'f', reply: replyOf(1) })

  const begin = async (token: StoredToken, attempt: string): Promise<AttemptKey> => {
    const key = { tokenId: token.id, generation: token.generation, attempt }
    expect(await store.tokens.takeLease(token.id, holderOf('a'), 0, 20_000, () => false)).toBe(true)
    expect(await store.tokens.beginAttempt(key, holderOf('a'), store.now())).toBe(true)
    return key
  }

  const killAll = () =>
    database.run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()`, [
      database.name,
    ])

  const cuts: readonly Cut[] = ['before the commit', 'after the commit']

  describe.each(cuts)('at a commit (F20), the connection cut %s,', (cut) => {
    it('saves the reply of a token request once', async () => {
      const token = await signIn()
      const key = await begin(token, 'attempt')
      proxy.cutNextCommit(cut)
      expect(await store.tokens.saveReply(key, replyOf(2))).toBe(true)
      expect(await store.tokens.get(token.id)).toMatchObject({ generation: 2, renewals: 1 })
      expect(await store.tokens.readSecrets(token.id, 2)).toEqual(replyOf(2).secrets)
    })

    it('saves a sign-in once, and does not undo the renewal that came before its answer', async () => {
      proxy.cutNextCommit(cut)
      const token = await signIn()
      expect(await store.tokens.listForUser(userId)).toEqual([token])
      expect(await store.tokens.readSecrets(token.id, 1)).toEqual(replyOf(1).secrets)
    })

    it('takes a lease, announces a request and releases the lease', async () => {
      const token = await signIn()
      const before = proxy.cuts
      proxy.cutNextStatement(cut)
      expect(await store.tokens.takeLease(token.id, holderOf('a'), 0, 20_000, () => false)).toBe(true)
      const key = { tokenId: token.id, generation: 1, attempt: 'attempt' }
      proxy.cutNextStatement(cut)
      expect(await store.tokens.beginAttempt(key, holderOf('a'), store.now())).toBe(true)
      proxy.cutNextStatement(cut)
      await store.tokens.releaseLease(token.id, holderOf('a'))
      expect(await store.tokens.takeLease(token.id, holderOf('b'), 0, 20_000, () => false)).toBe(true)
      expect(proxy.cuts - before).toBe(3)
    })

    it('repeats nothing that must not be done twice: it says that it does not know', async () => {
      const before = proxy.cuts
      proxy.cutNextCommit(cut)
      const created = store.users.create({ name: 'bob', passwordHash: 'x', isAdmin: false })
      await expect(created).rejects.toMatchObject({ code: 'unknown' })
      expect(proxy.cuts - before).toBe(1)
      const names = (await store.users.list()).map((user) => user.name)
      expect(names).toEqual(cut === 'after the commit' ? ['ann', 'bob'] : ['ann'])
    })
  })

  it('reads on and loses nothing while connections are cut again and again', async () => {
    await store.sessions.create({ userName: 'ann', name: 'R', cookieHash: 'c', cookieExpiresAt: new Date(Date.now() + 1e7) })
    let isOver = false
    let renewals = 0
    const look = async (): Promise<void> => {
      while (!isOver) expect(await store.sessions.lookUp('c', integrationId)).toMatchObject({ userId })
    }
    const renew = async (): Promise<number> => {
      let token: StoredToken | undefined = await signIn()
      for (let n = 0; !isOver && token; n += 1) {
        const key: AttemptKey = await begin(token, `attempt-${n}`)
        expect(await store.tokens.saveReply(key, replyOf(n))).toBe(true)
        token = await store.tokens.get(token.id)
        renewals = n + 1
        expect(token?.renewals).toBe(renewals)
      }
      return token?.renewals ?? 0
    }
    const work = Promise.all([renew(), look(), look()])
    // A slow machine may need longer for its first one.
    for (let n = 0; n < 20 || renewals === 0; n += 1) {
      expect((await killAll()).length).toBeGreaterThanOrEqual(0)
      await setTimeout(20)
    }
    isOver = true
    expect((await work)[0]).toBeGreaterThan(0)
  })

  it('waits out a restart of the server under load: no read and no write fails', async () => {
    await store.sessions.create({ userName: 'ann', name: 'R', cookieHash: 'c', cookieExpiresAt: new Date(Date.now() + 1e7) })
    let isOver = false
    const look = async (): Promise<number> => {
      let count = 0
      for (; !isOver; count += 1) expect(await store.sessions.lookUp('c', integrationId)).toMatchObject({ userId })
      return count
    }
    const beat = async (): Promise<void> => {
      for (let n = 0; !isOver; n += 1) await store.tokens.noteUses([{ tokenId: 'none', at: new Date(n), by: 'x' }])
    }
    const work = Promise.all([look(), look(), beat()])
    await postgres.restart()
    const seen = await store.sessions.lookUp('c', integrationId)
    isOver = true
    expect(seen).toMatchObject({ userId })
    expect((await work)[0]).toBeGreaterThan(0)
  })

  it('says busy after 10 s without a server, a ping after 2 s, and works again when it is back', async () => {
    await postgres.halt()
    try {
      const quick = quickEffects()
      const impatient = new PostgresDatabase(poolOf({ port: postgres.port }), quick)
      const read = impatient.reader.selectFrom('meta').select('value').execute()
      await expect(read).rejects.toMatchObject({
        code: 'busy',
        message: expect.stringMatching(/cannot be reached \(tried for 1\d s\)\.$/),
      })
      const askedMs = quick.monotonicMs()
      await expect(impatient.ping()).rejects.toMatchObject({ code: 'busy' })
      expect(quick.monotonicMs() - askedMs).toBeLessThan(3_000)
      // Who comes later in the same outage does not wait another 10 s; after a silence it is a new one.
      const laterMs = quick.monotonicMs()
      await expect(impatient.read((connection) => connection.command('SELECT 1'))).rejects.toMatchObject({ code: 'busy' })
      expect(quick.monotonicMs() - laterMs).toBeLessThan(1_000)
      await quick.sleep(9_000)
      const newMs = quick.monotonicMs()
      await expect(impatient.read((connection) => connection.command('SELECT 1'))).rejects.toMatchObject({ code: 'busy' })
      expect(quick.monotonicMs() - newMs).toBeGreaterThan(9_999)
      await impatient.close()
    } finally {
      await postgres.start()
    }
    await store.ping()
    expect(await store.users.list()).toHaveLength(1)
  })

  it.each([
    ['53100', 'full'],
    ['23505', 'duplicate'],
    ['23503', 'missing'],
    ['55P03', 'busy'],
    ['57014', 'busy'],
    ['58030', 'io'],
  ])('calls SQLSTATE %s %s, and keeps what the row said out of it', async (state, code) => {
    await database.run(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'failed' USING ERRCODE = '${state}', DETAIL = NEW.password_hash; END $$`)
    await database.run('CREATE TRIGGER fail BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION fail()')
    const error = await store.users.create({ name: 'bob', passwordHash: 'the-hash', isAdmin: false }).catch((e: unknown) => e)
    expect(error).toMatchObject({ code })
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      expect(JSON.stringify({ ...cause, message: cause.message, stack: cause.stack })).not.toContain('the-hash')
    }
  })

  it('runs a transaction again that a deadlock took back', async () => {
    const raw = new PostgresDatabase(poolOf(), realEffects())
    await raw.write((transaction) => sql`INSERT INTO meta VALUES ('a', '0'), ('b', '0')`.execute(transaction))
    const locked: PromiseWithResolvers<void>[] = [Promise.withResolvers(), Promise.withResolvers()]
    const tries = [0, 0]
    const crossing = (own: 0 | 1, [first, second]: readonly [string, string]) =>
      raw.write(async (transaction) => {
        tries[own] = (tries[own] ?? 0) + 1
        await sql`UPDATE meta SET value = value || 'x' WHERE key = ${first}`.execute(transaction)
        locked[own]?.resolve()
        await locked[1 - own]?.promise
        await sql`UPDATE meta SET value = value || 'x' WHERE key = ${second}`.execute(transaction)
      })
    await Promise.all([crossing(0, ['a', 'b']), crossing(1, ['b', 'a'])])
    // Which of the two, and how often, PostgreSQL decides.
    expect(Math.max(...tries)).toBeGreaterThan(1)
    const { rows } = await sql<{ value: string }>`SELECT value FROM meta WHERE key IN ('a', 'b')`.execute(raw.reader)
    expect(rows.map((row) => row.value)).toEqual(['0xx', '0xx'])
    await raw.close()
  })

  it('never takes a transaction for committed in which a statement failed', async () => {
    const raw = new PostgresDatabase(poolOf(), realEffects())
    const swallowed = raw.write(async (transaction) => {
      await sql`INSERT INTO meta VALUES ('kept', 'x')`.execute(transaction)
      await sql`SELECT 1 / 0`.execute(transaction).catch(() => undefined)
    })
    await expect(swallowed).rejects.toThrow('went on after a statement of it had failed')
    expect(await database.run(`SELECT * FROM meta WHERE key = 'kept'`)).toEqual([])
    await raw.close()
  })

  it('is busy when all its connections are in use for too long', async () => {
    const pool = poolOf({ poolSize: 1, connectTimeoutMs: 100 })
    const held = await pool.connect()
    await expect(pool.connect()).rejects.toMatchObject({ code: 'busy', message: expect.stringMatching(/^All connections/) })
    held.release()
    await pool.end()
  })

  it('keeps text with a NUL, which PostgreSQL has none of', async () => {
    await store.audit.append([{ at: new Date(0), action: 'login.failed', outcome: 'refused', userName: 'a\0b' }])
    expect(await store.audit.list({ limit: 1 })).toMatchObject([{ userName: 'a\uFFFDb' }])
    expect(await store.users.findByName('a\0b')).toBeUndefined()
  })

  it('goes on with statements that a newer node has changed the table of', async () => {
    expect(await store.users.findByName('ann')).toMatchObject({ name: 'ann' })
    await database.run('ALTER TABLE users ADD COLUMN later text')
    expect(await store.users.findByName('ann')).toMatchObject({ name: 'ann' })
  })

  function poolOf(more: Parameters<typeof addressOf>[1] = {}): PostgresPool {
    return new PostgresPool(addressOf(database, more), USUAL_PATIENCE, () => undefined)
  }
})

/** Time passes only by sleeping. */
function quickEffects() {
  let nowMs = 0
  return {
    sleep: async (ms: number) => {
      nowMs += ms
    },
    monotonicMs: () => nowMs,
    randomBytes: (size: number) => randomBytes(size),
  }
}
