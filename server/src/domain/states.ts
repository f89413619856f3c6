/** Every state an integration or a request can be in, as the one table of ui.md (*States*) names them. */
export type StateCode =
  | 'signed_in'
  | 'not_signed_in'
  | 'reauthentication_required'
  | 'scope_missing'
  | 'renewal_delayed'
  | 'provider_unavailable'
  | 'configuration_error'
  | 'unknown_integration'
  | 'bad_request'
  | 'session_ended'

/** Why a code applies, where the table of sentences tells several cases apart. */
export type BrokerErrorReason =
  | 'refused'
  | 'ended'
  | 'interrupted'
  | 'changed'
  | 'unreadable'
  | 'client'
  | 'connection'
  | 'disabled'
  /** The session is limited to other integrations. */
  | 'limited'

/** How loudly a state is shown; colour grows with the need to act. */
export type Tone = 'ok' | 'neutral' | 'warn' | 'danger'

/** What a page offers beside a state. */
export type PageAction = 'sign-in' | 'copy-for-administrator' | 'none'

/** Healthy sign-ins differ in how they end. */
export type SignedInKind = 'renews' | 'cannot_renew' | 'does_not_expire' | 'renew_by'

/** A state with the facts its sentences name. */
export interface State {
  readonly code: StateCode
  readonly reason?: BrokerErrorReason | SignedInKind
  /** {name}: the integration's display name. */
  readonly name?: string
  readonly section?: string
  /** {host}: the service's host. */
  readonly host?: string
  /** {t} */
  readonly at?: Date
  /** {t2}: until when the token served works; for `signed_in`, when it ends. */
  readonly until?: Date
  /** {reason}: the words of ui.md, already plain. */
  readonly words?: string
  /** {scopes}: asked but not granted. */
  readonly scopes?: readonly string[]
  /** {asked}, {near} of unknown_integration. */
  readonly asked?: string
  readonly near?: string
  /** {n} seconds until a retry makes sense. */
  readonly retryAfterSeconds?: number
}

/** A state in words. `explanation` starts with the fact, `action` is the act. */
export interface Sentence {
  readonly code: StateCode
  readonly reason?: BrokerErrorReason | SignedInKind
  readonly tone: Tone
  readonly label: string
  readonly explanation: string
  readonly action: string
  /** The fact once more without the name, to stand behind it and the label in one line; empty where the label says it all. */
  readonly brief: string
  readonly pageAction: PageAction
}

/** How a reader's door writes instants and links: UTC and full URLs for RPC and CLI, marks and paths for pages. */
export interface Phrasing {
  time(at: Date): string
  /** Link to `/sign-in/<section>`. */
  signInLink(section: string): string
  /** Where a person opens a new session. */
  readonly home: string
}

type Row = Omit<Sentence, 'code' | 'reason'>

const SIGN_IN_AGAIN = 'Sign in again'

/** Renders a state through the one table of ui.md (*States*). Each sentence is cut at 240 characters. */
export function sentenceOf(state: State, phrasing: Phrasing): Sentence {
  const row = rowOf(state, phrasing)
  return {
    code: state.code,
    ...(state.reason === undefined ? {} : { reason: state.reason }),
    ...row,
    explanation: shortened(row.explanation, SENTENCE_LIMIT),
    action: shortened(row.action, SENTENCE_LIMIT),
    brief: shortened(row.brief, SENTENCE_LIMIT),
  }
}

