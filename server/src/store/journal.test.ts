import { randomBytes } from 'node:crypto'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Cipher } from './encryption.ts'
import { FileJournal } from './journal.ts'
import { openJournalFolder } from './journal-folder.ts'
import { entriesIn, framesOf, SLOT_BYTES } from './journal-slots.ts'
import { memoryKeyRing } from './key-ring.ts'
import type { Journal } from './store-of-results.ts'
import type { RefreshResult, TokenResult } from './token-results.ts'

const effects = { now: () => new Date(), randomBytes: (size: number) => randomBytes(size) }
const ring = memoryKeyRing(effects.randomBytes)
const MIB = 1024 * 1024

let directory: string
let journals: Journal[]

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'benchkey-journal-')), 'journals')
  journals = []
})

afterEach(async () => {
  for (const journal of journals) await journal.close()
  rmSync(join(directory, '..'), { recursive: true, force: true })
})

/** The journal of a process. Nothing of it is closed when the process "dies". */
function journalOf(name: string, keys = ring): Journal {
  const holder = { nodeId: 'host', incarnation: name, pid: 7, startTime: '1', bootId: 'b' }
  const folder = openJournalFolder(directory, process.getuid?.() ?? 0)
  const journal = new FileJournal({ folder, cipher: new Cipher(keys, effects.randomBytes), effects, holder, writesAhead: false })
  journals.push(journal)
  return journal
}

function refresh(attempt: string, accessToken = `at-${attempt}`): RefreshResult {
  return {
    ...{ kind: 'refresh', userId: 'ann', integrationId: 'lab', sentAt: new Date(1_000) },
    key: { tokenId: 'row', generation: 3, attempt },
    reply: {
      secrets: { accessToken, refreshToken: `rt-${attempt}`, extra: { site: 'x' } },
      ...{ tokenType: 'Bearer', issuedAt: new Date(1_000), expiresAt: new Date(2_000), scopesGranted: ['read'] },
    },
  }
}

async function write(journal: Journal, result: TokenResult) {
  return await (await journal.reserve()).write(result)
}

const gone = async () => true
const resultsOf = (journal: Journal) => Promise.all(journal.entries().map((entry) => entry.read()))
const files = () => readdirSync(directory).sort()

