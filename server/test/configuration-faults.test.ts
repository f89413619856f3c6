import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileMark } from '../src/config/masked-text.ts'
import { realEffects } from '../src/effects.ts'
import { openStore } from '../src/store/open.ts'
import { addAndLogIn, type PersonsPages } from '../testing/administrator.ts'
import type { Running } from '../testing/command-line.ts'
import { editDatabase } from '../testing/edit-database.ts'
import {
  prepareNode,
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  startServeProcess,
  writeDatabaseConf,
  writeOauthClients,
} from '../testing/start-server.ts'

const LAB = `[lab]
client-id=lab
client-secret=lab-s3cret
authorization-url=https://lab.example/authorize
token-url=https://lab.example/token
`
const WRITTEN = `${LAB}description=of ann\n`
const API = '/api/admin/configuration'

let files: ServerFiles
let server: ServerInProcess
let ann: PersonsPages
let others: { files: ServerFiles; running: Running }[]

beforeEach(async () => {
  others = []
  files = await prepareServer({ oauthClients: LAB, singleUser: false })
  server = await startInProcess(files)
  ann = await addAndLogIn(files, 'ann', { isAdmin: true })
})

afterEach(async () => {
  for (const { running } of others) {
    running.child.kill('SIGTERM')
    await running.finished
  }
  await server.close()
  for (const each of [files, ...others.map((other) => other.files)]) removeFiles(each)
})

const fileOf = (of: ServerFiles): string => readFileSync(join(of.configDir, 'oauth-clients.conf'), 'utf8')
const change = (description: string) => ann.put(`${API}/sections/lab`, { section: 'lab', options: { description } })
const deploy = async () => ann.post(`${API}/deploy`, { token: (await ann.get(`${API}/review`)).body.token })
const answers = async (): Promise<string[]> => (await ann.get(API)).body.nodes.map(({ text }: { text: string }) => text)

/** Another server on the first one's database, with files of its own. */
async function addNode(): Promise<ServerFiles> {
  const node = await prepareNode(files)
  writeDatabaseConf(node, ['provider=sqlite', `directory=${files.dataDir}`])
  copyFileSync(join(files.dataDir, 'key-ring'), join(node.dataDir, 'key-ring'))
  others.push({ files: node, running: await startServeProcess(node) })
  return node
}

async function restart(lines: string): Promise<void> {
  await server.close()
  const conf = join(files.configDir, 'benchkey.conf')
  writeFileSync(conf, `${readFileSync(conf, 'utf8')}${lines}`, { mode: 0o600 })
  server = await startInProcess(files)
}

describe('several servers', () => {
  it('with files of their own: the page changes nothing, and says why and what to do', async () => {
    await addNode()
    await expect.poll(async () => (await ann.get(API)).body.readOnly).toMatch(/^Several servers run, each with files of its own/)
    expect((await change('x')).status).toBe(400)
  })

  it('that say they share: a deploy reaches all; who has other bytes, is down or refuses is named', async () => {
    await restart('shared-configuration=1\n')
    const node = await addNode()
    await expect.poll(answers).toEqual(['runs 1', 'runs 1'])
    // What a shared directory does.
    await change('shared')
    const deployed = deploy()
    await expect.poll(() => fileOf(files), { interval: 5 }).toContain('description=shared')
    writeOauthClients(node, fileOf(files))
    expect((await deployed).status).toBe(200)
    await expect.poll(answers).toEqual(['runs 2', 'runs 2'])
    writeOauthClients(node, LAB)
    const reloaded = await runAdmin(files, ['reload'])
    expect(reloaded.code).toBe(1)
    expect(reloaded.stdout).toMatch(/: runs 1, not 2: it has other files$/m)
    writeOauthClients(node, `${LAB}scops=x\n`)
    const refused = await runAdmin(files, ['reload'])
    expect([refused.code, refused.stdout]).toEqual([
      1,
      expect.stringMatching(/: refused 2: .*oauth-clients\.conf:6: \[lab\] scops: is not a known option/),
    ])
    writeOauthClients(node, fileOf(files))
    expect((await runAdmin(files, ['reload'])).code).toBe(0)
    const [other] = others
    other?.running.child.kill('SIGKILL')
    await other?.running.finished
    await editDatabase(files, (database) =>
      database.exec(`UPDATE nodes SET heartbeat_ms = heartbeat_ms - 60000 WHERE pid = ${other?.running.child.pid}`),
    )
    await change('while it is down')
    expect((await deploy()).status).toBe(200)
    expect(await answers()).toEqual(
      expect.arrayContaining([
        'runs 3',
        expect.stringMatching(/^does not answer since \{time:.*\}; it reads the file when it starts$/),
      ]),
    )
  })
})

