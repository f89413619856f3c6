import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type PostgresDatabaseForTests, type SomePostgres, somePostgres } from '../../testing/postgres.ts'
import { addressOf, openPostgres } from '../../testing/postgres-store.ts'
import { holderOf } from '../../testing/store-suite.ts'
import { realEffects } from '../effects.ts'
import { PostgresDatabase } from './postgres.ts'
import { PostgresLookUp } from './postgres-look-up.ts'
import { type PostgresConnection, PostgresPool, USUAL_PATIENCE } from './postgres-pool.ts'
import type { LeaseHolder, Store } from './store.ts'

const UID = '11111111-1111-4111-8111-111111111111'
const MANY = 20

/** READ COMMITTED is no single writer: what a transaction judged by must be locked, or checked again. */
describe('several nodes on one PostgreSQL', () => {
  let postgres: SomePostgres
  let database: PostgresDatabaseForTests
  let directory: string
  const stores: Store[] = []

  beforeAll(async () => {
    postgres = await somePostgres()
  })

  afterAll(() => postgres.close())

  beforeEach(async () => {
    database = await postgres.createDatabase()
    directory = await mkdtemp(join(tmpdir(), 'benchkey-nodes-'))
  })

  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()))
    await database.drop()
    await rm(directory, { recursive: true })
  })

  const open = async (say: (sentence: string) => void = () => undefined): Promise<Store> => {
    const store = await openPostgres(database, { directory, say })
    stores.push(store)
    return store
  }

  /** Two stores, a user and an integration. */
  const openTwo = async () => {
    const a = await open()
    const b = await open()
    const { id: userId } = await a.users.create({ name: 'ann', passwordHash: 'x', isAdmin: false })
    const integrationId = (await a.integrations.ensure([{ uid: UID, section: 'box' }])).get(UID) ?? ''
    const storeOf = (n: number): Store => (n % 2 === 0 ? a : b)
    const signIn = (n: number) =>
      storeOf(n).tokens.create({
        ...{ userId, integrationId, scopesAsked: [], clientFingerprint: 'f' },
        reply: {
          secrets: { accessToken: `access-${n}`, refreshToken: `refresh-${n}` },
          tokenType: 'bearer',
          issuedAt: a.now(),
        },
      })
    return { a, b, userId, integrationId, storeOf, signIn }
  }
  const atOnce = <T>(work: (n: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: MANY }, (_, n) => work(n)))

  it('that start at once on nothing make the tables once, under one deployment id', async () => {
    const opened = await Promise.all([open(), open(), open()])
    expect(new Set(opened.map((store) => store.deploymentId)).size).toBe(1)
    const users = opened.map((store, n) => store.users.create({ name: `user ${n}`, passwordHash: 'x', isAdmin: false }))
    expect(await Promise.all(users)).toHaveLength(3)
    expect(await opened[0]?.users.list()).toHaveLength(3)
  })

  it('that wait for one that prepares the database say so after 2 s', async () => {
    await (await open()).ping()
    const preparing = new pg.Client(database.uri)
    await preparing.connect()
    await preparing.query('SELECT pg_advisory_lock(7090194561597400441)')
    const said: string[] = []
    // PostgreSQL below 15 lets everybody create tables, which is told, too.
    const waiting = open((sentence) => sentence.includes('node') && said.push(sentence))
    await expect.poll(() => said).toEqual(['Another node is preparing the database; waiting until it is done.'])
    await preparing.end()
    await (await waiting).ping()
    expect(said).toHaveLength(1)
  })

  it('leave the last of many sign-ins at once, and refuse none', async () => {
    const { a, userId, integrationId, signIn } = await openTwo()
    const created = await atOnce(signIn)
    const rows = await a.tokens.listForUser(userId)
    expect(rows).toHaveLength(1)
    expect(created).toContainEqual(rows[0])
    const n = created.findIndex((token) => token.id === rows[0]?.id)
    expect(await a.tokens.readSecrets(rows[0]?.id ?? '', 1)).toMatchObject({ accessToken: `access-${n}` })
    expect(await a.tokens.find(userId, integrationId)).toEqual(rows[0])
  })

  it('keep the limit of open attempts, and take each once', async () => {
    const { a, userId, integrationId, storeOf } = await openTwo()
    const attempt = {
      ...{
        userId,
        integrationId,
        browserSessionHash: 'b',
        section: 'box',
        frozenHash: 'f',
        frozenTokenUrl: 'https://box.example/',
      },
      ...{ redirectUri: 'https://bench.example/', cookieHash: 'c', scopesAsked: [], returnTo: 'settings' as const },
    }
    await atOnce((n) => storeOf(n).attempts.create(`state ${n}`, attempt, 3))
    expect(await a.attempts.listOpen(userId, 60_000)).toHaveLength(3)
    const taken = await atOnce(async (n) => Promise.all([n, n + 1].map((m) => storeOf(m).attempts.take(`state ${n}`, 60_000))))
    expect(taken.flat().filter((each) => each !== undefined)).toHaveLength(3)
  })

  it('give a lease to one of many', async () => {
    const { storeOf, signIn } = await openTwo()
    const { id } = await signIn(0)
    const taken = await atOnce((n) => storeOf(n).tokens.takeLease(id, holderOf(`${n}`), 0, 20_000, () => false))
    expect(taken.filter(Boolean)).toHaveLength(1)
  })

  it('measure a lease by the database: of a node whose clocks say anything, for as long as it was taken', async () => {
    const { a, b, signIn } = await openTwo()
    const { id } = await signIn(0)
    expect(await a.tokens.takeLease(id, holderOf('a'), 0, 20_000, () => false)).toBe(true)
    expect(await b.tokens.takeLease(id, holderOf('b', { bootId: 'other' }), 1e12, 20_000, () => false)).toBe(false)
    const [row] = await database.run(
      `SELECT lease_until - (extract(epoch from clock_timestamp()) * 1000)::bigint AS left FROM oauth2_tokens`,
    )
    expect(Number(row?.left)).toBeGreaterThan(10_000)
    expect(Number(row?.left)).toBeLessThanOrEqual(20_000)
  })

  it('take the lease of a node that fell silent, once its send fence has closed', async () => {
    const { a, b, signIn } = await openTwo()
    const { id } = await signIn(0)
    const node = (holder: LeaseHolder) => ({ holder, host: 'h', version: '1', startedAt: a.now(), configurationHash: 'c' })
    await a.nodes.beat(node(holderOf('a')))
    await b.nodes.beat(node(holderOf('b')))
    await a.tokens.takeLease(id, holderOf('a'), 0, 20_000, () => false)
    const take = () => b.tokens.takeLease(id, holderOf('b'), 0, 20_000, () => false)
    await database.run('UPDATE nodes SET steady_ms = steady_ms - 16000')
    await database.run(`UPDATE nodes SET heartbeat_ms = heartbeat_ms - 16000 WHERE incarnation = 'a-1'`)
    expect((await b.nodes.list()).map(({ holder, isLive }) => [holder.nodeId, isLive])).toEqual([
      ['a', false],
      ['b', true],
    ])
    expect(await take()).toBe(false)
    await database.run('UPDATE oauth2_tokens SET lease_until = lease_until - 11000')
    expect(await take()).toBe(true)
  })

  it('claim every revocation once', async () => {
    const { a, userId, integrationId, storeOf } = await openTwo()
    const giveUpAt = new Date(Date.now() + 1e8)
    await atOnce((n) => storeOf(n).tokens.queueRevocation({ userId, integrationId }, { accessToken: `token-${n}` }, giveUpAt))
    const claims = await atOnce((n) => storeOf(n).revocations.claimDue(a.now(), 60_000, 1000))
    const tokens = claims.flatMap(({ job }) => (job ? [job.token] : []))
    for (let rest = await a.revocations.claimDue(a.now(), 60_000, 1000); rest.job; ) {
      tokens.push(rest.job.token)
      rest = await a.revocations.claimDue(a.now(), 60_000, 1000)
    }
    expect(tokens.toSorted()).toEqual(Array.from({ length: MANY }, (_, n) => `token-${n}`).toSorted())
  })

  /** *Try again* in one node while another erases what was parked for too long: the refresh token is either gone or whole. */
  it('erase no parked refresh token that has just come back into service', async () => {
    const { a, b, signIn } = await openTwo()
    for (let round = 0; round < MANY; round += 1) {
      const { id } = await signIn(round)
      const key = { tokenId: id, generation: 1, attempt: 'x' }
      await a.tokens.takeLease(id, holderOf('a'), 0, 20_000, () => false)
      await a.tokens.beginAttempt(key, holderOf('a'), a.now())
      await a.tokens.requireSignIn(key, { reason: 'refused', at: a.now() })
      const later = new Date(a.now().getTime() + 1e6)
      const [isBack, erased] = await Promise.all([a.tokens.unpark(id), b.tokens.removeParkedBefore(later)])
      expect([isBack, erased]).toEqual(isBack ? [true, 0] : [false, 1])
      const secrets = await a.tokens.readSecrets(id, 1)
      expect(secrets?.refreshToken).toBe(isBack ? `refresh-${round}` : undefined)
    }
  })

  it('note who used the same rows in any order, without waiting in a circle', async () => {
    const { a, userId, storeOf, signIn } = await openTwo()
    const first = await signIn(0)
    const others = await Promise.all(
      ['x', 'y', 'z'].map(async (name) => {
        const { id } = await a.users.create({ name, passwordHash: 'x', isAdmin: false })
        const reply = { secrets: { accessToken: name }, tokenType: 'bearer', issuedAt: a.now() }
        const { integrationId } = first
        return await a.tokens.create({ userId: id, integrationId, scopesAsked: [], clientFingerprint: 'f', reply })
      }),
    )
    const ids = [first, ...others].map(({ id }) => id)
    await atOnce((n) => {
      const uses = ids.map((tokenId) => ({ tokenId, at: new Date(1000 + n), by: `use ${n}` }))
      return storeOf(n).tokens.noteUses(n % 2 === 0 ? uses : uses.toReversed())
    })
    expect((await a.tokens.listForUser(userId))[0]).toMatchObject({ lastUsedBy: `use ${MANY - 1}` })
    expect(await deadlocks()).toBe(0)
  })

  it('show at the next look what another has committed, to many callers at once', async () => {
    const { a, b, integrationId, signIn } = await openTwo()
    await signIn(0)
    const cookies = Array.from({ length: MANY }, (_, n) => `cookie ${n}`)
    const session = await a.sessions.create({
      ...{ userName: 'ann', name: 'R', cookieHash: cookies[0] ?? '', cookieExpiresAt: new Date(Date.now() + 1e7) },
    })
    for (const cookieHash of cookies.slice(1)) {
      const expiresAt = new Date(Date.now() + 1e7)
      await a.sessions.rotateCookie(session.id, { cookieHash, expiresAt, previousUntil: expiresAt })
    }
    const look = () => atOnce((n) => b.sessions.lookUp(cookies[n] ?? '', integrationId))
    expect((await look()).filter((found) => found?.token)).toHaveLength(MANY)
    await a.users.setLocked('ann', true)
    expect((await look()).filter((found) => found !== undefined)).toHaveLength(0)
  })

  it('ask for many callers at once in one statement', async () => {
    const { a, integrationId, signIn } = await openTwo()
    const { id } = await signIn(0)
    await a.sessions.create({ userName: 'ann', name: 'R', cookieHash: 'c', cookieExpiresAt: new Date(Date.now() + 1e7) })
    const counting = new CountingDatabase(new PostgresPool(addressOf(database), USUAL_PATIENCE, () => undefined), realEffects())
    const lookUp = new PostgresLookUp(counting, realEffects(), () => undefined)
    for (const expected of [1, 2]) {
      const found = await atOnce((n) => lookUp.lookUp('c', n % 2 === 0 ? integrationId : `other ${n}`))
      expect(found.map((each) => each?.token?.id)).toEqual(found.map((_, n) => (n % 2 === 0 ? id : undefined)))
      expect(counting.reads).toBe(expected)
    }
    await counting.close()
  })

  const deadlocks = async (): Promise<number> => {
    const [row] = await database.run('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()')
    return Number(row?.deadlocks)
  }
})

class CountingDatabase extends PostgresDatabase {
  reads = 0

  override read<T>(work: (connection: PostgresConnection) => Promise<T>): Promise<T> {
    this.reads += 1
    return super.read(work)
  }
}
