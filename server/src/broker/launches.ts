import type { Application } from '../domain/application.ts'
import type { Effects } from '../domain/effects.ts'
import type { DevelopmentSession, User } from '../domain/people.ts'
import { printable } from '../domain/states.ts'
import type { LocalSessions } from '../launcher/create.ts'
import type { Store } from '../store/store.ts'
import { AtOnce } from './at-once.ts'
import { badRequest } from './bad-request.ts'
import type { Sessions } from './broker.ts'
import type { Launches, SessionOffer, SessionView } from './broker-of-sessions.ts'
import type { Catalogue } from './catalogue.ts'
import type { LaunchedSessions } from './launched-sessions.ts'
import { RateLimiter } from './rate-limit.ts'
import { type SessionAccountParts, sessionAccountOf } from './session-accounts.ts'

/** What the pages' sessions are made of. */
export interface SessionBoardParts extends SessionAccountParts {
  readonly store: Store
  readonly effects: Pick<Effects, 'monotonicMs' | 'randomBytes'>
  readonly catalogue: Catalogue
  readonly sessions: Pick<Sessions, 'end'>
  /** Both undefined when this server can start nothing in its users' names. */
  readonly launched: LaunchedSessions | undefined
  readonly local: LocalSessions | undefined
  readonly applications: () => readonly Application[]
  /** `sessions-per-user`. */
  readonly perUser: number
  /** When nobody has used a session for so long, it ends, in milliseconds; 0: never. */
  readonly idleAfterMs: number
}

/** Longer names are no help on a page. */
const NAME_LIMIT = 60

const NO_WAY_TO_START =
  'This server does not run as root and has no session helper, so it cannot start sessions as their users. Ask your administrator.'

/** Starts of one person, each of which is a login of their account and some programs: 60 at once, then one in ten seconds. */
const STARTS = { burst: 60, everyMs: 10_000 }

/** A session that nobody has used for so long is shown as idle, in milliseconds. */
const IDLE_SHOWN_MS = 15 * 60_000

/** One person's sessions of every kind, as the pages show, start and end them. */
export class SessionBoard implements Launches {
  readonly #parts: SessionBoardParts
  readonly #starts: RateLimiter
  /** Starts of one user wait for each other: each of two at once would find the room that is there for one. */
  readonly #turns = new Map<string, Promise<unknown>>()
  /** Reading a log starts programs, which a session can keep waiting. */
  readonly #logs = new AtOnce<readonly string[]>()
  /** Looking an account up starts a program. */
  readonly #accountTroubles = new AtOnce<string | undefined>()

  constructor(parts: SessionBoardParts) {
    this.#parts = parts
    this.#starts = new RateLimiter(STARTS, parts.effects)
  }

