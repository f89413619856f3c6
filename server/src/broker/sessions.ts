import type { Effects } from '../domain/effects.ts'
import type { BrokerError } from '../domain/errors.ts'
import type { DevelopmentSession, User } from '../domain/people.ts'
import { plainPhrasing, printable } from '../domain/states.ts'
import type { UnixAccount } from '../domain/unix-account.ts'
import { isAlive, signal } from '../launcher/processes.ts'
import { sessionEnvironment } from '../launcher/session-environment.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import { badRequest } from './bad-request.ts'
import type { OpenedSession, Sessions } from './broker.ts'
import type { LiveChanges } from './live-changes.ts'
import { kindOfFailure, type Log } from './log.ts'
import { soleUserOf } from './logins.ts'
import type { NodeIdentity } from './node-heart.ts'
import { refusalOf } from './refusals.ts'
import { mintRpcCookie, RPC_COOKIE_OVERLAP_MS } from './rpc-cookie.ts'
import { sessionAccountOf } from './session-accounts.ts'
import { sessionsElsewhere } from './sessions-elsewhere.ts'

/** How long an ended session's supervisor may take to leave before it is killed, in milliseconds. */
const GRACE_MS = 10_000

/** How long a session without a process of its own lasts, in milliseconds. */
const ENVIRONMENT_LIFE_MS = 12 * 60 * 60_000

/** What sessions are made of. */
export interface SessionParts {
  readonly store: Store
  readonly effects: Effects
  readonly audit: AuditLog
  readonly changes: Pick<LiveChanges, 'publish'>
  readonly log: Log
  /** Without a trailing slash. */
  readonly publicUrl: string
  /** Without a trailing slash. */
  readonly callbackAddress: string
  readonly caCertificate?: string
  readonly singleUser: boolean
  /** Whose pids are meant: those of this server's host. */
  readonly node: Pick<NodeIdentity, 'holder' | 'host'>
  /** The account the server runs as. */
  readonly serverUid: number
  /** Path of the session socket while it listens: sessions start on this host. */
  readonly sessionSocketPath: () => string | undefined
  readonly findUnixAccount: (name: string) => Promise<UnixAccount | undefined>
  /** Ends a session that Benchkey started, with its processes. */
  readonly endLaunched: (session: DevelopmentSession, why: string, byName?: string) => Promise<boolean>
}

/** Development sessions: who may open one, as which Unix account, and what it shows to get tokens. */
export class SessionKeeper implements Sessions {
  readonly #parts: SessionParts
  readonly #stop = new AbortController()
  readonly #endings = new Set<Promise<void>>()

  constructor(parts: SessionParts) {
    this.#parts = parts
  }

