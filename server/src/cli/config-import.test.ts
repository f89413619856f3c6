import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { type Finished, runBenchkey } from '../../testing/command-line.ts'
import { prepareServer, removeFiles, runAdmin, type ServerFiles } from '../../testing/start-server.ts'

const BOX = '4c1cfecb-1927-4f19-bc2f-d8ac261364e0'
const SECRET = 'hush-hush-4711'
const OLD = `# From the old server
[box-integration]
name = Box API Access
client-id = box
client-secret = ${SECRET}   
authorization-url = https://account.box.com/api/oauth2/authorize
token-url = https://account.box.com/api/oauth2/token
scopes=

; the last one
[custom-api]
client-id=custom
client-secret=${SECRET}2
authorization-url=https://api.company.com/oauth/authorize
token-url=https://api.company.com/oauth/token
scopes=read,write
`

const scratch = mkdtempSync(join(tmpdir(), 'benchkey-import-'))
const old = join(scratch, 'old.conf')
const ids = join(scratch, 'ids.json')
let configDir: string
let dataDir: string
let target: string
afterAll(() => rmSync(scratch, { recursive: true }))

beforeEach(() => {
  const folder = mkdtempSync(join(scratch, 'world-'))
  configDir = join(folder, 'config')
  dataDir = join(folder, 'data')
  target = join(configDir, 'oauth-clients.conf')
  for (const each of [configDir, dataDir]) mkdirSync(each)
  writeFileSync(old, OLD)
  writeFileSync(ids, JSON.stringify([{ type: 'custom', name: 'box-integration', guid: BOX }]))
})

function run(...more: string[]): Promise<Finished> {
  return runBenchkey(['config', 'import', old, '--ids', ids, '--config-dir', configDir, '--data-dir', dataDir, ...more])
}

