import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { waitedForProcessorMs } from '../../testing/processor-time.ts'
import type { Effects } from '../domain/effects.ts'
import { createDatabaseFile } from './database-file.ts'
import { migrate } from './migrations.ts'
import { retryWhileBusy, SqliteDatabase } from './sqlite.ts'

type Waiting = Pick<Effects, 'sleep' | 'monotonicMs' | 'randomBytes'>

const realWaiting: Waiting = {
  sleep: async (ms) => {
    await setTimeout(ms)
  },
  monotonicMs: () => performance.now(),
  randomBytes: (size) => randomBytes(size),
}

/** Time passes only by sleeping; other work of the process gets its turn. */
function quickWaiting(): Waiting & { readonly pauses: number[] } {
  let nowMs = 0
  const pauses: number[] = []
  return {
    pauses,
    sleep: async (ms) => {
      pauses.push(ms)
      nowMs += ms
      await setImmediate()
    },
    monotonicMs: () => nowMs,
    randomBytes: (size) => randomBytes(size),
  }
}

/** Another process that runs statements on the file, told line by line. */
class ForeignProcess {
  readonly #child: ChildProcessWithoutNullStreams

  constructor(path: string) {
    const script = `
      const db = new (require('node:sqlite').DatabaseSync)(${JSON.stringify(path)})
      require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => { db.exec(line); console.log('done') })`
    this.#child = spawn(process.execPath, ['-e', script])
  }