describe('a deploy', () => {
  it('writes nothing while the database takes nothing, and everything afterwards', async () => {
    await change('locked')
    const { token } = (await ann.get(`${API}/review`)).body
    const lock = new DatabaseSync(join(files.dataDir, 'benchkey.db'))
    // The server writes now and then, too.
    await expect.poll(() => lock.exec('BEGIN IMMEDIATE')).toBeUndefined()
    const deployed = ann.post(`${API}/deploy`, { token })
    // Enough time for all of it but what the database has to take.
    for (let n = 0; n < 5; n += 1) expect((await ann.get(`${API}/review`)).body.blocked).toBeUndefined()
    expect(fileOf(files)).toBe(LAB)
    lock.exec('ROLLBACK')
    lock.close()
    expect((await deployed).status).toBe(200)
    expect(fileOf(files)).toContain('description=locked')
  })

  it('that died after the file was written is in the history with its author; what one left half written goes', async () => {
    await server.close()
    await announced(WRITTEN)
    writeOauthClients(files, WRITTEN)
    const left = join(files.configDir, 'oauth-clients.conf.0b0c.deploy')
    writeFileSync(left, 'half', { mode: 0o600 })
    server = await startInProcess(files)
    await expect
      .poll(async () => (await ann.get(`${API}/versions`)).body.versions)
      .toMatchObject([
        { number: 2, by: 'ann', summary: 'changed lab', isCurrent: true },
        { number: 1, by: 'the file' },
      ])
    await change('next')
    expect((await deploy()).body.error?.message).toMatch(/Another administrator deploys at this moment/)
    await editDatabase(files, (database) => database.exec('UPDATE configuration_state SET deploy_until = 0'))
    expect((await deploy()).status).toBe(200)
    expect(existsSync(left)).toBe(false)
  })

  it('keeps what an editor that had the file open writes after it, says so, and goes back to it', async () => {
    const byHand = `${LAB}description=by hand\n`
    const descriptor = openSync(join(files.configDir, 'oauth-clients.conf'), 'r+')
    await change('of ann')
    expect((await deploy()).status).toBe(200)
    writeSync(descriptor, byHand)
    closeSync(descriptor)
    await expect
      .poll(async () => (await ann.get(`${API}/versions`)).body.versions)
      .toMatchObject([
        { number: 4, by: 'ann', summary: 'back to 2: changed lab', isCurrent: true },
        { number: 3, by: 'the file', summary: 'edited by hand while version 2 was deployed: changed lab' },
        { number: 2, by: 'ann' },
        { number: 1, by: 'the file' },
      ])
    expect(fileOf(files)).toContain('description=of ann')
    await expect.poll(answers).toEqual(['runs 4'])
    expect((await ann.get(API)).body.findings[0]).toMatchObject({
      severity: 'warning',
      message: expect.stringMatching(
        /^Somebody edited the file by hand while version 2 was deployed\..* kept as version 3: look at it in History/,
      ),
    })
    expect((await runAdmin(files, ['config', 'rollback', '3', '--yes'])).code).toBe(0)
    expect(fileOf(files)).toBe(byHand)
    expect((await ann.get(API)).body.findings).toEqual([])
  })

  it.each([
    ['before anything was written beside it', [], LAB],
    ['while it was written beside it', ['.0b0c.deploy'], LAB],
    ['after the old one was linked', ['.0b0c.deploy', '.0b0c.replaced'], LAB],
    ['after it took the place of the old one', ['.0b0c.replaced'], WRITTEN],
  ] as const)('that died %s leaves one file or the other, whole, and nothing beside it', async (_, left, lies) => {
    await server.close()
    await announced(WRITTEN)
    const path = join(files.configDir, 'oauth-clients.conf')
    for (const name of left) {
      if (name.endsWith('.replaced')) linkSync(path, `${path}${name}`)
      else writeFileSync(`${path}${name}`, WRITTEN.slice(0, 20), { mode: 0o600 })
    }
    if (lies === WRITTEN) {
      writeFileSync(`${path}.new`, WRITTEN, { mode: 0o600 })
      renameSync(`${path}.new`, path)
    }
    server = await startInProcess(files)
    const expected = lies === LAB ? [{ number: 1, by: 'the file' }] : [{ number: 2, by: 'ann' }, { number: 1 }]
    await expect.poll(async () => (await ann.get(`${API}/versions`)).body.versions).toMatchObject(expected)
    expect(fileOf(files)).toBe(lies)
    await editDatabase(files, (database) => database.exec('UPDATE configuration_state SET deploy_until = 0'))
    await change('next')
    expect((await deploy()).status).toBe(200)
    await server.close()
    expect(readdirSync(files.configDir).filter((name) => name.startsWith('oauth-clients.conf.'))).toEqual([])
    server = await startInProcess(files)
  })

  it('that died after somebody had edited what it replaced: the edit is in the history at the next start', async () => {
    await server.close()
    const path = join(files.configDir, 'oauth-clients.conf')
    writeFileSync(`${path}.0b0c.replaced`, `${LAB}description=by hand\n`, { mode: 0o600 })
    server = await startInProcess(files)
    await expect
      .poll(async () => (await ann.get(`${API}/versions`)).body.versions)
      .toMatchObject([{ number: 3 }, { number: 2, summary: expect.stringMatching(/^edited by hand while/) }, { number: 1 }])
    expect([fileOf(files), existsSync(`${path}.0b0c.replaced`)]).toEqual([LAB, false])
  })

  it('makes the file that is gone, and what it holds is only what was deployed', async () => {
    execFileSync('rm', [join(files.configDir, 'oauth-clients.conf')])
    expect((await ann.get(API)).body.integrations).toEqual([])
    const options = {
      'client-id': 'n',
      'client-secret': 'n',
      'authorization-url': 'https://n.example/a',
      'token-url': 'https://n.example/t',
    }
    expect((await ann.post(`${API}/sections`, { section: 'new', options })).status).toBe(200)
    expect((await deploy()).status).toBe(200)
    expect(fileOf(files)).toMatch(/^\[new\]\nclient-id=n\n/)
  })

  it.runIf(process.getuid?.() === 0)('leaves the old file when the disk is full, and says so', async () => {
    await server.close()
    const disk = join(files.dir, 'disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'benchkey-test', disk])
    try {
      for (const name of readdirSync(files.configDir)) copyFileSync(join(files.configDir, name), join(disk, name))
      const onDisk = { ...files, configDir: disk }
      server = await startInProcess(onDisk)
      await change('x'.repeat(6000))
      expect(() => writeFileSync(join(disk, 'filler'), Buffer.alloc(128 * 1024))).toThrow('ENOSPC')
      const refused = await deploy()
      expect([refused.status, refused.body.error.message]).toEqual([409, expect.stringMatching(/^There is no room on the disk/)])
      expect(fileOf(onDisk)).toBe(LAB)
      expect(readdirSync(disk).filter((name) => name.endsWith('.deploy'))).toEqual([])
      execFileSync('rm', [join(disk, 'filler')])
      expect((await deploy()).status).toBe(200)
    } finally {
      await server.close()
      execFileSync('umount', [disk])
      server = await startInProcess(files)
    }
  })
})

describe('a server that may not write the file', () => {
  /** The reason stands on the page, and no change is taken. */
  const refusesWith = async (reason: RegExp): Promise<void> => {
    expect((await ann.get(API)).body.readOnly).toMatch(reason)
    const refused = await change('x')
    expect([refused.status, refused.body.error.message]).toEqual([400, expect.stringMatching(reason)])
    expect(fileOf(files)).toBe(LAB)
  }

  it('says so where the file is a link', async () => {
    const path = join(files.configDir, 'oauth-clients.conf')
    renameSync(path, join(files.configDir, 'managed.conf'))
    symlinkSync('managed.conf', path)
    await refusesWith(/is a symbolic link, as a ConfigMap .* makes it\. Change the file that it leads to/)
  })

  it('says so where a tool of the administrators brings the file, and names it', async () => {
    await server.close()
    appendFileSync(join(files.configDir, 'benchkey.conf'), 'configuration-managed-by=Ansible\n')
    server = await startInProcess(files)
    await refusesWith(/^Ansible manages the configuration of this server .* Change it there/)
  })

  it.runIf(process.getuid?.() === 0)('says so where the disk is read-only', async () => {
    await server.close()
    const disk = join(files.dir, 'read-only')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'benchkey-test', disk])
    try {
      for (const name of readdirSync(files.configDir)) copyFileSync(join(files.configDir, name), join(disk, name))
      execFileSync('mount', ['-o', 'remount,ro', disk])
      server = await startInProcess({ ...files, configDir: disk })
      await refusesWith(/^This server may not write in .*read-only\. Allow it \(with systemd: ReadWritePaths=/)
    } finally {
      await server.close()
      execFileSync('umount', [disk])
      server = await startInProcess(files)
    }
  })
})

