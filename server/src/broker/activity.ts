import {
  type ActivityWords,
  activityWords,
  firstUseWords,
  kindOfSession,
  SHOWN_ACTIONS,
  useWords,
} from '../domain/activity-words.ts'
import type { Application } from '../domain/application.ts'
import type { BrowserSession, User } from '../domain/people.ts'
import type { AuditEvent, NewUse, UseOfQuarter } from '../store/store.ts'
import type { Activity, ActivityDay, ActivityLine, EverywhereCounts, SessionUse } from './broker-of-activity.ts'
import { BROWSER_SESSION_LIMITS } from './logins.ts'
import { type EverywhereParts, signOutEverywhere } from './sign-out-everywhere.ts'

/** Lines of one day that a page shows. */
const LINES_PER_DAY = 200

/** Rows read for one look: some hundred a day is what people have. */
const EVENTS_LIMIT = 1000
const USES_LIMIT = 20_000

/** What the activity of people is read from. */
export interface ActivityParts extends EverywhereParts {
  readonly applications: () => readonly Application[]
}

/** What happened in somebody's name: their own rows only. */
export class ActivityDesk implements Activity {
  readonly #parts: ActivityParts

  constructor(parts: ActivityParts) {
    this.#parts = parts
  }

  async list(user: User, { days, until }: Parameters<Activity['list']>[1]): ReturnType<Activity['list']> {
    const { activity, audit } = this.#parts.store
    const starts = days.toSorted((a, b) => a.getTime() - b.getTime())
    const first = starts[0] ?? this.#parts.store.now()
    const end = until ?? new Date(END_OF_TIME_MS)
    // The audit knows people by name: a namesake of before is somebody else.
    const from = first < user.createdAt ? user.createdAt : first
    const [events, uses, live, everywhere] = await Promise.all([
      audit.listOfUser({ userName: user.name, actions: SHOWN_ACTIONS, from, until: end, limit: EVENTS_LIMIT }),
      activity.listUses(user.id, { from: first, until: end, limit: USES_LIMIT }),
      this.#live(user),
      this.#everywhere(user),
    ])
    const ranges = starts.map((startsAt, n) => ({ startsAt, endsAt: starts[n + 1] ?? end }))
    const shown = ranges.map((range) => this.#dayOf(range, { events, uses }))
    return { days: shown.toReversed(), live, everywhere }
  }

  signOutEverywhere(session: BrowserSession, address: string): Promise<EverywhereCounts> {
    return signOutEverywhere(this.#parts, session, address)
  }

  #dayOf(
    { startsAt, endsAt }: { startsAt: Date; endsAt: Date },
    all: { events: readonly AuditEvent[]; uses: readonly UseOfQuarter[] },
  ): ActivityDay {
    const isWithin = (at: Date): boolean => at >= startsAt && at < endsAt
    const events = all.events.filter(({ at }) => isWithin(at))
    const firstUses = events.filter(({ action }) => action === 'session.first_use')
    const grouped = groupsOf(all.uses.filter(({ firstAt }) => isWithin(firstAt)))
    const lines = [
      ...grouped.map((use) =>
        this.#lineOfUse(
          use,
          firstUses.filter((event) => belongsTo(event, use)),
        ),
      ),
      // One whose use is not written yet stands for itself.
      ...events
        .filter((event) => event.action !== 'session.first_use' || !grouped.some((use) => belongsTo(event, use)))
        .flatMap((event) => this.#lineOfEvent(event) ?? []),
    ].sort((a, b) => (b.until ?? b.at).getTime() - (a.until ?? a.at).getTime())
    return { startsAt, lines: lines.slice(0, LINES_PER_DAY), isCut: lines.length > LINES_PER_DAY }
  }

  #lineOfUse(use: UseOfQuarter, firstUses: readonly AuditEvent[]): ActivityLine {
    const { kind } = kindOfSession(use, this.#parts.applications())
    const text = useWords({ ...use, kind }, this.#nameOf(use.section))
    const marks = firstUses.map(firstUseWords)
    return { at: use.firstAt, until: use.lastAt, text, tone: loudest(marks), marks }
  }

  #lineOfEvent(event: AuditEvent): ActivityLine | undefined {
    const words = activityWords(event, this.#nameOf(event.section))
    const marks = event.action === 'session.first_use' ? [firstUseWords(event)] : []
    return words && { ...words, tone: loudest([words, ...marks]), at: event.at, marks }
  }

  async #live({ id }: User): Promise<readonly SessionUse[]> {
    const { activity } = this.#parts.store
    const [uses, addresses] = await Promise.all([activity.listLive(id), activity.listAddresses(id)])
    const bySession = Map.groupBy(uses, ({ sessionId }) => sessionId)
    return [...bySession].map(([sessionId, own]) => ({
      sessionId,
      lastUsedAt: new Date(Math.max(...own.map(({ lastAt }) => lastAt.getTime()))),
      integrations: own.map(({ section }) => this.#nameOf(section)),
      count: own.reduce((sum, { count }) => sum + count, 0),
      addresses: addresses.filter((each) => each.sessionId === sessionId).map(({ address, at }) => ({ address, firstAt: at })),
    }))
  }

  async #everywhere({ id }: User): Promise<EverywhereCounts> {
    const { browserSessions, sessions, tokens } = this.#parts.store
    const [browsers, live, stored] = await Promise.all([
      browserSessions.countLive(id, BROWSER_SESSION_LIMITS),
      sessions.countLive(id),
      tokens.listForUser(id),
    ])
    // The one that asks is not another.
    return { browsers: Math.max(0, browsers - 1), sessions: live, signIns: stored.length }
  }

  #nameOf(section: string | undefined): string {
    if (section === undefined) return 'an integration'
    const [named] = this.#parts.catalogue.named(section)
    return named?.displayName ?? section
  }
}

/** The last instant there is (ECMA-262). */
const END_OF_TIME_MS = 8.64e15

const loudest = (words: readonly Pick<ActivityWords, 'tone'>[]): ActivityWords['tone'] =>
  words.some(({ tone }) => tone === 'warn') ? 'warn' : 'neutral'

const belongsTo = (event: AuditEvent, use: NewUse): boolean => event.sessionId === use.sessionId && event.section === use.section

/** Quarters of an hour of one session at one integration, as one. */
function groupsOf(uses: readonly UseOfQuarter[]): readonly UseOfQuarter[] {
  const groups = Map.groupBy(uses, ({ sessionId, section }) => JSON.stringify([sessionId, section]))
  return [...groups.values()].flatMap((own) => {
    const [newest] = own
    if (!newest) return []
    const firstAt = new Date(Math.min(...own.map((use) => use.firstAt.getTime())))
    const lastAt = new Date(Math.max(...own.map((use) => use.lastAt.getTime())))
    return [{ ...newest, firstAt, lastAt, count: own.reduce((sum, { count }) => sum + count, 0) }]
  })
}
