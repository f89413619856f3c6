import type { AdminStoredToken, AdminStoredTokens } from '../domain/admin-api.ts'
import { adminClient } from './admin-client.ts'
import { EXIT, print, type Run, say, table } from './command.ts'
import { instantOf, oneLine } from './printing.ts'

/** `stored-token list`: who is signed in where, and how each sign-in is. The tokens themselves never leave the server. */
export const runStoredTokenList: Run = async ({ options }, context) => {
  const filter = new URLSearchParams()
  for (const name of ['user', 'integration']) {
    const value = options[name]
    if (typeof value === 'string') filter.set(name, value)
  }
  const query = filter.size === 0 ? '' : `?${filter}`
  const { storedTokens } = await adminClient(context.dataDir).call<AdminStoredTokens>('GET', `/stored-tokens${query}`)
  if (options.json) print(context, JSON.stringify(storedTokens, undefined, 2))
  else if (storedTokens.length > 0) print(context, storedTokenTable(storedTokens, 'with users'))
  else say(context, filter.size === 0 ? 'Nobody is signed in anywhere yet.' : 'There is no such sign-in.')
  return EXIT.ok
}

/** Stored sign-ins as a table; each with its user or without. */
export function storedTokenTable(storedTokens: readonly AdminStoredToken[], users: 'with users' | 'without users'): string {
  const withUser = (user: string, cells: readonly string[]): readonly string[] =>
    users === 'with users' ? [user, ...cells] : cells
  const rows = storedTokens.map((each) =>
    withUser(oneLine(each.userName), [
      oneLine(each.section),
      each.hasRefreshToken ? 'yes' : 'no',
      instantOf(each.expiresAt, 'unknown'),
      instantOf(each.lastRenewedAt, 'never'),
      instantOf(each.lastUsedAt, 'never'),
      `${oneLine(each.label)}${each.unreadReplies === undefined ? '' : ' · an answer was not understood'}`,
    ]),
  )
  return table([withUser('USER', ['SECTION', 'REFRESH TOKEN', 'EXPIRES', 'LAST RENEWED', 'LAST USED', 'STATE']), ...rows])
}
