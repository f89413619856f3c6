import { AccountLookUps } from '../src/broker/account-look-ups.ts'
import type { CallbackResult } from '../src/broker/broker.ts'
import { RevocationQueue } from '../src/broker/revocation-queue.ts'
import { BrowserSignIns } from '../src/broker/sign-ins.ts'
import { TokenChecks } from '../src/broker/token-checks.ts'
import type { BrowserSession } from '../src/domain/people.ts'
import { createAuthorizationServers } from '../src/oauth/create.ts'
import type { BrokerRoom } from './broker-room.ts'

/** What a test puts in the place of its room's queue of revocations. */
type Revocations = Pick<RevocationQueue, 'wake' | 'revokeReplaced'>

/** Signing in over the room, with loopback providers allowed. */
export function signInsOf(room: BrokerRoom, revocations?: Revocations): BrowserSignIns {
  const servers = createAuthorizationServers({ effects: room.effects, allowLoopback: true })
  const fail = (what: string) => (): never => {
    throw new Error(`${what} was called and should not be`)
  }
  const queue = revocations ?? new RevocationQueue({ ...room, servers })
  const checks = new TokenChecks({ ...room, servers })
  const accounts = new AccountLookUps({ ...room, servers })
  return new BrowserSignIns({ ...room, servers, revocations: queue, checks, accounts }, fail('tryAgain'))
}

/** A browser as the broker sees one: a web login and the cookies of its attempts. */
export class PlayedBrowser {
  readonly #signIns: BrowserSignIns
  readonly #address = '192.0.2.10'
  session: BrowserSession | undefined
  readonly cookies = new Map<string, string>()

  constructor(signIns: BrowserSignIns, session: BrowserSession | undefined) {
    this.#signIns = signIns
    this.session = session
  }

  /** Starts a sign-in; the answer is the authorization request's URL. */
  async start(uid: string, returnTo: 'settings' | 'sign-in-page' = 'settings'): Promise<URL> {
    if (!this.session) throw new Error('nobody is logged in to this browser')
    const { url, cookie } = await this.#signIns.start(this.session, uid, returnTo, this.#address)
    this.cookies.set(cookie.name, cookie.value)
    return new URL(url)
  }

  /** Opens the URL a provider sends the browser back to. */
  open(callbackUrl: string): Promise<CallbackResult> {
    const url = new URL(callbackUrl)
    const section = url.pathname.split('/oauth_redirect_callback/')[1]
    return this.answer([...url.searchParams], section === undefined ? undefined : decodeURIComponent(section))
  }

  /** Comes back with these parameters, in this order. */
  answer(parameters: readonly (readonly [string, string])[], section?: string): Promise<CallbackResult> {
    const attemptCookie = (name: string): string | undefined => this.cookies.get(name)
    return this.#signIns.finish({ session: this.session, section, parameters, attemptCookie, address: this.#address })
  }
}
