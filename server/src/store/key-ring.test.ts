import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SetupError } from '../domain/errors.ts'
import { loadKeyRing } from './key-ring.ts'

const uid = process.getuid?.() ?? 0
const base64 = (fill: number): string => Buffer.alloc(32, fill).toString('base64')

describe('the key ring', () => {
  let directory: string
  let path: string

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'benchkey-keys-'))
    path = join(directory, 'key-ring')
  })

  afterEach(() => rm(directory, { recursive: true }))

  const load = (more: { uid?: number; mayCreate?: boolean } = {}) =>
    loadKeyRing(path, { uid, mayCreate: false, randomBytes: (size) => randomBytes(size), ...more })

  const write = async (text: string, mode = 0o600): Promise<void> => {
    await writeFile(path, text)
    await chmod(path, mode)
  }

  const refusal = (more: Parameters<typeof load>[0] = {}): string => {
    try {
      load(more)
    } catch (error) {
      expect(error).toBeInstanceOf(SetupError)
      const { message } = error as SetupError
      expect(message).toContain(path)
      expect(message.trim().split('\n')).toHaveLength(1)
      return message
    }
    throw new Error('the key ring was accepted')
  }

  it('is made where it may be, for its owner alone, and is the same the next time', async () => {
    const made = load({ mayCreate: true })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(path, 'utf8')).toMatch(/^k[0-9a-f]{8} [A-Za-z0-9+/]{43}=\n$/)
    expect(await readdir(directory)).toEqual(['key-ring'])
    const again = load({ mayCreate: true })
    expect(again.primaryKid).toBe(made.primaryKid)
    expect(again.keys.get(made.primaryKid)?.equals(made.keys.get(made.primaryKid) ?? raise())).toBe(true)
  })

  it('is never made over a database that holds keys', async () => {
    expect(refusal()).toContain('is missing')
    expect(await readdir(directory)).toEqual([])
  })

  it('has its first key as the primary one', async () => {
    await write(`new ${base64(1)}\nold ${base64(2)}\n`)
    const ring = load()
    expect(ring.primaryKid).toBe('new')
    expect([...ring.keys.keys()]).toEqual(['new', 'old'])
    expect(ring.keys.get('old')?.export()).toEqual(Buffer.alloc(32, 2))
  })

  it('is as good without its last line end', async () => {
    await write(`a ${base64(1)}`)
    expect(load().primaryKid).toBe('a')
  })

  it.each([
    ['empty', ''],
    ['cut off in its first key', `a ${base64(1).slice(0, 20)}`],
    ['cut off in its second key', `a ${base64(1)}\nb ${base64(2).slice(0, 40)}`],
    ['cut off after a name', `a ${base64(1)}\nb`],
    ['a longer key', `a ${Buffer.alloc(33).toString('base64')}\n`],
    ['a key in another spelling', `a ${base64(255).replaceAll('/', '_')}\n`],
    ['a third word', `a ${base64(1)} b\n`],
    ['an empty line inside', `a ${base64(1)}\n\nb ${base64(2)}\n`],
    ['Windows line ends', `a ${base64(1)}\r\n`],
    ['a name with a dot', `a.b ${base64(1)}\n`],
  ])('is refused when it is %s', async (_what, text) => {
    await write(text)
    const message = refusal({ mayCreate: true })
    expect(message).not.toContain(base64(1).slice(0, 20))
  })

  it('is refused with one name twice', async () => {
    await write(`a ${base64(1)}\na ${base64(2)}\n`)
    expect(refusal()).toContain('names the key a twice')
  })

  it.each([0o640, 0o604, 0o620, 0o601, 0o644])('is refused with mode %o', async (mode) => {
    await write(`a ${base64(1)}\n`, mode)
    expect(refusal()).toContain('chmod 600')
  })

  it('is refused when it belongs to somebody else', async () => {
    await write(`a ${base64(1)}\n`)
    expect(refusal({ uid: uid + 1 })).toContain(`chown ${uid + 1}`)
  })

  it('is refused when it is a link or a directory', async () => {
    await writeFile(join(directory, 'elsewhere'), `a ${base64(1)}\n`, { mode: 0o600 })
    await symlink(join(directory, 'elsewhere'), path)
    expect(refusal({ mayCreate: true })).toContain('plain file')
    path = directory
    expect(refusal({ mayCreate: true })).toContain('plain file')
  })

  it('is refused, not waited for, when it is a pipe', async () => {
    const { execFileSync } = await import('node:child_process')
    execFileSync('mkfifo', ['-m', '600', path])
    expect(refusal({ mayCreate: true })).toContain('plain file')
  })
})

function raise(): never {
  throw new Error('there is no such key')
}
