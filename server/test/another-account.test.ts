import type { PageIntegration, PageIntegrationDetails, PageIntegrations } from '@benchkey/sdk/pages'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningAuthorizationServer, startAuthorizationServer } from '../testing/authorization-server.ts'
import { completeInteraction } from '../testing/complete-interaction.ts'
import { PlainBrowser } from '../testing/signed-in.ts'
import {
  askAdmin,
  fetchToken,
  openSession,
  prepareServer,
  removeFiles,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from '../testing/start-server.ts'

/** *Use another account*, at a real authorization server where one person has two. */
const USER = { name: 'ada', password: 'correct horse battery staple' }

let files: ServerFiles
let provider: RunningAuthorizationServer
let server: ServerInProcess
let browser: PlainBrowser
let uid = ''

beforeAll(async () => {
  files = await prepareServer()
  const client = { id: 'bench', secret: 's', method: 'client-secret-post', redirectUris: [files.redirectUri] } as const
  provider = await startAuthorizationServer({ clients: [client], rotate: true, accessTokenSeconds: 600 })
  const { authorizationUrl, tokenUrl, revocationUrl } = provider
  const urls = `authorization-url=${authorizationUrl}\ntoken-url=${tokenUrl}\nrevocation-url=${revocationUrl}`
  writeOauthClients(files, `[demo]\nclient-id=bench\nclient-secret=s\n${urls}\nscopes=openid read\nrevocation-scope=token\n`)
  server = await startInProcess(files)
  await askAdmin(files, 'POST', '/users', { ...USER, isAdmin: false })
  browser = new PlainBrowser(files)
  await browser.logIn(USER.name, USER.password)
  uid = await browser.signIn('demo', 'ada')
})
afterAll(async () => {
  await server.close()
  await provider.close()
  removeFiles(files)
})

async function row(): Promise<PageIntegration | undefined> {
  return (JSON.parse((await browser.ask('/api/integrations')).body) as PageIntegrations).integrations[0]
}

async function startAnother(): Promise<string> {
  const { body } = await browser.ask(`/api/integrations/${uid}/sign-in`, { returnTo: 'settings', anotherAccount: true })
  return (JSON.parse(body) as { url: string }).url
}

async function accountOfToken(): Promise<string> {
  const { cookie } = await openSession(files, USER.name)
  const { access_token: token } = JSON.parse((await fetchToken(files, cookie, uid)).body) as { access_token: string }
  const reply = await fetch(provider.resourceUrl, { headers: { authorization: `Bearer ${token}` } })
  return ((await reply.json()) as { user: string }).user
}

describe('another account', () => {
  test('is asked for by the service, and the sign-in there is stays until the new one has succeeded', async () => {
    expect(await row()).toMatchObject({ account: 'ada@demo.example', state: 'signed_in' })
    const { body } = await browser.ask(`/api/integrations/${uid}`)
    expect(JSON.parse(body) as PageIntegrationDetails).toMatchObject({ asksWhichAccount: true })

    const url = await startAnother()
    expect(new URL(url).searchParams.get('prompt')).toBe('login')
    expect(await row()).toMatchObject({ account: 'ada@demo.example', state: 'signed_in', waitingSince: expect.any(String) })
    expect(await accountOfToken()).toBe('ada')

    const denied = await browser.visit(await completeInteraction(url, { userName: 'grace', deny: true }))
    expect(denied.status).not.toBe(303)
    expect(await accountOfToken()).toBe('ada')

    const back = await browser.visit(await completeInteraction(await startAnother(), { userName: 'grace' }))
    expect(back.status).toBe(303)
    expect(await row()).toMatchObject({ account: 'grace@demo.example', state: 'signed_in' })
    expect(await accountOfToken()).toBe('grace')
  })

  test('is no part of a usual sign-in', async () => {
    expect(new URL(await browser.start(uid)).searchParams.has('prompt')).toBe(false)
  })

  test('that is neither true nor false is refused', async () => {
    const { status } = await browser.ask(`/api/integrations/${uid}/sign-in`, { returnTo: 'settings', anotherAccount: 'yes' })
    expect(status).toBe(400)
  })
})