describe('config import', () => {
  test('writes a private file with the old IDs, names what is new and says what comes next', async () => {
    const { code, stdout, stderr } = await run()
    expect(stdout.split('\n')).toEqual([
      `${old}:8: [box-integration] scopes: has no value, which says nothing here; the line becomes a comment. (warning)`,
      expect.stringMatching(
        /^.*old\.conf:11: \[custom-api\] .*ids\.json has no ID for this section, so it gets a new one; .*\(warning\)$/,
      ),
      expect.stringMatching(
        /^.*old\.conf:11: \[custom-api\] 2 integrations, .* \(mix-up\); write one of the two in each\. \(warning\)$/,
      ),
      '',
    ])
    expect(stderr).toBe(
      `benchkey: Wrote ${target}: 2 integrations, 1 of them with the old ID.\n` +
        '  Next: 1. let each service know the redirect URI <public-url>/oauth_redirect_callback (it stays if the address stays)\n' +
        '        2. benchkey config check, then benchkey reload, or benchkey serve\n' +
        '        3. everybody signs in once: tokens are not taken over\n',
    )
    expect(code).toBe(0)
    const [first = '', second = ''] = OLD.split('scopes=\n', 2)
    const last = 'account.box.com/api/oauth2/token\n'
    expect(readFileSync(target, 'utf8')).toBe(`${first.replace(last, `${last}guid=${BOX}\n`)}#scopes=\n${second}`)
    expect(statSync(target).mode & 0o777).toBe(0o600)
    expect(readdirSync(configDir)).toEqual(['oauth-clients.conf'])
    expect(stdout + stderr).not.toContain(SECRET)
  })

  test('--json tells the same to a script', async () => {
    const { code, stdout } = await run('--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      written: target,
      integrations: [
        { section: 'box-integration', id: BOX, keepsItsId: true },
        { section: 'custom-api', id: expect.stringMatching(/^[0-9a-f-]{36}$/), keepsItsId: false },
      ],
      errors: 0,
      warnings: 3,
    })
    expect(stdout).not.toContain(SECRET)
  })

  test('what it wrote passes config check, and names the redirect URI of the server there', async () => {
    const files: ServerFiles = await prepareServer()
    try {
      const imported = await runAdmin(files, ['config', 'import', old, '--ids', ids])
      expect(imported.stderr).toContain(`the redirect URI ${files.redirectUri} `)
      expect(await runAdmin(files, ['config', 'check'])).toMatchObject({ code: 0 })
    } finally {
      removeFiles(files)
    }
  })

  test.skipIf(process.getuid?.() !== 0)('run by root, gives the file to the account of the server', async () => {
    chownSync(dataDir, 1234, 1234)
    expect(await run()).toMatchObject({ code: 0 })
    expect(statSync(target).uid).toBe(1234)
  })

  test.each([
    ['a file', () => writeFileSync(target, 'mine')],
    ['a link that leads nowhere', () => symlinkSync('/nowhere/at/all', target)],
  ])('never writes over %s', async (_what, place) => {
    place()
    const { code, stdout, stderr } = await run()
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      `benchkey: ${target} is there already, and nothing is overwritten.\n` +
        '  Move it away and run this again, or import into another folder with --config-dir DIR and merge the two by hand.\n',
    )
    expect(readdirSync(configDir)).toEqual(['oauth-clients.conf'])
    if (existsSync(target)) expect(readFileSync(target, 'utf8')).toBe('mine')
  })

  test('of a broken file names every finding by its own line and writes nothing', async () => {
    writeFileSync(old, `${OLD}token_url=https://x.example/\nhush\n[custom-api]\n[empty]\n`)
    const { code, stdout, stderr } = await run()
    const errors = stdout.split('\n').filter((line) => line !== '' && !line.endsWith('(warning)'))
    expect(errors.map((line) => line.replace(`${old}:`, '').slice(0, 40))).toEqual([
      expect.stringMatching(/^17: \[custom-api\] token_url: is not/),
      expect.stringMatching(/^18: \[custom-api\] This line is neither/),
      expect.stringMatching(/^19: \[custom-api\] This section stands/),
      expect.stringMatching(/^20: \[empty\] client-id: is missing/),
      expect.stringMatching(/^20: \[empty\] authorization-url: is/),
      expect.stringMatching(/^20: \[empty\] token-url: is missing/),
      expect.stringMatching(/^20: \[empty\] client-secret: is miss/),
    ])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `benchkey: 7 errors: nothing was written.\n  Correct ${old} in a copy and import that.\n`,
    })
    expect(readdirSync(configDir)).toEqual([])
  })

  test('of a broken list of IDs names line and column', async () => {
    writeFileSync(ids, '[\n  {"name": "box-integration" "guid": "x"}]')
    const { code, stdout, stderr } = await run()
    expect(code).toBe(1)
    expect(stdout).toContain(`${ids}:2: This is not JSON from column 30 on: a comma or } is expected; `)
    // Nothing is missing from a list that cannot be read, and the old file is not the one to correct.
    expect(stdout).not.toContain('has no ID for this section')
    expect(stderr).toBe(`benchkey: 1 error: nothing was written.\n  Correct ${ids}, or make it anew, and import again.\n`)
    expect(readdirSync(configDir)).toEqual([])
  })

  test('says which file is missing', async () => {
    rmSync(ids)
    expect(await run()).toEqual({
      code: 1,
      stdout: '',
      stderr: `benchkey: ${ids} does not exist.\n  Check the path, and that this account may read it.\n`,
    })
    expect((await runBenchkey(['config', 'import', scratch, '--config-dir', configDir])).stderr).toContain(
      `${scratch} cannot be read (EISDIR).`,
    )
  })

  test('without a configuration directory says how to make one: 78', async () => {
    rmSync(configDir, { recursive: true })
    expect(await run()).toEqual({
      code: 78,
      stdout: '',
      stderr:
        `benchkey: There is no configuration directory ${configDir}.\n` +
        `  Make it with: install -d -m 755 ${configDir}; or name another with --config-dir DIR.\n`,
    })
  })
})
