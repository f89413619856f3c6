import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminHealth } from '../src/domain/admin-api.ts'
import type { Running } from '../testing/command-line.ts'
import {
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  startServeProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

const SECTION = `[demo]
client-id = demo
client-secret = a-long-demo-secret
authorization-url = https://demo.example/authorize
token-url = https://demo.example/token
`

/** Told in order: each step stands on the one before. */
describe('two servers on one database', () => {
  let first: ServerFiles
  let second: ServerFiles
  let one: Running
  let two: Running

  beforeAll(async () => {
    first = await prepareServer({ oauthClients: SECTION })
    second = await prepareServer({ oauthClients: `${SECTION}scopes = read\n` })
    one = await startServeProcess(first)
    joinDatabase()
    two = await startServeProcess(second)
  })

  afterAll(async () => {
    for (const { child } of [one, two]) child.kill('SIGTERM')
    await Promise.all([one.finished, two.finished])
    for (const files of [first, second]) removeFiles(files)
  })

  /** A second node on one machine: its own port, data directory and admin socket, the first one's database, keys and address. */
  function joinDatabase(): void {
    writeFileSync(join(second.configDir, 'database.conf'), `provider=sqlite\ndirectory=${first.dataDir}\n`, { mode: 0o600 })
    copyFileSync(join(first.dataDir, 'key-ring'), join(second.dataDir, 'key-ring'))
    const conf = join(second.configDir, 'benchkey.conf')
    const text = readFileSync(conf, 'utf8').replace(`public-url=${second.publicUrl}`, `public-url=${first.publicUrl}`)
    writeFileSync(conf, text, { mode: 0o600 })
  }

  const health = async (files = first): Promise<AdminHealth> =>
    JSON.parse((await runAdmin(files, ['health', '--json'])).stdout) as AdminHealth
  const told = async (files?: ServerFiles) => (await health(files)).findings.map(({ level, about }) => `${level} ${about}`)
  const processes = async (files?: ServerFiles) => (await health(files)).nodes.map(({ pid }) => pid)

  it('know of each other, and tell that they run different configurations', async () => {
    await expect.poll(() => processes()).toEqual(expect.arrayContaining([one.child.pid, two.child.pid]))
    for (const files of [first, second]) expect(await told(files)).toEqual(['problem nodes'])
    expect((await runAdmin(first, ['health'])).stdout).toMatch(
      /^1 thing needs you:\n✗ Servers run different configurations: [0-9a-f]{8} on .* \(process \d+\); [0-9a-f]{8} on .*\n/,
    )
  })

  it('are well when a reload has made them agree', async () => {
    writeOauthClients(second, SECTION)
    expect((await runAdmin(second, ['reload'])).code).toBe(0)
    for (const files of [first, second]) await expect.poll(() => told(files)).toEqual([])
    expect((await runAdmin(first, ['health'])).code).toBe(0)
  })

  it('forget the one that was killed when it starts again', async () => {
    const killed = two.child.pid
    two.child.kill('SIGKILL')
    await two.finished
    expect(await processes()).toContain(killed)
    two = await startServeProcess(second)
    await expect.poll(() => processes()).not.toContain(killed)
    expect(await processes()).toHaveLength(2)
  })

  it('forget the one that ends', async () => {
    two.child.kill('SIGTERM')
    expect((await two.finished).code).toBe(0)
    expect(await processes()).toEqual([one.child.pid])
  })

  it('say when the key ring on the disk would not open the database any more', async () => {
    const ring = join(first.dataDir, 'key-ring')
    renameSync(ring, `${ring}.away`)
    const { code, stdout } = await runAdmin(first, ['health'])
    expect(code).toBe(1)
    expect(stdout).toContain(`✗ The key file ${ring} is missing, and the database holds what only its keys can open`)
    renameSync(`${ring}.away`, ring)
    expect((await runAdmin(first, ['health'])).code).toBe(0)
  })

  it('say nothing when none of them runs: 75', async () => {
    one.child.kill('SIGTERM')
    await one.finished
    expect((await runAdmin(first, ['health'])).code).toBe(75)
  })
})
