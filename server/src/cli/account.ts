import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { parsePasswdLine, switchingWords, type UnixAccount } from '../domain/unix-account.ts'
import { CliError, EXIT } from './command.ts'

/** By name or number; undefined when there is none. */
export async function findAccount(key: string): Promise<UnixAccount | undefined> {
  const line = await new Promise<string>((resolve, reject) => {
    execFile('getent', ['passwd', '--', key], { encoding: 'utf8' }, (error, stdout) => {
      // getent(1): 2 = the key was not found.
      if (error && error.code !== 2)
        reject(new CliError('The accounts of this machine cannot be read with getent.', { cause: error }))
      else resolve(stdout)
    })
  })
  return parsePasswdLine(line)
}

/**
 * The account a session has to run as, or undefined when it is the one this process runs as. A session never runs as root or
 * as the server, unless the server itself serves a single user (security.md, *Sessions*).
 */
export async function accountFor(
  wanted: string | undefined,
  socketPath: string,
  ownUid = process.getuid?.() ?? -1,
): Promise<UnixAccount | undefined> {
  const serverUid = statSync(socketPath).uid
  if (wanted === undefined) return ownUid === serverUid ? undefined : existing(String(serverUid))
  if (ownUid !== 0) {
    throw new CliError(`Only root can start a session as ${wanted}.`, {
      action: 'Run this as root, or let the server serve one person with single-user=1 in benchkey.conf.',
    })
  }
  const account = await existing(wanted)
  if (account.uid === 0 || account.uid === serverUid) {
    throw new CliError(`A session may not run as ${account.name}: that account can read Benchkey's own files.`, {
      action: 'Give the user an account of its own.',
    })
  }
  return account
}

async function existing(key: string): Promise<UnixAccount> {
  const account = await findAccount(key)
  if (account) return account
  throw new CliError(`There is no account ${key} on this machine.`, {
    action: 'Create it, for example with useradd; a session runs as its user.',
    exitCode: EXIT.failed,
  })
}

/** The words in front of a command that make it run as the account, with its groups and without root's capabilities. */
export function switchTo(account: UnixAccount | undefined): readonly string[] {
  return account ? ['setpriv', ...switchingWords(account)] : []
}
