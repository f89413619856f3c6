import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { launchBrowser, logIn, openProfile } from '../testing/browser.ts'
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

const PASSWORD = 'correct horse battery staple'
/** On a busy machine a page takes its time. */
const PATIENT = { timeout: 20_000 }

let provider: ScriptedProvider
let files: ServerFiles
let server: ServerInProcess
let browser: Browser
let ada: Page
let grace: Page
const complaints: string[] = []

beforeAll(async () => {
  provider = await startScriptedProvider()
  files = await prepareServer({ singleUser: false })
  writeOauthClients(files, '# Ours; mail ada before a change.\n')
  server = await startInProcess(files)
  for (const name of ['ada', 'grace']) await askAdmin(files, 'POST', '/users', { name, password: PASSWORD, isAdmin: true })
  browser = await launchBrowser()
  ada = await openFor('ada')
  grace = await openFor('grace')
})
// What a page complains of is a finding of whatever test opened it.
afterEach(() => expect(complaints).toEqual([]))
afterAll(async () => {
  await browser.close()
  await server.close()
  await provider.close()
  removeFiles(files)
})

async function openFor(name: string): Promise<Page> {
  const context: BrowserContext = await openProfile(browser)
  await context.exposeFunction('complain', (text: string) => complaints.push(text))
  // As text: the types of this room know no document.
  await context.addInitScript(
    "document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => complain(violatedDirective + ' ' + blockedURI))",
  )
  const page = await context.newPage()
  page.on('pageerror', ({ message }) => complaints.push(message))
  await logIn(page, files.publicUrl, name, PASSWORD)
  return page
}

const go = (page: Page, path = '') => page.goto(`${files.publicUrl}/admin/integrations${path}`)
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true })
const field = (page: Page, label: string) => page.getByLabel(new RegExp(`^${label}( optional)?$`))
const written = () => readFileSync(join(files.configDir, 'oauth-clients.conf'), 'utf8')

/** Saves what is typed, and waits until it is. */
async function save(page: Page): Promise<void> {
  await button(page, 'Save').click()
  await page.getByText('Saved, not deployed.').waitFor(PATIENT)
}

async function deploy(page: Page): Promise<void> {
  await go(page, '/review')
  await button(page, 'Deploy').click(PATIENT)
}

