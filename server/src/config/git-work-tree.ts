import { execFile } from 'node:child_process'
import { lstat, realpath } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { basename, dirname, join } from 'node:path'

/** Git answers this question in milliseconds; on a dead network drive it never does. */
const GIT_TIMEOUT_MS = 5_000

/** `committable`: in a work tree and not ignored. `unknown`: in a work tree, and Git does not say. */
export type GitExposure = 'none' | 'committable' | 'unknown'

/** Whether a file could be committed by accident. */
export async function gitExposure(path: string): Promise<GitExposure> {
  let real: string
  try {
    real = await realpath(path)
  } catch {
    // No file, nothing to commit; that it is missing is another finding.
    return 'none'
  }
  if (!(await isBelowGit(dirname(real)))) return 'none'
  const exitCode = await checkIgnore(real)
  if (exitCode === 0) return 'none'
  return exitCode === 1 ? 'committable' : 'unknown'
}

async function isBelowGit(directory: string): Promise<boolean> {
  for (let at = directory; ; at = dirname(at)) {
    try {
      await lstat(join(at, '.git'))
      return true
    } catch {
      if (dirname(at) === at) return false
    }
  }
}

/** 0 = ignored; 1 = not ignored, or tracked all the same; anything else = Git is missing, refuses or fails. */
async function checkIgnore(real: string): Promise<number | undefined> {
  // An own environment: GIT_DIR of a hook we may run in would name another repository. The monitor is a command of the repository's.
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: homeDirectory(), LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' }
  const args = ['-C', dirname(real), '-c', 'core.fsmonitor=false', 'check-ignore', '-q', '--', basename(real)]
  return await new Promise((resolve) => {
    execFile('git', args, { env, timeout: GIT_TIMEOUT_MS }, (error) => {
      if (!error) resolve(0)
      else resolve(typeof error.code === 'number' ? error.code : undefined)
    })
  })
}

function homeDirectory(): string {
  try {
    return userInfo().homedir
  } catch {
    // An account without an entry in the password file has no Git settings of its own.
    return '/'
  }
}
