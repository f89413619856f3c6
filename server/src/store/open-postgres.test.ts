import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeAuthority, makeLeaf } from '../../testing/certificates.ts'
import { type PostgresDatabaseForTests, type RunningPostgres, startPostgres } from '../../testing/postgres.ts'
import { addressOf, openPostgres } from '../../testing/postgres-store.ts'
import { expectNoSecretIn, passSecrets } from '../../testing/secrets-in-store.ts'
import { SetupError } from '../domain/errors.ts'
import { realEffects } from '../effects.ts'
import type { PostgresAddress } from './postgres-pool.ts'
import { checkServer } from './postgres-setup.ts'

describe('opening a store on PostgreSQL', () => {
  let postgres: RunningPostgres
  let database: PostgresDatabaseForTests
  let directory: string
  let keyFile: string

  beforeAll(async () => {
    postgres = await startPostgres()
  })

  afterAll(() => postgres.close())

  beforeEach(async () => {
    database = await postgres.createDatabase()
    directory = await mkdtemp(join(tmpdir(), 'benchkey-open-'))
    keyFile = join(directory, 'key-ring')
  })

  afterEach(async () => {
    await database.drop()
    await rm(directory, { recursive: true })
  })

  const open = (more: Partial<PostgresAddress> = {}) => openPostgres(database, { directory, address: addressOf(database, more) })

  /** The one sentence of a refused start, and its exit code. */
  const refusal = async (more: Partial<PostgresAddress> = {}): Promise<readonly [string, number]> => {
    const before = await dump(database)
    const error = await open(more).then(
      () => new Error('the store was opened'),
      (reason: unknown) => reason,
    )
    if (!(error instanceof SetupError)) throw error
    expect(await dump(database)).toEqual(before)
    expect(error.message).toMatch(/^[A-Z].*\.$/)
    expect(error.message.split('\n')).toHaveLength(1)
    expect(JSON.stringify([error.message, String(error.cause)])).not.toContain(more.password ?? postgres.password)
    return [error.message, error.exitCode]
  }
  const here = () => `127.0.0.1:${postgres.port}`

  it('makes tables and key ring on nothing, and finds them again under the same deployment id', async () => {
    const first = await open()
    await first.users.create({ name: 'ann', passwordHash: 'x', isAdmin: false })
    await first.close()
    const second = await open()
    expect(second.deploymentId).toBe(first.deploymentId)
    expect((await second.users.list()).map((user) => user.name)).toEqual(['ann'])
    await second.close()
  })

  it('hears nothing but its configuration: no variable of the environment, no password file', async () => {
    const given = { PGPASSWORD: postgres.password, PGSSLMODE: 'require', PGOPTIONS: '-c search_path=none', PGHOST: 'db.invalid' }
    for (const [name, value] of Object.entries(given)) vi.stubEnv(name, value)
    await (await open()).close()
    const { password: _, ...anonymous } = addressOf(database)
    await expect(openPostgres(database, { directory, address: anonymous })).rejects.toThrow('asks for a password')
    vi.unstubAllEnvs()
  })

  it('is reached over a Unix socket as well', async () => {
    await (await open({ host: postgres.socketDir })).close()
  })

  it('tells the time of the database', async () => {
    const effects = { ...realEffects(), now: () => new Date(0) }
    const store = await openPostgres(database, { directory, effects })
    const [row] = await database.run('SELECT clock_timestamp() AS now')
    expect(Math.abs(store.now().getTime() - Number(row?.now))).toBeLessThan(5_000)
    await store.close()
  })

  it('is strict where the server is not, and leaves it stricter where it is', async () => {
    for (const [given, kept] of [
      ['off', 'on'],
      ['local', 'on'],
      ['remote_apply', 'remote_apply'],
    ]) {
      await database.run(`ALTER DATABASE ${database.name} SET synchronous_commit = ${given}`)
      const store = await open()
      await database.run('CREATE TABLE seen (setting text)')
      await database.run(`CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$`)
      await database.run('CREATE TRIGGER note BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION note()')
      await store.users.create({ name: `user of ${given}`, passwordHash: 'x', isAdmin: false })
      expect(await database.run('SELECT setting FROM seen')).toEqual([{ setting: kept }])
      await database.run('DROP TRIGGER note ON users')
      await database.run('DROP TABLE seen')
      await store.close()
    }
  })

  it('says so when everybody who may log in can put functions and operators beside its tables', async () => {
    const said: string[] = []
    const say = (sentence: string) => void said.push(sentence)
    await (await openPostgres(database, { directory, say })).close()
    expect(said).toEqual([])
    await database.run('GRANT CREATE ON SCHEMA public TO PUBLIC')
    await (await openPostgres(database, { directory, say })).close()
    expect(said).toEqual([
      `Everybody who may log in to the database ${database.name} can make functions in its schema public and so act as Benchkey there: run REVOKE CREATE ON SCHEMA public FROM PUBLIC.`,
    ])
  })

  /** Not only the rows, but also what they were before, and the write-ahead log. */
  it('leaves no token and no verifier in clear in any file of PostgreSQL', async () => {
    const store = await open()
    const { id } = await store.users.create({ name: 'ann', passwordHash: 'x', isAdmin: false })
    const integrationId = (await store.integrations.ensure([{ uid: 'uid', section: 'box' }])).get('uid') ?? ''
    const passed = await passSecrets(store, id, integrationId)
    await store.close()
    await database.run('CHECKPOINT')
    const names = await readdir(postgres.dataDir, { recursive: true, withFileTypes: true })
    const files = names.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name)))
    expectNoSecretIn(Buffer.concat(await Promise.all(files)), passed)
  })

  describe('refuses, in a sentence without the password,', () => {
    it('a wrong password, user, database and no password: 78', async () => {
      const credentials = `PostgreSQL at ${here()} refuses user and password of`
      const where = 'correct connection-uri or password-file in database.conf.'
      expect(await refusal({ password: 'wr0ng-pa55word' })).toEqual([`${credentials} "postgres": ${where}`, 78])
      expect(await refusal({ user: 'nobody' })).toEqual([`${credentials} "nobody": ${where}`, 78])
      expect(await refusal({ database: 'nowhere' })).toEqual([
        `PostgreSQL at ${here()} has no database "nowhere": create it, or correct connection-uri in database.conf.`,
        78,
      ])
      const { password: _, ...anonymous } = addressOf(database)
      await expect(openPostgres(database, { directory, address: anonymous })).rejects.toThrow(
        `PostgreSQL at ${here()} asks for a password of "postgres": write one into connection-uri or password-file of database.conf.`,
      )
    })

    it('a host that is not known or does not answer: 75', async () => {
      expect(await refusal({ host: 'database.invalid' })).toEqual([
        'The host database.invalid in connection-uri of database.conf is not known: correct it, or try again later.',
        75,
      ])
      const deaf = await listen(() => undefined)
      const { port } = deaf
      const [sentence, code] = await refusal({ port, connectTimeoutMs: 300 })
      expect([sentence, code]).toEqual([
        `PostgreSQL at 127.0.0.1:${port} does not answer (no answer in time): start it, or correct connection-uri in database.conf.`,
        75,
      ])
      await deaf.close()
      expect(await refusal({ port })).toEqual([
        `PostgreSQL at 127.0.0.1:${port} does not answer (ECONNREFUSED): start it, or correct connection-uri in database.conf.`,
        75,
      ])
      expect(await refusal({ host: directory })).toEqual([
        `PostgreSQL at ${directory} (port ${postgres.port}) does not answer (ENOENT): start it, or correct connection-uri in database.conf.`,
        75,
      ])
    })

    it('something that is no PostgreSQL: 78', async () => {
      const web = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
      const { port } = web
      const [sentence, code] = await refusal({ port, tls: {} })
      expect(sentence).toContain(`PostgreSQL at 127.0.0.1:${port}`)
      expect(code).toBe(78)
      await web.close()
    })

    it('a certificate of an unknown authority, for another name, or out of date', async () => {
      const tls = { ca: postgres.authority.pem }
      await (await open({ tls })).close()
      const stranger = await makeAuthority()
      const unbelieved = `The certificate of PostgreSQL at ${here()} is not signed by an authority that Benchkey believes: name its CA in ssl-ca-certificate of database.conf.`
      expect(await refusal({ tls: { ca: stranger.pem } })).toEqual([unbelieved, 78])
      expect(await refusal({ tls: {} })).toEqual([unbelieved, 78])
      await postgres.showCertificate(await makeLeaf(postgres.authority, ['db.example', '127.0.0.2', 'localhost']))
      expect(await refusal({ tls })).toEqual([
        `The certificate that PostgreSQL at ${here()} shows is made for another name: write the name it is made for into connection-uri of database.conf.`,
        78,
      ])
      const past = { notBefore: new Date(Date.now() - 1e9), notAfter: new Date(Date.now() - 1e8) }
      await postgres.showCertificate(await makeLeaf(postgres.authority, ['127.0.0.1'], past))
      expect(await refusal({ tls })).toEqual([
        `The certificate of PostgreSQL at ${here()} is not valid at this time: renew it there.`,
        75,
      ])
      await postgres.showCertificate(await makeLeaf(postgres.authority, ['localhost', '127.0.0.1']))
      await (await open({ tls })).close()
    })

    it('a PostgreSQL without TLS where TLS is asked for: 78', async () => {
      const plain = await listen((socket) => socket.once('data', () => socket.write('N')))
      const { port } = plain
      expect(await refusal({ port, tls: {} })).toEqual([
        `PostgreSQL at 127.0.0.1:${port} speaks no TLS: switch ssl on there; Benchkey does without on this machine only.`,
        78,
      ])
      await plain.close()
    })

    /** Anybody on this machine can open its port while PostgreSQL is down, and say whatever they like there. */
    it('somebody else at its port of loopback, who is not told the password: 78', async () => {
      const [inClear, welcome] = [reply('R', 0, 0, 0, 3), Buffer.concat([reply('R', 0, 0, 0, 0), reply('Z', 0x49)])]
      const unproven = (port: number) =>
        `PostgreSQL at 127.0.0.1:${port} does not prove that it knows the password of "postgres": have it ask by scram-sha-256 (pg_hba.conf), or use TLS (ssl-ca-certificate) or a Unix socket in a directory of its own.`
      for (const said of [
        inClear,
        welcome,
        Buffer.concat([inClear, welcome]),
        Buffer.concat([reply('R', 0, 0, 0, 5, 1, 2, 3, 4), welcome]),
      ]) {
        const heard: Buffer[] = []
        const stranger = await listen((socket) => {
          socket.on('error', () => undefined).on('data', (data) => heard.push(data))
          socket.once('data', () => socket.write(said))
        })
        const { port } = stranger
        expect(await refusal({ port })).toEqual([unproven(port), 78])
        expect(Buffer.concat(heard).toString('latin1')).not.toContain(postgres.password)
        await stranger.close()
      }
    })

    it('a user who may not make tables: 78', async () => {
      await database.run(`CREATE ROLE reader LOGIN PASSWORD 'pa55word'`)
      try {
        expect(await refusal({ user: 'reader', password: 'pa55word' })).toEqual([
          `The user "reader" may not make tables in the database "${database.name}" at ${here()}: make it the owner of the database.`,
          78,
        ])
      } finally {
        await database.run('DROP ROLE reader')
      }
    })

    it('a missing or wrong key file, and makes no new one (F24): 78', async () => {
      await (await open()).close()
      const right = await readFile(keyFile, 'utf8')
      await rm(keyFile)
      expect(await refusal()).toEqual([expect.stringContaining(`${keyFile} is missing`), 78])
      expect(await readdir(directory)).toEqual([])
      await writeFile(keyFile, `other ${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
      expect(await refusal()).toEqual([expect.stringContaining(`${keyFile} lacks the key`), 78])
      await writeFile(keyFile, right)
      await chmod(keyFile, 0o644)
      expect(await refusal()).toEqual([expect.stringContaining(`${keyFile} can be read`), 78])
    })

    it('a database newer than the program, untouched (F40): 78', async () => {
      await (await open()).close()
      await database.run(`INSERT INTO kysely_migration VALUES ('9999_future', '2030-01-01T00:00:00.000Z')`)
      expect(await refusal()).toEqual([expect.stringMatching(/newer Benchkey \(9999_future\)/), 78])
    })
  })
})

describe('a PostgreSQL', () => {
  const address: PostgresAddress = {
    ...{ host: 'db.example', port: 5432, database: 'benchkey', user: 'benchkey', poolSize: 2, connectTimeoutMs: 1 },
  }

  it.each([
    [120_018, '12'],
    [100_000, '10'],
    [90_624, '9.6'],
  ])('of version %i is too old', (version, shown) => {
    expect(() => checkServer({ version, encoding: 'UTF8' }, address)).toThrow(
      `PostgreSQL at db.example:5432 is version ${shown}: Benchkey needs 13 or newer.`,
    )
  })

  it.each([130_000, 130_021, 180_004, 200_000])('of version %i is new enough', (version) => {
    expect(() => checkServer({ version, encoding: 'UTF8' }, address)).not.toThrow()
  })

  it('that keeps its text as something else than UTF-8 is refused', () => {
    expect(() => checkServer({ version: 180_004, encoding: 'SQL_ASCII' }, address)).toThrow(
      `The database benchkey at db.example:5432 is encoded as SQL_ASCII: make one with CREATE DATABASE … ENCODING 'UTF8'.`,
    )
  })
})

/** Everything in the database: nothing changed means nothing added either. */
async function dump(database: PostgresDatabaseForTests): Promise<unknown> {
  const tables = await database.run(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`)
  const rows = tables.map(async ({ table_name: name }) => [name, await database.run(`SELECT * FROM "${name}"`)] as const)
  return await Promise.all(rows)
}

/** A message of PostgreSQL's protocol. */
function reply(type: string, ...body: readonly number[]): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(4 + body.length)
  return Buffer.concat([Buffer.from(type), length, Buffer.from(body)])
}

/** Something on a port of loopback that is no PostgreSQL. */
async function listen(onConnection: (socket: Socket) => void): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    onConnection(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
