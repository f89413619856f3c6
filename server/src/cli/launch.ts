import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { CliError, type Context } from './command.ts'
import { isInForeground } from './process-facts.ts'

/** Signals that a supervisor or a closing terminal sends to us alone. */
const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const

/** Signals of the keyboard: the terminal gives them to the whole foreground group, the command included. */
const OF_KEYBOARD = ['SIGINT', 'SIGQUIT'] as const

/**
 * Passes signals on to the command, from before it starts until this process ends: the server sends SIGTERM to the supervisor
 * of every session that ends, also when the supervisor itself reported the end.
 */
export class SignalRelay {
  #command: Pick<ChildProcess, 'kill'> | undefined
  #early: NodeJS.Signals | undefined

  constructor(signals: Context['signals'], inForeground: () => boolean = isInForeground) {
    for (const name of FORWARDED) signals.on(name, (signal) => this.#pass(signal))
    for (const name of OF_KEYBOARD) {
      signals.on(name, (signal) => {
        if (!this.#command || !inForeground()) this.#pass(signal)
      })
    }
  }

  /** The signal that arrived before there was a command: it must not start any more. */
  get early(): NodeJS.Signals | undefined {
    return this.#early
  }

  passTo(command: Pick<ChildProcess, 'kill'>): void {
    this.#command = command
  }

  #pass(signal: NodeJS.Signals): void {
    if (this.#command) this.#command.kill(signal)
    else this.#early = signal
  }
}

/** A command on our own stdin, stdout and stderr. */
export interface Launch {
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Undefined = the current one. */
  readonly folder: string | undefined
  readonly relay: SignalRelay
  readonly asCaller: Context['asCaller']
}

/** Runs the command and resolves to its exit code, 128 + N when signal N ended it. Rejects with CliError 126 or 127. */
export function runInForeground({ words, environment, folder, relay, asCaller }: Launch): Promise<number> {
  const [program = '', ...rest] = words
  if (relay.early) return Promise.resolve(128 + constants.signals[relay.early])
  return new Promise<number>((resolve, reject) => {
    const child = asCaller(() => spawn(program, rest, { stdio: 'inherit', env: environment, ...(folder ? { cwd: folder } : {}) }))
    relay.passTo(child)
    child.on('error', (error: NodeJS.ErrnoException) => reject(notStarted(program, error)))
    child.on('exit', (code, signal) => resolve(signal ? 128 + constants.signals[signal] : (code ?? 1)))
  })
}

function notStarted(program: string, error: NodeJS.ErrnoException): CliError {
  const missing = error.code === 'ENOENT'
  const why = missing ? 'there is no such program' : error.code === 'EACCES' ? 'it is no program that may be run' : error.message
  const action = missing
    ? 'Check its spelling and PATH, and for a script the interpreter in its first line.'
    : 'Check its permissions.'
  return new CliError(`"${program}" cannot be started: ${why}.`, {
    action: program === 'setpriv' && missing ? 'Install util-linux, which holds setpriv.' : action,
    exitCode: missing ? 127 : 126,
    cause: error,
  })
}
