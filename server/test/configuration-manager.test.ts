import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ClientsFile } from '../src/config/clients-file.ts'
import { OPTION_FORM } from '../src/config/option-form.ts'
import { addAndLogIn, type PersonsPages } from '../testing/administrator.ts'
import { editDatabase } from '../testing/edit-database.ts'
import {
  askAdmin,
  prepareServer,
  removeFiles,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

const BOX = `# what the lab uses
[box]
name=Box API Access
client-id=box-client
client-secret=box-s3cret
authorization-url=https://account.box.com/api/oauth2/authorize
token-url=https://api.box.com/oauth2/token
issuer=https://box.com

# of the other house
[lab]
client-id=lab-client
client-secret=lab-s3cret
authorization-url=https://lab.example/authorize
token-url=https://lab.example/token
redirect-uri=per-integration
`

const LAB = BOX.slice(BOX.indexOf('# of the other'))
const API = '/api/admin/configuration'

let files: ServerFiles
let server: ServerInProcess
let ann: PersonsPages
let ben: PersonsPages
const fileNow = (): string => readFileSync(join(files.configDir, 'oauth-clients.conf'), 'utf8')

beforeAll(async () => {
  files = await prepareServer({ oauthClients: BOX, singleUser: false })
  server = await startInProcess(files)
  ann = await addAndLogIn(files, 'ann', { isAdmin: true })
  ben = await addAndLogIn(files, 'ben', { isAdmin: true })
})

afterAll(async () => {
  await server.close()
  removeFiles(files)
})

beforeEach(async () => {
  for (const each of [ann, ben]) expect((await each.post(`${API}/undo`)).status).toBe(200)
  writeOauthClients(files, BOX)
  await server.reload()
})

const edit = (who: PersonsPages, section: string, options: Record<string, string | null>, more: object = {}) =>
  who.put(`${API}/sections/${section}`, { section, options, ...more })
/** Newest first. */
const audited = async (action: string) => (await ann.get(`/api/admin/audit?action=${action}`)).body.entries as readonly object[]
const deploy = async (who: PersonsPages) => {
  const review = await who.get(`${API}/review`)
  return await who.post(`${API}/deploy`, { token: review.body.token })
}

describe('the Configuration Manager', () => {
  it('lists the sections of the file, checked, with the redirect URI and the version', async () => {
    const { status, body } = await ann.get(API)
    expect(status).toBe(200)
    expect(body).toMatchObject({ redirectUri: files.redirectUri, changes: [], version: expect.any(Number) })
    expect(body.readOnly).toBeUndefined()
    expect(body.integrations).toMatchObject([
      { section: 'box', name: 'Box API Access', host: 'api.box.com', isDisabled: false, people: 0, mark: { tone: 'ok' } },
      { section: 'lab', name: 'lab', host: 'lab.example' },
    ])
    await expect
      .poll(async () => (await ann.get(API)).body.nodes)
      .toMatchObject([{ text: expect.stringMatching(/^runs \d+$/), tone: 'ok' }])
    const options = await ann.get(`${API}/options`)
    expect(options.body.options).toContainEqual(expect.objectContaining({ name: 'client-secret', isSecret: true, isUsual: true }))
  })

  it('keeps what a form saves by itself, a secret with the addresses it is typed for, in one line of the audit', async () => {
    const lines = async () => (await ann.get('/api/admin/audit?action=configuration.changed&integration=box')).body.entries.length
    const before = await lines()
    const isAutomatic = { isAutomatic: true }
    await edit(ann, 'box', { 'client-secret': 'typed-anew' }, isAutomatic)
    const moved = { 'token-url': 'https://api-2.box.com/oauth2/token' }
    await edit(ann, 'box', moved, isAutomatic)
    expect((await ann.get(`${API}/review`)).body.blocked).toContain('Type the client secret again')
    const both = await edit(ann, 'box', { ...moved, 'client-secret': 'typed-anew' }, isAutomatic)
    expect(both.body).toMatchObject({ changes: ['box'] })
    expect((await ann.get(`${API}/review`)).body.blocked).toBeUndefined()
    expect(JSON.stringify((await ann.get(`${API}/sections/box`)).body)).not.toContain('typed-anew')
    expect(fileNow()).toBe(BOX)
    expect(await lines()).toBe(before + 1)
    await edit(ann, 'box', { description: 'Files' })
    expect(await lines()).toBe(before + 2)
  })

  it('keeps an edit as a draft, says what it costs, and writes only the lines that changed', async () => {
    const { body } = await edit(ann, 'box', { scopes: 'root_readwrite', description: 'Files' })
    expect(body).toMatchObject({ changes: ['box'], integrations: [{ section: 'box', change: 'changed' }, {}] })
    expect(fileNow()).toBe(BOX)
    expect((await ben.get(API)).body.changes).toEqual([])
    const review = await ann.get(`${API}/review`)
    expect(review.body.blocked).toBeUndefined()
    expect(review.body.diff.filter(({ kind }: { kind: string }) => kind !== 'same' && kind !== 'gap')).toMatchObject([
      { kind: 'added', text: 'scopes=root_readwrite' },
      { kind: 'added', text: 'description=Files' },
    ])
    const deployed = await deploy(ann)
    expect(deployed.status).toBe(200)
    expect(fileNow()).toBe(
      BOX.replace('issuer=https://box.com\n', 'issuer=https://box.com\nscopes=root_readwrite\ndescription=Files\n'),
    )
    expect(statSync(join(files.configDir, 'oauth-clients.conf')).mode & 0o777).toBe(0o600)
    expect((await ann.get(API)).body).toMatchObject({ changes: [], version: deployed.body.version })
    const { versions } = (await ann.get(`${API}/versions`)).body
    expect(versions[0]).toMatchObject({ number: deployed.body.version, by: 'ann', summary: 'changed box', isCurrent: true })
    expect(versions[1]).toMatchObject({ by: 'the file' })
    const details = await ann.get(`${API}/versions/${deployed.body.version}`)
    expect(details.body.diff).toContainEqual({ kind: 'added', text: 'description=Files', newLine: 10 })
  })

  it('checks while somebody types, with the messages of config check and the lines of the new file', async () => {
    const { body } = await ann.post(`${API}/check`, {
      was: 'lab',
      section: 'lab',
      options: { 'token-url': 'ftp://x', scops: 'a' },
    })
    expect(body.findings).toContainEqual(
      expect.objectContaining({ severity: 'error', section: 'lab', option: 'token-url', line: 15 }),
    )
    expect(body.findings).toContainEqual(
      expect.objectContaining({
        severity: 'error',
        section: 'lab',
        option: 'scops',
        message: 'is not a known option. Did you mean scopes?',
      }),
    )
    const missing = await ann.post(`${API}/check`, { section: 'new', options: { 'client-id': 'x' } })
    expect(missing.body.findings).toContainEqual(
      expect.objectContaining({ section: 'new', option: 'token-url', message: expect.stringMatching(/^is missing/) }),
    )
    expect(missing.body.redirectUri).toBe(files.redirectUri)
  })

  it('adds, renames, switches off and removes sections; what belongs to others stays', async () => {
    const options = {
      'client-id': 'n',
      'client-secret': 'n-s3cret',
      'authorization-url': 'https://n.example/a',
      'token-url': 'https://n.example/t',
      issuer: 'https://n.example',
    }
    expect((await ann.post(`${API}/sections`, { section: 'new one', options })).body.changes).toEqual(['new one'])
    const uid = (await ann.get(API)).body.integrations[1].uid
    expect((await ann.put(`${API}/sections/lab`, { section: 'lab-2', options: {} })).status).toBe(200)
    expect((await ann.post(`${API}/sections/box/disable`)).status).toBe(200)
    expect((await deploy(ann)).status).toBe(200)
    expect(fileNow()).toContain('[lab-2]\nclient-id=lab-client\n')
    expect(fileNow()).toContain('previous-names=lab\n')
    expect(fileNow()).toMatch(/issuer=https:\/\/box\.com\nenabled=0\n/)
    expect(
      fileNow().endsWith(
        '\n\n[new one]\nclient-id=n\nclient-secret=n-s3cret\nauthorization-url=https://n.example/a\ntoken-url=https://n.example/t\nissuer=https://n.example\n',
      ),
    ).toBe(true)
    expect((await ann.get(API)).body.integrations[1].uid).toBe(uid)
    expect((await ann.post(`${API}/sections/box/remove`)).body.integrations[0]).toMatchObject({
      section: 'box',
      change: 'removed',
    })
    expect((await deploy(ann)).status).toBe(200)
    expect(fileNow().startsWith(`# what the lab uses\n${LAB.slice(0, 20)}`)).toBe(true)
  })

  it('tells two administrators of their conflict, loses neither edit, and deploys what was decided', async () => {
    const forBen = (await ben.get(`${API}/sections/lab`)).body
    await edit(ann, 'lab', { scopes: 'read', description: 'of Ann' })
    expect((await deploy(ann)).status).toBe(200)
    // Ben's form was filled before.
    await edit(ben, 'lab', { scopes: 'write', name: 'Lab' }, { basedOn: forBen.basedOn })
    const review = (await ben.get(`${API}/review`)).body
    expect(review.conflicts).toMatchObject([{ section: 'lab', option: 'scopes', yours: 'write', theirs: 'read', by: 'ann' }])
    expect(review.blocked).toMatch(/Decide what stays/)
    expect((await ben.post(`${API}/deploy`, { token: review.token })).status).toBe(409)
    const decided = await ben.post(`${API}/resolve`, { section: 'lab', option: 'scopes', keep: 'yours' })
    expect([decided.body.conflicts, decided.body.blocked]).toEqual([[], undefined])
    expect((await deploy(ben)).status).toBe(200)
    expect(fileNow()).toContain('scopes=write\ndescription=of Ann\nname=Lab\n')
    expect(await audited('configuration.resolved')).toMatchObject([
      { userName: 'ben', address: '127.0.0.1', integration: 'lab', detail: 'yours is kept of scopes' },
    ])
  })

  it('has in the audit who took back a change or a draft, and nothing where there was none', async () => {
    const before = [await audited('configuration.undone'), await audited('configuration.discarded')].map(({ length }) => length)
    const fresh = async (action: string, which: 0 | 1) =>
      (await audited(action)).slice(0, (await audited(action)).length - (before[which] ?? 0))
    await ann.post(`${API}/undo`)
    expect((await ann.post(`${API}/sections/box/undo`)).status).toBe(400)
    expect([await fresh('configuration.undone', 0), await fresh('configuration.discarded', 1)]).toEqual([[], []])
    await edit(ann, 'box', { description: 'Ann' })
    expect((await ann.post(`${API}/sections/box/undo`)).status).toBe(200)
    await edit(ann, 'box', { description: 'Ann again' })
    expect((await ann.post(`${API}/undo`)).status).toBe(200)
    const by = { userName: 'ann', address: '127.0.0.1' }
    expect(await fresh('configuration.undone', 0)).toMatchObject([{ ...by, integration: 'box' }])
    expect(await fresh('configuration.discarded', 1)).toMatchObject([by])
  })

  it('says what others deployed meanwhile, and that it stays', async () => {
    await edit(ben, 'box', { description: 'Ben' })
    await edit(ann, 'lab', { description: 'Ann' })
    expect((await deploy(ann)).status).toBe(200)
    expect((await ben.get(`${API}/review`)).body).toMatchObject({
      conflicts: [],
      alsoChanged: [expect.stringMatching(/^ann, \{time:.*\}: changed lab\. It stays\.$/)],
    })
    expect((await deploy(ben)).status).toBe(200)
    expect(fileNow()).toContain('description=Ann')
    expect(fileNow()).toContain('description=Ben')
  })

  it('refuses to deploy what was looked at before the file was edited by hand', async () => {
    await edit(ann, 'box', { description: 'Ann' })
    const { token } = (await ann.get(`${API}/review`)).body
    writeOauthClients(files, `${BOX}# by hand\n`)
    const refused = await ann.post(`${API}/deploy`, { token })
    expect([refused.status, refused.body.error.code]).toEqual([409, 'conflict'])
    expect(fileNow()).toBe(`${BOX}# by hand\n`)
    expect((await deploy(ann)).status).toBe(200)
    expect(fileNow().endsWith('# by hand\n')).toBe(true)
  })

  it('rolls back to the bytes of a version, which is a version of its own', async () => {
    await edit(ann, 'lab', { scopes: 'read' })
    const first = (await deploy(ann)).body.version
    await edit(ann, 'lab', { scopes: 'write' })
    await deploy(ann)
    const review = await ben.post(`${API}/versions/${first}/review`)
    expect(review.body.blocked).toBeUndefined()
    const back = await ben.post(`${API}/deploy`, { token: review.body.token })
    expect(back.status).toBe(200)
    expect(fileNow()).toContain('scopes=read\n')
    expect((await ben.get(`${API}/versions`)).body.versions[0]).toMatchObject({
      by: 'ben',
      summary: `back to ${first}: changed lab`,
      number: back.body.version,
    })
    expect((await ben.get(API)).body.changes).toEqual([])
  })

  it('makes a version of a file that was edited by hand and never loaded before another one takes its place', async () => {
    await edit(ann, 'lab', { scopes: 'read' })
    const first = (await deploy(ann)).body.version
    const byHand = fileNow().replace('scopes=read', 'scopes=by-hand')
    writeOauthClients(files, byHand)
    const { token } = (await ben.post(`${API}/versions/${first}/review`)).body
    expect((await ben.post(`${API}/deploy`, { token })).status).toBe(200)
    const { versions } = (await ben.get(`${API}/versions`)).body
    expect(versions.slice(0, 2)).toMatchObject([
      { number: first + 2, by: 'ben', summary: `back to ${first}: changed lab`, isCurrent: true },
      { number: first + 1, by: 'the file', summary: 'changed lab', isCurrent: false },
    ])
    const again = (await ben.post(`${API}/versions/${first + 1}/review`)).body
    expect((await ben.post(`${API}/deploy`, { token: again.token })).status).toBe(200)
    expect(fileNow()).toBe(byHand)
  })

  it('keeps drafts over a log-out and a restart', async () => {
    await edit(ann, 'lab', { scopes: 'drafted' })
    await server.close()
    server = await startInProcess(files)
    expect((await ann.get(`${API}/sections/lab`)).body.options).toContainEqual({
      name: 'scopes',
      value: 'drafted',
      isSecret: false,
    })
  })

  it('makes a version of a file that was edited by hand when it is loaded, and says before that it is not', async () => {
    const { version } = (await ann.get(API)).body
    writeOauthClients(files, BOX.replace('lab-client', 'lab-client-2'))
    const told = `Somebody edited the file by hand, and version ${version} is still in force: changed lab.`
    expect((await ann.get(API)).body.notLoaded).toBe(told)
    await askAdmin(files, 'POST', '/reload')
    expect((await ann.get(API)).body.notLoaded).toBeUndefined()
    expect((await ann.get(`${API}/versions`)).body.versions[0]).toMatchObject({
      by: 'the file',
      summary: 'changed lab',
      isCurrent: true,
    })
  })

  /** Control characters are refused before; everything else is judged in the file that it would make. */
  it.each([
    '',
    ' ',
    'x',
    'x y',
    '0',
    '-1',
    'http://',
    'ftp://x.example',
    '{',
    '/',
    'https://u:p@x.example/#f',
    ',',
    '1e99',
    '[x]',
    '#',
    '=',
    '&&',
  ])('says of %j in every option what config check says of it', async (bad) => {
    const names = Object.keys(OPTION_FORM).filter((name) => !OPTION_FORM[name]?.onlyInFile && name !== 'ca-file')
    const options = Object.fromEntries(names.map((name) => [name, bad]))
    const { status, body } = await ann.post(`${API}/check`, { section: 'bad', options })
    expect(status).toBe(200)
    const written = `${BOX}\n[bad]\n${names.map((name) => `${name}=${bad.trim()}\n`).join('')}`
    const file = new ClientsFile({ ...files, uid: process.getuid?.() ?? 0 }, Buffer.alloc(0))
    const { findings } = await file.check(Buffer.from(written))
    const told = (each: { line?: number; option?: string; message: string }) => [each.line ?? 0, each.option, each.message]
    expect(body.findings.map(told)).toEqual(findings.inOrder().map(told))
    expect(body.findings.length).toBeGreaterThan(5)
    expect((await ann.post(`${API}/sections`, { section: 'bad', options })).status).toBe(200)
    expect((await deploy(ann)).status).toBe(409)
    expect(fileNow()).toBe(BOX)
  })

  it.each([
    ['box', 'There is a section [box] already; choose another header.'],
    ['[portal]', 'The brackets around a section header are written by themselves; type the name alone.'],
    ['', 'A section header is a name without blanks around it, such as box-integration.'],
  ])('says at once that the header %j of a new section cannot be taken, and what is wrong below it', async (section, message) => {
    const options = { 'client-id': 'x', 'client-secret': 'two\nlines', 'token-url': 'portal.example/token' }
    const { body } = await ann.post(`${API}/check`, { section, options })
    const told = body.findings.filter((each: { section?: string }) => each.section === section)
    expect(told.map(({ option, message }: { option?: string; message: string }) => [option, message])).toEqual([
      [undefined, message],
      ['client-secret', 'holds a control character or a line break; type it anew, in one line.'],
      ['authorization-url', 'is missing; this section needs it.'],
      ['token-url', 'is not a whole URL; write one that starts with https:// and a host.'],
    ])
    const kept = await ann.post(`${API}/sections`, { section, options: { 'client-id': 'x' } })
    expect(kept).toMatchObject({ status: 400, body: { error: { message } } })
  })

  it('tells what a change costs the people who are signed in', async () => {
    const signedIn = `INSERT INTO oauth2_tokens (id, user_id, integration_id, generation, revision, has_refresh_token, token_type, issued_at,
        signed_in_at, scopes_asked, client_fingerprint, renewals, tried_again, odd_refusals, attempt_open)
      SELECT 't-' || u.name, u.id, i.id, 1, 1, 1, 'Bearer', 1, 1, '[]', 'f', 0, 0, 0, 0
      FROM users u, integrations i WHERE u.name IN ('ann', 'ben') AND i.section = 'box'`
    await editDatabase(files, (database) => database.exec(signedIn))
    await edit(ann, 'box', { 'token-url': 'https://api-2.box.com/oauth2/token', 'client-secret': 'typed', scopes: 'more' })
    expect((await ann.get(`${API}/review`)).body.costs).toEqual([
      '2 people have to sign in again: the token URL of Box API Access changed.',
      '2 people have Box API Access without more until they sign in again; their tokens work on.',
    ])
    await ann.post(`${API}/sections/box/undo`)
    await ann.post(`${API}/sections/box/disable`)
    expect((await ann.get(`${API}/review`)).body.costs).toEqual([
      '2 people lose Box API Access: it is switched off. Their sign-ins are kept.',
    ])
    await ann.post(`${API}/sections/box/undo`)
    await ann.post(`${API}/sections/box/remove`)
    expect((await ann.get(`${API}/review`)).body.costs).toEqual([
      '2 people lose Box API Access: it is removed. Their sign-ins are kept, and work again when it comes back.',
    ])
    await ann.post(`${API}/undo`)
    await ann.put(`${API}/sections/lab`, { section: 'lab-2', options: {} })
    expect((await ann.get(`${API}/review`)).body.costs).toEqual([
      `The redirect URI of lab changes: register ${files.redirectUri}/lab-2 at the service before you deploy.`,
    ])
  })

  it('says why it changes nothing where others may read the file', async () => {
    writeFileSync(join(files.configDir, 'oauth-clients.conf'), BOX, { mode: 0o644 })
    const { chmodSync } = await import('node:fs')
    chmodSync(join(files.configDir, 'oauth-clients.conf'), 0o644)
    expect((await ann.get(API)).body.readOnly).toMatch(/is open to other accounts \(mode 644\)/)
    expect((await edit(ann, 'lab', { scopes: 'x' })).status).toBe(400)
    chmodSync(join(files.configDir, 'oauth-clients.conf'), 0o600)
  })
})
