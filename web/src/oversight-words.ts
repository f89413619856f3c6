import type { PageIntegrationHealth, PageOfList, PageUser } from '@benchkey/sdk/admin-pages'

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`

/** "118 people · 2 have to sign in again · 31 cannot renew". */
export function healthWords({ people, peopleToSignIn, peopleWithoutRefresh }: PageIntegrationHealth): string {
  return [
    people === 0 ? 'no sign-ins yet' : counted(people, 'person', 'people'),
    ...(peopleToSignIn > 0
      ? [`${peopleToSignIn.toLocaleString('en-US')} ${peopleToSignIn === 1 ? 'has' : 'have'} to sign in again`]
      : []),
    ...(peopleWithoutRefresh > 0 ? [`${peopleWithoutRefresh.toLocaleString('en-US')} cannot renew`] : []),
  ].join('\u00a0· ')
}

/** "3 sign-ins · 1 session · 2 browsers"; what there is none of is left out. */
export function userWords({ signIns, sessions, browsers }: PageUser): string {
  const parts = [
    { count: signIns, one: 'sign-in' },
    { count: sessions, one: 'session' },
    { count: browsers, one: 'browser' },
  ].filter(({ count }) => count > 0)
  if (parts.length === 0) return 'no sign-ins, no sessions'
  return parts.map(({ count, one }) => counted(count, one)).join('\u00a0· ')
}

/** "2,014 users", "12 of 2,014 users". */
export function foundWords({ total, found }: Pick<PageOfList, 'total' | 'found'>, noun: string): string {
  return found === total ? counted(total, noun) : `${found.toLocaleString('en-US')} of ${counted(total, noun)}`
}

/** "renewed 214 times", "not renewed yet". */
export function renewedWords(renewals: number): string {
  if (renewals === 0) return 'not renewed yet'
  return renewals === 1 ? 'renewed once' : `renewed ${renewals.toLocaleString('en-US')} times`
}

/** What locking and unlocking does. */
export const lockWords = {
  lock: (name: string): string =>
    `${name} is logged out at once, cannot log in, and code in running sessions gets no tokens. Applications that Benchkey started for ${name} end. Sign-ins are kept and work again after unlocking.`,
  unlock: (name: string): string => `${name} can log in again, and the code of running sessions gets tokens again.`,
}

/** What a stored sign-in costs that goes. */
export const removalWords = {
  revoke: (user: string): string =>
    `Benchkey deletes the stored tokens and asks the service to revoke them. The code of ${user} gets no tokens until ${user} signs in again.`,
  purge: (user: string): string =>
    `Benchkey deletes the stored tokens and asks nobody: at the service they stay good until they end there. The code of ${user} gets no tokens until ${user} signs in again.`,
}

/** What a session costs that ends. */
export const END_WORDS =
  'Everything that runs in it stops, and what is not saved in a file is lost. Its code gets no more tokens.'

/** A day of the address (`2026-11-20`) as the instant it begins at here, or the one after it does; undefined when it is none. */
export function instantOfDay(day: string | null, which: 'begins' | 'ends'): string | undefined {
  const [year, month, date] =
    /^(\d{4})-(\d\d)-(\d\d)$/
      .exec(day ?? '')
      ?.slice(1)
      .map(Number) ?? []
  if (year === undefined || month === undefined || date === undefined) return undefined
  const at = new Date(year, month - 1, which === 'begins' ? date : date + 1)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString()
}

/** What the audit is asked for, by what the address of its page says. */
export function auditQueryOf(search: URLSearchParams): string {
  const query = new URLSearchParams()
  for (const name of ['user', 'action', 'integration', 'reference', 'all', 'before']) {
    const value = search.get(name)
    if (value) query.set(name, value)
  }
  const from = instantOfDay(search.get('from'), 'begins')
  const until = instantOfDay(search.get('until'), 'ends')
  if (from !== undefined) query.set('from', from)
  if (until !== undefined) query.set('until', until)
  return query.toString()
}
