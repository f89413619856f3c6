import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BrokerRoom, integrationOf, openBrokerRoom } from '../../testing/broker-room.ts'
import { PlayedBrowser, signInsOf } from '../../testing/played-browser.ts'
import { type ScriptedProvider, startScriptedProvider } from '../../testing/scripted-provider.ts'
import type { Integration } from '../domain/integration.ts'
import type { User } from '../domain/people.ts'
import { sha256 } from './random-values.ts'
import type { BrowserSignIns } from './sign-ins.ts'

let room: BrokerRoom
let provider: ScriptedProvider
let signIns: BrowserSignIns
let box: Integration
let ann: User
let browser: PlayedBrowser

beforeEach(async () => {
  room = await openBrokerRoom()
  provider = await startScriptedProvider()
  signIns = signInsOf(room)
  box = integrationAt(provider, 'box')
  await room.configure(box)
  ann = await room.addUser('ann')
  browser = new PlayedBrowser(signIns, await room.browserOf(ann))
})

afterEach(async () => {
  await provider.close()
  await room.close()
})

function integrationAt(server: ScriptedProvider, section: string, changes: Partial<Integration> = {}): Integration {
  const { authorizationUrl, tokenUrl } = server
  return integrationOf({ section, authorizationUrl, tokenUrl, ...changes })
}

async function databaseBytes(): Promise<string> {
  const files = (await readdir(room.directory)).filter((name) => name.startsWith('benchkey.db'))
  const contents = await Promise.all(files.map((name) => readFile(join(room.directory, name), 'latin1')))
  return contents.join('\n')
}

const stateOf = (url: URL): string => url.searchParams.get('state') ?? ''

