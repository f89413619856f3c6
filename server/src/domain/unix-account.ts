/** A Unix account of this host, as `getent passwd` knows it (files, LDAP, SSSD). */
export interface UnixAccount {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
  readonly shell: string
}

/** Below it lie root, the system's own accounts and, by convention, nobody who works here (login.defs(5), `UID_MIN`). */
export const LEAST_SESSION_UID = 1000

/** `nobody` of the kernel and of every distribution: daemons run as it, and files of accounts that are not known here are its own. */
const NOBODY_UID = 65_534

/** Whether an account may be somebody's who works here, and so have sessions. */
export function isForPeople({ uid }: Pick<UnixAccount, 'uid'>): boolean {
  return uid >= LEAST_SESSION_UID && uid !== NOBODY_UID
}

/** One line of passwd(5); undefined when it is none. */
export function parsePasswdLine(line: string): UnixAccount | undefined {
  const [name = '', , uid = '', gid = '', , home = '', shell = ''] = line.trim().split(':')
  if (name === '' || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined
  return { name, uid: Number(uid), gid: Number(gid), home: home || '/', shell: shell || '/bin/sh' }
}

/** The words of setpriv(1), after its name, that run a command as the account, with its groups and without root's capabilities. */
export function switchingWords({ uid, gid }: Pick<UnixAccount, 'uid' | 'gid'>): readonly string[] {
  return [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--inh-caps=-all', '--']
}
