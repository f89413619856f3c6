/**
 * Why a callback did not become a sign-in. `too_many`: more callbacks than the rate limit allows. `not_yet`: our own database
 * takes nothing now, and the callback is as good as before; `not_saved`: it took nothing after the code was spent.
 */
export type CallbackProblem =
  | 'denied'
  | 'dead_link'
  | 'scope_refused'
  | 'client_refused'
  | 'provider_failed'
  | 'logged_out'
  | 'doubled'
  | 'not_yet'
  | 'not_saved'
  | 'too_many'

/** What the sentences of a problem name. `host`: of the authorization server. */
export interface CallbackFacts {
  /** The integration's display name, when the attempt was found. */
  readonly name?: string
  readonly section?: string
  readonly host?: string
  readonly retryAfterSeconds?: number
}

/** A problem in words: HTTP status of the page, its title, what happened and whose side it is, and the one button. */
export interface CallbackSentence {
  readonly status: number
  readonly title: string
  readonly explanation: string
  /** `path` starts at the base path of the public URL: `/settings/managed-credentials`. */
  readonly button: { readonly label: string; readonly path: string }
  /** The same address may be opened again, and may then lead to the sign-in. */
  readonly isRepeatable?: true
}

const MANAGED_CREDENTIALS = { label: 'Go to Managed Credentials', path: '/settings/managed-credentials' }
const LOG_IN = { label: 'Log in', path: '/login' }

/** The sentences of ui.md, *callback problems*: the one table for every callback that ends without a sign-in. */
export function callbackSentenceOf(problem: CallbackProblem, facts: CallbackFacts): CallbackSentence {
  const name = facts.name ?? facts.section ?? 'this service'
  const host = facts.host ?? 'the service'
  const again = startAgain(facts)
  switch (problem) {
    case 'denied':
      return {
        status: 403,
        title: `You did not sign in to ${name}`,
        explanation: `${capitalised(host)} reports that access was not granted; nothing has changed.`,
        button: again,
      }
    case 'dead_link':
      return {
        status: 400,
        title: 'This sign-in link no longer works',
        explanation:
          'It was used before, is older than 10 minutes, or was started in another browser or by another user. Nothing has changed.',
        button: MANAGED_CREDENTIALS,
      }
    case 'scope_refused':
      return {
        status: 403,
        title: `${capitalised(host)} refused the access asked for`,
        explanation: `You did nothing wrong: the scopes set up for ${name} are not allowed there. Tell your administrator.`,
        button: MANAGED_CREDENTIALS,
      }
    case 'client_refused':
      return {
        status: 502,
        title: 'Benchkey could not finish your sign-in',
        explanation: `You did nothing wrong: ${host} refuses Benchkey's client ID or secret for ${name}. Tell your administrator.`,
        button: MANAGED_CREDENTIALS,
      }
    default:
      return otherSentenceOf(problem, facts, host, again)
  }
}

function otherSentenceOf(
  problem: 'provider_failed' | 'logged_out' | 'doubled' | 'not_yet' | 'not_saved' | 'too_many',
  facts: CallbackFacts,
  host: string,
  again: { label: string; path: string },
): CallbackSentence {
  switch (problem) {
    case 'provider_failed':
      return {
        status: 502,
        title: `${capitalised(host)} could not finish the sign-in`,
        explanation: 'The fault is on its side or on the way there; nothing has changed here. Start again in a few minutes.',
        button: again,
      }
    case 'logged_out':
      return {
        status: 401,
        title: 'You were logged out meanwhile',
        explanation: 'Log in to Benchkey, then start the sign-in again. Nothing has changed.',
        button: LOG_IN,
      }
    case 'doubled':
      return {
        status: 400,
        title: 'Benchkey did not use this answer',
        explanation: 'The address that led here names something twice, which a service never does. Nothing has changed.',
        button: again,
      }
    case 'not_yet':
      return {
        status: 503,
        title: 'Benchkey cannot finish your sign-in yet',
        explanation: `Its database cannot be written at the moment. The answer of ${host} is not used up: try again in a minute, until 10 minutes after your start.`,
        button: { ...again, label: 'Try again' },
        isRepeatable: true,
      }
    case 'not_saved':
      return {
        status: 503,
        title: 'Benchkey could not store your sign-in',
        explanation: `Its database could not be written for two minutes. The answer of ${host} is kept, and stored as soon as that is over; tell your administrator. If you are not signed in then, start again.`,
        button: again,
      }
    case 'too_many':
      return {
        status: 429,
        title: 'Too many attempts',
        explanation: `Start the sign-in again in ${facts.retryAfterSeconds ?? 60} seconds. Nothing has changed.`,
        button: again,
      }
  }
}

function startAgain(facts: CallbackFacts): { label: string; path: string } {
  if (facts.section === undefined) return MANAGED_CREDENTIALS
  return { label: 'Start again', path: `/sign-in/${encodeURIComponent(facts.section)}` }
}

function capitalised(host: string): string {
  return host === 'the service' ? 'The service' : host
}