describe('a journal', () => {
  it('is made at the first reservation, closed to others, with its room in it, and goes with a process that owes nothing', async () => {
    const journal = journalOf('a')
    expect(files()).toEqual([])
    const room = await journal.reserve()
    expect(files()).toEqual(['a.journal'])
    const { mode, size, blocks } = statSync(join(directory, 'a.journal'))
    expect([mode & 0o777, statSync(directory).mode & 0o777]).toEqual([0o600, 0o700])
    expect(blocks * 512).toBeGreaterThanOrEqual(size)
    room.release()
    await journal.close()
    expect(files()).toEqual([])
  })

  it.each([
    ['a refresh', { ...refresh('one'), clientFingerprint: 'of a client' }],
    ['a refresh of a version that did not say which client it is of', refresh('one')],
    ['a sign-in', signIn()],
    ['an answer that was not understood', unread(Buffer.from('what?'))],
    ['the longest answer there is', unread(randomBytes(256 * 1024))],
  ] as const)('gives %s to the process that takes it over, and then is gone', async (_, result) => {
    await write(journalOf('a'), result)
    const heir = journalOf('b')
    expect(await heir.adopt(gone)).toEqual([])
    expect(await resultsOf(heir)).toEqual([result])
    for (const entry of heir.entries()) await entry.free()
    expect(files()).toEqual([])
  })

  it('holds no secret in the open', async () => {
    await write(journalOf('a'), refresh('canary'))
    const text = readFileSync(join(directory, 'a.journal'), 'latin1')
    for (const secret of ['at-canary', 'rt-canary']) {
      expect(text).not.toContain(secret)
      expect(text).not.toContain(Buffer.from(secret).toString('base64url').slice(0, 10))
    }
  })

  it('overwrites what is of no use any more', async () => {
    const journal = journalOf('a')
    await (await write(journal, refresh('one'))).free()
    expect(
      readFileSync(join(directory, 'a.journal'))
        .subarray(SLOT_BYTES)
        .every((byte) => byte === 0),
    ).toBe(true)
    expect(journal.entries()).toEqual([])
  })

  it('tells what was committed from what waits, also to the next process', async () => {
    const journal = journalOf('a')
    const entry = await write(journal, refresh('one'))
    await write(journal, refresh('two'))
    await entry.keep()
    const heir = journalOf('b')
    await heir.adopt(gone)
    expect(heir.entries().map(({ facts, state }) => [facts.attempt, state])).toEqual([
      ['one', 'kept'],
      ['two', 'waiting'],
    ])
  })

  it('grows when its slots are used up', async () => {
    const journal = journalOf('a')
    const rooms = []
    for (let n = 0; n < 200; n += 1) rooms.push(await journal.reserve())
    const written = await Promise.all(rooms.map((room, n) => room.write(refresh(`${n}`))))
    expect(statSync(join(directory, 'a.journal')).size).toBeGreaterThan(2 * MIB)
    expect(new Set((await resultsOf(journal)).map((result) => (result as RefreshResult).key.attempt)).size).toBe(200)
    expect(written).toHaveLength(200)
  })

  it('that may not grow any more drops the oldest of what is committed, and refuses when there is none', async () => {
    const journal = new FileJournal({
      folder: openJournalFolder(directory, process.getuid?.() ?? 0),
      ...{ cipher: new Cipher(ring, effects.randomBytes), effects, writesAhead: true, mostSlots: 256 },
      holder: { nodeId: 'host', incarnation: 'a', pid: 7, startTime: '1', bootId: 'b' },
    })
    journals.push(journal)
    const first = await write(journal, refresh('first'))
    await first.keep()
    const rooms = []
    for (let n = 0; n < 32; n += 1) rooms.push(await journal.reserve())
    expect(journal.entries()).toEqual([])
    await expect(journal.reserve()).rejects.toMatchObject({ code: 'full' })
    rooms[0]?.release()
    await journal.reserve()
  })

  it('is taken over by one of several', async () => {
    const dead = journalOf('a')
    for (const attempt of ['one', 'two', 'three']) await write(dead, refresh(attempt))
    const heirs = ['b', 'c', 'd'].map((name) => journalOf(name))
    await Promise.all(heirs.map((heir) => heir.adopt(gone)))
    expect(heirs.map((heir) => heir.entries().length).sort()).toEqual([0, 0, 3])
  })

  it('is taken over from an heir that died too, and judged by the heir', async () => {
    await write(journalOf('a'), refresh('one'))
    await journalOf('b').adopt(gone)
    const last = journalOf('c')
    const asked: string[] = []
    await last.adopt(async ({ incarnation, holder }) => {
      asked.push(`${incarnation} ${holder?.incarnation}`)
      return false
    })
    expect(asked).toEqual(['b undefined'])
    await last.adopt(gone)
    expect(last.entries()).toHaveLength(1)
  })

  it('stays with a process that lives', async () => {
    const journal = journalOf('a')
    await write(journal, refresh('one'))
    const other = journalOf('b')
    await other.adopt(async ({ holder }) => holder?.incarnation !== 'a')
    expect(other.entries()).toEqual([])
    expect(journal.entries()).toHaveLength(1)
  })

  it('of a server that was in the same process before is taken over without a question', async () => {
    const before = journalOf('a')
    await write(before, refresh('one'))
    await before.close()
    const after = journalOf('a')
    await write(after, refresh('two'))
    expect(await after.adopt(async () => false)).toEqual([])
    expect(
      after
        .entries()
        .map(({ facts }) => facts.attempt)
        .sort(),
    ).toEqual(['one', 'two'])
    expect(await after.adopt(async () => false)).toEqual([])
    expect(after.entries()).toHaveLength(2)
  })

  it('that was taken from a process that lives all the same is made anew by its next result, which is lost to nobody', async () => {
    const journal = journalOf('a')
    const [early, late] = [await journal.reserve(), await journal.reserve()]
    await early.write(refresh('early'))
    const heir = journalOf('b')
    await heir.adopt(gone)
    await late.write(refresh('late'))
    expect(journal.entries().map(({ facts }) => facts.attempt)).toEqual(['late'])
    expect(heir.entries().map(({ facts }) => facts.attempt)).toEqual(['early'])
    expect(files()).toContain('a.journal')
  })
})

