import type { User } from '../domain/people.ts'
import { isForPeople, LEAST_SESSION_UID, type UnixAccount } from '../domain/unix-account.ts'
import { badRequest } from './bad-request.ts'

/** What says as whom sessions run. */
export interface SessionAccountParts {
  readonly singleUser: boolean
  /** The account the server runs as. */
  readonly serverUid: number
  readonly findUnixAccount: (name: string) => Promise<UnixAccount | undefined>
}

/**
 * The account that a user's sessions run as: that of the user's own name. A session never runs as root, as one of the system's own
 * accounts, or as the server's, where its code could read key ring and database (security.md, *Sessions on the same machine*);
 * undefined under `single-user=1`, where there is one person anyway.
 */
export async function sessionAccountOf(user: Pick<User, 'name'>, parts: SessionAccountParts): Promise<UnixAccount | undefined> {
  const { singleUser, serverUid, findUnixAccount } = parts
  if (singleUser) return undefined
  const account = await findUnixAccount(user.name)
  if (!account)
    throw badRequest(
      `There is no Unix account "${user.name}" on this host, and sessions run as the user's own account. An administrator of the host adds one of this name.`,
    )
  if (account.uid === 0)
    throw badRequest(`The Unix account "${user.name}" is root, as the server itself. Sessions never run as root.`)
  if (account.uid === serverUid)
    throw badRequest(`The Unix account "${user.name}" is the server's own. Give the user an account of another name.`)
  if (!isForPeople(account))
    throw badRequest(
      `The Unix account "${user.name}" has the number ${account.uid}, one of the system's own. Sessions run as accounts from ${LEAST_SESSION_UID} on.`,
    )
  return account
}
