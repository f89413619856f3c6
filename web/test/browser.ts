import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { SAMPLE_NOW } from './sample-states.ts'

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
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS })

/** A page in a browser of its own, with everything that went wrong in it. */
export interface WatchedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** CSP violations, script errors and error lines of the console (answers with an error status aside). */
  readonly complaints: string[]
  /** Parts of console lines that a test brings about itself. */
  readonly expected: string[]
}

/** Opens a page whose clock starts at SAMPLE_NOW and whose complaints are collected. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const complaints: string[] = []
  const expected: string[] = []
  await context.exposeFunction('complainAboutCsp', (text: string) => complaints.push(text))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const complain = (globalThis as unknown as { complainAboutCsp: (text: string) => Promise<void> }).complainAboutCsp
      void complain(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
    })
  })
  const page = await context.newPage()
  await page.clock.install({ time: SAMPLE_NOW })
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`))
  page.on('console', (message) => {
    const isStatusLine = message.text().startsWith('Failed to load resource: the server responded')
    if (expected.some((part) => message.text().includes(part))) return
    if (message.type() === 'error' && !isStatusLine) complaints.push(`console: ${message.text()}`)
  })
  return { page, context, complaints, expected }
}

const axeSource = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds wrong on the page as it stands: WCAG 2.0–2.2 A and AA and axe's best practices. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(await axeSource)
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as typeof import('axe-core') & { axe: typeof import('axe-core') }
    const { violations } = await axe.run(document, { rules: { 'target-size': { enabled: true } } })
    return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id}: ${help}: ${node.html.slice(0, 160)}`))
  })
}

/** Whether the document scrolls sideways. */
export const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
