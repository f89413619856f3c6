import { counted } from '../domain/oversight-words.ts'
import { type DevelopmentSession, lastAdministratorWords, type User } from '../domain/people.ts'
import { kindWords, sessionWords } from '../domain/session-states.ts'
import { printable } from '../domain/states.ts'
import type { Store } from '../store/store.ts'
import { fold } from '../store/users.ts'
import type { AuditLog } from './audit-log.ts'
import { badRequest } from './bad-request.ts'
import type { Administration, Sessions } from './broker.ts'
import type { EverywhereCounts } from './broker-of-activity.ts'
import type { Actor, People, PersonCounts, Removal, Removed, SignInView } from './broker-of-oversight.ts'
import type { SessionView } from './broker-of-sessions.ts'
import type { Catalogue } from './catalogue.ts'
import { orSayAway } from './database-away.ts'
import { REVOCATION_LIFE_MS } from './dropped-results.ts'
import { type ListPage, type ListQuery, pageOf } from './list-pages.ts'
import type { LiveChanges } from './live-changes.ts'
import type { Log } from './log.ts'
import { BROWSER_SESSION_LIMITS } from './logins.ts'
import { getUser, listSignIns, noSuchUser } from './oversight.ts'

/** What administrators' view of everybody is made of. */
export interface PeopleParts {
  readonly store: Store
  readonly catalogue: Catalogue
  readonly audit: Pick<AuditLog, 'record'>
  readonly changes: Pick<LiveChanges, 'publish'>
  readonly log: Log
  readonly sessions: Pick<Sessions, 'list' | 'end'>
  readonly administration: Pick<Administration, 'setLocked'>
  /** Everything a page shows of a session. */
  readonly viewOf: (session: DevelopmentSession) => SessionView
  readonly wakeRevocations: () => void
}

/** Everybody, as administrators see and act on them. Each act is in the audit under the name of whoever did it. */
export class PeopleDesk implements People {
  readonly #parts: PeopleParts

  constructor(parts: PeopleParts) {
    this.#parts = parts
  }

