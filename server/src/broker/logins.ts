import type { Effects } from '../domain/effects.ts'
import type { BrowserSession, User } from '../domain/people.ts'
import { type LocalAccounts, userNameProblem } from '../login/local-accounts.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import type { LoginResult, Logins } from './broker.ts'
import { orSayAway } from './database-away.ts'
import { HashingSlots } from './hashing-slots.ts'
import type { LiveChanges } from './live-changes.ts'
import type { Log } from './log.ts'
import { looksLikeSecret, newSecret, sha256 } from './random-values.ts'
import { addressKey, RateLimiter } from './rate-limit.ts'
import { RefusedLogins } from './refused-logins.ts'

/** How long a web login lasts: 8 h without use, 7 days at the most. */
export const BROWSER_SESSION_LIMITS = { idleMs: 8 * 60 * 60 * 1000, absoluteMs: 7 * 24 * 60 * 60 * 1000 }

/** Guesses at one name, from anywhere: 5 at once, then 3 a minute. Right passwords are not counted. */
const PER_NAME = { burst: 5, everyMs: 20_000 }

/** Guesses from one address, at any name: an office behind one address mistypes, too. */
const PER_ADDRESS = { burst: 20, everyMs: 5_000 }

/** Seconds to wait when more passwords than this machine can check are waiting. */
const BUSY_SECONDS = 3

/** What the web logins are made of. */
export interface LoginParts {
  readonly store: Store
  readonly accounts: LocalAccounts
  readonly effects: Effects
  readonly audit: AuditLog
  readonly changes: LiveChanges
  readonly log: Log
  readonly singleUser: boolean
}

/** The one account that can log in under `single-user=1`: the first that was made. */
export function soleUserOf(users: readonly User[]): User | undefined {
  return [...users].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1))[0]
}

/** Who is this browser: passwords in, browser sessions out. */
export class BrowserLogins implements Logins {
  readonly #parts: LoginParts
  readonly #perName: RateLimiter
  readonly #perAddress: RateLimiter
  readonly #slots = new HashingSlots()
  /** Started and closed by whoever made this. */
  readonly refused: RefusedLogins

  constructor(parts: LoginParts) {
    this.#parts = parts
    this.refused = new RefusedLogins(parts)
    this.#perName = new RateLimiter(PER_NAME, parts.effects)
    this.#perAddress = new RateLimiter(PER_ADDRESS, parts.effects)
  }

  async logIn(request: Parameters<Logins['logIn']>[0]): Promise<LoginResult> {
    const { address } = request
    const known = await this.#recognise(request)
    if (known.kind !== 'ok') return known
    const cookie = await this.#open(known.user, request.previousCookie)
    await this.#parts.audit.record({ action: 'login.succeeded', outcome: 'ok', userName: known.user.name, address })
    return { kind: 'ok', cookie, user: known.user }
  }

  async confirm(session: BrowserSession, { password, address }: { password: string; address: string }): Promise<LoginResult> {
    const { store, effects, audit, log } = this.#parts
    const known = await this.#recognise({ userName: session.user.name, password, address })
    if (known.kind !== 'ok') return known
    const cookie = newSecret(effects)
    const isRenewed = await orSayAway(log, 'A log-in', store.browserSessions.renew(session.idHash, sha256(cookie)))
    if (!isRenewed) return { kind: 'refused' }
    const detail = 'the password was typed again'
    await audit.record({ action: 'login.succeeded', outcome: 'ok', userName: known.user.name, address, detail })
    return { kind: 'ok', cookie, user: known.user }
  }

  now(): Date {
    return this.#parts.store.now()
  }

  /** Whose name and password these are. Guesses are counted and audited. */
  async #recognise(request: {
    userName: string
    password: string
    address: string
  }): Promise<{ kind: 'ok'; user: User } | Exclude<LoginResult, { kind: 'ok' }>> {
    const { address } = request
    const nameKey = request.userName.normalize('NFC').toLowerCase().slice(0, 256)
    const wait = this.#perAddress.take(addressKey(address)) || this.#perName.take(nameKey)
    if (wait > 0) {
      await this.#refuse(address, 'too many attempts', this.refused.findName(nameKey))
      return { kind: 'too_many', retryAfterSeconds: wait }
    }
    const checked = await this.#slots.run(() => this.#check(request.userName.normalize('NFC'), request.password))
    if (!checked) {
      await this.#refuse(address, 'too many at once')
      return { kind: 'too_many', retryAfterSeconds: BUSY_SECONDS }
    }
    const { user, known, why } = checked
    if (!user) {
      await this.#refuse(address, why, known)
      return { kind: 'refused' }
    }
    this.#perAddress.giveBack(addressKey(address))
    this.#perName.giveBack(nameKey)
    return { kind: 'ok', user }
  }

  #refuse(address: string, why: string, userName?: string): Promise<void> {
    return this.refused.note({ address, why, ...(userName === undefined ? {} : { userName }) })
  }

  async authenticate(cookie: string): Promise<BrowserSession | undefined> {
    return looksLikeSecret(cookie) ? await this.resume(sha256(cookie)) : undefined
  }

  /** A web login by the hash of its cookie, as good as `authenticate` finds it. What its browser does in a session counts as use. */
  async resume(idHash: string): Promise<BrowserSession | undefined> {
    const session = await this.#parts.store.browserSessions.find(idHash, BROWSER_SESSION_LIMITS)
    if (!session || !(await this.#mayLogIn(session.user))) return undefined
    return session
  }

  async logOut(session: BrowserSession): Promise<void> {
    await this.#parts.store.browserSessions.remove(session.idHash)
    await this.#parts.audit.record({ action: 'logout', outcome: 'ok', userName: session.user.name })
    this.#parts.changes.publish(session.user.id, 'logged_out')
  }

  /** A new id at every login, so that nobody can be given one that somebody else knows. */
  async #open(user: User, previousCookie: string | undefined): Promise<string> {
    const { store, effects, log } = this.#parts
    if (previousCookie !== undefined && looksLikeSecret(previousCookie)) {
      await orSayAway(log, 'A log-in', store.browserSessions.remove(sha256(previousCookie)))
    }
    const cookie = newSecret(effects)
    await orSayAway(log, 'A log-in', store.browserSessions.create({ idHash: sha256(cookie), userId: user.id }))
    return cookie
  }

  /**
   * `known`: the name of an existing user; what somebody typed for a name may be a password and is not kept. The hash is
   * computed in every case, so that time tells neither names nor locks.
   */
  async #check(userName: string, password: string): Promise<{ user?: User; known?: string; why: string }> {
    const { store, accounts } = this.#parts
    const found = userNameProblem(userName) === undefined ? await store.users.findByName(userName) : undefined
    const right = await accounts.verify(password, found?.passwordHash)
    if (!found) return { why: 'no such user' }
    const { passwordHash: _, ...user } = found
    if (!right) return { known: user.name, why: 'wrong password' }
    if (user.lockedAt) return { known: user.name, why: 'locked' }
    if (!(await this.#mayLogIn(user))) return { known: user.name, why: 'not the one user of single-user=1' }
    return { user, known: user.name, why: '' }
  }

  async #mayLogIn(user: User): Promise<boolean> {
    if (!this.#parts.singleUser) return true
    return soleUserOf(await this.#parts.store.users.list())?.id === user.id
  }
}