  async run(statement: string): Promise<void> {
    this.#child.stdin.write(`${statement}\n`)
    const [answer] = await once(this.#child.stdout, 'data')
    expect(String(answer)).toBe('done\n')
  }

  async end(): Promise<void> {
    this.#child.stdin.end()
    await once(this.#child, 'close')
  }
}

describe('a SQLite database', () => {
  let directory: string
  let path: string
  let database: SqliteDatabase

  const open = async (waiting: Waiting = realWaiting): Promise<SqliteDatabase> => {
    createDatabaseFile(path)
    const opened = await SqliteDatabase.openFile(path, waiting)
    await opened.write(migrate)
    return opened
  }

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'benchkey-sqlite-'))
    path = join(directory, 'benchkey.db')
    database = await open()
  })

  afterEach(async () => {
    await database.close()
    await rm(directory, { recursive: true })
  })

  const put = (key: string, value = 'x', into = database) =>
    into.write((transaction) => transaction.insertInto('meta').values({ key, value }).execute())
  const INSERT = { each: 'INSERT INTO meta VALUES (?, ?)', all: '' }
  const keys = async () => (await database.reader.selectFrom('meta').select('key').execute()).map((row) => row.key)

  it('is durable, checked, wiped after deletion, and logged ahead', async () => {
    const pragmas = ['journal_mode', 'synchronous', 'foreign_keys', 'secure_delete', 'trusted_schema']
    const values = await database.write(async (transaction) => {
      const read = pragmas.map(async (name) => {
        const { rows } = await sql.raw<Record<string, unknown>>(`PRAGMA ${name}`).execute(transaction)
        return Object.values(rows[0] ?? {})[0]
      })
      return await Promise.all(read)
    })
    // FULL = 2.
    expect(values).toEqual(['wal', 2, 1, 1, 0])
  })

  it('cannot be written through its reading side', async () => {
    const write = database.reader.insertInto('meta').values({ key: 'a', value: 'x' }).execute()
    await expect(write).rejects.toMatchObject({ code: 'io' })
  })

  it('rolls back what throws, and the next write is not hurt', async () => {
    const failing = database.write(async (transaction) => {
      await transaction.insertInto('meta').values({ key: 'a', value: 'x' }).execute()
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    await put('b')
    expect(await keys()).toEqual(['b'])
    await expect(
      database.batch(INSERT, [
        ['c', 'x'],
        ['b', 'x'],
      ]),
    ).rejects.toMatchObject({
      code: 'duplicate',
    })
    expect(await keys()).toEqual(['b'])
  })

  /**
   * Another process holds the write lock. Reads go on; the event loop turns as ever; a write waits and commits when the lock
   * is gone. With SQLite's own busy timeout the whole process would stand still instead.
   */
  it('reads on and does not freeze while another process holds the lock', async () => {
    await put('before')
    const foreign = new ForeignProcess(path)
    await foreign.run('BEGIN IMMEDIATE')
    const delays = monitorEventLoopDelay({ resolution: 5 })
    delays.enable()
    let isWritten = false
    const write = put('waited').then(() => {
      isWritten = true
    })
    const [started, waited] = [performance.now(), waitedForProcessorMs()]
    let reads = 0
    while (performance.now() - started < 2000) {
      expect(await keys()).toEqual(['before'])
      reads += 1
      await setImmediate()
    }
    delays.disable()
    expect(isWritten).toBe(false)
    expect(reads).toBeGreaterThan(100)
    // What a busy machine adds is none of SQLite's.
    expect(delays.max / 1e6 - (waitedForProcessorMs() - waited)).toBeLessThan(500)
    await foreign.run('COMMIT')
    await write
    expect(await keys()).toEqual(['before', 'waited'])
    await foreign.end()
  })

  it('sees by its version what any process has committed, and nothing else', async () => {
    const version = database.version()
    expect(database.version()).toBe(version)
    await put('own')
    const afterOwn = database.version()
    expect(afterOwn).not.toBe(version)
    const foreign = new ForeignProcess(path)
    await foreign.run('BEGIN IMMEDIATE')
    await foreign.run(`INSERT INTO meta VALUES ('foreign', 'x')`)
    expect(database.version()).toBe(afterOwn)
    await foreign.run('COMMIT')
    expect(database.version()).not.toBe(afterOwn)
    await foreign.end()
  })

  it('gives up after 40 s of a foreign lock, all who queued for it together, and recovers', async () => {
    const waiting = quickWaiting()
    const impatient = await SqliteDatabase.openFile(path, waiting)
    const foreign = new ForeignProcess(path)
    await foreign.run('BEGIN IMMEDIATE')
    const writes = await Promise.allSettled([put('a', 'x', impatient), put('b', 'x', impatient), put('c', 'x', impatient)])
    for (const write of writes) expect(write).toMatchObject({ status: 'rejected', reason: { code: 'busy' } })
    expect(waiting.monotonicMs()).toBeGreaterThanOrEqual(40_000)
    expect(waiting.monotonicMs()).toBeLessThan(41_000)
    await expect(impatient.ping()).rejects.toMatchObject({ code: 'busy' })
    await foreign.run('COMMIT')
    await put('d', 'x', impatient)
    await impatient.ping()
    expect(await keys()).toEqual(['d', 'pinged'])
    await foreign.end()
    await impatient.close()
  })

  it('answers a ping within 2 s of a lock', async () => {
    const waiting = quickWaiting()
    const impatient = await SqliteDatabase.openFile(path, waiting)
    const foreign = new ForeignProcess(path)
    await foreign.run('BEGIN IMMEDIATE')
    await expect(impatient.ping()).rejects.toMatchObject({ code: 'busy' })
    expect(waiting.monotonicMs()).toBeLessThan(2_200)
    await foreign.end()
    await impatient.close()
  })

  it('answers a ping within 2 s also when a write waits before it, and asks no second time meanwhile', async () => {
    const waiting = quickWaiting()
    const slept: number[] = []
    const patient = await SqliteDatabase.openFile(path, {
      ...realWaiting,
      sleep: async (ms, signal) => {
        slept.push(ms)
        if (ms === 2_000) return waiting.sleep(ms)
        await realWaiting.sleep(ms, signal)
      },
    })
    const foreign = new ForeignProcess(path)
    await foreign.run('BEGIN IMMEDIATE')
    const write = put('waited', 'x', patient)
    for (let n = 0; n < 3; n += 1) await expect(patient.ping()).rejects.toMatchObject({ code: 'busy' })
    expect(slept.filter((ms) => ms === 2_000)).toHaveLength(3)
    await foreign.run('COMMIT')
    await write
    await patient.close()
    expect(await keys()).toEqual(expect.arrayContaining(['waited', 'pinged']))
    await foreign.end()
  })

  it('pauses 1 to 100 ms between two tries, growing, not in step with others', async () => {
    const waiting = quickWaiting()
    const foreign = new ForeignProcess(path)
    await foreign.run('BEGIN IMMEDIATE')
    const impatient = retryWhileBusy(waiting, 5_000, () => {
      throw Object.assign(new Error('database is locked'), { errcode: 5 })
    })
    await expect(impatient).rejects.toMatchObject({ code: 'busy' })
    expect(Math.min(...waiting.pauses)).toBeGreaterThanOrEqual(1)
    expect(Math.max(...waiting.pauses)).toBeLessThanOrEqual(100)
    expect(Math.max(...waiting.pauses)).toBeGreaterThan(50)
    expect(new Set(waiting.pauses.slice(-20)).size).toBeGreaterThan(5)
    await foreign.end()
  })

  it.each([5, 261, 517, 773])('takes code %i for a lock, and no other kind of failure', async (errcode) => {
    let tries = 0
    const value = await retryWhileBusy(quickWaiting(), 30_000, () => {
      tries += 1
      if (tries < 3) throw Object.assign(new Error('database is locked'), { errcode })
      return 'through'
    })
    expect([value, tries]).toEqual(['through', 3])
    const broken = retryWhileBusy(quickWaiting(), 30_000, () => {
      throw Object.assign(new Error('disk I/O error'), { errcode: 10 })
    })
    await expect(broken).rejects.toMatchObject({ code: 'io' })
  })

  it('says that the disk is full, keeps what it has, and writes again when there is room', async () => {
    await put('before')
    const limit = (pages: string) =>
      database.write((transaction) => sql.raw(`PRAGMA max_page_count = ${pages}`).execute(transaction))
    await limit('1')
    const big = 'x'.repeat(1_000_000)
    await expect(put('big', big)).rejects.toMatchObject({ code: 'full' })
    const rows = [['a', big]] as const
    await expect(database.batch(INSERT, rows)).rejects.toMatchObject({ code: 'full' })
    expect(await keys()).toEqual(['before'])
    await limit('1000000')
    await put('big', big)
    expect(await keys()).toEqual(['before', 'big'])
  })

  it('shows no reader in memory what a transaction may still take back', async () => {
    const memory = SqliteDatabase.openInMemory(realWaiting)
    await memory.write(migrate)
    const count = () => memory.readConnection.value('SELECT count(*) FROM meta')
    let during: unknown
    const failing = memory.write(async (transaction) => {
      await transaction.insertInto('meta').values({ key: 'a', value: 'x' }).execute()
      during = memory.readNow(count)
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    expect(await during).toBe(0)
    expect(memory.readNow(count)).toBe(0)
    await memory.close()
  })

  it('closes while a write is under way, after that write', async () => {
    const write = put('last')
    await database.close()
    await write
    await database.close()
    database = await open()
    expect(await keys()).toEqual(['last'])
  })
})
