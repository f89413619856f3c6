import type { Effects } from '../domain/effects.ts'
import { BrokerError } from '../domain/errors.ts'
import type { BrowserSession, DevelopmentSession } from '../domain/people.ts'
import { isSessionId, looksLikeEntry, type SessionRoute, sessionOrigin } from '../domain/session-proxy.ts'
import type { Store } from '../store/store.ts'
import type { AuditLog } from './audit-log.ts'
import { badRequest } from './bad-request.ts'
import type { SessionEntries } from './broker.ts'
import { orSayAway } from './database-away.ts'
import type { LiveChanges } from './live-changes.ts'
import type { Log } from './log.ts'
import type { BrowserLogins } from './logins.ts'
import { newSecret, sha256 } from './random-values.ts'
import { RateLimiter } from './rate-limit.ts'

/** A person opens a session now and then; 30 at once, then one a second. */
const PER_USER = { burst: 30, everyMs: 1000 }

/** How long a ticket is good, in milliseconds: the home page sends it at once. */
const TICKET_LIFE_MS = 30_000

/** What the ways into sessions are made of. */
export interface SessionEntriesParts {
  readonly store: Store
  readonly effects: Effects
  readonly audit: AuditLog
  readonly changes: LiveChanges
  readonly log: Log
  readonly logins: Pick<BrowserLogins, 'resume'>
  /** Where the application of a running session answers; undefined when nothing is known of it any more. */
  readonly doorOf: (session: DevelopmentSession) => Promise<SessionDoor | undefined>
  readonly sessionPages: SessionPagesFacts
}

/** What is known of the pages of sessions, as of now. */
export interface SessionPagesFacts {
  /** Their origin, with `{id}` in it where each session has its own; undefined: they are off by the configuration. */
  readonly url: string | undefined
  /** Why they do not answer, in a sentence; undefined when they do, or are off by the configuration. */
  readonly problem: string | undefined
  /** What ends the problem, before the server is started again, where one of the host has to do it. */
  readonly remedy?: string | undefined
}

/** Where an application answers, and how it wants to be asked. */
export type SessionDoor = Omit<Extract<SessionRoute, { state: 'running' }>, 'state' | 'name'>

/** Which browser may open which session: a ticket for each time it is opened, an entry for as long as its web login lasts. */
export class BrowserEntries implements SessionEntries {
  readonly #parts: SessionEntriesParts
  readonly #perUser: RateLimiter

  constructor(parts: SessionEntriesParts) {
    this.#parts = parts
    this.#perUser = new RateLimiter(PER_USER, parts.effects)
  }

  async ticket(browserSession: BrowserSession, sessionId: string): Promise<{ ticket: string; url: string }> {
    const { store, effects, log, sessionPages } = this.#parts
    const { url: base, problem } = sessionPages
    if (base === undefined || problem !== undefined) {
      throw badRequest('The pages of sessions are off on this server now. Its administrator sees why with: benchkey health')
    }
    const { user, idHash } = browserSession
    const session = isSessionId(sessionId) ? await store.sessions.find(sessionId) : undefined
    if (session?.userId !== user.id || session.kind !== 'launched')
      throw notThere('You have no such session. See yours on the home page.')
    if (session.state !== 'starting' && session.state !== 'running') throw notThere('This session has ended. Start a new one.')
    const wait = this.#perUser.take(user.id)
    if (wait > 0) throw badRequest(`Sessions were opened too often. Try again in ${wait} s.`, wait)
    const ticket = newSecret(effects)
    const expiresAt = new Date(store.now().getTime() + TICKET_LIFE_MS)
    const row = { ticketHash: sha256(ticket), sessionId, browserSessionHash: idHash, expiresAt }
    await orSayAway(log, 'A way into a session', store.entries.addTicket(row))
    return { ticket, url: `${sessionOrigin(base, sessionId)}/enter` }
  }

  async redeem(ticket: string, sessionId: string): Promise<{ entry: string } | undefined> {
    const { store, effects, audit, logins } = this.#parts
    if (!looksLikeEntry(ticket) || !isSessionId(sessionId)) return undefined
    const entry = newSecret(effects)
    const browserSessionHash = await store.entries.redeem(sha256(ticket), { sessionId, entryHash: sha256(entry) })
    const session = await store.sessions.find(sessionId)
    const browser = browserSessionHash === undefined ? undefined : await logins.resume(browserSessionHash)
    if (!session || !browser || browser.user.id !== session.userId) return undefined
    const names = { userName: session.userName, sessionId, sessionName: session.name }
    await audit.record({ action: 'session.entered', outcome: 'ok', ...names })
    return { entry }
  }

  async route(entryHash: string, sessionId: string): Promise<SessionRoute> {
    const { store, logins, doorOf } = this.#parts
    if (!isSessionId(sessionId)) return { state: 'none' }
    const browserSessionHash = await store.entries.findEntry(entryHash, sessionId)
    const browser = browserSessionHash === undefined ? undefined : await logins.resume(browserSessionHash)
    const session = browser && (await store.sessions.find(sessionId))
    if (!session || session.userId !== browser.user.id) return { state: 'none' }
    const { name, state, endedWhy } = session
    const why = endedWhy === undefined ? {} : { why: endedWhy }
    if (state === 'starting') return { state, name }
    if (state === 'did_not_start') return { state, name, ...why }
    const door = state === 'running' ? await doorOf(session) : undefined
    return door ? { state: 'running', name, ...door } : { state: 'ended', name, ...why }
  }

  async touch(sessionIds: readonly string[]): Promise<void> {
    const { store } = this.#parts
    const at = store.now()
    await store.sessions.noteActivity(sessionIds.filter(isSessionId).map((sessionId) => ({ sessionId, at })))
  }

  onChange(listener: () => void): () => void {
    return this.#parts.changes.subscribeToAll((change) => {
      if (change !== 'integrations') listener()
    })
  }
}

function notThere(sentence: string): BrokerError {
  return new BrokerError('session_ended', sentence, { sentence })
}
