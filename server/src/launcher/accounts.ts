import { execFile } from 'node:child_process'

/** A Unix account of this host. */
export interface UnixAccount {
  readonly name: string
  readonly uid: number
}

/** getent(1): the key was not found. */
const NOT_FOUND = 2

/** Looks an account up through the name service (files, LDAP, SSSD); undefined when there is none of that name. */
export function findUnixAccount(name: string): Promise<UnixAccount | undefined> {
  return new Promise((resolve, reject) => {
    execFile('getent', ['--', 'passwd', name], { timeout: 10_000 }, (failure, stdout) => {
      if (failure && failure.code === NOT_FOUND) return resolve(undefined)
      if (failure) return reject(new Error('getent could not be run, so Unix accounts cannot be looked up.', { cause: failure }))
      resolve(accountOf(stdout, name))
    })
  })
}

/** A name made of digits is looked up as a uid by getent: only the very name counts. */
function accountOf(line: string, name: string): UnixAccount | undefined {
  const [found, , uid = ''] = line.trimEnd().split(':')
  return found === name && /^\d+$/.test(uid) ? { name, uid: Number(uid) } : undefined
}
