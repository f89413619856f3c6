import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Finished, type Running, startBenchkey } from './command-line.ts'
import type { PlainBrowser } from './signed-in.ts'
import type { ServerFiles } from './start-server.ts'

/** A machine of its own, as far as `benchkey login` is concerned: a home directory. */
export interface Terminal {
  readonly home: string
  /** Where `benchkey` keeps its log-ins. */
  readonly state: string
  /** Runs `benchkey` with this home directory, in no session. */
  run(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Finished>
  start(words: readonly string[], environment?: Readonly<Record<string, string>>): Running
  /** `benchkey login` until it shows its code. */
  beginLogin(files: Pick<ServerFiles, 'publicUrl' | 'caFile'>): Promise<Running & { readonly code: string }>
  /** The same, approved in the browser; resolves when the terminal is logged in. */
  logIn(files: Pick<ServerFiles, 'publicUrl' | 'caFile'>, browser: PlainBrowser): Promise<Finished>
  remove(): void
}

/** Makes a terminal that is logged in nowhere. */
export function newTerminal(): Terminal {
  const home = mkdtempSync(join(tmpdir(), 'benchkey-terminal-'))
  const start: Terminal['start'] = (words, environment = {}) => startBenchkey(words, { HOME: home, ...environment })
  const beginLogin: Terminal['beginLogin'] = async ({ publicUrl, caFile }) => {
    const running = start(['login', publicUrl, '--ca', caFile, '--no-browser'])
    return { ...running, code: await codeShownBy(running) }
  }
  return {
    ...{ home, state: join(home, '.local/state/benchkey'), start, beginLogin },
    run: (words, environment) => start(words, environment).finished,
    logIn: async (files, browser) => {
      const { code, finished } = await beginLogin(files)
      const reply = await browser.ask('/api/device/approve', { code })
      if (reply.status !== 200) throw new Error(`The approval answered ${reply.status}: ${reply.body}`)
      return await finished
    },
    remove: () => rmSync(home, { recursive: true, force: true }),
  }
}

/** The code in what `benchkey login` has written, once it waits; rejects when it ends without one. */
function codeShownBy({ child, finished }: Running): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = ''
    child.stderr?.on('data', (text: string) => {
      seen += text
      const [, code] = /the code ([A-Z]{4}-[A-Z]{4})\.[\s\S]*stops waiting/.exec(seen) ?? []
      if (code !== undefined) resolve(code)
    })
    void finished.then(({ code, stderr }) => reject(new Error(`benchkey login ended with ${code}: ${stderr}`)))
  })
}