describe('authorization request', () => {
  test('response_type=code only', async () => {
    const url = await browser.start(box.uid)
    expect(url.searchParams.getAll('response_type')).toEqual(['code'])
    expect(url.searchParams.get('client_id')).toBe(box.client.clientId)
  })

  test('PKCE S256 always (fresh 256-bit verifier)', async () => {
    const first = await browser.start(box.uid)
    const second = await browser.start(box.uid)
    expect(first.searchParams.get('code_challenge_method')).toBe('S256')
    expect(first.searchParams.get('code_challenge')).not.toBe(second.searchParams.get('code_challenge'))
    await browser.answer([
      ['state', stateOf(first)],
      ['code', 'a-code'],
    ])
    const verifier = provider.requests[0]?.parameters.get('code_verifier') ?? ''
    expect(Buffer.from(verifier, 'base64url')).toHaveLength(32)
    expect(Buffer.from(sha256(verifier), 'hex').toString('base64url')).toBe(first.searchParams.get('code_challenge'))
  })

  test('PKCE is off only by an explicit pkce=none on the integration', async () => {
    const bare = integrationAt(provider, 'bare', { pkce: 'none' })
    await room.configure(box, bare)
    const url = await browser.start(bare.uid)
    expect([...url.searchParams.keys()].filter((name) => name.startsWith('code_challenge'))).toEqual([])
    await browser.answer([
      ['state', stateOf(url)],
      ['code', 'a-code'],
    ])
    expect(provider.requests[0]?.parameters.has('code_verifier')).toBe(false)
  })

  test('state: 256 random bits, opaque; only its SHA-256 is stored; the verifier is encrypted', async () => {
    const url = await browser.start(box.uid)
    const state = stateOf(url)
    expect(Buffer.from(state, 'base64url')).toHaveLength(32)
    const whileOpen = await databaseBytes()
    const [cookieName, cookie] = [...browser.cookies][0] ?? ['', '']
    await browser.answer([
      ['state', state],
      ['code', 'a-code'],
    ])
    const verifier = provider.requests[0]?.parameters.get('code_verifier') ?? ''
    expect(verifier).toHaveLength(43)
    expect(whileOpen).toContain(sha256(state))
    expect(whileOpen).not.toContain(state)
    expect(whileOpen).not.toContain(verifier)
    expect(whileOpen).not.toContain(cookie)
    expect(cookieName).toBe(sha256(state).slice(0, 16))
    expect(Buffer.from(cookie, 'base64url')).toHaveLength(32)
  })

  test('the attempt binds user, browser session, integration and a hash of what the request was made of', async () => {
    const url = await browser.start(box.uid, 'sign-in-page')
    const attempt = await room.store.attempts.take(sha256(stateOf(url)), 600_000)
    expect(attempt).toMatchObject({
      userId: ann.id,
      browserSessionHash: browser.session?.idHash,
      integrationId: room.catalogue.internalId(box.uid),
      frozenTokenUrl: box.tokenUrl,
      redirectUri: 'https://bench.example/oauth_redirect_callback',
      returnTo: 'sign-in-page',
    })
    expect(attempt?.frozenHash).toMatch(/^[0-9a-f]{64}$/)
  })

  test('at most 20 attempts are open per user: the oldest goes', async () => {
    const first = await browser.start(box.uid)
    for (let i = 0; i < 19; i += 1) await browser.start(box.uid)
    room.pass(10_000)
    const second = await room.store.attempts.listOpen(ann.id, 600_000)
    await browser.start(box.uid)
    expect(second).toHaveLength(20)
    expect(await room.store.attempts.listOpen(ann.id, 600_000)).toHaveLength(20)
    expect(
      await browser.answer([
        ['state', stateOf(first)],
        ['code', 'a-code'],
      ]),
    ).toMatchObject({ problem: 'dead_link' })
    expect(provider.requests).toHaveLength(0)
  })

  test('redirect_uri comes from the configured public URL only, byte-identical in both requests', async () => {
    const url = await browser.start(box.uid)
    await browser.answer([
      ['state', stateOf(url)],
      ['code', 'a-code'],
    ])
    expect(url.searchParams.get('redirect_uri')).toBe('https://bench.example/oauth_redirect_callback')
    expect(provider.requests[0]?.parameters.get('redirect_uri')).toBe(url.searchParams.get('redirect_uri'))
  })

  test('keeps a query that authorization-url already has and never duplicates parameters', async () => {
    const url = `${provider.authorizationUrl}?tenant=7&scope=written`
    await room.configure({ ...box, authorizationUrl: url, scopes: ['read', 'write'] })
    const { searchParams } = await browser.start(box.uid)
    expect(searchParams.getAll('tenant')).toEqual(['7'])
    const names = [...searchParams.keys()]
    expect(names.length).toBe(new Set(names).size)
  })

  test('is refused after more starts than a person makes, and says when to try again', async () => {
    for (let i = 0; i < 20; i += 1) await browser.start(box.uid)
    await expect(browser.start(box.uid)).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringMatching(/^Too many attempts\. Try again in \d+ s\.$/),
      details: { retryAfterSeconds: expect.any(Number) },
    })
  })

  test('of an unknown integration is refused, naming the nearest one', async () => {
    await expect(browser.start('Boxx')).rejects.toMatchObject({
      code: 'unknown_integration',
      message: expect.stringContaining('Did you mean "box"?'),
    })
  })
})

