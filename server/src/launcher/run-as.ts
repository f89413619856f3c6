import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { switchingWords, type UnixAccount } from '../domain/unix-account.ts'
import { LauncherError } from './launcher.ts'

/** Everything a program is given; it inherits nothing else, and starts in `/`. */
export interface Given {
  readonly stdin?: string
  readonly environment?: Readonly<Record<string, string>>
  /** When it is killed, in milliseconds; default 30 s. */
  readonly timeoutMs?: number
}

/** What a program left. `code` is null when it was killed. */
export interface Left {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end under an account of this host; undefined: under the server's own. */
export type RunAs = (account: string | undefined, words: readonly string[], given?: Given) => Promise<Left>

/** Where setpriv(1) lies on every Linux distribution; a PATH that somebody else had a hand in is not asked. */
const SETPRIV = '/usr/bin/setpriv'

const TIMEOUT_MS = 30_000

/** More than any of our scripts says; what goes on about more is cut off. */
const OUTPUT_LIMIT_BYTES = 256 * 1024

/** What a program left behind in the background may hold its output open; that is waited for no longer than this, in milliseconds. */
const STRAY_OUTPUT_MS = 500

/**
 * Reads the variables from descriptor 3 and becomes the program. They come only now, under the account: in the environment of
 * setpriv(1), which is root's, some of them would be obeyed by the dynamic linker.
 */
const ENTER_SCRIPT = `
while IFS= read -r line; do export "$line"; done <&3
unset line
exec 3<&-
exec "$@"
`

/** Under a server that is root: the way to another account is setpriv(1). Without an account it rejects. */
export function runAsByRoot(accountOf: (name: string) => Promise<UnixAccount>): RunAs {
  return async (name, words, given) => {
    if (name === undefined) throw new Error('a server that is root runs nothing of a session under its own account')
    return await runAsAccount(await accountOf(name), words, given)
  }
}

/** Runs a program as the account; for processes that are root. Rejects with LauncherError for variables that have no form. */
export async function runAsAccount(
  account: Pick<UnixAccount, 'uid' | 'gid'>,
  words: readonly string[],
  { environment = {}, ...given }: Given = {},
): Promise<Left> {
  const entering = [SETPRIV, ...switchingWords(account), '/bin/sh', '-c', ENTER_SCRIPT, 'benchkey', ...words]
  return await runProgram(entering, { ...given, variables: linesOf(environment) })
}

/** Under `single-user=1`: the one user's account is the server's. */
export const runAsSelf: RunAs = async (name, words, given) => {
  if (name !== undefined) throw new Error('a server of a single user switches to no account')
  return await runProgram(words, given)
}

function linesOf(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment).map(([name, value]) => {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !/[\n\0]/.test(value)) return `${name}=${value}\n`
    throw new LauncherError('A variable of the session has a name or a value that no variable can have.')
  })
  return lines.join('')
}

/** Runs a program to its end, in a process group of its own, which is killed when its time is over. */
function runProgram(
  [program = '', ...words]: readonly string[],
  { stdin = '', environment = {}, timeoutMs = TIMEOUT_MS, variables = '' }: Given & { readonly variables?: string } = {},
): Promise<Left> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      cwd: '/',
      env: { ...environment },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
    const texts = { stdout: '', stderr: '' }
    const [input, output, errors, more] = child.stdio
    const outputs = { stdout: output, stderr: errors }
    for (const name of ['stdout', 'stderr'] as const) {
      outputs[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] = (texts[name] + text).slice(0, OUTPUT_LIMIT_BYTES)
      })
    }
    const killing = setTimeout(() => killGroup(child.pid), timeoutMs)
    child.on('error', (error) => {
      clearTimeout(killing)
      reject(error)
    })
    child.on('exit', () => {
      clearTimeout(killing)
      const closeAll = (): void => {
        for (const each of [output, errors, more]) each?.destroy()
      }
      // Not before one more look at what lies in the pipes: a busy process may come to the timer first.
      const stray = setTimeout(() => setImmediate(closeAll), STRAY_OUTPUT_MS)
      child.on('close', () => clearTimeout(stray))
    })
    child.on('close', (code) => resolve({ code, ...texts }))
    give(input, stdin)
    give(more as Writable, variables)
  })
}

function give(stream: Writable, text: string): void {
  stream.on('error', () => undefined) // What does not read its input ends as it likes.
  stream.end(text)
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
