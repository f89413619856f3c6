import type { WireError, WireToken } from '@benchkey/sdk/wire'
import type { AdminSessionOpened } from '../src/domain/admin-api.ts'
import { realEffects } from '../src/effects.ts'
import type { ReceivedRequest } from './behaviours.ts'
import { type ScriptedProvider, startScriptedProvider } from './scripted-provider.ts'
import { PlainBrowser } from './signed-in.ts'
import {
  askAdmin,
  fetchToken,
  openSession,
  prepareServer,
  type RawReply,
  removeFiles,
  type ServerFiles,
  type ServerInProcess,
  startInProcess,
  writeOauthClients,
} from './start-server.ts'
import { TestClock } from './test-clock.ts'

const USER = { name: 'ada', password: 'correct horse battery staple' } as const

/** Lines of a section beside or instead of the usual ones; an empty value takes the usual one away. */
export type Lines = Readonly<Record<string, string>>

/**
 * A whole server over one scripted provider, with one user, their browser and session: options go in as lines of
 * `oauth-clients.conf`, what they do comes out as requests at the provider and replies to the session. Its clock stands still.
 */
export class OptionsWorld {
  readonly provider: ScriptedProvider
  readonly files: ServerFiles
  readonly server: ServerInProcess
  readonly browser: PlainBrowser
  readonly session: AdminSessionOpened
  readonly #clock: TestClock
  readonly #sections = new Map<string, Lines>()

  private constructor(parts: Pick<OptionsWorld, 'provider' | 'files' | 'server' | 'browser' | 'session'>, clock: TestClock) {
    this.provider = parts.provider
    this.files = parts.files
    this.server = parts.server
    this.browser = parts.browser
    this.session = parts.session
    this.#clock = clock
  }

  static async start(): Promise<OptionsWorld> {
    const clock = new TestClock()
    const provider = await startScriptedProvider({ rotation: 'strict', accessTokenSeconds: 600 })
    const files = await prepareServer()
    // Short pauses are taken for real, for the sweeper takes one after the other.
    const { sleep, bootId } = realEffects()
    const server = await startInProcess(files, { effects: { ...clock.effects, sleep, bootId } })
    await askAdmin(files, 'POST', '/users', { ...USER, isAdmin: false })
    const browser = new PlainBrowser(files)
    await browser.logIn(USER.name, USER.password)
    const session = await openSession(files, USER.name)
    return new OptionsWorld({ provider, files, server, browser, session }, clock)
  }

  get now(): Date {
    return this.#clock.effects.now()
  }

  /** The latest request the provider received. */
  get lastRequest(): ReceivedRequest {
    const request = this.provider.requests.at(-1)
    if (!request) throw new Error('The provider has received nothing.')
    return request
  }

  /** Writes or rewrites one section and applies the file; answers whether the server took it. */
  async configure(section: string, lines: Lines): Promise<boolean> {
    this.#sections.set(section, lines)
    return await this.#apply()
  }

  /** Takes a section out of the file. */
  async remove(section: string): Promise<boolean> {
    this.#sections.delete(section)
    return await this.#apply()
  }

  /** Starts a sign-in and answers the authorization request's URL. */
  async start(section: string): Promise<URL> {
    return new URL(await this.browser.start(await this.browser.uidOf(section)))
  }

  /** Comes back from the provider, with more parameters beside code and state if wanted; answers the page's reply. */
  async comeBack(started: URL, more: Readonly<Record<string, string>> = {}): Promise<RawReply> {
    const back = new URL(started.searchParams.get('redirect_uri') ?? '')
    back.search = new URLSearchParams({ code: 'a-code', state: started.searchParams.get('state') ?? '', ...more }).toString()
    return await this.browser.visit(back.href)
  }

  /** The whole sign-in. */
  async signIn(section: string, more: Readonly<Record<string, string>> = {}): Promise<void> {
    const reply = await this.comeBack(await this.start(section), more)
    if (reply.status !== 303) throw new Error(`The callback of ${section} answered ${reply.status}: ${reply.body}`)
  }

  /** Asks for the token as R does, or for one that lives so many seconds. */
  async fetch(uid: string, minTtlSeconds?: number): Promise<Partial<WireToken & WireError>> {
    const { body } = await fetchToken(this.files, this.session.cookie, uid, minTtlSeconds)
    return JSON.parse(body) as Partial<WireToken & WireError>
  }

  /** Lets so many seconds pass. */
  async pass(seconds: number): Promise<void> {
    await this.#clock.pass(seconds * 1000)
  }

  async close(): Promise<void> {
    await this.server.close()
    await this.provider.close()
    removeFiles(this.files)
  }

  async #apply(): Promise<boolean> {
    const { authorizationUrl, tokenUrl } = this.provider
    const usual = { 'client-id': 'the client', 'client-secret': 'a+secret/', 'redirect-uri': 'per-integration' }
    const sections = [...this.#sections].map(([section, lines]) => {
      const all: Lines = { ...usual, 'authorization-url': authorizationUrl, 'token-url': tokenUrl, ...lines }
      const written = Object.entries(all).filter(([, value]) => value !== '')
      return `[${section}]\n${written.map(([name, value]) => `${name}=${value}\n`).join('')}`
    })
    writeOauthClients(this.files, sections.join('\n'))
    return (await this.server.reload()).applied
  }
}
