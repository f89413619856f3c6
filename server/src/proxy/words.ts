import type { SessionRoute } from '../domain/session-proxy.ts'
import { utcTime } from '../domain/states.ts'
import type { Page } from './pages.ts'

/** Seconds after which a browser looks again whether a session has started. */
const STARTING_AGAIN_S = 1
const UNREACHABLE_AGAIN_S = 5

/** Nobody may be told whether a session exists that is not theirs. */
export const NO_ENTRY: Page = {
  status: 401,
  title: 'Open this session from the home page',
  text: 'This browser has not opened this session, or you were logged out. Log in, and open it from the home page.',
}

/** A ticket that opens nothing. */
export const TICKET_REFUSED: Page = {
  status: 401,
  title: 'This way into the session no longer works',
  text: 'It works once, and for 30 seconds. Open the session again from the home page.',
}

/** A path of no session. */
export const UNKNOWN_ADDRESS: Page = {
  status: 404,
  title: 'There is nothing at this address',
  text: 'Sessions are opened from the home page.',
}

/** An entry that has all open that it may. */
export const TOO_MANY: Page = {
  status: 429,
  title: 'This session is busy',
  text: 'This browser has more requests open than one session takes. Close some of its tabs and try again.',
  again: 5,
}

/** The server cannot say what the entry opens. */
export const SERVER_BUSY: Page = {
  status: 503,
  title: 'Benchkey cannot look this session up',
  text: 'Its database does not answer now. This page tries again by itself.',
  again: 5,
}

/** What a request is answered whose session does not answer itself. */
export function pageOfRoute(route: Exclude<SessionRoute, { state: 'running' }>): Page {
  if (route.state === 'none') return NO_ENTRY
  const { name } = route
  if (route.state === 'starting') {
    const text = 'It opens here by itself as soon as it answers.'
    return { status: 503, title: `${name} is starting`, text, again: STARTING_AGAIN_S }
  }
  const why = route.why === undefined ? '' : ` The reason: ${withTimes(route.why)}.`
  if (route.state === 'ended') {
    return { status: 410, title: `${name} has ended`, text: `This session has ended.${why} Start a new one from the home page.` }
  }
  const text = `This session did not start.${why} Its log is on the home page.`
  return { status: 410, title: `${name} did not start`, text }
}

/** Words for people hold times as `{time:ISO}`. */
function withTimes(words: string): string {
  return words.replace(/\{time:([^}]*)\}/g, (whole, at: string) => (Number.isNaN(Date.parse(at)) ? whole : utcTime(new Date(at))))
}

/** A session that should answer and does not. */
export function unreachable(name: string): Page {
  const text = 'The program of this session does not answer. This page tries again by itself; if it stays so, end the session.'
  return { status: 502, title: `${name} does not answer`, text, again: UNREACHABLE_AGAIN_S }
}

/** A refusal of the proxy itself. */
export function refusal(status: number, text: string): Page {
  return { status, title: 'This request was refused', text }
}
