import type { PageEverywhere, PageIntegration, PageIntegrations, PageSession, PageSessionUse } from '@benchkey/sdk/pages'
import type { Shape } from './components/StateMark.tsx'

/** "2 sign-ins need you: Box API Access, Salesforce."; undefined when none does. */
export function needWords({ integrations, needYou }: PageIntegrations): string | undefined {
  if (needYou === 0) return undefined
  const names = integrations.filter(needsUser).map(({ name }) => name)
  return `${needYou === 1 ? '1 sign-in needs you' : `${needYou} sign-ins need you`}: ${names.join(', ')}.`
}

/** As the server counts them: only a sign-in mends it. */
const needsUser = ({ tone, pageAction }: PageIntegration): boolean => tone === 'warn' && pageAction === 'sign-in'

const SHAPES: Readonly<Record<PageSession['state'], Shape>> = {
  starting: 'clock',
  running: 'dot',
  unreachable: 'triangle',
  ending: 'clock',
  ended: 'ring',
  did_not_start: 'octagon',
}

/** The shape of a session's state. */
export const shapeOfSession = ({ state }: Pick<PageSession, 'state'>): Shape => SHAPES[state]

/** "VS Code · on bench-1 · gets tokens of Box API Access only". */
export function sessionFacts({ kind, where, limitedTo }: PageSession): string {
  const limit = limitedTo && (limitedTo.length === 0 ? 'gets no tokens' : `gets tokens of ${limitedTo.join(', ')} only`)
  return [kind, where, limit].filter((part) => part !== undefined).join('\u00a0· ')
}

/** A start that failed stands among the live sessions for so long, then among the ended ones: 10 minutes, in milliseconds. */
const FAILURE_SHOWN_MS = 10 * 60_000

/** Those that run, and those that are over; a start that failed a moment ago is news and stands among the first. */
export function liveAndEnded(sessions: readonly PageSession[], now: Date): { live: PageSession[]; ended: PageSession[] } {
  const isNews = ({ state, endedAt, startedAt }: PageSession): boolean =>
    state === 'did_not_start' && now.getTime() - Date.parse(endedAt ?? startedAt) < FAILURE_SHOWN_MS
  const isOver = (session: PageSession): boolean =>
    (session.state === 'ended' || session.state === 'did_not_start') && !isNews(session)
  return { live: sessions.filter((session) => !isOver(session)), ended: sessions.filter(isOver) }
}

/** What an end costs, as the dialog says it. */
export function endWords({ canOpen, hasLog }: PageSession): string {
  const runsHere = canOpen || hasLog
  return runsHere
    ? 'Everything that runs in it stops, and what is not saved in a file is lost. Its code gets no more tokens.'
    : 'Its code gets no more tokens, and a command that Benchkey started for it stops.'
}

/** "Box API Access, GitHub · 1,240 times". */
export function useFacts({ integrations, count }: PageSessionUse): string {
  return `${integrations.join(', ')}\u00a0· ${count === 1 ? 'once' : `${count.toLocaleString('en-US')} times`}`
}

const counted = (count: number, one: string, many: string): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`

/** What a sign-out everywhere costs, as the dialog says it: a sentence for each loss. */
export function everywhereLosses({ browsers, sessions, signIns }: PageEverywhere): readonly string[] {
  return [
    ...(sessions > 0 ? [`${counted(sessions, 'session ends', 'sessions end')}, and what is not saved in a file is lost.`] : []),
    ...(browsers > 0 ? [`${counted(browsers, 'other browser is', 'other browsers are')} logged out.`] : []),
    ...(signIns > 0
      ? [`${counted(signIns, 'sign-in is', 'sign-ins are')} deleted, and the services are asked to revoke the tokens.`]
      : []),
  ]
}

/** What it did. */
export function everywhereDone({ browsers, sessions, signIns }: PageEverywhere): string {
  const parts = [
    ...(sessions > 0 ? [`${counted(sessions, 'session', 'sessions')} ended`] : []),
    ...(browsers > 0 ? [`${counted(browsers, 'other browser', 'other browsers')} logged out`] : []),
    ...(signIns > 0 ? [`${counted(signIns, 'sign-in', 'sign-ins')} deleted`] : []),
  ]
  if (parts.length === 0) return 'There was nothing to end: no other session, browser or sign-in.'
  return `Signed out everywhere: ${parts.join(', ')}.`
}
