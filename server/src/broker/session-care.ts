import type { Application } from '../domain/application.ts'
import type { DevelopmentSession } from '../domain/people.ts'
import { applicationDoorOf, handleOf, type LaunchingParts } from './launching.ts'
import type { NodeIdentity } from './node-heart.ts'
import { mintRpcCookie, RPC_COOKIE_LIFE_MS, RPC_COOKIE_OVERLAP_MS } from './rpc-cookie.ts'
import type { SessionEndings } from './session-endings.ts'

/** What looking after one launched session takes. */
export interface SessionCareParts extends LaunchingParts {
  readonly endings: SessionEndings
  readonly node: Pick<NodeIdentity, 'holder'>
  /** When nobody has used a session for so long, it ends, in milliseconds; 0: never. */
  readonly idleAfterMs: number
  readonly applicationOf: (session: DevelopmentSession) => Application | undefined
}

/** What a round knows of a session beside its row. */
export interface SessionFacts {
  readonly isLocked: boolean
  /** Until when its newest cookie lives. */
  readonly cookieUntil: Date | undefined
  /** Why this process could not start it. */
  readonly problem: string | undefined
}

/** How often a running application is asked whether it answers, in milliseconds. */
const ANSWER_LOOK_MS = 10_000
/** As often in a row it has not answered before it is called unreachable. */
const MISSES = 3
/** How often the cookie in a session's file is replaced, in milliseconds (wire.md, *The RPC cookie*). */
const ROTATE_EVERY_MS = 30 * 60_000
/** A cookie that could not be replaced is tried again after so long, in milliseconds. */
const ROTATE_RETRY_MS = 60_000
/** A start that another server of this host may have in hand is left to it for so long, in milliseconds; none takes longer. */
const START_LIMIT_MS = 5 * 60_000

/** Looks after one session of this host: whether it lives, has come up, answers, is used, and has a good cookie. */
export class SessionCare {
  readonly #parts: SessionCareParts
  readonly #id: string
  #misses = 0
  #nextAnswerLookAt = 0
  #nextRotationAt = 0

  constructor(sessionId: string, parts: SessionCareParts) {
    this.#id = sessionId
    this.#parts = parts
  }

  get isUnreachable(): boolean {
    return this.#misses >= MISSES
  }

  /** One look; what is not over by itself ends here. */
  async look(session: DevelopmentSession, { isLocked, cookieUntil, problem }: SessionFacts): Promise<void> {
    const { endings, local, store, idleAfterMs } = this.#parts
    if (session.state === 'ending') return await endings.finish(session)
    if (problem !== undefined) return await endings.fail(session, problem)
    if (isLocked) return void (await endings.begin(session, 'Its user was locked'))
    if (!session.supervisor) return await this.#lookAtAbandoned(session)
    const polled = await local.launcher.poll(handleOf(session, this.#parts))
    if (polled.state === 'gone') return await this.#gone(session, polled.words ?? 'The program ended by itself')
    if (session.state === 'starting') return await this.#lookAtStart(session)
    const now = store.now().getTime()
    const usedAt = session.lastActiveAt ?? session.startedAt
    if (idleAfterMs > 0 && now - usedAt.getTime() >= idleAfterMs) {
      await endings.begin(session, `Nobody used it for ${inWords(idleAfterMs)}`, { action: 'session.idle_ended' })
      return
    }
    if (cookieUntil && now >= this.#nextRotationAt) await this.#rotate(session, cookieUntil)
    if (now >= this.#nextAnswerLookAt) await this.#lookAtAnswer(session)
  }

  /** A row without a process: the server that began to start it is gone, or still at it. */
  async #lookAtAbandoned(session: DevelopmentSession): Promise<void> {
    const { store, node, endings } = this.#parts
    if ((await store.sessions.find(this.#id))?.supervisor) return
    const { nodeId, incarnation } = node.holder
    const isOther = (each: NodeIdentity['holder']): boolean => each.nodeId === nodeId && each.incarnation !== incarnation
    const others = (await store.nodes.list()).filter(({ holder, isLive }) => isLive && isOther(holder))
    const ageMs = store.now().getTime() - session.startedAt.getTime()
    if (others.length > 0 && ageMs < START_LIMIT_MS) return
    await endings.fail(session, 'The server was stopped while it started this session')
  }

  async #lookAtStart(session: DevelopmentSession): Promise<void> {
    const { store, local, endings, applicationOf } = this.#parts
    const application = applicationOf(session)
    if (!application) return await endings.fail(session, 'It is not among the applications of this server any more')
    const door = await applicationDoorOf(session, application, this.#parts)
    const state = await local.lookAtDoor(door, session.account)
    if (state === 'open') {
      if (await store.sessions.noteRunning(this.#id)) endings.changed(session)
      return
    }
    if (state === 'foreign') return await endings.fail(session, 'Something else answers where its program should')
    if (state === 'unopened') await local.files.openSocket(handleOf(session, this.#parts))
    const ageMs = store.now().getTime() - session.startedAt.getTime()
    if (ageMs <= application.readySeconds * 1000) return
    await endings.fail(session, `Its program was started and did not answer within ${application.readySeconds} s`)
  }

  async #lookAtAnswer(session: DevelopmentSession): Promise<void> {
    const { store, local, endings, applicationOf } = this.#parts
    this.#nextAnswerLookAt = store.now().getTime() + ANSWER_LOOK_MS
    const application = applicationOf(session)
    if (!application) return
    const before = this.isUnreachable
    const door = await applicationDoorOf(session, application, this.#parts)
    const state = await local.lookAtDoor(door, session.account)
    if (state === 'foreign') this.#misses = MISSES
    else this.#misses = state === 'open' ? 0 : this.#misses + 1
    if (before !== this.isUnreachable) endings.changed(session)
  }

  async #rotate(session: DevelopmentSession, cookieUntil: Date): Promise<void> {
    const { store, local } = this.#parts
    const now = store.now().getTime()
    this.#nextRotationAt = cookieUntil.getTime() - RPC_COOKIE_LIFE_MS + ROTATE_EVERY_MS
    if (now < this.#nextRotationAt) return
    this.#nextRotationAt = now + ROTATE_RETRY_MS
    const { cookie, cookieHash, expiresAt } = mintRpcCookie(this.#parts, session.userName)
    const previousUntil = new Date(now + RPC_COOKIE_OVERLAP_MS)
    // Another server of this host may have been faster: then its cookie is the one in the file.
    const unlessUntil = new Date(cookieUntil.getTime() + 1)
    if (!(await store.sessions.rotateCookie(this.#id, { cookieHash, expiresAt, previousUntil, unlessUntil }))) return
    await local.files.replaceCookie(handleOf(session, this.#parts), cookie)
    this.#nextRotationAt = now + ROTATE_EVERY_MS
  }

  /** The process has ended by itself, or the machine was started again. */
  async #gone(session: DevelopmentSession, words: string): Promise<void> {
    const { endings, store } = this.#parts
    if (session.state === 'starting') return await endings.fail(session, words)
    if (await endings.begin(session, `${words} at {time:${store.now().toISOString()}}`)) await endings.finish(session)
  }
}

function inWords(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} minutes`
}