describe('a damaged journal', () => {
  /** Two entries, one of them changed as `damage` says; what the heir finds and is told. */
  async function found(damage: (path: string, offsets: readonly number[]) => void) {
    const dead = journalOf('a')
    await write(dead, refresh('one'))
    await write(dead, refresh('two'))
    const path = join(directory, 'a.journal')
    const bytes = readFileSync(path)
    const offsets = [...Array(bytes.length / SLOT_BYTES).keys()]
      .map((slot) => slot * SLOT_BYTES)
      .filter((offset) => offset > 0 && bytes.readUInt32BE(offset) !== 0)
    damage(path, offsets)
    const heir = journalOf('b')
    const told = await heir.adopt(gone)
    return { attempts: heir.entries().map(({ facts }) => facts.attempt), told, heir }
  }

  const flip = (path: string, at: number): void => {
    const bytes = readFileSync(path)
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    writeFileSync(path, bytes)
  }

  it.each([
    ['a bit of its text flips', (path: string, [first = 0]: readonly number[]) => flip(path, first + 200)],
    ['a bit of its frame flips', (path: string, [first = 0]: readonly number[]) => flip(path, first + 29)],
    [
      'its write was torn',
      (path: string, [first = 0]: readonly number[]) => {
        const bytes = readFileSync(path)
        bytes.fill(0, first + 300, first + SLOT_BYTES)
        writeFileSync(path, bytes)
      },
    ],
  ])('costs one entry when %s', async (_, damage) => {
    const { attempts, told, heir } = await found(damage)
    expect(attempts).toEqual(['two'])
    expect(told).toEqual([
      expect.stringMatching(/^1 entry of the journal .*\/b-[0-9a-f]+\.journal cut off or damaged, and lost\.$/),
    ])
    for (const entry of heir.entries()) await entry.free()
    expect(files()).toEqual([])
  })

  it('costs what is missing when it is cut off', async () => {
    const { attempts, told } = await found((path, [, second = 0]) => truncateSync(path, second + 100))
    expect(attempts).toEqual(['one'])
    expect(told).toHaveLength(1)
  })

  it('costs nothing when a bit of its header or of an entry’s state flips', async () => {
    const { attempts, told } = await found((path, [first = 0]) => {
      flip(path, 3)
      flip(path, first)
    })
    expect([attempts, told]).toEqual([['one', 'two'], []])
  })

  it.each([
    { kind: 'unread' },
    { tokenId: 'raw' },
    { generation: 4 },
    { attempt: 'two' },
    { userId: 'bob' },
    { integrationId: 'box' },
    { sentAtMs: 1_001 },
  ])('gives nothing for facts that were changed: the ciphertext is bound to them (%o)', async (changed) => {
    const { attempts, told, heir } = await found((path, [first = 0]) => {
      const bytes = readFileSync(path)
      const [entry] = entriesIn(bytes.subarray(0, first + SLOT_BYTES)).entries
      const [facts = '', sealed = ''] = entry?.text.split('\n') ?? []
      const text = `${JSON.stringify({ ...JSON.parse(facts), ...changed })}\n${sealed}`
      for (const frame of framesOf(Buffer.from(entry?.id ?? '', 'hex'), text)) frame.copy(bytes, first)
      writeFileSync(path, bytes)
    })
    expect(attempts).toEqual(['two'])
    expect(told).toEqual([expect.stringContaining('no key of this server opens')])
    for (const entry of heir.entries()) await entry.free()
  })

  it('of another key ring is set aside, told, and cleared away after a week', async () => {
    await write(journalOf('a', memoryKeyRing(effects.randomBytes)), refresh('one'))
    const heir = journalOf('b')
    expect(await heir.adopt(gone)).toEqual([expect.stringContaining('no key of this server opens')])
    expect(files()).toEqual([expect.stringMatching(/^b-[0-9a-f]+\.journal\.unreadable$/)])
    expect(await heir.adopt(gone)).toEqual([])
    const old = new Date(Date.now() - 8 * 24 * 60 * 60_000)
    for (const name of files()) utimesSync(join(directory, name), old, old)
    await heir.adopt(gone)
    expect(files()).toEqual([])
  })
})

describe('a file that is no journal', () => {
  it('is left as it is', async () => {
    const heir = journalOf('b')
    writeFileSync(join(directory, 'notes.txt'), 'mine', { mode: 0o600 })
    writeFileSync(join(directory, 'x.journal'), 'mine '.repeat(2000), { mode: 0o600 })
    symlinkSync('/etc/passwd', join(directory, 'y.journal'))
    const told = await heir.adopt(gone)
    expect(told.filter((finding) => finding.includes('no journal of Benchkey'))).toHaveLength(1)
    expect(told.filter((finding) => finding.includes('y.journal'))).toHaveLength(1)
    expect(files()).toEqual([expect.stringMatching(/^b-[0-9a-f]+\.journal\.foreign$/), 'notes.txt', 'y.journal'])
    expect(await heir.adopt(gone)).toEqual([])
  })

  it('is cleared away when it is an own one that was never finished', async () => {
    const heir = journalOf('b')
    writeFileSync(join(directory, 'x.journal'), '', { mode: 0o600 })
    writeFileSync(join(directory, 'z.journal'), Buffer.alloc(10_000), { mode: 0o600 })
    expect(await heir.adopt(gone)).toEqual([])
    expect(files()).toEqual([])
  })

  it('is refused when others may read it', async () => {
    const heir = journalOf('b')
    writeFileSync(join(directory, 'x.journal'), '', { mode: 0o644 })
    expect(await heir.adopt(gone)).toEqual([expect.stringContaining('is left alone')])
    expect(files()).toEqual(['x.journal'])
  })
})

function signIn(): TokenResult {
  const { reply } = refresh('sign-in')
  const token = { id: 'row', userId: 'ann', integrationId: 'lab', scopesAsked: ['read'], clientFingerprint: 'f', reply }
  return { kind: 'sign_in', userId: 'ann', integrationId: 'lab', sentAt: new Date(1_000), token }
}

function unread(body: Buffer): TokenResult {
  const { userId, integrationId, sentAt, key } = refresh('unread')
  const answer = { status: 200, contentType: 'text/html', body: body.toString('base64') }
  return { kind: 'unread', userId, integrationId, sentAt, key, unread: answer }
}
