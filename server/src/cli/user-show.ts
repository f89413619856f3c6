import type { AdminUserDetails } from '../domain/admin-api.ts'
import { adminClient } from './admin-client.ts'
import { EXIT, print, type Run } from './command.ts'
import { counted, instantOf, oneLine } from './printing.ts'
import { sessionTable } from './session-admin.ts'
import { storedTokenTable } from './stored-token-list.ts'

/** `user show NAME`: the account, its sessions and its stored sign-ins. */
export const runUserShow: Run = async ({ options, positionals: [name = ''] }, context) => {
  const details = await adminClient(context.dataDir).call<AdminUserDetails>('GET', `/users/${encodeURIComponent(name)}`)
  print(context, options.json ? JSON.stringify(details, undefined, 2) : inWords(details))
  return EXIT.ok
}

function inWords({ user, browserSessions, sessions, storedTokens }: AdminUserDetails): string {
  const role = user.isAdmin ? 'administrator' : 'user'
  const state = user.lockedAt ? `locked since ${instantOf(user.lockedAt)}` : 'active'
  const parts = [
    `${oneLine(user.name)}: ${role}, ${state}, added ${instantOf(user.createdAt)}, logged in in ${counted(browserSessions, 'browser')}`,
  ]
  parts.push(
    sessions.length === 0 ? 'No session is running.' : `${counted(sessions.length, 'session')}:\n${sessionTable(sessions)}`,
  )
  parts.push(
    storedTokens.length === 0
      ? 'No sign-in is stored.'
      : `${counted(storedTokens.length, 'stored sign-in')}:\n${storedTokenTable(storedTokens, 'without users')}`,
  )
  return parts.join('\n\n')
}
