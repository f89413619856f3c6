import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { AdminSessionOpened } from '../src/domain/admin-api.ts'
import { readBootId, startTimeOf } from '../src/launcher/processes.ts'
import type { Running } from './command-line.ts'
import { type ScriptedProvider, type ScriptedProviderOptions, startScriptedProvider } from './scripted-provider.ts'
import { PlainBrowser } from './signed-in.ts'
import {
  askAdmin,
  prepareServer,
  type RawReply,
  removeFiles,
  runAdmin,
  type ServerFiles,
  send,
  startServeProcess,
  writeDatabaseConf,
  writeOauthClients,
} from './start-server.ts'

const PASSWORD = 'correct horse battery staple'

/** A `serve` process that a test hurts, its database, and the scripted service behind its sections. */
export class FaultBench {
  readonly files: ServerFiles
  readonly provider: ScriptedProvider
  readonly #uids = new Map<string, string>()
  #running: Running | undefined
  #cookie = ''
  #log = ''
  #browser: PlainBrowser | undefined

  private constructor(files: ServerFiles, provider: ScriptedProvider) {
    this.files = files
    this.provider = provider
  }

  /** Prepares the files; `sections` is written as `oauth-clients.conf`, with the service's addresses filled in. */
  static async prepare(
    sections: (provider: ScriptedProvider) => string,
    options: ScriptedProviderOptions & { readonly dataDir?: string; readonly databaseConf?: readonly string[] } = {},
  ): Promise<FaultBench> {
    const provider = await startScriptedProvider({ rotation: 'grace:60', ...options })
    const prepared = await prepareServer()
    const files = options.dataDir === undefined ? prepared : { ...prepared, dataDir: options.dataDir }
    writeOauthClients(files, sections(provider))
    if (options.databaseConf) writeDatabaseConf(files, options.databaseConf)
    return new FaultBench(files, provider)
  }

  /** Starts `benchkey serve`; the first time with one user, who gets a session. */
  async start(executable?: readonly string[]): Promise<Running> {
    const running = await startServeProcess(this.files, executable)
    this.#running = running
    running.child.stderr?.on('data', (text: string) => {
      this.#log += text
    })
    if (this.#cookie !== '') return running
    const added = await runAdmin(this.files, ['user', 'add', 'demo', '--password-stdin'], `${PASSWORD}\n`)
    if (added.code !== 0) throw new Error(added.stderr)
    const supervisor = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '', bootId: readBootId() }
    const asked = { userName: 'demo', name: 'test', supervisor }
    this.#cookie = (await askAdmin<AdminSessionOpened>(this.files, 'POST', '/sessions', asked)).cookie
    return running
  }

  /** What the running server has logged. */
  log(): string {
    return this.#log
  }

  get pid(): number {
    const pid = this.#running?.child.pid
    if (pid === undefined) throw new Error('The server does not run.')
    return pid
  }

  /** Kills the server as a power failure would: it does not notice. */
  async kill(): Promise<void> {
    this.#running?.child.kill('SIGKILL')
    await this.#running?.finished
    this.#running = undefined
  }

  /** Asks the server to end; answers its exit code. */
  async end(): Promise<number | null> {
    const running = this.#running
    this.#running = undefined
    running?.child.kill('SIGTERM')
    return (await running?.finished)?.code ?? null
  }

  async close(): Promise<void> {
    await this.kill()
    await this.provider.close()
    removeFiles(this.files)
  }

  /** The user's browser, logged in. */
  async browser(): Promise<PlainBrowser> {
    if (this.#browser) return this.#browser
    this.#browser = new PlainBrowser(this.files)
    await this.#browser.logIn('demo', PASSWORD)
    return this.#browser
  }

  /** Signs in at the scripted service, which accepts any code. */
  async signIn(section: string): Promise<void> {
    const browser = await this.browser()
    const uid = await browser.uidOf(section)
    this.#uids.set(section, uid)
    const asked = new URL(await browser.start(uid)).searchParams
    const answer = new URLSearchParams({ code: 'any', state: asked.get('state') ?? '' })
    const reply = await browser.visit(`${asked.get('redirect_uri')}?${answer}`)
    if (reply.status !== 303) throw new Error(`The callback answered ${reply.status}: ${reply.body}`)
  }

  uid(section: string): string {
    return this.#uids.get(section) ?? ''
  }

  /** Asks the session RPC, as R does. */
  fetch(section: string): Promise<RawReply> {
    return send(this.files, '/oauth_token', this.request(section))
  }

  /** What `fetch` sends. */
  request(section: string): { method: string; headers: Record<string, string>; body: string } {
    const body = JSON.stringify({ method: 'oauth_token', kwparams: { uuid: this.uid(section) } })
    const headers = { 'content-type': 'application/json', 'x-rs-session-server-rpc-cookie': this.#cookie }
    return { method: 'POST', headers, body }
  }

  /** The section's row as the database has it, or undefined. */
  row(section: string): Record<string, string | number | null> | undefined {
    const rows = this.edit(
      (database) =>
        database
          .prepare('SELECT t.* FROM oauth2_tokens t JOIN integrations i ON i.id = t.integration_id WHERE i.section = ?')
          .all(section) as Record<string, string | number | null>[],
    )
    return rows[0]
  }

  /** Lets the stored token have so much life left, and forget earlier failures. */
  age(section: string, leftMs: number): void {
    const now = Date.now()
    this.edit((database) =>
      database
        .prepare(
          `UPDATE oauth2_tokens SET issued_at = ?, expires_at = ?, failure_at = NULL, failure_retry_at = NULL, failure_words = NULL,
             interrupted_at = NULL, revision = revision + 1
           WHERE integration_id = (SELECT id FROM integrations WHERE section = ?)`,
        )
        .run(now + leftMs - 3_600_000, now + leftMs, section),
    )
  }

  /** Works on the database beside the server. */
  edit<T>(work: (database: DatabaseSync) => T): T {
    const database = new DatabaseSync(join(this.files.dataDir, 'benchkey.db'), { timeout: 5000 })
    try {
      return work(database)
    } finally {
      database.close()
    }
  }

  /** How many refresh requests the service has received. */
  get refreshes(): number {
    return this.provider.requests.filter(({ parameters }) => parameters.get('grant_type') === 'refresh_token').length
  }
}

/** The members of an RPC reply that tests look at. */
export function replyOf(reply: RawReply): {
  readonly status: number
  readonly access_token?: string
  readonly warning?: string
  readonly code?: string
  readonly reason?: string
  readonly error?: string
} {
  return { ...(JSON.parse(reply.body) as object), status: reply.status }
}
