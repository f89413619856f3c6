import { execFile } from 'node:child_process'
import { parsePasswdLine, type UnixAccount } from '../domain/unix-account.ts'

/** getent(1): the key was not found. */
const NOT_FOUND = 2

/** Looks an account up through the name service (files, LDAP, SSSD); undefined when there is none of that name. */
export function findUnixAccount(name: string): Promise<UnixAccount | undefined> {
  return new Promise((resolve, reject) => {
    execFile('getent', ['--', 'passwd', name], { timeout: 10_000 }, (failure, stdout) => {
      if (failure && failure.code === NOT_FOUND) return resolve(undefined)
      if (failure) return reject(new Error('getent could not be run, so Unix accounts cannot be looked up.', { cause: failure }))
      const account = parsePasswdLine(stdout)
      // A name made of digits is looked up as a uid by getent: only the very name counts.
      resolve(account?.name === name ? account : undefined)
    })
  })
}
