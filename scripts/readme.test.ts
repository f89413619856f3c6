import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agree, launchBrowser, logIn, openProfile } from '../server/testing/browser.ts'
import { ownPort } from '../server/testing/own-port.ts'
import { takePicture, updatesPictures } from '../server/testing/pictures.ts'
import { type BlockEnvironment, findBlocks, isForOperators, runBlock, withoutVariables } from './docs.ts'

const checkout = resolve(import.meta.dirname, '..')
const readme = readFileSync(join(checkout, 'README.md'), 'utf8')
const blocks = findBlocks('README.md', readme)
/** As the page shows them: at the usual port. `UPDATE_SCREENSHOTS=1` needs that port free. */
const USUAL_PORT = 8443

let root: string
let address: string
let greeting: string
let child: ChildProcessWithoutNullStreams
let ended: Promise<unknown>
let browser: Browser
let page: Page

// A checkout of its own, so that nothing touches the .benchkey/ of whoever runs the tests.
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'benchkey-readme-'))
  const isOurs = (path: string) => !['node_modules', '.vite', '.cache'].includes(basename(path))
  for (const name of ['scripts', 'server', 'sdk', 'web', 'benchkey', 'package.json', 'package-lock.json', 'tsconfig.json']) {
    cpSync(join(checkout, name), join(root, name), { recursive: true, filter: isOurs })
  }
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'))
  const port = updatesPictures ? USUAL_PORT : await ownPort()
  address = `https://localhost:${port}`
  child = spawn(process.execPath, [join(root, 'scripts/start.ts'), '--port', `${port}`])
  ended = once(child, 'close')
  greeting = await greetingOf(child)
  browser = await launchBrowser()
  page = await (await openProfile(browser, { viewport: { width: 1000, height: 480 }, reducedMotion: 'reduce' })).newPage()
}, 120_000)

afterAll(async () => {
  await browser?.close()
  child?.kill('SIGINT')
  await ended
  rmSync(root, { recursive: true })
})

/** Resolves with what it printed when the last line of it is there; rejects with its words when it ends before. */
function greetingOf({ stdout, stderr }: ChildProcessWithoutNullStreams): Promise<string> {
  let printed = ''
  let words = ''
  stderr.on('data', (chunk) => {
    words += chunk
  })
  return new Promise((answer, reject) => {
    stdout.on('data', (chunk) => {
      printed += chunk
      if (printed.includes('Stop: Ctrl-C')) answer(printed)
    })
    stdout.once('end', () => reject(new Error(`npm start ended: ${words}`)))
  })
}

// Told in the order of the page: each step stands on the one before.
describe('the first ten minutes of README.md', () => {
  test('begin with the greeting that the page shows', () => {
    const shown = blocks.find(({ code }) => code === 'npm start')?.prints
    expect(withoutVariables(greeting)).toBe(withoutVariables(shown ?? 'The page shows no greeting.'))
  })

  test('lead through the login to a sign-in at the demo service', async () => {
    await page.goto(address)
    await page.getByLabel('User name').waitFor()
    await takePicture(page, 'README.md', 'login')
    const password = readFileSync(join(root, '.benchkey/demo-user'), 'utf8').trim()
    await logIn(page, address, 'demo', password)
    await page.getByRole('button', { name: 'Sign in to Demo API' }).click()
    await agree(page, 'ada')
    await page.getByRole('button', { name: 'Sign out of Demo API' }).waitFor()
    await page.getByText('renews itself').waitFor()
    await takePicture(page, 'README.md', 'managed-credentials')
  })

  test.each(blocks.filter((block) => block.notRun === undefined))('go on as written: $file:$line', async (block) => {
    const environment: BlockEnvironment = {
      prefix: isForOperators(block) ? [] : [join(root, 'benchkey'), 'session', 'run', '--user', 'demo', '--'],
      cwd: root,
      variables: { BENCHKEY_CONFIG_DIR: undefined, BENCHKEY_DATA_DIR: undefined },
    }
    const { exitCode, output } = await runBlock(block, environment, join(checkout, 'test-output/docs'))
    expect(exitCode, output).toBe(0)
    if (block.prints !== undefined) expect(withoutVariables(output)).toBe(withoutVariables(block.prints))
  })

  test('end with the facts about the sign-in', async () => {
    await page.setViewportSize({ width: 1000, height: 920 })
    // Uses are noted together, every few seconds: looked at again until the ones above are there.
    const openInfo = async () => {
      await page.goto(`${address}/settings/managed-credentials?info=demo`)
      await page.getByRole('heading', { name: 'Configuration' }).waitFor()
      return page.getByText(/ by (sh|benchkey)$/).isVisible()
    }
    await expect.poll(openInfo, { interval: 500 }).toBe(true)
    const uid = await page
      .getByText(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      .first()
      .textContent()
    expect(blocks.filter(({ code }) => code.includes(`"${uid}"`)).map(({ language }) => language)).toEqual(['r', 'python'])
    await takePicture(page, 'README.md', 'info')
  })
})
