import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { frontOfSocket, type SocketFront } from '../../server/testing/socket-front.ts'
import { axeFindings, launchBrowser, openPage, scrollsSideways, type WatchedPage } from './browser.ts'

const PROGRAM = resolve(import.meta.dirname, '../../server/src/terminal/main.ts')
let browser: Browser
let folder: string
let program: ChildProcess
let front: SocketFront
let watched: WatchedPage

beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(() => browser.close())
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'benchkey-terminal-page-'))
  const socketPath = join(folder, 'app.sock')
  const env = { HOME: folder, PATH: '/usr/bin:/bin', SHELL: '/bin/bash', BROWSER_TITLE: 'analysis', LANG: 'C.UTF-8' }
  writeFileSync(join(folder, '.bashrc'), "PS1='$ '\n")
  program = spawn(process.execPath, [PROGRAM, socketPath], { env, stdio: ['ignore', 'inherit', 'inherit'] })
  await expect.poll(() => existsSync(socketPath)).toBe(true)
  front = await frontOfSocket(socketPath, 'strip')
  watched = await openPage(browser)
})
afterEach(async () => {
  expect(watched.complaints).toEqual([])
  await watched.context.close()
  program.kill('SIGTERM')
  expect((await once(program, 'exit'))[0]).toBe(0)
  await front.close()
  rmSync(folder, { recursive: true })
})

/** The lines on the screen of the terminal. */
const screen = (page: Page): Promise<string> =>
  page.evaluate(() => [...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent).join('\n'))

async function shows(page: Page, text: string | RegExp): Promise<void> {
  await expect.poll(() => screen(page)).toMatch(text)
}

async function openTerminal(): Promise<Page> {
  const { page } = watched
  await page.goto(front.url)
  await shows(page, '$ ')
  return page
}

async function say(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text)
  await page.keyboard.press('Enter')
}

