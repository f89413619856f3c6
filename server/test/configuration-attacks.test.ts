import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { fileMark } from '../src/config/masked-text.ts'
import type { Effects } from '../src/domain/effects.ts'
import { realEffects } from '../src/effects.ts'
import { addAndLogIn, logIn, type PersonsPages } from '../testing/administrator.ts'
import { makeCertificates } from '../testing/certificates.ts'
import {
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

const SECRET = 'c4nary-client-s3cret'
const FILE_SECRET = 'c4nary-file-s3cret'
const NEXT_SECRET = 'c4nary-next-s3cret'
const WRAPPED = 'c4nary-wrapped'
const PROXY_PASSWORD = 'c4nary-proxy-pass'

const CLIENTS = `[api]
client-id=api-client
client-secret=${SECRET}
client-secret-next=${NEXT_SECRET}
#client-secret=${SECRET}-of-before
authorization-url=https://api.example/authorize
token-url=https://api.example/token
issuer=https://api.example

[filed]
client-id=filed-client
client-secret-file=secrets/filed
authorization-url=https://filed.example/authorize
token-url=https://filed.example/token
proxy=http://ann:${PROXY_PASSWORD}@proxy.example:3128
redirect-uri=per-integration

[contoso]
preset=microsoft-entra
preset-tenant=contoso.onmicrosoft.com
client-id=entra-client
client-secret=${SECRET}-entra

[open]
client-id=open-client
token-endpoint-auth-method=none
authorization-url=https://open.example/authorize
token-url=https://open.example/token
redirect-uri=per-integration
`

const API = '/api/admin/configuration'

/** A hijacked administrator (security.md, *Host*): a browser that is logged in, and no secret. */
describe('a hijacked administrator', () => {
  let files: ServerFiles
  let server: ServerInProcess
  let mallory: PersonsPages
  let other: PersonsPages
  let ben: PersonsPages
  let lateMs = 0
  const seen: string[] = []
  const effects: Effects = { ...realEffects(), now: () => new Date(Date.now() + lateMs) }

  /** Every answer is looked through for secrets. */
  const watched = (pages: PersonsPages): PersonsPages => {
    const call: PersonsPages['call'] = async (method, path, body) => {
      const answer = await pages.call(method, path, body)
      seen.push(answer.text)
      return answer
    }
    return {
      ...{ cookie: pages.cookie, call },
      get: (path) => call('GET', path),
      post: (path, body = {}) => call('POST', path, body),
      put: (path, body) => call('PUT', path, body),
    }
  }

  beforeAll(async () => {
    files = await prepareServer({ singleUser: false })
    mkdirSync(join(files.configDir, 'secrets'), { mode: 0o700 })
    writeFileSync(join(files.configDir, 'secrets/filed'), FILE_SECRET, { mode: 0o600 })
    writeFileSync(join(files.configDir, 'secrets/other'), 'c4nary-of-others', { mode: 0o600 })
    writeOauthClients(files, CLIENTS)
    server = await startInProcess(files, { effects })
    mallory = watched(await addAndLogIn(files, 'mallory', { isAdmin: true }))
    other = watched(await addAndLogIn(files, 'other', { isAdmin: true }))
    ben = watched(await addAndLogIn(files, 'ben', { isAdmin: false }))
  })

  afterAll(async () => {
    await server.close()
    removeFiles(files)
  })

  beforeEach(async () => {
    for (const each of [mallory, other]) await each.post(`${API}/undo`)
    writeOauthClients(files, CLIENTS)
    await server.reload()
  })

  const fileNow = (): string => readFileSync(join(files.configDir, 'oauth-clients.conf'), 'utf8')
  const deploy = async (who: PersonsPages) => {
    const { token } = (await who.get(`${API}/review`)).body
    return await who.post(`${API}/deploy`, { token })
  }
  const edit = (section: string, options: Record<string, string | null>, header = section) =>
    mallory.put(`${API}/sections/${section}`, { section: header, options })

  /** Neither a test nor a deploy sends a secret to where it was not sent before. */
  const expectRefused = async (section: string, why: RegExp): Promise<void> => {
    const review = await mallory.get(`${API}/review`)
    expect(review.body.blocked).toMatch(why)
    const refused = await mallory.post(`${API}/deploy`, { token: review.body.token })
    expect([refused.status, refused.body.error.message]).toEqual([409, expect.stringMatching(why)])
    expect(fileNow()).toBe(CLIENTS)
    const tested = await mallory.post(`${API}/sections/${section}/test`)
    expect([tested.status, tested.body.error?.message]).toEqual([400, expect.stringMatching(why)])
  }

  it.each([
    ['api', { 'token-url': 'https://mallory.example/token' }, /Type the client secret again: the token URL changed\./],
    ['api', { 'authorization-url': 'https://mallory.example/a' }, /the authorization URL changed/],
    ['api', { 'refresh-url': 'https://mallory.example/r' }, /the refresh URL changed/],
    ['api', { 'revocation-url': 'https://mallory.example/r' }, /the revocation URL changed/],
    ['api', { 'validate-url': 'https://mallory.example/r' }, /the validation URL changed/],
    ['api', { 'account-url': 'https://mallory.example/r' }, /the account URL changed/],
    ['api', { 'git-hosts': 'mallory.example' }, /the list of hosts for Git changed/],
    ['api', { issuer: 'https://mallory.example' }, /the issuer changed/],
    ['api', { issuer: null }, /the issuer changed/],
    ['api', { proxy: 'http://mallory.example:3128' }, /the proxy changed/],
    ['api', { 'ca-file': 'mallory.pem' }, /the CA file changed/],
    ['filed', { proxy: null }, /the proxy changed/],
    ['filed', { 'token-url': 'https://mallory.example/token' }, /the token URL changed/],
    ['contoso', { 'preset-tenant': 'mallory.onmicrosoft.com' }, /the authorization URL and token URL changed/],
    ['contoso', { preset: 'box', 'preset-tenant': null }, /the authorization URL, token URL.*changed/],
  ])('sends no secret of [%s] elsewhere by %o', async (section, options, why) => {
    await makeCertificates(files.configDir).then(({ ca }) => writeFileSync(join(files.configDir, 'mallory.pem'), ca))
    const checked = await mallory.post(`${API}/check`, { was: section, section, options })
    expect(checked.body.secretNeeded).toMatch(why)
    expect((await edit(section, options)).status).toBe(200)
    await expectRefused(section, why)
  })

  it('sends no secret elsewhere by a new header', async () => {
    expect((await edit('api', { 'token-url': 'https://mallory.example/token' }, 'renamed')).status).toBe(200)
    await expectRefused('renamed', /the token URL changed/)
  })

  it('sends only the secrets that were typed: the next one stays nowhere either', async () => {
    await edit('api', { 'token-url': 'https://mallory.example/token', 'client-secret': 'of-mallory' })
    await expectRefused('api', /Type the next client secret again, or remove it: the token URL changed\./)
    await edit('api', { 'client-secret-next': null })
    expect((await mallory.get(`${API}/review`)).body.blocked).toBeUndefined()
    expect((await deploy(mallory)).status).toBe(200)
    expect(fileNow()).toContain('client-secret=of-mallory\n')
  })

  it('sends no secret elsewhere by going back to a version', async () => {
    await edit('api', { 'token-url': 'https://api-2.example/token', 'client-secret': 'c4nary-typed', 'client-secret-next': null })
    expect((await deploy(mallory)).status).toBe(200)
    const versions = (await mallory.get(`${API}/versions`)).body.versions
    const review = await mallory.post(`${API}/versions/${versions[1].number}/review`)
    expect(review.body.blocked).toMatch(/\[api\] Type the client secret again: the token URL changed\./)
    expect((await mallory.post(`${API}/deploy`, { token: review.body.token })).status).toBe(409)
    // And not by a change on top of it.
    await edit('api', { 'token-url': 'https://mallory.example/token' })
    expect((await mallory.get(`${API}/review`)).body.blocked).toMatch(/Type the client secret again/)
    // Whoever knows it goes back.
    await edit('api', { 'token-url': 'https://api.example/token', 'client-secret': SECRET, 'client-secret-next': NEXT_SECRET })
    expect((await deploy(mallory)).status).toBe(200)
    expect(fileNow()).toBe(CLIENTS)
  })

  it('sends no secret of an old file by insisting on a form that was filled from it', async () => {
    const { basedOn } = (await mallory.get(`${API}/sections/api`)).body
    await edit('api', { 'client-secret': 'of-mallory', 'client-secret-next': null })
    expect((await deploy(mallory)).status).toBe(200)
    const urls = { 'token-url': 'https://mallory.example/token' }
    await mallory.put(`${API}/sections/api`, { section: 'api', options: urls, basedOn })
    expect((await mallory.post(`${API}/resolve`, { section: 'api', keep: 'yours' })).status).toBe(200)
    expect((await mallory.get(`${API}/review`)).body.blocked).toMatch(/Type the client secret again/)
    const tested = await mallory.post(`${API}/sections/api/test`)
    expect([tested.status, tested.body.error?.message]).toEqual([400, expect.stringMatching(/Type the client secret again/)])
  })

  it('sends no secret elsewhere that its owner typed before and has not deployed', async () => {
    await edit('api', { 'client-secret': 'c4nary-typed', 'client-secret-next': null })
    expect((await mallory.get(`${API}/review`)).body.blocked).toBeUndefined()
    await edit('api', { 'token-url': 'https://mallory.example/token' })
    await expectRefused('api', /Type the client secret again: the token URL changed\./)
    await edit('api', { 'token-url': 'https://mallory.example/token', 'client-secret': 'c4nary-typed' })
    expect((await mallory.get(`${API}/review`)).body.blocked).toBeUndefined()
    // So with one that is new.
    const options = { 'client-id': 'n', 'authorization-url': 'https://n.example/a', 'token-url': 'https://n.example/t' }
    await mallory.post(`${API}/sections`, { section: 'new', options: { ...options, 'client-secret': 'c4nary-typed' } })
    await edit('new', { description: 'New' })
    expect((await mallory.get(`${API}/review`)).body.blocked).toBeUndefined()
    await edit('new', { 'token-url': 'https://mallory.example/token' })
    await expectRefused('new', /Type the client secret again: where it goes changed after it was typed\./)
  })

  it('sends no secret elsewhere that a form of its owner saves again after another window has led the section there', async () => {
    const typedWith = { 'token-url': 'https://api.example/token', 'authorization-url': 'https://api.example/authorize' }
    const form = { section: 'api', isAutomatic: true, typedWith: { ...typedWith, issuer: 'https://api.example' } }
    const typed = { 'client-secret': 'c4nary-typed', 'client-secret-next': null }
    const save = (options: Record<string, string | null>) => mallory.put(`${API}/sections/api`, { ...form, options })
    await save(typed)
    expect((await mallory.get(`${API}/review`)).body.blocked).toBeUndefined()
    await edit('api', { 'token-url': 'https://mallory.example/token' })
    await save({ ...typed, description: 'For all' })
    await expectRefused('api', /Type the client secret again: the token URL changed\./)
    // Neither window's words are lost, and back where it was typed for, the secret counts.
    await edit('api', { 'token-url': 'https://api.example/token' })
    const { body } = await mallory.get(`${API}/review`)
    expect([body.blocked, JSON.stringify(body.diff).includes('For all')]).toEqual([undefined, true])
  })

  /** Everything that a browser is told of what was typed, up to the deploy. */
  const toldOf = async (section: string, steps: readonly Record<string, string | null>[], basedOn?: string): Promise<string> => {
    await mallory.post(`${API}/undo`)
    const told: string[] = []
    for (const options of steps) {
      const body = { section, options, ...(basedOn === undefined ? {} : { basedOn }) }
      told.push((await mallory.post(`${API}/check`, { ...body, was: section })).text)
      told.push((await mallory.put(`${API}/sections/${section}`, body)).text)
      for (const path of [`/sections/${section}`, '', '/review']) told.push((await mallory.get(`${API}${path}`)).text)
    }
    for (const option of Object.keys(steps[0] ?? {})) {
      told.push((await mallory.post(`${API}/resolve`, { section, option, keep: 'yours' })).text)
    }
    return told.join('\n').replaceAll(/"token":"[0-9a-f]{64}"/g, '"token"')
  }
  /** Alike to the letter; a difference is shown by its surroundings. */
  const expectAlike = (a: string, b: string): void => {
    const at = [...a].findIndex((letter, index) => b[index] !== letter)
    expect(at === -1 ? '' : a.slice(at - 80, at + 120)).toBe(at === -1 ? '' : b.slice(at - 80, at + 120))
    expect(a.length).toBe(b.length)
  }
  const proxyOf = (password: string): string => `http://ann:${password}@proxy.example:3128`
  const elsewhere = { 'token-url': 'https://mallory.example/token' }
  const back = { 'token-url': 'https://api.example/token' }

  it.each([
    ['client-secret', 'api', [{ 'client-secret': SECRET }], [{ 'client-secret': 'c4nary-wrong' }]],
    ['client-secret-next', 'api', [{ 'client-secret-next': NEXT_SECRET }], [{ 'client-secret-next': 'c4nary-wrong' }]],
    ['next secret as client-secret', 'api', [{ 'client-secret': NEXT_SECRET }], [{ 'client-secret': 'c4nary-wrong' }]],
    [
      ...(['next secret for another address', 'api'] as const),
      [{ ...elsewhere, 'client-secret': NEXT_SECRET }],
      [{ ...elsewhere, 'client-secret': 'c4nary-wrong' }],
    ],
    [
      ...(['client-secret for another address and back', 'api'] as const),
      [{ ...elsewhere, 'client-secret': SECRET }, back],
      [{ ...elsewhere, 'client-secret': 'c4nary-wrong' }, back],
    ],
    ['client-secret in a file', 'filed', [{ 'client-secret': FILE_SECRET }], [{ 'client-secret': 'c4nary-wrong' }]],
    ['password of the proxy', 'filed', [{ proxy: proxyOf(PROXY_PASSWORD) }], [{ proxy: proxyOf('c4nary-wrong') }]],
  ])('does not learn whether a guess is right: %s', async (_, section, right, wrong) => {
    const told = await toldOf(section, right)
    expectAlike(told, await toldOf(section, wrong))
    expect(told).not.toContain('Nothing is changed')
    expect(told).toMatch(/"kind":"added","text":"(client-secret|client-secret-next|proxy)=/)
  })

  it('does not learn whether a guess is right from a conflict, with an old form or in the place of a section', async () => {
    const { basedOn } = (await mallory.get(`${API}/sections/api`)).body
    writeOauthClients(files, CLIENTS.replace(`client-secret=${SECRET}\n`, 'client-secret=c4nary-of-others\n'))
    const told = await toldOf('api', [{ 'client-secret': 'c4nary-of-others' }], basedOn)
    expect(told).toContain('Another administrator changed the same')
    expectAlike(told, await toldOf('api', [{ 'client-secret': 'c4nary-wrong' }], basedOn))
    // A section of a draft that somebody else adds meanwhile.
    const options = { 'client-id': 'n', 'authorization-url': 'https://n.example/a', 'token-url': 'https://n.example/t' }
    const added = async (secret: string): Promise<string> => {
      await mallory.post(`${API}/undo`)
      writeOauthClients(files, CLIENTS)
      await mallory.post(`${API}/sections`, { section: 'new', options: { ...options, 'client-secret': secret } })
      const lines = Object.entries({ ...options, 'client-secret': 'c4nary-new' }).map(([name, value]) => `${name}=${value}\n`)
      writeOauthClients(files, `${CLIENTS}\n[new]\n${lines.join('')}`)
      const review = await mallory.get(`${API}/review`)
      const resolved = await mallory.post(`${API}/resolve`, { section: 'new', keep: 'yours' })
      return `${review.text}${resolved.text}`.replaceAll(/"token":"[0-9a-f]{64}"/g, '"token"')
    }
    expectAlike(await added('c4nary-new'), await added('c4nary-guess'))
  })

  it('cannot compute what an answer would be for a guess: neither a form nor a review shows a hash of the file', async () => {
    const { basedOn } = (await mallory.get(`${API}/sections/api`)).body
    expect(basedOn).toMatch(/^\d+$/)
    writeOauthClients(files, `${CLIENTS}# by hand\n`)
    const byHand = (await mallory.get(`${API}/sections/api`)).body.basedOn
    expect((await mallory.get(`${API}/sections/api`)).body.basedOn).toBe(byHand)
    expect(byHand).not.toContain(fileMark(Buffer.from(`${CLIENTS}# by hand\n`)))
    const tokenOf = async (): Promise<string> => {
      await mallory.post(`${API}/undo`)
      await edit('api', { 'client-secret': SECRET })
      return (await mallory.get(`${API}/review`)).body.token
    }
    expect(await tokenOf()).not.toBe(await tokenOf())
  })

  it('knows the secret of a file: its line stays; a new one takes its place', async () => {
    const wanted = { 'token-url': 'https://filed-2.example/token' }
    await edit('filed', { ...wanted, 'client-secret': FILE_SECRET })
    expect((await mallory.get(`${API}/review`)).body.blocked).toBeUndefined()
    await deploy(mallory)
    expect(fileNow()).toContain('client-secret-file=secrets/filed\n')
    expect(fileNow()).not.toContain(FILE_SECRET)
    await edit('filed', { 'client-secret': 'a-new-one' })
    await deploy(mallory)
    expect(fileNow()).not.toContain('client-secret-file')
    expect(fileNow()).toContain('client-secret=a-new-one\n')
  })

  it('names no file of the server on the page, and no authority outside the configuration directory', async () => {
    symlinkSync('/etc/passwd', join(files.configDir, 'link.pem'))
    for (const [option, value, why] of [
      ['client-secret-file', 'secrets/other', /cannot be written here/],
      ['client-secret-next-file', 'secrets/other', /cannot be written here/],
      ['icon', '/etc/passwd', /cannot be written here/],
      ['ca-file', '/etc/ssl/certs/ca-certificates.crt', /outside the configuration directory/],
      ['ca-file', '../data/key-ring', /outside the configuration directory/],
      ['ca-file', 'link.pem', /outside the configuration directory/],
    ] as const) {
      const checked = await mallory.post(`${API}/check`, { was: 'api', section: 'api', options: { [option]: value } })
      expect(checked.body.findings[0]).toMatchObject({ option, severity: 'error', message: expect.stringMatching(why) })
      const refused = await edit('api', { [option]: value })
      expect([refused.status, refused.body.error.message]).toEqual([400, expect.stringMatching(why)])
    }
  })

  it('writes no control character and no second line', async () => {
    for (const value of [
      'a\nclient-id=evil',
      'a\r',
      'a\u0000b',
      'a\u0085b',
      'a\tb',
      'a\u2028b',
      '\u202ea',
      'a\u2066b',
      '\u001b[2J',
      '\ud800',
    ]) {
      const refused = await edit('api', { description: value })
      expect([value, refused.status, refused.body.error.message]).toEqual([
        value,
        400,
        expect.stringMatching(/control character/),
      ])
    }
    for (const header of ['a]\n[b', 'a\u0000', 'a\u202e', 'a\u2029b', ' a', '', 'x'.repeat(300)]) {
      expect([header, (await edit('api', {}, header)).status]).toEqual([header, 400])
    }
    for (const option of ['a b', 'a=b', '[x]', '#x', '__proto__', 'A', '']) {
      expect([
        option,
        (await mallory.put(`${API}/sections/api`, JSON.parse(`{"section":"api","options":{${JSON.stringify(option)}:"x"}}`)))
          .status,
      ]).toEqual([option, 400])
    }
    expect(fileNow()).toBe(CLIENTS)
  })

  it('deploys nothing with a login that is older than five minutes', async () => {
    await edit('api', { description: 'late' })
    const { token } = (await mallory.get(`${API}/review`)).body
    lateMs = 6 * 60_000
    const refused = await mallory.post(`${API}/deploy`, { token })
    lateMs = 0
    expect([refused.status, refused.body.error.code]).toEqual([403, 'recent_login_needed'])
    expect(fileNow()).toBe(CLIENTS)
  })

  it.each([
    ['the token URL', 'open', { 'token-url': 'https://mallory.example/token' }],
    ['the page where people sign in', 'open', { 'authorization-url': 'https://mallory.example/authorize' }],
    ['the proxy', 'open', { proxy: 'http://mallory.example:3128' }],
    [
      'a client of their own with its ID',
      'twin',
      {
        ...{ 'client-id': 'open-client', 'client-secret': 'of-mallory', 'token-url': 'https://mallory.example/token' },
        'authorization-url': 'https://open.example/authorize',
      },
    ],
    [
      'a client that has no secret either',
      'bare',
      {
        ...{ 'client-id': 'bare-client', 'token-endpoint-auth-method': 'none', 'token-url': 'https://mallory.example/token' },
        'authorization-url': 'https://bare.example/authorize',
      },
    ],
  ])(
    'leads no client without a secret elsewhere by %s: that takes the password after the last change',
    async (_what, section, options) => {
      const edited =
        section === 'open' ? await edit(section, options) : await mallory.post(`${API}/sections`, { section, options })
      expect(edited.status).toBe(200)
      const refused = await deploy(mallory)
      expect([refused.status, refused.body.error]).toEqual([
        403,
        {
          code: 'recent_login_needed',
          message: 'These changes lead a client without a secret elsewhere. Type your password again.',
        },
      ])
      expect(fileNow()).toBe(CLIENTS)
      expect((await deploy(await logIn(files, 'mallory'))).status).toBe(200)
      expect(fileNow()).toContain('mallory.example')
    },
  )

  it('changes what leads nowhere else without that', async () => {
    await edit('open', { description: 'Open to all' })
    expect((await deploy(mallory)).status).toBe(200)
  })

  it('neither sees nor deploys what another administrator has not deployed', async () => {
    await other.put(`${API}/sections/api`, {
      section: 'api',
      options: { description: 'of another', 'client-secret': 'c4nary-typed' },
    })
    expect((await mallory.get(`${API}/sections/api`)).text).not.toContain('of another')
    const { token } = (await other.get(`${API}/review`)).body
    expect((await mallory.post(`${API}/deploy`, { token })).status).toBe(409)
    expect(fileNow()).toBe(CLIENTS)
  })

  it('makes neither a draft nor a file grow without end', async () => {
    const urls = { 'authorization-url': 'https://n.example/a', 'token-url': 'https://n.example/t' }
    const options = Object.fromEntries(Array.from({ length: 3 }, (_, n) => [`x-${n}`, 'y'.repeat(16_000)]))
    const add = (n: number) => mallory.post(`${API}/sections`, { section: `n${n}`, options: { ...urls, ...options } })
    let added = 0
    while (added < 40 && (await add(added)).status === 200) added += 1
    expect(added).toBeLessThan(30)
    expect((await add(added)).body.error.message).toMatch(/too many changes at once/)
    await mallory.post(`${API}/undo`)
    writeOauthClients(files, `${CLIENTS}${`# ${'z'.repeat(1000)}\n`.repeat(4500)}`)
    await edit('api', { description: 'one more' })
    expect((await mallory.get(`${API}/review`)).body.blocked).toMatch(/larger than 4 MiB/)
  })

  it('is in the audit with an address, whatever was changed, deployed or loaded', async () => {
    await edit('api', { description: 'audited' })
    expect((await deploy(mallory)).status).toBe(200)
    expect((await mallory.post(`${API}/reload`)).status).toBe(200)
    const { entries } = (await mallory.get('/api/admin/audit?all=1&user=mallory')).body
    for (const action of ['configuration.changed', 'configuration.deployed', 'configuration.applied']) {
      const found = entries.find((entry: { action: string }) => entry.action === action)
      expect(found).toMatchObject({ action, userName: 'mallory', address: expect.stringMatching(/127\.0\.0\.1|::1/) })
    }
  })

  it('sends more than a form holds in vain', async () => {
    expect((await edit('api', { description: 'x'.repeat(20_000) })).status).toBe(400)
    expect((await edit('api', { description: 'x'.repeat(100_000) })).status).toBe(413)
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x-${n}`, 'y']))
    expect((await edit('api', many)).status).toBe(400)
    for (const body of [
      {},
      { section: 'api' },
      { section: 'api', options: [] },
      { section: 'api', options: { name: 1 } },
      { section: 1, options: {} },
    ]) {
      expect((await mallory.put(`${API}/sections/api`, body)).status).toBe(400)
    }
  })

  it('reads no secret in any answer, nor anybody in the audit or the log', async () => {
    writeOauthClients(files, `${CLIENTS}client-secrt=${WRAPPED}\n${WRAPPED}==\n${WRAPPED}\n`)
    for (const path of ['', '/options', '/sections/api', '/sections/filed', '/sections/contoso', '/review', '/versions']) {
      await mallory.get(`${API}${path}`)
    }
    await edit('api', { 'client-secret': 'c4nary-typed-now', proxy: `http://x:${PROXY_PASSWORD}@proxy.example:1` })
    for (const path of ['', '/sections/api', '/review']) await mallory.get(`${API}${path}`)
    for (const { number } of (await mallory.get(`${API}/versions`)).body.versions) await mallory.get(`${API}/versions/${number}`)
    await mallory.post(`${API}/check`, {
      was: 'api',
      section: 'api',
      options: { 'client-secret': 'c4nary\ntyped', 'token-url': 'c4nary' },
    })
    const told = [...seen, server.log()].map((text) => /.{0,80}c4nary.{0,20}/.exec(text)?.[0])
    expect(told.filter((text) => text !== undefined)).toEqual([])
    expect(seen.length).toBeGreaterThan(100)
    const audit = await mallory.get('/api/admin/audit?all=1')
    expect(audit.text).toMatch(/configuration\.deployed/)
    expect(audit.text).not.toContain('c4nary')
    // Drafts and versions hold them, and the database has ciphertexts alone.
    for (const name of ['benchkey.db', 'benchkey.db-wal']) {
      expect(readFileSync(join(files.dataDir, name), 'latin1')).not.toContain('c4nary')
    }
  })

  it('is an administrator: others get nothing at any of these addresses', async () => {
    for (const [method, path] of [
      ...['', '/options', '/sections/api', '/review', '/versions', '/versions/1'].map((each) => ['GET', each] as const),
      ...['/check', '/undo', '/reload', '/sections', '/sections/api/remove', '/sections/api/undo', '/sections/api/enable'].map(
        (each) => ['POST', each] as const,
      ),
      ...['/sections/api/disable', '/resolve', '/deploy', '/versions/1/review'].map((each) => ['POST', each] as const),
      ['PUT', '/sections/api'] as const,
    ]) {
      expect([path, (await ben.call(method, `${API}${path}`)).status]).toEqual([path, 403])
    }
    expect((await runAdmin(files, ['reload'])).code).toBe(0)
  })
})
