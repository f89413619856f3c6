import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { agree, launchBrowser, logIn, openProfile } from '../../testing/browser.ts'
import { startCodeServer, type TestExtension } from '../../testing/code-server.ts'
import { PASSWORD, type SessionWorld, startSessionWorld } from '../../testing/session-world.ts'
import type { ShippedSession } from '../../testing/shipped-session.ts'
import { fetchToken, openSession, runAdmin, writeOauthClients } from '../../testing/start-server.ts'

/** Asks for tokens as any extension does, and writes down what it gets. */
const ASKING: TestExtension = {
  name: 'asking',
  contributes: {
    commands: [
      { command: 'asking.ask', title: 'Asking: Ask for Box' },
      { command: 'asking.silent', title: 'Asking: Ask Silently' },
    ],
  },
  code: `
const vscode = require('vscode')
const { appendFileSync } = require('node:fs')
const note = (it) => appendFileSync(process.env.HOME + '/asked', JSON.stringify(it) + '\\n')
const ask = (options) => async () => {
  try {
    const session = await vscode.authentication.getSession('benchkey', ['box-integration'], options)
    note({ token: session?.accessToken, account: session?.account.label })
  } catch (error) {
    note({ error: error.message })
  }
}
exports.activate = ({ subscriptions }) => {
  subscriptions.push(
    vscode.commands.registerCommand('asking.ask', ask({ createIfNone: true })),
    vscode.commands.registerCommand('asking.silent', ask({ silent: true })),
    vscode.authentication.onDidChangeSessions(({ provider }) => note({ changed: provider.id })),
  )
}`,
}

let world: SessionWorld
let ide: ShippedSession
let browser: Browser
let profile: BrowserContext
let page: Page

beforeAll(async () => {
  world = await startSessionWorld()
  ;[ide, browser] = await Promise.all([startCodeServer(world.files, [ASKING]), launchBrowser()])
  profile = await openProfile(browser)
  page = await profile.newPage()
  await logIn(page, world.files.publicUrl, 'demo', PASSWORD)
  await page.goto(ide.front.url)
  await page.getByRole('tab', { name: 'Available Credentials' }).click({ timeout: 60_000 })
}, 180_000)

afterAll(async () => {
  await profile?.close()
  await browser?.close()
  await ide?.end()
  expect(await world?.close()).toBe(0)
})

const row = (name: string): Locator => page.getByRole('treeitem', { name: new RegExp(`^${name}`) })

/** A button of the row itself, which is there while the pointer is. */
async function press(name: string, button: string): Promise<void> {
  await row(name).hover()
  await row(name).getByRole('button', { name: button, exact: true }).click()
}

async function runCommand(title: string): Promise<void> {
  await page.keyboard.press('F1')
  await page.getByRole('option').first().waitFor()
  await page.keyboard.type(title)
  await page.getByRole('option', { name: title }).first().click()
}

/** Does what opens a tab of the browser, and signs in there: on our own page, at the service, and back. */
async function signInAfter(act: () => Promise<void>, account = 'ada'): Promise<void> {
  const [tab] = await Promise.all([profile.waitForEvent('page'), act()])
  await tab.getByRole('button', { name: /^Sign in/ }).click()
  await agree(tab, account)
  await tab.getByText(/You can close this tab/).waitFor()
  await tab.close()
}

const SECRET = /(client-secret = ).*/

const clients = (): string => readFileSync(join(world.files.configDir, 'oauth-clients.conf'), 'utf8')

async function configure(text: string): Promise<void> {
  writeOauthClients(world.files, text)
  expect(await runAdmin(world.files, ['reload'])).toMatchObject({ code: 0 })
}

const copied = (): Promise<unknown> => page.evaluate('navigator.clipboard.readText()')