describe('the Configuration Manager of a real server', { timeout: 120_000 }, () => {
  it('adds an integration in three steps and deploys it, and the file keeps its comment', async () => {
    await go(ada)
    await ada.getByText('No integrations yet.').waitFor(PATIENT)
    await link(ada, 'Add').click()
    await link(ada, 'Another service').click()
    await ada.getByText(files.redirectUri).first().waitFor()
    await button(ada, 'Continue').click()
    await field(ada, 'Name').fill('Lab API')
    expect(await field(ada, 'Section header').inputValue()).toBe('lab-api')
    await button(ada, 'Save and test').click()
    await ada
      .getByText(/client-id|Client ID is/i)
      .first()
      .waitFor(PATIENT)
    await expect.poll(() => ada.evaluate("document.activeElement?.getAttribute('name')")).toBe('client-id')
    await field(ada, 'Client ID').fill('lab-client')
    await field(ada, 'Client secret').fill('a-long-secret')
    await field(ada, 'Authorization URL').fill(provider.authorizationUrl)
    await field(ada, 'Token URL').fill('not a URL')
    await ada.getByText(/URL/).filter({ hasText: 'https' }).first().waitFor(PATIENT)
    await field(ada, 'Token URL').fill(provider.tokenUrl)
    await button(ada, 'Save and test').click()
    await ada.getByRole('heading', { name: 'Test and deploy Lab API' }).waitFor(PATIENT)
    await ada.getByText('Not all is well with Lab API.').waitFor(PATIENT)
    await ada.getByRole('heading', { name: 'At the service' }).waitFor()
    expect(written()).not.toContain('lab-api')
    await link(ada, 'Review and deploy').click()
    await ada.getByRole('row', { name: 'added [lab-api]' }).waitFor(PATIENT)
    expect(await ada.content()).not.toContain('a-long-secret')
    await button(ada, 'Deploy').click()
    await ada.getByText(/^Version \d+ is deployed\.$/).waitFor(PATIENT)
    expect(written()).toMatch(/^# Ours; mail ada before a change\.\n/)
    expect(written()).toContain(`[lab-api]`)
    expect(written()).toContain('client-secret=a-long-secret')
    await ada
      .getByRole('list', { name: 'Nodes' })
      .getByText(/runs \d+/)
      .waitFor(PATIENT)
    // People see it at once.
    await ada.goto(`${files.publicUrl}/settings/managed-credentials`)
    await ada.getByRole('button', { name: 'Sign in to Lab API' }).waitFor(PATIENT)
  })

  it('wants the secret again where it would go elsewhere, and says why', async () => {
    await go(ada, '/lab-api')
    await field(ada, 'Token URL').fill(`${provider.origin}/elsewhere`)
    await ada.getByText('Type the client secret again: the token URL changed.').waitFor(PATIENT)
    await button(ada, 'Take back what I typed').click()
    await ada.getByText('Nothing is typed that is not in the file.').waitFor()
  })

  it('asks whose change stays when two administrators changed the same, and keeps the rest of both', async () => {
    await go(ada, '/lab-api')
    await go(grace, '/lab-api')
    await field(ada, 'Scopes').fill('read')
    await save(ada)
    await field(grace, 'Scopes').fill('write')
    await field(grace, 'Description').fill('The laboratory')
    await save(grace)
    await deploy(ada)
    await ada.getByText(/^Version \d+ is deployed\.$/).waitFor(PATIENT)
    await go(grace, '/review')
    await grace.getByText('1 conflict', { exact: true }).waitFor(PATIENT)
    expect(await button(grace, 'Deploy').isDisabled()).toBe(true)
    await button(grace, 'Keep theirs: scopes of [lab-api]').click()
    await button(grace, 'Deploy').click(PATIENT)
    await grace.getByText(/^Version \d+ is deployed\.$/).waitFor(PATIENT)
    expect(written()).toContain('scopes=read\n')
    expect(written()).toContain('description=The laboratory')
  })

  it('shows a change of the file by hand in an open list, and in the history', async () => {
    await go(ada)
    await link(ada, 'Edit Lab API').waitFor(PATIENT)
    writeOauthClients(files, written().replace('name=Lab API', 'name=Laboratory'))
    expect((await runAdmin(files, ['reload'])).code).toBe(0)
    await link(ada, 'Edit Laboratory').waitFor(PATIENT)
    await link(ada, 'History').click()
    await ada.getByText('by the file').first().waitFor(PATIENT)
  })

  it('renames, switches off and removes; and goes back to a version that had it all', async () => {
    await go(ada, '/lab-api')
    await field(ada, 'Section header').fill('lab')
    await button(ada, 'Save').click()
    await ada.waitForURL(/\/admin\/integrations\/lab$/)
    await button(ada, 'Disable').click()
    await button(ada, 'Enable').waitFor(PATIENT)
    await deploy(ada)
    await ada.getByText(/^Version \d+ is deployed\.$/).waitFor(PATIENT)
    expect(written()).toContain('[lab]')
    expect(written()).toContain('previous-names=lab-api')
    expect(written()).toContain('enabled=0')

    await go(ada, '/lab')
    await button(ada, 'Remove').click(PATIENT)
    await ada.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await button(ada, 'Undo the removal of Laboratory').waitFor(PATIENT)
    await deploy(ada)
    await ada.getByText(/^Version \d+ is deployed\.$/).waitFor(PATIENT)
    expect(written()).not.toContain('[lab]')

    await go(ada, '/history')
    const versions = ada.getByRole('link', { name: /^Version \d+$/ })
    await versions.first().waitFor(PATIENT)
    await versions.nth(2).click()
    await button(ada, 'Roll back').click(PATIENT)
    await ada.getByRole('row', { name: 'added [lab-api]' }).waitFor(PATIENT)
  })

  it('is no page of people who are no administrators', async () => {
    await askAdmin(files, 'POST', '/users', { name: 'bob', password: PASSWORD, isAdmin: false })
    const bob = await openFor('bob')
    await go(bob)
    await bob.getByText('Only administrators see this page').waitFor(PATIENT)
    expect(await bob.getByText('Lab').count()).toBe(0)
  })
})
