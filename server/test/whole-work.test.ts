import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeFindings } from '../testing/axe.ts'
import { type BoxService, startBoxService } from '../testing/box-service.ts'
import { agree, launchBrowser, logIn, openProfile } from '../testing/browser.ts'
import { TOUR_VIEWPORT, takePicture } from '../testing/pictures.ts'
import {
  askAdmin,
  fetchToken,
  prepareServer,
  removeFiles,
  runAdmin,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
} from '../testing/start-server.ts'
import { openSessionBeside } from '../testing/two-users.ts'

/*
 * The whole work of an administrator, with clicks: add Box from a preset, test, deploy; a user signs in; the secret breaks; who is told
 * what; it is mended, and nobody signs in again. Box is reached by its own names through an outgoing proxy.
 */

const SECRET = 'the secret that Box gave'
const GUIDE = 'docs/administrators-guide.md'
/** It stays byte for byte as it is, whatever is deployed. */
const BEFORE = `# Services of the data team.   Questions: data@corp.example
[wiki]   
; switched off until the new server is there
enabled = 0
client-id=wiki
client-secret=the secret of the wiki
authorization-url=https://wiki.corp.example/authorize
token-url=https://wiki.corp.example/token
redirect-uri=per-integration
`

let files: ServerFiles
let box: BoxService
let server: ServerInProcess
let browser: Browser
/** The administrator. */
let grace: Page
/** The user, who keeps Managed Credentials open all the time. */
let ada: Page
let adasCookie: string
const complaints: string[] = []

beforeAll(async () => {
  files = await prepareServer({ oauthClients: BEFORE, singleUser: false })
  const client = { id: 'bench', secret: SECRET, method: 'client-secret-post', redirectUris: [files.redirectUri] } as const
  box = await startBoxService(client, 8)
  // Box is reached by its names, as in the world: nothing that is for tests only.
  const serverFile = join(files.configDir, 'benchkey.conf')
  writeFileSync(serverFile, readFileSync(serverFile, 'utf8').replace('insecure-loopback-providers=1\n', ''))
  writeFileSync(join(files.configDir, 'env-vars'), `https_proxy=${box.proxyUrl}\n`, { mode: 0o600 })
  writeFileSync(join(files.configDir, 'corp-ca.pem'), box.ca, { mode: 0o644 })
  server = await startInProcess(files)
  browser = await launchBrowser()
  grace = await pageOf('grace', true)
  ada = await pageOf('ada', false)
  adasCookie = await openSessionBeside(files, 'ada')
}, 120_000)

afterAll(async () => {
  await browser.close()
  await server.close()
  await box.close()
  removeFiles(files)
})

/** Somebody new, logged in in a browser of their own that reaches Box through the proxy. */
async function pageOf(name: string, isAdmin: boolean): Promise<Page> {
  const password = passwordOf(name)
  await askAdmin(files, 'POST', '/users', { name, password, isAdmin })
  const profile = await openProfile(browser, { viewport: TOUR_VIEWPORT, proxy: { server: box.proxyUrl, bypass: 'localhost' } })
  const page = await profile.newPage()
  page.on('pageerror', (error) => complaints.push(`${name}: ${error.message}`))
  page.on('console', (line) => {
    if (/content security policy/i.test(line.text())) complaints.push(`${name}: ${line.text()}`)
  })
  await logIn(page, files.publicUrl, name, password)
  return page
}

const passwordOf = (name: string): string => `the password of ${name}`
/** On a busy machine a page takes its time. */
const PATIENT = { timeout: 20_000 }
const field = (label: string) => grace.getByLabel(new RegExp(`^${label}( optional)?$`))
const rowOf = (page: Page, text: string) => page.locator('li').filter({ hasText: text }).first()
const configuration = (): string => readFileSync(join(files.configDir, 'oauth-clients.conf'), 'utf8')
const signInsSoFar = (): number => box.authorizationServer.countTokenRequests('authorization_code')

/** The page as it stands has nothing that axe or the policy finds. */
async function expectWell(page: Page): Promise<void> {
  expect(await axeFindings(page)).toEqual([])
  expect(complaints).toEqual([])
}

/** Deploys what is not deployed, and waits until the node runs it. */
async function deploy(): Promise<void> {
  await grace.getByRole('button', { name: 'Deploy', exact: true }).click(PATIENT)
  await grace.getByText(/^Version \d+ is deployed\.$/).waitFor(PATIENT)
  await grace
    .getByRole('list', { name: 'Nodes' })
    .getByText(/runs \d+/)
    .waitFor(PATIENT)
}

/** The token that a session of ada gets now, or the sentence instead. */
async function tokenNow(): Promise<{ readonly token?: string; readonly words: string }> {
  const { integrations } = JSON.parse(await apiText(ada, '/api/integrations')) as { integrations: { uid: string }[] }
  const reply = await fetchToken(files, adasCookie, integrations[0]?.uid ?? '')
  const { access_token: token } = JSON.parse(reply.body) as { access_token?: string }
  return { ...(token === undefined ? {} : { token }), words: reply.body }
}

