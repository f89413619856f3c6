import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { axeFindings, launchBrowser, openPage, scrollsSideways } from './browser.ts'
import { FixtureServer, type Script } from './fixture-server.ts'

const SHOTS = join(import.meta.dirname, '..', '..', 'test-output', 'screenshots')

interface View {
  readonly media: { colorScheme: 'light' | 'dark'; forcedColors: 'active' | 'none' }
  readonly width: number
  /** Where axe looks: once per colour scheme and once per layout. Forced colours are the reader's own. */
  readonly axe: boolean
}

const light = { colorScheme: 'light', forcedColors: 'none' } as const
const dark = { colorScheme: 'dark', forcedColors: 'none' } as const
const forced = { colorScheme: 'light', forcedColors: 'active' } as const

/** How a reader may see the pages, by device. Half of 1280 px is what 200 % zoom leaves. */
const DEVICES: Readonly<Record<string, { options: BrowserContextOptions; views: Readonly<Record<string, View>> }>> = {
  'a desk': {
    options: {},
    views: {
      '1280-light': { media: light, width: 1280, axe: true },
      '1280-dark': { media: dark, width: 1280, axe: true },
      '1280-forced': { media: forced, width: 1280, axe: false },
      'zoom-200': { media: light, width: 640, axe: false },
    },
  },
  'a telephone': {
    options: { viewport: { width: 360, height: 800 }, hasTouch: true, isMobile: true },
    views: {
      '360-light': { media: light, width: 360, axe: true },
      '360-dark': { media: dark, width: 360, axe: false },
      '360-forced': { media: forced, width: 360, axe: false },
    },
  },
}

/** A page as it can be looked at. */
export interface Scene {
  readonly path: string
  readonly script: Partial<Script>
  /** Brings the page to what is looked at, and waits until it stands. */
  readonly reach: (page: Page) => Promise<unknown>
}

/** A picture of the whole page. (Playwright's own fullPage takes the finger away, and with it the 44 px controls.) */
async function shoot(page: Page, name: string): Promise<void> {
  const size = page.viewportSize()
  const isDialog = (await page.getByRole('dialog').count()) > 0
  const height = isDialog ? 800 : await page.evaluate(() => Math.max(800, document.documentElement.scrollHeight))
  if (size && height > size.height) await page.setViewportSize({ width: size.width, height })
  await page.screenshot({ path: join(SHOTS, `${name}.png`) })
  if (size && height > size.height) await page.setViewportSize(size)
}

/** Registers a test for each scene and device: pictures into `test-output/screenshots`, nothing scrolls sideways, axe and CSP find nothing. */
export function lookAt(scenes: Readonly<Record<string, Scene>>): void {
  let browser: Browser
  beforeAll(async () => {
    await mkdir(SHOTS, { recursive: true })
    browser = await launchBrowser()
  })
  afterAll(() => browser.close())

  describe.each(Object.entries(scenes))('the page %s', (sceneName, scene) => {
    it.each(Object.entries(DEVICES))('looks right, reads right and obeys the policy on %s', async (_, { options, views }) => {
      const server = await FixtureServer.start(scene.script)
      const { page, context, complaints } = await openPage(browser, { reducedMotion: 'reduce', ...options })
      try {
        // First the page, then the views: Chromium forgets the finger when media are emulated before a page is there.
        await page.goto(server.url(scene.path))
        await scene.reach(page)
        for (const [viewName, view] of Object.entries(views)) {
          if (page.viewportSize()?.width !== view.width) await page.setViewportSize({ width: view.width, height: 800 })
          await page.emulateMedia(view.media)
          expect(await page.evaluate(() => matchMedia('(pointer: coarse)').matches)).toBe(options.hasTouch ?? false)
          await shoot(page, `${sceneName}-${viewName}`)
          expect(await scrollsSideways(page), `${viewName} scrolls sideways`).toBe(false)
          if (view.axe) expect(await axeFindings(page), viewName).toEqual([])
        }
        expect(complaints).toEqual([])
      } finally {
        await context.close()
        await server.stop()
      }
    })
  })
}