describe('the page of a terminal', () => {
  it('runs a shell, takes keys at once, has the size of the window and colours without breaking its policy', async () => {
    const page = await openTerminal()
    expect(await page.title()).toBe('analysis')
    await say(page, String.raw`printf '\e[31mred\e[0m \e[38;2;10;200;30mtrue\e[0m \e[1;4mbold\e[0m é 漢 %s\n' "$PWD"`)
    await shows(page, `red true bold é 漢 ${folder}`)
    const colours = await page.evaluate(() =>
      [...document.querySelectorAll('.xterm-rows span')]
        .filter(({ textContent }) => /^(red|true)/.test(textContent ?? ''))
        .map((span) => getComputedStyle(span).color),
    )
    expect(new Set([...colours, await page.evaluate(() => getComputedStyle(document.body).color)]).size).toBe(3)
    const columns = async (): Promise<number> => {
      await say(page, 'clear; stty size')
      await shows(page, /^\d+ \d+$/m)
      return Number(/^\d+ (\d+)$/m.exec(await screen(page))?.[1])
    }
    const wide = await columns()
    await page.setViewportSize({ width: 640, height: 500 })
    await expect.poll(columns).toBeLessThan(wide * 0.7)
    const groundOf = (selector: string) => page.locator(selector).evaluate((element) => getComputedStyle(element).backgroundColor)
    expect(await groundOf('.xterm-viewport')).toBe(await groundOf('main'))
  })

  it('finds the shell again after a reload, and after the network was away, with what was printed', async () => {
    const page = await openTerminal()
    await say(page, String.raw`x=kept; printf '\e[6n'; echo first`)
    await shows(page, /^first/m)
    await page.reload()
    await shows(page, /^first/m)
    await say(page, 'clear; echo "second $x"')
    await shows(page, /^second kept/m)
    watched.expected.push('WebSocket connection')
    front.cut()
    await page.getByText('The connection was lost; it is opened again.').waitFor()
    await page.getByText('The connection was lost').waitFor({ state: 'hidden' })
    await say(page, 'echo "third $x"')
    await shows(page, /^third kept/m)
    // What an old question was answered with is not typed once more.
    expect(await screen(page)).not.toMatch(/\[\d+;\d+R/)
  })

  it('says that the shell ended and starts it again', async () => {
    const page = await openTerminal()
    await say(page, 'exit')
    await page.getByText('The shell ended. Start it again?').waitFor()
    await page.getByRole('button', { name: 'Start again' }).click()
    await page.getByText('The shell ended.').waitFor({ state: 'hidden' })
    await say(page, 'echo "now $((6*7))"')
    await shows(page, 'now 42')
  })

  it('offers R and Python, and asks before it ends what runs', async () => {
    const page = await openTerminal()
    const menu = page.getByRole('combobox', { name: 'Shell' })
    expect(await menu.locator('option').allTextContents()).toEqual(['bash', 'R', 'Python'])
    await menu.selectOption('Python')
    const dialog = page.getByRole('dialog', { name: 'Start Python?' })
    await dialog.getByText('bash ends, with all that runs in it.').waitFor()
    expect(await axeFindings(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Keep bash' }).click()
    await expect.poll(() => menu.inputValue()).toBe('bash')
    await menu.selectOption('Python')
    await dialog.getByRole('button', { name: 'Start Python' }).click()
    await shows(page, '>>>')
    await say(page, 'print("py" + "thon", 6 * 7)')
    await shows(page, 'python 42')
    await menu.selectOption('R')
    await page.getByRole('button', { name: 'Start R' }).click()
    await shows(page, /^> /m)
    await say(page, 'cat("R", 6 * 7, "\\n")')
    await shows(page, /^R 42/m)
  })

  it('lets one window have it; the other says so and can take it back', async () => {
    const page = await openTerminal()
    const second = await watched.context.newPage()
    await second.goto(front.url)
    await shows(second, '$ ')
    await page.getByText('This terminal is open in another window.').waitFor()
    await page.getByRole('button', { name: 'Use it here' }).click()
    await second.getByText('This terminal is open in another window.').waitFor()
    await page.bringToFront()
    await say(page, 'echo "here $((6*7))"')
    await shows(page, 'here 42')
  })

  it('copies what is selected and pastes long texts whole', async () => {
    const page = await openTerminal()
    await say(page, 'clear; echo copy-$((6*7))-me')
    await shows(page, /^copy-42-me/m)
    const line = await page.locator('.xterm-rows > div', { hasText: /^copy-42-me/ }).boundingBox()
    await page.mouse.dblclick((line?.x ?? 0) + 20, (line?.y ?? 0) + 8)
    await page.keyboard.press('Control+Shift+C')
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('copy-42-me')
    const long = 'é'.repeat(30_000)
    mkdirSync(join(folder, 'out'))
    await say(page, 'clear; stty raw -echo; echo ready; head -c 60000 > out/pasted; stty sane; echo "got it"')
    await shows(page, /^ready/m)
    await page.evaluate((text) => {
      const data = new DataTransfer()
      data.setData('text/plain', text)
      document.querySelector('textarea')?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }))
    }, long)
    await shows(page, 'got it')
    expect(readFileSync(join(folder, 'out/pasted'), 'utf8') === long).toBe(true)
  })

  it.each(['light', 'dark'] as const)(
    'is legible and reachable in %s, by keyboard and screen reader, wide and narrow',
    async (scheme) => {
      await watched.page.emulateMedia({ colorScheme: scheme })
      const page = await openTerminal()
      expect(await axeFindings(page)).toEqual([])
      const ground = await page.evaluate(
        () => getComputedStyle(document.querySelector('.xterm-viewport, .xterm-scrollable-element') as Element).backgroundColor,
      )
      expect(ground).not.toBe('')
      await page.keyboard.press('Shift+Escape')
      await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('shell')
      await page.getByLabel('Screen reader').check()
      await say(page, 'echo "read $((6*7))"')
      await expect.poll(() => page.locator('.xterm-accessibility').textContent()).toContain('read 42')
      await page.setViewportSize({ width: 360, height: 640 })
      await expect.poll(() => scrollsSideways(page)).toBe(false)
      expect(await axeFindings(page)).toEqual([])
    },
  )
})