const apiText = (page: Page, path: string): Promise<string> =>
  page.evaluate(async (address) => await (await fetch(address)).text(), path)

/** Types another secret for Box and deploys it. */
async function changeSecret(secret: string): Promise<void> {
  await grace.goto(`${files.publicUrl}/admin/integrations/box-integration`)
  await field('Client secret').fill(secret)
  await grace.getByRole('button', { name: 'Save', exact: true }).click()
  await grace.getByText('Saved, not deployed.').waitFor(PATIENT)
  await grace.goto(`${files.publicUrl}/admin/integrations/review`)
  await deploy()
}

describe('the whole work of an administrator', { timeout: 180_000 }, () => {
  it('adds Box from its preset, tests it before anybody sees it, and deploys it', async () => {
    await grace.getByRole('button', { name: 'grace', exact: true }).click()
    await grace.getByRole('menuitem', { name: 'Administration' }).click()
    await grace.getByRole('link', { name: 'Integrations', exact: true }).click()
    await grace.getByRole('link', { name: 'Add' }).click()
    await grace.getByRole('link', { name: 'Box', exact: true }).click()
    await grace.getByText(files.redirectUri).first().waitFor()
    await takePicture(grace, GUIDE, 'admin-register')
    await expectWell(grace)
    await grace.getByRole('button', { name: 'Continue' }).click()

    await field('Name').fill('Box API Access')
    await field('Section header').fill('box-integration')
    await field('Client ID').fill('bench')
    await field('Client secret').fill(SECRET)
    await grace.getByText('Network', { exact: true }).click()
    await field('File of more authorities').fill('corp-ca.pem')
    await expectWell(grace)
    await grace.getByRole('button', { name: 'Save and test' }).click()

    await grace.getByText('Box API Access is well.').waitFor({ timeout: 60_000 })
    await takePicture(grace, GUIDE, 'admin-test')
    await expectWell(grace)
    expect(configuration()).toBe(BEFORE)
    await grace.getByRole('link', { name: 'Review and deploy' }).click()
    await grace.getByText('[box-integration]').first().waitFor()
    expect(await grace.locator('main').innerText()).not.toContain(SECRET)
    await takePicture(grace, GUIDE, 'admin-review')
    await expectWell(grace)
    await deploy()
    expect(configuration().startsWith(BEFORE)).toBe(true)
    await takePicture(grace, GUIDE, 'admin-integrations')
  })

  it('a user sees it without loading the page, signs in, and code gets tokens', async () => {
    await ada.getByRole('button', { name: 'Sign in to Box API Access' }).click()
    await agree(ada, 'ada')
    await ada.getByText('as ada@corp.example').waitFor()
    const { token } = await tokenNow()
    const reply = await fetch(box.authorizationServer.resourceUrl, { headers: { authorization: `Bearer ${token}` } })
    expect(await reply.json()).toMatchObject({ user: 'ada', client: 'bench' })
  })

  it('a wrong secret is told to the user, to code, to the administrator, each in words of their own', async () => {
    await changeSecret('not the secret that Box gave')
    await expect.poll(async () => (await tokenNow()).words, { timeout: 60_000 }).toContain('refuses Benchkey')
    await ada.getByText('Configuration error').first().waitFor()
    await ada.getByText('Your sign-in is kept.').waitFor()
    await expectWell(ada)

    await grace.goto(`${files.publicUrl}/admin`)
    await grace.getByText(/refuses the client secret since/).waitFor()
    await takePicture(grace, GUIDE, 'admin-dashboard')
    await expectWell(grace)
    await rowOf(grace, 'refuses the client secret since').getByRole('button', { name: 'Test' }).click()
    await grace.getByText('Not all is well with Box API Access.').waitFor({ timeout: 60_000 })
    await grace.getByRole('heading', { name: 'You, here' }).waitFor()
    await expectWell(grace)
    const verified = await runAdmin(files, ['verify', 'box-integration'])
    expect(verified.code).toBe(1)
    expect(verified.stdout).toMatch(/oauth-clients\.conf:\d+/)
  })

  it('it is mended, and nobody signs in again', async () => {
    const before = signInsSoFar()
    await changeSecret(SECRET)
    await expect.poll(async () => (await tokenNow()).token, { timeout: 60_000 }).toBeDefined()
    await rowOf(ada, 'Box API Access').getByText('Signed in').waitFor()
    expect(signInsSoFar()).toBe(before)
    await grace.goto(`${files.publicUrl}/admin`)
    await grace.getByText('Everything is working.').waitFor()
    expect((await runAdmin(files, ['verify', 'box-integration'])).code).toBe(0)
    expect(configuration().startsWith(BEFORE)).toBe(true)
  })
})
