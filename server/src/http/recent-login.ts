import { Refusal } from './failures.ts'
import type { LoggedIn } from './web-requests.ts'

/** A login is recent for so long (security.md, *Host*, the hijacked administrator). */
const RECENT_LOGIN_MS = 5 * 60_000

/** Refuses unless the password was typed in the last five minutes; `now` is database time, `broker.logins.now()`. */
export function requireRecentLogin({ session }: LoggedIn, now: Date): void {
  if (now.getTime() - session.createdAt.getTime() <= RECENT_LOGIN_MS) return
  throw new Refusal(403, 'recent_login_needed', 'This needs a login of the last five minutes. Type your password again.')
}
