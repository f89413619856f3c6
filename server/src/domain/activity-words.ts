import type { Application } from './application.ts'
import type { DevelopmentSession } from './people.ts'
import { kindWords } from './session-states.ts'

/** What the audit says of a first use: by a session that had no token before, or from an address it had none at. */
export const FIRST_USE_WORDS = { session: 'a new session', address: 'a new address' } as const

/** A line of the audit, as far as its words go. */
export interface ActivityEvent {
  readonly action: string
  readonly outcome: 'ok' | 'refused' | 'failed'
  readonly sessionName?: string
  readonly section?: string
  readonly address?: string
  readonly count?: number
  readonly detail?: string
}

/** A sentence of somebody's activity, without a full stop at the end. */
export interface ActivityWords {
  readonly text: string
  /** `warn`: look twice. */
  readonly tone: 'neutral' | 'warn'
}

type Words = (event: ActivityEvent & { readonly integration: string }) => ActivityWords

const quiet = (text: string): ActivityWords => ({ text, tone: 'neutral' })
const loud = (text: string): ActivityWords => ({ text, tone: 'warn' })
const session = ({ sessionName }: ActivityEvent): string => (sessionName === undefined ? 'a session' : `session “${sessionName}”`)
const detailed = ({ detail }: ActivityEvent): string => (detail === undefined ? '' : `, ${detail}`)
/** "Ended by you", "by the end of its command", "Its process has ended". */
const endedWhy = ({ detail }: ActivityEvent): string => {
  const why = detail?.replace(/^Ended /, '')
  return why === undefined ? '' : `, ${why.charAt(0).toLowerCase()}${why.slice(1)}`
}
/** "service jupyterhub on bench-1 until …": its name. */
const serviceOf = ({ detail }: ActivityEvent): string => /^service \S+/.exec(detail ?? '')?.[0] ?? 'a service'
/** "as ada@example.com", of whoever signed in; other details are the administrator's. */
const accountIn = (detail: string | undefined): string => (detail?.startsWith('as ') ? ` ${detail}` : '')
/** A count is of those after the first one, which has its own line. */
const refusedWords = (event: ActivityEvent): string => {
  if (event.count === undefined) return `A log-in${from(event)} was refused`
  if (event.count === 1) return `One more log-in${from(event)} was refused`
  return `${event.count.toLocaleString('en-US')} more log-ins${from(event)} were refused`
}
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** Every kind of line that people are shown of their own activity. Others are the server's own business, or are told elsewhere. */
const WORDS: Readonly<Record<string, Words>> = {
  'login.succeeded': (event) => quiet(`Logged in${from(event)}`),
  'login.refused': (event) => loud(`${refusedWords(event)}: ${event.detail ?? 'not right'}`),
  logout: () => quiet('Logged out'),
  'login.ended_everywhere': (event) => loud(`Signed out everywhere${from(event)}${detailed(event)}`),
  'sign_in.finished': ({ integration, detail }) => quiet(`Signed in to ${integration}${accountIn(detail)}`),
  'sign_in.failed': ({ integration }) => quiet(`A sign-in to ${integration} was not finished`),
  sign_out: ({ integration }) => quiet(`Signed out of ${integration}`),
  'stored_token.revoked': ({ integration }) => loud(`An administrator ended your sign-in to ${integration}`),
  'stored_token.purged': ({ integration }) => loud(`An administrator deleted your sign-in to ${integration}`),
  'token.refresh_refused': ({ integration }) => loud(`${integration} stopped accepting your sign-in`),
  'token.reported': (event) => quiet(`${capital(session(event))} reported that a token of ${event.integration} does not work`),
  'session.started': (event) => quiet(`${capital(session(event))} was started${from(event)}`),
  'session.failed': (event) => quiet(`${capital(session(event))} did not start`),
  'session.idle_ended': (event) => quiet(`${capital(session(event))} ended, for nobody used it`),
  'session.opened': (event) => quiet(`${capital(session(event))} began${from(event)}`),
  'service.session_opened': (event) => quiet(`${capital(serviceOf(event))} started ${session(event)} for you`),
  'session.ended': (event) => quiet(`${capital(session(event))} ended${endedWhy(event)}`),
  'session.entered': (event) => quiet(`${capital(session(event))} was opened in a browser`),
  'session.first_use': (event) => quiet(`${capital(session(event))} used ${event.integration}`),
  'terminal.approved': (event) => loud(`You let a terminal in${detailed(event)}`),
  'terminal.denied': (event) => loud(`You denied a terminal${detailed(event)}`),
  'terminal.wrong_code': (event) => loud(`A code that no terminal shows was typed${from(event)}`),
  'user.role_changed': ({ detail }) =>
    loud(detail === 'administrator' ? 'You were made an administrator' : 'You are no administrator any more'),
  'user.locked': () => loud('Your account was locked'),
  'user.unlocked': () => quiet('Your account was unlocked'),
}

/** Actions of the audit that people are shown. */
export const SHOWN_ACTIONS: readonly string[] = Object.keys(WORDS)

/** A line of the audit in words for the person it is about; undefined when it is none that people are shown. `integration`: its name. */
export function activityWords(event: ActivityEvent, integration: string): ActivityWords | undefined {
  return WORDS[event.action]?.({ ...event, integration })
}

/** "VS Code “analysis” used Box API Access 1,240 times". */
export function useWords(use: { kind: string; sessionName: string; count: number }, integration: string): string {
  const times = use.count === 1 ? 'once' : `${use.count.toLocaleString('en-US')} times`
  return `${use.kind} “${use.sessionName}” used ${integration} ${times}`
}

/** "first use by this session, from 10.0.0.7"; a new address of a session that had one is worth a second look. */
export function firstUseWords({ detail, address }: ActivityEvent): ActivityWords {
  const where = placeWords(address)
  return detail === FIRST_USE_WORDS.session ? quiet(`first use by this session, ${where}`) : loud(`first use ${where}`)
}

/** "from 10.0.0.7", "on this server". */
export function placeWords(address: string | undefined): string {
  if (address === undefined) return 'from an unknown address'
  return address === 'local' ? 'on this server' : `from ${address}`
}

function from({ address }: ActivityEvent): string {
  return address === undefined ? '' : ` ${placeWords(address)}`
}

/** What a session is called and which icon it has, by what is known of it. */
export function kindOfSession(
  { kind, application, service }: Pick<DevelopmentSession, 'kind' | 'application' | 'service'>,
  applications: readonly Pick<Application, 'section' | 'displayName' | 'icon'>[],
): { readonly kind: string; readonly icon: string } {
  if (service !== undefined) return { kind: service, icon: 'service' }
  const started = applications.find(({ section }) => section === application)
  if (started) return { kind: started.displayName, icon: started.icon }
  return application === undefined ? kindWords(kind) : { ...kindWords(kind), kind: application }
}
