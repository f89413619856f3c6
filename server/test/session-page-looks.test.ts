import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answerPage, type Page } from '../src/proxy/pages.ts'
import { NO_ENTRY, pageOfRoute, SERVER_BUSY, TICKET_REFUSED, TOO_MANY, UNKNOWN_ADDRESS, unreachable } from '../src/proxy/words.ts'
import { axeFindings } from '../testing/axe.ts'
import { launchBrowser, openProfile } from '../testing/browser.ts'

const SHOTS = resolve(import.meta.dirname, '../../test-output/screenshots')
const LONG = 'an analysis of the third quarter with_a_word_that_no_line_is_long_enough_for'

const PAGES: Readonly<Record<string, Page>> = {
  starting: pageOfRoute({ state: 'starting', name: LONG }),
  ended: pageOfRoute({ state: 'ended', name: 'analysis', why: 'Idle for 2 h' }),
  'not-started': pageOfRoute({ state: 'did_not_start', name: LONG, why: 'The program ended by itself with exit code 127' }),
  unreachable: unreachable('analysis'),
  'no-entry': NO_ENTRY,
  'ticket-refused': TICKET_REFUSED,
  'unknown-address': UNKNOWN_ADDRESS,
  'too-many': TOO_MANY,
  'server-busy': SERVER_BUSY,
}

const VIEWS = {
  '1280-light': { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  '1280-dark': { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  '360-light': { viewport: { width: 360, height: 800 }, colorScheme: 'light' },
  '360-forced': { viewport: { width: 360, height: 800 }, forcedColors: 'active' },
} as const

const SIDEWAYS = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'

let browser: Browser
let server: Server

beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true })
  server = createServer((request, response) => {
    const page = PAGES[request.url?.slice(1) ?? '']
    // The look alone: a page that asks again by itself would be gone in the middle of it.
    if (!page) return response.writeHead(404).end()
    const { again: _, ...still } = page
    answerPage(response, still, 'https://bench.example')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  server.close()
})

it.each(Object.entries(VIEWS))(
  'the pages that stand for a session have no flaw that axe finds, and fit: %s',
  async (view, options) => {
    const context = await openProfile(browser, options)
    const tab = await context.newPage()
    const complaints: string[] = []
    tab.on('console', (line) => {
      if (!line.text().startsWith('Failed to load resource')) complaints.push(line.text())
    })
    for (const [name, { title }] of Object.entries(PAGES)) {
      await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`)
      await tab.getByRole('heading', { name: title }).waitFor()
      await tab.screenshot({ path: join(SHOTS, `session-${name}-${view}.png`) })
      expect(await tab.evaluate(SIDEWAYS), name).toBe(false)
      if (!('forcedColors' in options)) expect(await axeFindings(tab), name).toEqual([])
    }
    expect(complaints).toEqual([])
    await context.close()
  },
)
