import type { Tone } from './states.ts'

/** A mark and its word on the pages of administrators. */
export interface Mark {
  readonly tone: Tone
  readonly label: string
  readonly explanation?: string
}

/** "Everything is working.", "1 thing needs you", "2 things need you". */
export function verdictWords(problems: number): string {
  if (problems === 0) return 'Everything is working.'
  return problems === 1 ? '1 thing needs you' : `${numberWords(problems)} things need you`
}

/** "2,014 users · 412 sessions · 6 integrations · 3 nodes · sign-ins lost by Benchkey: 0 (30 days)". */
export function figuresWords(facts: {
  readonly users: number
  readonly sessions: number
  readonly integrations: number
  readonly nodes: number
  readonly signInsLost: number
}): string {
  const { users, sessions, integrations, nodes, signInsLost } = facts
  return [
    counted(users, 'user'),
    counted(sessions, 'session'),
    counted(integrations, 'integration'),
    counted(nodes, 'node'),
    `sign-ins lost by Benchkey: ${numberWords(signInsLost)} (30 days)`,
  ].join(' · ')
}

/** How an integration is for all its users; what is wrong with it stands among the findings. */
export function integrationMark(facts: {
  readonly isDisabled: boolean
  readonly hasTrouble: boolean
  readonly people: number
  readonly delayed: number
  readonly cannotMostlyRenew: boolean
}): Mark {
  if (facts.isDisabled) return { tone: 'neutral', label: 'Switched off' }
  if (facts.hasTrouble) return { tone: 'danger', label: 'Configuration error' }
  if (facts.delayed > 0) return { tone: 'warn', label: 'Renewal delayed' }
  if (facts.cannotMostlyRenew) return { tone: 'warn', label: 'Cannot renew' }
  if (facts.people === 0) return { tone: 'neutral', label: 'Nobody is signed in' }
  return { tone: 'ok', label: 'Working' }
}

/** How a server process is among the others. */
export function nodeMark({ isLive, runsOther }: { readonly isLive: boolean; readonly runsOther: boolean }): Mark {
  if (!isLive) return { tone: 'danger', label: 'Silent' }
  return runsOther ? { tone: 'warn', label: 'Runs another configuration' } : { tone: 'ok', label: 'Running' }
}

/** The parts of a server beside its integrations and nodes. */
export interface HousekeepingFacts {
  readonly dialect: 'SQLite' | 'PostgreSQL'
  readonly revocations: { readonly waiting: number; readonly failed: number; readonly oldestAt?: Date }
  /** Results of token requests that the database has not taken yet. */
  readonly journal: { readonly waiting: number }
  readonly audit: { readonly newestAt?: Date; readonly lost: number }
  readonly keys: readonly { readonly kid: string; readonly createdAt: Date; readonly isActive: boolean }[]
}

/** A line of housekeeping. */
export interface HousekeepingLine {
  readonly name: string
  readonly mark: Mark
  readonly detail: string
}

const DAY_MS = 24 * 60 * 60_000

/** One line for each part of the server; `isWrong`: a finding tells of it. */
export function housekeepingLines(
  facts: HousekeepingFacts,
  { now, time, isWrong }: { now: Date; time: (at: Date) => string; isWrong: (part: string) => boolean },
): readonly HousekeepingLine[] {
  const { dialect, revocations, journal, audit, keys } = facts
  const mark = (part: string): Mark => (isWrong(part) ? { tone: 'danger', label: 'Not well' } : { tone: 'ok', label: 'Well' })
  const since = revocations.oldestAt ? `, the oldest since ${time(revocations.oldestAt)}` : ''
  const failed = revocations.failed > 0 ? ` · ${numberWords(revocations.failed)} not confirmed` : ''
  const active = keys.find(({ isActive }) => isActive)
  const days = active ? Math.max(0, Math.floor((now.getTime() - active.createdAt.getTime()) / DAY_MS)) : 0
  const older = keys.length > 1 ? ` · ${counted(keys.length - 1, 'other key')}` : ''
  return [
    { name: 'Database', mark: mark('database'), detail: dialect },
    {
      name: 'Revocations',
      mark: mark('revocations'),
      detail: `${revocations.waiting === 0 ? 'None waiting' : `${numberWords(revocations.waiting)} waiting${since}`}${failed}`,
    },
    {
      name: 'Journal',
      mark: mark('journal'),
      detail:
        journal.waiting === 0
          ? 'Nothing waits for the database'
          : `${counted(journal.waiting, 'result')} waiting for the database`,
    },
    {
      name: 'Audit',
      mark: mark('audit'),
      detail: `${audit.newestAt ? `Newest line ${time(audit.newestAt)}` : 'No line yet'}${audit.lost > 0 ? ` · ${counted(audit.lost, 'line')} lost` : ''}`,
    },
    {
      name: 'Key ring',
      mark: mark('keys'),
      detail: active
        ? `Key ${active.kid} is active, ${days === 0 ? 'since today' : `${counted(days, 'day')} old`}${older}`
        : 'No key',
    },
  ]
}

/** "1 session", "2,014 sessions". */
export function counted(count: number, noun: string): string {
  return `${numberWords(count)} ${noun}${count === 1 ? '' : 's'}`
}

function numberWords(count: number): string {
  return count.toLocaleString('en-US')
}
