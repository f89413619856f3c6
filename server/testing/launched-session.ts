import { chmodSync, copyFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join, resolve } from 'node:path'
import type { PageSession, PageSessionLog, PageSessionStart, PageSessions } from '@benchkey/sdk/pages'
import { vi } from 'vitest'
import type { CheckoutCopy } from './checkout-copy.ts'
import type { PlainBrowser } from './signed-in.ts'
import type { ServerFiles } from './start-server.ts'

const APPLICATION = resolve(import.meta.dirname, 'small-application.mjs')

/** The words that run a test's application. */
function smallApplication(node = process.execPath, script = APPLICATION): string {
  return `${node} ${script}`
}

/** The same in a copy of the checkout, for accounts that may not read the checkout itself. */
export function smallApplicationIn({ folder }: CheckoutCopy): string {
  const script = join(folder, 'small-application.mjs')
  copyFileSync(APPLICATION, script)
  chmodSync(script, 0o644)
  return smallApplication(join(folder, 'node_modules/.bin/node'), script)
}

/**
 * (Re)writes `sessions.conf`: one that works (`small`), one on a port with a secret, and those that do not come up, end at once,
 * cannot be found, ignore SIGTERM.
 */
export function writeSmallKinds(files: Pick<ServerFiles, 'configDir'>, run = smallApplication()): void {
  const sections = [
    `[small]\nname = Small\ncommand = ${run} {socket}\nenvironment = GREETING="hello {name}"\n`,
    `[port]\ncommand = ${run} {port}\nlisten = port\nsecret-header = X-Small-Secret: {secret}\nenvironment = SMALL_SECRET={secret}\n`,
    `[hangs]\ncommand = ${run} {socket} hang\nready-seconds = 20\n`,
    `[fails]\ncommand = ${run} {socket} fail\n`,
    `[deaf]\ncommand = ${run} {socket} deaf\n`,
    '[shell]\ncommand = /bin/sh -c "exec nowhere-to-be-found" {socket}\n',
  ]
  writeFileSync(join(files.configDir, 'sessions.conf'), sections.join('\n'), { mode: 0o644 })
}

/** The sessions of whoever is logged in, as the page reads them. */
export async function sessionsOf(browser: PlainBrowser): Promise<PageSessions> {
  return JSON.parse((await browser.ask('/api/sessions')).body) as PageSessions
}

/** Starts a session as the page does. */
export async function startSession(browser: PlainBrowser, wanted: Partial<PageSessionStart> = {}): Promise<PageSession> {
  const reply = await browser.ask('/api/sessions', { application: 'small', name: '', ...wanted })
  if (reply.status !== 200) throw new Error(`The start of a session answered ${reply.status}: ${reply.body}`)
  return JSON.parse(reply.body) as PageSession
}

/** Waits until the page shows the session in this state. */
export async function untilSession(browser: PlainBrowser, id: string, state: PageSession['state']): Promise<PageSession> {
  return await vi.waitFor(
    async () => {
      const shown = (await sessionsOf(browser)).sessions.find((session) => session.id === id)
      if (shown?.state !== state) throw new Error(`The session is ${shown?.state}, not ${state}: ${shown?.explanation}`)
      return shown
    },
    { timeout: 25_000, interval: 100 },
  )
}

/** Ends a session as the page does, and waits until nothing of it runs. */
export async function endSession(browser: PlainBrowser, id: string): Promise<PageSession> {
  const reply = await browser.ask(`/api/sessions/${id}/end`, {})
  if (reply.status !== 200) throw new Error(`The end of a session answered ${reply.status}: ${reply.body}`)
  return await untilSession(browser, id, 'ended')
}

/** The log of a session. */
export async function logOf(browser: PlainBrowser, id: string): Promise<readonly string[]> {
  return (JSON.parse((await browser.ask(`/api/sessions/${id}/log`)).body) as PageSessionLog).lines
}

/** Asks the application at its socket, as the proxy would. */
export function askApplication(socketPath: string, path: string): Promise<string> {
  return new Promise((done, failed) => {
    const asked = httpRequest({ socketPath, path, headers: { host: 'localhost' }, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => done(text))
    })
    asked.on('error', failed).end()
  })
}
