import type { Application } from '../domain/application.ts'
import type { DevelopmentSession } from '../domain/people.ts'
import type { SessionTarget } from '../domain/session-proxy.ts'
import type { LocalSessions } from '../launcher/create.ts'
import type { Store } from '../store/store.ts'
import { secretHeaderOf } from './launching.ts'
import type { SessionDoor } from './session-entries.ts'

/** What the doors of running sessions are found by. */
export interface SessionDoorParts {
  readonly store: Pick<Store, 'sessions'>
  readonly local: Pick<LocalSessions, 'accountOf'> | undefined
  readonly applications: () => readonly Application[]
}

/**
 * Where the application of a running session answers, and how it wants to be asked; undefined when `sessions.conf` does not describe
 * it any more.
 */
export function sessionDoors(parts: SessionDoorParts): (session: DevelopmentSession) => Promise<SessionDoor | undefined> {
  const { store, local, applications } = parts
  // The name service is a program; an account's uid is the same for as long as its sessions run.
  const uids = new Map<string | undefined, Promise<number>>()
  const uidOf = (account: string | undefined): Promise<number> => {
    const known = uids.get(account)
    if (known || !local) return known ?? Promise.reject(new Error('a session of this server is routed to, and it starts none'))
    const found = local.accountOf(account).then(({ uid }) => uid)
    uids.set(account, found)
    found.catch(() => uids.delete(account))
    return found
  }
  const targetOf = async ({ socketPath, port, account }: DevelopmentSession): Promise<SessionTarget | undefined> => {
    if (socketPath !== undefined) return { socketPath }
    return port === undefined ? undefined : { port, uid: await uidOf(account) }
  }
  return async (session) => {
    const application = applications().find(({ section }) => section === session.application)
    const target = await targetOf(session)
    if (!application || !target) return undefined
    const secretHeader = await secretHeaderOf(session, application, store)
    return { target, basePath: application.basePath, ...(secretHeader ? { secretHeader } : {}) }
  }
}
