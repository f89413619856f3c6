import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FaultBench, replyOf } from '../testing/fault-bench.ts'
import { prepareServer, removeFiles, startServeProcess } from '../testing/start-server.ts'

/** Faults F24 and F40 of refresh.md: what must never be written over. */
describe('a start on a database that does not fit', () => {
  let bench: FaultBench
  let keyFile: string

  beforeAll(async () => {
    bench = await FaultBench.prepare(
      ({ authorizationUrl, tokenUrl }) => `[lab]
client-id = lab
client-secret = a-long-secret
authorization-url = ${authorizationUrl}
token-url = ${tokenUrl}
scopes = read
`,
    )
    keyFile = join(bench.files.dataDir, 'key-ring')
    await bench.start()
    await bench.signIn('lab')
    expect(await bench.end()).toBe(0)
  })

  afterAll(() => bench.close())

  it.each<[string, (key: string) => void, RegExp]>([
    ['the key file is missing', () => renameSync(keyFile, `${keyFile}.away`), /key-ring/],
    [
      'the key is another one',
      (key) => writeFileSync(keyFile, key.replace(/ .*/, ` ${Buffer.alloc(32, 7).toString('base64')}`)),
      /key/,
    ],
    ['the key has another name', (key) => writeFileSync(keyFile, key.replace(/^\S+/, 'k9')), /key/],
    ['the key is cut short', (key) => writeFileSync(keyFile, key.slice(0, 20)), /key-ring/],
    ['the key file is empty', () => writeFileSync(keyFile, ''), /key-ring/],
    ['others may read the key file', () => chmodSync(keyFile, 0o644), /key-ring.*chmod 600/s],
  ])('F24: %s: exit 78, the database as it was, and no new key', async (_name, hurt, words) => {
    const key = readFileSync(keyFile, 'utf8')
    hurt(key)
    const before = bytesOf(bench.files.dataDir)
    const refused = await startServeProcess(bench.files).catch((error: Error) => error.message)
    expect(refused).toMatch(/^benchkey serve ended with 78: /)
    expect(refused).toMatch(words)
    expect(refused).not.toContain(key.split(' ')[1]?.trim() ?? 'no key')
    expect(bytesOf(bench.files.dataDir)).toEqual(before)
    writeFileSync(keyFile, key)
    chmodSync(keyFile, 0o600)
    await bench.start()
    expect(replyOf(await bench.fetch('lab')).access_token).toBeDefined()
    await bench.end()
  })

  it('F40: a newer Benchkey wrote it: exit 78, the database as it was', async () => {
    bench.edit((database) => database.exec("INSERT INTO kysely_migration VALUES ('0999_later', '2030-01-01T00:00:00.000Z')"))
    const before = bytesOf(bench.files.dataDir)
    const refused = await startServeProcess(bench.files).catch((error: Error) => error.message)
    expect(refused).toMatch(/^benchkey serve ended with 78: .*newer Benchkey \(0999_later\)/s)
    expect(bytesOf(bench.files.dataDir)).toEqual(before)
    bench.edit((database) => database.exec("DELETE FROM kysely_migration WHERE name = '0999_later'"))
  })
})

it('a server without a configuration says what is missing, exit 78, and makes nothing', async () => {
  const files = await prepareServer()
  writeFileSync(join(files.configDir, 'benchkey.conf'), 'www-port=many\n', { mode: 0o600 })
  const refused = await startServeProcess(files).catch((error: Error) => error.message)
  expect(refused).toMatch(/^benchkey serve ended with 78: .*benchkey\.conf:1: www-port: /s)
  expect(readdirSync(files.dataDir)).toEqual([])
  removeFiles(files)
})

/** Every file of a folder by its hash. */
function bytesOf(folder: string): Readonly<Record<string, string>> {
  const hashOf = (name: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex')
  return Object.fromEntries(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => [name, hashOf(name)]),
  )
}