describe('on the command line', () => {
  it('shows the history and goes back, with what it costs', async () => {
    await change('first')
    await deploy()
    await change('second')
    await deploy()
    const history = await runAdmin(files, ['config', 'history'])
    expect(history.stdout).toMatch(/^\* +3 +.* ann +changed lab\n +2 +.* ann +changed lab\n +1 +.* the file +the first/m)
    expect((await runAdmin(files, ['config', 'history', '3'])).stdout).toContain('- description=first\n+ description=second\n')
    const unasked = await runAdmin(files, ['config', 'rollback', '2'])
    expect(unasked.code).not.toBe(0)
    const back = await runAdmin(files, ['config', 'rollback', '2', '--yes'])
    expect([back.code, back.stderr]).toEqual([0, expect.stringContaining('Version 4 is in force here; it is what 2 was.')])
    expect(fileOf(files)).toContain('description=first')
    expect((await runAdmin(files, ['config', 'rollback', '2', '--yes'])).code).toBe(1)
    expect((await runAdmin(files, ['config', 'history', '99'])).stderr).toContain('There is no version 99')
    expect(JSON.parse((await runAdmin(files, ['config', 'history', '--json'])).stdout).versions[0]).toMatchObject({
      rolledBackTo: 2,
      by: 'the command line',
    })
  })

  it.each([
    ['history', 'x'],
    ['rollback', '0'],
    ['rollback', '../1'],
  ])('config %s %s: such a version there cannot be, 2', async (command, number) => {
    const { code, stderr } = await runAdmin(files, ['config', command, number])
    expect([code, stderr]).toEqual([2, expect.stringContaining(`"${number}" is no number of a version.`)])
  })
})

/** What the database has of a deploy of ann's that died before it was confirmed. */
async function announced(written: string): Promise<void> {
  const store = await openStore({
    directory: files.dataDir,
    dataDir: files.dataDir,
    uid: process.getuid?.() ?? 0,
    effects: realEffects(),
  })
  const content = Buffer.from(written)
  const version = { contentHash: fileMark(content), content, by: 'ann', summary: 'changed lab' }
  expect(await store.configuration.announce(version, 'died', 60_000)).toBe(2)
  await store.close()
}
