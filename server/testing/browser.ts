import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** Starts Debian's Chromium, or the one `CHROMIUM` names. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })
}

/** A person's browser: own cookies; the private certificate is accepted, as people do once by hand. */
export function openProfile(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
  return browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 800 }, ...options })
}

/** Logs in through the page and goes on to Managed Credentials; what runs is what one sees first. */
export async function logIn(page: Page, publicUrl: string, userName: string, password: string): Promise<void> {
  await page.goto(`${publicUrl}/`)
  await page.getByLabel('User name').fill(userName)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('button', { name: userName, exact: true }).waitFor()
  await page.goto(`${publicUrl}/settings/managed-credentials`)
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
}

/** Answers the authorization server's own page. */
export async function agree(page: Page, account: string): Promise<void> {
  await page.getByRole('button', { name: 'Continue' }).waitFor()
  const userName = page.getByLabel('User name')
  if (await userName.isVisible()) await userName.fill(account)
  await page.getByRole('button', { name: 'Continue' }).click()
}