describe('callback', () => {
  test('stores the sign-in, tells the page, and is audited without a secret', async () => {
    const url = await browser.start(box.uid)
    const told: string[] = []
    room.changes.subscribe(ann.id, (change) => told.push(change))
    const result = await browser.answer([
      ['state', stateOf(url)],
      ['code', 'the-very-code'],
    ])
    expect(result).toEqual({ kind: 'signed_in', integration: box, returnTo: 'settings' })
    expect(told).toEqual(['integrations'])
    const [view] = await signIns.list(ann)
    expect(view?.state).toMatchObject({ code: 'signed_in' })
    expect(view?.waitingSince).toBeUndefined()
    const audit = await room.audited()
    expect(audit.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['sign_in.started', 'ok'],
      ['sign_in.finished', 'ok'],
    ])
    expect(audit[1]).toMatchObject({ userName: 'ann', section: 'box', address: '192.0.2.10' })
    expect(JSON.stringify(audit)).not.toMatch(/the-very-code/)
    expect(JSON.stringify(audit)).not.toContain(stateOf(url))
  })

  test('a parameter twice is refused and no provider call is made', async () => {
    const url = await browser.start(box.uid)
    const twice = [
      ['state', stateOf(url)],
      ['code', 'a-code'],
      ['code', 'another'],
    ] as const
    expect(await browser.answer(twice)).toMatchObject({ kind: 'problem', problem: 'doubled' })
    const unknownTwice = [
      ['state', stateOf(url)],
      ['code', 'a-code'],
      ['x', '1'],
      ['x', '1'],
    ] as const
    expect(await browser.answer(unknownTwice)).toMatchObject({ problem: 'doubled' })
    expect(provider.requests).toHaveLength(0)
  })

  test('unknown, expired or used state is one generic problem and no provider call', async () => {
    const used = await browser.start(box.uid)
    await browser.answer([
      ['state', stateOf(used)],
      ['code', 'a-code'],
    ])
    const expired = await browser.start(box.uid)
    room.pass(600_001)
    const unknown = 'x'.repeat(43)
    browser.cookies.set(sha256(unknown).slice(0, 16), 'y'.repeat(43))
    const answers = []
    for (const state of [stateOf(used), stateOf(expired), unknown, 'short', '']) {
      answers.push(
        await browser.answer([
          ['state', state],
          ['code', 'a-code'],
        ]),
      )
    }
    answers.push(await browser.answer([['code', 'a-code']]))
    for (const answer of answers) {
      expect(answer).toEqual({ kind: 'problem', problem: 'dead_link', reference: expect.any(String), at: expect.any(Date) })
    }
    expect(provider.requests).toHaveLength(1)
  })

  test('an attempt is good for 10 minutes', async () => {
    const url = await browser.start(box.uid)
    room.pass(595_000)
    expect(
      await browser.answer([
        ['state', stateOf(url)],
        ['code', 'a-code'],
      ]),
    ).toMatchObject({ kind: 'signed_in' })
  })

  test('one use: of two replies at the same moment one is taken', async () => {
    const url = await browser.start(box.uid)
    const reply = [
      ['state', stateOf(url)],
      ['code', 'a-code'],
    ] as const
    const answers = await Promise.all([browser.answer(reply), browser.answer(reply)])
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['problem', 'signed_in'])
    expect(provider.requests).toHaveLength(1)
  })

  test("the attempt's own cookie must match", async () => {
    const url = await browser.start(box.uid)
    const [name] = [...browser.cookies.keys()]
    browser.cookies.set(name ?? '', 'z'.repeat(43))
    expect(
      await browser.answer([
        ['state', stateOf(url)],
        ['code', 'a-code'],
      ]),
    ).toMatchObject({ problem: 'dead_link' })
    expect(provider.requests).toHaveLength(0)
  })

  test('a stranger who learned the state, without cookie or login, does not use the attempt up', async () => {
    const url = await browser.start(box.uid)
    const reply = [
      ['state', stateOf(url)],
      ['code', 'a-code'],
    ] as const
    const stranger = new PlayedBrowser(signIns, await room.browserOf(await room.addUser('eve')))
    expect(await stranger.answer(reply)).toMatchObject({ problem: 'dead_link' })
    const nobody = new PlayedBrowser(signIns, undefined)
    nobody.cookies.set(sha256(stateOf(url)).slice(0, 16), 'z'.repeat(43))
    expect(await nobody.answer(reply)).toMatchObject({ problem: 'logged_out' })
    expect(await browser.answer(reply)).toMatchObject({ kind: 'signed_in' })
  })

  test('the user at the callback is the user who started', async () => {
    const url = await browser.start(box.uid)
    browser.session = await room.browserOf(await room.addUser('eve'))
    expect(
      await browser.answer([
        ['state', stateOf(url)],
        ['code', 'a-code'],
      ]),
    ).toMatchObject({ problem: 'dead_link' })
    expect(provider.requests).toHaveLength(0)
  })

  test('in the same browser session: after a log-out and a new login the attempt is over', async () => {
    const url = await browser.start(box.uid)
    const { session } = browser
    browser.session = undefined
    expect(
      await browser.answer([
        ['state', stateOf(url)],
        ['code', 'a-code'],
      ]),
    ).toMatchObject({ problem: 'logged_out' })
    browser.session = await room.browserOf(ann, 'a later login')
    expect(
      await browser.answer([
        ['state', stateOf(url)],
        ['code', 'a-code'],
      ]),
    ).toMatchObject({ problem: 'logged_out' })
    browser.session = session
    expect(
      await browser.answer([
        ['state', stateOf(url)],
        ['code', 'a-code'],
      ]),
    ).toMatchObject({ problem: 'dead_link' })
    expect(provider.requests).toHaveLength(0)
  })

  test('issuer= makes iss required and exact, in error replies too', async () => {
    await room.configure({ ...box, issuer: 'https://box.example' })
    const wrong = [
      [],
      [['iss', 'https://box.example/']],
      [['iss', 'https://BOX.example']],
      [['iss', 'https://evil.example']],
    ] as const
    for (const iss of wrong) {
      const url = await browser.start(box.uid)
      expect(await browser.answer([['state', stateOf(url)], ['code', 'a-code'], ...iss])).toMatchObject({ problem: 'dead_link' })
      const denied = await browser.start(box.uid)
      const reply = [['state', stateOf(denied)], ['error', 'access_denied'], ...iss] as const
      expect(await browser.answer(reply)).toMatchObject({ problem: 'dead_link' })
    }
    expect(provider.requests).toHaveLength(0)
    const url = await browser.start(box.uid)
    const right = [
      ['state', stateOf(url)],
      ['code', 'a-code'],
      ['iss', 'https://box.example'],
    ] as const
    expect(await browser.answer(right)).toMatchObject({ kind: 'signed_in' })
  })

  test('without issuer=, an iss that belongs to another integration is refused', async () => {
    const other = integrationOf({ section: 'other', issuer: 'https://id.other.example/tenant' })
    const third = integrationOf({ section: 'third' })
    await room.configure(box, other, third)
    for (const iss of ['https://id.other.example/tenant', 'https://third.example', 'https://third.example/realm']) {
      const url = await browser.start(box.uid)
      const reply = [
        ['state', stateOf(url)],
        ['code', 'a-code'],
        ['iss', iss],
      ] as const
      expect(await browser.answer(reply)).toMatchObject({ problem: 'dead_link' })
    }
    expect(provider.requests).toHaveLength(0)
    for (const iss of [provider.origin, `${provider.origin}/realm`, 'https://unheard-of.example']) {
      const url = await browser.start(box.uid)
      const reply = [
        ['state', stateOf(url)],
        ['code', 'a-code'],
        ['iss', iss],
      ] as const
      expect(await browser.answer(reply)).toMatchObject({ kind: 'signed_in' })
    }
  })

  test('without issuer=, the issuer of another tenant on the same host is refused', async () => {
    const tenant = integrationAt(provider, 'tenant', { tokenUrl: `${provider.origin}/b/token`, issuer: `${provider.origin}/b` })
    await room.configure(box, tenant)
    const url = await browser.start(box.uid)
    const reply = [
      ['state', stateOf(url)],
      ['code', 'a-code'],
      ['iss', `${provider.origin}/b`],
    ] as const
    expect(await browser.answer(reply)).toMatchObject({ problem: 'dead_link' })
    expect(provider.requests).toHaveLength(0)
  })

  test('a second client at the same authorization server does not count as another issuer', async () => {
    const twin = integrationAt(provider, 'twin', { issuer: provider.origin })
    await room.configure(box, twin)
    const url = await browser.start(box.uid)
    const reply = [
      ['state', stateOf(url)],
      ['code', 'a-code'],
      ['iss', provider.origin],
    ] as const
    expect(await browser.answer(reply)).toMatchObject({ kind: 'signed_in' })
  })

  test('redirect-uri=per-integration uses its own path, and the path must match', async () => {
    const own = integrationAt(provider, 'own section', { redirectUri: 'per-integration' })
    await room.configure(box, own)
    const sections: [Integration, string | undefined][] = [
      [own, undefined],
      [own, 'box'],
      [box, 'own section'],
      [box, 'box'],
    ]
    for (const [integration, section] of sections) {
      const url = await browser.start(integration.uid)
      const reply = [
        ['state', stateOf(url)],
        ['code', 'a-code'],
      ] as const
      expect(await browser.answer(reply, section)).toMatchObject({ problem: 'dead_link' })
    }
    const url = await browser.start(own.uid)
    const redirectUri = 'https://bench.example/oauth_redirect_callback/own%20section'
    expect(url.searchParams.get('redirect_uri')).toBe(redirectUri)
    expect(await browser.open(`${redirectUri}?state=${stateOf(url)}&code=a-code`)).toMatchObject({ kind: 'signed_in' })
    expect(provider.requests.map(({ parameters }) => parameters.get('redirect_uri'))).toEqual([redirectUri])
  })

  test.each([
    ['client-id', (was: Integration) => ({ client: { ...was.client, clientId: 'another' } })],
    ['authorization-url', () => ({ authorizationUrl: 'https://box.example/elsewhere' })],
    ['token-url', () => ({ tokenUrl: 'https://box.example/elsewhere' })],
    ['redirect-uri', () => ({ redirectUri: 'per-integration' as const })],
  ])('a change of %s in between aborts, and the code goes nowhere', async (_, change) => {
    const url = await browser.start(box.uid)
    await room.configure({ ...box, ...change(box) })
    const reply = [
      ['state', stateOf(url)],
      ['code', 'a-code'],
    ] as const
    expect(await browser.answer(reply)).toMatchObject({ problem: 'dead_link' })
    expect(await browser.answer(reply, 'box')).toMatchObject({ problem: 'dead_link' })
    expect(provider.requests).toHaveLength(0)
  })

  test('an integration removed in between aborts', async () => {
    const url = await browser.start(box.uid)
    await room.configure()
    expect(
      await browser.answer([
        ['state', stateOf(url)],
        ['code', 'a-code'],
      ]),
    ).toMatchObject({ problem: 'dead_link' })
    expect(provider.requests).toHaveLength(0)
  })

  test('a changed secret or name in between does not abort', async () => {
    const url = await browser.start(box.uid)
    await room.configure({ ...box, displayName: 'Box', client: { ...box.client, clientSecret: 'the next secret' } })
    expect(
      await browser.answer([
        ['state', stateOf(url)],
        ['code', 'a-code'],
      ]),
    ).toMatchObject({ kind: 'signed_in' })
    expect(provider.requests[0]?.parameters.get('client_secret')).toBe('the next secret')
  })

  test("error texts are plain text of at most 200 characters of the RFC's set, without state or code", async () => {
    const url = await browser.start(box.uid)
    const description = `<b>No</b> "quoted" \\ \u202e\u0007 ünï ${stateOf(url)} ${'x'.repeat(300)}`
    const reply = [
      ['state', stateOf(url)],
      ['error', 'access_denied'],
      ['error_description', description],
    ] as const
    const answer = await browser.answer([...reply, ['error_uri', 'https://evil.example']])
    if (answer.kind !== 'problem') throw new Error('no problem')
    expect(answer).toMatchObject({ problem: 'denied', integration: box })
    expect(answer.providerText).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,200}$/)
    expect(answer.providerText).toContain('<b>No</b>')
    expect(answer.providerText).not.toContain(stateOf(url))
    expect(JSON.stringify(answer)).not.toContain('evil.example')
  })

  test.each([
    ['access_denied', 'denied'],
    ['user_denied', 'denied'],
    ['user_cancelled_login', 'denied'],
    ['consent_declined', 'denied'],
    ['invalid_scope', 'scope_refused'],
    ['unauthorized_client', 'client_refused'],
    ['redirect_uri_mismatch', 'client_refused'],
    ['server_error', 'provider_failed'],
    ['temporarily_unavailable', 'provider_failed'],
    ['something_else', 'provider_failed'],
  ])('the error %s is the problem %s, and the attempt is used', async (error, problem) => {
    const url = await browser.start(box.uid)
    expect(
      await browser.answer([
        ['state', stateOf(url)],
        ['error', error],
      ]),
    ).toMatchObject({ problem, integration: box })
    expect(
      await browser.answer([
        ['state', stateOf(url)],
        ['code', 'a-code'],
      ]),
    ).toMatchObject({ problem: 'dead_link' })
    expect(provider.requests).toHaveLength(0)
  })

  test('a reply with both error and code sends no code', async () => {
    const url = await browser.start(box.uid)
    const reply = [
      ['state', stateOf(url)],
      ['error', 'access_denied'],
      ['code', 'a-code'],
    ] as const
    expect(await browser.answer(reply)).toMatchObject({ problem: 'denied' })
    expect(provider.requests).toHaveLength(0)
  })

  test('a problem carries a reference that is in the audit, too', async () => {
    const answer = await browser.answer([['state', 'x'.repeat(43)]])
    if (answer.kind !== 'problem') throw new Error('no problem')
    expect(answer.reference).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/)
    const [line] = await room.audited('sign_in.failed')
    expect(line).toMatchObject({ reference: answer.reference, at: answer.at, userName: 'ann', outcome: 'refused' })
  })

  test('is refused after a flood from one address', async () => {
    for (let i = 0; i < 60; i += 1) await browser.answer([['state', '']])
    expect(await browser.answer([['state', '']])).toMatchObject({ kind: 'too_many', retryAfterSeconds: expect.any(Number) })
  })
})
