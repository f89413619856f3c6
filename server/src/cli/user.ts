import type { AdminAddUser, AdminUserAdded, AdminUsers } from '../domain/admin-api.ts'
import { adminClient, requireServer } from './admin-client.ts'
import { CliError, type Context, EXIT, print, type Run, say, table } from './command.ts'
import { askPasswordTwice, confirm, firstLineOf } from './terminal.ts'

/** `user add NAME`: the password comes from a terminal (twice, without echo) or from stdin, never from argv. */
export const runUserAdd: Run = async ({ options, positionals: [name = ''] }, context) => {
  const client = adminClient(context.dataDir)
  if (!options['password-stdin']) await requireServer(client)
  const password = options['password-stdin'] ? await passwordFromStdin(context) : await askPasswordTwice(context)
  const user: AdminAddUser = { name, password, isAdmin: options.admin === true }
  const added = await client.call<AdminUserAdded>('POST', '/users', user)
  const without = added.cannotStart && `No sessions for ${added.user.name} yet: ${added.cannotStart}`
  say(context, `Added ${added.user.isAdmin ? 'administrator' : 'user'} ${added.user.name}.`, without)
  return EXIT.ok
}

async function passwordFromStdin(context: Context): Promise<string> {
  const password = await firstLineOf(context.input)
  if (password === '') {
    throw new CliError('There was no password on stdin.', { action: 'Write it as the first line.', exitCode: EXIT.usage })
  }
  return password
}

/** `user list` */
export const runUserList: Run = async ({ options }, context) => {
  const { users } = await adminClient(context.dataDir).call<AdminUsers>('GET', '/users')
  if (options.json) {
    print(context, JSON.stringify(users, undefined, 2))
  } else if (users.length === 0) {
    say(context, 'There are no accounts yet.', 'Add one with: benchkey user add NAME')
  } else {
    const rows = users.map((user) => [
      user.name,
      user.isAdmin ? 'administrator' : 'user',
      user.lockedAt ? 'locked' : 'active',
      user.createdAt.slice(0, 10),
    ])
    print(context, table([['NAME', 'ROLE', 'STATE', 'SINCE'], ...rows]))
  }
  return EXIT.ok
}

/** `user lock NAME` */
export const runUserLock: Run = async ({ positionals: [name = ''] }, context) => {
  await adminClient(context.dataDir).call('POST', `/users/${encodeURIComponent(name)}/lock`)
  say(context, `Locked ${name}: no log-in and no tokens until: benchkey user unlock ${name}`)
  return EXIT.ok
}

/** `user unlock NAME` */
export const runUserUnlock: Run = async ({ positionals: [name = ''] }, context) => {
  await adminClient(context.dataDir).call('POST', `/users/${encodeURIComponent(name)}/unlock`)
  say(context, `Unlocked ${name}.`)
  return EXIT.ok
}

/** `user remove NAME`: asks first, naming what is lost. */
export const runUserRemove: Run = async ({ options, positionals: [name = ''] }, context) => {
  const client = adminClient(context.dataDir)
  await requireServer(client)
  const question = `Remove ${name}? All stored sign-ins of this account are deleted.`
  if (!options.yes && !(await confirm(context, question))) {
    say(context, `Kept ${name}.`)
    return EXIT.failed
  }
  await client.call('DELETE', `/users/${encodeURIComponent(name)}`)
  say(context, `Removed ${name}.`)
  return EXIT.ok
}
