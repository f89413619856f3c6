import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { testIdeFolder } from './ide-folder.ts'
import { type ShippedSession, startShippedSession } from './shipped-session.ts'
import type { ServerFiles } from './start-server.ts'

/** An extension of two files: its manifest's own members, and its code. */
export interface TestExtension {
  readonly name: string
  readonly contributes: unknown
  readonly code: string
}

/** Keeps VS Code off the network; there is no gallery here. */
const OFFLINE = { EXTENSIONS_GALLERY: '{"serviceUrl":""}' } as const

/** Where the shipped command keeps what belongs to its user, below the home. */
const USER_DATA = '.local/share/benchkey/vscode'

/** Lets a server find the VS Code that the tests have, as if `ide install` had put it there. */
export function offerVsCode({ dataDir }: Pick<ServerFiles, 'dataDir'>): void {
  if (!existsSync(join(dataDir, 'ide'))) symlinkSync(testIdeFolder(), join(dataDir, 'ide'))
}

/** VS Code as it is shipped, in a session, with these extensions besides and without the pages of a first start. */
export function startCodeServer(files: ServerFiles, extensions: readonly TestExtension[] = []): Promise<ShippedSession> {
  offerVsCode(files)
  return startShippedSession(files, 'vscode', { environment: OFFLINE, furnish: (home) => furnish(home, extensions) })
}

/** Settings of a user in their data of VS Code: no pages of a first start, and no question in the way. */
export function writeUserSettings(folder: string): void {
  mkdirSync(join(folder, 'User'), { recursive: true, mode: 0o700 })
  const settings = { 'workbench.startupEditor': 'none', 'workbench.secondarySideBar.defaultVisibility': 'hidden' }
  writeFileSync(join(folder, 'User/settings.json'), JSON.stringify({ ...settings, 'security.workspace.trust.enabled': false }))
}

function furnish(home: string, extensions: readonly TestExtension[]): void {
  const folder = join(home, USER_DATA)
  writeUserSettings(folder)
  for (const { name, contributes, code } of extensions) {
    const own = join(folder, 'extensions', `test.${name}-1.0.0`)
    mkdirSync(own, { recursive: true })
    const manifest = {
      name,
      publisher: 'test',
      version: '1.0.0',
      engines: { vscode: '^1.96.0' },
      main: './extension.js',
      contributes,
    }
    writeFileSync(join(own, 'package.json'), JSON.stringify({ ...manifest, activationEvents: [] }))
    writeFileSync(join(own, 'extension.js'), code)
  }
}

/** Runs lines of the shell in a new terminal of VS Code, in a folder that its account may write, and waits for their end. */
export async function runInTerminal(page: Page, folder: string, lines: readonly string[]): Promise<void> {
  const script = join(folder, 'all.sh')
  writeFileSync(script, [`cd ${folder}`, '>begun', ...lines, '>done', ''].join('\n'), { mode: 0o644 })
  await page.keyboard.press('F1')
  await page.getByRole('option').first().waitFor()
  await page.keyboard.type('Terminal: Create New Terminal')
  await page.getByRole('option', { name: 'Terminal: Create New Terminal' }).first().click()
  await page.getByRole('textbox', { name: /^Terminal/ }).waitFor({ timeout: 30_000 })
  const typed = async (): Promise<boolean> => {
    // What is typed before the shell listens is lost.
    if (!existsSync(join(folder, 'begun'))) await page.keyboard.type(`sh ${script}\n`)
    return existsSync(join(folder, 'begun'))
  }
  await expect.poll(typed, { timeout: 30_000, interval: 2_000 }).toBe(true)
  await expect.poll(() => existsSync(join(folder, 'done')), { timeout: 60_000 }).toBe(true)
}
