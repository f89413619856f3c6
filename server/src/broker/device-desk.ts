import { type DeviceLogin, hostNameIn, newUserCode, userCodeIn } from '../domain/device-login.ts'
import type { Effects } from '../domain/effects.ts'
import type { BrowserSession } from '../domain/people.ts'
import { sessionEnvironment } from '../launcher/session-environment.ts'
import { type Store, StoreError } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import { badRequest } from './bad-request.ts'
import type { DeviceLogins, DevicePoll, DeviceRequest, DeviceStart } from './broker-of-devices.ts'
import type { LiveChanges } from './live-changes.ts'
import { looksLikeSecret, newSecret, sha256 } from './random-values.ts'
import { addressKey, RateLimiter } from './rate-limit.ts'
import { makeRpcCookie, rpcCookieHash } from './rpc-cookie.ts'

/** How long a terminal waits for its person, in milliseconds. */
const WAIT_MS = 10 * 60_000

/** How long an expired one is still told that it has expired, in milliseconds. */
export const EXPIRED_KEPT_MS = 10 * 60_000

/** Between two questions of a terminal, in milliseconds (RFC 8628 §3.2, which has 5 s by default): somebody sits there and waits. */
const INTERVAL_MS = 2_000

/** Terminals that wait at once, of all users: with more a guessed code would be right too often. */
const WAITING_AT_ONCE = 1_000

/** Logged-in terminals of one user; more are a script, and each is a way in. */
const PER_USER = 20

/** Log-ins begun from one address: a class room behind one address begins them all at once. */
const BEGUN = { burst: 30, everyMs: 10_000 }

/** Questions of one terminal: one may come early. */
const ASKED = { burst: 2, everyMs: INTERVAL_MS }

/** Questions from one address, whatever they show. */
const ASKED_FROM = { burst: 120, everyMs: 250 }

/** Codes that one user mistypes: 10 at once, then one a minute. Right ones are not counted. */
const MISTYPED = { burst: 10, everyMs: 60_000 }

/** Codes mistyped at one address, by anybody. */
const MISTYPED_FROM = { burst: 40, everyMs: 10_000 }

/** Two codes of a thousand among 20^8 hardly ever meet; three times in a row never. */
const MOST_CODES = 3

/** What logging a terminal in is made of. */
export interface DeviceDeskParts {
  readonly store: Store
  readonly effects: Pick<Effects, 'randomBytes' | 'monotonicMs'>
  readonly audit: Pick<AuditLog, 'record'>
  readonly changes: Pick<LiveChanges, 'publish'>
  /** Without a trailing slash. */
  readonly publicUrl: string
  /** Without a trailing slash. */
  readonly callbackAddress: string
  /** How long such a session lasts, in milliseconds; 0: nobody is logged in this way. */
  readonly lifeMs: number
}

/** Logs terminals in (RFC 8628): the terminal shows a short code, its person approves that in a browser, and it gets a session. */
export class DeviceDesk implements DeviceLogins {
  readonly #parts: DeviceDeskParts
  readonly #begun: RateLimiter
  readonly #asked: RateLimiter
  readonly #askedFrom: RateLimiter
  readonly #mistyped: RateLimiter
  readonly #mistypedFrom: RateLimiter

  constructor(parts: DeviceDeskParts) {
    this.#parts = parts
    const { effects } = parts
    this.#begun = new RateLimiter(BEGUN, effects)
    this.#asked = new RateLimiter(ASKED, effects)
    this.#askedFrom = new RateLimiter(ASKED_FROM, effects)
    this.#mistyped = new RateLimiter(MISTYPED, effects)
    this.#mistypedFrom = new RateLimiter(MISTYPED_FROM, effects)
  }

