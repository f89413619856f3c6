import type { UnixAccount } from '../domain/unix-account.ts'
import { hasGroupOfOwn } from './groups.ts'

/** Why an account is none for the process of the session pages, and what to do: a sentence each. */
export interface NoProxyAccount {
  readonly why: string
  readonly remedy: string
}

/**
 * The account of the process of the session pages, whose group the sockets of all sessions let in: never root, and of a group that
 * is nobody else's. Some systems give every account the group `users`, or every daemon the group `nogroup`.
 */
export async function findProxyAccount(
  name: string,
  findUnixAccount: (name: string) => Promise<UnixAccount | undefined>,
): Promise<UnixAccount | NoProxyAccount> {
  const account = await findUnixAccount(name)
  if (!account) {
    const why = `There is no Unix account ${name} for the process of the session pages, so they are off.`
    return { why, remedy: `Add it with: useradd --system --user-group --shell /usr/sbin/nologin ${name}` }
  }
  if (account.uid === 0 || account.gid === 0) {
    const why = `The Unix account ${name} is root or of its group, and the process of the session pages never is, so they are off.`
    return { why, remedy: 'Name another one in sessions-account.' }
  }
  if (await hasGroupOfOwn(account)) return account
  const why = `Others are in the group of the Unix account ${name}, or it has another name, and it opens every session, so session pages are off.`
  return { why, remedy: `Give the account a group of its own: groupadd --system ${name}; usermod --gid ${name} ${name}` }
}
