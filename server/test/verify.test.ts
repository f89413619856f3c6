import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { VerificationCheck } from '../src/domain/verification.ts'
import type { AdminVerification } from '../src/domain/verification-api.ts'
import { type RunningAuthorizationServer, startAuthorizationServer } from '../testing/authorization-server.ts'
import { type Behaviour, oauthError, reply } from '../testing/behaviours.ts'
import { type Authority, makeAuthority, makeLeaf } from '../testing/certificates.ts'
import { type ScriptedProvider, startScriptedProvider } from '../testing/scripted-provider.ts'
import {
  askAdmin,
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

const SECRET = 'the-right-secret-of-the-client'
const DAY_MS = 24 * 60 * 60_000

let files: ServerFiles
let server: ServerInProcess
let service: RunningAuthorizationServer
let odd: ScriptedProvider
let known: Authority

/** Sections by name: lines beside client-id, client-secret, authorization-url and token-url of the real authorization server. */
const sections = new Map<string, Readonly<Record<string, string>>>()

beforeAll(async () => {
  files = await prepareServer()
  odd = await startScriptedProvider()
  const client = (id: string, method: 'client-secret-post' | 'client-secret-basic', uri = files.redirectUri) => ({
    ...{ id, secret: SECRET, method, redirectUris: [uri] },
  })
  service = await startAuthorizationServer({
    clients: [client('post', 'client-secret-post'), client('elsewhere', 'client-secret-post', `${files.redirectUri}/`)],
    rotate: true,
    accessTokenSeconds: 600,
    issueRefreshToken: 'offline_access',
  })
  const { issuer } = service
  writeSections({
    healthy: { 'client-id': 'post', issuer, scopes: 'openid,offline_access' },
    'wrong-secret': { 'client-id': 'post', 'client-secret': 'a-secret-of-somebody-else', issuer, scopes: 'offline_access' },
    'wrong-redirect-uri': { 'client-id': 'elsewhere', issuer, scopes: 'offline_access' },
    'no-refresh-token': { 'client-id': 'post', issuer, scopes: 'openid' },
    'unknown-client': { 'client-id': 'nobody', issuer, scopes: 'offline_access' },
    'wrong-issuer': { 'client-id': 'post', issuer: `${issuer}/`, scopes: 'offline_access' },
    'no-such-host': { 'token-url': 'https://token.benchkey.invalid/token' },
    'closed-port': { 'token-url': 'http://127.0.0.1:9/token' },
    odd: { 'authorization-url': odd.authorizationUrl, 'token-url': odd.tokenUrl },
  })
  known = await makeAuthority()
  server = await startInProcess(files, { providerCa: known.pem })
})

afterAll(async () => {
  await server?.close()
  await Promise.all([service?.close(), odd?.close()])
  removeFiles(files)
})

function writeSections(more: Readonly<Record<string, Readonly<Record<string, string>>>>): void {
  for (const [name, lines] of Object.entries(more)) sections.set(name, lines)
  const usual = {
    'client-id': 'post',
    'client-secret': SECRET,
    'authorization-url': service.authorizationUrl,
    'token-url': service.tokenUrl,
  }
  const text = [...sections].map(([name, lines]) => {
    const options = Object.entries({ ...usual, ...lines }).map(([option, value]) => `${option} = ${value}\n`)
    return `[${name}]\n${options.join('')}\n`
  })
  writeOauthClients(files, text.join(''))
}

/** The line an option of a section stands in. */
function lineOf(section: string, option: string): number {
  const lines = readFileSync(join(files.configDir, 'oauth-clients.conf'), 'utf8').split('\n')
  const header = lines.indexOf(`[${section}]`)
  return lines.findIndex((line, index) => index > header && line.startsWith(`${option} =`)) + 1
}

interface Found extends VerificationCheck {
  readonly title: string
}

async function verify(section: string): Promise<{ readonly isWell: boolean; readonly checks: readonly Found[] }> {
  const { isWell, groups } = await askAdmin<AdminVerification>(files, 'POST', '/verify', { section })
  return { isWell, checks: groups.flatMap(({ title, checks }) => checks.map((check) => ({ ...check, title }))) }
}

/** Failed and warned, as `outcome id`. */
const troubles = ({ checks }: { readonly checks: readonly Found[] }): readonly string[] =>
  checks.filter(({ outcome }) => outcome === 'failed' || outcome === 'warning').map(({ outcome, id }) => `${outcome} ${id}`)

const found = ({ checks }: { readonly checks: readonly Found[] }, id: string): Found | undefined =>
  checks.find((check) => check.id === id)

describe('an integration at a real authorization server:', () => {
  it('all healthy: nothing failed, and the exact redirect URI is told', async () => {
    const verified = await verify('healthy')
    expect(troubles(verified)).toEqual([])
    expect(verified.isWell).toBe(true)
    expect(found(verified, 'client')).toMatchObject({ outcome: 'ok', title: 'Fine' })
    expect(found(verified, 'redirect-uri')).toMatchObject({ outcome: 'ok', copy: files.redirectUri })
    expect(found(verified, 'pkce')).toMatchObject({ outcome: 'ok' })
    expect(found(verified, 'issuer')).toMatchObject({ outcome: 'ok' })
    expect(found(verified, 'clock')).toMatchObject({ outcome: 'ok' })
  })

  it('one token request is enough for a client that is right', async () => {
    const before = service.countTokenRequests()
    await verify('healthy')
    expect(service.countTokenRequests()).toBe(before + 1)
  })

  it('a wrong secret: named with its line', async () => {
    const verified = await verify('wrong-secret')
    expect(troubles(verified)).toEqual(['failed client'])
    expect(found(verified, 'client')).toMatchObject({
      title: 'You, here',
      fact: expect.stringMatching(/refuses the client ID or the secret: it answered invalid_client, by client-secret-post and /),
      place: `oauth-clients.conf:${lineOf('wrong-secret', 'client-secret')}`,
    })
  })

  it('a redirect URI that is registered with a slash too many: named, with the right one to copy', async () => {
    const verified = await verify('wrong-redirect-uri')
    expect(troubles(verified)).toEqual(['failed redirect-uri'])
    expect(found(verified, 'redirect-uri')).toMatchObject({ title: 'At the service', copy: files.redirectUri })
  })

  it('no scope for a refresh token, as far as the metadata tells: named, to copy, and not claimed', async () => {
    const verified = await verify('no-refresh-token')
    expect(troubles(verified)).toEqual([])
    expect(found(verified, 'refresh-token')).toMatchObject({
      ...{ outcome: 'unknown', title: 'You, here' },
      action: expect.stringContaining('add offline_access to scopes'),
      place: `oauth-clients.conf:${lineOf('no-refresh-token', 'scopes')}`,
      copy: 'offline_access',
    })
  })

  it('an unknown client ID: named by the authorization URL and by the token URL', async () => {
    const verified = await verify('unknown-client')
    expect(troubles(verified)).toEqual(['failed client-id', 'failed client'])
  })

  it('an issuer with a slash too many: every sign-in would fail, so it is named', async () => {
    const verified = await verify('wrong-issuer')
    expect(troubles(verified)).toEqual(['failed issuer'])
    expect(found(verified, 'issuer')).toMatchObject({ copy: `issuer=${service.issuer}` })
  })
})

describe('a host that is not reached:', () => {
  it('a name that is nobody’s', async () => {
    const verified = await verify('no-such-host')
    expect(troubles(verified)).toContain('failed dns')
    expect(found(verified, 'dns')).toMatchObject({
      title: 'You, here',
      fact: 'There is no host token.benchkey.invalid: its name was looked up and not found.',
      place: `oauth-clients.conf:${lineOf('no-such-host', 'token-url')}`,
    })
    expect(found(verified, 'client')).toBeUndefined()
  })

  it('a port where nobody listens', async () => {
    const verified = await verify('closed-port')
    expect(troubles(verified)).toContain('failed tcp')
    expect(found(verified, 'tcp')).toMatchObject({
      title: 'Your network team',
      fact: 'Benchkey does not get through to 127.0.0.1:9 directly: refused the connection.',
    })
  })
})

/** Plays the service by path and method. */
function play(parts: { readonly authorize?: Behaviour; readonly token?: Behaviour; readonly metadata?: Behaviour }): Behaviour {
  const nothing = reply('nothing here', { status: 404, headers: { 'content-type': 'text/plain' } })
  const page = reply('<title>Log in</title><form>…</form>', { headers: { 'content-type': 'text/html' } })
  return (exchange) => {
    const { path } = exchange.request
    if (path.includes('/.well-known/')) return (parts.metadata ?? nothing)(exchange)
    if (path.startsWith('/authorize')) return (parts.authorize ?? page)(exchange)
    return (parts.token ?? oauthError('invalid_grant'))(exchange)
  }
}

/** Knows its client by HTTP Basic alone. */
const basicOnly: Behaviour = (exchange) => {
  const isBasic = exchange.request.headers.authorization?.startsWith('Basic ') === true
  return isBasic ? oauthError('invalid_grant')(exchange) : oauthError('invalid_client', { status: 401 })(exchange)
}

const html = (text: string, status: number): Behaviour =>
  reply(`<html><head><script>var redirect_uri_mismatch = 1</script></head><body>${text}</body></html>`, {
    ...{ status, headers: { 'content-type': 'text/html' } },
  })

interface OddRow {
  readonly name: string
  readonly service: Parameters<typeof play>[0]
  readonly troubles: readonly string[]
  readonly says?: readonly [id: string, text: RegExp]
}

const ODD: readonly OddRow[] = [
  { name: 'a login page and invalid_grant: well', service: {}, troubles: [] },
  {
    name: '400 with words about the redirect URI: named, although the page shows no code',
    service: { authorize: html('The redirect URI does not match.', 400) },
    ...{ troubles: ['failed redirect-uri'], says: ['redirect-uri', /says: "The redirect URI does not match\."/] },
  },
  {
    name: '400 without words: several causes are told',
    service: { authorize: html('Something went wrong.', 400) },
    ...{ troubles: ['failed authorization-url'], says: ['authorization-url', /Several causes fit/] },
  },
  {
    name: 'a page that blames client ID or redirect URI: several causes are told',
    service: { authorize: html('Invalid client_id or redirect_uri.', 400) },
    ...{ troubles: ['failed authorization-url'], says: ['authorization-url', /Several causes fit/] },
  },
  {
    name: 'Entra’s page with 200 and its number: the redirect URI is named',
    service: {
      authorize: reply('<script>$Config={"strServiceExceptionMessage":"AADSTS50011: The redirect URI is not right"}</script>', {
        headers: { 'content-type': 'text/html' },
      }),
    },
    ...{ troubles: ['failed redirect-uri'], says: ['redirect-uri', /AADSTS50011/] },
  },
  {
    name: 'a login page that mentions redirect URIs is a login page',
    service: { authorize: html('Log in. Developers find help on redirect URIs in our documentation.', 200) },
    troubles: [],
  },
  {
    name: '404 at the authorization URL',
    service: { authorize: html('Not found', 404) },
    ...{
      troubles: ['failed authorization-url'],
      says: ['authorization-url', /no page at this path, or none for this client ID/],
    },
  },
  {
    name: '403 at the authorization URL: perhaps only for programs',
    service: { authorize: html('Checking your browser', 403) },
    ...{ troubles: [], says: ['authorization-url', /a browser may well get its page/] },
  },
  {
    name: 'a client that is known by HTTP Basic alone: the method is named',
    service: { token: basicOnly },
    troubles: ['failed client'],
    says: [
      'client',
      /by client-secret-post \(it answered invalid_client\) and accepts it by client-secret-basic.*Write token-endp/s,
    ],
  },
  {
    name: '403 with a page at the token URL: something keeps us out',
    service: { token: html('Access denied by policy', 403) },
    ...{ troubles: ['failed token-url'], says: ['token-url', /keeps Benchkey out.*Several causes fit/s] },
  },
  {
    name: '404 at the token URL',
    service: { token: html('Not found', 404) },
    ...{ troubles: ['failed token-url'], says: ['token-url', /there is no token endpoint at this path/] },
  },
  {
    name: 'a page with 200 at the token URL',
    service: { token: html('Welcome', 200) },
    ...{ troubles: ['failed token-url'], says: ['token-url', /this is not a token endpoint/] },
  },
  {
    name: '200 with an error of its own, whatever the secret: not known',
    service: { token: reply({ ok: false, error: 'invalid_code' }) },
    ...{ troubles: [], says: ['client', /cannot be told/] },
  },
  {
    name: 'a redirect at the token URL is told and not followed',
    service: { token: reply('', { status: 307, headers: { location: 'https://token.example/new?x=1' } }) },
    ...{ troubles: ['failed token-url'], says: ['token-url', /points to "https:\/\/token\.example\/new"/] },
  },
  {
    name: '429: nothing is claimed',
    service: { token: reply('', { status: 429, headers: { 'retry-after': '30' } }) },
    ...{ troubles: [], says: ['client', /Try again in 30 seconds/] },
  },
  {
    name: 'a clock that is ten minutes behind',
    service: {
      token: reply({ error: 'invalid_grant' }, { status: 400, headers: { date: new Date(Date.now() - 600_000).toUTCString() } }),
    },
    ...{ troubles: ['failed clock'], says: ['clock', /clock of this server is 10 minutes ahead of/] },
  },
]

describe('an odd service:', () => {
  it.each(ODD)('$name', async ({ service: parts, troubles: expected, says }) => {
    writeSections({ [`odd-${ODD.findIndex((row) => row.service === parts)}`]: sections.get('odd') ?? {} })
    await server.reload()
    odd.always(play(parts))
    const verified = await verify(`odd-${ODD.findIndex((row) => row.service === parts)}`)
    expect(troubles(verified)).toEqual(expected)
    expect(found(verified, 'redirect-uri') ?? found(verified, 'authorization-url')).toMatchObject({ copy: files.redirectUri })
    if (says) {
      const check = found(verified, says[0])
      expect(`${check?.fact} ${check?.action}`).toMatch(says[1])
    }
  })
})

describe('a certificate that is not good:', () => {
  const cases = [
    { name: 'expired', hosts: ['127.0.0.1'], days: -1, isKnown: true, says: /its certificate expired on / },
    {
      name: 'of another host',
      hosts: ['other.example'],
      days: 90,
      isKnown: true,
      says: /its certificate is for other\.example\./,
    },
    { name: 'of an unknown authority', hosts: ['127.0.0.1'], days: 90, isKnown: false, says: /issued by "Lab Root"/ },
    { name: 'that ends in three days', hosts: ['127.0.0.1'], days: 3.5, isKnown: true, says: /\(3 days\)/ },
  ] as const

  it.each(cases)('$name', async ({ hosts, days, isKnown, says, name }) => {
    const authority = isKnown ? known : await makeAuthority('Lab Root')
    const notBefore = new Date(Date.now() - 30 * DAY_MS)
    const leaf = await makeLeaf(authority, hosts, { notBefore, notAfter: new Date(Date.now() + days * DAY_MS) })
    const provider = await startScriptedProvider({ tls: leaf })
    try {
      writeSections({ [name]: { 'token-url': provider.tokenUrl } })
      await server.reload()
      const verified = await verify(name)
      expect(found(verified, 'certificate')?.fact).toMatch(says)
      expect(verified.isWell).toBe(days === 3.5)
      expect(provider.requests.length > 0).toBe(days === 3.5)
    } finally {
      await provider.close()
    }
  })
})

describe('benchkey verify', () => {
  it('prints a report on stdout and how far it is on stderr, and ends with 1 when something failed', async () => {
    const { code, stdout, stderr } = await runAdmin(files, ['verify', 'healthy', 'wrong-secret'])
    expect(stderr).toContain('Looking at healthy [healthy] (1 of 2)')
    expect(stdout).toMatch(/^healthy \[healthy\]: nothing failed\n {2}Fine: /)
    expect(stdout).toMatch(/wrong-secret \[wrong-secret\]: 1 thing failed\n {2}You, here\n {4}✗ /)
    expect(code).toBe(1)
  })

  it('looks at the server itself, and tells the redirect URI', async () => {
    const verification = await askAdmin<AdminVerification>(files, 'POST', '/verify', {})
    expect(verification).toMatchObject({ name: 'This server', isWell: true })
    expect(verification.groups.map(({ title }) => title)).toEqual(['Fine'])
    expect(JSON.stringify(verification)).toContain(files.redirectUri)
  })

  it('names the nearest integration for a mistyped one', async () => {
    const { code, stderr } = await runAdmin(files, ['verify', 'helthy'])
    expect(stderr).toContain('There is no integration "helthy"; the nearest one is "healthy".')
    expect(code).toBe(1)
  })

  it('holds no secret in any report', async () => {
    const { stdout } = await runAdmin(files, ['verify', '--json', 'healthy', 'wrong-secret'])
    expect(JSON.parse(stdout)).toMatchObject({ isWell: false })
    expect(stdout).not.toContain(SECRET)
    expect(stdout).not.toContain('a-secret-of-somebody-else')
  })
})
