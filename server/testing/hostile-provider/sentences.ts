import type { ExchangeEnd, RefreshEnd } from './named-behaviour.ts'

/**
 * The sentences of ui.md by what happened, written down a second time on purpose: a changed word in the product's one table
 * has to be changed here, too. `lab` is the integration's name; instants and seconds are left open.
 */
const INSTANT = '\\d+ [A-Z][a-z]{2} \\d\\d:\\d\\d UTC'
const SIGN_IN_AGAIN = 'Sign in again at https://bench.example/sign-in/lab; your code stays as it is.'
const KEPT = 'Your sign-in is kept.'
const ADMINISTRATOR = 'Tell your administrator: benchkey verify lab.'

/** After a sign-out. */
export const NOT_SIGNED_IN = 'You are not signed in to lab. Sign in at https://bench.example/sign-in/lab, then run this again.'

/** After an answer that was lost, where the service does not repeat itself. */
export const INTERRUPTED = pattern(
  `The renewal of lab was cut off at {instant}, and the service does not repeat it. ${SIGN_IN_AGAIN}`,
)

/** After a refusal of the grant. */
export const REFUSED = pattern(
  `lab stopped accepting your sign-in on {instant}. Usual causes: a changed password, access revoked there, or months without use. ${SIGN_IN_AGAIN}`,
)

/** What a session is told whose token has ended. */
export function sentenceOfRefresh(end: RefreshEnd, host: string): RegExp {
  const words = end.words ?? ''
  switch (end.class) {
    case 'reauthentication_required':
      return end.lost ? INTERRUPTED : REFUSED
    case 'configuration':
      return end.trouble === 'connection'
        ? pattern(`Benchkey cannot connect safely to ${host}: ${words}. ${KEPT} ${ADMINISTRATOR}`)
        : pattern(`${host} refuses Benchkey's client ID or secret, so nobody gets tokens for lab. ${KEPT} ${ADMINISTRATOR}`)
    default:
      return sentenceOfNoAnswer(words, host, end.retryAfterSeconds)
  }
}

/** What a session is told that waits no longer, or whose service does not answer. */
export function sentenceOfNoAnswer(words: string, host: string, seconds?: number): RegExp {
  const wait = seconds === undefined ? '{seconds}' : String(seconds)
  return pattern(
    `${host} has not answered since {instant} (${words}). ${KEPT} Nothing to repair here; try again in ${wait} seconds.`,
  )
}

/** The title and the explanation of the page a callback leads to. */
export function pageOfCallback(kind: Exclude<ExchangeEnd['kind'], 'signed_in'>, host: string): readonly [string, string] {
  switch (kind) {
    case 'client_refused':
      return [
        'Benchkey could not finish your sign-in',
        `You did nothing wrong: ${host} refuses Benchkey's client ID or secret for lab. Tell your administrator.`,
      ]
    case 'scope_refused':
      return [
        `${host} refused the access asked for`,
        'You did nothing wrong: the scopes set up for lab are not allowed there. Tell your administrator.',
      ]
    case 'provider_failed':
      return [
        `${host} could not finish the sign-in`,
        'The fault is on its side or on the way there; nothing has changed here. Start again in a few minutes.',
      ]
  }
}

function pattern(sentence: string): RegExp {
  const escaped = sentence.replace(/[.*+?^$()|[\]\\]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('{instant}', INSTANT).replaceAll('{seconds}', '\\d+')}$`)
}