  async begin({ host, address }: Parameters<DeviceLogins['begin']>[0]): Promise<DeviceStart> {
    const { store, effects, lifeMs } = this.#parts
    if (lifeMs === 0) return { kind: 'off' }
    const wait = this.#begun.take(addressKey(address))
    if (wait > 0) return { kind: 'too_many', retryAfterSeconds: wait }
    const expiresAt = new Date(store.now().getTime() + WAIT_MS)
    for (let n = 1; ; n += 1) {
      const [deviceCode, userCode] = [newSecret(effects), newUserCode((size) => effects.randomBytes(size))]
      const hashes = { deviceHash: sha256(deviceCode), userHash: sha256(userCode) }
      try {
        const isKept = await store.deviceLogins.create({ ...hashes, host: hostNameIn(host), address, expiresAt }, WAITING_AT_ONCE)
        if (!isKept) return { kind: 'too_many', retryAfterSeconds: 60 }
        return { kind: 'begun', deviceCode, userCode, expiresInSeconds: WAIT_MS / 1000, intervalSeconds: INTERVAL_MS / 1000 }
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'duplicate' || n === MOST_CODES) throw error
      }
    }
  }

  async poll({ deviceCode, address }: Parameters<DeviceLogins['poll']>[0]): Promise<DevicePoll> {
    const { store } = this.#parts
    const wait = this.#askedFrom.take(addressKey(address))
    if (wait > 0) return { kind: 'too_many', retryAfterSeconds: wait }
    if (!looksLikeSecret(deviceCode)) return { kind: 'unknown' }
    const deviceHash = sha256(deviceCode)
    const login = await store.deviceLogins.findByDevice(deviceHash)
    if (!login) return { kind: 'unknown' }
    if (this.#asked.take(deviceHash) > 0) return { kind: 'slow_down' }
    if (login.decision && !login.decision.isApproved) return { kind: 'denied' }
    if (login.expiresAt <= store.now()) return { kind: 'expired' }
    return login.decision ? await this.#open(deviceHash, login, login.decision.userName) : { kind: 'pending' }
  }

  async find(browser: BrowserSession, typed: string, address: string): Promise<DeviceRequest> {
    const code = await this.#codeIn(browser, typed, address)
    const login = code === undefined ? undefined : await this.#parts.store.deviceLogins.findWaiting(sha256(code))
    if (code === undefined || !login) throw await this.#wrongCode(browser, address)
    this.#giveBack(browser, address)
    return this.#requestOf(code, login, address)
  }

  async decide(browser: BrowserSession, typed: string, decision: 'approve' | 'deny', address: string): Promise<DeviceRequest> {
    const { store, audit } = this.#parts
    const code = await this.#codeIn(browser, typed, address)
    const isApproved = decision === 'approve'
    if (isApproved) await this.#requireRoom(browser)
    const { user } = browser
    const login = code === undefined ? undefined : await store.deviceLogins.decide(sha256(code), { userId: user.id, isApproved })
    if (code === undefined || !login) throw await this.#wrongCode(browser, address)
    this.#giveBack(browser, address)
    await audit.record({
      ...{ action: isApproved ? 'terminal.approved' : 'terminal.denied', outcome: isApproved ? 'ok' : 'refused' },
      ...{ userName: user.name, address, detail: `${login.host}, asking from ${login.address}` },
    })
    return this.#requestOf(code, login, address)
  }

  async #open(deviceHash: string, { host, address }: DeviceLogin, userName: string): Promise<DevicePoll> {
    const { store, effects, audit, changes, publicUrl, callbackAddress, lifeMs } = this.#parts
    const endsAt = new Date(store.now().getTime() + lifeMs)
    const cookie = makeRpcCookie(userName, endsAt, effects.randomBytes(32))
    const session = await store.deviceLogins.openSession(deviceHash, {
      ...{ name: host, host: `${host}, from ${address}`, cookieHash: rpcCookieHash(cookie), endsAt },
    })
    // Used a moment ago by another question, or its user was locked.
    if (!session) return { kind: 'denied' }
    const detail = `a terminal, until ${endsAt.toISOString()}`
    const names = { userName: session.userName, sessionId: session.id, sessionName: session.name }
    await audit.record({ action: 'session.opened', outcome: 'ok', address, detail, ...names })
    changes.publish(session.userId, 'sessions')
    const environment = sessionEnvironment({ publicUrl, callbackAddress, sessionId: session.id })
    return { kind: 'opened', opened: { session, cookie, environment }, endsAt, lifeSeconds: Math.floor(lifeMs / 1000) }
  }

  /** Counts one attempt. Undefined when what was typed can be no code at all. */
  async #codeIn({ user }: BrowserSession, typed: string, address: string): Promise<string | undefined> {
    const wait = this.#mistypedFrom.take(addressKey(address)) || this.#mistyped.take(user.id)
    if (wait > 0) throw badRequest(`Too many codes that no terminal shows. Try again in ${wait} s.`, wait)
    return userCodeIn(typed)
  }

  #giveBack({ user }: BrowserSession, address: string): void {
    this.#mistypedFrom.giveBack(addressKey(address))
    this.#mistyped.giveBack(user.id)
  }

  async #wrongCode({ user }: BrowserSession, address: string) {
    await this.#parts.audit.record({ action: 'terminal.wrong_code', outcome: 'refused', userName: user.name, address })
    return badRequest(
      'No terminal waits with this code. A code works once, for 10 minutes: check it, or run benchkey login again.',
    )
  }

  async #requireRoom({ user }: BrowserSession): Promise<void> {
    const live = await this.#parts.store.sessions.list()
    const own = live.filter(({ kind, userId }) => kind === 'login' && userId === user.id)
    if (own.length >= PER_USER) throw badRequest(`You have ${PER_USER} terminals logged in. End one of them first.`)
  }

  #requestOf(code: string, login: DeviceLogin, address: string): DeviceRequest {
    const isSameAddress = addressKey(login.address) === addressKey(address)
    return { code, ...login, isSameAddress, lifeSeconds: Math.floor(this.#parts.lifeMs / 1000) }
  }
}