function rowOf(state: State, phrasing: Phrasing): Row {
  switch (state.code) {
    case 'signed_in':
      return {
        tone: 'ok',
        label: `Signed in · ${healthyWords(state, phrasing)}`,
        explanation: '',
        action: '',
        brief: healthyWords(state, phrasing),
        pageAction: 'none',
      }
    case 'not_signed_in':
      return {
        tone: 'neutral',
        label: 'Not signed in',
        explanation: `You are not signed in to ${nameOf(state)}.`,
        action: `Sign in at ${linkOf(state, phrasing)}, then run this again.`,
        brief: '',
        pageAction: 'sign-in',
      }
    case 'reauthentication_required':
      return {
        tone: 'warn',
        label: SIGN_IN_AGAIN,
        explanation: reauthenticationWords(state, phrasing),
        action: `Sign in again at ${linkOf(state, phrasing)}; your code stays as it is.`,
        brief: reauthenticationBrief(state, phrasing),
        pageAction: 'sign-in',
      }
    case 'scope_missing':
      return {
        tone: 'warn',
        label: 'Signed in · more access asked',
        explanation: `${nameOf(state)} now also asks for ${(state.scopes ?? []).join(', ')}. Your token works, without that access.`,
        action: `To add it, sign in at ${linkOf(state, phrasing)}.`,
        brief: (state.scopes ?? []).join(', '),
        pageAction: 'sign-in',
      }
    case 'renewal_delayed':
      return {
        tone: 'warn',
        label: 'Signed in · renewal delayed',
        explanation: `${hostOrName(state)} did not renew your token at ${timeOf(state.at, phrasing)} (${state.words ?? 'no reason given'}). It works until ${timeOf(state.until, phrasing)}.`,
        action: 'Nothing to do; Benchkey keeps trying.',
        brief: `${state.words ?? 'no reason given'}; works until ${timeOf(state.until, phrasing)}`,
        pageAction: 'none',
      }
    default:
      return refusalRowOf(state, phrasing)
  }
}

function refusalRowOf(state: State, phrasing: Phrasing): Row {
  switch (state.code) {
    case 'provider_unavailable':
      return {
        tone: 'warn',
        label: 'Service not answering',
        explanation: `${hostOrName(state)} has not answered since ${timeOf(state.at, phrasing)} (${state.words ?? 'no reason given'}). Your sign-in is kept.`,
        action: `Nothing to repair here; try again in ${state.retryAfterSeconds ?? 30} seconds.`,
        brief: `${state.words ?? 'no reason given'} since ${timeOf(state.at, phrasing)}`,
        pageAction: 'none',
      }
    case 'configuration_error':
      if (state.reason === 'disabled') return switchedOffRow(state)
      return {
        tone: 'danger',
        label: 'Configuration error',
        explanation:
          state.reason === 'connection'
            ? `Benchkey cannot connect safely to ${hostOrName(state)}: ${state.words ?? 'no reason given'}. Your sign-in is kept.`
            : `${hostOrName(state)} refuses Benchkey's client ID or secret, so nobody gets tokens for ${nameOf(state)}. Your sign-in is kept.`,
        action: `Tell your administrator${state.section === undefined ? '' : `: benchkey verify ${wordOf(state.section)}`}.`,
        brief:
          state.reason === 'connection'
            ? (state.words ?? 'no reason given')
            : `${hostOrName(state)} refuses Benchkey's client ID or secret`,
        pageAction: 'copy-for-administrator',
      }
    case 'unknown_integration':
      if (state.reason === 'limited') return outsideRow(state, phrasing)
      return {
        tone: 'neutral',
        label: 'Unknown integration',
        explanation: `There is no integration "${printable(state.asked ?? '')}" for you on this server. IDs differ between servers.`,
        action: `${state.near ? `Did you mean "${state.near}"? ` : ''}See yours with: benchkey integrations.`,
        brief: '',
        pageAction: 'none',
      }
    case 'bad_request':
      return {
        tone: 'neutral',
        label: 'Not understood',
        explanation: `Benchkey did not understand this request: ${state.words ?? 'no reason given'}.`,
        action: 'Check the call; benchkey doctor tests this session.',
        brief: '',
        pageAction: 'none',
      }
    default:
      return {
        tone: 'neutral',
        label: 'Session ended',
        explanation: 'This session has ended or lost its access, so it gets no tokens.',
        action: `Open a new one at ${phrasing.home}, or run: benchkey login.`,
        brief: '',
        pageAction: 'none',
      }
  }
}

/** The integration is there, and this session was opened without it. */
function outsideRow(state: State, phrasing: Phrasing): Row {
  return {
    tone: 'neutral',
    label: 'Not for this session',
    explanation: `This session may not use ${nameOf(state)}: it is limited to other integrations.`,
    brief: '',
    action: `Open one that may at ${phrasing.home}.`,
    pageAction: 'none',
  }
}

