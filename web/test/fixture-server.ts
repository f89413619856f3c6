import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import type {
  PageActivity,
  PageError,
  PageIntegration,
  PageIntegrationDetails,
  PageProblem,
  PageSessionLog,
  PageSessions,
  PageSwitchedOff,
} from '@benchkey/sdk/pages'
import { DIST, ensureBuilt } from './built-pages.ts'
import { detailsOf } from './sample-states.ts'

/** The strictest policy the pages have to live under. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Status and body of an answer. */
export interface Answer {
  readonly status: number
  readonly body?: object
}

/** What the scripted API answers next; tests change it while it runs. */
export interface Script {
  loggedIn: boolean
  isAdmin: boolean
  integrations: readonly PageIntegration[]
  switchedOff: readonly PageSwitchedOff[]
  details: (integration: PageIntegration) => PageIntegrationDetails
  sessions: PageSessions
  log: PageSessionLog
  activity: (days: readonly string[]) => PageActivity
  problem: PageProblem | undefined
  /** Answers to GETs of other paths, the query left out; a function of it where the answer depends on it. */
  gets: Record<string, object | ((query: URLSearchParams) => object)>
  /** Answers to what changes something, by path; 204 where none is named. */
  posts: Record<string, Answer | ((body: unknown) => Answer)>
  /** Milliseconds by which GET answers of the API are late. */
  lateMs: number
  /** Before that the event stream does not open. */
  streamOpens: Promise<void>
}

/** One request that changes something, as it arrived. */
export interface Posted {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

const refusal = (code: string, message: string): PageError => ({ error: { code, message } })

/** Nothing on any day. */
const noActivity = (days: readonly string[]): PageActivity => ({
  days: days.map((startsAt) => ({ startsAt, lines: [], isCut: false })),
  live: [],
  everywhere: { browsers: 0, sessions: 0, signIns: 0 },
})

/** Serves the built pages as the real server does, with an API that says what the test's script says. */
export class FixtureServer {
  readonly script: Script
  readonly posted: Posted[] = []
  readonly #basePath: string
  readonly #server: Server
  readonly #streams = new Set<ServerResponse>()

  private constructor(basePath: string, script: Partial<Script>) {
    this.#basePath = basePath
    this.script = {
      loggedIn: true,
      isAdmin: false,
      integrations: [],
      switchedOff: [],
      details: detailsOf,
      sessions: { sessions: [], applications: [] },
      log: { lines: [] },
      activity: noActivity,
      problem: undefined,
      gets: {},
      posts: {},
      lateMs: 0,
      streamOpens: Promise.resolve(),
      ...script,
    }
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
    })
    // A browser that sends on a connection in the moment in which it is closed for being idle is answered nothing.
    this.#server.keepAliveTimeout = 0
  }

  static async start(script: Partial<Script> = {}, basePath = ''): Promise<FixtureServer> {
    await ensureBuilt()
    const fixture = new FixtureServer(basePath, script)
    await new Promise<void>((resolve) => fixture.#server.listen(0, '127.0.0.1', resolve))
    return fixture
  }

  /** Complete address of a page's path. */
  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#basePath}${path}`
  }

  /** Browsers that listen for changes now. */
  get listeners(): number {
    return this.#streams.size
  }

  emit(event: 'integrations' | 'sessions' | 'logged_out'): void {
    for (const stream of this.#streams) stream.write(`event: ${event}\ndata: \n\n`)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path } = new URL(request.url ?? '/', 'http://fixture')
    response.setHeader('content-security-policy', CSP)
    response.setHeader('x-content-type-options', 'nosniff')
    if (!path.startsWith(`${this.#basePath}/`)) return this.#send(response, 404, refusal('not_found', 'Outside the base path.'))
    const inner = path.slice(this.#basePath.length)
    // Stands for the origin of the sessions.
    if (inner === '/enter') return this.#post(inner, request, response)
    if (inner.startsWith('/api/')) return this.#api(inner, request, response)
    if (/\.(js|css|svg)$/.test(inner)) return this.#asset(inner, response)
    return this.#page(response)
  }

  async #asset(path: string, response: ServerResponse): Promise<void> {
    const content = await readFile(join(DIST, normalize(path))).catch(() => undefined)
    if (!content) return this.#send(response, 404, refusal('not_found', 'No such file.'))
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(content)
  }

  async #page(response: ServerResponse): Promise<void> {
    const { problem } = this.script
    const data = JSON.stringify({ basePath: this.#basePath, serverName: 'Benchkey at Example', ...(problem ? { problem } : {}) })
    const html = (await readFile(join(DIST, 'index.html'), 'utf8'))
      .replace('<!--benchkey-base-->', () => `<base href="${this.#basePath}/">`)
      .replace(
        '<!--benchkey-page-->',
        () => `<script type="application/json" id="benchkey-page">${data.replaceAll('<', '\\u003c')}</script>`,
      )
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html)
  }

  async #api(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET') return this.#post(path, request, response)
    if (this.script.lateMs > 0) await new Promise((resolve) => setTimeout(resolve, this.script.lateMs))
    if (!this.script.loggedIn) return this.#send(response, 401, refusal('not_logged_in', 'You are logged out.'))
    const { integrations, isAdmin } = this.script
    if (path === '/api/events') return void this.script.streamOpens.then(() => this.#stream(response))
    if (path === '/api/me') {
      const redirectUri = 'https://bench.example.com/oauth_redirect_callback'
      return this.#send(response, 200, { userName: 'ada', isAdmin, serverName: 'Benchkey at Example', redirectUri })
    }
    if (path === '/api/integrations') {
      const needYou = integrations.filter((each) => each.tone === 'warn' && each.pageAction === 'sign-in').length
      return this.#send(response, 200, { integrations, needYou, switchedOff: this.script.switchedOff })
    }
    if (path === '/api/activity') {
      const days = new URL(request.url ?? '/', 'http://fixture').searchParams.getAll('day')
      return this.#send(response, 200, this.script.activity(days))
    }
    if (path === '/api/sessions') return this.#send(response, 200, this.script.sessions)
    if (/^\/api\/sessions\/[^/]+\/log$/.test(path)) return this.#send(response, 200, this.script.log)
    const scripted = this.script.gets[path]
    const { searchParams } = new URL(request.url ?? '/', 'http://fixture')
    if (scripted) return this.#send(response, 200, typeof scripted === 'function' ? scripted(searchParams) : scripted)
    const asked = integrations.find((each) => path === `/api/integrations/${each.uid}`)
    return asked
      ? this.#send(response, 200, this.script.details(asked))
      : this.#send(response, 404, refusal('unknown_integration', 'There is no such integration.'))
  }

  async #post(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const isJson = request.headers['content-type'] === 'application/json'
    const body: unknown = isJson ? JSON.parse(text || 'null') : text
    this.posted.push({ path, headers: request.headers, body })
    const scripted = this.script.posts[path] ?? { status: 204 }
    const answer = typeof scripted === 'function' ? scripted(body) : scripted
    if (path === '/api/login' && answer.status < 300) this.script.loggedIn = true
    if (path === '/api/logout') this.script.loggedIn = false
    return this.#send(response, answer.status, answer.body)
  }

  #stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(': open\n\n')
    this.#streams.add(response)
    response.on('close', () => this.#streams.delete(response))
  }

  #send(response: ServerResponse, status: number, body?: object): void {
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    response.end(body === undefined ? undefined : JSON.stringify(body))
  }
}
