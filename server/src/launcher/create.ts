import { userInfo } from 'node:os'
import type { UnixAccount } from '../domain/unix-account.ts'
import { type ApplicationDoor, type DoorState, lookAtDoor } from './application-door.ts'
import { HelpedDirectories, runAsByHelper } from './helper-client.ts'
import { type Launcher, LauncherError } from './launcher.ts'
import { findFreePort } from './listening-ports.ts'
import { LocalLauncher, type SessionLimits } from './local-launcher.ts'
import { type RunAs, runAsByRoot, runAsSelf } from './run-as.ts'
import { RuntimeDirectories } from './runtime-directories.ts'
import { OwnedDirectories, type SessionDirectories, sessionsBase } from './session-directories.ts'

/** Everything that running sessions on this host takes. */
export interface LocalSessions {
  readonly launcher: Launcher
  readonly files: RuntimeDirectories
  /** The account by its name; for undefined the server's own. Rejects with a sentence when there is none. */
  accountOf(name: string | undefined): Promise<UnixAccount>
  lookAtDoor(door: ApplicationDoor, account: string | undefined): Promise<DoorState>
  findFreePort(): Promise<number>
}

/** What `createLocalSessions` goes by. */
export interface LocalSessionsParts {
  readonly dataDir: string
  readonly singleUser: boolean
  /** The account the server runs as. */
  readonly uid: number
  readonly bootId: string
  readonly executableDir: string
  readonly limits: SessionLimits
  readonly findUnixAccount: (name: string) => Promise<UnixAccount | undefined>
  /** Of the proxy; undefined: the server's own. */
  readonly proxyGroupId: () => Promise<number | undefined>
  readonly sleep: (ms: number) => Promise<void>
  /** Socket of the session helper, for a server that is not root. */
  readonly helperPath: string | undefined
}

/** The launcher of this host and what belongs to it; undefined when this server can start nothing in its users' names. */
export function createLocalSessions(parts: LocalSessionsParts): LocalSessions | undefined {
  const named = (name: string): Promise<UnixAccount> => existingAccount(name, parts)
  const accountOf = async (name: string | undefined): Promise<UnixAccount> =>
    name === undefined ? ownAccount() : await named(name)
  const way = wayOf(parts, named)
  if (!way) return undefined
  const { runAs, directories } = way
  const files = new RuntimeDirectories({ runAs, directories })
  return {
    files,
    launcher: new LocalLauncher({ ...parts, runAs, files, accountOf }),
    accountOf,
    lookAtDoor: async (door, name) => await lookAtDoor(door, await accountOf(name)),
    findFreePort,
  }
}

/** Who does what is done in a session's name. */
function wayOf(
  parts: LocalSessionsParts,
  named: (name: string) => Promise<UnixAccount>,
): { readonly runAs: RunAs; readonly directories: SessionDirectories } | undefined {
  const { singleUser, uid, helperPath, proxyGroupId: groupId } = parts
  const base = sessionsBase(parts)
  if (singleUser) return { runAs: runAsSelf, directories: new OwnedDirectories(base, { accountOf: undefined, groupId }) }
  if (uid === 0) return { runAs: runAsByRoot(named), directories: new OwnedDirectories(base, { accountOf: named, groupId }) }
  if (helperPath === undefined) return undefined
  return { runAs: runAsByHelper(helperPath), directories: new HelpedDirectories(helperPath, base) }
}

async function existingAccount(name: string, { findUnixAccount }: LocalSessionsParts): Promise<UnixAccount> {
  const account = await findUnixAccount(name)
  if (!account) throw new LauncherError(`There is no Unix account ${name} on this host any more.`)
  return account
}

function ownAccount(): UnixAccount {
  const { username, uid, gid, homedir, shell } = userInfo()
  return { name: username, uid, gid, home: homedir, shell: shell ?? '/bin/sh' }
}