  async open(request: Parameters<Sessions['open']>[0]): Promise<OpenedSession> {
    const { store, effects, audit, node } = this.#parts
    const user = await this.#userFor(request.userName)
    const account = await this.#accountFor(user)
    const { supervisor } = request
    const endsAt = supervisor ? undefined : new Date(store.now().getTime() + ENVIRONMENT_LIFE_MS)
    const { cookie, cookieHash, expiresAt } = mintRpcCookie(this.#parts, user.name, endsAt)
    // A command may be named anything; the name is printed on terminals.
    const name = printable(request.name)
    if (supervisor && !isAlive(supervisor, effects.bootId)) {
      throw badRequest('The process that asked for the session has ended.')
    }
    const session = await store.sessions.create({
      ...{ userName: user.name, name, node: node.holder.nodeId, cookieHash, cookieExpiresAt: expiresAt },
      ...(supervisor ? { supervisor } : {}),
      ...(endsAt ? { endsAt } : {}),
    })
    const detail = endsAt ? { detail: `without a process, until ${endsAt.toISOString()}` } : {}
    await audit.record({ action: 'session.opened', outcome: 'ok', userName: user.name, ...namesOf(session), ...detail })
    const { publicUrl, callbackAddress, caCertificate, sessionSocketPath, changes } = this.#parts
    changes.publish(user.id, 'sessions')
    const socketPath = sessionSocketPath()
    const addresses = { publicUrl, callbackAddress, ...(socketPath === undefined ? {} : { socketPath }) }
    return {
      session,
      cookie,
      environment: sessionEnvironment({ ...addresses, sessionId: session.id }),
      ...(caCertificate === undefined ? {} : { caCertificate }),
      ...(account === undefined ? {} : { account }),
    }
  }

  async rotate(sessionId: string): Promise<string> {
    const { store } = this.#parts
    const session = (await store.sessions.list()).find((live) => live.id === sessionId)
    // One with an end of its own has one cookie, until then.
    if (!session || session.endsAt) throw this.#ended()
    const { cookie, cookieHash, expiresAt } = mintRpcCookie(this.#parts, session.userName)
    const previousUntil = new Date(store.now().getTime() + RPC_COOKIE_OVERLAP_MS)
    if (!(await store.sessions.rotateCookie(sessionId, { cookieHash, expiresAt, previousUntil }))) throw this.#ended()
    return cookie
  }

  list(): Promise<readonly DevelopmentSession[]> {
    return this.#parts.store.sessions.list()
  }

  async end(sessionId: string, by: string, byName?: string): Promise<boolean> {
    const { store, audit } = this.#parts
    const session = (await store.sessions.list()).find((live) => live.id === sessionId)
    if (session?.kind === 'launched') return await this.#parts.endLaunched(session, `Ended by ${by}`, byName)
    if (!(await store.sessions.end(sessionId))) return false
    const names = session ? { userName: session.userName, ...namesOf(session) } : { sessionId }
    await audit.record({
      action: 'session.ended',
      outcome: 'ok',
      detail: `by ${by}`,
      ...names,
      ...(byName === undefined ? {} : { byName }),
    })
    if (session) this.#parts.changes.publish(session.userId, 'sessions')
    if (session?.supervisor) this.#dismiss(session.supervisor)
    return true
  }

  /** Ends the sessions whose time is over or whose supervisor is gone; a reboot ends all of the boot before. */
  async endOrphans(): Promise<void> {
    const { store, effects, node } = this.#parts
    const now = store.now().getTime()
    const sessions = await this.list()
    const elsewhere = await sessionsElsewhere(sessions, store, { ...node, bootId: effects.bootId })
    for (const { id, kind, supervisor, endsAt } of sessions) {
      if (kind === 'launched') {
        // Its processes and files are looked after by whoever started them; here only what nobody is left for.
        if (elsewhere.forsaken.has(id)) await store.sessions.end(id, { why: 'The server it ran on is gone' })
      } else if (endsAt && endsAt.getTime() <= now) await this.end(id, 'the end of its time')
      else if (elsewhere.forsaken.has(id)) await this.end(id, 'the end of its cookie')
      else if (supervisor && !elsewhere.all.has(id) && !isAlive(supervisor, effects.bootId)) {
        await this.end(id, 'the end of its command')
      }
    }
  }

  /** Supervisors that were asked to leave are not waited for any longer. */
  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#endings)
  }

  async #userFor(userName: string | undefined): Promise<User> {
    const { store, singleUser } = this.#parts
    const users = await store.users.list()
    const sole = singleUser ? soleUserOf(users) : undefined
    if (userName === undefined && !singleUser) throw badRequest('Name the user the session is for, with --user.')
    if (userName === undefined && !sole) throw badRequest('There is no user yet: add one with benchkey user add.')
    const user = userName === undefined ? sole : users.find(({ name }) => name.toLowerCase() === userName.toLowerCase())
    if (!user) throw badRequest(`There is no user "${printable(userName ?? '')}". See them with: benchkey user list`)
    if (user.lockedAt) throw badRequest(`The user "${user.name}" is locked and gets no sessions.`)
    if (sole && sole.id !== user.id) {
      throw badRequest(`This server has single-user=1: sessions are for "${sole.name}" only.`)
    }
    return user
  }

  /** Undefined under `single-user=1`. Only root gets from the admin socket to another account. */
  async #accountFor(user: User): Promise<string | undefined> {
    const { singleUser, serverUid } = this.#parts
    if (singleUser) return undefined
    if (serverUid !== 0) {
      throw badRequest(
        'This server does not run as root, so it cannot start sessions as their users. Run it as root, or set single-user=1.',
      )
    }
    return (await sessionAccountOf(user, this.#parts))?.name
  }

  /** SIGTERM now, SIGKILL after the grace; nobody waits for it. */
  #dismiss(supervisor: NonNullable<DevelopmentSession['supervisor']>): void {
    const ending = this.#killAfterGrace(supervisor).catch((failure: unknown) => {
      this.#parts.log.warn({ failure: kindOfFailure(failure), pid: supervisor.pid }, 'A session could not be stopped.')
    })
    this.#endings.add(ending)
    void ending.finally(() => this.#endings.delete(ending))
  }

  async #killAfterGrace(supervisor: NonNullable<DevelopmentSession['supervisor']>): Promise<void> {
    const { effects } = this.#parts
    if (!signal(supervisor, effects.bootId, 'SIGTERM')) return
    // Aborted: the server ends, and the supervisor has its SIGTERM.
    const waited = await effects.sleep(GRACE_MS, this.#stop.signal).then(
      () => true,
      () => false,
    )
    if (waited) signal(supervisor, effects.bootId, 'SIGKILL')
  }

  #ended(): BrokerError {
    return refusalOf({ code: 'session_ended' }, plainPhrasing(this.#parts.publicUrl))
  }
}

function namesOf(session: DevelopmentSession): { sessionId: string; sessionName: string } {
  return { sessionId: session.id, sessionName: session.name }
}
