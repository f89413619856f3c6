import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { CliError, type Context } from './command.ts'
import { isInForeground } from './process-facts.ts'

/** Signals that a supervisor or a closing terminal sends to us alone. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

/** Signals of the keyboard: the terminal gives them to the whole foreground group, the command included. */
const OF_KEYBOARD = ['SIGINT', 'SIGQUIT'] as const

/** A command on our own stdin, stdout and stderr. */
export interface Launch {
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Undefined = the current one. */
  readonly folder: string | undefined
  readonly context: Pick<Context, 'signals' | 'asCaller'>
}

/** Runs the command and resolves to its exit code, 128 + N when signal N ended it. Rejects with CliError 126 or 127. */
export function runInForeground({ words, environment, folder, context }: Launch): Promise<number> {
  const [program = '', ...rest] = words
  const stopForwarding: (() => void)[] = []
  return new Promise<number>((resolve, reject) => {
    let child: ChildProcess | undefined
    const forward = (signal: NodeJS.Signals): void => {
      child?.kill(signal)
    }
    const forwardFromKeyboard = (signal: NodeJS.Signals): void => {
      if (!isInForeground()) child?.kill(signal)
    }
    for (const [names, handler] of [[FORWARDED, forward] as const, [OF_KEYBOARD, forwardFromKeyboard] as const]) {
      for (const name of names) {
        context.signals.on(name, handler)
        stopForwarding.push(() => context.signals.off(name, handler))
      }
    }
    child = context.asCaller(() =>
      spawn(program, rest, { stdio: 'inherit', env: environment, ...(folder ? { cwd: folder } : {}) }),
    )
    child.on('error', (error: NodeJS.ErrnoException) => reject(notStarted(program, error)))
    child.on('exit', (code, signal) => resolve(signal ? 128 + constants.signals[signal] : (code ?? 1)))
  }).finally(() => {
    for (const stop of stopForwarding) stop()
  })
}

function notStarted(program: string, error: NodeJS.ErrnoException): CliError {
  const missing = error.code === 'ENOENT'
  return new CliError(`"${program}" cannot be started: ${error.code ?? error.message}.`, {
    action:
      program === 'setpriv' && missing ? 'Install util-linux, which holds setpriv.' : 'Check that it is there and may be run.',
    exitCode: missing ? 127 : 126,
    cause: error,
  })
}
