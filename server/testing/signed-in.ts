import { completeInteraction } from './complete-interaction.ts'
import { type RawReply, type ServerFiles, send } from './start-server.ts'

/** The headers of a page's own requests. */
const PAGE_HEADERS = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', 'x-benchkey-request': '1' }

/** A browser without a screen: cookies, the page API and the callback, over real https. */
export class PlainBrowser {
  readonly #files: ServerFiles
  readonly #heard: (path: string, reply: RawReply) => void
  readonly #cookies = new Map<string, string>()

  /** `heard` is told of every reply. */
  constructor(files: ServerFiles, heard: (path: string, reply: RawReply) => void = () => undefined) {
    this.#files = files
    this.#heard = heard
  }

  /** Name and value of each cookie it would send, as one header. */
  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** Becomes the other one: the same browser, sent to another server by a load balancer. */
  takeCookies(other: PlainBrowser): void {
    for (const [name, value] of other.#cookies) this.#cookies.set(name, value)
  }

  /** A request of the page's own. */
  async ask(path: string, body?: unknown): Promise<RawReply> {
    const headers = { ...PAGE_HEADERS, cookie: this.cookies }
    const options = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    return this.#keep(path, await send(this.#files, path, options))
  }

  /** Opens an address, as after a click or a redirect of another site. */
  async visit(url: string): Promise<RawReply> {
    const headers = {
      cookie: this.cookies,
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    }
    return this.#keep(url, await send(this.#files, url, { headers }))
  }

  async logIn(userName: string, password: string): Promise<void> {
    const reply = await this.ask('/api/login', { userName, password })
    if (reply.status !== 200) throw new Error(`The login answered ${reply.status}: ${reply.body}`)
  }

  /** The Integration ID of a section. */
  async uidOf(section: string): Promise<string> {
    const { integrations } = JSON.parse((await this.ask('/api/integrations')).body) as {
      integrations: readonly { section: string; uid: string }[]
    }
    const found = integrations.find((integration) => integration.section === section)
    if (!found) throw new Error(`There is no section ${section}.`)
    return found.uid
  }

  /** Starts a sign-in; answers the authorization request's URL. */
  async start(uid: string): Promise<string> {
    const reply = await this.ask(`/api/integrations/${uid}/sign-in`, { returnTo: 'settings' })
    if (reply.status !== 200) throw new Error(`The start of the sign-in answered ${reply.status}: ${reply.body}`)
    return (JSON.parse(reply.body) as { url: string }).url
  }

  /** The whole sign-in at an oidc-provider. */
  async signIn(section: string, account = 'ada'): Promise<string> {
    const uid = await this.uidOf(section)
    const back = await completeInteraction(await this.start(uid), { userName: account })
    const reply = await this.visit(back)
    if (reply.status !== 303) throw new Error(`The callback answered ${reply.status}: ${reply.body}`)
    return uid
  }

  #keep(path: string, reply: RawReply): RawReply {
    this.#heard(path, reply)
    for (const line of [reply.headers['set-cookie'] ?? []].flat()) {
      const [pair = ''] = line.split(';')
      const equals = pair.indexOf('=')
      if (/max-age=0/i.test(line)) this.#cookies.delete(pair.slice(0, equals))
      else this.#cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
    }
    return reply
  }
}
