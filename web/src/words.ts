import type { PageIntegration, PageIntegrations } from '@benchkey/sdk/pages'

/** "6 integrations, 1 needs you". */
export function countWords({ integrations, needYou }: PageIntegrations): string {
  const count = integrations.length === 1 ? '1 integration' : `${integrations.length} integrations`
  if (needYou === 0) return count
  return `${count}, ${needYou === 1 ? '1 needs you' : `${needYou} need you`}`
}

/** What a sign-out costs, as the dialog says it; `runningSessions` are those of the user. */
export function signOutWords(runningSessions: number): string {
  const said = 'Benchkey deletes the stored tokens and asks the service to revoke them.'
  if (runningSessions === 0) return said
  const sessions = runningSessions === 1 ? '1 session' : `${runningSessions} sessions`
  return `${said} Running code in ${sessions} stops getting tokens.`
}

/** A healthy label's second half ("renews itself") stands in the row's second line; other labels stay whole. */
export function labelParts({ state, label }: Pick<PageIntegration, 'state' | 'label'>): { label: string; rest?: string } {
  const at = label.indexOf(' · ')
  return state === 'signed_in' && at > 0 ? { label: label.slice(0, at), rest: label.slice(at + 3) } : { label }
}

/** "214 times, last 10:02", with a time mark; `lastAt` is the API's instant. */
export function renewalWords(renewals: number, lastAt: string | undefined): string {
  const times = renewals === 1 ? 'Once' : `${renewals.toLocaleString('en-US')} times`
  return lastAt ? `${times}, last {time:${lastAt}}` : times
}

/** First letters of the first two words: "Box API Access" → "BA". */
export function monogramOf(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
  const letters = words.slice(0, 2).map((word) => Array.from(word)[0] ?? '')
  return letters.join('').toUpperCase() || '·'
}

/** What the login is for. A section is shown only when it reads as one: the address is anybody's to write. */
export function loginPurpose(section: string): string {
  return `Log in to continue to: sign in to ${/^[\w.-]{1,60}$/.test(section) ? section : 'an integration'}.`
}

/** "12 hours", "1 hour". */
export function hoursWords(seconds: number): string {
  const hours = Math.round(seconds / 3600)
  return hours === 1 ? '1 hour' : `${hours} hours`
}

/** Whether every word of a filter occurs in one of the texts. */
export function matches(filter: string, texts: readonly (string | undefined)[]): boolean {
  const all = texts.join('\n').toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word))
}
