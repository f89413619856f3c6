import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdminSessionOpened } from '../src/domain/admin-api.ts'
import { realEffects } from '../src/effects.ts'
import { type RunningAuthorizationServer, startAuthorizationServer } from '../testing/authorization-server.ts'
import { agree, launchBrowser, logIn, openProfile } from '../testing/browser.ts'
import {
  fetchToken,
  openSession,
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  send,
  startInProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

const PASSWORD = 'correct horse battery staple'
/** Of an access token. */
const LIFE_MS = 60_000
const KINDS = [
  { method: 'client-secret-post', rotate: true },
  { method: 'client-secret-post', rotate: false },
  { method: 'client-secret-basic', rotate: true },
  { method: 'client-secret-basic', rotate: false },
] as const

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())

describe.each(KINDS)('the trip with $method, rotating refresh tokens: $rotate', ({ method, rotate }) => {
  let files: ServerFiles
  let provider: RunningAuthorizationServer
  let server: ServerInProcess
  let session: AdminSessionOpened
  let uid: string
  /** How far Benchkey's clock is ahead of the service's. */
  let aheadMs = 0

  beforeAll(async () => {
    files = await prepareServer()
    const secret = 's3cret:with/odd+chars=%'
    const client = { id: 'demo client', secret, method, redirectUris: [files.redirectUri] }
    provider = await startAuthorizationServer({ clients: [client], rotate, accessTokenSeconds: LIFE_MS / 1000 })
    writeOauthClients(
      files,
      `[demo]
name = Demo API
client-id = demo client
client-secret = ${secret}
token-endpoint-auth-method = ${method}
authorization-url = ${provider.authorizationUrl}
token-url = ${provider.tokenUrl}
revocation-url = ${provider.revocationUrl}
scopes = openid, read
`,
    )
    server = await startInProcess(files, { effects: { ...realEffects(), now: () => new Date(Date.now() + aheadMs) } })
    await runAdmin(files, ['user', 'add', 'demo', '--password-stdin'], `${PASSWORD}\n`)
    session = await openSession(files, 'demo')
  })

  afterAll(async () => {
    await server.close()
    await provider.close()
    removeFiles(files)
  })

  it('A user signs in', async () => {
    const profile = await openProfile(browser)
    const page = await profile.newPage()
    await logIn(page, files.publicUrl, 'demo', PASSWORD)
    await page.getByRole('button', { name: 'Sign in to Demo API' }).click()
    await agree(page, 'ada')
    await page.getByRole('button', { name: 'Sign out of Demo API' }).waitFor()
    expect(page.url()).toBe(`${files.publicUrl}/settings/managed-credentials`)
    await expect.poll(() => page.getByText('as ada@demo.example · renews itself').isVisible()).toBe(true)
    await page.getByRole('button', { name: 'Info about Demo API' }).click()
    uid =
      (await page
        .getByText(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
        .first()
        .textContent()) ?? ''
    expect(uid).not.toBe('')
    await profile.close()
  })

  it('A session asks for a token, again and again, and each one works at the service', async () => {
    const seen = new Set<string>()
    for (let n = 0; n < 3; n += 1) {
      const before = provider.countTokenRequests('refresh_token')
      // For Benchkey the last token has no useful life left; at the service the next one lives long enough to be used.
      aheadMs += LIFE_MS * 0.9
      const reply = await fetchToken(files, session.cookie, uid)
      expect(reply.status).toBe(200)
      expect(provider.countTokenRequests('refresh_token')).toBe(before + 1)
      const { access_token: token } = JSON.parse(reply.body) as { access_token: string }
      seen.add(token)
      const answer = await fetch(provider.resourceUrl, { headers: { authorization: `Bearer ${token}` } })
      expect(answer.status).toBe(200)
    }
    expect(seen.size).toBe(3)
    expect(provider.tokenRequests.every(({ status }) => status === 200)).toBe(true)
  })

  it('The user signs out, the tokens are gone at once and revoked at the service', async () => {
    const profile = await openProfile(browser)
    const page = await profile.newPage()
    await logIn(page, files.publicUrl, 'demo', PASSWORD)
    const { access_token: token } = JSON.parse((await fetchToken(files, session.cookie, uid)).body) as { access_token: string }
    await page.getByRole('button', { name: 'Sign out of Demo API' }).click()
    await page.getByText('Running code in 1 session stops getting tokens.').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in to Demo API' }).waitFor()
    const refused = JSON.parse((await fetchToken(files, session.cookie, uid)).body) as { code: string }
    expect(refused.code).toBe('not_signed_in')
    // The refresh token and the access token, each by a request of its own. RFC 7009 §2.1.
    await expect.poll(() => provider.revocations).toEqual([200, 200])
    const answer = await fetch(provider.resourceUrl, { headers: { authorization: `Bearer ${token}` } })
    expect(answer.status).toBe(401)
    await profile.close()
  })

  it('The session ends, and its cookie opens nothing on the next request', async () => {
    await runAdmin(files, ['session', 'end', session.session.id])
    const reply = await fetchToken(files, session.cookie, uid)
    expect(reply.status).toBe(401)
    expect(reply.reason).toBe('This session has ended or lost its access, so it gets no tokens.')
    expect((await send(files, '/health/ready')).status).toBe(200)
  })
})
