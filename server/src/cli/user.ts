import { nearest } from '@benchkey/sdk'
import {
  type AdminAddUser,
  type AdminSetRole,
  type AdminUserAdded,
  type AdminUsers,
  LAST_ADMINISTRATOR,
} from '../domain/admin-api.ts'
import { type AdminClient, AdminRefusal, adminClient, requireServer } from './admin-client.ts'
import { type Call, CliError, type Context, EXIT, print, type Run, say, table } from './command.ts'
import { oneLine } from './printing.ts'
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
export const runUserLock: Run = async ({ options, positionals: [name = ''] }, context) => {
  const isDone = await unlessLast(`Lock ${name}`, { options, context }, (client, how) =>
    client.call('POST', `${pathOf(name)}/lock`, how),
  )
  if (!isDone) return EXIT.failed
  say(context, `Locked ${name}: no log-in and no tokens until: benchkey user unlock ${name}`)
  return EXIT.ok
}

/** `user unlock NAME` */
export const runUserUnlock: Run = async ({ positionals: [name = ''] }, context) => {
  await adminClient(context.dataDir).call('POST', `${pathOf(name)}/unlock`)
  say(context, `Unlocked ${name}.`)
  return EXIT.ok
}

const ROLES = ['user', 'administrator'] as const

/** `user role NAME ROLE`: pages of theirs that are open show or hide *Administration* at once. */
export const runUserRole: Run = async ({ options, positionals: [name = '', role = ''] }, context) => {
  const isAdmin = role === 'administrator'
  if (!isAdmin && role !== 'user') throw noSuchRole(role)
  const isDone = await unlessLast(`Make ${name} a user`, { options, context }, (client, how) => {
    const wanted: AdminSetRole = { isAdmin, ...how }
    return client.call('POST', `${pathOf(name)}/role`, wanted)
  })
  if (!isDone) return EXIT.failed
  say(context, `${name} is ${isAdmin ? 'an administrator' : 'a user'} now.`)
  return EXIT.ok
}

function noSuchRole(role: string): CliError {
  const near = nearest(role, ROLES)
  return new CliError(`There is no role "${oneLine(role)}".`, {
    action: near === undefined ? `There are: ${ROLES.join(', ')}.` : `Did you mean: ${near}`,
    exitCode: EXIT.usage,
  })
}

/** `user remove NAME`: asks first, naming what is lost. */
export const runUserRemove: Run = async ({ options, positionals: [name = ''] }, context) => {
  await requireServer(adminClient(context.dataDir))
  const question = `Remove ${name}? All stored sign-ins of this account are deleted.`
  if (!options.yes && !(await confirm(context, question))) {
    say(context, `Kept ${name}.`)
    return EXIT.failed
  }
  const isDone = await unlessLast(`Remove ${name}`, { options, context }, (client, how) =>
    client.call('DELETE', pathOf(name), how),
  )
  if (!isDone) return EXIT.failed
  say(context, `Removed ${name}.`)
  return EXIT.ok
}

type OnAccount = (client: AdminClient, how: Pick<AdminSetRole, 'evenIfLast'>) => Promise<unknown>

/** Does it; where the server says that nobody would be left to administer, only after that was said and is meant. False: kept. */
async function unlessLast(
  act: string,
  { options, context }: Pick<Call, 'options'> & { readonly context: Context },
  run: OnAccount,
): Promise<boolean> {
  const client = adminClient(context.dataDir)
  try {
    await run(client, {})
  } catch (error) {
    if (!(error instanceof AdminRefusal) || error.code !== LAST_ADMINISTRATOR) throw error
    say(context, error.message, 'Only this command line can make somebody one then: benchkey user role NAME administrator')
    if (!options.yes && !(await confirm(context, `${act} all the same?`))) {
      say(context, 'Nothing was changed.')
      return false
    }
    await run(client, { evenIfLast: true })
  }
  return true
}

function pathOf(name: string): string {
  return `/users/${encodeURIComponent(name)}`
}
