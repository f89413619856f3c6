import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { sessionPath } from '../domain/application.ts'
import type { UnixAccount } from '../domain/unix-account.ts'
import { type Launcher, LauncherError, type LaunchHandle, type LaunchSpec, type Polled, type Started } from './launcher.ts'
import { isAlive, type ProcessMark, startTimeOf } from './processes.ts'
import type { RunAs } from './run-as.ts'
import { lastWords, type RuntimeDirectories, SCRIPT_ENVIRONMENT } from './runtime-directories.ts'
import { SIGNAL_SCRIPT, START_SCRIPT } from './scripts.ts'

/** What one session may have at most; 0: as the account has it anyway. */
export interface SessionLimits {
  readonly openFiles: number
  /** Of its account, over all it runs (RLIMIT_NPROC). */
  readonly processes: number
  /** Of each of its processes, data and private maps (RLIMIT_DATA), in MiB. */
  readonly memoryMib: number
}

/** What the local launcher is made of. */
export interface LocalLauncherParts {
  readonly runAs: RunAs
  readonly files: RuntimeDirectories
  readonly bootId: string
  /** The account by its name; for undefined the server's own. */
  readonly accountOf: (name: string | undefined) => Promise<UnixAccount>
  readonly limits: SessionLimits
  /** The folder of `benchkey`, first in the PATH of sessions. */
  readonly executableDir: string
  readonly sleep: (ms: number) => Promise<void>
}

/** From SIGTERM to SIGKILL, in milliseconds. */
const GRACE_MS = 10_000
/** How often a program that was asked to end is looked at, in milliseconds. */
const LOOK_MS = 100
/** A login may take long where its files are on a network. */
const START_TIMEOUT_MS = 60_000
/** Shells that understand `-l -c` and `exec "$0" "$@"`; any other account starts without the variables of its login. */
const LOGIN_SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'ksh93', 'mksh'])

/** Runs applications on this host, each as its user's own account. */
export class LocalLauncher implements Launcher {
  readonly #parts: LocalLauncherParts

  constructor(parts: LocalLauncherParts) {
    this.#parts = parts
  }

  async start(spec: LaunchSpec): Promise<Started> {
    const { runAs, accountOf, executableDir, limits } = this.#parts
    const account = await accountOf(spec.account)
    const numbers = [limits.openFiles, limits.processes, limits.memoryMib * 1024].map(String)
    const host = new URL(spec.environment.RS_SERVER_ADDRESS ?? '').hostname.replace(/^\[|\]$/g, '')
    const words = ['/bin/sh', '-c', START_SCRIPT, 'benchkey', spec.directory, executableDir, host, ...numbers, ...spec.words]
    const left = await runAs(spec.account, [...loginWords(account.shell), ...words], {
      environment: { ...loginEnvironment(account), ...spec.environment },
      timeoutMs: START_TIMEOUT_MS,
    })
    const said = (word: string): string | undefined => answerOf(left.stdout, word)
    const program = basename(spec.words[0] ?? '')
    if (said('command') === 'missing')
      return { kind: 'failed', words: `There is no program ${program} on this host for ${account.name}` }
    if (said('command') === 'blocked') return { kind: 'failed', words: `${account.name} may not run ${program} on this host` }
    const leader = markOf(Number(said('leader')), account.uid, this.#parts.bootId)
    if (leader) return { kind: 'started', leader }
    await this.stop({ ...spec, leader: undefined })
    if (left.code === null)
      return { kind: 'failed', words: 'The login of the account did not end within a minute; look at its ~/.profile' }
    if (said('leader') !== undefined)
      return { kind: 'started', leader: { pid: Number(said('leader')), startTime: '', bootId: this.#parts.bootId } }
    return {
      kind: 'failed',
      words: `The login of the account ended with ${left.code}, so nothing was started${lastWords(left.stderr)}`,
    }
  }

  async poll({ leader, ...place }: LaunchHandle): Promise<Polled> {
    if (leader && isAlive(leader, this.#parts.bootId)) return { state: 'running' }
    if (leader && leader.bootId !== this.#parts.bootId) return { state: 'gone', words: 'The machine was started again' }
    const exit = await this.#parts.files.readExit(place)
    return { state: 'gone', words: `The program ended by itself${exit === undefined ? '' : ` (${exit})`}` }
  }

  async stop(handle: LaunchHandle): Promise<void> {
    const { bootId } = this.#parts
    const { leader } = handle
    const isLed = (): boolean => leader !== undefined && isAlive(leader, bootId)
    if (leader && isLed()) {
      await this.#signal(handle, 'TERM', String(leader.pid))
      for (let waitedMs = 0; waitedMs < GRACE_MS && isLed(); waitedMs += LOOK_MS) await this.#parts.sleep(LOOK_MS)
    }
    // Also after a leader that left by itself: notebooks, terminals and the like have process groups of their own.
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const group = leader && isLed() ? String(leader.pid) : ''
      if ((await this.#signal(handle, 'KILL', group)) === 0) return
    }
    throw new LauncherError('Some of what a session started cannot be killed.')
  }

  /** How many processes of the session there were. */
  async #signal({ account, sessionId }: LaunchHandle, name: 'TERM' | 'KILL', group: string): Promise<number> {
    const marker = `BENCHKEY_SESSION_URL=${sessionPath(sessionId)}`
    const words = ['/bin/sh', '-c', SIGNAL_SCRIPT, 'benchkey', name, group, marker]
    const { stdout } = await this.#parts.runAs(account, words, { environment: SCRIPT_ENVIRONMENT })
    return Number(answerOf(stdout, 'left') ?? 0)
  }
}

/** A process that is being killed may have time for a child or two. */
const MOST_ROUNDS = 20

function loginWords(shell: string): readonly string[] {
  return LOGIN_SHELLS.has(basename(shell)) ? [shell, '-l', '-c', 'exec "$0" "$@"'] : []
}

/** What login(1) sets. */
function loginEnvironment({ name, home, shell }: UnixAccount): Record<string, string> {
  return { HOME: home, USER: name, LOGNAME: name, SHELL: shell, PATH: '/usr/local/bin:/usr/bin:/bin' }
}

/** What follows the word in the last line that begins with it: what a login prints comes before. */
function answerOf(output: string, word: string): string | undefined {
  const line = output.split('\n').findLast((each) => each.startsWith(`${word} `))
  return line?.slice(word.length + 1)
}

/** Undefined when there is no such process of the account: what was said came from the session's own files. */
function markOf(pid: number, uid: number, bootId: string): ProcessMark | undefined {
  const startTime = startTimeOf(pid)
  if (startTime === undefined || ownerOf(pid) !== uid) return undefined
  return { pid, startTime, bootId }
}

function ownerOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid
}
