import { LauncherError } from './launcher.ts'
import type { RunAs } from './run-as.ts'
import { CLEAR_SCRIPT, COOKIE_SCRIPT, EXIT_SCRIPT, LOG_SCRIPT, OPEN_SOCKET_SCRIPT, PREPARE_SCRIPT } from './scripts.ts'
import type { SessionDirectories } from './session-directories.ts'

/** What of a session says where its files are, and whose. */
export interface SessionPlace {
  readonly sessionId: string
  readonly account: string | undefined
  readonly directory: string
}

/** What the session's own account is given of the environment in our scripts. */
export const SCRIPT_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C' } as const

/** The end of a log that is read, in bytes. */
const LOG_LIMIT_BYTES = 32 * 1024

/** The last lines of a log that people are shown. */
const LOG_LINES = 200

/** The files of launched sessions: every one is written, read and removed under the session's own account. */
export class RuntimeDirectories {
  readonly #runAs: RunAs
  readonly #directories: SessionDirectories

  constructor(parts: { readonly runAs: RunAs; readonly directories: SessionDirectories }) {
    this.#runAs = parts.runAs
    this.#directories = parts.directories
  }

  /** Where a session's files lie, whether they are there or not. */
  placeOf(sessionId: string, account: string | undefined): SessionPlace {
    return { sessionId, account, directory: this.#directories.pathOf(sessionId) }
  }

  /** Makes the session's directory with runtime directory, certificate and cookie. Rejects with a sentence when that cannot be. */
  async make(
    place: SessionPlace,
    contents: { readonly cookie: string; readonly caCertificate: string | undefined },
  ): Promise<void> {
    await this.#directories.make(place.sessionId, place.account)
    const pem = contents.caCertificate?.trim()
    const left = await this.#run(place, PREPARE_SCRIPT, [], `${pem ? `${pem}\n` : ''}.\n${contents.cookie}\n`)
    if (left.code !== 0) throw new LauncherError(`The session's runtime directory cannot be made${lastWords(left.stderr)}.`)
  }

  /** Replaces the cookie in the runtime directory. Rejects with a sentence when it is gone or full. */
  async replaceCookie(place: SessionPlace, cookie: string): Promise<void> {
    const left = await this.#run(place, COOKIE_SCRIPT, [], `${cookie}\n`)
    if (left.code !== 0) throw new LauncherError(`The session's cookie cannot be replaced${lastWords(left.stderr)}.`)
  }

  /** The last lines the application wrote; the text is the session's own, and may be anything. */
  async readLog(place: SessionPlace): Promise<readonly string[]> {
    const left = await this.#run(place, LOG_SCRIPT, [String(LOG_LIMIT_BYTES)])
    const lines = left.stdout.split('\n').map(printableLine)
    return (lines.at(-1) === '' ? lines.slice(0, -1) : lines).slice(-LOG_LINES)
  }

  /** How the application ended: `exit 1`, `signal 9`; undefined while it runs, or when nobody knows. */
  async readExit(place: SessionPlace): Promise<string | undefined> {
    const { stdout } = await this.#run(place, EXIT_SCRIPT, [])
    const code = /^\d{1,3}$/.test(stdout.trim()) ? Number(stdout) : undefined
    if (code === undefined) return undefined
    // A shell's way to tell of a signal.
    return code > 128 ? `signal ${code - 128}` : `exit ${code}`
  }

  /** Lets the proxy's group at the application's socket. */
  async openSocket(place: SessionPlace): Promise<void> {
    await this.#run(place, OPEN_SOCKET_SCRIPT, [])
  }

  /** Removes all of it; what was not there is no matter. Rejects when something cannot be removed. */
  async remove(place: SessionPlace): Promise<void> {
    await this.#run(place, CLEAR_SCRIPT, [])
    await this.#directories.remove(place.sessionId)
  }

  #run({ account, directory }: SessionPlace, script: string, words: readonly string[], stdin = '') {
    const command = ['/bin/sh', '-c', script, 'benchkey', directory, ...words]
    return this.#runAs(account, command, { stdin, environment: SCRIPT_ENVIRONMENT })
  }
}

/** The last line of what a program complained, fit to stand in a sentence. */
export function lastWords(complaints: string): string {
  const line = complaints.trim().split('\n').at(-1) ?? ''
  return line === '' ? '' : `: ${printableLine(line).slice(0, 200)}`
}

/** ECMA-48, §5.4: colours, movements of the cursor and the like. */
const ESCAPE_SEQUENCE = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[ -/]*[@-~]`, 'g')

/** Colours and other controls of terminals have no meaning on a page or in a sentence. */
function printableLine(line: string): string {
  return line.replace(ESCAPE_SEQUENCE, '').replace(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, (each) => (each === '\t' ? '  ' : ''))
}
