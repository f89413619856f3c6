import type { Application } from '../domain/application.ts'
import type { Effects } from '../domain/effects.ts'
import type { DevelopmentSession, User } from '../domain/people.ts'
import { LauncherError } from '../launcher/launcher.ts'
import type { AuditLog } from './audit-log.ts'
import { doorOf, type LaunchingParts, launch } from './launching.ts'
import type { LiveChanges } from './live-changes.ts'
import { kindOfFailure, type Log } from './log.ts'
import type { NodeIdentity } from './node-heart.ts'
import { Periodic } from './periodic.ts'
import { mintRpcCookie } from './rpc-cookie.ts'
import { SessionCare } from './session-care.ts'
import { namesOf, SessionEndings } from './session-endings.ts'

/** What launched sessions are made of. */
export interface LaunchedSessionsParts extends LaunchingParts {
  readonly effects: Effects
  readonly audit: AuditLog
  readonly changes: LiveChanges
  readonly log: Log
  readonly node: Pick<NodeIdentity, 'holder'>
  /** When nobody has used a session for so long, it ends, in milliseconds; 0: never. */
  readonly idleAfterMs: number
  /** The configuration that is in force. */
  readonly applications: () => readonly Application[]
}

/** How often sessions are looked after, in milliseconds: one read of `/proc` for each. */
const LOOK_MS = 1000

/** The sessions that Benchkey starts: from the row to the process, and from the end of either to that of the other. */
export class LaunchedSessions {
  readonly #parts: LaunchedSessionsParts
  readonly #endings: SessionEndings
  readonly #loop: Periodic
  readonly #cares = new Map<string, SessionCare>()
  /** What is being done for a session now; nothing else is begun for it meanwhile. */
  readonly #busy = new Map<string, Promise<void>>()
  /** What went wrong last with a session, so that it is logged once. */
  readonly #troubles = new Map<string, string>()
  /** Why sessions could not be started. */
  readonly #problems = new Map<string, string>()
  /** How many rows are just being written. */
  #opening = 0

  constructor(parts: LaunchedSessionsParts) {
    this.#parts = parts
    this.#endings = new SessionEndings(parts)
    this.#loop = new Periodic('look after sessions', LOOK_MS, parts, () => this.look())
  }

  start(): void {
    this.#loop.start()
  }

