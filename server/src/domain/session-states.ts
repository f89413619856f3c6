import type { DevelopmentSession } from './people.ts'
import type { Phrasing, Tone } from './states.ts'

/** How a session is, as people see it. */
export type ShownSessionState = 'starting' | 'running' | 'unreachable' | 'ending' | 'ended' | 'did_not_start'

/** What the one table of session states goes by. */
export interface SessionStateFacts {
  readonly session: Pick<DevelopmentSession, 'state' | 'kind' | 'endedAt' | 'endedWhy' | 'endsAt'>
  /** It runs and has not answered when it was looked at, three times in a row. */
  readonly isUnreachable: boolean
  /** When it ends if nobody uses it; only of one that nobody has used for a while. */
  readonly idleEndsAt?: Date
}

/** A session's state in words. */
export interface SessionWords {
  readonly state: ShownSessionState
  readonly tone: Tone
  readonly label: string
  /** Only when something is wrong or needs saying. */
  readonly explanation?: string
}

/** The one table of session states (ui.md, *Pages*). */
export function sessionWords(
  { session, isUnreachable, idleEndsAt }: SessionStateFacts,
  phrasing: Pick<Phrasing, 'time'>,
): SessionWords {
  const why = session.endedWhy === undefined ? {} : { explanation: `${session.endedWhy}.` }
  switch (session.state) {
    case 'starting':
      return { state: 'starting', tone: 'neutral', label: 'Starting' }
    case 'ending':
      return { state: 'ending', tone: 'neutral', label: 'Ending' }
    case 'ended':
      return { state: 'ended', tone: 'neutral', label: 'Ended', ...why }
    case 'did_not_start':
      return { state: 'did_not_start', tone: 'danger', label: 'Did not start', ...why }
    case 'running':
      if (isUnreachable) {
        const explanation = 'It runs and does not answer. It may be busy; if this lasts, end it and start a new one.'
        return { state: 'unreachable', tone: 'warn', label: 'Unreachable', explanation }
      }
      if (idleEndsAt) return { state: 'running', tone: 'neutral', label: `Idle, ends ${phrasing.time(idleEndsAt)}` }
      if (session.endsAt) return { state: 'running', tone: 'ok', label: `Running, ends ${phrasing.time(session.endsAt)}` }
      return { state: 'running', tone: 'ok', label: 'Running' }
  }
}

/** How a kind of session is called where it has no application. */
export function kindWords(kind: DevelopmentSession['kind']): { readonly kind: string; readonly icon: string } {
  switch (kind) {
    case 'command':
      return { kind: 'Command', icon: 'command' }
    case 'environment':
      return { kind: 'Shell', icon: 'terminal' }
    case 'login':
      return { kind: 'Terminal', icon: 'terminal' }
    case 'service':
      return { kind: 'Service', icon: 'service' }
    case 'launched':
      // Its application is not configured any more.
      return { kind: 'Application', icon: 'command' }
  }
}
