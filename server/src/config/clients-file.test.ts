import { execFileSync } from 'node:child_process'
import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ClientsFile, type ClientsNow, hashOf } from './clients-file.ts'
import { ReplacedFile } from './replaced-file.ts'

const uid = process.getuid?.() ?? 0
const OLD = '[lab]\nname=Lab\n'
const NEW = '[lab]\nname=New\n'
const BY_HAND = '[lab]\nname=By hand\n'

let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'benchkey-clients-'))
  path = join(directory, 'oauth-clients.conf')
  writeFileSync(path, OLD, { mode: 0o600 })
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const now = (): string => readFileSync(path, 'utf8')
const others = (): readonly string[] => readdirSync(directory).filter((name) => name !== 'oauth-clients.conf')

/** A file that somebody edits right after it was looked at for the last time. */
class EditedFile extends ClientsFile {
  readonly #edit: () => void

  constructor(edit: () => void, configDir = directory) {
    super({ configDir, dataDir: configDir, uid }, Buffer.alloc(0))
    this.#edit = edit
  }

  override async read(): Promise<ClientsNow> {
    const found = await super.read()
    this.#edit()
    return found
  }
}

const write = (edit: () => void, expected = OLD) => new EditedFile(edit).write(Buffer.from(NEW), hashOf(Buffer.from(expected)))

describe('a file that is edited by hand between the last look and the rename', () => {
  test.each([
    ['in place, as nano and a shell do', () => writeFileSync(path, BY_HAND)],
    [
      ...['in place by somebody who had it open'],
      () => {
        const descriptor = openSync(path, 'r+')
        writeSync(descriptor, BY_HAND)
        closeSync(descriptor)
      },
    ],
  ] as [string, () => void][])('%s: what was written is in the hands of who replaced it', async (_, edit) => {
    const { replaced, isDurable } = await write(edit)
    expect([now(), isDurable, (await replaced?.bytes())?.toString()]).toEqual([NEW, true, BY_HAND])
    await replaced?.release()
    expect(others()).toEqual([])
  })

  test.each([
    ['another one is put in its place, as vim and sed do', () => put(BY_HAND)],
    [
      'its old one is kept under another name',
      () => {
        renameSync(path, `${path}~`)
        writeFileSync(path, BY_HAND, { mode: 0o600 })
      },
    ],
  ] as [string, () => void][])('%s: it is not replaced', async (_, edit) => {
    await expect(write(edit)).rejects.toMatchObject({ kind: 'changed' })
    expect(now()).toBe(BY_HAND)
    expect(others().filter((name) => !name.endsWith('~'))).toEqual([])
  })

  test('is made where there was none: it is not replaced', async () => {
    rmSync(path)
    await expect(write(() => put(BY_HAND), '')).rejects.toMatchObject({ kind: 'changed' })
    expect([now(), others()]).toEqual([BY_HAND, []])
    rmSync(path)
    expect(await write(() => undefined, '')).toEqual({ isDurable: true })
    expect([now(), others()]).toEqual([NEW, []])
  })

  function put(text: string): void {
    writeFileSync(`${path}.of-editor`, text, { mode: 0o600 })
    renameSync(`${path}.of-editor`, path)
  }
})

describe('a replaced file', () => {
  test('shows what an editor that had it open writes later, and its link is closed to others and goes with it', async () => {
    const descriptor = openSync(path, 'r+')
    const { replaced } = await write(() => undefined)
    const [link = ''] = others()
    expect([link.endsWith('.replaced'), statSync(join(directory, link)).mode & 0o777]).toEqual([true, 0o600])
    expect((await replaced?.bytes())?.toString()).toBe(OLD)
    writeSync(descriptor, BY_HAND)
    closeSync(descriptor)
    expect((await replaced?.bytes())?.toString()).toBe(BY_HAND)
    await replaced?.release()
    expect([now(), others()]).toEqual([NEW, []])
  })

  test('that a crash left is found, but the file of now, a link and what is open to others are not', async () => {
    const file = new EditedFile(() => undefined)
    const beside = (name: string): string => `${path}.${name}.replaced`
    linkSync(path, beside('of-now'))
    writeFileSync(beside('of-before'), BY_HAND, { mode: 0o600 })
    writeFileSync(beside('open'), BY_HAND, { mode: 0o644 })
    symlinkSync(path, beside('link'))
    const left = await file.leftReplaced()
    expect(left.map(({ bytes }) => bytes.toString())).toEqual([BY_HAND])
    for (const { forget } of left) await forget()
    expect(others().toSorted()).toEqual(['oauth-clients.conf.link.replaced', 'oauth-clients.conf.open.replaced'])
  })

  test.runIf(statSync('/dev/shm').dev !== statSync(tmpdir()).dev)('is held without a link where there can be none', async () => {
    const elsewhere = join(mkdtempSync('/dev/shm/benchkey-clients-'), 'x.replaced')
    const held = await ReplacedFile.hold(path, elsewhere)
    writeFileSync(path, BY_HAND)
    expect([held?.isAt(path), (await held?.bytes())?.toString()]).toEqual([true, BY_HAND])
    await held?.release()
    rmSync(join(elsewhere, '..'), { recursive: true })
  })
})

describe('a disk that takes no file', () => {
  const refused = async (configDir: string, why: RegExp): Promise<void> => {
    const file = new EditedFile(() => undefined, configDir)
    await expect(file.write(Buffer.from(NEW), hashOf(Buffer.from(OLD)))).rejects.toMatchObject({
      ...{ name: 'WriteRefused', kind: 'refused' },
      message: expect.stringMatching(why),
    })
    expect(readFileSync(join(configDir, 'oauth-clients.conf'), 'utf8')).toBe(OLD)
    expect(readdirSync(configDir)).toEqual(['oauth-clients.conf'])
  }

  test('because the names of what is written beside the file are too long: a sentence, and the file as it was', async () => {
    let long = directory
    while (long.length < 4030) long = join(long, 'x'.repeat(Math.min(200, 4035 - long.length)))
    mkdirSync(long, { recursive: true })
    writeFileSync(join(long, 'oauth-clients.conf'), OLD, { mode: 0o600 })
    await refused(long, /oauth-clients\.conf could not be written \(ENAMETOOLONG\); the file is as it was\.$/)
  })

  test.runIf(uid === 0)(
    'because it has no inode left, or only this one file is mounted: a sentence, and the file as it was',
    async () => {
      const disk = join(directory, 'disk')
      mkdirSync(disk)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'nr_inodes=2,mode=700', 'benchkey-test', disk])
      try {
        writeFileSync(join(disk, 'oauth-clients.conf'), OLD, { mode: 0o600 })
        await refused(disk, /^There is no room on the disk/)
      } finally {
        execFileSync('umount', [disk])
      }
      const mounted = join(disk, 'oauth-clients.conf')
      writeFileSync(mounted, '', { mode: 0o600 })
      execFileSync('mount', ['--bind', path, mounted])
      try {
        await refused(
          disk,
          /is mounted by itself, so no other file can take its place; it is as it was\. Mount its directory instead/,
        )
      } finally {
        execFileSync('umount', [mounted])
      }
    },
  )
})