  async list(query: ListQuery): Promise<ListPage<PersonCounts>> {
    return pageOf(await this.#everybody(), query, {
      keyOf: ({ user }) => fold(user.name),
      textsOf: ({ user }) => [user.name, user.isAdmin ? 'administrator' : 'user', user.lockedAt && 'locked'],
    })
  }

  async show(name: string): ReturnType<People['show']> {
    const { store } = this.#parts
    const { id, name: userName } = await getUser(store, name)
    const [people, signIns, sessions] = await Promise.all([
      this.#everybody(),
      listSignIns(this.#parts, { userName }),
      this.#live(),
    ])
    const person = people.find(({ user }) => user.id === id)
    if (!person) throw noSuchUser(name)
    return { person, signIns, sessions: sessions.filter(({ session }) => session.userId === id) }
  }

  async setLocked(by: Actor, name: string, locked: boolean): Promise<void> {
    const user = await getUser(this.#parts.store, name)
    if (locked && user.name === by.name) {
      throw badRequest('You cannot lock yourself: perhaps nobody would be left to unlock you. Another administrator can.')
    }
    const changed = await this.#parts.administration.setLocked(user.name, locked, { by })
    if (changed === 'last administrator') throw badRequest(lastAdministratorWords(user.name))
  }

  async signOutEverywhere(by: Actor, name: string): Promise<EverywhereCounts> {
    const { store, audit, changes, log } = this.#parts
    const user = await getUser(store, name)
    if (user.name === by.name) {
      throw badRequest('That is you: sign out everywhere under Settings, Activity, which leaves this browser logged in.')
    }
    // Browsers first, so that nobody there undoes the rest; each step is harmless to repeat.
    const browsers = await orSayAway(log, 'A sign-out', store.browserSessions.removeOthers(user.id, ''))
    changes.publish(user.id, 'logged_out')
    // A terminal that was approved and has not asked since would be a session afterwards.
    await store.deviceLogins.withdrawApprovals(user.id)
    const sessions = await this.#endSessionsOf(by, user)
    const signIns = await listSignIns(this.#parts, { userName: user.name })
    for (const view of signIns) await this.#remove(by, view, this.#canRevoke(view) ? 'revoke' : 'purge')
    const detail = [counted(browsers, 'browser'), counted(sessions, 'session'), counted(signIns.length, 'sign-in')].join(', ')
    await audit.record({ action: 'login.ended_everywhere', outcome: 'ok', userName: user.name, detail, ...actedBy(by) })
    return { browsers, sessions, signIns: signIns.length }
  }

  async removeSignIn(by: Actor, name: string, tokenId: string, how: Removal): Promise<void> {
    const { name: userName } = await getUser(this.#parts.store, name)
    const view = (await listSignIns(this.#parts, { userName })).find(({ token }) => token.id === tokenId)
    if (!view) throw badRequest('This sign-in is gone: it was ended or made anew meanwhile. Look at the list again.')
    if (how === 'revoke' && !this.#canRevoke(view)) {
      throw badRequest(
        `No revocation URL is configured for ${nameOf(view)}, so the service cannot be asked. Purge the sign-in instead.`,
      )
    }
    await this.#remove(by, view, how)
  }

  async removeSignIns(by: Actor, filter: Parameters<People['removeSignIns']>[1], how: Removal): Promise<Removed> {
    const views = await listSignIns(this.#parts, filter)
    const [able, unable] = [
      views.filter((view) => how === 'purge' || this.#canRevoke(view)),
      views.filter((view) => how === 'revoke' && !this.#canRevoke(view)),
    ]
    let removed = 0
    for (const view of able) if (await this.#remove(by, view, how)) removed += 1
    return { removed, cannotRevoke: [...new Set(unable.map(nameOf))] }
  }

  async sessions(query: ListQuery): Promise<ListPage<SessionView>> {
    return pageOf(await this.#live(), query, {
      keyOf: ({ session: { startedAt, id } }) => `${startedAt.toISOString()} ${id}`,
      textsOf: textsOfSession,
      isNewestFirst: true,
    })
  }

  async endSession(by: Actor, sessionId: string): Promise<void> {
    if (await this.#parts.sessions.end(sessionId, wordsOf(by), by.name)) return
    throw badRequest('There is no such session any more: it has ended meanwhile.')
  }

  #everybody(): Promise<readonly PersonCounts[]> {
    return this.#parts.store.users.listWithCounts(BROWSER_SESSION_LIMITS)
  }

  async #live(): Promise<readonly SessionView[]> {
    return (await this.#parts.sessions.list()).toReversed().map((session) => this.#parts.viewOf(session))
  }

  async #endSessionsOf(by: Actor, user: User): Promise<number> {
    const own = (await this.#parts.sessions.list()).filter(({ userId }) => userId === user.id)
    const ended = await Promise.all(own.map(({ id }) => this.#parts.sessions.end(id, wordsOf(by), by.name)))
    return ended.filter(Boolean).length
  }

  #canRevoke({ integration }: SignInView): boolean {
    return integration?.revocationUrl !== undefined
  }

  /** False when it was gone already. Only this very row: its user may have signed in anew meanwhile. */
  async #remove(by: Actor, { token, userName, section }: SignInView, how: Removal): Promise<boolean> {
    const { store, audit, changes, log, wakeRevocations } = this.#parts
    const giveUpAt = new Date(store.now().getTime() + REVOCATION_LIFE_MS)
    const revocation = { queue: how === 'revoke', giveUpAt, onlyId: token.id }
    const gone = await orSayAway(log, 'A sign-out', store.tokens.remove(token.userId, token.integrationId, revocation))
    if (!gone) return false
    const action = how === 'revoke' ? 'stored_token.revoked' : 'stored_token.purged'
    await audit.record({ action, outcome: 'ok', userName, section, ...actedBy(by) })
    changes.publish(token.userId, 'integrations')
    if (how === 'revoke') wakeRevocations()
    return true
  }
}

/** The words that its row has on the page. */
function textsOfSession(view: SessionView): readonly (string | undefined)[] {
  const { session, application } = view
  const { label } = sessionWords(view, { time: () => '' })
  const kind = application?.displayName ?? kindWords(session.kind).kind
  return [session.name, session.userName, kind, session.host ?? session.service, label]
}

/** Who did it, as the audit keeps it. */
export function actedBy({ name, address }: Actor): { byName?: string; address?: string } {
  return { ...(name === undefined ? {} : { byName: name }), ...(address === undefined ? {} : { address }) }
}

function wordsOf({ name }: Actor): string {
  return name === undefined ? 'administrator' : `administrator ${name}`
}

function nameOf({ integration, section }: SignInView): string {
  return printable(integration?.displayName ?? section)
}
