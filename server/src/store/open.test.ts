import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SuiteClock } from '../../testing/store-suite.ts'
import { SetupError } from '../domain/errors.ts'
import { openStore } from './open.ts'
import type { Store } from './store.ts'

const uid = process.getuid?.() ?? 0
const clock = new SuiteClock()

describe('opening the store', () => {
  let root: string
  let directory: string
  let dataDir: string
  let database: string
  let keyFile: string

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'benchkey-open-'))
    directory = join(root, 'database')
    dataDir = join(root, 'data')
    database = join(directory, 'benchkey.db')
    keyFile = join(dataDir, 'key-ring')
  })

  afterEach(() => rm(root, { recursive: true }))

  const open = (as = uid): Promise<Store> => openStore({ directory, dataDir, uid: as, effects: clock.effects })

  const signInAnn = async (store: Store): Promise<void> => {
    const user = await store.users.create({ name: 'ann', passwordHash: 'x', isAdmin: false })
    const ids = await store.integrations.ensure([{ uid: 'uid', section: 'box' }])
    await store.tokens.create({
      userId: user.id,
      integrationId: ids.get('uid') ?? '',
      scopesAsked: [],
      clientFingerprint: 'f',
      reply: { secrets: { accessToken: 'access' }, tokenType: 'bearer', issuedAt: clock.at(0) },
    })
  }

  const fill = async (): Promise<void> => {
    const store = await open()
    await signInAnn(store)
    await store.close()
  }

  /** Names and hashes of all files of the database: nothing changed means nothing added either. */
  const hashes = async (): Promise<Record<string, string>> => {
    const names = (await readdir(directory)).sort()
    const entries = names.map(async (name) => {
      const bytes = await readFile(join(directory, name))
      return [name, createHash('sha256').update(bytes).digest('hex')] as const
    })
    return Object.fromEntries(await Promise.all(entries))
  }

  /** The one sentence of a refused start, which must leave every byte of the database as it was. */
  const refusal = async (as = uid): Promise<string> => {
    const before = await hashes()
    const error = await open(as).then(
      () => new Error('the store was opened'),
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(SetupError)
    expect(await hashes()).toEqual(before)
    const { message } = error as SetupError
    expect(message.split('\n')).toHaveLength(1)
    return message
  }

  it('locked by another program, says so, and that the same start may work later', async () => {
    await fill()
    const other = new DatabaseSync(database)
    other.exec('begin exclusive')
    let slept = 0
    const monotonicMs = (): number => clock.effects.monotonicMs() + slept
    const sleep = async (ms: number): Promise<void> => {
      slept += ms
    }
    try {
      const opening = openStore({ directory, dataDir, uid, effects: { ...clock.effects, monotonicMs, sleep } })
      await expect(opening).rejects.toMatchObject({
        exitCode: 75,
        message: expect.stringMatching(
          /benchkey\.db cannot be opened: .* locked by another process for \d+ s: end what holds it\.$/,
        ),
      })
    } finally {
      other.close()
    }
  })

  it('makes directories, database and key ring for their owner alone, whatever the umask', async () => {
    const umask = process.umask(0)
    try {
      const store = await open()
      await signInAnn(store)
      const modes = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
      expect(await modes(directory)).toBe('700')
      for (const file of [keyFile, ...(await readdir(directory)).map((name) => join(directory, name))]) {
        expect([file, await modes(file)]).toEqual([file, '600'])
      }
      expect((await readdir(directory)).sort()).toEqual(['benchkey.db', 'benchkey.db-shm', 'benchkey.db-wal'])
      await store.close()
      expect(await readdir(directory)).toEqual(['benchkey.db'])
    } finally {
      process.umask(umask)
    }
  })

  it('finds again what it wrote, under the same deployment id', async () => {
    const first = await open()
    await signInAnn(first)
    await first.close()
    const second = await open()
    expect(second.deploymentId).toBe(first.deploymentId)
    const [user] = await second.users.list()
    const [token] = await second.tokens.listForUser(user?.id ?? '')
    expect(await second.tokens.readSecrets(token?.id ?? '', 1)).toEqual({ accessToken: 'access' })
    await second.close()
  })

  describe('refuses, with the database untouched (F24),', () => {
    it('a missing key file, and makes no new one', async () => {
      await fill()
      await rm(keyFile)
      expect(await refusal()).toContain(`${keyFile} is missing`)
      expect(await readdir(dataDir)).toEqual([])
    })

    it('a wrong key file: another key, and another key under the same name', async () => {
      await fill()
      const right = await readFile(keyFile, 'utf8')
      const other = Buffer.alloc(32, 7).toString('base64')
      await writeFile(keyFile, `other ${other}\n`)
      expect(await refusal()).toContain(`${keyFile} lacks the key`)
      await writeFile(keyFile, `${right.split(' ')[0]} ${other}\n`)
      expect(await refusal()).toContain(keyFile)
      await writeFile(keyFile, right)
      await (await open()).close()
    })

    it('a key file that is too open, truncated, empty, or somebody else’s', async () => {
      await fill()
      await chmod(keyFile, 0o644)
      expect(await refusal()).toContain(`${keyFile} can be read`)
      await chmod(keyFile, 0o600)
      const right = await readFile(keyFile, 'utf8')
      await writeFile(keyFile, right.slice(0, -10))
      expect(await refusal()).toContain(keyFile)
      await writeFile(keyFile, '')
      expect(await refusal()).toContain(`${keyFile} is empty`)
    })

    it('a wrong key also while the log of a killed process holds everything', async () => {
      await killedMidway(directory, dataDir)
      expect((await readdir(directory)).sort()).toEqual(['benchkey.db', 'benchkey.db-shm', 'benchkey.db-wal'])
      const right = await readFile(keyFile, 'utf8')
      await writeFile(keyFile, `other ${Buffer.alloc(32, 7).toString('base64')}\n`)
      // The shared-memory index is no part of the database: SQLite rebuilds it at will.
      await rm(`${database}-shm`)
      const before = await hashes()
      await expect(open()).rejects.toThrow(`${keyFile} lacks the key`)
      const { 'benchkey.db-shm': _, ...after } = await hashes()
      expect(after).toEqual(before)
      await writeFile(keyFile, right)
      const store = await open()
      expect((await store.users.list()).map((user) => user.name)).toEqual(['ann'])
      await store.close()
    })
  })

  it('takes a second key in, and still refuses when the first is taken away', async () => {
    await fill()
    const right = await readFile(keyFile, 'utf8')
    const second = `k2 ${Buffer.alloc(32, 7).toString('base64')}\n`
    await writeFile(keyFile, second + right)
    await (await open()).close()
    await writeFile(keyFile, second)
    expect(await refusal()).toContain('lacks the key')
    await writeFile(keyFile, right)
    expect(await refusal()).toContain('lacks the key k2')
  })

  it('refuses a database newer than the program, untouched (F40)', async () => {
    await fill()
    const raw = new DatabaseSync(database)
    raw.exec(`INSERT INTO kysely_migration VALUES ('9999_future', '2030-01-01T00:00:00.000Z')`)
    raw.close()
    expect(await refusal()).toMatch(/newer Benchkey \(9999_future\)/)
  })

  it('refuses what is no database, untouched', async () => {
    await mkdir(directory, { mode: 0o700 })
    await writeFile(database, 'these are not the bytes of a database, and there are enough of them to tell'.repeat(20), {
      mode: 0o600,
    })
    expect(await refusal()).toContain(`${database} cannot be read`)
  })

  it.each(['', '-wal', '-shm'])('refuses a file that others can read: benchkey.db%s', async (suffix) => {
    const store = await open()
    await chmod(database + suffix, 0o640)
    await expect(open()).rejects.toThrow(`chmod 600`)
    await chmod(database + suffix, 0o600)
    await store.close()
  })

  it('refuses files and directories of another owner', async () => {
    await fill()
    expect(await refusal(uid + 1)).toContain(`chown ${uid + 1}`)
  })

  it('refuses a directory that others may change', async () => {
    await fill()
    await chmod(directory, 0o777)
    expect(await refusal()).toContain('chmod 700')
    await chmod(directory, 0o755)
    await chmod(dataDir, 0o770)
    expect(await refusal()).toContain(dataDir)
  })

  it('refuses a database that is a link', async () => {
    await fill()
    await rename(database, join(root, 'elsewhere'))
    await symlink(join(root, 'elsewhere'), database)
    expect(await refusal()).toContain('not a plain file')
  })

  it('refuses to start where it may not make its directory', async () => {
    await writeFile(join(root, 'file'), '')
    directory = join(root, 'file', 'below')
    await expect(open()).rejects.toThrow(/cannot be made \(ENOTDIR\)/)
  })

  /** Two servers, or two workers, meet an empty directory: one key ring, one deployment, one set of tables. */
  it('is started by several processes at once on nothing', async () => {
    const children = Array.from({ length: 3 }, () => storeProcess(directory, dataDir, 'console.log(store.deploymentId)'))
    const printed = await Promise.all(children.map(output))
    expect(new Set(printed.map((text) => text.trim())).size).toBe(1)
    expect(printed[0]).toMatch(/^[0-9a-f-]{36}\n$/)
  })

  /** Two processes on one database: a lease is one process's, a sign-out of one is seen by the other at its next look. */
  it('shares one database between processes', async () => {
    const store = await open()
    await signInAnn(store)
    const [user] = await store.users.list()
    const [token] = await store.tokens.listForUser(user?.id ?? '')
    const cookie = { cookieHash: 'cookie', cookieExpiresAt: clock.at(1000) }
    await store.sessions.create({ userName: 'ann', name: 'R', ...cookie })
    const integrationId = token?.integrationId ?? ''
    expect((await store.sessions.lookUp('cookie', integrationId))?.token).toEqual(token)
    const race = `
      const holder = { nodeId: 'n' + process.pid, incarnation: '1', pid: process.pid, startTime: '1', bootId: 'b' }
      const taken = await store.tokens.takeLease('${token?.id}', holder, 0, 20000, () => false)
      if (taken) await store.tokens.remove('${user?.id}', '${integrationId}', { queue: false, giveUpAt: new Date() })
      console.log(taken)`
    const printed = await Promise.all([1, 2].map(() => output(storeProcess(directory, dataDir, race))))
    expect(printed.map((text) => text.trim()).sort()).toEqual(['false', 'true'])
    expect(await store.sessions.lookUp('cookie', integrationId)).not.toHaveProperty('token')
    await store.close()
  })
})

/** A process of its own with the store open as `store`; it closes the store and ends after `script`. */
function storeProcess(directory: string, dataDir: string, script: string): ChildProcess {
  const source = `
    import { openStore } from '${new URL('./open.ts', import.meta.url).href}'
    import { realEffects } from '${new URL('../effects.ts', import.meta.url).href}'
    const options = { directory: '${directory}', dataDir: '${dataDir}', uid: ${uid}, effects: realEffects() }
    const store = await openStore(options)
    ${script}
    await store.close()`
  return spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function output(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  return text
}

/** Leaves a database whose log was never copied into it: its process was killed with rows committed. */
async function killedMidway(directory: string, dataDir: string): Promise<void> {
  const script = `
    await store.users.create({ name: 'ann', passwordHash: 'x', isAdmin: false })
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => {})`
  const child = storeProcess(directory, dataDir, script)
  const [, signal] = await once(child, 'close')
  expect(signal).toBe('SIGKILL')
}