describe('Available Credentials', () => {
  it('shows what is signed in to with its Integration ID, and what is not', async () => {
    await row('Demo API').waitFor()
    expect(await row('Demo API').getAttribute('aria-label')).toBe(`Demo API, Authenticated, Integration ID ${world.uid}`)
    await row('Box API Access, Not signed in').waitFor()
    await page.getByRole('button', { name: '2 sign-ins needed' }).waitFor()
  })

  it('expands to the facts of an integration, each of which can be copied', async () => {
    await profile.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(ide.front.url).origin })
    await row('Demo API').click()
    await row('Token URL').hover()
    for (const label of ['Integration ID', 'Issuer', 'Client ID', 'Scopes', 'Auth URL']) expect(await row(label).count()).toBe(1)
    await press('Token URL', 'Copy')
    await expect.poll(copied).toBe(world.provider.tokenUrl)
    await press('Demo API', 'Copy Integration ID')
    await expect.poll(copied).toBe(world.uid)
    await row('Demo API').click()
  })

  it('signs in through the service and back: the row turns to Authenticated', async () => {
    await signInAfter(() => press('Box API Access', 'Sign In'))
    await row('Box API Access, Authenticated').waitFor({ timeout: 15_000 })
    await page.getByRole('button', { name: '1 sign-in needed' }).waitFor()
  })

  it('signs out, after a question: the row turns back', async () => {
    await press('Box API Access', 'Sign Out')
    await page.getByRole('dialog').getByText('Sign out of Box API Access?').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Sign Out' }).click()
    await row('Box API Access, Not signed in').waitFor()
  })

  it('shows a configuration error when the service refuses the client secret at the sign-in', async () => {
    const brief = clients().slice(clients().indexOf('[brief]'))
    await configure(
      `${clients()}\n${brief.replace('[brief]', '[wrong]').replace('Brief', 'Wrong').replace(SECRET, '$1another one')}`,
    )
    await page.getByRole('button', { name: 'Refresh' }).click()
    const [tab] = await Promise.all([profile.waitForEvent('page'), press('Wrong API', 'Sign In')])
    await tab.getByRole('button', { name: /^Sign in/ }).click()
    await agree(tab, 'ada')
    await tab.getByText('You did nothing wrong', { exact: false }).waitFor()
    await tab.close()
    await row('Wrong API, Configuration error').waitFor()
  })

  it('shows a configuration error when the service refuses the client secret later', async () => {
    const uid = await world.signIn('brief')
    await configure(clients().replace(/(\[brief\][^[]*?client-secret = ).*/, '$1another one'))
    const { cookie } = await openSession(world.files, 'demo')
    const asked = async (): Promise<string> => (await fetchToken(world.files, cookie, uid)).body
    await expect.poll(asked).toContain('configuration_error')
    await page.getByRole('button', { name: 'Refresh' }).click()
    await row('Brief API, Configuration error').waitFor()
    await page
      .getByText(/refuses Benchkey's client ID or secret/)
      .first()
      .waitFor()
  })
})

describe('another extension', () => {
  const asked = (): Record<string, string>[] => {
    const file = join(ide.home, 'asked')
    if (!existsSync(file)) return []
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, string>)
  }
  const tokens = () => asked().filter(({ changed }) => changed === undefined)

  it('gets a token after its user has allowed it and signed in, and VS Code keeps it nowhere', async () => {
    await runCommand('Asking: Ask for Box')
    await signInAfter(async () => {
      await page.getByRole('dialog').getByRole('button', { name: 'Allow' }).click()
    })
    await expect.poll(() => tokens().at(-1)?.account).toBe('Box API Access (box-integration)')
    const { token = '' } = tokens().at(-1) ?? {}
    const reply = await fetch(world.provider.resourceUrl, { headers: { authorization: `Bearer ${token}` } })
    expect(await reply.json()).toMatchObject({ user: 'ada', client: 'demo' })
    // What the other extension has written down itself is the one place.
    const holders = spawnSync('grep', ['-rlF', '-e', token, ide.home], { encoding: 'utf8' }).stdout
    expect(holders).toBe(`${ide.home}/asked\n`)
  })

  it('is told of a sign-out, and gets nothing without a question after it', async () => {
    const before = tokens().length
    await press('Box API Access', 'Sign Out')
    await page.getByRole('dialog').getByRole('button', { name: 'Sign Out' }).click()
    await row('Box API Access, Not signed in').waitFor()
    await expect.poll(() => asked().some(({ changed }) => changed === 'benchkey')).toBe(true)
    await runCommand('Asking: Ask Silently')
    await expect.poll(() => tokens().length).toBe(before + 1)
    expect(tokens().at(-1)).toEqual({})
  })
})

describe('a server that is away', () => {
  it('is told in one sentence above the rows, until it is back', async () => {
    world.serve.child.kill('SIGTERM')
    await world.serve.finished
    await page.getByRole('button', { name: 'Refresh' }).click()
    const sentence = page.getByText(/^Benchkey at localhost:\d+ refused the connection\. Try again in a moment/)
    await sentence.waitFor()
    expect(await row('Demo API').count()).toBe(1)
    await world.startAgain()
    await page.getByRole('button', { name: 'Refresh' }).click()
    await sentence.waitFor({ state: 'detached' })
    await row('Demo API, Authenticated').waitFor()
  })
})