  async offer(user: User): Promise<SessionOffer> {
    const applications = this.#parts.applications().filter(({ isFound }) => isFound)
    if (!this.#parts.launched) return { applications, cannotStart: NO_WAY_TO_START }
    const cannotStart = await this.#accountTrouble(user)
    return { applications, ...(cannotStart === undefined ? {} : { cannotStart, lacksAccount: true }) }
  }

  async start(user: User, wanted: Parameters<Launches['start']>[1], address: string): Promise<SessionView> {
    const wait = this.#starts.take(user.id)
    if (wait > 0) throw badRequest(`Sessions were started too often. Try again in ${wait} s.`, wait)
    const before = this.#turns.get(user.id) ?? Promise.resolve()
    const starting = before.then(() => this.#start(user, wanted, address))
    const turn = starting.catch(() => undefined)
    this.#turns.set(user.id, turn)
    try {
      return await starting
    } finally {
      if (this.#turns.get(user.id) === turn) this.#turns.delete(user.id)
    }
  }

  async #start(user: User, wanted: Parameters<Launches['start']>[1], address: string): Promise<SessionView> {
    const { launched } = this.#parts
    const { applications, cannotStart } = await this.offer(user)
    if (cannotStart !== undefined || !launched) throw badRequest(cannotStart ?? NO_WAY_TO_START)
    const application = applications.find(({ section }) => section === wanted.application)
    if (!application) throw badRequest(`This server has no application "${printable(wanted.application)}" for sessions.`)
    await this.#checkRoom(user)
    const account = await sessionAccountOf(user, this.#parts)
    const name = printable(wanted.name.trim()).slice(0, NAME_LIMIT) || application.displayName
    const limitedTo = this.#limits(wanted.limitedTo ?? application.limitedTo)
    return this.view(await launched.open({ user, application, name, account: account?.name, limitedTo, address }))
  }

  async list(user: User): Promise<readonly SessionView[]> {
    const sessions = (await this.#parts.store.sessions.list({ withEnded: true })).filter(({ userId }) => userId === user.id)
    const newestFirst = sessions.toReversed()
    const live = newestFirst.filter(({ endedAt }) => !endedAt)
    return [...live, ...newestFirst.filter(({ endedAt }) => endedAt)].map((session) => this.view(session))
  }

  async end(user: User, sessionId: string): Promise<SessionView> {
    const session = await this.#own(user, sessionId)
    await this.#parts.sessions.end(session.id, 'you')
    return this.view((await this.#parts.store.sessions.find(sessionId)) ?? session)
  }

  async log(user: User, sessionId: string): Promise<readonly string[]> {
    const { store, local } = this.#parts
    const session = await this.#own(user, sessionId)
    const kept = await store.sessions.readLog(session.id)
    if (kept || session.endedAt || session.kind !== 'launched' || !local) return kept ?? []
    return await this.#logs.do(session.id, () => local.files.readLog(local.files.placeOf(session.id, session.account)))
  }

  /** Somebody else's is as unknown as one that never was. */
  async #own(user: User, sessionId: string): Promise<DevelopmentSession> {
    const session = await this.#parts.store.sessions.find(sessionId)
    if (session?.userId === user.id) return session
    throw badRequest('There is no such session of yours any more.')
  }

  /** Why no session can run as this user, in one or two sentences. */
  async #accountTrouble(user: User): Promise<string | undefined> {
    return await this.#accountTroubles.do(user.id, () =>
      sessionAccountOf(user, this.#parts).then(
        () => undefined,
        (failure: Error) => failure.message,
      ),
    )
  }

  async #checkRoom(user: User): Promise<void> {
    const { store, perUser } = this.#parts
    const live = (await store.sessions.list()).filter(({ userId, kind }) => userId === user.id && kind === 'launched')
    if (live.length < perUser) return
    throw badRequest(`You have ${live.length} sessions, as many as one person may have on this server. End one first.`)
  }

  #limits(wanted: readonly string[] | undefined): readonly string[] | undefined {
    const { catalogue } = this.#parts
    const unknown = wanted?.find((uid) => !catalogue.find(uid))
    if (unknown !== undefined) throw badRequest(`There is no integration with the ID "${printable(unknown)}" on this server.`)
    return wanted
  }

  /** Everything a page shows of a session. */
  view(session: DevelopmentSession): SessionView {
    const { applications, catalogue, launched, idleAfterMs, store } = this.#parts
    const application = applications().find(({ section }) => section === session.application)
    const isLaunched = session.kind === 'launched'
    const idleSince = session.lastActiveAt ?? session.startedAt
    const isIdle = isLaunched && idleAfterMs > 0 && store.now().getTime() - idleSince.getTime() >= IDLE_SHOWN_MS
    const limitedTo = session.limitedTo?.map((uid) => catalogue.find(uid)?.displayName ?? uid)
    return {
      session,
      ...(application ? { application } : {}),
      isUnreachable: isLaunched && (launched?.isUnreachable(session.id) ?? false),
      ...(isIdle ? { idleEndsAt: new Date(idleSince.getTime() + idleAfterMs) } : {}),
      ...(limitedTo ? { limitedToNames: limitedTo } : {}),
      hasLog: isLaunched,
    }
  }
}
