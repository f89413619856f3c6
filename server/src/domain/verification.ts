/*
 * What `benchkey verify` and the page's **Test** say. The sentences themselves stand beside this file, by what they are about:
 * verification-connection.ts, verification-sign-in.ts, verification-client.ts, verification-service.ts, verification-server.ts.
 */

/** Who can change what was found: whoever edits Benchkey's files, whoever runs the service, whoever runs the network between. */
export type VerificationSide = 'here' | 'service' | 'network'

/** `unknown`: it cannot be told from outside. Only `failed` makes a verification fail. */
export type VerificationOutcome = 'ok' | 'warning' | 'failed' | 'unknown'

/** One thing that was looked at. No text of it holds a secret, a code or a token. */
export interface VerificationCheck {
  /** Stable, for programs. */
  readonly id: string
  readonly outcome: VerificationOutcome
  readonly side: VerificationSide
  /** What is so, in one or two sentences. */
  readonly fact: string
  /** What to do; absent exactly when all is well. */
  readonly action?: string
  /** The same in a few words, for the one line of what is fine. */
  readonly fine?: string
  /** The option to change. */
  readonly option?: string
  /** `oauth-clients.conf:12`, the line to change. */
  readonly place?: string
  /** To copy: the redirect URI to register, the line to write. */
  readonly copy?: string
}

/** All that was found about one integration, or about the server itself. */
export interface Verification {
  /** Absent: the server itself. */
  readonly section?: string
  readonly name: string
  readonly isWell: boolean
  readonly at: Date
  readonly checks: readonly VerificationCheck[]
}

/** What one person or team has to see to, or what is fine. */
export interface VerificationGroup {
  readonly title: string
  readonly checks: readonly VerificationCheck[]
}

const TITLES: readonly (readonly [side: VerificationSide, title: string])[] = [
  ['here', 'You, here'],
  ['service', 'At the service'],
  ['network', 'Your network team'],
]

/** The title above what is fine. */
export const FINE = 'Fine'

const URGENCY: Readonly<Record<VerificationOutcome, number>> = { failed: 0, warning: 1, unknown: 2, ok: 3 }

/** Grouped by who has to act, the worst first; last what is fine. Empty groups are left out. */
export function groupsOf(checks: readonly VerificationCheck[]): readonly VerificationGroup[] {
  const open = checks.filter(({ outcome }) => outcome !== 'ok').sort((a, b) => URGENCY[a.outcome] - URGENCY[b.outcome])
  const groups = TITLES.map(([side, title]) => ({ title, checks: open.filter((check) => check.side === side) }))
  const fine = { title: FINE, checks: checks.filter(({ outcome }) => outcome === 'ok') }
  return [...groups, fine].filter((group) => group.checks.length > 0)
}

/** Whether nothing failed: warnings and what cannot be known leave it well. */
export function isWellOf(checks: readonly VerificationCheck[]): boolean {
  return checks.every(({ outcome }) => outcome !== 'failed')
}

/** "1 day", "30 days". */
export function daysInWords(days: number): string {
  return `${days} day${days === 1 ? '' : 's'}`
}

/** "21 Nov 2025", in UTC. */
export function dayInWords(at: Date): string {
  return at.toUTCString().slice(5, 16).replace(/^0/, '')
}

/** What a service said itself, last and quoted; nothing when it said nothing. `text` is cleaned already. */
export function quoted(host: string, text: string | undefined): string {
  return text === undefined || text === '' ? '' : ` ${host} says: "${text}"`
}
