import { execFile } from 'node:child_process'

/** getent(1): the key was not found. */
const NOT_FOUND = 2

/**
 * Whether an account of this host is in a group, as its primary one or besides, by the name service (files, LDAP, SSSD) as it
 * answers now. False when there is no such account or group.
 */
export async function isInGroup(account: string, group: string): Promise<boolean> {
  const [passwd, entry, besides] = await Promise.all([
    getent('passwd', account),
    getent('group', group),
    getent('initgroups', account),
  ])
  // A name made of digits is looked up as an id by getent: only the very name counts.
  const [name, , , primary] = passwd.split(':')
  const [found, , gid = ''] = entry.split(':')
  if (name !== account || found !== group || !/^\d+$/.test(gid)) return false
  return primary === gid || besides.slice(account.length).trim().split(/\s+/).includes(gid)
}

/** Whether the name service knows a group of this name now. */
export async function isGroup(group: string): Promise<boolean> {
  return group !== '' && (await getent('group', group)).split(':', 1)[0] === group
}

/** Whether an account's primary group has its name and nobody else in it: what is open to that group is open to the account alone. */
export async function hasGroupOfOwn({ name, gid }: { readonly name: string; readonly gid: number }): Promise<boolean> {
  const [group, , , members = ''] = (await getent('group', String(gid))).split(':')
  return group === name && members.split(',').every((member) => member === '' || member === name)
}

/** The first line of an answer; empty when there is none. */
function getent(database: string, key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('getent', ['--', database, key], { timeout: 10_000 }, (failure, stdout) => {
      if (failure && failure.code === NOT_FOUND) return resolve('')
      if (failure) return reject(new Error('getent could not be run, so groups cannot be looked up.', { cause: failure }))
      resolve(stdout.split('\n', 1)[0] ?? '')
    })
  })
}