/** An administrator's decision, which nobody has to repair. */
function switchedOffRow(state: State): Row {
  return {
    tone: 'neutral',
    label: 'Switched off',
    explanation: `An administrator has switched ${nameOf(state)} off, so nobody gets tokens for it. Stored sign-ins are kept.`,
    brief: '',
    action: 'Ask your administrator when it will be back.',
    pageAction: 'none',
  }
}

function healthyWords(state: State, phrasing: Phrasing): string {
  switch (state.reason) {
    case 'cannot_renew':
      return `ends ${timeOf(state.until, phrasing)}, cannot renew`
    case 'does_not_expire':
      return 'does not expire'
    case 'renew_by':
      return `renew by ${timeOf(state.until, phrasing)}`
    default:
      return 'renews itself'
  }
}

function reauthenticationWords(state: State, phrasing: Phrasing): string {
  const name = nameOf(state)
  const at = timeOf(state.at, phrasing)
  switch (state.reason) {
    case 'ended':
      return `Your sign-in to ${name} ended at ${at}. The service gave no refresh token, so Benchkey could not renew it.`
    case 'interrupted':
      return `The renewal of ${name} was cut off at ${at}, and the service does not repeat it.`
    case 'changed':
      return `An administrator changed the client or addresses of ${name} on ${at}.`
    case 'unreadable':
      return `The stored sign-in to ${name} is damaged and was not used.`
    default:
      return `${name} stopped accepting your sign-in on ${at}. Usual causes: a changed password, access revoked there, or months without use.`
  }
}

function reauthenticationBrief(state: State, phrasing: Phrasing): string {
  const at = timeOf(state.at, phrasing)
  switch (state.reason) {
    case 'ended':
      return `ended at ${at}, and the service gave no refresh token`
    case 'interrupted':
      return `the renewal was cut off at ${at}`
    case 'changed':
      return `an administrator changed its client or addresses on ${at}`
    case 'unreadable':
      return 'the stored sign-in is damaged'
    default:
      return `stopped accepting your sign-in on ${at}`
  }
}

/** Long names are cut here, so that the facts and links after them are not. */
const NAME_LIMIT = 60
const nameOf = (state: State): string => shortened(state.name ?? state.section ?? 'this integration', NAME_LIMIT)
const hostOrName = (state: State): string => shortened(state.host ?? nameOf(state), NAME_LIMIT)
const timeOf = (at: Date | undefined, phrasing: Phrasing): string => (at ? phrasing.time(at) : 'an unknown time')
/** As a shell takes it for one word. */
const wordOf = (section: string): string => (/^[\w.:@%+/-]+$/.test(section) ? section : `"${printable(section)}"`)
const linkOf = (state: State, phrasing: Phrasing): string => phrasing.signInLink(state.section ?? '')

const SENTENCE_LIMIT = 240

function shortened(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`
}

/** Replaces what a terminal or log could act on; caps what a caller can make us repeat at 80 characters. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced.
  const clean = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?')
  return shortened(clean, 80)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (n: number): string => String(n).padStart(2, '0')

/** "21 Nov 14:02 UTC", as RPC and CLI print instants. */
export function utcTime(at: Date): string {
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()]} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC`
}

/** RPC and CLI: UTC times, full links. `publicUrl` without a trailing slash. */
export function plainPhrasing(publicUrl: string): Phrasing {
  return {
    time: utcTime,
    signInLink: (section) => `${publicUrl}/sign-in/${encodeURIComponent(section)}`,
    home: publicUrl,
  }
}

/** Pages: instants as `{time:ISO}` marks, which the page replaces by local `<time>`; links as paths. */
export function pagePhrasing(basePath: string): Phrasing {
  return {
    time: (at) => `{time:${at.toISOString()}}`,
    signInLink: (section) => `${basePath}/sign-in/${encodeURIComponent(section)}`,
    home: `${basePath}/`,
  }
}
