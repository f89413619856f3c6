import { createHash } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import {
  type AuthorizationServerOptions,
  type RunningAuthorizationServer,
  startAuthorizationServer,
} from './authorization-server.ts'
import { makeCertificates } from './certificates.ts'
import { completeInteraction } from './complete-interaction.ts'

const REDIRECT_URI = 'https://bench.example/oauth_redirect_callback'
const VERIFIER = 'v'.repeat(43)
const running: { close(): Promise<void> }[] = []
const folders: string[] = []

afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true })
})

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'benchkey-as-'))
  folders.push(made)
  return made
}

async function start(options: Partial<AuthorizationServerOptions> = {}): Promise<RunningAuthorizationServer> {
  const server = await startAuthorizationServer({
    clients: [{ id: 'bench', secret: 's3cret', method: 'client-secret-post', redirectUris: [REDIRECT_URI] }],
    rotate: true,
    accessTokenSeconds: 3600,
    ...options,
  })
  running.push(server)
  return server
}

function authorizationUrl(server: RunningAuthorizationServer, scope = 'openid read'): string {
  const url = new URL(server.authorizationUrl)
  const challenge = createHash('sha256').update(VERIFIER).digest('base64url')
  const parameters = {
    response_type: 'code',
    client_id: 'bench',
    redirect_uri: REDIRECT_URI,
    state: 'st',
    code_challenge: challenge,
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  url.searchParams.set('code_challenge_method', 'S256')
  if (scope !== '') url.searchParams.set('scope', scope)
  return url.href
}

async function post(url: string, parameters: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> {
  const body = new URLSearchParams({ client_id: 'bench', client_secret: 's3cret', ...parameters })
  const response = await fetch(url, { method: 'POST', body })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

async function signIn(server: RunningAuthorizationServer, scope?: string): Promise<Record<string, unknown>> {
  const back = new URL(await completeInteraction(authorizationUrl(server, scope), { userName: 'ada' }))
  const code = back.searchParams.get('code') ?? ''
  const grant = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: VERIFIER }
  return (await post(server.tokenUrl, grant)).body
}

const refresh = (server: RunningAuthorizationServer, token: unknown) =>
  post(server.tokenUrl, { grant_type: 'refresh_token', refresh_token: String(token) })

describe('the authorization server of the tests', () => {
  test('gives code, tokens and a resource that knows the user', async () => {
    const server = await start()
    const back = new URL(await completeInteraction(authorizationUrl(server), { userName: 'ada' }))
    expect(back.searchParams.get('iss')).toBe(server.issuer)
    expect(back.searchParams.get('state')).toBe('st')
    const tokens = await signIn(server)
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 3600, refresh_token: expect.any(String) })
    const resource = await fetch(server.resourceUrl, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    expect(await resource.json()).toMatchObject({ user: 'ada', client: 'bench' })
    expect((await fetch(server.resourceUrl)).status).toBe(401)
  })

  test('a replayed refresh token ends the whole chain when it rotates', async () => {
    const server = await start()
    const first = await signIn(server)
    const second = await refresh(server, first.refresh_token)
    expect(second.status).toBe(200)
    expect((await refresh(server, first.refresh_token)).body.error).toBe('invalid_grant')
    expect((await refresh(server, second.body.refresh_token)).body.error).toBe('invalid_grant')
    expect(server.countTokenRequests('refresh_token')).toBe(3)
    expect(server.tokenRequests.map((r) => r.status)).toEqual([200, 200, 400, 400])
  })

  test('a refresh token works again and again when it does not rotate', async () => {
    const server = await start({ rotate: false })
    const { refresh_token } = await signIn(server)
    expect((await refresh(server, refresh_token)).status).toBe(200)
    expect((await refresh(server, refresh_token)).status).toBe(200)
  })

  test('gives no refresh token, no iss and asks for no PKCE when told so', async () => {
    const server = await start({ issueRefreshToken: 'never', issuesIss: false, pkceRequired: false })
    const back = new URL(await completeInteraction(authorizationUrl(server, '')))
    expect(back.searchParams.has('iss')).toBe(false)
    expect(await signIn(server, '')).not.toHaveProperty('refresh_token')
  })

  test('Deny sends access_denied back', async () => {
    const server = await start()
    const back = new URL(await completeInteraction(authorizationUrl(server), { deny: true }))
    expect(back.searchParams.get('error')).toBe('access_denied')
  })

  test('revocation ends the grant and is counted', async () => {
    const server = await start()
    const { refresh_token } = await signIn(server)
    expect((await post(server.revocationUrl, { token: String(refresh_token) })).status).toBe(200)
    expect((await refresh(server, refresh_token)).body.error).toBe('invalid_grant')
    expect(server.revocations).toEqual([200])
  })

  test('keeps grants in its state file across a restart', async () => {
    const stateFile = join(await folder(), 'state.db')
    const before = await start({ stateFile })
    const { refresh_token } = await signIn(before)
    running.splice(running.indexOf(before), 1)
    await before.close()
    const after = await start({ stateFile, port: before.port })
    expect((await refresh(after, refresh_token)).status).toBe(200)
  })

  test('serves https with a certificate that strict verification accepts', async () => {
    const made = await makeCertificates(await folder(), { names: ['bench.example'] })
    expect((await stat(made.keyFile)).mode & 0o777).toBe(0o600)
    const server = await start({ tls: made })
    const back = new URL(await completeInteraction(authorizationUrl(server), { ca: made.ca }))
    expect(back.searchParams.has('code')).toBe(true)
    const status = await new Promise((resolve, reject) => {
      httpsRequest(server.resourceUrl, { ca: made.ca, agent: false, servername: 'bench.example' })
        .once('response', (response) => resolve(response.resume().statusCode))
        .once('error', reject)
        .end()
    })
    expect(status).toBe(401)
  })
})