  /** What is under way is finished; sessions go on without this process. */
  async close(): Promise<void> {
    await this.#loop.close()
    await Promise.all(this.#busy.values())
  }

  /** Whether it runs and did not answer when it was looked at last, three times in a row. */
  isUnreachable(sessionId: string): boolean {
    return this.#cares.get(sessionId)?.isUnreachable ?? false
  }

  /** The session in the database, `starting`; its application is started in the background. */
  async open(request: {
    readonly user: User
    readonly application: Application
    readonly name: string
    readonly account: string | undefined
    readonly limitedTo: readonly string[] | undefined
    readonly address: string
  }): Promise<DevelopmentSession> {
    const { store, audit, node } = this.#parts
    const { user, application, account, limitedTo, address, name } = request
    const door = await doorOf(application, this.#parts)
    const { cookie, cookieHash, expiresAt } = mintRpcCookie(this.#parts, user.name)
    this.#opening += 1
    try {
      const session = await store.sessions.create({
        ...{ userName: user.name, name, kind: 'launched', state: 'starting', application: application.section },
        ...{ node: node.holder.nodeId, cookieHash, cookieExpiresAt: expiresAt, ...door },
        ...(account === undefined ? {} : { account }),
        ...(limitedTo ? { limitedTo } : {}),
      })
      void this.#do(session, () => this.#launch(session, application, { cookie, secret: door.secret }))
      await audit.record({ action: 'session.started', outcome: 'ok', ...namesOf(session), address, detail: application.section })
      this.#endings.changed(session)
      return session
    } finally {
      this.#opening -= 1
    }
  }

  /** Its cookie is dead when this resolves; its application is stopped in the background. False when it was ending or had ended. */
  async end(session: DevelopmentSession, why: string, byName?: string): Promise<boolean> {
    const by = byName === undefined ? {} : { byName }
    if (!(await this.#endings.begin(session, why, by))) return false
    this.#loop.wake()
    return true
  }

  /** Ends a user's launched sessions; resolves when nothing of them runs any more. */
  async endAllOf(userId: string, why: string): Promise<void> {
    const live = await this.#parts.store.sessions.list()
    const own = live.filter((session) => session.kind === 'launched' && session.userId === userId && this.#isHere(session))
    for (const session of own) await this.#endings.begin(session, why)
    for (const session of own) {
      await this.#busy.get(session.id)
      await this.#do(session, () => this.#endings.finish(session))
    }
  }

  /** One round over the sessions of this host. Each is looked after by itself, so that none waits for another. */
  async look(): Promise<void> {
    const { store, effects } = this.#parts
    const live = (await store.sessions.list()).filter((session) => session.kind === 'launched')
    this.#forget(live)
    // A row that is so new that nothing is known of it yet is left alone.
    const isKnown = ({ supervisor }: DevelopmentSession): boolean => supervisor !== undefined || this.#opening === 0
    const own = live.filter((session) => this.#isHere(session) && isKnown(session) && !this.#busy.has(session.id))
    if (own.length === 0) return
    const locked = await store.users.lockedIds()
    const cookies = await store.sessions.newestCookies()
    const looks = own.map((session) => {
      const facts = {
        isLocked: locked.has(session.userId),
        cookieUntil: cookies.get(session.id),
        problem: this.#problems.get(session.id),
      }
      return this.#do(session, () => this.#careOf(session.id).look(session, facts))
    })
    // What takes longer goes on beside the next rounds.
    const enough = new AbortController()
    await Promise.race([Promise.all(looks), effects.sleep(LOOK_MS, enough.signal).catch(() => undefined)])
    enough.abort()
  }

  #careOf(sessionId: string): SessionCare {
    const known = this.#cares.get(sessionId)
    if (known) return known
    const applicationOf = ({ application }: DevelopmentSession): Application | undefined =>
      this.#parts.applications().find(({ section }) => section === application)
    const care = new SessionCare(sessionId, { ...this.#parts, endings: this.#endings, applicationOf })
    this.#cares.set(sessionId, care)
    return care
  }

  #forget(live: readonly DevelopmentSession[]): void {
    const ids = new Set(live.map(({ id }) => id))
    for (const known of [this.#cares, this.#troubles, this.#problems])
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id)
  }

  /** Node ids name host and process table: whichever server opened it, its processes are visible here. */
  #isHere({ node }: DevelopmentSession): boolean {
    return node === this.#parts.node.holder.nodeId
  }

  async #launch(session: DevelopmentSession, application: Application, given: { cookie: string; secret: string }): Promise<void> {
    const problem = await launch(session, application, given, this.#parts).catch((failure: unknown) => {
      this.#complain(session, failure)
      const words =
        failure instanceof LauncherError ? failure.message : 'It could not be started; the log of the server says why.'
      return words.replace(/\.$/, '')
    })
    // What cannot be cleared away now is cleared away in a later round, with the same words.
    if (problem !== undefined) this.#problems.set(session.id, problem)
    this.#loop.wake()
  }

  /** Runs the work unless something is done for the session already; what fails is logged, and the next round tries again. */
  #do(session: Pick<DevelopmentSession, 'id'>, work: () => Promise<void>): Promise<void> {
    const running = this.#busy.get(session.id)
    if (running) return running
    const doing = work()
      .catch((failure: unknown) => this.#complain(session, failure))
      .finally(() => this.#busy.delete(session.id))
    this.#busy.set(session.id, doing)
    return doing
  }

  #complain({ id }: Pick<DevelopmentSession, 'id'>, failure: unknown): void {
    const words = failure instanceof LauncherError ? failure.message : kindOfFailure(failure)
    if (this.#troubles.get(id) === words) return
    this.#troubles.set(id, words)
    this.#parts.log.warn({ session: id, failure: words }, 'Something went wrong with a session.')
  }
}
